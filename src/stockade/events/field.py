"""One entry of the field catalogue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from stockade.events.event import Event
from stockade.events.text import Text
from stockade.events.values import ABSENT, UNKNOWN, Missing, Value

Resolver: TypeAlias = Callable[[Event], Value]

# Types whose values are strings to a rule.
_TEXTUAL = {"string", "path", "caps", "open_flags", "clone_flags"}


@dataclass(frozen=True, slots=True)
class Field:
    """A field that rules can name.

    Attributes:
        name: as rules write it.
        type: string, path, int, uint, dev, mode, bool, caps, open_flags or clone_flags.
        doc: its meaning, half a sentence.
        resolve: reads it from an event.
        index: reads one element, for fields such as proc.aname[2].
    """

    name: str
    type: str
    doc: str
    resolve: Resolver
    index: Callable[[Event, int], Value] | None = None

    @property
    def textual(self) -> bool:
        """Whether its values are strings."""
        return self.type in _TEXTUAL


def text_value(text: Text) -> str | Missing:
    """A record's string as a rule sees it: one that did not fit is not known."""
    if not text.present:
        return ABSENT
    return UNKNOWN if not text.known or text.truncated else text.value
