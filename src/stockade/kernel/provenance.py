"""Which task belongs to which container, as the kernel's maps have it."""

from __future__ import annotations

import os

from stockade.errors import MissingFeature
from stockade.events import (
    ContainerEntry,
    MemberEntry,
    MemberFlags,
    decode_container_entry,
    decode_member_entry,
)
from stockade.kernel.bpf import Map, Object

# A pass settles all that it sees; more are for what is made meanwhile.
_PASSES = 100


def find_host(loaded: Object) -> None:
    """Have the programs look at the host, before any of them is attached.

    Raises:
        MissingFeature: it is not to be seen.
    """
    if not loaded.run_iterator("find_host"):
        raise MissingFeature(
            "neither init nor this process is to be seen by BPF",
            hint="run in the host's pid namespace; a container needs hostPID for that",
        )


def settle(loaded: Object) -> None:
    """Find the containers of tasks that are nobody's yet."""
    for _ in range(_PASSES):
        if not loaded.run_iterator("settle_tasks"):
            return


def _exists(task: MemberEntry) -> bool:
    """Whether a task has its number still, if only as a zombie."""
    return os.path.exists(f"/proc/{task.tgid}/task/{task.pid}")


class Provenance:
    """The maps of containers and of their tasks.

    Args:
        containers: keys are u64, values struct container_entry.
        members: keys are task addresses, values struct member_entry.
    """

    def __init__(self, containers: Map, members: Map) -> None:
        self._containers = containers
        self._members = members

    def container(self, key: int) -> ContainerEntry | None:
        """A container by its key; None once it has ended."""
        value = self._containers.lookup(key.to_bytes(8, "little"))
        return None if value is None else decode_container_entry(value)

    def containers(self) -> list[ContainerEntry]:
        """Every container that has tasks."""
        return [decode_container_entry(value) for value in self._containers.items().values()]

    def sweep(self) -> None:
        """Remove tasks that have gone without the kernel's saying so: it can skip a program."""
        for key, value in self._members.items().items():
            task = decode_member_entry(value)
            if not task.flags & MemberFlags.LEFT or _exists(task):
                continue
            # Another task may have come to its address meanwhile.
            if self._members.lookup(key) == value:
                self._members.delete(key)

    def members(self) -> list[MemberEntry]:
        """Every task that is not the host's, those included that have exited and are not freed."""
        return [decode_member_entry(value) for value in self._members.items().values()]
