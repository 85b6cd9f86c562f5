"""Every system call that is told of by a call_record: what its arguments are.

Adding one takes a line here, its numbers in kernel/syscalls.py and its name in
enum event_type.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stockade.events import call_names as names
from stockade.events._records import CallRecord, CallShape, EventType, WantedFlags
from stockade.events.event import Event
from stockade.events.field import Resolver, text_value
from stockade.events.flags import clone_flags, flag_names, mode_names
from stockade.events.values import ABSENT, UNKNOWN, Value

_RESULT = 7  # SHAPE_RESULT

# Family and name, then the arguments in order: name=kind. The first path is the record's old one,
# the second its new one; a dir before a path is where that starts. A descriptor of kind file is
# looked at, of a peer who is at its other end; "returns" says that what comes back is one.
_TABLE = """
file rename oldpath=path newpath=path
file renameat olddirfd=dir oldpath=path newdirfd=dir newpath=path
file renameat2 olddirfd=dir oldpath=path newdirfd=dir newpath=path flags=rename
file link oldpath=path newpath=path
file linkat olddirfd=dir oldpath=path newdirfd=dir newpath=path flags=at
file symlink target=text linkpath=path
file symlinkat target=text linkdirfd=dir linkpath=path
file unlink path=path
file unlinkat dirfd=dir name=path flags=at
file rmdir path=path
file mkdir path=path mode=mode
file mkdirat dirfd=dir path=path mode=mode
file mknod path=path mode=node dev=device
file mknodat dirfd=dir path=path mode=node dev=device
file chmod filename=path mode=mode
file fchmod fd=file mode=mode
file fchmodat dirfd=dir filename=path mode=mode
file fchmodat2 dirfd=dir filename=path mode=mode flags=at
file chown path=path uid=id gid=id
file lchown path=path uid=id gid=id
file fchown fd=file uid=id gid=id
file fchownat dirfd=dir pathname=path uid=id gid=id flags=at
file setxattr path=path name=text value=pointer size=int flags=int
file lsetxattr path=path name=text value=pointer size=int flags=int
file fsetxattr fd=file name=text value=pointer size=int flags=int
file truncate path=path length=long
file ftruncate fd=file length=long
file memfd_create name=text flags=memfd returns
mount mount dev=path dir=path type=text flags=mount data=pointer
mount umount2 name=path flags=umount
mount pivot_root new_root=path put_old=path
mount chroot path=path
mount chdir path=path
mount fchdir fd=file
mount fsopen fstype=text flags=int returns
mount fsconfig fd=int cmd=fsconfig key=text value=pointer aux=int
mount fsmount fd=int flags=int attr_flags=int returns
mount fspick dirfd=dir path=path flags=int returns
mount open_tree dirfd=dir path=path flags=open_tree returns
mount move_mount from_dirfd=dir from_path=path to_dirfd=dir to_path=path flags=int
mount mount_setattr dirfd=dir path=path flags=int
namespace setns fd=file nstype=clone
namespace unshare flags=clone
process ptrace request=ptrace pid=pid addr=pointer data=pointer
process process_vm_readv pid=pid
process process_vm_writev pid=pid
process pidfd_open pid=pid flags=int
process pidfd_getfd pid_fd=pidfd target_fd=int flags=int returns
process pidfd_send_signal pid_fd=pidfd sig=signal
process kill pid=pid sig=signal
process tkill tid=pid sig=signal
process tgkill pid=int tid=pid sig=signal
process rt_sigqueueinfo pid=pid sig=signal
credentials capset header=pointer data=caps
credentials setuid uid=id
credentials setgid gid=id
credentials setreuid ruid=id euid=id
credentials setregid rgid=id egid=id
credentials setresuid ruid=id euid=id suid=id
credentials setresgid rgid=id egid=id sgid=id
credentials setfsuid uid=id
credentials setfsgid gid=id
credentials setgroups size=int list=pointer
credentials prctl option=prctl arg2_int=long arg3=long arg4=long arg5=long
credentials seccomp op=seccomp flags=filter
kernel bpf cmd=bpf attr=pointer size=int
kernel perf_event_open attr=pointer pid=int cpu=int group_fd=int flags=int
kernel init_module img=pointer length=long uargs=text
kernel finit_module fd=file uargs=text flags=int
kernel delete_module name=text flags=int
kernel kexec_load entry=pointer segments=long list=pointer flags=int
kernel kexec_file_load fd=file initrd_fd=int length=long cmdline=text flags=int
kernel iopl level=int
kernel ioperm from=long num=long turn_on=int
kernel syslog type=syslog buf=pointer len=int
kernel userfaultfd flags=int returns
kernel add_key type=text description=pointer payload=pointer len=int
kernel request_key type=text description=pointer
kernel keyctl cmd=keyctl
kernel io_uring_setup entries=int params=pointer returns
kernel io_uring_register fd=int opcode=int arg=pointer nr_args=int
network socket domain=domain type=socktype proto=int returns
network bind fd=file addr=address
network connect fd=file addr=address
network listen fd=file backlog=int
network accept fd=int returns
network accept4 fd=int addr=pointer addrlen=pointer flags=int returns
network sendto fd=file buf=pointer size=long flags=int addr=address
network sendmsg fd=file msg=message flags=int
network receive_fd socket=peer num=file
cgroup cgroup_mkdir path=text id=long
cgroup cgroup_attach_task path=text id=long
boundary boundary_sweep
kernel io_uring op=uring
"""


def of_call(read: Callable[[CallRecord], Value]) -> Resolver:
    """A field that only calls have."""

    def resolve(event: Event) -> Value:
        return read(event.record) if isinstance(event.record, CallRecord) else ABSENT

    return resolve


_WORDS = {"caps": 6}  # effective, permitted, inheritable of bits 0 to 31; then of the rest


@dataclass(frozen=True, slots=True)
class Call:
    """A system call.

    Attributes:
        family: what it is about; its events have the fields of that kind.
        arguments: (name, kind) in order.
        returns: what it returns is a descriptor to look at.
    """

    family: str
    arguments: tuple[tuple[str, str], ...]
    returns: bool

    def position(self, kind: str, nth: int = 0) -> int:
        """Number of the nth argument of a kind, from 1; 0 for none."""
        found = [at for at, (_, each) in enumerate(self.arguments, 1) if each == kind]
        return found[nth] if nth < len(found) else 0

    def directory(self, path: int) -> int:
        """Number of the argument that a path starts from; 0 for the working directory."""
        return path - 1 if path > 1 and self.arguments[path - 2][1] == "dir" else 0


def _parse() -> dict[EventType, Call]:
    calls = {}
    for line in _TABLE.strip().split("\n"):
        family, name, *words = line.split()
        arguments = [tuple(word.split("=")) for word in words if word != "returns"]
        calls[EventType[name.upper()]] = Call(
            family, tuple((each[0], each[1]) for each in arguments), "returns" in words
        )
    return calls


CALLS = _parse()
# What no system call is called.
OBSERVED = frozenset(
    {
        EventType.RECEIVE_FD,
        EventType.CGROUP_MKDIR,
        EventType.CGROUP_ATTACH_TASK,
        EventType.BOUNDARY_SWEEP,
        EventType.IO_URING,
    }
)
FAMILIES = tuple(sorted({call.family for call in CALLS.values()}))


# The variants of one call: what their paths lead to is kept under the first.
_VARIANTS = (
    (EventType.RENAME, EventType.RENAMEAT, EventType.RENAMEAT2),
    (EventType.LINK, EventType.LINKAT),
    (EventType.UNLINK, EventType.UNLINKAT, EventType.RMDIR),
    (EventType.SYMLINK, EventType.SYMLINKAT),
    (EventType.MKDIR, EventType.MKDIRAT),
    (EventType.MKNOD, EventType.MKNODAT),
    (EventType.TRUNCATE,),
    (EventType.CHMOD, EventType.FCHMODAT, EventType.FCHMODAT2),
    (EventType.CHOWN, EventType.LCHOWN, EventType.FCHOWNAT),
    (EventType.CHROOT,),
    (EventType.MOUNT,),
    (EventType.UMOUNT2,),
    (EventType.PIVOT_ROOT,),
    (EventType.MOVE_MOUNT,),
)
_KEPT_UNDER = {kind: variants[0] for variants in _VARIANTS for kind in variants}


def kept_under(kind: EventType) -> EventType | None:
    """The type under which it is kept what a call's paths lead to; None for other calls."""
    return _KEPT_UNDER.get(kind)


