"""The same calls without the agent, with an empty program at its hook, and with it, in turn.

With it, filters are at work: of one rule about a path, and of all rules that there are.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TypeAlias

from bench.objects import compiled
from bench.tools import Tools, at_work, spread
from stockade.events import EventType
from stockade.kernel.bpf import Object
from tests.support.agent import Agent
from tests.support.rules import rule_text

COUNTS = {"getppid": 1_000_000, "open": 60_000}
_RUNS = 9
LABELS = {"getppid": "getppid", "open": "open + close"}


@dataclass(frozen=True, slots=True)
class Case:
    """One operation, on the host or in a container."""

    operation: str
    contained: bool

    def run(self, tools: Tools) -> float:
        """Nanoseconds per repetition: of runs in a row, since in the first a container starts."""
        arguments = self.operation, str(COUNTS[self.operation])
        return statistics.median(tools.runs(_RUNS, *arguments, contained=self.contained))


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
    rule = tools.work / "path.yaml"
    kinds = ", ".join(kind.name.lower() for kind in (EventType.OPEN, EventType.OPENAT))
    condition = f"evt.type in ({kinds}) and fd.name startswith /nothing/here"
    rule.write_text(rule_text(condition))
    return {
        "nothing": nullcontext,
        "empty": _empty,
        "one": lambda: at_work(rule),
        "all": lambda: at_work(*tools.rules),
    }


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
    """The table: medians, and what each adds."""
    figures, lost = _measure(tools, rounds)
    heads = {"empty": "empty", "one": "one path", "all": "all rules"}
    yield f"{'':28}{'without':>10}" + "".join(f"{head:>18}" for head in heads.values()) + "   (ns)"
    for case in CASES:
        label = f"{LABELS[case.operation]}, {'container' if case.contained else 'host'}"
        base = statistics.median(figures[case, "nothing"])
        row = f"{label:<28}{base:>10.0f}"
        for what in heads:
            cost = statistics.median(figures[case, what])
            row += f"{cost:>10.0f}{cost - base:>+8.0f}"
        yield row
        yield "    " + ", ".join(
            f"{what} {spread(figures[case, what])}" for what in _running(tools)
        )
    yield f"lost: {lost or 'nothing'}"
