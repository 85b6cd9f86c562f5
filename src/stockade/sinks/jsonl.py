"""One JSON object a line."""

from __future__ import annotations

import msgspec

from stockade.events import Alert, Ready, Summary, Update
from stockade.sinks.stream import Stream


class JsonLines:
    """Sends every message to a stream, line by line."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._encoder = msgspec.json.Encoder()

    @property
    def lost(self) -> int:
        """Messages that were not sent because the reader is too slow."""
        return self._stream.lost

    def ready(self, message: Ready) -> None:
        """Events flow from now on."""
        self._send(message)

    def alert(self, message: Alert) -> None:
        """A rule fired."""
        self._send(message)

    def update(self, message: Update) -> None:
        """More is known of an alert."""
        self._send(message)

    def summary(self, message: Summary) -> None:
        """Nothing follows."""
        self._send(message)

    def _send(self, message: Ready | Alert | Update | Summary) -> None:
        self._stream.send(self._encoder.encode(message) + b"\n")
