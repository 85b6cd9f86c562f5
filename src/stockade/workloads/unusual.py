"""What a container was given that most are not."""

from __future__ import annotations

import os
from collections.abc import Iterator

from stockade.events import (
    Container,
    ContainerEntry,
    ContainerState,
    Mount,
    NamespaceFlags,
    Workload,
)
from stockade.events.flags import capability_names

# What engines give by default.
_DEFAULT_CAPS = {
    f"CAP_{name}"
    for name in (
        "CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW"
        " SYS_CHROOT MKNOD AUDIT_WRITE SETFCAP"
    ).split()
}
_NAMESPACES = {
    NamespaceFlags.PID: "host PID namespace",
    NamespaceFlags.NET: "host network",
    NamespaceFlags.IPC: "host IPC",
    NamespaceFlags.UTS: "host UTS namespace",
}
_SOCKETS = (
    "docker.sock",
    "containerd.sock",
    "crio.sock",
    "podman.sock",
    "dockershim.sock",
)
# Every container has these.
_DEFAULT_DEVICES = {
    f"/dev/{name}" for name in "null zero full random urandom tty console ptmx".split()
}
_SHOWN = 3
# Trees of the host whose mount into a container gives it more than data.
_SENSITIVE = (
    "/",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib/modules",
    "/proc",
    "/root",
    "/run",
    "/sys",
    "/usr",
    "/var",
    "/var/lib/docker",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/kubelet",
    "/var/log",
    "/var/run",
)


def unusual(container: Container) -> list[str]:
    """What a container was given beyond the usual, in words; empty for nothing."""
    found = list(_of_workload(container.workload))
    # Until it runs, a container has what its runtime has.
    if container.entry and container.entry.state == ContainerState.RUNNING:
        found += _of_entry(container.entry)
    return found


def _of_entry(entry: ContainerEntry) -> Iterator[str]:
    for flag, words in _NAMESPACES.items():
        if entry.host_ns & flag:
            yield words
    extra = [name for name in capability_names(entry.cap_bounding) if name not in _DEFAULT_CAPS]
    if extra and entry.host_ns & NamespaceFlags.USER:
        yield _few(extra, "capabilities", first="CAP_SYS_ADMIN")
    if not entry.seccomp:
        yield "no seccomp"


def _of_workload(workload: Workload) -> Iterator[str]:
    if workload.privileged is True:
        yield "privileged"
    if isinstance(workload.mounts, tuple):
        for mount in workload.mounts:
            if is_sensitive(mount):
                yield f"mount of {mount.source}{' (read-only)' if not mount.writable else ''}"
    if isinstance(workload.devices, tuple):
        paths = [each.path for each in workload.devices if each.path not in _DEFAULT_DEVICES]
        if paths:
            yield _few(paths, "devices")


def _few(names: list[str], what: str, first: str = "") -> str:
    """A few names, the weightiest first, and how many more there are."""
    shown = sorted(names, key=lambda name: name != first)[:_SHOWN]
    rest = len(names) - len(shown)
    return " ".join(shown) + (f" and {rest} more {what}" if rest else "")


def is_sensitive(mount: Mount) -> bool:
    """Whether a mount shows a part of the host that a container can do harm with."""
    if not mount.bind:
        return False
    source = os.path.normpath(mount.source)
    if source.startswith("//"):
        source = source[1:]  # which POSIX lets it keep
    return source in _SENSITIVE or source.endswith(_SOCKETS)
