"""What each operator means, one value against one other. Plain, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address
from operator import ge, gt, le, lt
from typing import Any

from stockade.events.field import FieldType
from stockade.events.values import Scalar
from stockade.rules.patterns import lower, matches_glob, matches_regex, prefix_match
from stockade.rules.syntax import Constant

EQUALITY = frozenset({"=", "!=", "in", "intersects", "exists"})
ORDER = frozenset({"<", "<=", ">", ">="})
_TEXT = frozenset(
    {"contains", "icontains", "startswith", "endswith", "glob", "iglob", "regex", "pmatch"}
)
_BUFFER = frozenset({"contains", "startswith", "endswith", "bcontains", "bstartswith"})
OPERATORS_OF: dict[FieldType, frozenset[str]] = {
    FieldType.STRING: EQUALITY | ORDER | _TEXT,
    FieldType.PATH: EQUALITY | ORDER | _TEXT,
    FieldType.FLAGS: EQUALITY | ORDER | _TEXT,
    FieldType.INT: EQUALITY | ORDER,
    FieldType.BOOL: EQUALITY,
    FieldType.BYTES: EQUALITY | _BUFFER,
    FieldType.IP: EQUALITY,
    FieldType.NET: EQUALITY,
}
_EQUAL = frozenset({"=", "in", "intersects"})
# Their constants can be networks.
_NETWORKS = frozenset({FieldType.IP, FieldType.NET})
# Of a field of several values as a whole.
OPERATORS_OF_SETS = frozenset({"in", "intersects", "exists"})


def compare(kind: FieldType, operator: str, value: Scalar, wanted: Constant) -> bool:
    """Whether value OPERATOR wanted holds. exists, and lists, are the caller's business.

    Args:
        kind: the type of value; the operator is one of its operators.
        operator: in, intersects and = are the same between two values.
        value: of an event.
        wanted: of the rule.
    """
    if operator in _EQUAL:
        return _equal(value, wanted)
    if operator == "!=":
        return not _equal(value, wanted)
    if operator in ORDER:
        return _ordered(operator, value, wanted)
    if kind is FieldType.BYTES:
        return _buffer(operator, value, wanted)
    return _text(kind, operator, str(value), str(wanted))


def matches_any(
    kind: FieldType, operator: str, value: Scalar, wanted: tuple[Constant, ...]
) -> bool:
    """Whether value OPERATOR each holds for any of them; lists in rules can be long."""
    if operator in _EQUAL and kind not in _NETWORKS:
        return value in wanted
    return any(compare(kind, operator, value, each) for each in wanted)


def _equal(value: Scalar, wanted: Constant) -> bool:
    if isinstance(wanted, IPv4Network | IPv6Network):
        return ip_address(str(value)) in wanted
    return value == wanted


def _ordered(operator: str, value: Scalar, wanted: Constant) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        # By their bytes, as strcmp has it.
        return bool(_ORDERED[operator](_bytes(value), _bytes(wanted)))
    return bool(_ORDERED[operator](value, wanted))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _buffer(operator: str, value: Scalar, wanted: Constant) -> bool:
    if not isinstance(value, bytes) or not isinstance(wanted, bytes):
        raise TypeError(f"{operator} compares bytes here")
    return _BUFFERS[operator](value, wanted)


def _text(kind: FieldType, operator: str, value: str, wanted: str) -> bool:
    if operator == "contains" and kind is FieldType.FLAGS:
        return wanted in value.split("|")
    return _TEXTS[operator](value, wanted)


_ORDERED: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_BUFFERS: dict[str, Callable[[bytes, bytes], bool]] = {
    "contains": lambda value, wanted: wanted in value,
    "bcontains": lambda value, wanted: wanted in value,
    "startswith": bytes.startswith,
    "bstartswith": bytes.startswith,
    "endswith": bytes.endswith,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda value, wanted: wanted in value,
    "icontains": lambda value, wanted: lower(wanted) in lower(value),
    "startswith": str.startswith,
    "endswith": str.endswith,
    "glob": lambda value, wanted: matches_glob(wanted, value),
    "iglob": lambda value, wanted: matches_glob(lower(wanted), lower(value)),
    "regex": lambda value, wanted: matches_regex(wanted, value),
    "pmatch": prefix_match,
}
