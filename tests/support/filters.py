"""Rules compiled for tests, and records with which they can be tried."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stockade.cli.packs import PACKS
from stockade.events import EventType, Verdict, View
from stockade.rules import Rule, load_rules
from stockade.rules.lowering.formulas import Formula, holds
from stockade.rules.lowering.generated import chosen, directed, slot_of
from stockade.rules.lowering.plan import plan
from stockade.rules.lowering.reading import reads
from stockade.rules.lowering.replay import Replay
from stockade.rules.lowering.staging import FILTERED, staged

STOCK = Path(__file__).parents[3] / "shared" / "corpora" / "falco-rules"


@dataclass(frozen=True, slots=True)
class Sample:
    """A record and what a filter has to say of it."""

    kind: EventType
    raw: bytes
    view: View
    verdict: Verdict
    whole: bool = True


def packs() -> tuple[Rule, ...]:
    """The shipped rules."""
    return load_rules([PACKS]).enabled


def stock() -> tuple[Rule, ...]:
    """Falco's rules; none where they are not here."""
    return load_rules(sorted(STOCK.glob("*.yaml"))).enabled if STOCK.exists() else ()


def formulas_of(rules: Iterable[Rule]) -> dict[EventType, list[Formula]]:
    """By event type, those that have a filter."""
    rules = tuple(rules)
    found = {kind: [each.may_fire for each in staged(rules, kind)] for kind in sorted(FILTERED)}
    return {kind: formulas for kind, formulas in found.items() if formulas}


def expected(formulas: Iterable[Formula], raw: bytes, view: View) -> Verdict:
    """What is right for a record."""
    fires = any(holds(formula, lambda probe: reads(probe, raw, view)) for formula in formulas)
    return Verdict.SUBMIT if fires else Verdict.DROP


def samples(
    found: dict[EventType, list[Formula]], count: int, rng: random.Random
) -> Iterator[Sample]:
    """Records that satisfy this or that formula, or nearly, so many for each event type."""
    for kind, formulas in found.items():
        for _ in range(count):
            raw = directed(kind, chosen(rng.choice(formulas), rng), rng)
            view = rng.choice(list(View))
            yield Sample(kind, raw, view, expected(formulas, raw, view))


class NativeFilters:
    """Filters in this process.

    Args:
        found: formulas by event type.
    """

    def __init__(self, found: dict[EventType, list[Formula]]) -> None:
        plans = {}
        for kind, formulas in found.items():
            planned = plan(formulas)
            if planned is not None:
                plans[kind.name] = planned
        self._replay = Replay(plans)
        self.kinds = frozenset(EventType[name] for name in plans)

    def verdict(self, sample: Sample) -> Verdict:
        """Of a record."""
        slot = bytes(slot_of(sample.raw, sample.view, whole=sample.whole))
        return Verdict(self._replay.verdict(sample.kind.name, slot))
