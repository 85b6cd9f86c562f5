"""Fields of the file that an event opened, or tried to."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from stockade.events._records import FdFlags, FileObject, OpenRecord, PathFlags
from stockade.events.event import Event
from stockade.events.field import Field, Resolver, text_value
from stockade.events.values import ABSENT, UNKNOWN, Missing, Value

_FMODE_READ, _FMODE_WRITE = 1, 2
_O_ACCMODE = 3
_FILE_TYPES = {1: "fifo", 2: "char", 4: "directory", 6: "block", 8: "file", 12: "socket"}


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


def attempted_path(record: OpenRecord) -> str | Missing:
    """The path that a failed open asked for, made absolute; it was never resolved."""
    path = text_value(record.argument)
    if isinstance(path, Missing):
        return path
    start = "/" if path.startswith("/") else text_value(record.directory)
    return start if isinstance(start, Missing) else posixpath.normpath(posixpath.join(start, path))


def opened_path(record: OpenRecord) -> str | Missing:
    """The path of what was opened; of a failed open, what it asked for."""
    return text_value(record.file.path) if record.header.result >= 0 else attempted_path(record)


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


def _number(record: OpenRecord) -> Value:
    return record.header.result if record.header.result >= 0 else ABSENT


FIELDS = (
    Field("evt.is_open_read", "bool", "opened for reading", _access(_FMODE_READ)),
    Field("evt.is_open_write", "bool", "opened for writing", _access(_FMODE_WRITE)),
    Field("fd.num", "int", "the new descriptor", _of_open(_number)),
    Field(
        "fd.name",
        "path",
        "path of the opened file in its mount namespace; what was asked for where it failed",
        _of_open(opened_path),
    ),
    Field("fd.directory", "path", "directory of fd.name", _part(posixpath.dirname)),
    Field("fd.filename", "string", "last part of fd.name", _part(posixpath.basename)),
    Field(
        "fd.type",
        "string",
        "file, directory, char, block, fifo or socket",
        _of_object(lambda file: _FILE_TYPES.get(file.mode >> 12, "unknown")),
    ),
    Field("fd.fs_path", "path", "path within the file's own filesystem", _of_object(fs_path)),
    Field(
        "fd.host_path",
        "path",
        "path that the host has for the same file, absent where it has none",
        lambda event: event.host_path,
    ),
    Field(
        "fd.replaced",
        "bool",
        "another thread put a different file behind the new descriptor",
        _of_open(lambda record: bool(record.fd_flags & FdFlags.REPLACED)),
    ),
    Field(
        "fd.deleted",
        "bool",
        "the file has no name any more",
        _of_object(lambda file: bool(file.path_flags & PathFlags.DELETED)),
    ),
)