def shape(kind: EventType, wanted: WantedFlags, kept: WantedFlags) -> CallShape:
    """What the kernel's program has to know of an event type.

    Args:
        kind: the type.
        wanted: of whom it is reported.
        kept: of whom it is kept what paths lead to, under this type.
    """
    call = CALLS.get(kind, Call("", (), returns=False))
    old, new = call.position("path"), call.position("path", 1)
    words = next((name for name in _WORDS if call.position(name)), "")
    return CallShape(
        wanted=wanted,
        old_path=old,
        old_dir=call.directory(old),
        new_path=new,
        new_dir=call.directory(new),
        text=call.position("text"),
        file=_RESULT if call.returns else call.position("file"),
        address=call.position("address"),
        pid=call.position("pid"),
        words=call.position(words),
        word_count=_WORDS.get(words, 0),
        pidfd=call.position("pidfd"),
        message=call.position("message"),
        peer=call.position("peer"),
        object=kept_under(kind) or EventType.NONE,
        kept=kept,
    )


def _signed(value: int) -> int:
    """The int that a register holds in its lower half."""
    return (value & 0xFFFFFFFF ^ 0x80000000) - 0x80000000


@dataclass(frozen=True, slots=True)
class Named:
    """An int by its name, or else in decimal."""

    table: Mapping[int, str]

    def __call__(self, value: int) -> str:
        """As rules see it."""
        return self.table.get(_signed(value), str(_signed(value)))


