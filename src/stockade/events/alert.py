"""What goes out: alerts in Falco's shape with our own additions, and the stream's frame."""

from __future__ import annotations

import os
import socket
import time
from enum import Enum
from typing import TypeAlias

import msgspec

from stockade.events._records import Role
from stockade.events.entities import HOST, Metadata, Pod, Process
from stockade.events.event import Event
from stockade.events.flags import capability_names
from stockade.events.times import rfc3339
from stockade.events.values import UNKNOWN, Missing

# What an alert shows of a container's metadata.
_MAY_BE_UNKNOWN = ("name", "image", "image_digest", "labels", "privileged", "user")


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


class PodView(msgspec.Struct, frozen=True):
    """The Kubernetes pod of a container; null is unknown."""

    name: str | None
    namespace: str | None
    uid: str | None


class ContainerView(msgspec.Struct, frozen=True):
    """The container of an alert; null is absent or unknown. The host has the id "host".

    Attributes:
        role: what the acting task is to it: setup, member, visitor; host for the host's.
        image_digest: sha256:...
        pid_ns, mnt_ns: inode numbers of the namespaces that it started with.
        metadata: pending, complete or unavailable: whether what its runtime says is known.
        unknown: names of the members that are null because they are not known.
    """

    id: str
    name: str | None
    image: str | None
    runtime: str | None
    pid_ns: int
    mnt_ns: int
    role: str = HOST
    image_digest: str | None = None
    labels: dict[str, str] | None = None
    pod: PodView | None = None
    privileged: bool | None = None
    user: str | None = None
    metadata: str = "complete"
    unknown: list[str] = []


_HOST_VIEW = ContainerView(HOST, HOST, None, None, 0, 0)

# A field as JSON has it; null is absent or unknown.
ScalarView: TypeAlias = str | int | bool | None
FieldView: TypeAlias = ScalarView | list[ScalarView]


class Alert(msgspec.Struct, frozen=True, tag="alert", tag_field="type"):
    """A rule that fired.

    Attributes:
        id: of this alert, on this host; an update names it.
        action: what was done.
        would: what the rule would have done about it; null where it did, or only tells.
        policy: the policy that governs the rule there; null where none does.
    """

    id: str
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
    would: Action | None = None
    policy: str | None = None


def internal_alert(
    identity: str, rule: str, priority: Priority, output: str, fields: dict[str, FieldView]
) -> Alert:
    """An alert of the agent about itself: its source is internal, its process the agent."""
    now = rfc3339(time.time_ns())
    return Alert(
        id=identity,
        time=now,
        rule=rule,
        priority=priority,
        output=output,
        output_fields={"evt.time": now, **fields},
        source="internal",
        tags=[],
        hostname=socket.gethostname(),
        action=Action.AUDIT,
        container=_HOST_VIEW,
        process=ProcessView(
            pid=os.getpid(),
            vpid=os.getpid(),
            start=now,
            name="stockade",
            exe=None,
            args=None,
            uid=os.getuid(),
            euid=os.geteuid(),
            gid=os.getgid(),
            caps=[],
            ancestors=[],
        ),
        technique=[],
    )


class Example(msgspec.Struct):
    """One of the kinds of events that an alert stands for.

    Attributes:
        time: of the first of them.
        count: how many there were.
        output, output_fields, process: of the first.
    """

    time: str
    count: int
    output: str
    output_fields: dict[str, FieldView]
    process: ProcessView


class Update(msgspec.Struct, frozen=True, tag="update", tag_field="type"):
    """What has become known since an alert: of its container, or that it was repeated.

    What is left out has not changed.

    Attributes:
        alert: the alert's id.
        time: when it became known.
        output, output_fields, container: of the alert, as they would be now.
        count: how often it has happened so far, the alert itself included.
        first, last: when it happened.
        examples: some that differ, in the order in which they came: the first and the newest.
    """

    alert: str
    time: str
    rule: str
    output: str
    output_fields: dict[str, FieldView]
    container: ContainerView
    count: int | msgspec.UnsetType = msgspec.UNSET
    first: str | msgspec.UnsetType = msgspec.UNSET
    last: str | msgspec.UnsetType = msgspec.UNSET
    examples: list[Example] | msgspec.UnsetType = msgspec.UNSET


class Ready(msgspec.Struct, frozen=True, tag="ready", tag_field="type"):
    """Said once, when events flow."""

    tier: str
    rules: int


class Summary(msgspec.Struct, frozen=True, tag="summary", tag_field="type"):
    """Said last.

    Attributes:
        alerts: how many went out.
        folded: repetitions of those, which only their counts tell of.
        folds_evicted: alerts that ceased to grow before their time, because too many others did.
        lost: what did not arrive, by reason.
        lost_by_family: what of that the kernel could not tell, by family of events.
        lost_by_container: the same by container.
    """

    events: int
    alerts: int
    lost: dict[str, int]
    lost_by_family: dict[str, int] = {}
    lost_by_container: dict[str, int] = {}
    folded: int = 0
    folds_evicted: int = 0


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


def container_view(event: Event) -> ContainerView:
    """The container of an event, or the host, for an alert."""
    container = event.container
    if container is None:
        return _HOST_VIEW
    workload, entry = container.workload, container.entry
    labels, privileged = workload.labels, workload.privileged
    return ContainerView(
        id=printable(container.id),
        name=_known(workload.name),
        image=_known(workload.image),
        runtime=container.runtime and printable(container.runtime),
        pid_ns=entry.ns.pid if entry else 0,
        mnt_ns=entry.ns.mnt if entry else 0,
        role=Role(event.record.header.task.role).name.lower(),
        image_digest=_known(workload.image_digest),
        labels=None
        if isinstance(labels, Missing)
        else {printable(key): printable(value) for key, value in labels.items()},
        pod=_pod_view(workload.pod),
        privileged=None if isinstance(privileged, Missing) else privileged,
        user=_known(workload.user),
        metadata=container.metadata.value,
        unknown=[
            *(each for each in _MAY_BE_UNKNOWN if getattr(workload, each) is UNKNOWN),
            *(() if container.metadata is Metadata.COMPLETE else ("pod",)),
        ],
    )


def _pod_view(pod: Pod | None) -> PodView | None:
    if pod is None:
        return None
    return PodView(
        name=pod.name and printable(pod.name),
        namespace=pod.namespace and printable(pod.namespace),
        uid=pod.uid and printable(pod.uid),
    )
