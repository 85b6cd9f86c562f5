"""Fields of the acting process, its ancestors and its container."""

from __future__ import annotations

import pwd
from collections.abc import Callable
from functools import lru_cache

from stockade.events._records import ExecRecord, FileObject, PathFlags
from stockade.events.entities import Process
from stockade.events.event import Event
from stockade.events.field import (
    Field,
    FieldType,
    Indexer,
    Many,
    Resolver,
    Subscript,
    text_value,
)
from stockade.events.file_fields import mount_point
from stockade.events.values import ABSENT, UNKNOWN, Element, Missing, Value

_OVERLAY = "overlay"
_UID_NONE = (1 << 32) - 1  # of a process that nobody logged in for
Reader = Callable[[Process], Element]


def _process(read: Reader) -> Resolver:
    return lambda event: read(event.process)


def _parent(read: Reader) -> Resolver:
    return lambda event: read(event.ancestors[0]) if event.ancestors else ABSENT


def _ancestor(read: Reader) -> Indexer:
    """Element 0 is the process itself, 1 its parent."""

    def index(event: Event, subscript: str) -> Value:
        position = int(subscript)
        if position == 0:
            return read(event.process)
        if position <= len(event.ancestors):
            return read(event.ancestors[position - 1])
        return UNKNOWN if event.more_ancestors else ABSENT

    return index


def _ancestors(read: Reader) -> Resolver:
    def resolve(event: Event) -> Value:
        values = tuple(read(process) for process in event.ancestors)
        return (*values, UNKNOWN) if event.more_ancestors else values

    return resolve


def _name(process: Process) -> Element:
    return process.name


def _exe_path(process: Process) -> Element:
    return process.exe


def _exe(process: Process) -> Element:
    """argv[0], as Falco's proc.exe."""
    if isinstance(process.args, Missing):
        return process.args
    return process.args[0] if process.args else ""


def _pid(process: Process) -> Element:
    return process.id.tgid


def _arguments(process: Process) -> tuple[str, ...] | Missing:
    if isinstance(process.args, Missing) or not process.args_complete:
        return UNKNOWN
    return process.args[1:]


def _joined(process: Process) -> Element:
    arguments = _arguments(process)
    return arguments if isinstance(arguments, Missing) else " ".join(arguments)


def _count(process: Process) -> Element:
    arguments = _arguments(process)
    return arguments if isinstance(arguments, Missing) else len(arguments)


def _length(process: Process) -> Element:
    arguments = _arguments(process)
    return arguments if isinstance(arguments, Missing) else sum(map(len, arguments))


def _line(first: Reader) -> Reader:
    """A command line that begins with the process's name, or with argv[0]."""

    def read(process: Process) -> Element:
        start, rest = first(process), _arguments(process)
        if isinstance(start, Missing) or isinstance(rest, Missing):
            return UNKNOWN
        return " ".join([str(start), *rest])

    return read


_cmdline, _exeline = _line(_name), _line(_exe)


def _exe_file(read: Callable[[FileObject], Value]) -> Resolver:
    return lambda event: UNKNOWN if event.process.file is None else read(event.process.file)


def _from_memfd(file: FileObject) -> Value:
    """A program without a place in any directory: only memory holds it."""
    lone = file.path_flags & PathFlags.DISCONNECTED
    return bool(lone and file.fs_type == "tmpfs" and file.path.value.startswith("/memfd:"))


def _upper_layer(file: FileObject) -> Value:
    return file.fs_type == _OVERLAY and bool(file.path_flags & PathFlags.UPPER)


def _lower_layer(file: FileObject) -> Value:
    return file.fs_type == _OVERLAY and not file.path_flags & PathFlags.UPPER


def _cwd(event: Event) -> Value:
    # Only exec looks; afterwards the process may have moved.
    record = event.record
    return text_value(record.cwd) if isinstance(record, ExecRecord) else UNKNOWN


def _ppid(event: Event) -> Value:
    ancestors = event.record.header.task.ancestors
    return ancestors[0].tgid if ancestors else 0


def _start_of_parent(event: Event) -> Value:
    ancestors = event.record.header.task.ancestors
    if not ancestors:
        return ABSENT
    return event.start_ns - event.record.header.task.process.start_ns + ancestors[0].start_ns


def _age_of_parent(event: Event) -> Value:
    start = _start_of_parent(event)
    return event.time_ns - start if isinstance(start, int) else start


def _leader(read: Reader) -> Resolver:
    """Of the session's leader, which is the process itself or one of its ancestors, mostly."""

    def resolve(event: Event) -> Value:
        sid = event.record.header.task.sid
        near = (event.process, *event.ancestors)
        return next((read(process) for process in near if process.id.tgid == sid), UNKNOWN)

    return resolve


def _leads_group(event: Event) -> Value:
    task = event.record.header.task
    return task.ns_pgid == task.ns_tgid


