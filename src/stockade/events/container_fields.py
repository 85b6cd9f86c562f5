"""Fields of a container: what the kernel saw it start with, and what its runtime says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase

from stockade.events._records import ContainerEntry, ContainerState, NamespaceFlags, Role
from stockade.events.entities import HOST, Container, Metadata, Mount, Pod, Workload
from stockade.events.event import Event
from stockade.events.field import Field, FieldType, Indexer, Many, Origin, Resolver, Subscript
from stockade.events.flags import capability_names
from stockade.events.values import ABSENT, UNKNOWN, Missing, Value

# Falco's word for a mount that the container does not have.
_NO_MOUNT = "N/A"
Reader = Callable[[Container], Value]


def _container(read: Reader) -> Resolver:
    return lambda event: ABSENT if event.container is None else read(event.container)


def _or_host(read: Reader) -> Resolver:
    """The host has the value host there; a container that is called so has another."""

    def resolve(event: Event) -> Value:
        if event.container is None:
            return HOST
        value = read(event.container)
        return f"{HOST} (container)" if value == HOST else value

    return resolve


def _workload(read: Callable[[Workload], Value]) -> Reader:
    return lambda container: read(container.workload)


def _name(container: Container) -> Value:
    name = container.workload.name
    if container.pending and isinstance(name, Missing):
        return UNKNOWN
    return container.id if isinstance(name, Missing) else name


def _type(container: Container) -> Value:
    return container.runtime or UNKNOWN


def _repository(workload: Workload) -> Value:
    if isinstance(workload.image, Missing):
        return workload.image
    return _split(workload.image)[0]


def _tag(workload: Workload) -> Value:
    if isinstance(workload.image, Missing):
        return workload.image
    return _split(workload.image)[1] or ABSENT


def _split(image: str) -> tuple[str, str]:
    """Repository and tag; a colon before the last slash is a port's."""
    name = image.partition("@")[0]
    head, slash, tail = name.rpartition("/")
    stem, _, tag = tail.partition(":")
    return head + slash + stem, tag


def _role(event: Event) -> Value:
    return HOST if event.container is None else Role(event.record.header.task.role).name.lower()


def _started(container: Container) -> ContainerEntry | None:
    """What it started with; until then it has what the runtime has."""
    entry = container.entry
    return entry if entry and entry.state == ContainerState.RUNNING else None


def _shares(flag: NamespaceFlags) -> Reader:
    def read(container: Container) -> Value:
        entry = _started(container)
        return UNKNOWN if entry is None else bool(entry.host_ns & flag)

    return read


def _capabilities(container: Container) -> Value:
    entry = _started(container)
    return UNKNOWN if entry is None else " ".join(capability_names(entry.cap_bounding))


def _start(event: Event) -> Value:
    container = event.container
    if container is None:
        return ABSENT
    entry = _started(container)
    if entry is None:
        return UNKNOWN
    # On the clock that the event's own times are on.
    offset = event.time_ns - event.record.header.time_ns
    return entry.start_ns + offset


def _duration(event: Event) -> Value:
    start = _start(event)
    return event.time_ns - start if isinstance(start, int) else start


def _pod(read: Callable[[Pod], str | None]) -> Resolver:
    def of(container: Container) -> Value:
        if container.metadata is not Metadata.COMPLETE:
            return UNKNOWN
        pod = container.workload.pod
        return ABSENT if pod is None else read(pod) or UNKNOWN

    return _container(of)


def _label(labels: Mapping[str, str] | Missing, key: str) -> Value:
    return labels if isinstance(labels, Missing) else labels.get(key, ABSENT)


def _labels(workload: Workload) -> Value:
    if isinstance(workload.labels, Missing):
        return workload.labels
    return tuple(f"{key}:{value}" for key, value in sorted(workload.labels.items()))


def _label_index(event: Event, key: str) -> Value:
    return ABSENT if event.container is None else _label(event.container.workload.labels, key)


def _mount_text(mount: Mount) -> str:
    """source:destination:mode:rdwr:propagation, as Falco writes it."""
    return ":".join((mount.source, mount.target, _mode(mount), _rdwr(mount), _propagation(mount)))


def _mode(mount: Mount) -> str:
    return ",".join(mount.options)


def _rdwr(mount: Mount) -> str:
    return "true" if mount.writable else "false"


def _propagation(mount: Mount) -> str:
    kinds = ("private", "slave", "shared", "unbindable")
    return next((option for option in mount.options if option.lstrip("r") in kinds), "")


def _mounts(workload: Workload) -> Value:
    if isinstance(workload.mounts, Missing):
        return workload.mounts
    return tuple(map(_mount_text, workload.mounts))


