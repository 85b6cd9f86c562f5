"""Rules compiled for tests, and records with which they can be tried."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stockade.cli.packs import PACKS
from stockade.events import EventType, NeedFlags, Verdict, View
from stockade.rules import Rule, load_rules
from stockade.rules.lowering.formulas import Formula, holds
from stockade.rules.lowering.generated import ALL_NEEDS, chosen, directed, slot_of
from stockade.rules.lowering.kinds import FILTERED
from stockade.rules.lowering.parts import Parts, Whose
from stockade.rules.lowering.plan import plan
from stockade.rules.lowering.reading import Frame, reads
from stockade.rules.lowering.replay import Replay
from stockade.rules.lowering.staging import staged

STOCK = Path(__file__).parents[3] / "shared" / "corpora" / "falco-rules"


@dataclass(frozen=True, slots=True)
class Sample:
    """A record, what is beside it, and what a filter has to say of it.

    Attributes:
        parts: the set of parts that the frame is about.
        needs: what was asked for when the record was begun.
    """

    kind: EventType
    raw: bytes
    frame: Frame
    parts: int
    verdict: Verdict
    needs: NeedFlags = ALL_NEEDS

    def slot(self) -> bytes:
        """As a filter finds it."""
        return bytes(slot_of(self.raw, self.frame, self.parts, self.needs))


class Formulas(dict[EventType, list[Formula]]):
    """Of rules, by event type, those that have a filter.

    Args:
        rules: whose.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        rules = tuple(rules)
        self.parts = Parts(rules)
        for kind in sorted(FILTERED):
            found = [each.may_fire for each in staged(rules, kind, self.parts)]
            if found:
                self[kind] = found


def packs() -> tuple[Rule, ...]:
    """The shipped rules."""
    return load_rules([PACKS]).enabled


def stock() -> tuple[Rule, ...]:
    """Falco's rules; none where they are not here."""
    return load_rules(sorted(STOCK.glob("*.yaml"))).enabled if STOCK.exists() else ()


def expected(formulas: Iterable[Formula], raw: bytes, frame: Frame) -> Verdict:
    """What is right for a record."""
    fires = any(holds(formula, lambda probe: reads(probe, raw, frame)) for formula in formulas)
    return Verdict.SUBMIT if fires else Verdict.DROP


def samples(found: Formulas, count: int, rng: random.Random) -> Iterator[Sample]:
    """Records that satisfy this or that formula, or nearly, so many for each event type.

    What is beside them is known, or not, and at times of another set of rules.
    """
    for kind, formulas in found.items():
        for _ in range(count):
            raw = directed(kind, chosen(rng.choice(formulas), rng), rng)
            frame = Frame(rng.choice(list(View)), {whose: _words(rng) for whose in Whose})
            parts = rng.choice([found.parts.set] * 4 + [0, found.parts.set ^ 1])
            told = frame if parts == found.parts.set else Frame(frame.view)
            yield Sample(kind, raw, frame, parts, expected(formulas, raw, told))


def _words(rng: random.Random) -> tuple[int, int]:
    """Which parts may hold and which may fail: each does one, at least."""
    may_hold = rng.getrandbits(64)
    return may_hold, ~may_hold & (1 << 64) - 1 | rng.getrandbits(64) & rng.getrandbits(64)


class NativeFilters:
    """Filters in this process.

    Args:
        found: formulas by event type.
    """

    def __init__(self, found: Formulas) -> None:
        plans = {}
        for kind, formulas in found.items():
            planned = plan(formulas, found.parts.set)
            if planned is not None:
                plans[kind.name] = planned
        self._replay = Replay(plans)
        self.kinds = frozenset(EventType[name] for name in plans)

    def verdict(self, sample: Sample) -> Verdict:
        """Of a record."""
        return Verdict(self._replay.verdict(sample.kind.name, sample.slot()))
