"""Rules tried on their own tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from stockade.errors import Place, RuleError
from stockade.events import ABSENT, UNKNOWN, Value
from stockade.events.values import Scalar
from stockade.rules.check import Checker
from stockade.rules.evaluate import evaluate
from stockade.rules.fixtures import Fixture
from stockade.rules.parser import parse_operand
from stockade.rules.report import Report
from stockade.rules.snippet import Snippet, Text
from stockade.rules.syntax import Bound, Condition, FieldRef, Literal

Operand: TypeAlias = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Trial:
    """A test whose event was found to be one.

    Attributes:
        name: what happens in it.
        fires: what the rule is to do.
        values: of the event's fields, by their names and what stands in brackets.
    """

    name: str
    fires: bool
    place: Place
    values: dict[Operand, Value]

    def run(self, condition: Condition) -> bool | None:
        """What the condition comes to; None when it cannot be known."""
        return evaluate(condition, self._value)

    def passes(self, condition: Condition) -> bool:
        """Whether the rule does what it is to do."""
        return (self.run(condition) is True) == self.fires

    def _value(self, bound: Bound) -> Value:
        return self.values.get((bound.field.name, bound.subscript), ABSENT)


def make_trial(fixture: Fixture, checker: Checker, report: Report) -> Trial:
    """A test of a rule, checked against the catalogue; what is wrong is reported."""
    values: dict[Operand, Value] = {}
    for name, given in fixture.event:
        with report.collect():
            bound = _bound(name, checker)
            key = bound.field.name, bound.subscript
            if key in values:
                raise RuleError(f"{bound} is given twice", name.place(0))
            values[key] = _value(given, bound, name, checker)
    return Trial(fixture.name, fixture.fires, fixture.place, values)


def _bound(name: Snippet, checker: Checker) -> Bound:
    operand = parse_operand(Text([name]))
    if not isinstance(operand, FieldRef):
        raise RuleError("a test gives the values of fields", name.place(0))
    return checker.bind(operand)


def _value(
    given: tuple[Snippet, ...] | Snippet | None, bound: Bound, name: Snippet, checker: Checker
) -> Value:
    if given is None:
        return UNKNOWN
    if isinstance(given, tuple) != (bound.many is not None):
        wanted = "a single value" if bound.many is None else "a list of values"
        raise RuleError(f"{bound} has {wanted}", name.place(0))
    if isinstance(given, tuple):
        return tuple(_scalar(each, bound, checker) for each in given)
    return _scalar(given, bound, checker)


def _scalar(given: Snippet, bound: Bound, checker: Checker) -> Scalar:
    literal = Literal(given.value, quoted=True, place=given.place(0))
    return checker.value(bound, literal)
