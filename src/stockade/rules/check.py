"""Conditions against the field catalogue: names, operators, types of values."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from textwrap import shorten

import re2

from stockade.errors import Place, RuleError, UnknownField
from stockade.events.event_names import COLLECTED, KNOWN
from stockade.events.field import Field, FieldType, Many, Subscript
from stockade.events.fields import CATALOGUE, find
from stockade.events.values import Scalar
from stockade.rules.functions import SIGNATURES
from stockade.rules.lists import Lists
from stockade.rules.operators import OPERATORS_OF, OPERATORS_OF_SETS
from stockade.rules.parser import HEX_WORDS, LIST_WORDS
from stockade.rules.patterns import check_glob, regex
from stockade.rules.report import Report
from stockade.rules.source import suggest
from stockade.rules.syntax import (
    And,
    Bound,
    Compare,
    Condition,
    Constant,
    FieldRef,
    Literal,
    Not,
    Operand,
    Or,
    Test,
    Transform,
)

_INTEGER = re.compile(r"(?P<sign>[+-]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|(?P<decimal>[0-9]+))")
_SUBSCRIPT_MAX = 100
_SHOWN_MAX = 80
# What an event holds is the attacker's to choose: it is compared, never interpreted.
_PATTERNS = {"regex", "glob", "iglob", "pmatch", *HEX_WORDS}
_ELEMENT = re.compile(r"[0-9]{1,6}")
_HEXADECIMAL = re.compile(r"(?:[0-9a-fA-F]{2})*")
_HINTS_MAX = 500
_DIGITS_MAX = 24
_EVENT_NAME_FIELDS = {"evt.type", "syscall.type"}


class Checker:
    """Turns comparisons into tests.

    Args:
        lists: for values that name one.
        report: takes the errors, each with its place, and the warnings.
    """

    def __init__(self, lists: Lists, report: Report) -> None:
        self._lists = lists
        self._report = report
        self._hints = _HINTS_MAX
        # By identity: a macro's comparisons are shared by every rule that uses it.
        self._checked: dict[int, tuple[Compare, Test | RuleError]] = {}

    def condition(self, condition: Condition) -> Condition:
        """A condition whose macros are resolved, with tests in place of comparisons.

        What is wrong is reported; a comparison that is wrong stays as it is.
        """
        match condition:
            case And(terms):
                return And(tuple(self.condition(term) for term in terms))
            case Or(terms):
                return Or(tuple(self.condition(term) for term in terms))
            case Not(term):
                return Not(self.condition(term))
            case Compare():
                return self._comparison(condition)
        return condition

    def _comparison(self, comparison: Compare) -> Compare | Test:
        if id(comparison) not in self._checked:
            result: Test | RuleError
            try:
                result = self._test(comparison)
            except RuleError as err:
                result = err
            self._checked[id(comparison)] = comparison, result
        result = self._checked[id(comparison)][1]
        if isinstance(result, RuleError):
            self._report.error(result)
            return comparison
        return result

    def bind(self, operand: Operand) -> Bound:
        """An operand with what the catalogue says of it. Raises RuleError."""
        match operand:
            case FieldRef():
                return self._field(operand)
            case Transform(function, inner, place):
                return self._function(function, self.bind(inner), place)

    def _field(self, reference: FieldRef) -> Bound:
        field, argument = find(reference.name, reference.argument)
        if field is None:
            raise self._unknown_field(reference)
        if argument is not None:
            _check_subscript(field, argument, reference.place)
        elif field.subscript is Subscript.NAME and field.many is None:
            raise RuleError(f"{field.name} needs a name in brackets", reference.place)
        many = field.many if argument is None else None
        return Bound(field, argument, (), field.type, many)

    def _unknown_field(self, reference: FieldRef) -> UnknownField:
        self._hints -= 1
        # Looking for what was meant takes a millisecond.
        hint = suggest(str(reference), CATALOGUE) if self._hints > 0 else None
        name = shorten(str(reference), _SHOWN_MAX, placeholder="...")
        return UnknownField(f"unknown field {name}", reference.place, hint=hint)

    def _function(self, function: str, inner: Bound, place: Place) -> Bound:
        takes, gives = SIGNATURES[function]
        if inner.type not in takes and not (function == "len" and inner.many is Many.SET):
            message = f"{function} does not apply to {inner}, which is of type {inner.type.value}"
            raise RuleError(message, place)
        many = None if function == "len" and inner.many is Many.SET else inner.many
        functions = (*inner.functions, function)
        return Bound(inner.field, inner.subscript, functions, gives or inner.type, many)

    def _test(self, node: Compare) -> Test:
        left = self.bind(node.left)
        allowed = OPERATORS_OF_SETS if left.many is Many.SET else OPERATORS_OF[left.type]
        if node.operator not in allowed:
            what = (
                "has several values" if left.many is Many.SET else f"is of type {left.type.value}"
            )
            message = f"{node.operator} does not apply to {left}, which {what}"
            raise RuleError(message, node.place, hint=f"use one of {' '.join(sorted(allowed))}")
        if isinstance(node.right, FieldRef | Transform):
            right = self.bind(node.right)
            if node.operator in _PATTERNS:
                message = f"the pattern of {node.operator} stands in the rule, not in a field"
                raise RuleError(message, node.right.place)
            if right.type.textual != left.type.textual or (
                not left.type.textual and right.type is not left.type
            ):
                message = f"{left} is of type {left.type.value}, {right} of type {right.type.value}"
                raise RuleError(message, node.right.place)
            return Test(left, node.operator, (), right, node.modifier, node.place)
        literals = node.right
        if node.operator in LIST_WORDS or node.modifier:
            literals = self._lists.expand(literals)
        values = tuple(self._constant(left, node.operator, each) for each in literals)
        return Test(left, node.operator, values, None, node.modifier, node.place)

    def _constant(self, left: Bound, operator: str, literal: Literal) -> Constant:
        if _is_event_name(left) and operator in {"=", "!=", "in", "intersects"}:
            self._check_event_name(literal)
        if operator in HEX_WORDS:
            return _hexadecimal(literal)
        if left.type.textual:
            return _text(operator, literal)
        return _parsed(left, literal)

    def value(self, bound: Bound, literal: Literal) -> Scalar:
        """What an event has in a field, written in a test. Raises RuleError."""
        if _is_event_name(bound):
            self._check_event_name(literal)
        if bound.type.textual:
            return _text("=", literal)
        value = _parsed(bound, literal)
        if not isinstance(value, IPv4Network | IPv6Network):
            return value
        if value.num_addresses > 1:
            raise RuleError(f"{literal.text!r} is no single address", literal.place)
        return str(value.network_address)

    def _check_event_name(self, literal: Literal) -> None:
        if literal.text not in KNOWN:
            hint = suggest(literal.text, KNOWN)
            raise RuleError(f"unknown event {literal.text}", literal.place, hint=hint)
        if literal.text not in COLLECTED:
            self._report.warn(f"no {literal.text} events are collected yet", literal.place)


def _check_subscript(field: Field, argument: str, place: Place) -> None:
    if field.subscript is None:
        raise RuleError(f"{field.name} has no elements", place)
    number = int(argument) if _ELEMENT.fullmatch(argument) else None
    if field.subscript is Subscript.NUMBER and (number is None or number > _SUBSCRIPT_MAX):
        hint = f"a number up to {_SUBSCRIPT_MAX}"
        raise RuleError(f"{field.name} has no element {argument!r}", place, hint=hint)


def _text(operator: str, literal: Literal) -> str:
    if "\0" in literal.text:
        raise RuleError("a string cannot hold a NUL", literal.place)
    try:
        if operator == "regex":
            regex(literal.text)
        elif operator in {"glob", "iglob"}:
            check_glob(literal.text)
        elif operator == "pmatch":
            for part in literal.text.split("/"):
                check_glob(part)
    except re2.error as err:
        reason = err.args[0].decode() if isinstance(err.args[0], bytes) else str(err)
        what, hint = (
            ("regular expression", "POSIX extended syntax, without back references")
            if operator == "regex"
            else ("pattern that can be used", None)
        )
        message = f"no {what}: {reason}"
        raise RuleError(message, literal.place, hint=hint) from err
    except UnicodeEncodeError as err:
        raise RuleError("a regular expression is UTF-8", literal.place) from err
    return literal.text


def _is_event_name(bound: Bound) -> bool:
    return bound.field.name in _EVENT_NAME_FIELDS and not bound.functions


def _parsed(bound: Bound, literal: Literal) -> Constant:
    value = _PARSERS[bound.type](literal.text)
    if value is None:
        message = f"{literal.text!r} is no {bound.type.value}, as {bound} is"
        raise RuleError(message, literal.place)
    return value


def _hexadecimal(literal: Literal) -> bytes:
    if not _HEXADECIMAL.fullmatch(literal.text):
        message = f"{literal.text!r} is no sequence of hexadecimal digits"
        raise RuleError(message, literal.place, hint="two for each byte")
    return bytes.fromhex(literal.text)


def _integer(text: str) -> int | None:
    match = _INTEGER.fullmatch(text)
    if match is None or len(text) > _DIGITS_MAX:
        return None
    number = int(match["hex"], 16) if match["hex"] else int(match["decimal"])
    return -number if match["sign"] == "-" else number


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


_PARSERS: dict[FieldType, Callable[[str], Constant | None]] = {
    FieldType.INT: _integer,
    FieldType.BOOL: {"true": True, "false": False}.get,
    FieldType.BYTES: lambda text: text.encode("utf-8", "surrogateescape"),
    FieldType.IP: _network,
    FieldType.NET: _network,
}
