"""The reference evaluator: plain, three-valued, the oracle for everything faster.

A comparison with an absent field is false, one with an unknown field is
unknown (None here), and and/or/not follow Kleene's logic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from stockade.events import Missing, Scalar, Value
from stockade.rules.syntax import And, Compare, Condition, Macro, Not, Or

Lookup = Callable[[str], Value]


def evaluate(condition: Condition, lookup: Lookup) -> bool | None:
    """Whether a condition holds; None when that cannot be known.

    Args:
        condition: with its macros resolved.
        lookup: the value of a field by its name.
    """
    match condition:
        case And(terms):
            return _all(evaluate(term, lookup) for term in terms)
        case Or(terms):
            # De Morgan: an or is what is left when not all are false.
            return _not(_all(_not(evaluate(term, lookup)) for term in terms))
        case Not(term):
            return _not(evaluate(term, lookup))
        case Compare():
            return compare(condition, lookup(condition.field))
        case Macro(name):
            raise ValueError(f"macro {name} was not resolved")


def compare(node: Compare, value: Value) -> bool | None:
    """One comparison."""
    if isinstance(value, Missing):
        return False if value is Missing.ABSENT else None
    if node.operator == "exists":
        return True
    if isinstance(value, tuple):
        return any(_scalar(node, element) for element in value)
    return _scalar(node, value)


def _scalar(node: Compare, value: Scalar) -> bool:
    if isinstance(value, bool):
        value = str(value).lower()
    if isinstance(value, int):
        return any(_number(node.operator, value, int(wanted, 0)) for wanted in node.values)
    return any(_text(node.operator, value, wanted) for wanted in node.values)


def _number(operator: str, value: int, wanted: int) -> bool:
    match operator:
        case "=" | "in":
            return value == wanted
        case "!=":
            return value != wanted
        case "<":
            return value < wanted
        case "<=":
            return value <= wanted
        case ">":
            return value > wanted
        case ">=":
            return value >= wanted
    raise ValueError(f"{operator} does not compare numbers")


def _text(operator: str, value: str, wanted: str) -> bool:
    match operator:
        case "=" | "in":
            return value == wanted
        case "!=":
            return value != wanted
        case "contains":
            return wanted in value
        case "startswith":
            return value.startswith(wanted)
        case "endswith":
            return value.endswith(wanted)
    raise ValueError(f"{operator} does not compare strings")


def _all(results: Iterable[bool | None]) -> bool | None:
    known: bool | None = True
    for result in results:
        if result is False:
            return False
        if result is None:
            known = None
    return known


def _not(result: bool | None) -> bool | None:  # noqa: FBT001 - Kleene's not has one operand
    return None if result is None else not result