def _user(attribute: str) -> Resolver:
    """A user's name: the host's for the host. A container's own table is its owner's to write."""

    def resolve(event: Event) -> Value:
        uid: int = getattr(event.record.header.task, attribute)
        if uid == 0:
            return "root"
        return UNKNOWN if event.container is not None else _host_user(uid)

    return resolve


@lru_cache(maxsize=1024)
def _host_user(uid: int) -> str | Missing:
    if uid == _UID_NONE:
        return ABSENT
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return UNKNOWN


def _is_main(event: Event) -> Value:
    task = event.record.header.task
    return task.pid == task.process.tgid


def _family(
    stem: str, kind: FieldType, what: str, read: Reader, many: str | None = None
) -> list[Field]:
    """proc.X, proc.pX of the parent, and proc.aX of the ancestors."""
    own = Field(f"proc.{stem}", kind, what, _process(read))
    parent = Field(f"proc.p{stem}", kind, f"{what} of the parent", _parent(read))
    ancestors = Field(
        f"proc.a{stem}",
        kind,
        f"{many or what} of the ancestors; [1] is the parent's",
        _ancestors(read),
        many=Many.ANY,
        subscript=Subscript.NUMBER,
        index=_ancestor(read),
    )
    return [own, parent, ancestors]


_S, _I, _B, _P = FieldType.STRING, FieldType.INT, FieldType.BOOL, FieldType.PATH
_names = _family("name", _S, "command name", _name)[1:]
_pids = _family("pid", _I, "process id", _pid)[2:]
FIELDS = (
    *_names,
    *_pids,
    *_family("exe", _S, "argv[0]", _exe),
    *_family("exepath", _P, "path of the program", _exe_path),
    *_family("cmdline", _S, "command name and arguments", _cmdline),
    Field("proc.pid", _I, "process id", lambda e: e.record.header.task.process.tgid),
    Field("proc.ppid", _I, "process id of the parent", _ppid),
    Field("proc.pid.ts", _I, "start, since the epoch", lambda e: e.start_ns, unit="ns"),
    Field("proc.ppid.ts", _I, "start of the parent", _start_of_parent, unit="ns"),
    Field("proc.duration", _I, "time since the start", lambda e: e.time_ns - e.start_ns, unit="ns"),
    Field("proc.ppid.duration", _I, "time since the parent's start", _age_of_parent, unit="ns"),
    Field("proc.args", _S, "arguments without the first", _process(_joined)),
    Field("proc.cmdnargs", _I, "number of arguments without the first", _process(_count)),
    Field("proc.cmdlenargs", _I, "length of them together", _process(_length), unit="bytes"),
    Field("proc.exeline", _S, "argv", _process(_exeline)),
    Field("proc.cwd", _P, "working directory at exec", _cwd),
    Field("proc.exe_ino", _I, "inode of the program", _exe_file(lambda f: f.inode)),
    Field("proc.exe_fs_type", _S, "the program's filesystem", _exe_file(lambda f: f.fs_type)),
    Field("proc.exe_mount_point", _P, "where its mount is", _exe_file(mount_point)),
    Field("proc.is_exe_from_memfd", _B, "the program is a memfd", _exe_file(_from_memfd)),
    Field(
        "proc.is_exe_upper_layer",
        _B,
        "the program was written to the container's overlay",
        _exe_file(_upper_layer),
    ),
    Field(
        "proc.is_exe_lower_layer",
        _B,
        "the program is in an overlay, as the image has it",
        _exe_file(_lower_layer),
    ),
    Field("proc.sname", _S, "command name of the session's leader", _leader(_name)),
    Field("proc.sid.exe", _S, "argv[0] of the session's leader", _leader(_exe)),
    Field("proc.sid.exepath", _P, "path of its program", _leader(_exe_path)),
    Field("proc.is_vpgid_leader", _B, "the process leads its process group", _leads_group),
    Field("user.name", _S, "user name; in containers only root's is told", _user("uid")),
    Field("user.loginname", _S, "name of the login user", _user("loginuid")),
    Field("thread.ismain", _B, "the thread is the process's first", _is_main),
)
# What depends on the process alone, and stays until it execs or is called something else; and the
# same of its parent alone, and of each of its ancestors.
OF_PROGRAM = frozenset(
    "proc.exe proc.exepath proc.cmdline proc.args proc.cmdnargs proc.cmdlenargs proc.exeline"
    " proc.exe_ino proc.exe_fs_type proc.exe_mount_point proc.is_exe_from_memfd"
    " proc.is_exe_upper_layer proc.is_exe_lower_layer".split()
)
OF_PARENT = frozenset("proc.pname proc.pexe proc.pexepath proc.pcmdline".split())
OF_ANCESTORS = frozenset("proc.aname proc.aexe proc.aexepath proc.acmdline".split())
