"""Where this node has its cgroups."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def cgroup_version() -> int | None:
    """2 where only the unified hierarchy is mounted, 1 where others are, None without any."""
    kinds = {kind for kind, _ in _cgroup_mounts()}
    return 1 if "cgroup" in kinds else 2 if kinds else None


def unified_cgroup() -> Path | None:
    """Where cgroup v2 is mounted."""
    return next((place for kind, place in _cgroup_mounts() if kind == "cgroup2"), None)


def _cgroup_mounts() -> Iterator[tuple[str, Path]]:
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
        for line in mounts:
            left, _, right = line.partition(" - ")
            kind = right.split(" ", 1)[0]
            if kind in {"cgroup", "cgroup2"}:
                yield kind, Path(left.split(" ")[4])
