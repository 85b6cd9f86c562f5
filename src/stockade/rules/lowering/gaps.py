"""The acts of event types that are decided of which nobody is asked: why, and what tells them."""

from __future__ import annotations

from collections.abc import Mapping

from stockade.events import HOOKS, call_names
from stockade.events._records import EventType
from stockade.rules.lowering import sockets, views
from stockade.rules.lowering.knowledge import Views
from stockade.rules.lowering.sockets import Gap

_ATTACHING = ("PTRACE_ATTACH", "PTRACE_SEIZE", "PTRACE_TRACEME")
_ATTACHED: Gap = (
    f"only attaching is decided: say evt.arg.request in ({', '.join(_ATTACHING)})",
    {"evt.arg.request": views.other_than(*_ATTACHING)},
)
# The agent's own acts are not looked at.
_ITSELF: Gap = (
    "nobody is asked what a process does to itself: say target.is_self = false",
    {
        "target.is_self": views.constant(value=True),
        "target.is_agent": views.constant(value=False),
        "boundary.crosses_container": views.constant(value=False),
    },
)
_NO_USER_NS: Gap = (
    "only new user namespaces are decided: say evt.arg.flags contains CLONE_NEWUSER",
    {"evt.arg.flags": views.without_flag("CLONE_NEWUSER")},
)
_ACLS = tuple(
    (
        f"lists of access are not decided: say not evt.arg.name = {name}",
        {"evt.arg.name": views.constant(name)},
    )
    for name in ("system.posix_acl_access", "system.posix_acl_default")
)
# The others act on the key that a helper was called for, or on nothing.
_LOOKING_UP = tuple(
    name
    for name in call_names.KEYCTL_COMMANDS.values()
    if name
    not in {
        "KEYCTL_INSTANTIATE",
        "KEYCTL_NEGATE",
        "KEYCTL_SET_REQKEY_KEYRING",
        "KEYCTL_ASSUME_AUTHORITY",
        "KEYCTL_REJECT",
        "KEYCTL_INSTANTIATE_IOV",
    }
)
_WITHOUT_KEY: Gap = (
    f"only what looks up a key is decided: say evt.arg.cmd in ({', '.join(_LOOKING_UP)})",
    {"evt.arg.cmd": views.other_than(*_LOOKING_UP)},
)
_GAPS: Mapping[EventType, tuple[Gap, ...]] = {
    EventType.PTRACE: (_ATTACHED,),
    EventType.KEYCTL: (_WITHOUT_KEY,),
    EventType.UNSHARE: (_NO_USER_NS,),
    EventType.CLONE: (_NO_USER_NS,),
    **dict.fromkeys(HOOKS["setxattr"], _ACLS),
    **dict.fromkeys(
        (
            EventType.PROCESS_VM_READV,
            EventType.PROCESS_VM_WRITEV,
            EventType.PIDFD_GETFD,
            # With a siginfo that says that the kernel sent it.
            EventType.PIDFD_SEND_SIGNAL,
            EventType.RT_SIGQUEUEINFO,
            EventType.RT_TGSIGQUEUEINFO,
        ),
        (_ITSELF,),
    ),
}


def gaps(kind: EventType) -> tuple[tuple[str, Views], ...]:
    """Of one event type; what their fields say, as far as it differs from other acts' fields."""
    return (*sockets.gaps(kind), *_GAPS.get(kind, ()))
