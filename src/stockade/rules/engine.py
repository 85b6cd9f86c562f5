"""Rules at work: which events they need, and which of them an event fires."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stockade.events import HOST, UNKNOWN, Event, EventType, Value
from stockade.events.fields import lookup
from stockade.rules.evaluate import evaluate
from stockade.rules.ruleset import Rule


def field_value(event: Event, name: str) -> Value:
    """A field of an event by the name a checked rule uses."""
    resolver = lookup(name)
    if resolver is None:
        raise KeyError(name)
    return resolver(event)


def may_match(rule: Rule, kind: EventType, *, host: bool) -> bool:
    """Whether any event of that type, from the host or from a container, can fire the rule."""

    def known(name: str) -> Value:
        if name == "evt.type":
            return kind.name.lower()
        return HOST if host and name == "container.id" else UNKNOWN

    return evaluate(rule.condition, known) is not False


class Engine:
    """A set of rules, sorted by the events they are about.

    Args:
        rules: checked rules; an event fires them in this order.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = list(rules)
        kinds: list[EventType] = [kind for kind in EventType if kind is not EventType.NONE]
        self._table: dict[tuple[EventType, bool], list[Rule]] = {
            (kind, host): [rule for rule in self.rules if may_match(rule, kind, host=host)]
            for kind in kinds
            for host in (False, True)
        }

    def wanted(self, *, host: bool) -> frozenset[EventType]:
        """The event types that some rule is about."""
        return frozenset(
            kind for (kind, of_host), rules in self._table.items() if rules and of_host == host
        )

    def fired(self, event: Event) -> Iterator[Rule]:
        """The rules whose condition holds; one that cannot be known does not fire."""
        for rule in self._table[event.type, event.container is None]:
            if evaluate(rule.condition, lambda name: field_value(event, name)) is True:
                yield rule
