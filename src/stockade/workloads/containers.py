"""A first container identity: by cgroup or namespaces, and the runtime's state.

A task in the host's mount namespace is the host's. Another one belongs to the
container whose runtime state names its cgroup or started in its namespaces;
failing that, to the one its cgroup is called after, if the name is an engine's
or the process descends from a runtime. Everything else (a systemd unit with
private mounts, a sandboxed browser) is the host's.
"""

from __future__ import annotations

import os
import re
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from stockade.events import Container, Process, Task, runtime_name
from stockade.workloads.runtimes import RUNC_ROOTS, RuncState, runc_states

_HEX_ID = re.compile(r"(?:^|[-:])(?P<id>[0-9a-f]{64})(?:\.scope)?$")
_CACHE_MAX = 4096


class Containers:
    """Finds the container of a task.

    Args:
        host_mnt_ns: inode number of the host's mount namespace.
        roots: where runc-like runtimes keep their state.
    """

    def __init__(self, host_mnt_ns: int, roots: tuple[Path, ...] = RUNC_ROOTS) -> None:
        self._roots = roots
        self._host_mnt_ns = host_mnt_ns
        self._cache: OrderedDict[tuple[int, int], Container | None] = OrderedDict()

    def find(self, task: Task, process: Process, ancestors: Sequence[Process]) -> Container | None:
        """The container of a task, None for the host.

        Args:
            task: as the kernel reported it.
            process: the task's process.
            ancestors: parent first.
        """
        if task.mnt_ns in {0, self._host_mnt_ns}:
            return None
        # Before its exec, a container's first process is still the runtime, whose state may not
        # be written yet: what is found then does not last.
        key = (task.cgroup_id, task.mnt_ns)
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        found = self._by_state(task)
        if found is None:
            found = _by_descent(task, process, ancestors)
            if runtime_name(task.comm):
                return found
        self._cache[key] = found
        if len(self._cache) > _CACHE_MAX:
            self._cache.popitem(last=False)
        return found

    def _by_state(self, task: Task) -> Container | None:
        """The container whose runtime says that the task is in it."""
        for state in runc_states(self._roots):
            if _in_cgroup(state, task.cgroup.value) or _in_namespace(state, task.mnt_ns):
                return _container(task, state.id, "runc")
        return None


def _by_descent(task: Task, process: Process, ancestors: Sequence[Process]) -> Container | None:
    """The container that a cgroup is called after, where an engine or a runtime made it."""
    leaf = task.cgroup.value
    if match := _HEX_ID.search(leaf):
        return _container(task, match["id"], None)
    names = [each.name for each in ancestors if isinstance(each.name, str)]
    runtime = process.runtime or next(filter(None, map(runtime_name, names)), None)
    return _container(task, leaf, runtime) if runtime and leaf else None


def _in_cgroup(state: RuncState, leaf: str) -> bool:
    return bool(leaf) and any(
        os.path.basename(path) == leaf for path in state.cgroup_paths.values()
    )


def _in_namespace(state: RuncState, mnt_ns: int) -> bool:
    """Whether the container's first process, if it still is that one, is in the namespace."""
    process = Path("/proc", str(state.init_process_pid))
    try:
        # The command name in it is any bytes that the process likes.
        start = int((process / "stat").read_bytes().rpartition(b")")[2].split()[19])
        return start == state.init_process_start and (process / "ns/mnt").stat().st_ino == mnt_ns
    except (OSError, IndexError):
        return False


def _container(task: Task, identity: str, runtime: str | None) -> Container:
    return Container(
        id=identity,
        runtime=runtime,
        name=identity,
        pid_ns=task.pid_ns,
        mnt_ns=task.mnt_ns,
    )
