"""Tells the kernel's filters what the rules' parts come to for containers and processes.

A container is told of when it runs and its metadata has come, a process when an event of it or of
who descends from it comes up; what is known of either does not change after that. Each is told
once: what is written again, or taken away while it may be read, could be taken for another's.
"""

from __future__ import annotations

import os
import struct
from collections import defaultdict

import structlog

from stockade.agent.processes import ProcessTable
from stockade.errors import StockadeError
from stockade.events import (
    AncestorId,
    CallRecord,
    Container,
    ContainerEntry,
    ContainerRecord,
    ContainerState,
    Event,
    EventType,
    ExitRecord,
    Missing,
    OpenRecord,
    Process,
    ProcessId,
    decode,
)
from stockade.events._records import ANCESTORS_MAX, RecordKind
from stockade.kernel.deciders import Scopes
from stockade.kernel.filters import Filters, Known, ProcessKey
from stockade.rules import Rule, values_of
from stockade.rules.lowering.deciding import settled
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
        processes: those that there are.
        rules: whose parts they are.
    """

    def __init__(
        self,
        filters: Filters,
        containers: Containers,
        processes: ProcessTable,
        rules: list[Rule],
    ) -> None:
        self._filters = filters
        self._containers = containers
        self._table = processes
        self._parts: Parts | None = None
        # How many of an event's ancestors are asked about.
        self._depth = 0
        # Containers by their keys; processes by start and number, as they were told of.
        self._told: dict[int, ContainerEntry] = {}
        # What sets of rules that decide are told; the newest last.
        self._scopes: list[tuple[Parts, Scopes]] = []
        self._processes: dict[tuple[int, int], set[ProcessKey]] = defaultdict(set)
        self.take_rules(rules)

    def take_rules(self, rules: list[Rule]) -> None:
        """Tell of the parts of these rules from now on."""
        self._parts = parts = Parts(rules)
        self._depth = ANCESTORS_MAX if parts.of(Whose.ANCESTORS) else bool(parts.of(Whose.PARENT))
        for container in self._containers.all():
            self.tell(container)

    def take_scopes(self, parts: Parts, scopes: Scopes) -> None:
        """Tell a set of rules that will decide of every container, beside those that do."""
        self._scopes.append((parts, scopes))
        for container in self._containers.all():
            self._tell_scopes(container, self._scopes[-1:])

    def knows_all(self) -> bool:
        """Whether no more is to be learnt of any container that runs."""
        return not any(each.pending for each in self._containers.all())

    def drop_scopes(self, scopes: Scopes) -> None:
        """Of one that decides no more."""
        self._scopes = [each for each in self._scopes if each[1] is not scopes]

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
            for key in self._processes.pop((identity.start_ns, identity.tgid), ()):
                self._filters.forget_process(key)
        elif isinstance(record, OpenRecord | CallRecord):
            self._tell_processes(event)

    def tell(self, container: Container) -> None:
        """Tell of a container, if all is known of it."""
        entry = container.entry
        if entry is None or container.pending or entry.state != ContainerState.RUNNING:
            return
        self._tell_scopes(container, self._scopes)
        if self._parts is None or entry.key in self._told:
            return
        known = self._known(self._parts, Whose.CONTAINER, _event_of(container))
        if self._filters.tell_container(entry, known):
            self._told[entry.key] = entry

    def _tell_scopes(self, container: Container, scopes: list[tuple[Parts, Scopes]]) -> None:
        entry = container.entry
        if entry is None or container.pending or entry.state != ContainerState.RUNNING:
            return
        for parts, told in scopes:
            holds, fails = parts.words(Whose.CONTAINER, values_of(_event_of(container)))
            told.tell(entry, holds, settled(fails))

    def _follow(self, record: ContainerRecord) -> None:
        key = record.container.key
        if record.header.type in _ENDS:
            for _, scopes in self._scopes:
                scopes.forget(record.container)
            if key in self._told:
                self._filters.forget_container(self._told.pop(key))
            return
        container = self._containers.by_key(key)
        if container is not None:
            self.tell(container)

    def _tell_processes(self, event: Event) -> None:
        """Of who acted, and of as many ancestors as rules ask about."""
        if self._parts is None or not (self._depth or self._parts.of(Whose.PROCESS)):
            return
        task = event.record.header.task
        acting = AncestorId(task.process.start_ns, task.process.tgid, task.exec_id)
        self._tell_process(self._parts, acting, event.process)
        near = zip(task.ancestors[: self._depth], event.ancestors, strict=False)
        for identity, process in near:
            self._tell_process(self._parts, identity, process)

    def _tell_process(self, parts: Parts, identity: AncestorId, process: Process) -> None:
        if isinstance(process.name, Missing):
            return
        key = ProcessKey(identity.start_ns, identity.tgid, identity.exec_id, process.name)
        told = self._processes[key.start_ns, key.tgid]
        if key in told or not self._table.is_known(process, key.exec_id):
            return
        alone = Event(_NO_RECORD, process)
        below = Event(_NO_RECORD, _NO_PROCESS, (process,))
        if self._filters.tell_process(
            key,
            self._known(parts, Whose.PROCESS, alone),
            self._known(parts, Whose.PARENT, below),
            self._known(parts, Whose.ANCESTORS, below),
        ):
            told.add(key)
        else:
            self._make_room()

    def _make_room(self) -> None:
        """Forget processes whose ends were lost."""
        for (start_ns, tgid), told in list(self._processes.items()):
            if os.path.exists(f"/proc/{tgid}"):
                continue
            for key in told:
                self._filters.forget_process(key)
            del self._processes[start_ns, tgid]

    @staticmethod
    def _known(parts: Parts, whose: Whose, event: Event) -> Known:
        holds, fails = parts.words(whose, values_of(event))
        return Known(parts.set, holds, fails)


def _event_of(container: Container) -> Event:
    """An event of which no more is known than whose it is."""
    return Event(_NO_RECORD, _NO_PROCESS, container=container)
