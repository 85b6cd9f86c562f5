"""Checked conditions as text that parses to the same again."""

from __future__ import annotations

import re

from stockade.rules.parser import HEX_WORDS, LIST_WORDS
from stockade.rules.syntax import And, Condition, Constant, Not, Or, Test, quoted

_PLAIN = re.compile(r"[A-Za-z0-9_./:*+-]+")


def condition_text(condition: Condition) -> str:
    """A checked condition, its lists and macros in their places."""
    match condition:
        case And(terms):
            return " and ".join(_grouped(term, isinstance(term, Or)) for term in terms)
        case Or(terms):
            return " or ".join(_grouped(term, isinstance(term, And)) for term in terms)
        case Not(term):
            return f"not {_grouped(term, isinstance(term, And | Or))}"
        case Test():
            return _test(condition)
    raise TypeError(f"{condition} was not checked")


def _grouped(condition: Condition, group: bool) -> str:  # noqa: FBT001 - what it does
    text = condition_text(condition)
    return f"({text})" if group else text


def _test(test: Test) -> str:
    start = f"{test.left} {test.operator}"
    if test.operator == "exists":
        return start
    if test.right is not None:
        return f"{start} {test.right if test.right.functions else f'val({test.right})'}"
    if test.operator in HEX_WORDS:
        values = ", ".join(value.hex() or '""' for value in test.values if isinstance(value, bytes))
    else:
        values = ", ".join(map(_constant, test.values))
    if test.operator in LIST_WORDS:
        return f"{start} ({values})"
    return f"{start} {test.modifier} ({values})" if test.modifier else f"{start} {values}"


def _constant(value: Constant) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        value = value.decode("utf-8", "surrogateescape")
    if not isinstance(value, str):
        return str(value)
    if _PLAIN.fullmatch(value):
        return value
    return quoted(value)
