"""Every system call that is told of by a call_record: what its arguments are.

Adding one takes a line here and its name in enum event_type.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from stockade.events import call_names as names
from stockade.events._records import CallRecord, CallShape, EventType, WantedFlags
from stockade.events.event import Event
from stockade.events.field import Resolver, text_value
from stockade.events.flags import CLONE_FLAGS, flag_names, mode_names
from stockade.events.values import ABSENT, UNKNOWN, Value

_RESULT = 7  # SHAPE_RESULT
Numbers: TypeAlias = tuple[tuple[int, ...], ...]

# Family and name; numbers on x86-64, i386, arm64 and arm (arch/*/entry/syscalls/*.tbl), several
# where a call has variants (of 16-bit ids, of 64-bit lengths, x32's), - for what is no system call;
# then the arguments in order: name=kind. The first path is the record's old one, the second its new
# one; a dir before a path is where that starts. A descriptor of kind file is looked at, of a peer
# who is at its other end; "returns" says that what comes back is one.
_TABLE = """
file rename 82:38:-:38 oldpath=path newpath=path
file renameat 264:302:38:329 olddirfd=dir oldpath=path newdirfd=dir newpath=path
file renameat2 316:353:276:382 olddirfd=dir oldpath=path newdirfd=dir newpath=path flags=rename
file link 86:9:-:9 oldpath=path newpath=path
file linkat 265:303:37:330 olddirfd=dir oldpath=path newdirfd=dir newpath=path flags=at
file symlink 88:83:-:83 target=text linkpath=path
file symlinkat 266:304:36:331 target=text linkdirfd=dir linkpath=path
file unlink 87:10:-:10 path=path
file unlinkat 263:301:35:328 dirfd=dir name=path flags=at
file rmdir 84:40:-:40 path=path
file mkdir 83:39:-:39 path=path mode=mode
file mkdirat 258:296:34:323 dirfd=dir path=path mode=mode
file mknod 133:14:-:14 path=path mode=node dev=device
file mknodat 259:297:33:324 dirfd=dir path=path mode=node dev=device
file chmod 90:15:-:15 filename=path mode=mode
file fchmod 91:94:52:94 fd=file mode=mode
file fchmodat 268:306:53:333 dirfd=dir filename=path mode=mode
file fchmodat2 452:452:452:452 dirfd=dir filename=path mode=mode flags=at
file chown 92:212/182:-:212 path=path uid=id gid=id
file lchown 94:198/16:-:198 path=path uid=id gid=id
file fchown 93:207/95:55:207 fd=file uid=id gid=id
file fchownat 260:298:54:325 dirfd=dir pathname=path uid=id gid=id flags=at
file setxattr 188:226:5:226 path=path name=text value=pointer size=int flags=int
file lsetxattr 189:227:6:227 path=path name=text value=pointer size=int flags=int
file fsetxattr 190:228:7:228 fd=file name=text value=pointer size=int flags=int
file truncate 76:92/193:45:92 path=path length=long
file ftruncate 77:93/194:46:93 fd=file length=long
file memfd_create 319:356:279:385 name=text flags=memfd returns
mount mount 165:21:40:21 dev=path dir=path type=text flags=mount data=pointer
mount umount2 166:52/22:39:52 name=path flags=umount
mount pivot_root 155:217:41:218 new_root=path put_old=path
mount chroot 161:61:51:61 path=path
mount chdir 80:12:49:12 path=path
mount fchdir 81:133:50:133 fd=file
mount fsopen 430:430:430:430 fstype=text flags=int returns
mount fsconfig 431:431:431:431 fd=int cmd=fsconfig key=text value=pointer aux=int
mount fsmount 432:432:432:432 fd=int flags=int attr_flags=int returns
mount fspick 433:433:433:433 dirfd=dir path=path flags=int returns
mount open_tree 428:428:428:428 dirfd=dir path=path flags=open_tree returns
mount move_mount 429:429:429:429 from_dirfd=dir from_path=path to_dirfd=dir to_path=path flags=int
mount mount_setattr 442:442:442:442 dirfd=dir path=path flags=int
namespace setns 308:346:268:375 fd=file nstype=clone
namespace unshare 272:310:97:337 flags=clone
process ptrace 101/521:26:117:26 request=ptrace pid=pid addr=pointer data=pointer
process process_vm_readv 310/539:347:270:376 pid=pid
process process_vm_writev 311/540:348:271:377 pid=pid
process pidfd_open 434:434:434:434 pid=pid flags=int
process pidfd_getfd 438:438:438:438 pid_fd=pidfd target_fd=int flags=int returns
process pidfd_send_signal 424:424:424:424 pid_fd=pidfd sig=signal
process kill 62:37:129:37 pid=pid sig=signal
process tkill 200:238:130:238 tid=pid sig=signal
process tgkill 234:270:131:268 pid=int tid=pid sig=signal
process rt_sigqueueinfo 129/524:178:138:178 pid=pid sig=signal
process rt_tgsigqueueinfo 297/536:335:240:363 tgid=int tid=pid sig=signal
process prlimit64 302:340:261:369 pid=pid resource=rlimit new_limit=pointer old_limit=pointer
credentials capset 126:185:91:185 header=pointer data=caps
credentials setuid 105:213/23:146:213 uid=id
credentials setgid 106:214/46:144:214 gid=id
credentials setreuid 113:203/70:145:203 ruid=id euid=id
credentials setregid 114:204/71:143:204 rgid=id egid=id
credentials setresuid 117:208/164:147:208 ruid=id euid=id suid=id
credentials setresgid 119:210/170:149:210 rgid=id egid=id sgid=id
credentials setfsuid 122:215/138:151:215 uid=id
credentials setfsgid 123:216/139:152:216 gid=id
credentials setgroups 116:206/81:159:206 size=int list=pointer
credentials prctl 157:172:167:172 option=prctl arg2_int=long arg3=long arg4=long arg5=long
credentials seccomp 317:354:277:383 op=seccomp flags=filter
kernel bpf 321:357:280:386 cmd=bpf attr=pointer size=int
kernel perf_event_open 298:336:241:364 attr=pointer pid=int cpu=int group_fd=int flags=int
kernel init_module 175:128:105:128 img=pointer length=long uargs=text
kernel finit_module 313:350:273:379 fd=file uargs=text flags=int
kernel delete_module 176:129:106:129 name=text flags=int
kernel kexec_load 246/528:283:104:347 entry=pointer segments=long list=pointer flags=int
kernel kexec_file_load 320:-:294:401 fd=file initrd_fd=int length=long cmdline=text flags=int
kernel iopl 172:110:-:- level=int
kernel ioperm 173:101:-:- from=long num=long turn_on=int
kernel syslog 103:103:116:103 type=syslog buf=pointer len=int
kernel userfaultfd 323:374:282:388 flags=int returns
kernel add_key 248:286:217:309 type=text description=pointer payload=pointer len=int
kernel request_key 249:287:218:310 type=text description=pointer
kernel keyctl 250:288:219:311 cmd=keyctl
kernel io_uring_setup 425:425:425:425 entries=int params=pointer returns
kernel io_uring_register 427:427:427:427 fd=int opcode=int arg=pointer nr_args=int
network socket 41:359:198:281 domain=domain type=socktype proto=int returns
network bind 49:361:200:282 fd=file addr=address
network connect 42:362:203:283 fd=file addr=address
network listen 50:363:201:284 fd=file backlog=int
network accept 43:-:202:285 fd=int returns
network accept4 288:364:242:366 fd=int addr=pointer addrlen=pointer flags=int returns
network sendto 44:369:206:290 fd=file buf=pointer size=long flags=int addr=address
network sendmsg 46/518:370:211:296 fd=file msg=message flags=int
network dup 32:41:23:41 fd=int returns
network dup2 33:63:-:63 oldfd=int newfd=int returns
network dup3 292:330:24:358 oldfd=int newfd=int flags=int returns
network receive_fd - socket=peer num=file
cgroup cgroup_mkdir - path=text id=long
cgroup cgroup_attach_task - path=text id=long
boundary boundary_sweep -
kernel io_uring - op=uring
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
        numbers: by architecture; empty for what no system call is called.
        arguments: (name, kind) in order.
        returns: what it returns is a descriptor to look at.
    """

    family: str
    numbers: Numbers
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
        family, name, numbers, *words = line.split()
        arguments = [tuple(word.split("=")) for word in words if word != "returns"]
        calls[EventType[name.upper()]] = Call(
            family,
            () if numbers == "-" else parse_numbers(numbers),
            tuple((each[0], each[1]) for each in arguments),
            "returns" in words,
        )
    return calls


def parse_numbers(text: str) -> Numbers:
    """Those of each architecture: 59/520:11:221:11."""
    return tuple(
        tuple(int(each) for each in column.split("/") if each != "-") for column in text.split(":")
    )


CALLS = _parse()
# What no system call is called.
OBSERVED = frozenset(kind for kind, call in CALLS.items() if not call.numbers)
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
    call = CALLS.get(kind, Call("", (), (), returns=False))
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
        decided=WantedFlags(0),
        killed=WantedFlags(0),
        closed=0,
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
    # In clone's own flags the last of these is a part of the exit signal.
    "clone": Flagged({**CLONE_FLAGS, names.CLONE_NEWTIME: "CLONE_NEWTIME"}),
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
    "rlimit": Named(names.RLIMITS),
    "seccomp": Named(names.SECCOMP_OPERATIONS),
    "signal": Named({each.value: each.name for each in signal.Signals}),
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
