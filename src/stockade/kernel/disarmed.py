"""Where nothing is refused for now, whatever rules say."""

from __future__ import annotations

from stockade.kernel.bpf import Map

NAME = "disarmed"
_EVERYTHING = bytes(8)


class Disarmed:
    """The map that says so; what is decided there is only told.

    Args:
        switches: keys of containers; under 0, all.
    """

    def __init__(self, switches: Map) -> None:
        self._switches = switches

    def disarm(self, container: int | None = None) -> None:
        """Refuse nothing in a container, by its key, or anywhere."""
        self._switches.update(_key(container), b"\1")

    def arm(self, container: int | None = None) -> None:
        """Take that back."""
        self._switches.discard(_key(container))


def _key(container: int | None) -> bytes:
    return _EVERYTHING if container is None else container.to_bytes(8, "little")
