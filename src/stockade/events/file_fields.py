"""Fields of the file that an event opened, or tried to."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from stockade.events._records import EventType, FdFlags, FileObject, OpenRecord, PathFlags
from stockade.events.calls import FAMILIES
from stockade.events.event import Event
from stockade.events.field import Field, FieldType, Origin, Resolver, text_value
from stockade.events.values import ABSENT, UNKNOWN, Missing, Value

FMODE_READ, FMODE_WRITE = 1, 2
_O_ACCMODE = 3
O_CREAT = 0o100
ANY_EXEC = 0o111
FILE_TYPES = {1: "fifo", 2: "char", 4: "directory", 6: "block", 8: "file", 12: "socket"}
TYPE_CHARACTERS = {"fifo": "p", "socket": "u"}


def missing_object(record: OpenRecord) -> Missing | None:
    """Why an open has no file object: it failed, or the descriptor was gone when we looked."""
    if not record.file.path.present:
        return ABSENT
    return None if record.file.fs_type else UNKNOWN


def fs_path(file: FileObject) -> str | Missing:
    """A file's path within its filesystem, whatever is mounted where.

    The kernel says it where it is not simply what the path adds to the mount point.
    """
    if file.fs_path.present:
        return text_value(file.fs_path)
    if file.path_flags & PathFlags.DISCONNECTED:
        return ABSENT  # a memfd's and the like: in no directory
    path = text_value(file.path)
    if isinstance(path, Missing):
        return path
    raw = path.encode("utf-8", "surrogateescape")[file.mount_point_len :]
    return raw.decode("utf-8", "surrogateescape") or "/"


def mount_point(file: FileObject) -> str | Missing:
    """Where a file's mount is; that of a file in no directory is nowhere."""
    if file.path_flags & PathFlags.DISCONNECTED:
        return ABSENT
    path = text_value(file.path)
    if isinstance(path, Missing):
        return path
    raw = path.encode("utf-8", "surrogateescape")[: file.mount_point_len]
    return raw.decode("utf-8", "surrogateescape") or "/"


def _process_directory(file: FileObject) -> int | Missing:
    """The process in whose directory of procfs a file is, by the number it has there."""
    if file.fs_type != "proc":
        return ABSENT
    path = fs_path(file)
    if isinstance(path, Missing):
        return path
    number = path.removeprefix("/").partition("/")[0]
    return int(number) if number.isdecimal() else ABSENT


def attempted_path(record: OpenRecord) -> str | Missing:
    """The path that a failed open asked for, made absolute; it was never resolved."""
    path = text_value(record.argument)
    if isinstance(path, Missing):
        return path
    start = "/" if path.startswith("/") else text_value(record.directory)
    return start if isinstance(start, Missing) else posixpath.normpath(posixpath.join(start, path))


def opened_path(record: OpenRecord) -> str | Missing:
    """The path of what was opened; of a failed open, what it asked for."""
    # What is refused before it happens has its object, too.
    if record.file.path.present or record.header.result >= 0:
        return text_value(record.file.path)
    return attempted_path(record)


def _of_open(read: Callable[[OpenRecord], Value]) -> Resolver:
    """A field that only opens have."""

    def resolve(event: Event) -> Value:
        return read(event.record) if isinstance(event.record, OpenRecord) else ABSENT

    return resolve


def _of_object(read: Callable[[FileObject], Value]) -> Resolver:
    """A field of the file object behind a successful open."""
    return _of_open(lambda record: missing_object(record) or read(record.file))


def _part(split: Callable[[str], str]) -> Resolver:
    """A part of the path."""

    def read(record: OpenRecord) -> Value:
        path = opened_path(record)
        return path if isinstance(path, Missing) else split(path)

    return _of_open(read)


def _access(bit: int) -> Resolver:
    """Whether an open is for reading or for writing; of a failed one, as it was asked for."""

    def read(record: OpenRecord) -> Value:
        if record.header.result >= 0:
            return bool(record.f_mode & bit)
        # O_RDONLY, O_WRONLY, O_RDWR are 0, 1, 2; one more makes them FMODE bits.
        return bool((record.flags & _O_ACCMODE) + 1 & bit)

    return _of_open(read)


