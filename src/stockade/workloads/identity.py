"""The name of a container: what its runtime, its engine or its cgroup calls it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from stockade.events import ContainerEntry, Process
from stockade.workloads.runtimes import Claim, claim_of

# Names that engines give to cgroups: of systemd's driver, then of cgroupfs's.
_SCOPES = {
    "docker": "docker",
    "libpod": "podman",
    "libpod-payload": "podman",
    "cri-containerd": "containerd",
    "nerdctl": "containerd",
    "crio": "cri-o",
    "runc": "runc",
    "crun": "crun",
    "machine": None,
}
_SCOPE = re.compile(
    rf"(?P<engine>{'|'.join(sorted(_SCOPES, key=len, reverse=True))})-(?P<id>.+)\.scope"
)
_ENGINE = re.compile(r"(?P<engine>libpod-payload|libpod|crio)-(?P<id>[0-9a-f]{64})")
_LXC = re.compile(r"lxc\.payload\.(?P<id>.+)")
_HEX = re.compile(r"[0-9a-f]{64}")
_BUNDLE = re.compile(r"/io\.containerd\.runtime\.v[12]\.[a-z]+/(?P<namespace>[^/]+)/")
_NAME_BYTES = 127  # of a cgroup, in struct container_entry
# They confine a program of the host's; that makes no container of it.
_SANDBOXES = {"bwrap", "firejail", "flatpak", "nsjail", "snap-confine"}


def claim_among(creators: Sequence[Process]) -> Claim | None:
    """The container that one of these processes is a runtime's process for, the first first."""
    for process in creators:
        if not isinstance(process.args, tuple) or not _is_installed(process):
            continue
        if found := claim_of(process.id.tgid, process.args):
            return found
    return None


def _is_installed(process: Process) -> bool:
    """Whether a process is what it calls itself: its program has that name, and is root's.

    Anybody can run a program under another name, and choose what its containers are called.
    """
    if not isinstance(process.exe, str) or not isinstance(process.args, tuple) or not process.args:
        return False
    called, program = os.path.basename(process.args[0]), os.path.basename(process.exe)
    # Runtimes run a copy of themselves from memory.
    if program != called and not process.exe.startswith(f"/memfd:{called}_cloned"):
        return False
    if process.file is not None:
        return process.file.uid == 0
    try:
        return os.stat(f"/proc/{process.id.tgid}/exe").st_uid == 0
    except OSError:
        return False


def is_sandbox(entry: ContainerEntry, creators: Sequence[Process]) -> bool:
    """Whether what no runtime claims is a service, or a program in a sandbox."""
    if entry.cgroup.endswith(".service"):
        return True
    return any(process.name in _SANDBOXES for process in creators)


def name_of(entry: ContainerEntry, leaf: str) -> tuple[str, str | None]:
    """What a container's cgroup says its id is, and its engine where that is told.

    Args:
        entry: as the kernel saw it.
        leaf: the cgroup's whole name, which the entry may have cut; empty where not known.
    """
    cut = len(os.fsencode(entry.cgroup)) == _NAME_BYTES and leaf.startswith(entry.cgroup)
    own = leaf if cut else entry.cgroup
    for name in (own, entry.cgroup_parent):
        for pattern in (_SCOPE, _ENGINE):
            match = pattern.fullmatch(name)
            if match:
                return match["id"], _SCOPES[match["engine"]]
        if match := _LXC.fullmatch(name):
            return match["id"], "lxc"
    if _HEX.fullmatch(own) and entry.cgroup_parent == "docker":
        return own, "docker"
    # Without a cgroup of its own it has the number of its mount namespace.
    return own or f"mnt-{entry.mnt_ns_id}", None


def engine_of(claim: Claim, annotations: dict[str, str] | None) -> str | None:
    """Who had the runtime make the container; the runtime itself where nobody did.

    Args:
        claim: with its bundle, where that is known.
        annotations: of its configuration; None when that has not been read. Then None is returned
            where only they tell.
    """
    bundle = str(claim.bundle or "")
    if match := _BUNDLE.search(bundle):
        return "docker" if match["namespace"] == "moby" else "containerd"
    if claim.bundle and is_storage_bundle(claim.bundle):
        if annotations is None:
            return None
        crio = any(key.startswith("io.kubernetes.cri-o.Image") for key in annotations)
        return "cri-o" if crio else "podman"
    if claim.root and "runtime-runc" in claim.root.parts:
        return "docker"
    return claim.runtime


def is_storage_bundle(bundle: Path) -> bool:
    """Whether a bundle lies in a containers/storage directory, as Podman's do."""
    return bundle.name == "userdata" and bundle.parent.parent.name.endswith("-containers")
