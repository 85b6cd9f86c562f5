"""An event: a record, with what the agent knows of the process and container behind it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from stockade.events._records import EventType, Namespaces, Record
from stockade.events.entities import Container, Process
from stockade.events.values import ABSENT, Missing


class HostNames(msgspec.Struct, frozen=True):
    """Names of addresses, as far as rules ask for them.

    Attributes:
        of: by address, as text.
        complete: whether the addresses of all names are known.
    """

    of: Mapping[str, tuple[str, ...]] = {}
    complete: bool = False


class Event(msgspec.Struct):
    """One event, complete as far as it can be when it is judged.

    Attributes:
        record: what the kernel said.
        process: the acting process.
        ancestors: parent first, as far as they are known.
        container: the container it belongs to; None for the host.
        host_path: the opened file's path as the host sees it, absent when the host does not.
        time_ns: wall clock, ns since the epoch.
        start_ns: the process's start on the same clock.
        number: how many events the agent has seen, this one included.
        target: the process that a call is about.
        target_container: its container; None for the host.
        host_namespaces: those of the host.
        host_addresses: of the host's network, where the event is about a socket.
        names: of the addresses of such a socket.
        more_ancestors: whether there may be others than these.
    """

    record: Record
    process: Process
    ancestors: tuple[Process, ...] = ()
    container: Container | None = None
    host_path: str | Missing = ABSENT
    time_ns: int = 0
    start_ns: int = 0
    number: int = 0
    target: Process | None = None
    target_container: Container | None = None
    host_namespaces: Namespaces | None = None
    host_addresses: frozenset[str] = frozenset()
    names: HostNames = HostNames()
    more_ancestors: bool = False

    @property
    def type(self) -> EventType:
        """What happened."""
        return EventType(self.record.header.type)