def _makes_program(record: OpenRecord) -> Value:
    return bool(record.flags & O_CREAT and record.mode & ANY_EXEC)


def _number(record: OpenRecord) -> Value:
    return record.header.result if record.header.result >= 0 else ABSENT


def file_type(file: FileObject) -> str:
    """What kind of inode it is."""
    return FILE_TYPES.get(file.mode >> 12, "unknown")


def type_character(file: FileObject) -> str:
    """The same in a letter."""
    return TYPE_CHARACTERS.get(file_type(file), "f")


def _raw_path(record: OpenRecord) -> Value:
    if record.header.type == EventType.OPEN_BY_HANDLE_AT:
        return ABSENT
    # Successful calls tell it only where a rule asks for it.
    return text_value(record.argument) if record.argument.present else UNKNOWN


def _open(
    name: str, kind: FieldType, doc: str, resolve: Resolver, origin: Origin = Origin.OBJECT
) -> Field:
    return Field(name, kind, doc, resolve, events=("open",), origin=origin)


# What these tell costs a copy from the caller's memory.
RAW_PATHS = frozenset({"fd.nameraw", "evt.arg.name"})


_S, _I, _B, _P = FieldType.STRING, FieldType.INT, FieldType.BOOL, FieldType.PATH
FIELDS = (
    _open("evt.is_open_read", _B, "opened for reading", _access(FMODE_READ)),
    _open("evt.is_open_write", _B, "opened for writing", _access(FMODE_WRITE)),
    _open("evt.is_open_exec", _B, "made a file that can be executed", _of_open(_makes_program)),
    _open("fd.num", _I, "the new descriptor", _of_open(_number)),
    _open(
        "fd.name",
        _P,
        "path of the opened file in its mount namespace; what was asked for where that failed",
        _of_open(opened_path),
    ),
    _open(
        "fd.nameraw",
        _P,
        "the path as the caller gave it",
        _of_open(_raw_path),
        origin=Origin.ARGUMENT,
    ),
    _open(
        "evt.arg.name",
        _P,
        "the path as the caller gave it",
        _of_open(_raw_path),
        origin=Origin.ARGUMENT,
    ),
    _open("fd.directory", _P, "directory of fd.name", _part(posixpath.dirname)),
    _open("fd.filename", _S, "last part of fd.name", _part(posixpath.basename)),
    _open("fd.type", _S, "file, directory, char, block, fifo or socket", _of_object(file_type)),
    _open(
        "fd.typechar",
        _S,
        "f, or p and u for fifos and sockets",
        _of_object(type_character),
    ),
    _open("fd.dev.major", _I, "major of fd.dev", _of_object(lambda file: file.dev >> 8 & 0xFFF)),
    _open(
        "fd.dev.minor",
        _I,
        "minor of fd.dev",
        _of_object(lambda file: file.dev & 0xFF | file.dev >> 12 & 0xFFF00),
    ),
    _open("fd.fs_path", _P, "path within the file's own filesystem", _of_object(fs_path)),
    _open("fd.mount_point", _P, "where its mount is", _of_object(mount_point)),
    _open(
        "fd.proc_pid",
        _I,
        "of a file of procfs: the process that it is about, by its number there",
        _of_object(_process_directory),
    ),
    Field(
        "fd.host_path",
        _P,
        "path that the host has for the same file, absent where it has none",
        lambda event: event.host_path,
        events=("open", *FAMILIES),
    ),
    _open(
        "fd.replaced",
        _B,
        "another thread put a different file behind the new descriptor",
        _of_open(lambda record: bool(record.fd_flags & FdFlags.REPLACED)),
    ),
    _open(
        "fd.deleted",
        _B,
        "the file has no name any more",
        _of_object(lambda file: bool(file.path_flags & PathFlags.DELETED)),
    ),
)
