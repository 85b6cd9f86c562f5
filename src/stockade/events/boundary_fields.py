"""Fields that tell of a member of a container that is no longer contained."""

from __future__ import annotations

from collections.abc import Callable

from stockade.events._records import (
    BoundaryFlags,
    CallRecord,
    ExecRecord,
    OpenRecord,
    PathFlags,
    Role,
    TargetFlags,
)
from stockade.events.event import Event
from stockade.events.field import Field, FieldType, Resolver
from stockade.events.values import Value


def _task(flag: BoundaryFlags) -> Resolver:
    """Of the member that acts."""
    return lambda event: bool(event.record.header.task.boundary & flag)


def _path_flags(event: Event) -> int:
    """Of the file that a member opens, executes, receives or goes to."""
    record = event.record
    if record.header.task.role != Role.MEMBER:
        return 0
    if isinstance(record, ExecRecord):
        return record.exe.path_flags
    return record.file.path_flags if isinstance(record, OpenRecord | CallRecord) else 0


def _file(flag: PathFlags) -> Resolver:
    return lambda event: bool(_path_flags(event) & flag)


def _any(*resolvers: Resolver) -> Resolver:
    return lambda event: any(resolve(event) for resolve in resolvers)


def _left_cgroup(event: Event) -> Value:
    record = event.record
    flags = record.header.task.boundary
    if isinstance(record, CallRecord):
        flags |= record.target.boundary
    return bool(flags & BoundaryFlags.LEFT_CGROUP)


def _crosses(event: Event) -> Value:
    record = event.record
    if not isinstance(record, CallRecord | OpenRecord) or not record.target.process.tgid:
        return False
    if record.target.flags & TargetFlags.PUBLIC:
        return False
    task = record.header.task
    return task.role == Role.MEMBER and record.target.container != task.container


def _boundary(name: str, doc: str, resolve: Callable[[Event], Value]) -> Field:
    return Field(f"boundary.{name}", FieldType.BOOL, doc, resolve)


FIELDS = (
    _boundary(
        "host_ns",
        "a member has a namespace of the host that its container did not start with",
        _task(BoundaryFlags.HOST_NS),
    ),
    _boundary(
        "host_root",
        "a member's root or working directory is on the host's root mount, or on a copy of it",
        _task(BoundaryFlags.HOST_ROOT),
    ),
    _boundary(
        "foreign_mount",
        "the file that a member opens, executes or receives, or its root or working directory, is"
        " on a mount that is neither of its mount namespace nor of one of its container's",
        _any(_file(PathFlags.FOREIGN), _task(BoundaryFlags.FOREIGN_MOUNT)),
    ),
    _boundary(
        "left_cgroup",
        "the member that acts, or that the event is about, is outside its container's cgroups",
        _left_cgroup,
    ),
    _boundary(
        "caps_gained",
        "a member has capabilities beyond the bounding set that it entered with, in the user"
        " namespace that it entered in or one above",
        _task(BoundaryFlags.CAPS_GAINED),
    ),
    _boundary(
        "cred_tampered",
        "a member's user, group, capabilities or user namespace are not what they were, and none of"
        " the kernel's ways to change them was used",
        _task(BoundaryFlags.CRED_TAMPERED),
    ),
    _boundary(
        "ns_tampered",
        "the same of its other namespaces, by neither setns, unshare nor clone",
        _task(BoundaryFlags.NS_TAMPERED),
    ),
    _boundary(
        "seccomp_dropped",
        "a member's system calls are filtered less than they were",
        _task(BoundaryFlags.SECCOMP_DROPPED),
    ),
    _boundary(
        "nnp_cleared",
        "a member could gain no privileges by exec, and can again",
        _task(BoundaryFlags.NNP_CLEARED),
    ),
    _boundary(
        "crosses_container",
        "a member's call, or the private file of procfs that it opens, is about a process of"
        " another container or of the host",
        _crosses,
    ),
    _boundary(
        "disconnected",
        "the file that a member opens, executes or receives lies outside what its mount shows of"
        " the filesystem: it was opened by handle, or moved away",
        _file(PathFlags.OUTSIDE),
    ),
    _boundary(
        "new_superblock",
        "the file is on a disk that no mount of the member's container had at its start, and that"
        " the host has not mounted for it since",
        _file(PathFlags.NEW_DISK),
    ),
)
