"""What the agent costs: the same calls with and without it, in turn.

    python -m bench [--rounds N]

A round is one run without the agent, one with an empty program at its hook, and one with the
agent; medians are given, and the extremes, because machines are shared.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from bench import drain, lookup
from bench.objects import compiled
from stockade.kernel.bpf import Object
from tests.support.agent import Agent
from tests.support.runc import Runc, make_rootfs

HERE = Path(__file__).parent
COUNTS = {"getppid": 3_000_000, "open": 200_000}
LABELS = {"getppid": "getppid", "open": "open + close"}


@dataclass(frozen=True, slots=True)
class Case:
    """One operation, on the host or in a container."""

    operation: str
    contained: bool

    def run(self, load: Path, runc: Runc) -> float:
        """Nanoseconds per repetition."""
        count = str(COUNTS[self.operation])
        if not self.contained:
            return float(subprocess.check_output([load, self.operation, count], text=True))
        _, done = runc.run(["load", self.operation, count])
        return float(done.stdout)


RATES = (100_000, 500_000)
CASES = [Case(operation, contained) for operation in COUNTS for contained in (False, True)]


@contextmanager
def tools() -> Iterator[tuple[Path, Runc]]:
    """The load generator, and a root file system that has it."""
    work = Path(tempfile.mkdtemp(prefix="stockade-bench-"))
    try:
        load = work / "load"
        subprocess.run(["gcc", "-O2", "-static", "-o", load, HERE / "load.c"], check=True)
        yield load, Runc(work, make_rootfs(work / "rootfs", [load]))
    finally:
        shutil.rmtree(work)


Figures: TypeAlias = dict[tuple[Case, str], list[float]]


@contextmanager
def _empty() -> Iterator[None]:
    """The agent's hook, with a program that does nothing."""
    with Object(compiled("empty"), "empty") as loaded:
        loaded.load()
        loaded.attach("empty")
        yield None


RUNNING: dict[str, Callable[[], AbstractContextManager[Agent | None]]] = {
    "nothing": nullcontext,
    "empty": _empty,
    "agent": Agent,
}


def measure(rounds: int) -> tuple[Figures, dict[str, int]]:
    """All figures by case and by what ran, and what the agent lost."""
    figures: Figures = {(case, what): [] for case in CASES for what in RUNNING}
    lost: dict[str, int] = {}
    with tools() as (load, runc):
        for _ in range(rounds):
            for what, running in RUNNING.items():
                with running() as agent:
                    for case in CASES:
                        figures[case, what].append(case.run(load, runc))
                    if agent:
                        for reason, count in agent.stop()[1]["lost"].items():
                            lost[reason] = lost.get(reason, 0) + count
    return figures, lost


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    before = os.getloadavg()[0]
    figures, lost = measure(rounds)
    print(f"{rounds} rounds, load {before:.1f} before and {os.getloadavg()[0]:.1f} after")
    heads = f"{'without':>10}{'empty':>10}{'with':>10}{'added ns':>10}{'ratio':>8}"
    print(f"{'':28}{heads}   (ns, extremes)")
    for case in CASES:
        off, hooked, on = (figures[case, what] for what in RUNNING)
        base, empty, cost = map(statistics.median, (off, hooked, on))
        label = f"{LABELS[case.operation]}, {'container' if case.contained else 'host'}"
        spread = f"{min(off):.0f}..{max(off):.0f}, {min(on):.0f}..{max(on):.0f}"
        row = f"{label:<28}{base:>10.0f}{empty:>10.0f}{cost:>10.0f}{cost - base:>+10.0f}"
        row += f"{cost / base:>8.2f}"
        print(f"{row}   ({spread})")
    print(f"lost: {lost or 'nothing'}")
    for name, (median, least, most) in lookup.measure(rounds).items():
        print(f"whose task, {name:<15}{median:>41.1f} ns   ({least:.1f}..{most:.1f})")
    for rate in RATES:
        found = drain.measure(rate)
        taken = f"{found.rate / 1000:.0f} k records/s drained at {found.cpu:.0%} of a core"
        print(f"{taken}, {found.lost} lost")


if __name__ == "__main__":
    main()
