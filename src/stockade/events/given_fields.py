"""Fields that hold what a task does against what its container was given."""

from __future__ import annotations

import posixpath

from stockade.events._records import CallRecord, Role
from stockade.events.call_fields import changed_path
from stockade.events.entities import Mount
from stockade.events.event import Event
from stockade.events.field import Field, FieldType, Many, Origin
from stockade.events.values import ABSENT, UNKNOWN, Missing, Value

_NAMESPACES = ("mnt", "pid", "net", "user", "ipc", "uts", "cgroup", "time")


def _changed_namespaces(event: Event) -> Value:
    container, task = event.container, event.record.header.task
    if container is None or task.role != Role.MEMBER:
        return ABSENT
    if container.entry is None:
        return UNKNOWN
    began = container.entry.ns
    return tuple(kind for kind in _NAMESPACES if getattr(task.ns, kind) != getattr(began, kind))


def _host_path(event: Event) -> Value:
    if event.container is None or not isinstance(event.record, CallRecord):
        return ABSENT
    path, mounts = changed_path(event.record), event.container.workload.mounts
    if not isinstance(path, str) or isinstance(mounts, Missing):
        return path if isinstance(path, Missing) else UNKNOWN
    above = [mount for mount in mounts if mount.bind and _is_below(path, mount)]
    if not above:
        return ABSENT
    # What was mounted last, or deepest, hides the others.
    mount = max(reversed(above), key=lambda each: len(each.target.rstrip("/")))
    return posixpath.normpath(posixpath.join(mount.source, posixpath.relpath(path, mount.target)))


def _is_below(path: str, mount: Mount) -> bool:
    target = mount.target.rstrip("/")
    return path == target or path.startswith(f"{target}/")


FIELDS = (
    Field(
        "proc.ns_changed",
        FieldType.STRING,
        "namespaces in which the task is not where its container started: mnt, pid, net and so on",
        _changed_namespaces,
        many=Many.ANY,
    ),
    Field(
        "fs.path.host_path",
        FieldType.PATH,
        "the host's path for what the call changes, by the mounts that the container was given",
        _host_path,
        events=("file", "mount"),
        origin=Origin.ARGUMENT,
    ),
)
