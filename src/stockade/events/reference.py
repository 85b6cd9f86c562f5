"""The field reference: what each field is, for people and for JSON; docs/fields.md is made of it.

    python -m stockade.events.reference [--check]

--check writes nothing and exits with 1 when the committed page differs.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from stockade.events.field import Field, Many, Subscript
from stockade.events.fields import CATALOGUE

TARGET = Path(__file__).parents[3] / "docs" / "fields.md"

_HEAD = """\
# Fields

What rules can name. Written by `make generate` from the C headers and the catalogue;
`stockade fields` prints the same.

A field that an event does not have is absent: a comparison with it is false. One that
could not be learnt, or did not fit, is unknown: a rule that depends on it does not fire.

Origin says where a value comes from: a kernel *object*, which the caller cannot forge; an
*argument*, from the caller's memory; *metadata*, from a runtime's files or from what the
agent has seen before. Of a list, a comparison holds when it does for any value, except that
`in` asks it of every value of a list marked *set*. Tier is the lowest that fills the field.

| field | type | events | origin | tier | meaning |
|---|---|---|---|---|---|
"""
_REST = """
## Not filled yet

Rules that name these load with a warning. For events that cannot have such a field it is
absent, for all others unknown.

"""
_BRACKETS = {Subscript.NUMBER: "[N]", Subscript.NAME: "[NAME]", None: ""}
_MANY = {Many.ANY: " list", Many.SET: " set", None: ""}


class FieldView(msgspec.Struct, frozen=True):
    """A field as it is shown.

    Attributes:
        brackets: what may follow the name: [N], [NAME] or nothing.
        many: any or set, for a field of several values.
        tier: the lowest that fills it; None while none does.
    """

    name: str
    brackets: str
    type: str
    many: str | None
    unit: str
    events: tuple[str, ...]
    origin: str
    tier: str | None
    meaning: str


def describe(field: Field) -> FieldView:
    """A field as it is shown."""
    return FieldView(
        name=field.name,
        brackets=_BRACKETS[field.subscript],
        type=field.type.value,
        many=field.many.value if field.many else None,
        unit=field.unit,
        events=field.events,
        origin=field.origin.value,
        tier=field.tier,
        meaning=field.doc,
    )


def page() -> str:
    """The whole page."""
    filled = [_row(field) for field in CATALOGUE.values() if field.tier]
    rest = [f"`{field.name}`" for field in CATALOGUE.values() if not field.tier]
    return f"{_HEAD}{''.join(filled)}{_REST}{', '.join(rest)}\n"


def _row(field: Field) -> str:
    row = describe(field)
    unit = f", {row.unit}" if row.unit else ""
    return (
        f"| `{row.name}{row.brackets}` | {row.type}{_MANY[field.many]}{unit}"
        f" | {' '.join(row.events)} | {row.origin} | {row.tier} | {row.meaning} |\n"
    )


def main(arguments: list[str]) -> int:
    """Write or check; returns the exit code."""
    if "--check" not in arguments:
        TARGET.write_text(page())
        return 0
    if TARGET.exists() and TARGET.read_text() == page():
        return 0
    print(f"{TARGET} is not what the catalogue says; run make generate", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
