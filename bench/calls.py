"""The same calls without the agent, with an empty program at its hook, and with it, in turn."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TypeAlias

from bench.objects import compiled
from bench.tools import Tools
from stockade.kernel.bpf import Object
from tests.support.agent import Agent

COUNTS = {"getppid": 3_000_000, "open": 200_000}
LABELS = {"getppid": "getppid", "open": "open + close"}


@dataclass(frozen=True, slots=True)
class Case:
    """One operation, on the host or in a container."""

    operation: str
    contained: bool

    def run(self, tools: Tools) -> float:
        """Nanoseconds per repetition."""
        return tools.run(self.operation, str(COUNTS[self.operation]), contained=self.contained)


CASES = [Case(operation, contained) for operation in COUNTS for contained in (False, True)]
Figures: TypeAlias = dict[tuple[Case, str], list[float]]


@contextmanager
def _empty() -> Iterator[None]:
    """The agent's hook, with a program that does nothing."""
    with Object(compiled("empty"), "empty") as loaded:
        loaded.load()
        loaded.attach("empty")
        yield None


def _running(tools: Tools) -> dict[str, Callable[[], AbstractContextManager[Agent | None]]]:
    return {"nothing": nullcontext, "empty": _empty, "agent": lambda: Agent(*tools.rules)}


def _measure(tools: Tools, rounds: int) -> tuple[Figures, dict[str, int]]:
    """All figures by case and by what ran, and what the agent lost."""
    all_running = _running(tools)
    figures: Figures = {(case, what): [] for case in CASES for what in all_running}
    lost: dict[str, int] = {}
    for _ in range(rounds):
        for what, running in all_running.items():
            with running() as agent:
                for case in CASES:
                    figures[case, what].append(case.run(tools))
                if agent:
                    for reason, count in agent.stop()[1]["lost"].items():
                        lost[reason] = lost.get(reason, 0) + count
    return figures, lost


def show(tools: Tools, rounds: int) -> Iterator[str]:
    """The table."""
    figures, lost = _measure(tools, rounds)
    heads = f"{'without':>10}{'empty':>10}{'with':>10}{'added ns':>10}{'ratio':>8}"
    yield f"{'':28}{heads}   (ns, extremes)"
    for case in CASES:
        off, hooked, on = (figures[case, what] for what in ("nothing", "empty", "agent"))
        base, empty, cost = map(statistics.median, (off, hooked, on))
        label = f"{LABELS[case.operation]}, {'container' if case.contained else 'host'}"
        spread = f"{min(off):.0f}..{max(off):.0f}, {min(on):.0f}..{max(on):.0f}"
        row = f"{label:<28}{base:>10.0f}{empty:>10.0f}{cost:>10.0f}{cost - base:>+10.0f}"
        row += f"{cost / base:>8.2f}"
        yield f"{row}   ({spread})"
    yield f"lost: {lost or 'nothing'}"
