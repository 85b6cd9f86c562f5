"""The parts of rules that depend on a container alone, on a process, or on its ancestors.

Such a part is evaluated once, in user space: of a container when its metadata has come, of a
process when an event of it, or of who descends from it, comes up. What it came to is a bit that
filters read from then on; two bits, since it may be unknown. A bit belongs to a set of parts, by
whose name filters know whether they mean the same by it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from stockade.events import ABSENT, HOST, EventType, Value
from stockade.events.container_fields import SETTLED
from stockade.events.process_fields import OF_ANCESTORS, OF_PARENT, OF_PROGRAM
from stockade.rules.engine import OF_CONTAINER, may_match
from stockade.rules.evaluate import Lookup, evaluate
from stockade.rules.lowering.kinds import FILTERED
from stockade.rules.rule import Rule
from stockade.rules.show import condition_text
from stockade.rules.syntax import And, Bound, Condition, Not, Or, Test

BITS = 64


class Whose(Enum):
    """What a part depends on.

    ANCESTORS: a comparison that is made with each of them. It holds where it does of any, and fails
    where it fails of all; so each of them has a bit of its own for it, and filters find their bits
    together.
    """

    CONTAINER = "container"
    PROCESS = "process"
    PARENT = "parent"
    ANCESTORS = "ancestors"


_FIELDS = {Whose.CONTAINER: SETTLED, Whose.PROCESS: OF_PROGRAM, Whose.PARENT: OF_PARENT}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of one rule or of several.

    Attributes:
        bit: its number among those that depend on the same.
    """

    whose: Whose
    bit: int
    condition: Condition

    def of_host(self) -> bool | None:
        """What a container's part comes to for the host."""

        def value(bound: Bound) -> Value:
            return HOST if bound.field.name in OF_CONTAINER else ABSENT

        return evaluate(self.condition, value)


class Parts:
    """The parts of a set of rules.

    Args:
        rules: checked ones; in their order, parts have their bits as long as there are any left.
        kinds: the event types that are judged by them.
        bits: how many there are.
        whose: what parts may depend on.

    Attributes:
        set: a name for all of them together, 64 bits, never 0.
    """

    def __init__(
        self,
        rules: Iterable[Rule] = (),
        kinds: Collection[EventType] = FILTERED,
        bits: int = BITS,
        whose: Collection[Whose] = frozenset(Whose),
    ) -> None:
        self._bits = bits
        self._allowed = whose
        self._whose: dict[int, tuple[Condition, Whose | None]] = {}
        self._terms: dict[int, tuple[Condition, tuple[Condition, ...]]] = {}
        self._found: dict[int, tuple[Condition, Part | None]] = {}
        self._by_text: dict[str, Part] = {}
        self._all: dict[Whose, list[Part]] = {each: [] for each in Whose}
        for rule in (each for each in rules if _is_about(each, kinds)):
            for condition, depends_on in self._largest(rule.condition):
                self._add(condition, depends_on)
        text = "\n".join(f"{part.whose.value} {text}" for text, part in self._by_text.items())
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
        self.set = int.from_bytes(digest[:8], "little") or 1

    def of(self, whose: Whose) -> list[Part]:
        """Those that depend on the same."""
        return self._all[whose]

    def find(self, condition: Condition) -> Part | None:
        """The part that a condition is, as `terms` has it; None where it is none."""
        if not self._by_text:
            return None
        known = self._found.get(id(condition))
        if known is None:
            part = None
            if self._whose_is(condition) is not None:
                part = self._by_text.get(condition_text(condition))
            self._found[id(condition)] = known = condition, part
        return known[1]

    def terms(self, condition: And | Or) -> tuple[Condition, ...]:
        """The terms of a condition, with those taken together that depend on the same."""
        if not self._by_text or self._whose_is(condition) is not None:
            return condition.terms
        known = self._terms.get(id(condition))
        if known is None:
            self._terms[id(condition)] = known = condition, tuple(self._together(condition))
        return known[1]

    def words(self, whose: Whose, lookup: Lookup) -> tuple[int, int]:
        """Which parts may hold and which may fail, a bit each; those that there are not do both."""
        holds = fails = (1 << BITS) - 1
        for part in self._all[whose]:
            result = evaluate(part.condition, lookup)
            if result is True:
                fails &= ~(1 << part.bit)
            elif result is False:
                holds &= ~(1 << part.bit)
        return holds, fails

    def _add(self, condition: Condition, whose: Whose) -> None:
        text, others = condition_text(condition), self._all[whose]
        if text not in self._by_text and len(others) < self._bits:
            self._by_text[text] = Part(whose, len(others), condition)
            others.append(self._by_text[text])

    def _largest(self, condition: Condition) -> Iterator[tuple[Condition, Whose]]:
        """The largest conditions within one that depend on a container or a process alone."""
        whose = self._whose_is(condition)
        if whose is not None:
            yield condition, whose
            return
        match condition:
            case And() | Or():
                for term in self._together(condition):
                    yield from self._largest(term)
            case Not(term):
                yield from self._largest(term)

    def _together(self, condition: And | Or) -> Iterator[Condition]:
        kind, terms = type(condition), list(_flat(condition))
        for whose in _FIELDS:
            same = tuple(term for term in terms if self._whose_is(term) is whose)
            if same:
                yield same[0] if len(same) == 1 else kind(same)
        yield from (term for term in terms if self._whose_is(term) not in _FIELDS)

    def _whose_is(self, condition: Condition) -> Whose | None:
        known = self._whose.get(id(condition))
        if known is None:
            found = self._depends_on(condition)
            allowed = found if found in self._allowed else None
            self._whose[id(condition)] = known = condition, allowed
        return known[1]

    def _depends_on(self, condition: Condition) -> Whose | None:
        match condition:
            case And(terms) | Or(terms):
                found = {self._whose_is(term) for term in terms}
                return _together(found.pop()) if len(found) == 1 else None
            case Not(term):
                return _together(self._whose_is(term))
            case Test(left=left, right=right):
                if right is None and left.field.name in OF_ANCESTORS:
                    return {None: Whose.ANCESTORS, "1": Whose.PARENT}.get(left.subscript)
                names = {bound.field.name for bound in (left, right) if bound is not None}
                return next((whose for whose, known in _FIELDS.items() if names <= known), None)
        return None


def _flat(condition: And | Or) -> Iterator[Condition]:
    """The terms of a condition, and those of such terms that are of its kind, as if written out."""
    for term in condition.terms:
        if isinstance(term, type(condition)):
            yield from _flat(term)
        else:
            yield term


def _together(whose: Whose | None) -> Whose | None:
    """What several comparisons depend on that depend on the same: one part, or none."""
    return None if whose is Whose.ANCESTORS else whose


def _is_about(rule: Rule, kinds: Iterable[EventType]) -> bool:
    """Whether a rule is about any events of these types."""
    return any(may_match(rule, kind, host=host) for kind in kinds for host in (False, True))


NO_PARTS = Parts()
