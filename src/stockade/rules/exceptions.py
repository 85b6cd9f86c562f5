"""Exceptions of a rule: fields, comparisons, and the values with which it stays quiet."""

from __future__ import annotations

from dataclasses import dataclass, field

from stockade.errors import Place, RuleError
from stockade.rules.literals import literal
from stockade.rules.parser import LIST_WORDS, OPERATORS, parse_list, parse_operand
from stockade.rules.snippet import Snippet, Text
from stockade.rules.source import Node, suggest
from stockade.rules.syntax import And, Compare, Condition, Literal, Not, Operand, Or

_SINGLE_COMPARISONS = ("in", "pmatch", "intersects")
_SIZE_MAX = 20_000
_KEYS = ("name", "fields", "comps", "values")


@dataclass(slots=True)
class ExceptionDef:
    """One exception as written.

    Attributes:
        fields: one text without a list (single), or a list; None where only values are added.
        comps: of the same shape; None for the defaults.
        values: what follows the fields, each with its node.
    """

    name: str
    place: Place
    single: bool = False
    fields: tuple[Snippet, ...] | None = None
    comps: tuple[Snippet, ...] | None = None
    comps_single: bool = False
    values: list[Node] = field(default_factory=list)


def read_exceptions(node: Node) -> list[ExceptionDef]:
    """The exceptions of one definition of a rule. Raises RuleError."""
    found: list[ExceptionDef] = []
    for each in node.items():
        definition = _read(each)
        if definition.name in {other.name for other in found}:
            raise RuleError(f"exception {definition.name!r} is defined twice", each.place)
        found.append(definition)
    return found


def _read(node: Node) -> ExceptionDef:
    keys = node.mapping()
    for key in keys:
        if key not in _KEYS:
            hint = suggest(key, _KEYS)
            raise RuleError(f"unknown key {key} in an exception", keys[key].place, hint=hint)
    if "name" not in keys:
        raise RuleError("an exception needs a name", node.place)
    definition = ExceptionDef(keys["name"].text(), node.place)
    if "fields" in keys:
        definition.single = not keys["fields"].is_list
        definition.fields = _scalars(keys["fields"])
        if not definition.fields:
            message = f"exception {definition.name!r} has no fields"
            raise RuleError(message, node.place)
    if "comps" in keys:
        definition.comps_single = not keys["comps"].is_list
        definition.comps = _scalars(keys["comps"])
    if "values" in keys and not keys["values"].is_null:
        definition.values = keys["values"].items()
    return definition


def _scalars(node: Node) -> tuple[Snippet, ...]:
    nodes = node.items() if node.is_list else [node]
    return tuple(each.snippet() for each in nodes)


def append(existing: list[ExceptionDef], added: list[ExceptionDef]) -> list[ExceptionDef]:
    """The exceptions of a rule with those of an appending definition.

    Raises:
        RuleError: an addition to a known exception says more than values, or to a new one less
            than fields and values.
    """
    result = list(existing)
    for addition in added:
        at = next((i for i, each in enumerate(result) if each.name == addition.name), None)
        if at is None:
            _require_whole(addition)
            result.append(addition)
            continue
        if addition.fields is not None or addition.comps is not None:
            raise RuleError(
                f"exception {addition.name!r} exists: only values can be appended to it",
                addition.place,
            )
        old = result[at]
        values = [*old.values, *addition.values]
        result[at] = ExceptionDef(
            old.name, old.place, old.single, old.fields, old.comps, old.comps_single, values
        )
    return result


def _require_whole(definition: ExceptionDef) -> None:
    for key in ("fields", "values"):
        if not getattr(definition, key):
            raise RuleError(f"exception {definition.name!r} has no {key}", definition.place)


def operands_of(definition: ExceptionDef) -> list[Operand]:
    """The fields of an exception. Raises RuleError."""
    return [parse_operand(Text([snippet])) for snippet in definition.fields or ()]


def with_exceptions(condition: Condition, exceptions: list[ExceptionDef]) -> Condition:
    """A condition that also requires that none of the exceptions holds."""
    terms = [condition]
    for definition in exceptions:
        holds = _condition(definition)
        if holds is not None:
            terms.append(Not(holds))
    return terms[0] if len(terms) == 1 else And(tuple(terms))


def _condition(definition: ExceptionDef) -> Condition | None:
    """When an exception holds; None for one without values."""
    if definition.fields is None:
        raise RuleError(f"exception {definition.name!r} has no fields", definition.place)
    operands = operands_of(definition)
    if len(operands) * len(definition.values) > _SIZE_MAX:
        message = f"exception {definition.name!r} has more than {_SIZE_MAX} values"
        raise RuleError(message, definition.place)
    operators = _operators(definition)
    if definition.single:
        values = _literals(definition.values)
        if not values:
            return None
        return Compare(operands[0], operators[0], values, None, definition.place)
    tuples = [_tuple(node, operands, operators) for node in definition.values]
    if not tuples:
        return None
    return tuples[0] if len(tuples) == 1 else Or(tuple(tuples))


def _operators(definition: ExceptionDef) -> list[str]:
    """The comparisons, defaults filled in. Raises RuleError where they do not fit the fields."""
    count = len(definition.fields or ())
    if definition.comps is None:
        return ["in"] if definition.single else ["="] * count
    if definition.comps_single != definition.single:
        raise RuleError("fields and comps must both be lists, or neither", definition.place)
    if len(definition.comps) != count:
        message = f"{count} fields and {len(definition.comps)} comps: one comparison for each field"
        raise RuleError(
            message, definition.comps[0].place(0) if definition.comps else definition.place
        )
    allowed = _SINGLE_COMPARISONS if definition.single else OPERATORS
    for snippet in definition.comps:
        if snippet.value not in allowed:
            hint = f"one of {' '.join(allowed)}"
            raise RuleError(f"{snippet.value!r} is no comparison here", snippet.place(0), hint=hint)
    return ["=" if each.value == "==" else each.value for each in definition.comps]


def _tuple(node: Node, operands: list[Operand], operators: list[str]) -> Condition:
    """One row of values: all comparisons hold."""
    values = node.items()
    if len(values) != len(operands):
        message = f"{len(operands)} fields and {len(values)} values: one value for each field"
        raise RuleError(message, node.place)
    terms = []
    for operand, operator, value in zip(operands, operators, values, strict=True):
        literals = _value(value, operator)
        terms.append(Compare(operand, operator, literals, None, value.place))
    return terms[0] if len(terms) == 1 else And(tuple(terms))


def _value(node: Node, operator: str) -> tuple[Literal, ...]:
    if operator in LIST_WORDS:
        if node.is_scalar and node.text().startswith("("):
            return parse_list(Text([node.snippet()]))
        return _literals(node.items() if node.is_list else [node])
    if operator == "exists":
        return ()
    if node.is_list:
        raise RuleError(f"{operator} compares with one value, not a list", node.place)
    return (literal(node.text(), node.place),)


def _literals(nodes: list[Node]) -> tuple[Literal, ...]:
    for each in nodes:
        if not each.is_scalar:
            raise RuleError("expected a single value", each.place)
    return tuple(literal(each.text(), each.place) for each in nodes)
