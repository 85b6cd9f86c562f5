"""By which hook an event comes on a node, told from the node's facts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from stockade.events import DECIDED, KILLED, KILLED_BEFORE, EventType
from stockade.kernel import syscalls
from stockade.kernel.tiers import Tier, hook_before, in_cgroups

_HOOKS = {
    EventType.EXECVE: "tp_btf/sched_process_exec",
    EventType.EXECVEAT: "tp_btf/sched_process_exec",
    EventType.CLONE: "tp_btf/task_newtask",
    EventType.PROCEXIT: "tp_btf/sched_process_exit",
    EventType.CGROUP_MKDIR: "tp_btf/cgroup_mkdir",
    EventType.CGROUP_ATTACH_TASK: "tp_btf/cgroup_attach_task",
    EventType.IO_URING: "tp_btf/io_uring_complete",
    EventType.CONTAINER_ACTIVITY: "tp_btf/sys_exit",
    EventType.BOUNDARY_SWEEP: "iter/task",
}
# What is told of under a name of its own.
_CALLS = {EventType.RECEIVE_FD: "recvmsg"} | {
    kind: kind.name.lower() for kind in syscalls.NUMBERS if kind not in _HOOKS
}
_BETTER = {
    Tier.TRACEPOINT: "a kernel that allows BPF trampolines: paths of calls are then objects",
    Tier.FENTRY: "bpf among the active security modules (lsm=...,bpf)",
    Tier.LSM: "",
}


class Label(Enum):
    """What a rule comes to on a node; the strongest first.

    PREVENT: the act is refused before it has an effect.
    KILL: it ends its process, which never returns to user mode: what has been done is done.
    DETECT: it is told of when it has happened.
    BLIND: nothing of it is seen.
    """

    PREVENT = "prevent"
    KILL = "kill"
    DETECT = "detect"
    BLIND = "blind"


@dataclass(frozen=True, slots=True)
class Node:
    """What is known of a node.

    Attributes:
        able: whether the agent runs there.
        tiers: those that work, the best one first.
        missing: what its kernel has no hook for, as doctor says it; empty for nothing.
        by_tracepoint: calls that come by the tracepoint whatever the tier.
        cgroups: whether programs of cgroups refuse there.
        not_refused: acts that its kernel has no hook for, of those that are refused elsewhere.
    """

    able: bool
    tiers: tuple[Tier, ...]
    missing: str = ""
    by_tracepoint: frozenset[str] = frozenset()
    cgroups: bool = False
    not_refused: frozenset[str] = frozenset()

    @property
    def needs(self) -> str:
        """What it would need for more; empty where there is no more."""
        return _BETTER[self.tiers[0]] if self.able and self.tiers else "what stockade doctor says"

    def hook(self, kind: EventType) -> str | None:
        """By what an event comes; None where it does not."""
        unseen = kind is EventType.IO_URING and "io_uring" in self.missing
        if unseen or not self.able or not self.tiers:
            return None
        if name := _CALLS.get(kind):
            fallen = self.tiers[0] is Tier.TRACEPOINT or name in self.by_tracepoint
            return "tp_btf/sys_exit" if fallen else f"fexit/{name}"
        # Containers are told of as their programs start.
        return _HOOKS.get(kind, "tp_btf/sched_process_exec")

    def hook_after(self, kind: EventType) -> str | None:
        """By what a process is ended when it has acted; None where it cannot be."""
        return self.hook(kind) if kind in KILLED - KILLED_BEFORE else None

    def hook_before(self, kind: EventType) -> str | None:
        """By what an act is refused before it happens; None where it cannot be."""
        if not self.able or not self.tiers or kind not in DECIDED:
            return None
        if kind.name.lower() in self.not_refused:
            return None
        found = hook_before(self.tiers[0], kind)
        return None if in_cgroups(kind) and not self.cgroups else found
