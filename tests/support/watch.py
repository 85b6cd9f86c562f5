"""The sensor in this process, and what it tells of what others do: as records, or as events."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from stockade.agent import Enricher, HostMounts, ProcessTable
from stockade.events import Event, Record, decode
from stockade.kernel import Sensor
from stockade.workloads import Containers

WAIT_S = 20.0
R = TypeVar("R", bound=Record)
T = TypeVar("T")


def wait_for(look: Callable[[], T | None], missing: Callable[[], str]) -> T:
    """What a look finds, sooner or later.

    Raises:
        AssertionError: it does not, and that is what is missing.
    """
    end = time.monotonic() + WAIT_S
    while (found := look()) is None:
        if time.monotonic() > end:
            raise AssertionError(missing())
        time.sleep(0.01)
    return found


class RecordWatch:
    """A sensor and what it has told.

    Args:
        sensor: at work, reporting what the test is about.
    """

    def __init__(self, sensor: Sensor) -> None:
        self.sensor = sensor
        self.records: list[Record] = []

    def drain(self) -> None:
        """Take in what waits."""
        while found := [decode(raw) for raw in self.sensor.ring.drain()]:
            self.records += found

    def forget(self) -> None:
        """Drop what has been told so far: it is another test's."""
        self.drain()
        self.records.clear()

    def find(self, kind: type[R], wanted: Callable[[R], bool]) -> R:
        """The first record of a kind that fits; waits for it."""

        def look() -> R | None:
            self.drain()
            ours = (each for each in self.records if isinstance(each, kind))
            return next(filter(wanted, ours), None)

        return wait_for(look, lambda: f"no such {kind.__name__} among {self.records[-20:]}")


class EventWatch:
    """A sensor, and the events that the agent would make of its records."""

    def __init__(self, sensor: Sensor) -> None:
        self.sensor = sensor
        self.events: list[Event] = []
        processes, provenance = ProcessTable(), sensor.provenance
        processes.seed()
        containers = Containers(provenance.container, processes.lineage)
        for entry in provenance.containers():
            containers.add(entry)
        self._mounts = HostMounts()
        self._enricher = Enricher(processes, containers, self._mounts, sensor.host_namespaces())

    def close(self) -> None:
        """The sensor stays."""
        self._mounts.close()

    def drain(self) -> None:
        """Take in what waits."""
        while found := [decode(raw) for raw in self.sensor.ring.drain()]:
            self.events += map(self.event_of, found)

    def event_of(self, record: Record) -> Event:
        """What the agent would make of a record."""
        return self._enricher.event(record)

    def find(self, container: str, wanted: Callable[[Event], bool]) -> Event:
        """The last event of a container that fits; waits for it."""

        def look() -> Event | None:
            self.drain()
            return next(filter(wanted, reversed(self.of(container))), None)

        return wait_for(look, lambda: f"none among {len(self.events)} events")

    def of(self, container: str) -> list[Event]:
        """The events of a container so far."""
        return [each for each in self.events if each.container and each.container.id == container]
