"""Records into events: who acted, in which container, on which of the host's files."""

from __future__ import annotations

from collections.abc import Iterable

from stockade.agent.host_views import HostViews
from stockade.agent.known_parts import KnownParts
from stockade.agent.mounts import HostMounts
from stockade.agent.names import Addresses
from stockade.agent.processes import ProcessTable
from stockade.events import (
    ABSENT,
    UNKNOWN,
    CallRecord,
    Container,
    ContainerRecord,
    Event,
    ExecRecord,
    HostNames,
    Missing,
    Namespaces,
    OpenRecord,
    Process,
    Record,
    Target,
    Task,
)
from stockade.events.file_fields import fs_path
from stockade.events.socket_fields import INTERNET
from stockade.events.times import boot_offset_ns
from stockade.rules import Rule
from stockade.workloads import Containers


class Enricher:
    """Completes records with what the agent knows.

    Args:
        processes: the process table; kept up to date by what passes through.
        containers: finds a task's container.
        mounts: the host's mount table.
        host_namespaces: the host's own, where they are known.
        addresses: whose they are, for sockets.
        views: learns of filesystems, where filters ask for them.
        parts: learns of containers and processes, likewise.
    """

    def __init__(
        self,
        processes: ProcessTable,
        containers: Containers,
        mounts: HostMounts,
        host_namespaces: Namespaces | None = None,
        addresses: Addresses | None = None,
        views: HostViews | None = None,
        parts: KnownParts | None = None,
    ) -> None:
        self._parts = parts
        self._addresses = addresses
        self._views = views
        self._host_namespaces = host_namespaces
        self._processes = processes
        self._containers = containers
        self._mounts = mounts
        self._offset_ns = boot_offset_ns()
        self._events = 0

    def new_batch(self) -> None:
        """Look at the wall clock again, which may have been set, and at the host's mounts."""
        self._offset_ns = boot_offset_ns()
        if self._views:
            self._views.new_batch()

    def event(self, record: Record) -> Event:
        """The event of a record."""
        task = record.header.task
        if self._views:
            self._views.learn(record)
        self._events += 1
        process = self._acting(record)
        ancestors, more_ancestors = self._processes.ancestors(task)
        if isinstance(record, ContainerRecord):
            self._containers.update(record, (process, *ancestors))
        target = self._target(record)
        event = Event(
            record=record,
            process=process,
            ancestors=ancestors,
            more_ancestors=more_ancestors,
            container=self._containers.of(task),
            host_path=self._host_path(record),
            time_ns=record.header.time_ns + self._offset_ns,
            start_ns=task.process.start_ns + self._offset_ns,
            number=self._events,
            target=self._processes.get(target.process) if target else None,
            target_container=self._containers.by_key(target.container) if target else None,
            host_namespaces=self._host_namespaces,
            host_addresses=self._host_addresses(record),
            names=self._addresses.names.known() if self._addresses else HostNames(),
        )
        if self._parts:
            self._parts.learn(event)
        if isinstance(record, ContainerRecord):
            self._containers.forget(record)
        return event

    def take_rules(self, rules: Iterable[Rule]) -> None:
        """Find out what other rules ask for."""
        if self._addresses:
            self._addresses.names.take_rules(rules)

    def complete(self, container: Container) -> None:
        """No more will be known of a container."""
        if self._parts:
            self._parts.tell(container)

    def _host_addresses(self, record: Record) -> frozenset[str]:
        """The host's, for a socket that could lead to one of them."""
        of_internet = isinstance(record, CallRecord) and record.socket.family in INTERNET
        return self._addresses.host.known() if self._addresses and of_internet else frozenset()

    @staticmethod
    def _target(record: Record) -> Target | None:
        """The process that a call or a file of procfs is about."""
        if isinstance(record, CallRecord | OpenRecord) and record.target.process.tgid:
            return record.target
        return None

    def _acting(self, record: Record) -> Process:
        """The process as it was when it acted: an exec first makes it what it now is."""
        task = record.header.task
        if isinstance(record, ExecRecord) and record.header.outcome:
            return self._processes.attempted(record)
        if isinstance(record, ExecRecord):
            self._processes.update(record)
            return self._named(task)
        process = self._named(task)
        self._processes.update(record)
        return process

    def _named(self, task: Task) -> Process:
        """The task's process under the name it has now: it can change that at any time."""
        process = self._processes.get(task.process)
        if process.name == task.comm:
            return process
        if task.pid == task.process.tgid or process.name is UNKNOWN:
            return self._processes.rename(process, task.comm)
        return process

    def _host_path(self, record: Record) -> str | Missing:
        if not isinstance(record, OpenRecord | CallRecord) or not record.file.fs_type:
            return ABSENT
        path = fs_path(record.file)
        if isinstance(path, Missing):
            return path
        return self._mounts.host_path(record.file.dev, path)
