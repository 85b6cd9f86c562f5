"""Fields of the acting process, its ancestors and its container."""

from __future__ import annotations

from collections.abc import Callable

from stockade.events._records import ANCESTORS_MAX, ExecRecord, FileObject, PathFlags
from stockade.events.entities import HOST, Process
from stockade.events.event import Event
from stockade.events.field import Field, Resolver, text_value
from stockade.events.values import ABSENT, UNKNOWN, Missing, Value


def _process(read: Callable[[Process], Value]) -> Resolver:
    return lambda event: read(event.process)


def _parent(read: Callable[[Process], Value]) -> Resolver:
    return lambda event: read(event.ancestors[0]) if event.ancestors else ABSENT


def _ancestor(read: Callable[[Process], Value]) -> Callable[[Event, int], Value]:
    """Element 0 is the process itself, 1 its parent."""

    def index(event: Event, position: int) -> Value:
        if position == 0:
            return read(event.process)
        if position <= len(event.ancestors):
            return read(event.ancestors[position - 1])
        # The kernel lists so many and no more: beyond that there may be others.
        return UNKNOWN if len(event.ancestors) == ANCESTORS_MAX else ABSENT

    return index


def _ancestors(read: Callable[[Process], Value]) -> Resolver:
    def resolve(event: Event) -> Value:
        values = [read(process) for process in event.ancestors]
        known = tuple(value for value in values if isinstance(value, str))
        return known if len(known) == len(values) else UNKNOWN

    return resolve


def _name(process: Process) -> Value:
    return process.name


def _exe_path(process: Process) -> Value:
    return process.exe


def _exe(process: Process) -> Value:
    """argv[0], as Falco's proc.exe."""
    if isinstance(process.args, Missing):
        return process.args
    return process.args[0] if process.args else ""


def _args(process: Process) -> Value:
    if isinstance(process.args, Missing) or not process.args_complete:
        return UNKNOWN
    return " ".join(process.args[1:])


def _cmdline(process: Process) -> Value:
    if isinstance(process.args, Missing) or not process.args_complete:
        return UNKNOWN
    name = process.name if isinstance(process.name, str) else _exe(process)
    return " ".join([str(name), *process.args[1:]])


def _exe_file(read: Callable[[FileObject], Value]) -> Resolver:
    return lambda event: UNKNOWN if event.process.file is None else read(event.process.file)


def _from_memfd(file: FileObject) -> Value:
    """A program without a place in any directory: only memory holds it."""
    lone = file.path_flags & PathFlags.DISCONNECTED
    return bool(lone and file.fs_type == "tmpfs" and file.path.value.startswith("/memfd:"))


def _cwd(event: Event) -> Value:
    # Only exec looks; afterwards the process may have moved.
    record = event.record
    return text_value(record.cwd) if isinstance(record, ExecRecord) else UNKNOWN


def _ppid(event: Event) -> Value:
    ancestors = event.record.header.task.ancestors
    return ancestors[0].tgid if ancestors else 0


def _container(attribute: str) -> Resolver:
    def resolve(event: Event) -> Value:
        if event.container is None:
            return HOST
        value = getattr(event.container, attribute)
        if value == HOST:
            # A container may be called host; to rules only the host is.
            return f"{HOST} (container)"
        return UNKNOWN if value is None else str(value)

    return resolve


FIELDS = (
    Field("proc.pid", "uint", "process id", lambda e: e.record.header.task.process.tgid),
    Field("proc.pid.ts", "uint", "start of the process, ns since the epoch", lambda e: e.start_ns),
    Field("proc.ppid", "uint", "process id of the parent", _ppid),
    Field("proc.pname", "string", "command name of the parent", _parent(_name)),
    Field(
        "proc.aname",
        "string",
        "command names of the ancestors; [1] is the parent's",
        _ancestors(_name),
        _ancestor(_name),
    ),
    Field("proc.exe", "string", "argv[0]", _process(_exe)),
    Field("proc.pexe", "string", "argv[0] of the parent", _parent(_exe)),
    Field("proc.exepath", "path", "path of the program", _process(_exe_path)),
    Field("proc.pexepath", "path", "path of the parent's program", _parent(_exe_path)),
    Field(
        "proc.aexepath",
        "path",
        "programs of the ancestors; [1] is the parent's",
        _ancestors(_exe_path),
        _ancestor(_exe_path),
    ),
    Field("proc.args", "string", "arguments without the first", _process(_args)),
    Field("proc.cmdline", "string", "command name and arguments", _process(_cmdline)),
    Field("proc.pcmdline", "string", "the parent's command line", _parent(_cmdline)),
    Field("proc.cwd", "path", "working directory at exec", _cwd),
    Field("proc.exe_ino", "uint", "inode of the program", _exe_file(lambda f: f.inode)),
    Field("proc.exe_fs_type", "string", "the program's filesystem", _exe_file(lambda f: f.fs_type)),
    Field("proc.is_exe_from_memfd", "bool", "the program is a memfd", _exe_file(_from_memfd)),
    Field("container.id", "string", "the runtime's own id, or host", _container("id")),
    Field("container.name", "string", "name, or host", _container("name")),
    Field("container.image", "string", "image, or host", _container("image")),
    Field("container.type", "string", "runtime, or host", _container("runtime")),
)
