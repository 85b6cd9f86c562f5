"""Rules that deny or kill: when each does so for sure, as the kernel can tell before the act.

Three kinds of not knowing differ. What the event does not tell (a path that cannot be read) goes by
the rule's `unknown`. Whose container it is, or where the host sees a file, the agent may not have
found out yet: then the act is let happen, and told of. What the kernel never knows is a mistake in
the rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stockade.errors import Place
from stockade.events import DECIDED, KILLED, Action, EventType
from stockade.events.field import Origin
from stockade.events.fields import KIND_OF
from stockade.rules.engine import may_match
from stockade.rules.keys import Unknown
from stockade.rules.lowering import views
from stockade.rules.lowering.acts import gaps_at, views_at
from stockade.rules.lowering.formulas import (
    FAILS,
    HOLDS,
    Bits,
    Formula,
    Outcome,
    all_of,
    chosen,
)
from stockade.rules.lowering.knowledge import WORDS, Views, scope_key
from stockade.rules.lowering.parts import BITS, Part, Parts, Whose
from stockade.rules.lowering.sockets import confusion
from stockade.rules.lowering.staging import Stager
from stockade.rules.rule import Rule
from stockade.rules.show import condition_text
from stockade.rules.syntax import And, Condition, Not, Or, Test

# The last bit says that a container is one, and that all is known of it.
_SETTLED = 1 << BITS - 1
_SHOWN_MAX = 4


def scope_parts(rules: list[Rule]) -> Parts:
    """The parts of rules that depend on a container alone: whose acts they are about."""
    return Parts(rules, KILLED, BITS - 1, {Whose.CONTAINER})


def settled(fails: int) -> int:
    """Of a container of which all is known: which parts may fail."""
    return fails & ~_SETTLED


class Decider(Stager):
    """The outcomes of one rule's condition for one event type.

    Args:
        rule: that acts.
        kind: one of KILLED.
        before: whether it is decided before the act.
        parts: of all rules that are decided together.
        certain: whether it is asked when the rule acts; or when it would, were more known.
        told: what tells of the act, instead of its record.
    """

    def __init__(
        self,
        rule: Rule,
        kind: EventType,
        parts: Parts,
        *,
        before: bool = True,
        certain: bool,
        told: Views | None = None,
    ) -> None:
        self._rule = rule
        self._open_unknowns = not certain or rule.unknown is Unknown.DENY
        # Elsewhere what is not known does not count in any case.
        known = certain and self._open_unknowns
        fields = told or views_at(kind, before=before, certain=known)
        super().__init__(kind, parts, fields)
        self._open_scopes = not certain or rule.unknown_scope is Unknown.DENY

    def fires(self) -> Formula:
        """When the rule does."""
        return all_of([self._in_scope(), self.outcome(self._rule.condition).may_hold])

    def _of_part(self, part: Part) -> Outcome:
        found = super()._of_part(part)
        return found if self._open_scopes else found.certain()

    def _of_test(self, test: Test) -> Outcome:
        found = super()._of_test(test)
        return found if self._open_unknowns else found.certain()

    def _in_scope(self) -> Formula:
        """Nobody acts on the host unless a rule says so, nor on what may turn out to be it."""
        holds, fails = (Bits(word, _SETTLED, _SETTLED) for word in WORDS[Whose.CONTAINER])
        told = Outcome(holds, fails)
        confirmed = told if self._open_scopes else told.certain()
        on_host = HOLDS if self._rule.on_host else FAILS
        return chosen(views.is_zero(scope_key()), on_host, confirmed).may_hold


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a rule that acts cannot be decided.

    Attributes:
        place: of the test that is in the way, or of the rule.
    """

    message: str
    place: Place


def _in_time(rule: Rule) -> frozenset[EventType]:
    """The event types at which a rule can act on some kernel."""
    return DECIDED if rule.action is Action.DENY else KILLED


def can_decide(rule: Rule, kind: EventType, *, before: bool) -> bool:
    """Whether the kernel can decide a rule about an event type, at that time."""
    decider = Decider(rule, kind, scope_parts([rule]), before=before, certain=True)
    return decider.outcome(rule.condition).told


def kinds_of(rule: Rule) -> list[EventType]:
    """The event types that a rule that acts is about."""
    hosts = (False, True) if rule.on_host else (False,)
    return [kind for kind in KIND_OF if any(may_match(rule, kind, host=host) for host in hosts)]


def obstacles(rule: Rule) -> tuple[Obstacle, ...]:
    """All that keeps the kernel from deciding a rule before the act."""
    kinds = kinds_of(rule)
    verb = f"rule {rule.name!r} cannot {rule.action.value}"
    if not kinds:
        return (Obstacle(f"{verb}: no event fires it in a container", rule.place),)
    late = [kind.name.lower() for kind in kinds if kind not in _in_time(rule)]
    if late:
        more = f" (and {len(late) - _SHOWN_MAX} more)" if len(late) > _SHOWN_MAX else ""
        shown = f"{' '.join(late[:_SHOWN_MAX])}{more}"
        when = "before" if rule.action is Action.DENY else "in time of"
        return (Obstacle(f"{verb}: nothing is decided {when} {shown}", rule.place),)
    parts = scope_parts([rule])
    found = {why: Obstacle(f"{verb}: {why}", rule.place) for why in _left_out(rule, kinds, parts)}
    for kind in kinds:
        decider = Decider(rule, kind, parts, before=kind in DECIDED, certain=True)
        if not decider.outcome(rule.condition).told:
            for test in _untold(rule.condition, decider, parts):
                obstacle = Obstacle(f"{verb}: {_reason(test, kind)}", test.place)
                found.setdefault(condition_text(test), obstacle)
    return tuple(found.values())


def _left_out(rule: Rule, kinds: list[EventType], parts: Parts) -> Iterator[str]:
    """Why some of the acts that a rule is about would not be decided."""
    yield from (f"of these {why}" for why in confusion(kinds))
    for kind in kinds:
        for why, told in gaps_at(kind):
            decider = Decider(rule, kind, parts, certain=False, told=told)
            if decider.outcome(rule.condition).may_hold is not False:
                yield f"of {kind.name.lower()} {why}"


def _untold(condition: Condition, decider: Decider, parts: Parts) -> Iterator[Test]:
    if parts.find(condition) is not None:
        return
    match condition:
        case And() | Or():
            for term in parts.terms(condition):
                yield from _untold(term, decider, parts)
        case Not(term):
            yield from _untold(term, decider, parts)
        case Test():
            if not decider.outcome(condition).told:
                yield condition


def _reason(test: Test, kind: EventType) -> str:
    for bound in (test.left, test.right):
        if bound is not None and bound.field.origin is Origin.ARGUMENT:
            return (
                f"{bound.field.name} is what the caller says, and can be something else by the time"
                " that it counts"
            )
    return f"of {kind.name.lower()} the kernel cannot tell whether {condition_text(test)}"
