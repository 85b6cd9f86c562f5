"""The process table: what exec, fork and exit have said, and /proc for what came before."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from stockade.events import (
    UNKNOWN,
    ExecRecord,
    ExitRecord,
    FileObject,
    ForkRecord,
    Missing,
    Process,
    ProcessId,
    Record,
    Task,
    Text,
)
from stockade.events._records import ANCESTORS_MAX

_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_MAX = 1 << 16
_ARGS_MAX = 4096  # as much as the kernel's programs take
_CLONE_THREAD = 0x10000
# Of /proc/PID/stat, after the command name.
_PARENT_FIELD = 1
_START_FIELD = 19
_LINEAGE_MAX = 8
_ANCESTRY_MAX = 256


class ProcessTable:
    """Every process of the host, by number and start."""

    def __init__(self) -> None:
        # /proc tells a start in clock ticks, so that is as fine as the key can be.
        self._processes: dict[tuple[int, int], Process] = {}
        # Of those that have more ancestors than the kernel lists; one that exits takes none along.
        self._parents: dict[tuple[int, int], ProcessId] = {}

    def __len__(self) -> int:
        return len(self._processes)

    def seed(self) -> None:
        """Take in the processes that already run; those learnt from events are kept."""
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal() and (process := _read_proc(int(entry.name))):
                self._processes.setdefault(_key(process.id), process)

    def get(self, identity: ProcessId) -> Process:
        """A process; one that neither an event nor /proc knows has only its id."""
        found = self._processes.get(_key(identity))
        if found is None:
            found = _read_proc(identity.tgid)
            if found is None or _key(found.id) != _key(identity):
                return Process(identity)
            self._add(found)
        return found

    def lineage(self, identity: ProcessId) -> list[Process]:
        """A process that runs, with its ancestors as /proc has them now."""
        found, pid = [self.get(identity)], identity.tgid
        now = _read_proc(pid)
        if now is None or _key(now.id) != _key(identity):
            return found  # whoever has its number now is another
        while len(found) < _LINEAGE_MAX and (pid := _parent(pid)):
            process = _read_proc(pid)
            if process is None:
                break
            found.append(process)
        return found

    def ancestors(self, task: Task) -> tuple[tuple[Process, ...], bool]:
        """A task's, parent first, and whether there may be others.

        The kernel lists the nearest ones. Beyond those a process keeps its parent until that exits.
        """
        found = [self.get(ProcessId(each.start_ns, each.tgid)) for each in task.ancestors]
        if len(found) < ANCESTORS_MAX:
            return tuple(found), False
        while len(found) < _ANCESTRY_MAX:
            parent = self._parent_of(found[-1].id)
            if parent is None:
                break
            if not parent.tgid:
                return tuple(found), False
            found.append(self.get(parent))
        return tuple(found), True

    def _parent_of(self, identity: ProcessId) -> ProcessId | None:
        """Number 0 for who has none; None where that cannot be told."""
        known = self._parents.get(_key(identity))
        if known is not None and (not known.tgid or _key(known) in self._processes):
            return known
        pid = _parent(identity.tgid)
        now, parent = _read_proc(identity.tgid), _read_proc(pid)
        if now is None or _key(now.id) != _key(identity):
            return None  # its number is another's now
        if pid and parent is None:
            return None
        found = parent.id if parent else ProcessId(0, 0)
        self._parents[_key(identity)] = found
        return found

    def rename(self, process: Process, name: str) -> Process:
        """The process under another name; events that have it keep the one it had."""
        renamed = msgspec.structs.replace(process, name=name)
        self._processes[_key(process.id)] = renamed
        return renamed

    def is_known(self, process: Process, exec_id: int) -> bool:
        """Whether what is known of a process is of the program that the kernel counts so.

        Args:
            process: as the table has it.
            exec_id: of its program when an event happened that has come up already.
        """
        if process.exec_id is None:
            now = _read_proc(process.id.tgid)
            if now is None or _key(now.id) != _key(process.id):
                return False
            if _looks_like(process, now):
                process.exec_id = exec_id
            else:
                self._processes[_key(now.id)] = now
        return process.exec_id == exec_id

    def update(self, record: Record) -> None:
        """Take in what a record says of processes."""
        identity = record.header.task.process
        match record:
            case ExecRecord() if record.header.result >= 0 and not record.header.outcome:
                self._add(_from_exec(record, self._processes.get(_key(identity))))
            case ForkRecord() if not record.header.outcome and not record.flags & _CLONE_THREAD:
                self._add(msgspec.structs.replace(self.get(identity), id=record.child))
            case ExitRecord():
                self._processes.pop(_key(identity), None)
                self._parents.pop(_key(identity), None)

    def attempted(self, record: ExecRecord) -> Process:
        """What an exec would make of a process, before it does."""
        return _from_exec(record, self._processes.get(_key(record.header.task.process)))

    def _add(self, process: Process) -> None:
        if len(self._processes) >= _MAX:
            self._forget_dead()
        self._processes[_key(process.id)] = process

    def _forget_dead(self) -> None:
        """Drop the processes whose exit was lost."""
        alive = {int(name) for name in os.listdir("/proc") if name.isdecimal()}
        for key in [key for key in self._processes if key[0] not in alive]:
            del self._processes[key]
            self._parents.pop(key, None)


def _key(identity: ProcessId) -> tuple[int, int]:
    return identity.tgid, identity.start_ns // _TICK_NS


def _known(text: Text) -> str | Missing:
    return text.value if text.known and not text.truncated else UNKNOWN


def _from_exec(record: ExecRecord, before: Process | None) -> Process:
    task = record.header.task
    args = record.args
    exe = _known(record.exe.path)
    # crun runs itself again through a mount of nothing but its program, where that has no name.
    if exe == "/" and before and before.file and _is_same(before.file, record.exe):
        exe = before.exe
    return Process(
        id=task.process,
        name=task.comm,
        exe=exe,
        args=_split(args.value) if args.known else UNKNOWN,
        file=record.exe,
        args_complete=not args.truncated,
        exec_id=task.exec_id,
    )


def _looks_like(one: Process, other: Process) -> bool:
    return (one.name, one.exe, one.args) == (other.name, other.exe, other.args)


def _is_same(one: FileObject, other: FileObject) -> bool:
    return (one.dev, one.inode) == (other.dev, other.inode)


def _split(args: str) -> tuple[str, ...]:
    return tuple(args.removesuffix("\0").split("\0")) if args else ()


def _read_proc(pid: int) -> Process | None:
    """A process as /proc shows it now; None when there is none."""
    root = f"/proc/{pid}"
    try:
        with open(f"{root}/stat", "rb") as stat:
            head, _, rest = stat.read().rpartition(b")")
        with open(f"{root}/cmdline", "rb") as cmdline:
            args = cmdline.read(_ARGS_MAX).decode("utf-8", "surrogateescape")
    except OSError:
        return None
    exe = _read_exe(root)
    return Process(
        id=ProcessId(int(rest.split()[_START_FIELD]) * _TICK_NS, pid),
        name=head.partition(b"(")[2].decode("utf-8", "surrogateescape"),
        exe=exe,
        # In the middle of an exec a program has none yet.
        args=UNKNOWN if isinstance(exe, str) and not args else _split(args),
        args_complete=len(args) < _ARGS_MAX,
    )


def _parent(pid: int) -> int:
    """Number of the parent; 0 when there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return int(stat.read().rpartition(b")")[2].split()[_PARENT_FIELD])
    except OSError:
        return 0


def _read_exe(root: str) -> str | Missing:
    try:
        return os.readlink(f"{root}/exe").removesuffix(" (deleted)")
    except OSError:
        return UNKNOWN  # a kernel thread, or it has just gone
