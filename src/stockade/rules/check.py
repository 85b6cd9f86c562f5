"""Conditions against the field catalogue: names, operators, types of values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stockade.errors import RuleError
from stockade.events.field import Field
from stockade.events.fields import CATALOGUE, find, lookup
from stockade.rules.source import suggest
from stockade.rules.syntax import And, Compare, Condition, Macro, Not, Or

_EQUALITY = {"=", "!=", "in", "exists"}
_OPERATORS = {
    "text": _EQUALITY | {"contains", "startswith", "endswith"},
    "number": _EQUALITY | {"<", "<=", ">", ">="},
    "bool": _EQUALITY,
}


def resolve(
    condition: Condition, macros: Mapping[str, Condition], path: tuple[str, ...] = ()
) -> Condition:
    """A condition with its macros replaced by what they stand for.

    Raises:
        RuleError: an unknown macro, or one that contains itself.
    """
    match condition:
        case And(terms):
            return And(tuple(resolve(term, macros, path) for term in terms))
        case Or(terms):
            return Or(tuple(resolve(term, macros, path) for term in terms))
        case Not(term):
            return Not(resolve(term, macros, path))
        case Macro(name, place):
            if name in path:
                raise RuleError(f"macro {name} contains itself", place)
            if name not in macros:
                hint = suggest(name, [*macros, *CATALOGUE])
                raise RuleError(f"unknown macro {name}", place, hint=hint)
            return resolve(macros[name], macros, (*path, name))
        case Compare():
            return condition


def check(condition: Condition) -> Iterator[RuleError]:
    """Everything in a resolved condition that the catalogue does not allow."""
    match condition:
        case And(terms) | Or(terms):
            for term in terms:
                yield from check(term)
        case Not(term):
            yield from check(term)
        case Compare():
            yield from _check_comparison(condition)


def _check_comparison(node: Compare) -> Iterator[RuleError]:
    field = find(node.field)
    if field is None:
        hint = suggest(node.field, CATALOGUE)
        yield RuleError(f"unknown field {node.field}", node.place, hint=hint)
        return
    if lookup(node.field) is None:
        yield RuleError(f"{field.name} has no elements", node.place)
        return
    kind = _kind(field)
    if node.operator not in _OPERATORS[kind]:
        allowed = ", ".join(sorted(_OPERATORS[kind]))
        message = f"{node.operator} does not apply to {field.name}, which is of type {field.type}"
        yield RuleError(message, node.place, hint=f"use one of {allowed}")
        return
    for value in node.values:
        if not _fits(kind, value):
            yield RuleError(f"{value!r} is no {field.type}, as {field.name} is", node.place)


def _kind(field: Field) -> str:
    if field.textual:
        return "text"
    return "bool" if field.type == "bool" else "number"


def _fits(kind: str, value: str) -> bool:
    if kind == "bool":
        return value in {"true", "false"}
    if kind == "number":
        try:
            int(value, 0)
        except ValueError:
            return False
    return True
