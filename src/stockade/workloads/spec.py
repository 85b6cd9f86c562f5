"""The OCI configuration of a container: what its runtime was told to give it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from stockade.events import ABSENT, Device, Missing, Mount, Pod, Workload
from stockade.workloads.files import read_json

# A privileged container has every capability that the kernel has; runtimes leave out none of these.
_PRIVILEGED_CAPS = {"CAP_SYS_ADMIN", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_PTRACE"}


class _Capabilities(msgspec.Struct):
    bounding: list[str] = []


class _User(msgspec.Struct):
    uid: int = 0
    gid: int = 0
    username: str | None = None


class _Process(msgspec.Struct, rename="camel"):
    user: _User | None = None
    capabilities: _Capabilities | None = None
    apparmor_profile: str | None = None


class _Mount(msgspec.Struct):
    destination: str
    source: str = ""
    type: str = ""
    options: list[str] | None = None


class _Device(msgspec.Struct):
    path: str
    type: str
    major: int = 0
    minor: int = 0


class _Access(msgspec.Struct):
    """One line of the device cgroup."""

    allow: bool
    type: str | None = None
    access: str | None = None
    major: int | None = None
    minor: int | None = None


class _Resources(msgspec.Struct):
    devices: list[_Access] | None = None


class _Linux(msgspec.Struct, rename="camel"):
    devices: list[_Device] | None = None
    resources: _Resources | None = None
    seccomp: dict[str, object] | None = None
    masked_paths: list[str] | None = None


class _Root(msgspec.Struct):
    path: str = ""


class Spec(msgspec.Struct):
    """The parts of config.json that say what a container was given."""

    process: _Process | None = None
    root: _Root | None = None
    hostname: str = ""
    mounts: list[_Mount] | None = None
    annotations: dict[str, str] | None = None
    linux: _Linux | None = None


def read_spec(bundle: Path) -> Spec | None:
    """The configuration in a bundle; None where there is none, or it is not readable."""
    return read_json(bundle / "config.json", Spec)


def describe(spec: Spec) -> Workload:
    """What a configuration alone tells."""
    process, linux = spec.process, spec.linux
    user = process.user if process else None
    return Workload(
        name=_annotated(spec, "io.kubernetes.cri.container-name", "io.kubernetes.container.name"),
        image=_annotated(
            spec,
            "io.kubernetes.cri.image-name",
            "io.kubernetes.cri-o.ImageName",
            "org.opencontainers.image.ref.name",
        ),
        labels=dict(spec.annotations or {}),
        pod=pod_of(spec.annotations or {}),
        privileged=_is_privileged(spec),
        mounts=tuple(map(_mount, spec.mounts or ())),
        devices=tuple(
            Device(each.path, each.type, each.major, each.minor)
            for each in (linux.devices if linux and linux.devices else ())
        ),
        user=(user.username or f"{user.uid}:{user.gid}") if user else "0:0",
        seccomp="filter" if linux and linux.seccomp is not None else "unconfined",
        apparmor=(process and process.apparmor_profile) or ABSENT,
    )


def _annotated(spec: Spec, *keys: str) -> str | Missing:
    annotations = spec.annotations or {}
    return next((annotations[key] for key in keys if annotations.get(key)), ABSENT)


def _mount(mount: _Mount) -> Mount:
    options = tuple(mount.options or ())
    bind = mount.type == "bind" or not {"bind", "rbind"}.isdisjoint(options)
    return Mount(mount.source, mount.destination, options, bind)


def _is_privileged(spec: Spec) -> bool:
    """Nothing is kept from it: capabilities, devices, the kernel's files."""
    capabilities = spec.process.capabilities if spec.process else None
    linux = spec.linux
    if linux is None or capabilities is None or linux.masked_paths:
        return False
    access = (linux.resources and linux.resources.devices) or []
    everything = any(each.allow and each.type in {None, "", "a"} for each in access)
    return everything and set(capabilities.bounding) >= _PRIVILEGED_CAPS


def pod_of(annotations: dict[str, str]) -> Pod | None:
    """The pod that annotations or labels tell of: containerd's, CRI-O's or the kubelet's."""

    def get(*keys: str) -> str | None:
        return next((annotations[key] for key in keys if annotations.get(key)), None)

    pod = Pod(
        name=get(
            "io.kubernetes.cri.sandbox-name",
            "io.kubernetes.cri-o.KubeName",
            "io.kubernetes.pod.name",
        ),
        namespace=get(
            "io.kubernetes.cri.sandbox-namespace",
            "io.kubernetes.cri-o.Namespace",
            "io.kubernetes.pod.namespace",
        ),
        uid=get("io.kubernetes.cri.sandbox-uid", "io.kubernetes.pod.uid"),
        sandbox_id=get("io.kubernetes.cri.sandbox-id", "io.kubernetes.cri-o.SandboxID"),
    )
    return pod if pod.name or pod.sandbox_id else None
