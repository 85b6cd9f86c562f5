"""State that runtimes leave on disk, readable without asking any daemon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

# runc's layout, under its own root and under those of the engines that call it.
RUNC_ROOTS = (
    Path("/run/runc"),
    Path("/run/docker/runtime-runc/moby"),
    Path("/run/containerd/runc/k8s.io"),
    Path("/run/containerd/runc/default"),
)


class RuncState(msgspec.Struct, frozen=True):
    """The part of runc's state.json that identifies a container.

    Attributes:
        id: the name it was started with.
        init_process_pid: of its first process, on the host.
        init_process_start: that process's start in clock ticks, against reused numbers.
        cgroup_paths: by controller; the unified hierarchy's key is "".
    """

    id: str
    init_process_pid: int = 0
    init_process_start: int = 0
    cgroup_paths: dict[str, str] = {}


def known_roots() -> list[Path]:
    """The roots that exist on this host."""
    return [root for root in RUNC_ROOTS if root.is_dir()]


def runc_states(roots: tuple[Path, ...] = RUNC_ROOTS) -> Iterator[RuncState]:
    """The containers that runc knows of now. One that goes away meanwhile is left out."""
    for root in roots:
        try:
            states = list(root.glob("*/state.json"))
        except OSError:
            continue
        for path in states:
            try:
                yield msgspec.json.decode(path.read_bytes(), type=RuncState)
            except (OSError, msgspec.DecodeError):
                continue