def _mount_index(read: Callable[[Mount], str], key: Callable[[Mount], str]) -> Indexer:
    """By number, or by a pattern for the source (for a source: the destination)."""

    def index(event: Event, subscript: str) -> Value:
        if event.container is None:
            return ABSENT
        mounts = event.container.workload.mounts
        if isinstance(mounts, Missing):
            return mounts
        if subscript.isdecimal():
            return read(mounts[int(subscript)]) if int(subscript) < len(mounts) else _NO_MOUNT
        return next((read(each) for each in mounts if fnmatchcase(key(each), subscript)), _NO_MOUNT)

    return index


def _source(mount: Mount) -> str:
    return mount.source


def _target(mount: Mount) -> str:
    return mount.target


_S, _I, _B = FieldType.STRING, FieldType.INT, FieldType.BOOL


def _of(name: str, doc: str, read: Reader, kind: FieldType = _S) -> Field:
    return Field(name, kind, doc, _container(read), origin=Origin.METADATA)


def _named(name: str, doc: str, read: Reader) -> Field:
    return Field(name, _S, doc, _or_host(read), origin=Origin.METADATA)


def _mount(name: str, doc: str, index: Indexer) -> Field:
    return Field(
        name,
        _S,
        doc,
        lambda _: ABSENT,
        origin=Origin.METADATA,
        subscript=Subscript.NAME,
        index=index,
    )


def _set(name: str, doc: str, read: Reader) -> Field:
    return Field(
        name,
        _S,
        doc,
        _container(read),
        many=Many.SET,
        origin=Origin.METADATA,
    )


_OF_EVENTS = {"container.role", "container.start_ts", "container.duration"}
FIELDS = (
    _named("container.id", "the runtime's own id, or host", lambda c: c.id),
    _named("container.full_id", "the same", lambda c: c.id),
    _named("container.name", "name, or host", _name),
    _named("container.type", "runtime or engine, or host", _type),
    Field(
        "container.role",
        _S,
        "what the task is to the container: setup, member, visitor; host for the host's",
        _role,
    ),
    _named("container.image", "image, or host", _workload(lambda w: w.image)),
    _of("container.image.repository", "the image's name without its tag", _workload(_repository)),
    _of("container.image.tag", "the image's tag", _workload(_tag)),
    _of("container.image.id", "id of the image's configuration", _workload(lambda w: w.image_id)),
    _of("container.image.digest", "digest of the image", _workload(lambda w: w.image_digest)),
    _of("container.privileged", "nothing is kept from it", _workload(lambda w: w.privileged), _B),
    _of("container.user", "user that the runtime was told", _workload(lambda w: w.user)),
    _of("container.seccomp", "seccomp profile, or unconfined", _workload(lambda w: w.seccomp)),
    _of("container.apparmor", "AppArmor profile", _workload(lambda w: w.apparmor)),
    _of("container.host_pid", "has the host's pid namespace", _shares(NamespaceFlags.PID), _B),
    _of("container.host_network", "has the host's network", _shares(NamespaceFlags.NET), _B),
    _of("container.host_ipc", "has the host's IPC namespace", _shares(NamespaceFlags.IPC), _B),
    _of("container.cap_bounding", "capability bounding set at its start", _capabilities),
    Field("container.start_ts", _I, "start, since the epoch", _start, unit="ns"),
    Field("container.duration", _I, "time since its start", _duration, unit="ns"),
    _set("container.mounts", "source:destination:mode:rdwr:propagation", _workload(_mounts)),
    _mount("container.mount", "the same, by number or source", _mount_index(_mount_text, _source)),
    _mount(
        "container.mount.source",
        "source by number or destination, N/A for none",
        _mount_index(_source, _target),
    ),
    _mount(
        "container.mount.dest",
        "destination by number or source, N/A for none",
        _mount_index(_target, _source),
    ),
    _mount("container.mount.mode", "options, likewise", _mount_index(_mode, _source)),
    _mount("container.mount.rdwr", "true if writable, likewise", _mount_index(_rdwr, _source)),
    _mount(
        "container.mount.propagation",
        "propagation, likewise",
        _mount_index(_propagation, _source),
    ),
    _set("container.labels", "key:value", _workload(_labels)),
    Field(
        "container.label",
        _S,
        "a label by its key",
        lambda _: ABSENT,
        origin=Origin.METADATA,
        subscript=Subscript.NAME,
        index=_label_index,
    ),
    Field("k8s.pod.name", _S, "name of the pod", _pod(lambda p: p.name), origin=Origin.METADATA),
    Field("k8s.ns.name", _S, "its namespace", _pod(lambda p: p.namespace), origin=Origin.METADATA),
    Field("k8s.pod.uid", _S, "its uid", _pod(lambda p: p.uid), origin=Origin.METADATA),
    Field("k8s.pod.id", _S, "its uid", _pod(lambda p: p.uid), origin=Origin.METADATA),
    Field(
        "k8s.pod.sandbox_id",
        _S,
        "id of its sandbox container",
        _pod(lambda p: p.sandbox_id),
        origin=Origin.METADATA,
    ),
)
# What depends on the container alone, and stays once it runs and its metadata has come.
SETTLED = frozenset(field.name for field in FIELDS if field.name not in _OF_EVENTS)
