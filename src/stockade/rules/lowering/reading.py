"""Probes of a record's bytes, plainly: the oracle of what is compiled."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from stockade.rules.lowering.formulas import (
    Among,
    Bits,
    Buffer,
    Ends,
    Holds,
    Missing,
    Number,
    Probe,
    Same,
    Starts,
    String,
    Unreadable,
)
from stockade.rules.lowering.knowledge import HOST_VIEW, WORDS
from stockade.rules.lowering.parts import Whose

_M64 = (1 << 64) - 1
_REF = struct.Struct("<HHBB")
_ABSENT, _VALUE = 0, 1
_TRUNCATED = 1


@dataclass(frozen=True, slots=True)
class Frame:
    """What a filter finds beside the record.

    Attributes:
        view: enum view, of the opened file's filesystem.
        words: by whose the parts are, which of them may hold and which may fail.
    """

    view: int = 0
    words: Mapping[Whose, tuple[int, int]] = field(
        default_factory=lambda: dict.fromkeys(Whose, (_M64, _M64))
    )


NOTHING_KNOWN = Frame()


def number(source: Number, record: bytes, frame: Frame = NOTHING_KNOWN) -> int:
    """An integer of a record, or of its frame, as unsigned 64 bits."""
    for whose, words in WORDS.items():
        if source in words:
            return frame.words[whose][words.index(source)]
    if source == HOST_VIEW:
        return frame.view
    raw = record[source.offset : source.offset + source.size]
    bits = min(source.bits, source.size * 8)
    value = int.from_bytes(raw, "little") >> source.shift & (1 << bits) - 1
    if source.signed and value >> (bits - 1):
        value -= 1 << bits
    return value & _M64


def string(source: String, record: bytes) -> bytes | None:
    """A string of a record; None where there is none, or not all of it is known."""
    if isinstance(source, Buffer):
        return record[source.offset : source.offset + source.size].partition(b"\0")[0]
    offset, length, state, flags = _REF.unpack_from(record, source.ref)
    if state != _VALUE or flags & _TRUNCATED:
        return None
    value = record[offset : offset + length]
    if source.skip < 0:
        return value
    skip = int.from_bytes(record[source.skip : source.skip + 2], "little")
    return value[skip:] if skip <= length else None


def reads(probe: Probe, record: bytes, frame: Frame = NOTHING_KNOWN) -> bool:
    """Whether a probe holds of a record, beside which there is a frame."""
    match probe:
        case Among(source, ranges):
            value = number(source, record, frame)
            return any(low <= value <= high for low, high in ranges)
        case Bits(source, mask, value):
            return number(source, record, frame) & mask == value
        case Same(first, second):
            return number(first, record) == number(second, record)
        case Missing(source):
            return record[source.ref + 4] == _ABSENT
        case Unreadable(source):
            return record[source.ref + 4] != _ABSENT and string(source, record) is None
    return _matches(probe, string(probe.string, record))


def _matches(probe: Starts | Ends | Holds, value: bytes | None) -> bool:
    if value is None:
        return False
    match probe:
        case Starts(_, prefix, whole):
            return value == prefix if whole else value.startswith(prefix)
        case Ends(_, suffix):
            return value.endswith(suffix)
        case Holds(_, part):
            return part in value
