"""Fields of containers: from the kernel's entry, and from metadata."""

from __future__ import annotations

import msgspec
import pytest

from stockade.events import (
    ABSENT,
    UNKNOWN,
    Container,
    Event,
    EventType,
    Metadata,
    Mount,
    NamespaceFlags,
    Pod,
    Role,
    Value,
    Workload,
)
from stockade.events.container_fields import FIELDS
from tests.support.records import CONTAINER, ENTRY, TASK, event, header, open_record
from tests.unit.test_fields import value

OF_WORKLOAD = [
    field.name
    for field in FIELDS
    if field.name.startswith(("container.image", "container.label", "container.mount", "k8s."))
] + ["container.user", "container.seccomp", "container.apparmor", "container.privileged"]
MOUNTS = (
    Mount("proc", "/proc", ("nosuid",)),
    Mount("/srv/a", "/data", ("rbind", "ro", "rslave"), bind=True),
    Mount("/srv/b", "/data/b", ("bind", "private"), bind=True),
)


def having(**keys: object) -> Event:
    """An event in a container whose workload has these."""
    workload = msgspec.structs.replace(CONTAINER.workload, **keys)
    return event(container=msgspec.structs.replace(CONTAINER, workload=workload))


def subscripted(name: str) -> str:
    return f"{name}[x]" if name == "container.label" or "container.mount" in name[:15] else name


