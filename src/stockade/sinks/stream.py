"""Writing to a descriptor without waiting for whoever reads it."""

from __future__ import annotations

import io
import os
import queue
import threading
from collections.abc import Callable

_MESSAGES_MAX = 10_000


class Stream:
    """Lines on their way to a descriptor: a thread writes them, and a full queue loses them.

    Args:
        fd: where they go; it stays open.

    Attributes:
        lost: lines that found the queue full.
        on_error: called, in the thread, when nothing can be written any more.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lines: queue.Queue[bytes | None] = queue.Queue(_MESSAGES_MAX)
        self._error: OSError | None = None
        self.lost = 0
        self.on_error: Callable[[OSError], None] | None = None
        # A daemon: a reader that has stalled must not keep the process from ending.
        self._thread = threading.Thread(target=self._write, name="output", daemon=True)
        self._thread.start()

    def send(self, line: bytes) -> None:
        """Hand over a line. Raises OSError where an earlier one could not be written."""
        if self._error is not None:
            raise self._error
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self.lost += 1

    def close(self, timeout_s: float) -> bool:
        """Wait for what is queued; says whether all of it was written.

        Raises:
            OSError: something could not be written.
        """
        try:
            self._lines.put(None, timeout=timeout_s)
        except queue.Full:
            return False
        self._thread.join(timeout_s)
        if self._error is not None:
            raise self._error
        return not self._thread.is_alive()

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                while line:
                    line = line[os.write(self._fd, line) :]
            except OSError as err:
                self._error = err
                if self.on_error is not None:
                    self.on_error(err)
                return


class TextStream(io.StringIO):
    """A stream as the text file that a console prints to."""

    def __init__(self, stream: Stream, *, tty: bool) -> None:
        super().__init__()
        self._stream = stream
        self._tty = tty

    def isatty(self) -> bool:
        """Whether a terminal reads it."""
        return self._tty

    def write(self, text: str) -> int:
        """Hand over what the console prints: whole lines."""
        self._stream.send(text.encode("utf-8", "backslashreplace"))
        return len(text)
