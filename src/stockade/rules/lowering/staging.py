"""Each test of a rule at the earliest stage that can decide it; here, for one event type.

What user space alone can decide is left open in the kernel: the rule as a whole is evaluated
there again, for the few events that get as far.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from stockade.events import EventType
from stockade.events.fields import KIND_OF, possible
from stockade.rules.lowering import views
from stockade.rules.lowering.formulas import OPEN, Formula, Outcome, both, either, opposite
from stockade.rules.lowering.knowledge import part_outcome, views_of
from stockade.rules.lowering.parts import NO_PARTS, Part, Parts, Whose
from stockade.rules.rule import Rule
from stockade.rules.syntax import And, Condition, Not, Or, Test, tests_of


class Stage(Enum):
    """Where a test is decided.

    LOAD: when the rules are compiled; it is the same for all such events.
    CONTAINER: in user space, once for each container; the kernel knows it from then on.
    PROCESS: in user space, once for each process from which an event comes up, and for those that
        it descends from, likewise.
    EVENT: in the kernel.
    PART: in the kernel for some records; the others are left to user space.
    USER: in user space.
    """

    LOAD = "load"
    CONTAINER = "container"
    PROCESS = "process"
    EVENT = "event"
    PART = "event, in part"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Staged:
    """A rule for events of one type.

    Attributes:
        may_fire: when it may; the rest is user space's to find out.
    """

    rule: Rule
    may_fire: Formula


class Stager:
    """The outcomes of conditions for one event type.

    Args:
        kind: one of FILTERED.
        parts: those of the conditions that are found out beforehand.
        fields: how fields are read, where not as filters read them.
    """

    def __init__(
        self,
        kind: EventType,
        parts: Parts = NO_PARTS,
        fields: Mapping[str, views.View] | None = None,
    ) -> None:
        self._parts = parts
        self._family = KIND_OF[kind]
        self._views = views_of(kind) if fields is None else fields
        # By identity: a macro's tests are shared by the rules that use it.
        self._known: dict[int, tuple[Test, Outcome]] = {}

    def outcome(self, condition: Condition) -> Outcome:
        """When a checked condition may hold, and when it may fail."""
        part = self._parts.find(condition)
        if part is not None:
            return self._of_part(part)
        match condition:
            case And():
                return both(map(self.outcome, self._parts.terms(condition)))
            case Or():
                return either(map(self.outcome, self._parts.terms(condition)))
            case Not(term):
                return self.outcome(term).negated()
            case Test():
                if id(condition) not in self._known:
                    self._known[id(condition)] = condition, self._of_test(condition)
                return self._known[id(condition)][1]
        raise TypeError(f"{condition} was not checked")

    def _of_part(self, part: Part) -> Outcome:
        return part_outcome(part)

    def _of_test(self, test: Test) -> Outcome:
        for bound in (test.left, test.right):
            if bound is not None and not possible(bound.field, self._family):
                return views.absent(test)
        view = self._views.get(test.left.field.name)
        return OPEN if view is None else view(test)


def staged(rules: Iterable[Rule], kind: EventType, parts: Parts = NO_PARTS) -> Iterator[Staged]:
    """The rules that an event of a type may fire."""
    stager = Stager(kind, parts)
    for rule in rules:
        may_fire = stager.outcome(rule.condition).may_hold
        if may_fire is not False:
            yield Staged(rule, may_fire)


def stages(
    condition: Condition, kind: EventType, parts: Parts = NO_PARTS
) -> Iterator[tuple[Test, Stage]]:
    """The tests of a checked condition, and where each is decided."""
    yield from _stages(condition, Stager(kind, parts), parts)


def _stages(condition: Condition, stager: Stager, parts: Parts) -> Iterator[tuple[Test, Stage]]:
    part = parts.find(condition)
    match condition:
        case _ if part is not None:
            stage = Stage.CONTAINER if part.whose is Whose.CONTAINER else Stage.PROCESS
            for test in tests_of(condition):
                yield test, stage
        case And() | Or():
            for term in parts.terms(condition):
                yield from _stages(term, stager, parts)
        case Not(term):
            yield from _stages(term, stager, parts)
        case Test():
            yield condition, stage_of(stager.outcome(condition))


def stage_of(outcome: Outcome) -> Stage:
    """Where an outcome comes from."""
    if outcome == OPEN:
        return Stage.USER
    if isinstance(outcome.may_hold, bool) and isinstance(outcome.may_fail, bool):
        return Stage.LOAD
    return Stage.EVENT if outcome.may_fail == opposite(outcome.may_hold) else Stage.PART
