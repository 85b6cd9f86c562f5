"""Rules at work: which events they need, and which of them an event fires."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from stockade.events import ABSENT, HOST, NOWHERE, UNKNOWN, Event, EventType, Points, Value
from stockade.events.fields import KIND_OF, field_value, possible
from stockade.rules.evaluate import Lookup, evaluate
from stockade.rules.rule import Rule
from stockade.rules.syntax import Bound, operands

EVENT_NAMES = {"evt.type", "syscall.type"}
# Whatever tells of the container says host there.
OF_CONTAINER = {
    "container.id",
    "container.full_id",
    "container.name",
    "container.image",
    "container.type",
    "container.role",
}


def values_of(event: Event) -> Lookup:
    """The values of an event's fields."""
    return lambda bound: field_value(bound.field, bound.subscript, event)


def may_match(rule: Rule, kind: EventType, *, host: bool) -> bool:
    """Whether any event of that type, from the host or from a container, can fire the rule."""

    def known(bound: Bound) -> Value:
        if bound.field.name in EVENT_NAMES:
            return kind.name.lower()
        if not possible(bound.field, KIND_OF[kind]):
            return ABSENT
        return HOST if host and bound.field.name in OF_CONTAINER else UNKNOWN

    return evaluate(rule.condition, known) is not False


def fires_on_told(
    rule: Rule, kind: EventType, before: Collection[EventType], *, host: bool
) -> bool:
    """Whether what is told of an act, from the host or from a container, can fire a rule.

    A rule that was decided before the act is not asked again.

    Args:
        rule: as of `may_match`.
        kind: likewise.
        before: the event types of which acts are decided before they happen.
        host: whose act it is.
    """
    decided = rule.decided and kind in before and (rule.on_host or not host)
    return not decided and may_match(rule, kind, host=host)


class Engine:
    """A set of rules, sorted by the events they are about.

    Args:
        rules: checked rules; an event fires them in this order.
        points: where acts can be decided. What is told of those that are decided before they happen
            fires no rule that acts when it has happened.

    Attributes:
        rules, points: the same.
    """

    def __init__(self, rules: Iterable[Rule], points: Points = NOWHERE) -> None:
        self.rules = list(rules)
        self.points = points
        self._table: dict[tuple[EventType, bool], list[Rule]] = {
            (kind, host): [
                rule for rule in self.rules if fires_on_told(rule, kind, points.before, host=host)
            ]
            for kind in KIND_OF
            for host in (False, True)
        }

    def wanted(self, *, host: bool) -> frozenset[EventType]:
        """The event types that some rule is about."""
        return frozenset(
            kind for (kind, of_host), rules in self._table.items() if rules and of_host == host
        )

    def fields_of(self, family: str) -> frozenset[str]:
        """The names of the fields that the rules about a family of events use."""
        about = (rules for (kind, _), rules in self._table.items() if KIND_OF[kind] == family)
        return frozenset(
            bound.field.name
            for rule in {id(rule): rule for rules in about for rule in rules}.values()
            for bound in (*operands(rule.condition), *rule.output.operands)
        )

    def judged(self, event: Event) -> Iterator[tuple[Rule, bool | None]]:
        """The rules that are about such events, and whether they hold; None: it cannot be known."""
        lookup = values_of(event)
        for rule in self._table[event.type, event.container is None]:
            yield rule, evaluate(rule.condition, lookup)

    @property
    def decides(self) -> bool:
        """Whether some rule acts on what can be decided."""
        return self.points != NOWHERE and any(rule.decided for rule in self.rules)

    @staticmethod
    def verdict(rule: Rule, event: Event) -> bool | None:
        """Whether one rule's condition holds; None: it cannot be known."""
        return evaluate(rule.condition, values_of(event))
