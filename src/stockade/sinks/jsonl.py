"""One JSON object a line."""

from __future__ import annotations

from typing import BinaryIO

import msgspec

from stockade.events import Alert, Ready, Summary


class JsonLines:
    """Writes every message to a binary stream, flushed line by line."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._encoder = msgspec.json.Encoder()

    def ready(self, message: Ready) -> None:
        """Events flow from now on."""
        self._write(message)

    def alert(self, message: Alert) -> None:
        """A rule fired."""
        self._write(message)

    def summary(self, message: Summary) -> None:
        """Nothing follows."""
        self._write(message)

    def _write(self, message: Ready | Alert | Summary) -> None:
        self._stream.write(self._encoder.encode(message) + b"\n")
        self._stream.flush()
