"""Names that evt.type can have: Falco's, which are Linux's system calls and some more."""

from __future__ import annotations

from importlib import resources

from stockade.events._records import EventType

# Falco's events that are no system call.
_OTHERS = {
    "asyncevent",
    "container",
    "cpu_hotplug",
    "drop",
    "groupadded",
    "groupdeleted",
    "infra",
    "k8s",
    "llseek",
    "mesos",
    "notification",
    "page_fault",
    "pluginevent",
    "procexit",
    "procinfo",
    "scapevent",
    "signaldeliver",
    "switch",
    "syscall",
    "tracer",
    "umount",
    "useradded",
    "userdeleted",
}

# What is told of as something else.
_NO_EVENTS = {EventType.NONE, EventType.SOCKETCALL, EventType.RECVMSG, EventType.RECVMMSG}
COLLECTED = frozenset(kind.name.lower() for kind in EventType if kind not in _NO_EVENTS)
KNOWN = (
    COLLECTED
    | _OTHERS
    | frozenset(
        resources.files("stockade.events").joinpath("syscall_names.txt").read_text().split()
    )
)
