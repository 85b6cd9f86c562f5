"""Strings in a record, with what is known of them."""

from __future__ import annotations

import struct

import msgspec

from stockade.errors import RecordError

# A string_ref of the record: offset, length, state, flags, error.
REF = struct.Struct("<HHBBH")

_ABSENT, _VALUE, _UNKNOWN = range(3)
_TRUNCATED, _ARGUMENT = 1, 2


class Text(msgspec.Struct, frozen=True, gc=False):
    """A string from the kernel.

    Attributes:
        value: the text; bytes that are not UTF-8 are surrogate-escaped. Empty unless known.
        known: it could be read.
        present: the event has one at all.
        truncated: it was longer; a path then lacks its beginning, another string its end.
        argument: it came from the caller's memory, not from a kernel object.
        error: the errno of a failed read.
    """

    value: str = ""
    known: bool = True
    present: bool = True
    truncated: bool = False
    argument: bool = False
    error: int = 0


NO_TEXT = Text(known=False, present=False)


def read_text(
    record: memoryview, offset: int, length: int, state: int, flags: int, error: int
) -> Text:
    """Resolve a string_ref within its record.

    Raises:
        RecordError: it points outside the record, or its state is none.
    """
    if state == _ABSENT:
        return NO_TEXT
    if state == _UNKNOWN:
        return Text(known=False, argument=bool(flags & _ARGUMENT), error=error)
    if state != _VALUE or offset + length > len(record):
        raise RecordError(f"string at {offset} of {length} bytes, state {state}")
    return Text(
        value=bytes(record[offset : offset + length]).decode("utf-8", "surrogateescape"),
        truncated=bool(flags & _TRUNCATED),
        argument=bool(flags & _ARGUMENT),
    )


def fixed_text(raw: bytes) -> str:
    """A NUL-terminated string of a fixed buffer."""
    return raw.partition(b"\0")[0].decode("utf-8", "surrogateescape")
