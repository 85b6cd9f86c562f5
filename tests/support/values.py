"""Values for any operand, for tests that need no event."""

from __future__ import annotations

from random import Random

from stockade.events import ABSENT, UNKNOWN, Value
from stockade.events.field import FieldType
from stockade.events.values import Element
from stockade.rules.syntax import Bound

_SAMPLES: dict[FieldType, tuple[Element, ...]] = {
    FieldType.INT: (0, 1, -1, 16, 1 << 40),
    FieldType.BOOL: (True, False),
    FieldType.BYTES: (b"", b"AB", b"\xff\0"),
    FieldType.IP: ("10.1.2.3", "::1", "192.0.2.1"),
    FieldType.NET: ("10.1.2.3", "::1"),
}
_TEXTS: tuple[Element, ...] = (
    "",
    "a",
    "x",
    "A|x",
    "q r",
    "/a/b",
    "\udcff",
    "aGk=",
    "\u00e9",
    "openat",
)


def value_of(bound: Bound, seed: float) -> Value:
    """A value of the field's type, or a missing one; the same for the same field and seed."""
    random = Random(f"{seed} {bound.field.name} {bound.subscript}")  # noqa: S311 - a test's choice
    choices = (*_SAMPLES.get(bound.field.type, _TEXTS), ABSENT, UNKNOWN)
    if bound.field.many is None or bound.subscript is not None or random.random() < 0.2:
        return random.choice(choices)
    return tuple(random.choice(choices) for _ in range(random.randrange(4)))
