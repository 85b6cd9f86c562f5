"""Tests inside a rule: events, by their fields, with which it fires or stays quiet."""

from __future__ import annotations

from dataclasses import dataclass

from stockade.errors import Place, RuleError
from stockade.rules.snippet import Snippet
from stockade.rules.source import Node, suggest

_KEYS = ("fires", "quiet", "event")


@dataclass(frozen=True, slots=True)
class Fixture:
    """One test.

    Attributes:
        name: what happens in it.
        fires: what the rule is to do.
        event: the fields that the event has. A tuple is several values, None an unknown one;
            a field that is not given is absent.
    """

    name: str
    fires: bool
    place: Place
    event: tuple[tuple[Snippet, tuple[Snippet, ...] | Snippet | None], ...]


def read_fixtures(node: Node) -> tuple[Fixture, ...]:
    """The tests of a rule. Raises RuleError."""
    return tuple(_read(each) for each in node.items())


def _read(node: Node) -> Fixture:
    keys = node.mapping()
    for key in keys:
        if key not in _KEYS:
            hint = suggest(key, _KEYS)
            raise RuleError(f"unknown key {key} in a test", keys[key].place, hint=hint)
    if ("fires" in keys) == ("quiet" in keys):
        raise RuleError("a test says either fires or quiet, and what happens", node.place)
    if "event" not in keys:
        raise RuleError("a test needs an event", node.place)
    verdict = "fires" if "fires" in keys else "quiet"
    return Fixture(
        name=keys[verdict].text(),
        fires=verdict == "fires",
        place=node.place,
        event=tuple((name, _values(value)) for name, value in keys["event"].entries()),
    )


def _values(node: Node) -> tuple[Snippet, ...] | Snippet | None:
    if node.is_null:
        return None
    return tuple(each.snippet() for each in node.items()) if node.is_list else node.snippet()
