"""Acts that are decided before they happen, and what the compiler hands to the loader for that."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from stockade.events._records import OFFSETS, EventType, OpenRecord
from stockade.events.alert import Action
from stockade.events.calls import CALLS, OBSERVED
from stockade.events.policy import Policy

# By hook, the event types that tell of what it is asked about.
HOOKS: dict[str, frozenset[EventType]] = {
    "file_open": frozenset(
        {
            EventType.OPEN,
            EventType.OPENAT,
            EventType.OPENAT2,
            EventType.CREAT,
            EventType.OPEN_BY_HANDLE_AT,
        }
    ),
    "exec": frozenset({EventType.EXECVE, EventType.EXECVEAT}),
    "rename": frozenset({EventType.RENAME, EventType.RENAMEAT, EventType.RENAMEAT2}),
    "link": frozenset({EventType.LINK, EventType.LINKAT}),
    "unlink": frozenset({EventType.UNLINK, EventType.UNLINKAT}),
    "rmdir": frozenset({EventType.RMDIR, EventType.UNLINKAT}),
    "symlink": frozenset({EventType.SYMLINK, EventType.SYMLINKAT}),
    "mkdir": frozenset({EventType.MKDIR, EventType.MKDIRAT}),
    "mknod": frozenset({EventType.MKNOD, EventType.MKNODAT}),
    "chmod": frozenset(
        {EventType.CHMOD, EventType.FCHMOD, EventType.FCHMODAT, EventType.FCHMODAT2}
    ),
    "chown": frozenset({EventType.CHOWN, EventType.FCHOWN, EventType.LCHOWN, EventType.FCHOWNAT}),
    "truncate": frozenset({EventType.TRUNCATE}),
    "setxattr": frozenset({EventType.SETXATTR, EventType.LSETXATTR, EventType.FSETXATTR}),
    "chroot": frozenset({EventType.CHROOT}),
    "mount": frozenset({EventType.MOUNT}),
    "umount": frozenset({EventType.UMOUNT2}),
    "pivot_root": frozenset({EventType.PIVOT_ROOT}),
    "move_mount": frozenset({EventType.MOVE_MOUNT}),
    "bpf": frozenset({EventType.BPF}),
    "ptrace": frozenset(
        {
            EventType.PTRACE,
            EventType.PROCESS_VM_READV,
            EventType.PROCESS_VM_WRITEV,
            EventType.PIDFD_GETFD,
        }
    ),
    "traceme": frozenset({EventType.PTRACE}),
    "signal": frozenset(
        {
            EventType.KILL,
            EventType.TKILL,
            EventType.TGKILL,
            EventType.RT_SIGQUEUEINFO,
            EventType.RT_TGSIGQUEUEINFO,
            EventType.PIDFD_SEND_SIGNAL,
        }
    ),
    "perf_event": frozenset({EventType.PERF_EVENT_OPEN}),
    "read_file": frozenset({EventType.FINIT_MODULE, EventType.KEXEC_FILE_LOAD}),
    "load_data": frozenset({EventType.INIT_MODULE, EventType.KEXEC_LOAD}),
    "io_uring": frozenset({EventType.IO_URING_SETUP}),
    "userfaultfd": frozenset({EventType.USERFAULTFD}),
    "keys": frozenset({EventType.ADD_KEY, EventType.REQUEST_KEY, EventType.KEYCTL}),
    "alloc_key": frozenset({EventType.ADD_KEY, EventType.REQUEST_KEY, EventType.KEYCTL}),
    "syslog": frozenset({EventType.SYSLOG}),
    "new_userns": frozenset({EventType.UNSHARE, EventType.CLONE}),
    "connect4": frozenset({EventType.CONNECT}),
    "connect6": frozenset({EventType.CONNECT}),
    "sendmsg4": frozenset({EventType.SENDTO, EventType.SENDMSG}),
    "sendmsg6": frozenset({EventType.SENDTO, EventType.SENDMSG}),
    "bind4": frozenset({EventType.BIND}),
    "bind6": frozenset({EventType.BIND}),
    "sock_create": frozenset({EventType.SOCKET}),
}
# Those that io_uring asks for, too: then there are no system call's arguments.
BY_REQUEST = frozenset().union(
    *(HOOKS[name] for name in ("rename", "link", "unlink", "rmdir", "symlink", "mkdir"))
)
# What is done by a descriptor, whose file the hook is told of.
BY_DESCRIPTOR = HOOKS["read_file"] | {EventType.FCHMOD, EventType.FCHOWN}
# What a process does to another one.
BETWEEN_PROCESSES = HOOKS["ptrace"] | HOOKS["signal"]
DECIDED = frozenset(kind for kinds in HOOKS.values() for kind in kinds)
# Those whose acts can end their process before it is back in user mode: system calls, and what
# passes their way; of these it cannot be told by what has happened.
KILLED = DECIDED | frozenset(CALLS.keys() - OBSERVED)
KILLED_BEFORE = frozenset({EventType.CLONE})


class Points(msgspec.Struct, frozen=True):
    """Where acts can be decided, on some node.

    Attributes:
        before: the event types of which acts are decided before they happen.
        after: those of which only rules that kill decide, when the act has happened.
    """

    before: frozenset[EventType] = frozenset()
    after: frozenset[EventType] = frozenset()


NOWHERE = Points()

_WORD_BITS = 64
# How many bits a record has for that.
FIRED_MAX = _WORD_BITS * sum(place.startswith("header.fired.") for place in OFFSETS[OpenRecord])


class RuleKey(NamedTuple):
    """Names a rule among those at work: policies make several of one name.

    Attributes:
        policy: that governs it; None for none.
        effective: what is done for it there.
    """

    name: str
    policy: str | None
    effective: Action


class Fired(msgspec.Struct, frozen=True):
    """What a bit of a decision stands for.

    Attributes:
        rule: one that fires with it.
        certain: whether it does; or its scope, or what the agent has to find out, was not known.
    """

    rule: RuleKey
    certain: bool


class Decisions(msgspec.Struct, frozen=True):
    """The rules that deny or kill, as far as the kernel decides them.

    Attributes:
        policy: the programs that decide, by event type.
        fired: by event type, what each bit stands for.
        set: a name for all of them, never 0.
        scopes: a name for the parts that depend on a container alone.
        containers, host: the event types that are decided before the act, by whose acts.
        killed_containers, killed_host: the same of those that are decided after it.
        closed: those of them that are refused where there is nobody to decide.
    """

    policy: Policy = Policy()
    fired: dict[int, tuple[tuple[Fired, ...], ...]] = {}
    set: int = 0
    scopes: int = 0
    containers: frozenset[int] = frozenset()
    host: frozenset[int] = frozenset()
    killed_containers: frozenset[int] = frozenset()
    killed_host: frozenset[int] = frozenset()
    closed: frozenset[int] = frozenset()


def fired_bits(words: tuple[int, ...]) -> list[int]:
    """The numbers of the bits that are set."""
    return [
        number
        for number in range(len(words) * _WORD_BITS)
        if words[number // _WORD_BITS] >> number % _WORD_BITS & 1
    ]
