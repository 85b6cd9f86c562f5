"""The parts of a condition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from stockade.errors import Place


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
class Compare:
    """A field against one or, with `in`, several values; `exists` has none."""

    field: str
    operator: str
    values: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro by its name, until it is resolved."""

    name: str
    place: Place


Condition: TypeAlias = And | Or | Not | Compare | Macro
