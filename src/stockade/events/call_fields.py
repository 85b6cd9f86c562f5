"""Fields of system calls: arguments, paths, descriptors, and the process that a call is about."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator

from stockade.events import calls, file_fields, socket_fields
from stockade.events._records import (
    CallPath,
    CallRecord,
    EventType,
    FileObject,
    OpenRecord,
    PathFlags,
    Target,
    TargetFlags,
)
from stockade.events.calls import CALLS, FAMILIES, FLAG_KINDS, of_call
from stockade.events.entities import HOST
from stockade.events.event import Event
from stockade.events.field import Field, FieldType, Origin, Resolver, text_value
from stockade.events.flags import capability_names
from stockade.events.values import ABSENT, UNKNOWN, Missing, Value

CALL_PATHS_MAX = 2
_ADDRESSED = {EventType.CONNECT, EventType.BIND, EventType.SENDTO, EventType.SENDMSG}
_NO_FD = 0xFFFFFFFF

Reader = Callable[[CallRecord], Value]


# ---- arguments ----


def _argument(name: str) -> Resolver:
    def read(record: CallRecord) -> Value:
        if name.startswith("cap_"):
            return _requested(record, name)
        if name == "addr" and record.header.type in _ADDRESSED:
            return socket_fields.address_text(record)
        return calls.argument(record, name)

    return of_call(read)


def _requested(record: CallRecord, name: str) -> Value:
    if record.header.type != EventType.CAPSET:
        return ABSENT
    found = calls.capabilities(record)
    return UNKNOWN if found is None else " ".join(capability_names(found[name]))


def _argument_fields() -> Iterator[Field]:
    kinds: dict[str, set[tuple[str, str]]] = {}
    for call in CALLS.values():
        for name, kind in call.arguments:
            if kind != "caps":
                kinds.setdefault(name, set()).add((call.family, kind))
    for name in ("cap_effective", "cap_permitted", "cap_inheritable"):
        kinds[name] = {("credentials", "text")}
    for name, found in sorted(kinds.items()):
        types = {kind for _, kind in found}
        field_type = FieldType.STRING
        if types == {"path"}:
            field_type = FieldType.PATH
        elif types & FLAG_KINDS:
            field_type = FieldType.FLAGS
        yield Field(
            f"evt.arg.{name}",
            field_type,
            "argument of the call, by its name",
            _argument(name),
            events=tuple(sorted({family for family, _ in found})),
            origin=Origin.ARGUMENT,
        )


# ---- paths ----


def resolved(path: CallPath) -> str | Missing:
    """What a path leads to, as a hook told; or else the path made absolute, not looked up."""
    if path.object.present and path.object.known:
        return path.object.value
    text = text_value(path.text)
    if isinstance(text, Missing):
        return text
    start = "/" if text.startswith("/") else text_value(path.directory)
    return start if isinstance(start, Missing) else posixpath.normpath(posixpath.join(start, text))


def _paths(record: CallRecord) -> tuple[CallPath, ...]:
    """As many as the call has, whether they were given or not."""
    call = CALLS[EventType(record.header.type)]
    both = (record.old, record.new)
    return both[: sum(kind == "path" for _, kind in call.arguments)]


def _only_path(record: CallRecord) -> Value:
    found = _paths(record)
    if len(found) != 1 or _is_symlink(record):
        return ABSENT
    # What a relative one started from is where it has led to.
    if record.header.type == EventType.CHDIR and record.header.result >= 0:
        return resolved(found[0]) if found[0].text.value.startswith("/") else _directory(found[0])
    return resolved(found[0])


def _directory(path: CallPath) -> Value:
    return text_value(path.directory)


def _source(record: CallRecord) -> Value:
    found = _paths(record)
    if len(found) == CALL_PATHS_MAX:
        return resolved(found[0])
    return text_value(record.text) if _is_symlink(record) else ABSENT


def _target_path(record: CallRecord) -> Value:
    found = _paths(record)
    if len(found) == CALL_PATHS_MAX:
        return resolved(found[1])
    return resolved(found[0]) if _is_symlink(record) and found else ABSENT


def changed_path(record: CallRecord) -> Value:
    """The path that a call changes: the only one it has, or the second."""
    both = len(_paths(record)) == CALL_PATHS_MAX or _is_symlink(record)
    return _target_path(record) if both else _only_path(record)


def _is_symlink(record: CallRecord) -> bool:
    return record.header.type in {EventType.SYMLINK, EventType.SYMLINKAT}


def _path_or_opened(event: Event) -> Value:
    if isinstance(event.record, OpenRecord):
        return file_fields.opened_path(event.record)
    return _only_path(event.record) if isinstance(event.record, CallRecord) else ABSENT


# ---- descriptors ----


def _of_file(read: Callable[[FileObject], Value]) -> Reader:
    return lambda record: read(record.file) if record.file.fs_type else ABSENT


def _is_deleted(file: FileObject) -> bool:
    """It had a name, and has none any more; what never had one is not deleted."""
    return file.path_flags & (PathFlags.DELETED | PathFlags.DISCONNECTED) == PathFlags.DELETED


def _fd_number(record: CallRecord) -> Value:
    call = CALLS[EventType(record.header.type)]
    if call.returns:
        return record.header.result if record.header.result >= 0 else ABSENT
    at = call.position("file")
    number = record.args[at - 1] & _NO_FD if at else _NO_FD
    return ABSENT if number == _NO_FD else number


def _fd_type(record: CallRecord) -> Value:
    if record.socket.family:
        return socket_fields.kind_of(record)[0]
    return _of_file(file_fields.file_type)(record)


def _fd_typechar(record: CallRecord) -> Value:
    if record.socket.family:
        return socket_fields.kind_of(record)[1]
    return _of_file(file_fields.type_character)(record)


def _fd_name(record: CallRecord) -> Value:
    if record.socket.family:
        return socket_fields.name_of(record)
    return _of_file(lambda file: text_value(file.path))(record)


def _part(split: Callable[[str], str]) -> Reader:
    def read(record: CallRecord) -> Value:
        name = _fd_name(record)
        is_path = not record.socket.family or socket_fields.is_path(record)
        return split(name) if isinstance(name, str) and is_path else ABSENT

    return read


# ---- whom it is about ----


def _target(read: Callable[[Event], Value]) -> Resolver:
    def resolve(event: Event) -> Value:
        record = event.record
        if not isinstance(record, CallRecord | OpenRecord) or not record.target.process.tgid:
            return ABSENT
        return read(event)

    return resolve


def _target_record(read: Callable[[Target], Value]) -> Resolver:
    def resolve(event: Event) -> Value:
        record = event.record
        return read(record.target) if isinstance(record, CallRecord | OpenRecord) else ABSENT

    return _target(resolve)


def _target_container(event: Event) -> Value:
    return HOST if event.target_container is None else event.target_container.id


def _target_exe(event: Event) -> Value:
    return UNKNOWN if event.target is None else event.target.exe


_S, _I, _B, _P = FieldType.STRING, FieldType.INT, FieldType.BOOL, FieldType.PATH


def _fd(name: str, kind: FieldType, doc: str, read: Reader) -> Field:
    return Field(name, kind, doc, of_call(read), events=FAMILIES)


_FD_FIELDS = (
    _fd("fd.num", _I, "the descriptor", _fd_number),
    _fd("fd.name", _P, "the object behind the descriptor: a path, or a socket's ends", _fd_name),
    _fd("fd.directory", _P, "directory of fd.name", _part(posixpath.dirname)),
    _fd("fd.filename", _S, "last part of fd.name", _part(posixpath.basename)),
    _fd("fd.type", _S, "also ipv4, ipv6, unix, socket", _fd_type),
    _fd("fd.typechar", _S, "also 4, 6, o", _fd_typechar),
    _fd("fd.fs_path", _P, "path within the file's own filesystem", _of_file(file_fields.fs_path)),
    _fd("fd.mount_point", _P, "where its mount is", _of_file(file_fields.mount_point)),
    _fd(
        "fd.deleted",
        _B,
        "the file has no name any more",
        _of_file(_is_deleted),
    ),
)
_TARGETED = ("cgroup", "namespace", "network", "open", "process")
_TARGET_FIELDS = (
    Field(
        "target.pid",
        _I,
        "process that the call, or the file of procfs, is about, in the initial pid namespace",
        _target_record(lambda target: target.process.tgid),
        events=_TARGETED,
    ),
    Field(
        "target.name",
        _S,
        "its command name",
        _target_record(lambda target: target.comm),
        events=_TARGETED,
    ),
    Field(
        "target.exepath",
        _P,
        "path of its program",
        _target(_target_exe),
        events=_TARGETED,
    ),
    Field(
        "target.container.id",
        _S,
        "its container, or host",
        _target(_target_container),
        events=_TARGETED,
        origin=Origin.METADATA,
    ),
    Field(
        "target.is_agent",
        _B,
        "it is this agent itself",
        _target_record(lambda target: bool(target.flags & TargetFlags.AGENT)),
        events=_TARGETED,
    ),
    Field(
        "target.is_self",
        _B,
        "it is the process that acts, or has the same memory",
        _target_record(lambda target: bool(target.flags & TargetFlags.SELF)),
        events=_TARGETED,
    ),
)
_PATH_FIELDS = (
    Field(
        "fs.path.name",
        _P,
        "the path that the event is about, made absolute",
        _path_or_opened,
        events=("file", "mount", "open"),
        origin=Origin.ARGUMENT,
    ),
    Field(
        "fs.path.source",
        _P,
        "the first of two paths; what a symbolic link holds",
        of_call(_source),
        events=("file", "mount"),
        origin=Origin.ARGUMENT,
    ),
    Field(
        "fs.path.target",
        _P,
        "the second of two paths; the symbolic link itself",
        of_call(_target_path),
        events=("file", "mount"),
        origin=Origin.ARGUMENT,
    ),
)
FIELDS = (*_argument_fields(), *_PATH_FIELDS, *_FD_FIELDS, *socket_fields.FIELDS, *_TARGET_FIELDS)
