"""Messages to and from the process in which LLVM works: a length of four bytes, then the bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_LENGTH = struct.Struct("<I")


def packed(message: bytes) -> bytes:
    """One message."""
    return _LENGTH.pack(len(message)) + message


def unpacked(data: bytes) -> Iterator[bytes]:
    """All that are whole."""
    at = 0
    while at + _LENGTH.size <= len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        if at + length > len(data):
            return
        yield data[at : at + length]
        at += length
