"""Output texts with %fields, as Falco writes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from stockade.events import Missing, Value

_FIELD = re.compile(r"%(?P<field>[a-z][a-z0-9_.]*(?:\[[^\]\s]*\])?)")
# What Falco prints for a field without a value.
NOT_AVAILABLE = "<NA>"


@dataclass(frozen=True, slots=True)
class Template:
    """An output text, split at its fields.

    Attributes:
        parts: literal texts, one more than there are fields.
        fields: the names between them.
    """

    parts: tuple[str, ...]
    fields: tuple[str, ...]

    def render(self, values: Callable[[str], Value]) -> str:
        """The text for one event."""
        out = [self.parts[0]]
        for name, literal in zip(self.fields, self.parts[1:], strict=True):
            out += [as_text(values(name)), literal]
        return "".join(out)


def parse_template(text: str) -> Template:
    """Find the %fields of an output text."""
    pieces = _FIELD.split(text)
    return Template(parts=tuple(pieces[::2]), fields=tuple(pieces[1::2]))


def as_text(value: Value) -> str:
    """A value as it is printed."""
    if isinstance(value, Missing):
        return NOT_AVAILABLE
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(value) if isinstance(value, tuple) else str(value)
