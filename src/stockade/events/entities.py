"""Who and where: processes and containers, as the agent knows them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import msgspec

from stockade.events._records import ContainerEntry, FileObject, ProcessId
from stockade.events.values import ABSENT, UNKNOWN, Missing

HOST = "host"


class Process(msgspec.Struct):
    """What is known of one process. Whatever was not seen is UNKNOWN.

    Attributes:
        id: its number and start.
        name: the command name of its main thread.
        exe: the path of its program, from the root of its mount namespace.
        args: argv, as much of it as fitted.
        args_complete: whether all of it did.
        exec_id: which of its programs that is, as the kernel counts; None when not known.
        file: the program's inode and filesystem; None when not seen.
    """

    id: ProcessId
    name: str | Missing = UNKNOWN
    exe: str | Missing = UNKNOWN
    args: tuple[str, ...] | Missing = UNKNOWN
    file: FileObject | None = None
    args_complete: bool = True
    exec_id: int | None = None


class Mount(msgspec.Struct, frozen=True):
    """A mount that a container was given.

    Attributes:
        source: the host's path, or the name of a filesystem.
        target: where it is in the container.
        options: as the runtime was told.
        bind: it shows a part of the host's file tree.
    """

    source: str
    target: str
    options: tuple[str, ...] = ()
    bind: bool = False

    @property
    def writable(self) -> bool:
        """Whether it may be written to."""
        return {"ro", "rro"}.isdisjoint(self.options)


class Device(msgspec.Struct, frozen=True):
    """A device node that a container was given.

    Attributes:
        path: in the container.
        kind: c or b.
    """

    path: str
    kind: str
    major: int
    minor: int


class Pod(msgspec.Struct, frozen=True):
    """The Kubernetes pod of a container; what is not known is None."""

    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    sandbox_id: str | None = None
    labels: dict[str, str] = {}


class Workload(msgspec.Struct, frozen=True):
    """What a container's runtime says of it. ABSENT: it has none; UNKNOWN: none could be read.

    Attributes:
        name: the name people gave it.
        image: the image's name, as it was asked for.
        image_id: the id of its configuration, without sha256:.
        image_digest: sha256:...
        labels: by key; UNKNOWN where the engine keeps them out of reach.
        pod: its pod.
        privileged: it may do what root of the host may.
        mounts, devices: beyond what every container has, in the runtime's order.
        user: as the runtime was told: uid:gid, or a name.
        seccomp: the profile's name, or filter, or unconfined.
        apparmor: the profile's name.
        created: RFC 3339.
    """

    name: str | Missing = ABSENT
    image: str | Missing = ABSENT
    image_id: str | Missing = ABSENT
    image_digest: str | Missing = ABSENT
    labels: Mapping[str, str] | Missing = ABSENT
    pod: Pod | None = None
    privileged: bool | Missing = UNKNOWN
    mounts: tuple[Mount, ...] | Missing = UNKNOWN
    devices: tuple[Device, ...] | Missing = UNKNOWN
    user: str | Missing = UNKNOWN
    seccomp: str | Missing = UNKNOWN
    apparmor: str | Missing = ABSENT
    created: str | Missing = UNKNOWN


class Metadata(Enum):
    """How much of a container's metadata there is.

    PENDING: none yet, and it may still come. COMPLETE: all that the runtime has.
    UNAVAILABLE: it did not come in time, or the runtime is not one we can read.
    """

    PENDING = "pending"
    COMPLETE = "complete"
    UNAVAILABLE = "unavailable"


class Container(msgspec.Struct, eq=False):
    """One container.

    Attributes:
        id: the runtime's own id: runc's name, docker's 64 hex digits.
        runtime: docker, podman, containerd, cri-o, runc, crun; None when it could not be told.
        entry: as the kernel saw it start.
        workload: its metadata; of one that is pending, nothing is known.
        metadata: whether that has come.
    """

    id: str
    runtime: str | None = None
    entry: ContainerEntry | None = None
    workload: Workload = Workload(
        name=UNKNOWN,
        image=UNKNOWN,
        image_id=UNKNOWN,
        image_digest=UNKNOWN,
        labels=UNKNOWN,
        apparmor=UNKNOWN,
    )
    metadata: Metadata = Metadata.PENDING

    @property
    def pending(self) -> bool:
        """Whether more may become known."""
        return self.metadata is Metadata.PENDING
