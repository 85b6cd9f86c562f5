"""Tells the kernel's filters what the rules' parts come to for containers and processes.

A container is told of when it runs and its metadata has come, a process when one of its events
comes up; what is known of either does not change after that. Each is told once: what is written
again, or taken away while it may be read, could be taken for another's.
"""

from __future__ import annotations

import os
import struct
from collections import defaultdict

import structlog

from stockade.errors import StockadeError
from stockade.events import (
    CallRecord,
    Container,
    ContainerEntry,
    ContainerRecord,
    ContainerState,
    Event,
    EventType,
    ExitRecord,
    OpenRecord,
    Process,
    ProcessId,
    Task,
    decode,
)
from stockade.events._records import RecordKind
from stockade.kernel.filters import Filters, Known
from stockade.rules import Rule, values_of
from stockade.rules.lowering.parts import Parts, Whose
from stockade.workloads import Containers

_ENDS = {EventType.CONTAINER_STOP, EventType.CONTAINER_DISCARD}

# Some record, of which nothing is asked.
_NO_RECORD = decode(memoryview(struct.pack("<8xIH1010x", 1024, RecordKind.CONTAINER)))
_NO_PROCESS = Process(ProcessId(start_ns=0, tgid=0))

log = structlog.get_logger()


class KnownParts:
    """Learns from the events that come.

    Args:
        filters: which ask.
        containers: those that there are.
        rules: whose parts they are.
    """

    def __init__(self, filters: Filters, containers: Containers, rules: list[Rule]) -> None:
        self._filters = filters
        self._containers = containers
        self._parts: Parts | None = None
        # Containers by their keys; processes by start and number, as they were told of.
        self._told: dict[int, ContainerEntry] = {}
        self._processes: dict[tuple[int, int], list[Task]] = defaultdict(list)
        self.take_rules(rules)

    def take_rules(self, rules: list[Rule]) -> None:
        """Tell of the parts of these rules from now on."""
        self._parts = Parts(rules)
        for container in self._containers.all():
            self.tell(container)

    def withdraw(self) -> None:
        """Tell of nothing until `take_rules`; what was told holds no longer."""
        self._parts = None
        self._told.clear()
        self._processes.clear()
        self._filters.forget_all()

    def synchronize(self) -> bool:
        """Wait until nobody reads what was told. False where that cannot be known."""
        try:
            self._filters.synchronize()
        except StockadeError as err:
            log.warning("containers and processes are not told of any more", reason=str(err))
            return False
        return True

    def learn(self, event: Event) -> None:
        """Take in an event that has come up."""
        record = event.record
        if isinstance(record, ContainerRecord):
            self._follow(record)
        elif isinstance(record, ExitRecord):
            identity = record.header.task.process
            for task in self._processes.pop((identity.start_ns, identity.tgid), ()):
                self._filters.forget_process(task)
        elif isinstance(record, OpenRecord | CallRecord):
            self._tell_process(event)

    def tell(self, container: Container) -> None:
        """Tell of a container, if all is known of it."""
        entry = container.entry
        if self._parts is None or entry is None or entry.key in self._told:
            return
        if container.pending or entry.state != ContainerState.RUNNING:
            return
        known = self._known(self._parts, Whose.CONTAINER, _event_of(container))
        if self._filters.tell_container(entry, known):
            self._told[entry.key] = entry

    def _follow(self, record: ContainerRecord) -> None:
        key = record.container.key
        if record.header.type in _ENDS:
            if key in self._told:
                self._filters.forget_container(self._told.pop(key))
            return
        container = self._containers.by_key(key)
        if container is not None:
            self.tell(container)

    def _tell_process(self, event: Event) -> None:
        task = event.record.header.task
        if self._parts is None or not self._parts.of(Whose.PROCESS):
            return
        if task.pid != task.process.tgid:
            return
        told = self._processes[task.process.start_ns, task.process.tgid]
        if any(each.exec_id == task.exec_id and each.comm == task.comm for each in told):
            return
        if self._filters.tell_process(task, self._known(self._parts, Whose.PROCESS, event)):
            told.append(task)
        else:
            self._make_room()

    def _make_room(self) -> None:
        """Forget processes whose ends were lost."""
        for (start_ns, tgid), told in list(self._processes.items()):
            if os.path.exists(f"/proc/{tgid}"):
                continue
            for task in told:
                self._filters.forget_process(task)
            del self._processes[start_ns, tgid]

    @staticmethod
    def _known(parts: Parts, whose: Whose, event: Event) -> Known:
        holds, fails = parts.words(whose, values_of(event))
        return Known(parts.set, holds, fails)


def _event_of(container: Container) -> Event:
    """An event of which no more is known than whose it is."""
    return Event(_NO_RECORD, _NO_PROCESS, container=container)
