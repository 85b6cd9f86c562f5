"""What a container was given: by its configuration, and what of it is unusual."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from stockade.events import (
    ABSENT,
    Container,
    ContainerEntry,
    Device,
    Mount,
    NamespaceFlags,
    Pod,
    Workload,
)
from stockade.workloads import unusual
from stockade.workloads.spec import Spec, describe, read_spec
from tests.support.records import ENTRY
from tests.unit.workloads.helpers import PRIVILEGED_CAPS, write, write_spec
from tests.unit.workloads.test_runtimes import BAD

ALL_DEVICES = {"devices": [{"allow": True, "access": "rwm"}]}


def described(**keys: object) -> Workload:
    return describe(msgspec.json.decode(json.dumps(keys), type=Spec))


def linux(**keys: object) -> dict[str, object]:
    return {"resources": ALL_DEVICES, **keys}


def test_what_a_configuration_tells() -> None:
    found = described(
        process={"user": {"uid": 1, "gid": 2}, "apparmorProfile": "docker-default"},
        mounts=[
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/a", "source": "/h", "type": "bind", "options": ["ro"]},
            {"destination": "/b", "source": "/h", "options": ["rbind", "rw"]},
        ],
        linux={
            "devices": [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229}],
            "seccomp": {"defaultAction": "SCMP_ACT_ERRNO"},
        },
        annotations={"app": "web"},
    )
    assert found.mounts == (
        Mount("proc", "/proc"),
        Mount("/h", "/a", ("ro",), bind=True),
        Mount("/h", "/b", ("rbind", "rw"), bind=True),
    )
    assert isinstance(found.mounts, tuple)
    assert [mount.writable for mount in found.mounts] == [True, False, True]
    assert found.devices == (Device("/dev/fuse", "c", 10, 229),)
    assert (found.user, found.seccomp, found.apparmor) == ("1:2", "filter", "docker-default")
    assert (found.labels, found.pod, found.privileged) == ({"app": "web"}, None, False)
    assert (found.name, found.image) == (ABSENT, ABSENT)


def test_an_empty_configuration() -> None:
    found = described()
    assert (found.mounts, found.devices, found.labels) == ((), (), {})
    assert (found.seccomp, found.apparmor, found.privileged) == ("unconfined", ABSENT, False)
    assert described(linux={"seccomp": None}).seccomp == "unconfined"
    assert described(process={"user": {"username": "web"}}).user == "web"


@pytest.mark.parametrize(
    ("caps", "keys", "privileged"),
    [
        (PRIVILEGED_CAPS, linux(), True),
        ([*PRIVILEGED_CAPS, "CAP_CHOWN"], linux(maskedPaths=[]), True),
        (PRIVILEGED_CAPS, {"resources": {"devices": [{"allow": True, "type": "a"}]}}, True),
        (PRIVILEGED_CAPS, linux(maskedPaths=["/proc/kcore"]), False),
        (PRIVILEGED_CAPS[1:], linux(), False),
        (PRIVILEGED_CAPS, {"resources": {"devices": [{"allow": False}]}}, False),
        (PRIVILEGED_CAPS, {"resources": {"devices": [{"allow": True, "type": "c"}]}}, False),
        (PRIVILEGED_CAPS, {}, False),
        (PRIVILEGED_CAPS, None, False),
    ],
)
def test_privileged(caps: list[str], keys: object, *, privileged: bool) -> None:
    found = described(process={"capabilities": {"bounding": caps}}, linux=keys)
    assert found.privileged is privileged


@pytest.mark.parametrize(
    ("annotations", "pod", "name", "image"),
    [
        (
            {
                "io.kubernetes.cri.sandbox-name": "p",
                "io.kubernetes.cri.sandbox-namespace": "n",
                "io.kubernetes.cri.sandbox-uid": "u",
                "io.kubernetes.cri.sandbox-id": "s",
                "io.kubernetes.cri.container-name": "c",
                "io.kubernetes.cri.image-name": "i:1",
            },
            Pod("p", "n", "u", "s"),
            "c",
            "i:1",
        ),
        (
            {
                "io.kubernetes.cri-o.KubeName": "p",
                "io.kubernetes.cri-o.Namespace": "n",
                "io.kubernetes.pod.uid": "u",
                "io.kubernetes.cri-o.SandboxID": "s",
                "io.kubernetes.container.name": "c",
                "io.kubernetes.cri-o.ImageName": "i:1",
            },
            Pod("p", "n", "u", "s"),
            "c",
            "i:1",
        ),
        ({"io.kubernetes.cri.sandbox-id": "s"}, Pod(sandbox_id="s"), ABSENT, ABSENT),
        ({"io.kubernetes.pod.namespace": "n"}, None, ABSENT, ABSENT),
        ({"io.kubernetes.pod.name": ""}, None, ABSENT, ABSENT),
        ({"org.opencontainers.image.ref.name": "i"}, None, ABSENT, "i"),
    ],
)
def test_annotations(
    annotations: dict[str, str], pod: Pod | None, name: object, image: object
) -> None:
    found = described(annotations=annotations)
    assert (found.pod, found.name, found.image) == (pod, name, image)


HOSTILE = BAD | {
    "annotations": b'{"annotations": {"a": 1}}',
    "mounts": b'{"mounts": [{"source": "/"}]}',
    "caps": b'{"process": {"capabilities": {"bounding": "ALL"}}}',
    "device": b'{"linux": {"devices": [{"path": "/d", "type": "c", "major": "x"}]}}',
    "not UTF-8": b'{"hostname": "\xff"}',
    "surrogate": b'{"hostname": "\\ud800"}',
}


@pytest.mark.parametrize(
    "key", sorted(set(HOSTILE) - {"types", "float", "huge", "labels", "no id"})
)
def test_what_is_no_configuration(tmp_path: Path, key: str) -> None:
    write(tmp_path / "config.json", HOSTILE[key])
    assert read_spec(tmp_path) is None


def test_where_there_is_no_configuration(tmp_path: Path) -> None:
    assert read_spec(tmp_path) is None
    assert read_spec(tmp_path / "none") is None
    assert read_spec(Path("/a\0b")) is None
    assert read_spec(write_spec(tmp_path / "b")) == Spec()


def given(entry: ContainerEntry = ENTRY, **keys: object) -> list[str]:
    workload = msgspec.structs.replace(Workload(mounts=(), devices=(), privileged=False), **keys)
    return unusual(Container("box", entry=entry, workload=workload))


def test_nothing_unusual() -> None:
    usual = msgspec.structs.replace(ENTRY, cap_bounding=0xA80425FB, host_ns=NamespaceFlags.USER)
    mounts = (
        Mount("proc", "/proc"),
        Mount("/srv/data", "/data", bind=True),
        Mount("/", "/x"),
        Mount("/etc/hosts", "/etc/hosts", bind=True),
    )
    assert given(usual, mounts=mounts) == []
    assert unusual(Container("box")) == []


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"host_ns": NamespaceFlags.PID}, ["host PID namespace"]),
        (
            {"host_ns": NamespaceFlags.NET | NamespaceFlags.IPC | NamespaceFlags.UTS},
            ["host network", "host IPC", "host UTS namespace"],
        ),
        ({"host_ns": NamespaceFlags.CGROUP | NamespaceFlags.TIME}, []),
        ({"seccomp": 0}, ["no seccomp"]),
        ({"cap_bounding": 1 << 21 | 1 << 16 | 1, "host_ns": NamespaceFlags.USER}, None),
        ({"cap_bounding": 1 << 21, "host_ns": 0}, []),
    ],
)
def test_what_the_kernel_saw(keys: dict[str, int], words: list[str] | None) -> None:
    found = given(msgspec.structs.replace(ENTRY, **keys))
    assert found == (["CAP_SYS_ADMIN CAP_SYS_MODULE"] if words is None else words)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("/", "/"),
        ("/etc", "/etc"),
        ("/etc/", "/etc/"),
        ("/srv/../root/.", "/srv/../root/."),
        ("//", "//"),
        ("//etc", "//etc"),
        ("/var/run/docker.sock", "/var/run/docker.sock"),
        ("/run/containerd/containerd.sock", "/run/containerd/containerd.sock"),
        ("/etcetera", None),
        ("/home/user", None),
        ("", None),
        ("docker.sock.d", None),
    ],
)
def test_mounts_that_give_more_than_data(source: str, found: str | None) -> None:
    words = [] if found is None else [f"mount of {found}"]
    assert given(mounts=(Mount(source, "/x", ("rbind",), bind=True),)) == words


@pytest.mark.parametrize("option", ["ro", "rro"])
def test_a_mount_that_can_only_be_read(option: str) -> None:
    mount = Mount("/etc", "/x", ("rbind", option), bind=True)
    assert given(mounts=(mount,)) == ["mount of /etc (read-only)"]


def test_privileges_and_devices() -> None:
    assert given(privileged=True, devices=(Device("/dev/sda", "b", 8, 0),)) == [
        "privileged",
        "/dev/sda",
    ]
