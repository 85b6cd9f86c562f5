"""Containers as the kernel tells of them, and the files that their runtimes leave."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from stockade.events import (
    Container,
    ContainerEntry,
    ContainerState,
    EventType,
    Process,
    ProcessId,
)
from stockade.workloads import Containers
from tests.support.records import ENTRY, FILE, INIT, TASK, container_record

HEX = "0123456789abcdef" * 4
TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
TICKS = ENTRY.init.start_ns // TICK_NS
PRIVILEGED_CAPS = ["CAP_SYS_ADMIN", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_PTRACE"]


def entry(
    cgroup: str = "box",
    parent: str = "system.slice",
    *,
    key: int = ENTRY.key,
    state: int = ContainerState.RUNNING,
    init: ProcessId = ENTRY.init,
) -> ContainerEntry:
    return msgspec.structs.replace(
        ENTRY, cgroup=cgroup, cgroup_parent=parent, key=key, state=state, init=init
    )


def process(*args: str, tgid: int = 1 << 22, name: str = "p") -> Process:
    """A process of these arguments, of an installed program; by default none has its number."""
    program = "/usr/bin/" + os.path.basename(args[0]) if args else "/usr/bin/p"
    return Process(ProcessId(1, tgid), name=name, exe=program, args=args, file=FILE)


def creators(*args: str) -> Sequence[Process]:
    """Who made a container: a runtime that was called so, and those above it."""
    return (process("runc", "init"), process(*args), INIT)


def write(path: Path, content: object) -> Path:
    """A file of these bytes, or of JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def write_spec(bundle: Path, **keys: object) -> Path:
    """A bundle whose configuration has these keys."""
    write(bundle / "config.json", keys)
    return bundle


def write_state(root: Path, name: str, bundle: Path | None = None, ticks: int = TICKS) -> Path:
    """Runc's state of the container whose first process is ENTRY's."""
    labels = [f"bundle={bundle}"] if bundle else []
    state = {
        "id": name,
        "init_process_pid": ENTRY.init.tgid,
        "init_process_start": ticks,
        "config": {"labels": ["x=y", *labels]},
    }
    return write(root / name / "state.json", state)


def write_status(root: Path, name: str, bundle: Path | None = None, ticks: int = TICKS) -> Path:
    """Crun's, likewise."""
    status = {
        "pid": ENTRY.init.tgid,
        "process-start-time": ticks,
        "bundle": str(bundle) if bundle else None,
    }
    return write(root / name / "status", status)


class Clock:
    """The monotonic clock, in a test's hands."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


class Host:
    """What the kernel and the process table know, and where runtimes keep their state."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.entries: dict[int, ContainerEntry] = {}
        self.above: Sequence[Process] = ()
        self.containers = Containers(self.entries.get, self._lineage, [str(root)])

    def _lineage(self, identity: ProcessId) -> Sequence[Process]:
        return (Process(identity), *self.above)

    def happens(
        self, kind: EventType, of: ContainerEntry = ENTRY, by: Sequence[Process] = ()
    ) -> Container | None:
        """A container's record arrives; the container as its event has it."""
        record = container_record(kind, of, msgspec.structs.replace(TASK, container=of.key))
        self.containers.update(record, by)
        found = self.containers.of(record.header.task)
        self.containers.forget(record)
        return found

    def starts(self, of: ContainerEntry = ENTRY, by: Sequence[Process] = ()) -> Container:
        found = self.happens(EventType.CONTAINER, of, by)
        assert found is not None
        return found


def bundle_of(host: Host, **keys: object) -> Path:
    return write_spec(host.root.parent / "bundle", **keys)


def create(bundle: Path, name: str = "web", runtime: str = "runc") -> Sequence[Process]:
    return creators(runtime, "create", "--bundle", str(bundle), name)
