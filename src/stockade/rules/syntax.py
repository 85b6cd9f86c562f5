"""The parts of a condition, as written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import TypeAlias

from stockade.errors import Place
from stockade.events.field import Field, FieldType, Many

_BARE_SUBSCRIPT = re.compile(r"""[^\[\]"'\s]+""")
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted(text: str) -> str:
    """A string as conditions have it between quotes."""
    return '"' + "".join(map(_character, text)) + '"'


def _character(char: str) -> str:
    if "\udc80" <= char <= "\udcff":
        return f"\\x{ord(char) - 0xDC00:02x}"
    return _ESCAPED.get(char, char)


@dataclass(frozen=True, slots=True)
class And:
    """True when all are."""

    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True when any is."""

    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    term: Condition


@dataclass(frozen=True, slots=True)
class FieldRef:
    """A field, with the argument in brackets where it has one."""

    name: str
    argument: str | None
    place: Place

    def __str__(self) -> str:
        return self.name if self.argument is None else f"{self.name}[{self.argument}]"


@dataclass(frozen=True, slots=True)
class Transform:
    """A function of an operand: tolower(proc.name)."""

    function: str
    operand: Operand
    place: Place

    def __str__(self) -> str:
        return f"{self.function}({self.operand})"


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as it stands in the file; quoted ones are never the name of a list."""

    text: str
    quoted: bool
    place: Place


Operand: TypeAlias = FieldRef | Transform
Right: TypeAlias = tuple[Literal, ...] | FieldRef | Transform


@dataclass(frozen=True, slots=True)
class Compare:
    """An operand against values, or against another operand.

    Attributes:
        modifier: oneof, anyof or allof, where several values stand after a plain operator.
    """

    left: Operand
    operator: str
    right: Right
    modifier: str | None
    place: Place


@dataclass(frozen=True, slots=True)
class MacroRef:
    """A macro by its name, until it is resolved."""

    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Bound:
    """An operand that the catalogue knows.

    Attributes:
        field: its entry.
        subscript: what stands in its brackets.
        functions: applied to the value, the innermost first.
        type: of what comes out.
        many: how several values are compared; None for one value.
    """

    field: Field
    subscript: str | None
    functions: tuple[str, ...]
    type: FieldType
    many: Many | None

    def __str__(self) -> str:
        text = self.field.name
        if self.subscript is not None:
            plain = _BARE_SUBSCRIPT.fullmatch(self.subscript)
            text += f"[{self.subscript if plain else quoted(self.subscript)}]"
        for function in self.functions:
            text = f"{function}({text})"
        return text


@dataclass(frozen=True, slots=True)
class Test:
    """A comparison whose field, operator and values were found to fit together.

    Attributes:
        values: of the operand's type; for bcontains and bstartswith bytes.
        right: the other operand, where one stands there instead of values.
    """

    left: Bound
    operator: str
    values: tuple[Constant, ...]
    right: Bound | None
    modifier: str | None
    place: Place


Constant: TypeAlias = str | int | bool | bytes | IPv4Network | IPv6Network
# Compare and MacroRef are as written; checking leaves only Tests.
Condition: TypeAlias = And | Or | Not | Compare | MacroRef | Test


def tests_of(condition: Condition) -> Iterator[Test]:
    """The tests of a checked condition, in their order."""
    match condition:
        case And(terms) | Or(terms):
            for term in terms:
                yield from tests_of(term)
        case Not(term):
            yield from tests_of(term)
        case Test():
            yield condition


def operands(condition: Condition) -> Iterator[Bound]:
    """Every operand of a checked condition."""
    for test in tests_of(condition):
        yield test.left
        if test.right is not None:
            yield test.right
