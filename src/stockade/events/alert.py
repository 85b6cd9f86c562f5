"""What goes out: alerts in Falco's shape with our own additions, and the stream's frame."""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

import msgspec

from stockade.events.entities import HOST, Container, Process
from stockade.events.event import Event
from stockade.events.flags import capability_names
from stockade.events.times import rfc3339
from stockade.events.values import Missing


class Priority(Enum):
    """Falco's severities, most severe first."""

    EMERGENCY = "Emergency"
    ALERT = "Alert"
    CRITICAL = "Critical"
    ERROR = "Error"
    WARNING = "Warning"
    NOTICE = "Notice"
    INFORMATIONAL = "Informational"
    DEBUG = "Debug"


class Action(Enum):
    """What a rule does about an event."""

    ALLOW = "allow"
    AUDIT = "audit"
    DENY = "deny"
    KILL = "kill"


def printable(text: str) -> str:
    r"""Valid Unicode: bytes that were not UTF-8 become \xNN."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _known(value: str | Missing) -> str | None:
    return None if isinstance(value, Missing) else printable(value)


class Ancestor(msgspec.Struct, frozen=True):
    """One ancestor; null is unknown."""

    pid: int
    name: str | None
    exe: str | None


class ProcessView(msgspec.Struct, frozen=True):
    """The acting process of an alert; null is unknown.

    Attributes:
        pid, vpid: in the initial and in its own pid namespace.
        start: RFC 3339.
        caps: names of the effective capabilities.
        ancestors: parent first.
    """

    pid: int
    vpid: int
    start: str
    name: str
    exe: str | None
    args: list[str] | None
    uid: int
    euid: int
    gid: int
    caps: list[str]
    ancestors: list[Ancestor]


class ContainerView(msgspec.Struct, frozen=True):
    """The container of an alert; null is unknown. The host has the id "host"."""

    id: str
    name: str | None
    image: str | None
    runtime: str | None
    pid_ns: int
    mnt_ns: int


# A field as JSON has it; null is absent or unknown.
ScalarView: TypeAlias = str | int | bool | None
FieldView: TypeAlias = ScalarView | list[ScalarView]


class Alert(msgspec.Struct, frozen=True, tag="alert", tag_field="type"):
    """A rule that fired."""

    time: str
    rule: str
    priority: Priority
    output: str
    output_fields: dict[str, FieldView]
    source: str
    tags: list[str]
    hostname: str
    action: Action
    container: ContainerView
    process: ProcessView
    technique: list[str]


class Ready(msgspec.Struct, frozen=True, tag="ready", tag_field="type"):
    """Said once, when events flow."""

    tier: str
    rules: int


class Summary(msgspec.Struct, frozen=True, tag="summary", tag_field="type"):
    """Said last. lost counts what did not arrive, by reason."""

    events: int
    alerts: int
    lost: dict[str, int]


def process_view(event: Event) -> ProcessView:
    """The process of an event, for an alert."""
    task, process = event.record.header.task, event.process
    args = process.args
    return ProcessView(
        pid=task.process.tgid,
        vpid=task.ns_tgid,
        start=rfc3339(event.start_ns),
        name=printable(task.comm),
        exe=_known(process.exe),
        args=None if isinstance(args, Missing) else [printable(arg) for arg in args],
        uid=task.uid,
        euid=task.euid,
        gid=task.gid,
        caps=capability_names(task.cap_effective),
        ancestors=[_ancestor(process) for process in event.ancestors],
    )


def _ancestor(process: Process) -> Ancestor:
    return Ancestor(process.id.tgid, _known(process.name), _known(process.exe))


def container_view(container: Container | None) -> ContainerView:
    """A container, or the host, for an alert."""
    if container is None:
        return ContainerView(HOST, HOST, None, None, 0, 0)
    return ContainerView(
        id=printable(container.id),
        name=container.name and printable(container.name),
        image=container.image and printable(container.image),
        runtime=container.runtime,
        pid_ns=container.pid_ns,
        mnt_ns=container.mnt_ns,
    )
