"""Draining the ring buffer in batches."""

from __future__ import annotations

from collections.abc import Iterator

from stockade.kernel.bpf import Map
from stockade.kernel.core import native, os_error

_BATCH_BYTES = 1 << 20
_BATCH_RECORDS = 4096


class Ring:
    """The consumer of one BPF ring buffer. fileno() is readable when records wait."""

    def __init__(self, buffer: Map) -> None:
        self._ffi, self._lib = native().ffi, native().lib
        error = self._ffi.new("int *")
        self._ring = self._lib.core_ring_open(buffer.fd, buffer.max_entries, error)
        if self._ring == self._ffi.NULL:
            raise os_error(error[0], "map the ring buffer")
        self._fd = buffer.fd
        self._bytes = self._ffi.new("char[]", _BATCH_BYTES)
        self._view = memoryview(self._ffi.buffer(self._bytes))
        self._offsets = self._ffi.new("uint32_t[]", _BATCH_RECORDS + 1)

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._fd

    def available(self) -> int:
        """Bytes that wait to be drained."""
        return int(self._lib.core_ring_available(self._ring))

    def drain(self) -> Iterator[memoryview]:
        """One batch of records; each is valid until the next call. Ends early when none is left."""
        count = self._lib.core_ring_drain(
            self._ring, self._bytes, _BATCH_BYTES, self._offsets, _BATCH_RECORDS
        )
        for index in range(count):
            start = self._offsets[index]
            yield self._view[start : self._offsets[index + 1]]

    def close(self) -> None:
        """Unmap; may be called twice."""
        if self._ring != self._ffi.NULL:
            self._lib.core_ring_close(self._ring)
            self._ring = self._ffi.NULL
