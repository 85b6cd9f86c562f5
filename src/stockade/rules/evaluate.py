"""The reference evaluator: plain, three-valued, the oracle for everything faster.

A comparison with an absent field is false, one with an unknown field is
unknown (None here), and and/or/not follow Kleene's logic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from stockade.events import Missing, Value
from stockade.events.field import Many
from stockade.events.values import Element
from stockade.rules.functions import apply
from stockade.rules.operators import compare, matches_any
from stockade.rules.syntax import And, Bound, Condition, Constant, Not, Or, Test

Lookup = Callable[[Bound], Value]


def evaluate(condition: Condition, lookup: Lookup) -> bool | None:
    """Whether a checked condition holds; None when that cannot be known.

    Args:
        condition: as checking leaves it.
        lookup: the value of an operand's field; functions are applied here.
    """
    match condition:
        case And(terms):
            return all_of(evaluate(term, lookup) for term in terms)
        case Or(terms):
            return any_of(evaluate(term, lookup) for term in terms)
        case Not(term):
            return negation(evaluate(term, lookup))
        case Test():
            return _test(condition, lookup)
    raise TypeError(f"{condition} was not checked")


def operand_value(bound: Bound, lookup: Lookup) -> Value:
    """A field's value with the operand's functions applied."""
    value = lookup(bound)
    for function in bound.functions:
        if not isinstance(value, tuple):
            value = apply(function, value)
        elif function == "len" and bound.field.many is Many.SET:
            value = len(value)
        else:
            value = tuple(apply(function, each) for each in value)
    return value


def _test(test: Test, lookup: Lookup) -> bool | None:
    value = operand_value(test.left, lookup)
    wanted = test.values if test.right is None else operand_value(test.right, lookup)
    if Missing.ABSENT in {value, wanted}:
        return False
    if isinstance(value, Missing) or isinstance(wanted, Missing):
        return None
    if test.operator == "exists":
        return any_of(_exists(each) for each in value) if isinstance(value, tuple) else True
    if not isinstance(wanted, tuple):
        wanted = (wanted,)
    if not isinstance(value, tuple):
        return _against(test, value, wanted)
    if test.left.many is Many.SET and test.operator == "in":
        return all_of(_against(test, each, wanted) for each in value)
    return any_of(_against(test, each, wanted) for each in value)


def _exists(value: Element) -> bool | None:
    return (None if value is Missing.UNKNOWN else False) if isinstance(value, Missing) else True


def _against(test: Test, value: Element, wanted: tuple[Constant | Missing, ...]) -> bool | None:
    """One value against all that are wanted."""
    if test.modifier is None and test.right is None and not isinstance(value, Missing):
        return matches_any(test.left.type, test.operator, value, test.values)
    results = [_one(test, value, each) for each in wanted]
    if test.modifier == "allof":
        return all_of(results)
    if test.modifier == "oneof":
        return _exactly_one(results)
    return any_of(results)


def _one(test: Test, value: Element, wanted: Constant | Missing) -> bool | None:
    for each in (value, wanted):
        if isinstance(each, Missing):
            return False if each is Missing.ABSENT else None
    return compare(test.left.type, test.operator, value, wanted)  # type: ignore[arg-type]


def _exactly_one(results: list[bool | None]) -> bool | None:
    if results.count(True) > 1:
        return False
    return None if None in results else results.count(True) == 1


def all_of(results: Iterable[bool | None]) -> bool | None:
    """True when all are, false when one is."""
    known: bool | None = True
    for result in results:
        if result is False:
            return False
        if result is None:
            known = None
    return known


def any_of(results: Iterable[bool | None]) -> bool | None:
    """True when one is, false when all are."""
    return negation(all_of(negation(result) for result in results))


def negation(result: bool | None) -> bool | None:  # noqa: FBT001 - its only operand
    """Unknown stays unknown."""
    return None if result is None else not result