@pytest.mark.parametrize(
    ("image", "repository", "tag"),
    [
        ("nginx", "nginx", ABSENT),
        ("nginx:1.2", "nginx", "1.2"),
        ("docker.io/library/nginx:1", "docker.io/library/nginx", "1"),
        ("registry:5000/team/app", "registry:5000/team/app", ABSENT),
        ("registry:5000/team/app:1", "registry:5000/team/app", "1"),
        ("registry:5000/app@sha256:0a", "registry:5000/app", ABSENT),
        ("app:1@sha256:0a", "app", "1"),
        ("sha256:0a", "sha256", "0a"),
        ("app:", "app", ABSENT),
        ("", "", ABSENT),
        (ABSENT, ABSENT, ABSENT),
        (UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_images(image: Value, repository: Value, tag: Value) -> None:
    of = having(image=image)
    assert value("container.image", of) == image
    assert value("container.image.repository", of) == repository
    assert value("container.image.tag", of) == tag


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("container.mount[0]", "proc:/proc:nosuid:true:"),
        ("container.mount[/srv/a]", "/srv/a:/data:rbind,ro,rslave:false:rslave"),
        ("container.mount[/srv/*]", "/srv/a:/data:rbind,ro,rslave:false:rslave"),
        ("container.mount.source[/data/*]", "/srv/b"),
        ("container.mount.source[2]", "/srv/b"),
        ("container.mount.dest[/srv/?]", "/data"),
        ("container.mount.dest[*b]", "/data/b"),
        ("container.mount.dest[/SRV/a]", "N/A"),
        ("container.mount.dest[/data]", "N/A"),
        ("container.mount.dest[3]", "N/A"),
        ("container.mount.mode[/srv/b]", "bind,private"),
        ("container.mount.rdwr[/srv/a]", "false"),
        ("container.mount.rdwr[/srv/b]", "true"),
        ("container.mount.propagation[/srv/a]", "rslave"),
        ("container.mount.propagation[/srv/b]", "private"),
        ("container.mount.propagation[0]", ""),
        ("container.mount.rdwr[none]", "N/A"),
    ],
)
def test_mounts(name: str, expected: str) -> None:
    assert value(name, having(mounts=MOUNTS)) == expected
    assert value(name, having(mounts=UNKNOWN)) is UNKNOWN
    assert value(name, event(container=None)) is ABSENT


def test_all_mounts() -> None:
    assert value("container.mounts", having(mounts=MOUNTS[:1])) == ("proc:/proc:nosuid:true:",)
    assert value("container.mounts", having(mounts=())) == ()


def test_labels() -> None:
    of = having(labels={"b": "2", "a": "1", "x/y.z": ""})
    assert value("container.labels", of) == ("a:1", "b:2", "x/y.z:")
    assert value("container.label.a", of) == "1"
    assert value("container.label[x/y.z]", of) == ""
    assert value("container.label.c", of) is ABSENT
    assert value("container.label.a", having(labels=UNKNOWN)) is UNKNOWN


def test_pods() -> None:
    of = having(pod=Pod("p", "n", None, "s"))
    names = ("k8s.pod.name", "k8s.ns.name", "k8s.pod.uid", "k8s.pod.id", "k8s.pod.sandbox_id")
    assert [value(name, of) for name in names] == ["p", "n", UNKNOWN, UNKNOWN, "s"]
    assert {value(name, having(pod=None)) for name in names} == {ABSENT}


@pytest.mark.parametrize("metadata", [Metadata.PENDING, Metadata.UNAVAILABLE])
@pytest.mark.parametrize("name", OF_WORKLOAD)
def test_without_metadata_nothing_is_known(name: str, metadata: Metadata) -> None:
    lone = event(container=Container("box", entry=ENTRY, metadata=metadata))
    assert value(subscripted(name), lone) is UNKNOWN


@pytest.mark.parametrize("name", [each.name for each in FIELDS])
def test_the_host_has_no_container(name: str) -> None:
    assert value(subscripted(name), event(container=None)) in {ABSENT, "host"}


@pytest.mark.parametrize("role", list(Role))
def test_roles(role: Role) -> None:
    task = msgspec.structs.replace(TASK, role=role)
    of = msgspec.structs.replace(open_record(), header=header(EventType.OPENAT, 3, task))
    assert value("container.role", event(of)) == role.name.lower()
    assert value("container.role", event(of, None)) == "host"


def test_when_it_started() -> None:
    started = 1_700_000_000_123_456_789 - 1_000_000_000
    assert value("container.start_ts", event()) == started
    assert value("container.duration", event()) == 1_000_000_000
    unseen = event(container=Container("box"))
    assert value("container.start_ts", unseen) is UNKNOWN
    assert value("container.duration", unseen) is UNKNOWN


def test_what_the_kernel_saw() -> None:
    entry = msgspec.structs.replace(ENTRY, host_ns=NamespaceFlags.PID | NamespaceFlags.IPC)
    of = event(container=msgspec.structs.replace(CONTAINER, entry=entry))
    names = ("container.host_pid", "container.host_network", "container.host_ipc")
    assert [value(name, of) for name in names] == [True, False, True]
    assert value("container.cap_bounding", of) == "CAP_SYS_ADMIN"
    unseen = event(container=Container("box"))
    assert {value(name, unseen) for name in (*names, "container.cap_bounding")} == {UNKNOWN}


@pytest.mark.parametrize(
    ("name", "keys"),
    [("container.name", {"name": "host"}), ("container.image", {"image": "host"})],
)
def test_a_container_cannot_be_called_host(name: str, keys: dict[str, str]) -> None:
    assert value(name, having(**keys)) == "host (container)"


@pytest.mark.parametrize("name", ["container.id", "container.full_id", "container.type"])
def test_nor_can_its_id_or_runtime(name: str) -> None:
    impostor = Container("host", runtime="host", metadata=Metadata.COMPLETE)
    assert value(name, event(container=impostor)) == "host (container)"


def test_a_name_is_the_id_where_there_is_none() -> None:
    assert value("container.name", having(name=ABSENT)) == "box"
    assert value("container.type", event(container=Container("box"))) is UNKNOWN


def test_a_workload_with_nothing_has_no_labels() -> None:
    bare = having(**dict.fromkeys(("name", "image", "labels", "apparmor"), ABSENT))
    assert Workload().labels is ABSENT
    assert value("container.labels", bare) is ABSENT
    assert value("container.apparmor", bare) is ABSENT
