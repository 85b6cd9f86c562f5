"""What belongs to the agent on this node, by the lists of the rules that guard it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

# By which a cgroup of either version is frozen, ended or given less.
_CONTROLS = (
    "cgroup.freeze",
    "cgroup.kill",
    "freezer.state",
    "cpu.cfs_quota_us",
    "cpu.max",
    "memory.high",
    "memory.limit_in_bytes",
    "memory.max",
    "pids.max",
)


def own_lists(rules: Iterable[Path]) -> dict[str, tuple[str, ...]]:
    """What the agent adds to lists of rules.

    Args:
        rules: where its rules are.
    """
    return {
        "agent_files": tuple(sorted({str(path.resolve()) for path in (*_program(), *rules)})),
        "agent_cgroup_files": tuple(cgroup_files(_memberships())),
    }


def _memberships() -> str:
    return Path("/proc/self/cgroup").read_text("utf-8", "surrogateescape")


def _program() -> Iterator[Path]:
    """What runs; of Python's own libraries only those of a virtual environment."""
    yield Path(__file__).parents[1]
    yield Path(sys.argv[0])
    yield Path(sys.executable)
    if sys.prefix != sys.base_prefix:
        yield Path(sys.prefix)


def cgroup_files(memberships: str) -> Iterator[str]:
    """The files that govern a process's cgroups, by their paths within the hierarchies.

    Args:
        memberships: as /proc/PID/cgroup has them.
    """
    paths = {PurePosixPath(line.split(":", 2)[2]) for line in memberships.splitlines()}
    groups = {group for path in paths for group in (path, *path.parents)}
    for group in sorted(groups - {PurePosixPath("/")}):
        yield from (str(group / name) for name in _CONTROLS)
