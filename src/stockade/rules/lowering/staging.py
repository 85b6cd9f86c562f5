"""Each test of a rule at the earliest stage that can decide it; here, for one event type.

What user space alone can decide is left open in the kernel: the rule as a whole is evaluated
there again, for the few events that get as far.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from stockade.events import EventType
from stockade.events.fields import KIND_OF, possible
from stockade.rules.lowering import views
from stockade.rules.lowering.formulas import OPEN, Formula, Outcome, both, either, opposite
from stockade.rules.lowering.knowledge import views_of
from stockade.rules.rule import Rule
from stockade.rules.syntax import And, Condition, Not, Or, Test

# Exec, fork, exit and containers' events tell the agent what it needs to know; they always go up.
FILTERED = frozenset(
    kind for kind, family in KIND_OF.items() if family not in {"exec", "fork", "exit", "container"}
)


class Stage(Enum):
    """Where a test is decided.

    LOAD: when the rules are compiled; it is the same for all such events.
    EVENT: in the kernel.
    PART: in the kernel for some records; the others are left to user space.
    USER: in user space.
    """

    LOAD = "load"
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
    """

    def __init__(self, kind: EventType) -> None:
        self._family = KIND_OF[kind]
        self._views = views_of(kind)
        # By identity: a macro's tests are shared by the rules that use it.
        self._known: dict[int, tuple[Test, Outcome]] = {}

    def outcome(self, condition: Condition) -> Outcome:
        """When a checked condition may hold, and when it may fail."""
        match condition:
            case And(terms):
                return both(map(self.outcome, terms))
            case Or(terms):
                return either(map(self.outcome, terms))
            case Not(term):
                return self.outcome(term).negated()
            case Test():
                if id(condition) not in self._known:
                    self._known[id(condition)] = condition, self._test(condition)
                return self._known[id(condition)][1]
        raise TypeError(f"{condition} was not checked")

    def _test(self, test: Test) -> Outcome:
        for bound in (test.left, test.right):
            if bound is not None and not possible(bound.field, self._family):
                return views.absent(test)
        view = self._views.get(test.left.field.name)
        return OPEN if view is None else view(test)


def staged(rules: Iterable[Rule], kind: EventType) -> Iterator[Staged]:
    """The rules that an event of a type may fire."""
    stager = Stager(kind)
    for rule in rules:
        may_fire = stager.outcome(rule.condition).may_hold
        if may_fire is not False:
            yield Staged(rule, may_fire)


def stages(condition: Condition, kind: EventType) -> Iterator[tuple[Test, Stage]]:
    """The tests of a checked condition, in their order, and where each is decided."""
    stager = Stager(kind)
    for test in _tests(condition):
        yield test, stage_of(stager.outcome(test))


def stage_of(outcome: Outcome) -> Stage:
    """Where an outcome comes from."""
    if outcome == OPEN:
        return Stage.USER
    if isinstance(outcome.may_hold, bool) and isinstance(outcome.may_fail, bool):
        return Stage.LOAD
    return Stage.EVENT if outcome.may_fail == opposite(outcome.may_hold) else Stage.PART


def _tests(condition: Condition) -> Iterator[Test]:
    match condition:
        case And(terms) | Or(terms):
            for term in terms:
                yield from _tests(term)
        case Not(term):
            yield from _tests(term)
        case Test():
            yield condition
