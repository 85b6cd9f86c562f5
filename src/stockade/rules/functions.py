"""Functions of an operand: what they take and give."""

from __future__ import annotations

import base64
import binascii

from stockade.events.field import FieldType
from stockade.events.values import ABSENT, Element, Missing
from stockade.rules.patterns import lower, upper

# What each takes, and what comes out; None for what went in.
_TEXT = frozenset({FieldType.STRING, FieldType.PATH, FieldType.FLAGS})
SIGNATURES: dict[str, tuple[frozenset[FieldType], FieldType | None]] = {
    "tolower": (_TEXT, FieldType.STRING),
    "toupper": (_TEXT, FieldType.STRING),
    "b64": (_TEXT | {FieldType.BYTES}, FieldType.BYTES),
    "basename": (_TEXT, FieldType.STRING),
    "len": (_TEXT | {FieldType.BYTES}, FieldType.INT),
}


def apply(function: str, value: Element) -> Element:
    """A function of one value; what is missing stays so."""
    if isinstance(value, Missing):
        return value
    match function:
        case "tolower":
            return lower(str(value))
        case "toupper":
            return upper(str(value))
        case "basename":
            return str(value).rpartition("/")[2]
        case "len":
            return len(value) if isinstance(value, str | bytes) else 1
        case "b64":
            return _decoded(value if isinstance(value, bytes) else _raw(str(value)))
    raise ValueError(f"no function {function}")


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _decoded(raw: bytes) -> Element:
    """Base64 decoded; what is none has no value."""
    try:
        return base64.b64decode(raw, validate=True)
    except binascii.Error:
        return ABSENT