@dataclass(frozen=True, slots=True)
class Flagged:
    """The bits of an unsigned int by their names."""

    table: Mapping[int, str]

    def __call__(self, value: int) -> str:
        """As rules see them, with | between."""
        return "|".join(flag_names(self.table, value & 0xFFFFFFFF))


def _signal(value: int) -> str:
    try:
        return signal.Signals(_signed(value)).name
    except ValueError:
        return str(_signed(value))


def _namespaces(value: int) -> list[str]:
    """In clone's own flags the lowest of these is a part of the exit signal."""
    time = ["CLONE_NEWTIME"] if value & names.CLONE_NEWTIME else []
    return [*clone_flags(value & 0xFFFFFFFF), *time]


def _id(value: int) -> str:
    """A user or group; -1 leaves it as it is."""
    return "-1" if _signed(value) == -1 else str(value & 0xFFFFFFFF)


def _device(value: int) -> str:
    return f"{value >> 8 & 0xFFF}:{value & 0xFF | value >> 12 & 0xFFF00}"


def _socket_type(value: int) -> str:
    return names.SOCKET_TYPES.get(value & 0xF, str(value & 0xF))


FORMATS: dict[str, Callable[[int], str]] = {
    "at": Flagged(names.AT_FLAGS),
    "bpf": Named(names.BPF_COMMANDS),
    "clone": lambda value: "|".join(_namespaces(value)) or "0",
    "device": _device,
    "dir": lambda value: "AT_FDCWD" if _signed(value) == names.AT_FDCWD else str(_signed(value)),
    "domain": Named(names.DOMAINS),
    "filter": Flagged(names.SECCOMP_FLAGS),
    "fsconfig": Named(names.FSCONFIG_COMMANDS),
    "keyctl": Named(names.KEYCTL_COMMANDS),
    "id": _id,
    "message": hex,
    "long": lambda value: str(value - (1 << 64) if value >> 63 else value),
    "memfd": Flagged(names.MEMFD_FLAGS),
    "mode": lambda value: "|".join(mode_names(value & 0xFFFF)),
    "mount": Flagged(names.MOUNT_FLAGS),
    "node": lambda value: "|".join(
        [names.NODE_TYPES.get(value & 0o170000, "S_IFREG"), *mode_names(value & 0o7777)]
    ),
    "open_tree": Flagged(names.OPEN_TREE_FLAGS),
    "pointer": hex,
    "prctl": Named(names.PRCTL_OPTIONS),
    "ptrace": Named(names.PTRACE_REQUESTS),
    "rename": Flagged(names.RENAME_FLAGS),
    "seccomp": Named(names.SECCOMP_OPERATIONS),
    "signal": _signal,
    "socktype": _socket_type,
    "syslog": Named(names.SYSLOG_ACTIONS),
    "umount": Flagged(names.UMOUNT_FLAGS),
    "uring": Named(names.URING_OPERATIONS),
}
# Kinds whose values are names with | between them.
FLAG_KINDS = frozenset(
    "at clone filter memfd mode mount node open_tree rename umount".split(),
)


def argument(record: CallRecord, name: str) -> Value:
    """An argument by its name, as text; ABSENT where the call has none of that name."""
    call = CALLS[EventType(record.header.type)]
    for at, (each, kind) in enumerate(call.arguments):
        if each == name:
            return _value(record, call, at, kind)
    return ABSENT


def _value(record: CallRecord, call: Call, at: int, kind: str) -> Value:
    if kind == "path":
        path = record.old if call.position("path") == at + 1 else record.new
        return text_value(path.text)
    if kind == "text":
        return text_value(record.text)
    if kind in _WORDS or kind == "address":
        return UNKNOWN
    raw = record.args[at]
    form = FORMATS.get(kind)
    return form(raw) if form else str(_signed(raw))


def capabilities(record: CallRecord) -> dict[str, int] | None:
    """The sets that capset asks for; None where they could not be read."""
    if not record.words.known or not record.words.value:
        return None
    raw = record.words.value.encode("utf-8", "surrogateescape")
    words = [int.from_bytes(raw[at : at + 4], "little") for at in range(0, len(raw), 4)]
    low, high = words[:3], words[3:]
    found = [first | second << 32 for first, second in zip(low, high or (0, 0, 0), strict=True)]
    return dict(zip(("cap_effective", "cap_permitted", "cap_inheritable"), found, strict=True))
