"""One entry of the field catalogue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from stockade.events.event import Event
from stockade.events.text import Text
from stockade.events.values import ABSENT, UNKNOWN, Missing, Value

Resolver: TypeAlias = Callable[[Event], Value]
Indexer: TypeAlias = Callable[[Event, str], Value]


class FieldType(Enum):
    """What a field's values are; it decides which operators apply.

    FLAGS is text to most operators (names with | between them); contains asks for a whole name.
    """

    STRING = "string"
    PATH = "path"
    FLAGS = "flags"
    INT = "int"
    BOOL = "bool"
    BYTES = "bytes"
    IP = "ip"
    NET = "net"

    @property
    def textual(self) -> bool:
        """Whether values are strings."""
        return self in {FieldType.STRING, FieldType.PATH, FieldType.FLAGS}


class Many(Enum):
    """How a field of several values is compared.

    ANY: a comparison holds when it does for any of them, as for proc.aname.
    SET: only in (all of them are), intersects (any is) and exists apply.
    """

    ANY = "any"
    SET = "set"


class Origin(Enum):
    """Where a value comes from.

    OBJECT: a kernel object, which the caller cannot forge.
    ARGUMENT: the caller's memory, which its other threads may rewrite meanwhile.
    METADATA: a runtime's files, or what the agent has seen before.
    """

    OBJECT = "object"
    ARGUMENT = "argument"
    METADATA = "metadata"


class Subscript(Enum):
    """What may stand in brackets behind a field's name."""

    NUMBER = "number"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Field:
    """A field that rules can name.

    Attributes:
        name: as rules write it.
        type: of each of its values.
        doc: its meaning, half a sentence.
        resolve: reads it from an event; None while nothing fills the field.
        events: which events have it: all, or the names of kinds.
        many: set where it has several values.
        unit: ns, bytes ...; empty for none.
        origin: where its values come from.
        tier: the lowest tier that fills it; None while none does.
        subscript: what its brackets may hold; None where it has none.
        index: reads the element or entry in the brackets.
    """

    name: str
    type: FieldType
    doc: str
    resolve: Resolver | None = None
    events: tuple[str, ...] = ("all",)
    many: Many | None = None
    unit: str = ""
    origin: Origin = Origin.OBJECT
    subscript: Subscript | None = None
    index: Indexer | None = None

    @property
    def tier(self) -> str | None:
        """The lowest tier that fills it; None while none does."""
        return "tracepoint" if self.resolve else None


def text_value(text: Text) -> str | Missing:
    """A record's string as a rule sees it: one that did not fit is not known."""
    if not text.present:
        return ABSENT
    return UNKNOWN if not text.known or text.truncated else text.value
