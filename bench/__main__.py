"""What the agent costs: the same with and without it, in turn.

    python -m bench [--rounds N] [--stock DIR] [PART]...

Medians are given, and the extremes, because machines are shared.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import calls, drain, filters, lookup, rules, service
from bench.tools import STOCK, Tools, load_now, tools

RATES = (100_000, 500_000)


def _lookup(_tools: Tools, rounds: int) -> Iterator[str]:
    for name, (median, least, most) in lookup.measure(rounds).items():
        yield f"whose task, {name:<15}{median:>41.1f} ns   ({least:.1f}..{most:.1f})"


def _drain(_tools: Tools, _rounds: int) -> Iterator[str]:
    for rate in RATES:
        found = drain.measure(rate)
        taken = f"{found.rate / 1000:.0f} k records/s drained at {found.cpu:.0%} of a core"
        yield f"{taken}, {found.lost} lost"


PARTS: dict[str, Callable[[Tools, int], Iterator[str]]] = {
    "calls": calls.show,
    "filters": filters.show,
    "rules": rules.show,
    "service": service.show,
    "lookup": _lookup,
    "drain": _drain,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--stock", type=Path, default=STOCK, help="where Falco's rule files are")
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="PART")
    options = parser.parse_args()
    with tools(options.stock) as made:
        print(f"{options.rounds} rounds, {load_now()}, {len(made.rules) - 1} files of Falco's")
        for name in options.parts or PARTS:
            print(f"-- {name}")
            for line in PARTS[name](made, options.rounds):
                print(line, flush=True)
    print(load_now())


if __name__ == "__main__":
    main()
