"""Record layouts and fields. Generated from bpf/include by stockade.events.generate; not edited."""

from __future__ import annotations

import struct
from collections.abc import Callable
from enum import IntEnum, IntFlag

import msgspec

from stockade.errors import RecordError
from stockade.events.text import Text, fixed_text, read_text


LAYOUT = "912446803aa8822c2375e7ab8fcad786ba7117a86fd7c725b0df0c087369b959"


ANCESTORS_MAX = 8


class EventType(IntEnum):
    """enum event_type."""

    NONE = 0
    OPEN = 1
    OPENAT = 2
    OPENAT2 = 3
    CREAT = 4
    OPEN_BY_HANDLE_AT = 5
    EXECVE = 6
    EXECVEAT = 7
    CLONE = 8
    PROCEXIT = 9
    CONTAINER = 10
    CONTAINER_CREATE = 11
    CONTAINER_EXEC = 12
    CONTAINER_VISIT = 13
    CONTAINER_STOP = 14
    CONTAINER_DISCARD = 15
    SETNS = 16
    UNSHARE = 17
    RENAME = 18
    RENAMEAT = 19
    RENAMEAT2 = 20
    LINK = 21
    LINKAT = 22
    SYMLINK = 23
    SYMLINKAT = 24
    UNLINK = 25
    UNLINKAT = 26
    RMDIR = 27
    MKDIR = 28
    MKDIRAT = 29
    MKNOD = 30
    MKNODAT = 31
    CHMOD = 32
    FCHMOD = 33
    FCHMODAT = 34
    FCHMODAT2 = 35
    CHOWN = 36
    LCHOWN = 37
    FCHOWN = 38
    FCHOWNAT = 39
    SETXATTR = 40
    LSETXATTR = 41
    FSETXATTR = 42
    TRUNCATE = 43
    FTRUNCATE = 44
    MEMFD_CREATE = 45
    MOUNT = 46
    UMOUNT2 = 47
    PIVOT_ROOT = 48
    CHROOT = 49
    CHDIR = 50
    FCHDIR = 51
    FSOPEN = 52
    FSCONFIG = 53
    FSMOUNT = 54
    FSPICK = 55
    OPEN_TREE = 56
    MOVE_MOUNT = 57
    MOUNT_SETATTR = 58
    PTRACE = 59
    PROCESS_VM_READV = 60
    PROCESS_VM_WRITEV = 61
    PIDFD_OPEN = 62
    PIDFD_GETFD = 63
    PIDFD_SEND_SIGNAL = 64
    KILL = 65
    TKILL = 66
    TGKILL = 67
    RT_SIGQUEUEINFO = 68
    CAPSET = 69
    SETUID = 70
    SETGID = 71
    SETREUID = 72
    SETREGID = 73
    SETRESUID = 74
    SETRESGID = 75
    SETFSUID = 76
    SETFSGID = 77
    SETGROUPS = 78
    PRCTL = 79
    SECCOMP = 80
    BPF = 81
    PERF_EVENT_OPEN = 82
    INIT_MODULE = 83
    FINIT_MODULE = 84
    DELETE_MODULE = 85
    KEXEC_LOAD = 86
    KEXEC_FILE_LOAD = 87
    IOPL = 88
    IOPERM = 89
    SYSLOG = 90
    USERFAULTFD = 91
    ADD_KEY = 92
    REQUEST_KEY = 93
    KEYCTL = 94
    IO_URING_SETUP = 95
    IO_URING_REGISTER = 96
    SOCKET = 97
    BIND = 98
    CONNECT = 99
    LISTEN = 100
    ACCEPT = 101
    ACCEPT4 = 102
    SENDTO = 103
    SENDMSG = 104
    SOCKETCALL = 105
    RECVMSG = 106
    RECVMMSG = 107
    RECEIVE_FD = 108
    IO_URING = 109
    CGROUP_MKDIR = 110
    CGROUP_ATTACH_TASK = 111
    BOUNDARY_SWEEP = 112
    CONTAINER_ACTIVITY = 113
    RT_TGSIGQUEUEINFO = 114
    PRLIMIT64 = 115
    DUP = 116
    DUP2 = 117
    DUP3 = 118


class RecordKind(IntEnum):
    """enum record_kind."""

    NONE = 0
    OPEN = 1
    EXEC = 2
    FORK = 3
    EXIT = 4
    CALL = 5
    CONTAINER = 6


class StringState(IntEnum):
    """enum string_state."""

    ABSENT = 0
    VALUE = 1
    UNKNOWN = 2


class StringFlags(IntFlag):
    """enum string_flags."""

    TRUNCATED = 1
    ARGUMENT = 2


class PathFlags(IntFlag):
    """enum path_flags."""

    DELETED = 1
    DISCONNECTED = 2
    OUTSIDE = 4
    FOREIGN = 8
    NEW_DISK = 16
    UPPER = 32


class TargetFlags(IntFlag):
    """enum target_flags."""

    AGENT = 1
    PUBLIC = 2
    SELF = 4


class FdFlags(IntFlag):
    """enum fd_flags."""

    SHARED = 1
    REPLACED = 2


class Outcome(IntEnum):
    """enum outcome."""

    ALLOW = 0
    AUDIT = 1
    DENY = 2
    KILL = 3


class LossReason(IntEnum):
    """enum loss_reason."""

    RING_FULL = 0
    SCRATCH_BUSY = 1
    TRUNCATED = 2
    UNRESOLVED = 3
    REPLACED = 4
    MEMBERS_FULL = 5
    CONTAINERS_FULL = 6
    UNDECIDED = 7


class Role(IntEnum):
    """enum role."""

    HOST = 0
    SETUP = 1
    MEMBER = 2
    VISITOR = 3


class ContainerState(IntEnum):
    """enum container_state."""

    CREATED = 0
    RUNNING = 1


class MemberFlags(IntFlag):
    """enum member_flags."""

    ENTERED = 1
    JOINED = 256
    LEFT = 65536


class BoundaryFlags(IntFlag):
    """enum boundary_flags."""

    LEFT_CGROUP = 1
    HOST_NS = 2
    HOST_ROOT = 4
    FOREIGN_MOUNT = 8
    CAPS_GAINED = 16
    SECCOMP_DROPPED = 32
    NNP_CLEARED = 64
    CRED_TAMPERED = 128
    NS_TAMPERED = 256


class NamespaceFlags(IntFlag):
    """enum namespace_flags."""

    MNT = 1
    PID = 2
    NET = 4
    USER = 8
    IPC = 16
    UTS = 32
    CGROUP = 64
    TIME = 128


class WantedFlags(IntFlag):
    """enum wanted_flags."""

    CONTAINERS = 1
    HOST = 2


class NeedFlags(IntFlag):
    """enum need_flags."""

    WHOLE_TASK = 1
    HOST_VIEW = 2
    CONTAINER = 4
    PROCESS = 8
    PARENT = 16
    ANCESTORS = 32
    FS_PATH = 64
    DETAILS = 128


class Verdict(IntEnum):
    """enum verdict."""

    NONE = 0
    DROP = 1
    SUBMIT = 2


class View(IntEnum):
    """enum view."""

    UNKNOWN = 0
    NOWHERE = 1
    SAME = 2
    VAR_LIB = 3
    RUN = 4
    TMP = 5
    HOME = 6
    MNT = 7


class ProcessId(msgspec.Struct, frozen=True, gc=False):
    """struct process_id."""

    start_ns: int
    tgid: int


class AncestorId(msgspec.Struct, frozen=True, gc=False):
    """struct ancestor_id."""

    start_ns: int
    tgid: int
    exec_id: int
    """changes at exec"""


class Namespaces(msgspec.Struct, frozen=True, gc=False):
    """struct namespaces."""

    mnt: int
    """inode number of the mount namespace"""
    pid: int
    """inode number of the active pid namespace"""
    pid_for_children: int
    """inode number of the pid namespace that children will be in"""
    net: int
    """inode number of the network namespace"""
    user: int
    """inode number of the user namespace"""
    ipc: int
    """inode number of the IPC namespace"""
    uts: int
    """inode number of the UTS namespace"""
    cgroup: int
    """inode number of the cgroup namespace"""
    time: int
    """inode number of the time namespace, 0 on kernels without them"""


class Task(msgspec.Struct, frozen=True, gc=False):
    """struct task."""

    container: int
    """key of the container it belongs to, 0 for the host"""
    process: ProcessId
    """the task's process"""
    cap_effective: int
    """effective capabilities"""
    cap_permitted: int
    """permitted capabilities"""
    cap_inheritable: int
    """inheritable capabilities"""
    cap_bounding: int
    """capability bounding set"""
    cap_ambient: int
    """ambient capabilities"""
    pid: int
    """thread id in the initial pid namespace"""
    uid: int
    """real user id"""
    euid: int
    """effective user id"""
    gid: int
    """real group id"""
    egid: int
    """effective group id"""
    role: int
    """enum role"""
    boundary: int
    """enum boundary_flags"""
    loginuid: int
    """login user id, 4294967295 when never set"""
    comm: str
    """command name of the task"""
    ancestors: tuple[AncestorId, ...]
    """parent first, zero after the last"""
    ns: Namespaces
    cgroup_id: int
    """kernfs id of the task's cgroup"""
    ns_tgid: int
    """process id in the task's own pid namespace"""
    ns_pid: int
    """thread id in the task's own pid namespace"""
    sid: int
    """session id in the initial pid namespace"""
    pgid: int
    """process group id in the initial pid namespace"""
    ns_pgid: int
    """process group id in the task's own pid namespace, 0 when outside"""
    tty: int
    """device number of the controlling terminal, 0 for none"""
    exec_id: int
    """changes at exec"""
    cgroup: Text
    """name of the task's cgroup"""


class RecordHeader(msgspec.Struct, frozen=True, gc=False):
    """struct record_header."""

    time_ns: int
    """time of the hook, ns since boot"""
    size: int
    """bytes of the record with its tail"""
    kind: int
    """enum record_kind"""
    type: int
    """enum event_type"""
    result: int
    """return value: a descriptor, 0, or a negative errno"""
    rules: int
    """the set of rules that fired is about, 0 where none decided"""
    fired: tuple[int, ...]
    """those of them that did, a bit each"""
    outcome: int
    """enum outcome"""
    task: Task


class FileObject(msgspec.Struct, frozen=True, gc=False):
    """struct file_object."""

    inode: int
    """inode number"""
    dev: int
    """device number of the filesystem, as /proc/PID/mountinfo gives it"""
    rdev: int
    """device number of a device node"""
    mode: int
    """inode type and permission bits"""
    uid: int
    """owner of the inode"""
    links: int
    """hard links"""
    path_flags: int
    """enum path_flags"""
    mount_point_len: int
    """bytes of the path that name the mount point"""
    fs_magic: int
    """magic number of the filesystem"""
    fs_type: str
    """name of the filesystem type"""
    path: Text
    """path from the root of the mount namespace"""
    fs_path: Text
    """path within the filesystem, where path does not tell"""


class Target(msgspec.Struct, frozen=True, gc=False):
    """struct target."""

    container: int
    """key of its container, 0 for the host's"""
    process: ProcessId
    """zero where there is none"""
    pid: int
    """thread id in the initial pid namespace"""
    role: int
    """enum role"""
    boundary: int
    """enum boundary_flags"""
    flags: int
    """enum target_flags"""
    comm: str
    """command name"""


class OpenRecord(msgspec.Struct, frozen=True, gc=False):
    """struct open_record."""

    header: RecordHeader
    file: FileObject
    target: Target
    """the process that a file of procfs is about"""
    flags: int
    """how it was opened: O_*"""
    mode: int
    """mode asked for a file to be created"""
    f_mode: int
    """FMODE_* of the open file"""
    fd_flags: int
    """enum fd_flags"""
    argument: Text
    """the path as the caller gave it"""
    directory: Text
    """what a relative argument is relative to"""


class ExecRecord(msgspec.Struct, frozen=True, gc=False):
    """struct exec_record."""

    header: RecordHeader
    exe: FileObject
    """the program"""
    filename: Text
    """the program's path as the caller gave it"""
    args: Text
    """argv, NUL after each"""
    cwd: Text
    """working directory"""


class ForkRecord(msgspec.Struct, frozen=True, gc=False):
    """struct fork_record."""

    header: RecordHeader
    child: ProcessId
    """the new task's process"""
    flags: int
    """what parent and child share: CLONE_*"""
    child_pid: int
    """the new thread's id in the initial pid namespace"""
    child_ns_pid: int
    """the new thread's id in its own pid namespace"""


class ExitRecord(msgspec.Struct, frozen=True, gc=False):
    """struct exit_record."""

    header: RecordHeader
    code: int
    """exit status, as wait(2) gives it"""


class SocketObject(msgspec.Struct, frozen=True, gc=False):
    """struct socket_object."""

    family: int
    """AF_*, 0 where there is no socket"""
    type: int
    """SOCK_*"""
    protocol: int
    """IPPROTO_*, NETLINK_*, or an Ethernet protocol"""
    local_port: int
    """in host byte order"""
    remote_port: int
    """in host byte order"""
    local_high: int
    """first half of the local IPv6 address"""
    local_low: int
    """its second half; an IPv4 address is its first four bytes"""
    remote_high: int
    """as local_high"""
    remote_low: int
    """as local_low"""
    path: Text
    """unix: the name it, or what it is connected to, is bound to"""


class CallPath(msgspec.Struct, frozen=True, gc=False):
    """struct call_path."""

    text: Text
    """as the caller gave it"""
    directory: Text
    """what a relative one is relative to"""
    object: Text
    """what the kernel found by it, where a hook tells"""


class CallRecord(msgspec.Struct, frozen=True, gc=False):
    """struct call_record."""

    header: RecordHeader
    file: FileObject
    socket: SocketObject
    """the socket that it is about"""
    target: Target
    """the process that it is about"""
    old: CallPath
    """the first path"""
    new: CallPath
    """the second path"""
    text: Text
    """an argument that is a string and no path"""
    address: Text
    """a socket address, as the caller gave it"""
    words: Text
    """numbers that an argument points to"""
    args: tuple[int, ...]
    """as they were in the registers"""


class ContainerEntry(msgspec.Struct, frozen=True, gc=False):
    """struct container_entry."""

    key: int
    """what struct task.container says"""
    tasks: int
    """how many live tasks belong to it"""
    start_ns: int
    """when its first program ran, ns since boot"""
    mnt_ns_id: int
    """the number of its mount namespace, never reused"""
    root: int
    """address of its root directory's dentry"""
    user_ns: int
    """address of its user namespace"""
    cgroups: tuple[int, ...]
    """kernfs ids by enum hierarchy, 0 where it has none"""
    cap_bounding: int
    """capability bounding set"""
    cap_effective: int
    """effective capabilities"""
    init: ProcessId
    """its first process"""
    ns: Namespaces
    """its namespaces"""
    levels: tuple[int, ...]
    """depth of its cgroups"""
    state: int
    """enum container_state"""
    host_ns: int
    """enum namespace_flags: those that it shares with the host"""
    uid: int
    """real user id"""
    seccomp: int
    """0 off, 1 strict, 2 filter"""
    no_new_privs: int
    """whether exec gives no privileges"""
    disk_count: int
    """how many of disks[] are set, more than there is room for if not all are"""
    disks: tuple[int, ...]
    """the kernel's device numbers of the disks that it has mounts of"""
    cgroup: str
    """name of its cgroup"""
    cgroup_parent: str
    """name of the cgroup above that"""


class Activity(msgspec.Struct, frozen=True, gc=False):
    """struct activity."""

    calls: int
    """system calls"""
    execs: int
    """programs started"""
    forks: int
    """tasks made"""


class ContainerRecord(msgspec.Struct, frozen=True, gc=False):
    """struct container_record."""

    header: RecordHeader
    container: ContainerEntry
    """the container"""
    activity: Activity
    """of an activity event: what it did"""
    usual: Activity
    """what it usually does in that time"""
    activity_ns: int
    """the time"""


class NamespaceAddresses(msgspec.Struct, frozen=True, gc=False):
    """struct namespace_addresses."""

    mnt: int
    """of the mount namespace"""
    pid_for_children: int
    """of the pid namespace that children will be in"""
    net: int
    """of the network namespace"""
    user: int
    """of the user namespace"""
    ipc: int
    """of the IPC namespace"""
    uts: int
    """of the UTS namespace"""
    cgroup: int
    """of the cgroup namespace"""


class MemberEntry(msgspec.Struct, frozen=True, gc=False):
    """struct member_entry."""

    container: int
    """key of its container"""
    start_ns: int
    """the task's start, ns since boot"""
    cgroups: int
    """address of the cgroups in which it was last seen inside its container's"""
    pid: int
    """thread id in the initial pid namespace"""
    tgid: int
    """process id in the initial pid namespace"""
    role: int
    """enum role"""
    flags: int
    """enum member_flags"""
    caps: int
    """the capabilities that it can have at most"""
    user_ns: int
    """address of the user namespace in which that holds"""
    streams: tuple[int, ...]
    """the files that were its standard streams, 0 for none"""
    seccomp: int
    """the strictest mode that it was in"""
    filters: int
    """the most filters that it had"""
    no_new_privs: int
    """whether they were ever on"""
    broken: int
    """enum boundary_flags that it keeps"""
    suspected: int
    """enum boundary_flags that the last sweep saw"""
    swept: int
    """those that a sweep has told of"""
    host_ns: int
    """enum namespace_flags: those of the host that its container has"""
    in_host_ns: int
    """those of the host that it was in when its shadow was cast"""
    ids: int
    """digest of its real user and group"""
    rights: int
    """of its other ids, and of what it may do"""
    bounding: int
    """its bounding set"""
    at: NamespaceAddresses


class HostEntry(msgspec.Struct, frozen=True, gc=False):
    """struct host_entry."""

    at: NamespaceAddresses
    time_ns: int
    """address of the time namespace, 0 on kernels without them"""
    root: int
    """address of the root directory's dentry"""
    root_mountpoint: int
    """address of the dentry that its mount hides"""
    root_filesystem: int
    """address of its superblock"""
    ns: Namespaces
    """its namespaces"""


class LossKey(msgspec.Struct, frozen=True, gc=False):
    """struct loss_key."""

    container: int
    """key of the container of the task that acted, 0 for the host"""
    reason: int
    """enum loss_reason"""
    type: int
    """enum event_type"""


class Config(msgspec.Struct, frozen=True, gc=False):
    """struct config."""

    agent_tgid: int
    counts_activity: int
    keeps_objects: int
    opaque_registers: int
    cgroups_signal: int
    bpf_has_more: int
    perf_has_more: int
    flood_bytes: int


class CallShape(msgspec.Struct, frozen=True, gc=False):
    """struct call_shape."""

    wanted: int
    old_path: int
    old_dir: int
    new_path: int
    new_dir: int
    text: int
    file: int
    address: int
    pid: int
    words: int
    word_count: int
    pidfd: int
    message: int
    peer: int
    object: int
    kept: int
    decided: int
    killed: int
    closed: int


_OPEN_RECORD = struct.Struct(
    "<QIHHqQQQIIQQIIQQQQQIIIIIIII16sQIIQIIQIIQIIQIIQIIQIIQIIIIIIIIIIIIQIIIIIIIHHBBH4xQIIIIIHHQ16sHHBBHHHBBHQQIIIIII16sIIIIHHBBHHHBBH"
)


def _decode_open_record(record: memoryview) -> OpenRecord:
    v = _OPEN_RECORD.unpack_from(record)
    return OpenRecord(RecordHeader(v[0], v[1], v[2], v[3], v[4], v[5], v[6:8], v[8], Task(v[10], ProcessId(v[11], v[12]), v[14], v[15], v[16], v[17], v[18], v[19], v[20], v[21], v[22], v[23], v[24], v[25], v[26], fixed_text(v[27]), tuple(AncestorId(v[i + 0], v[i + 1], v[i + 2]) for i in range(28, 52, 3) if v[i]), Namespaces(v[52], v[53], v[54], v[55], v[56], v[57], v[58], v[59], v[60]), v[62], v[63], v[64], v[65], v[66], v[67], v[68], v[69], read_text(record, v[70], v[71], v[72], v[73], v[74]))), FileObject(v[75], v[76], v[77], v[78], v[79], v[80], v[81], v[82], v[83], fixed_text(v[84]), read_text(record, v[85], v[86], v[87], v[88], v[89]), read_text(record, v[90], v[91], v[92], v[93], v[94])), Target(v[95], ProcessId(v[96], v[97]), v[99], v[100], v[101], v[102], fixed_text(v[103])), v[104], v[105], v[106], v[107], read_text(record, v[108], v[109], v[110], v[111], v[112]), read_text(record, v[113], v[114], v[115], v[116], v[117]))


_EXEC_RECORD = struct.Struct(
    "<QIHHqQQQIIQQIIQQQQQIIIIIIII16sQIIQIIQIIQIIQIIQIIQIIQIIIIIIIIIIIIQIIIIIIIHHBBH4xQIIIIIHHQ16sHHBBHHHBBHHHBBHHHBBHHHBBH"
)


def _decode_exec_record(record: memoryview) -> ExecRecord:
    v = _EXEC_RECORD.unpack_from(record)
    return ExecRecord(RecordHeader(v[0], v[1], v[2], v[3], v[4], v[5], v[6:8], v[8], Task(v[10], ProcessId(v[11], v[12]), v[14], v[15], v[16], v[17], v[18], v[19], v[20], v[21], v[22], v[23], v[24], v[25], v[26], fixed_text(v[27]), tuple(AncestorId(v[i + 0], v[i + 1], v[i + 2]) for i in range(28, 52, 3) if v[i]), Namespaces(v[52], v[53], v[54], v[55], v[56], v[57], v[58], v[59], v[60]), v[62], v[63], v[64], v[65], v[66], v[67], v[68], v[69], read_text(record, v[70], v[71], v[72], v[73], v[74]))), FileObject(v[75], v[76], v[77], v[78], v[79], v[80], v[81], v[82], v[83], fixed_text(v[84]), read_text(record, v[85], v[86], v[87], v[88], v[89]), read_text(record, v[90], v[91], v[92], v[93], v[94])), read_text(record, v[95], v[96], v[97], v[98], v[99]), read_text(record, v[100], v[101], v[102], v[103], v[104]), read_text(record, v[105], v[106], v[107], v[108], v[109]))


_FORK_RECORD = struct.Struct(
    "<QIHHqQQQIIQQIIQQQQQIIIIIIII16sQIIQIIQIIQIIQIIQIIQIIQIIIIIIIIIIIIQIIIIIIIHHBBH4xQIIQII"
)


def _decode_fork_record(record: memoryview) -> ForkRecord:
    v = _FORK_RECORD.unpack_from(record)
    return ForkRecord(RecordHeader(v[0], v[1], v[2], v[3], v[4], v[5], v[6:8], v[8], Task(v[10], ProcessId(v[11], v[12]), v[14], v[15], v[16], v[17], v[18], v[19], v[20], v[21], v[22], v[23], v[24], v[25], v[26], fixed_text(v[27]), tuple(AncestorId(v[i + 0], v[i + 1], v[i + 2]) for i in range(28, 52, 3) if v[i]), Namespaces(v[52], v[53], v[54], v[55], v[56], v[57], v[58], v[59], v[60]), v[62], v[63], v[64], v[65], v[66], v[67], v[68], v[69], read_text(record, v[70], v[71], v[72], v[73], v[74]))), ProcessId(v[75], v[76]), v[78], v[79], v[80])


_EXIT_RECORD = struct.Struct(
    "<QIHHqQQQIIQQIIQQQQQIIIIIIII16sQIIQIIQIIQIIQIIQIIQIIQIIIIIIIIIIIIQIIIIIIIHHBBH4xII"
)


def _decode_exit_record(record: memoryview) -> ExitRecord:
    v = _EXIT_RECORD.unpack_from(record)
    return ExitRecord(RecordHeader(v[0], v[1], v[2], v[3], v[4], v[5], v[6:8], v[8], Task(v[10], ProcessId(v[11], v[12]), v[14], v[15], v[16], v[17], v[18], v[19], v[20], v[21], v[22], v[23], v[24], v[25], v[26], fixed_text(v[27]), tuple(AncestorId(v[i + 0], v[i + 1], v[i + 2]) for i in range(28, 52, 3) if v[i]), Namespaces(v[52], v[53], v[54], v[55], v[56], v[57], v[58], v[59], v[60]), v[62], v[63], v[64], v[65], v[66], v[67], v[68], v[69], read_text(record, v[70], v[71], v[72], v[73], v[74]))), v[75])


_CALL_RECORD = struct.Struct(
    "<QIHHqQQQIIQQIIQQQQQIIIIIIII16sQIIQIIQIIQIIQIIQIIQIIQIIIIIIIIIIIIQIIIIIIIHHBBH4xQIIIIIHHQ16sHHBBHHHBBHIIIHHQQQQHHBBHQQIIIIII16sHHBBHHHBBHHHBBHHHBBHHHBBHHHBBHHHBBHHHBBHHHBBHQQQQQQ"
)


def _decode_call_record(record: memoryview) -> CallRecord:
    v = _CALL_RECORD.unpack_from(record)
    return CallRecord(RecordHeader(v[0], v[1], v[2], v[3], v[4], v[5], v[6:8], v[8], Task(v[10], ProcessId(v[11], v[12]), v[14], v[15], v[16], v[17], v[18], v[19], v[20], v[21], v[22], v[23], v[24], v[25], v[26], fixed_text(v[27]), tuple(AncestorId(v[i + 0], v[i + 1], v[i + 2]) for i in range(28, 52, 3) if v[i]), Namespaces(v[52], v[53], v[54], v[55], v[56], v[57], v[58], v[59], v[60]), v[62], v[63], v[64], v[65], v[66], v[67], v[68], v[69], read_text(record, v[70], v[71], v[72], v[73], v[74]))), FileObject(v[75], v[76], v[77], v[78], v[79], v[80], v[81], v[82], v[83], fixed_text(v[84]), read_text(record, v[85], v[86], v[87], v[88], v[89]), read_text(record, v[90], v[91], v[92], v[93], v[94])), SocketObject(v[95], v[96], v[97], v[98], v[99], v[100], v[101], v[102], v[103], read_text(record, v[104], v[105], v[106], v[107], v[108])), Target(v[109], ProcessId(v[110], v[111]), v[113], v[114], v[115], v[116], fixed_text(v[117])), CallPath(read_text(record, v[118], v[119], v[120], v[121], v[122]), read_text(record, v[123], v[124], v[125], v[126], v[127]), read_text(record, v[128], v[129], v[130], v[131], v[132])), CallPath(read_text(record, v[133], v[134], v[135], v[136], v[137]), read_text(record, v[138], v[139], v[140], v[141], v[142]), read_text(record, v[143], v[144], v[145], v[146], v[147])), read_text(record, v[148], v[149], v[150], v[151], v[152]), read_text(record, v[153], v[154], v[155], v[156], v[157]), read_text(record, v[158], v[159], v[160], v[161], v[162]), v[163:169])


_CONTAINER_RECORD = struct.Struct(
    "<QIHHqQQQIIQQIIQQQQQIIIIIIII16sQIIQIIQIIQIIQIIQIIQIIQIIIIIIIIIIIIQIIIIIIIHHBBH4xQQQQQQQQQQQQQIIIIIIIIIIIIIIIIIIIIIIIIIIIIII128s128sQQQQQQQ"
)


def _decode_container_record(record: memoryview) -> ContainerRecord:
    v = _CONTAINER_RECORD.unpack_from(record)
    return ContainerRecord(RecordHeader(v[0], v[1], v[2], v[3], v[4], v[5], v[6:8], v[8], Task(v[10], ProcessId(v[11], v[12]), v[14], v[15], v[16], v[17], v[18], v[19], v[20], v[21], v[22], v[23], v[24], v[25], v[26], fixed_text(v[27]), tuple(AncestorId(v[i + 0], v[i + 1], v[i + 2]) for i in range(28, 52, 3) if v[i]), Namespaces(v[52], v[53], v[54], v[55], v[56], v[57], v[58], v[59], v[60]), v[62], v[63], v[64], v[65], v[66], v[67], v[68], v[69], read_text(record, v[70], v[71], v[72], v[73], v[74]))), ContainerEntry(v[75], v[76], v[77], v[78], v[79], v[80], v[81:85], v[85], v[86], ProcessId(v[87], v[88]), Namespaces(v[90], v[91], v[92], v[93], v[94], v[95], v[96], v[97], v[98]), v[100:104], v[104], v[105], v[106], v[107], v[108], v[109], v[110:118], fixed_text(v[118]), fixed_text(v[119])), Activity(v[120], v[121], v[122]), Activity(v[123], v[124], v[125]), v[126])


_CONTAINER_ENTRY = struct.Struct("<QQQQQQQQQQQQQIIIIIIIIIIIIIIIIIIIIIIIIIIIIII128s128s")


def decode_container_entry(value: bytes) -> ContainerEntry:
    """A struct container_entry from its bytes in a map."""
    v = _CONTAINER_ENTRY.unpack(value)
    return ContainerEntry(v[0], v[1], v[2], v[3], v[4], v[5], v[6:10], v[10], v[11], ProcessId(v[12], v[13]), Namespaces(v[15], v[16], v[17], v[18], v[19], v[20], v[21], v[22], v[23]), v[25:29], v[29], v[30], v[31], v[32], v[33], v[34], v[35:43], fixed_text(v[43]), fixed_text(v[44]))


_MEMBER_ENTRY = struct.Struct("<QQQIIIIQQQQQIIIIIIIIQQQQQQQQQQ")


def decode_member_entry(value: bytes) -> MemberEntry:
    """A struct member_entry from its bytes in a map."""
    v = _MEMBER_ENTRY.unpack(value)
    return MemberEntry(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9:12], v[12], v[13], v[14], v[15], v[16], v[17], v[18], v[19], v[20], v[21], v[22], NamespaceAddresses(v[23], v[24], v[25], v[26], v[27], v[28], v[29]))


_HOST_ENTRY = struct.Struct("<QQQQQQQQQQQIIIIIIIIII")


def decode_host_entry(value: bytes) -> HostEntry:
    """A struct host_entry from its bytes in a map."""
    v = _HOST_ENTRY.unpack(value)
    return HostEntry(NamespaceAddresses(v[0], v[1], v[2], v[3], v[4], v[5], v[6]), v[7], v[8], v[9], v[10], Namespaces(v[11], v[12], v[13], v[14], v[15], v[16], v[17], v[18], v[19]))


_ACTIVITY = struct.Struct("<QQQ")


def decode_activity(value: bytes) -> Activity:
    """A struct activity from its bytes in a map."""
    v = _ACTIVITY.unpack(value)
    return Activity(v[0], v[1], v[2])


_LOSS_KEY = struct.Struct("<QII")


def decode_loss_key(value: bytes) -> LossKey:
    """A struct loss_key from its bytes in a map."""
    v = _LOSS_KEY.unpack(value)
    return LossKey(v[0], v[1], v[2])


_CONFIG = struct.Struct("<IIIIIIIIQ")


def pack_config(value: Config) -> bytes:
    """The bytes of a struct config."""
    return _CONFIG.pack(value.agent_tgid, value.counts_activity, value.keeps_objects, value.opaque_registers, value.cgroups_signal, value.bpf_has_more, value.perf_has_more, 0, value.flood_bytes)


_CALL_SHAPE = struct.Struct("<BBBBBBBBBBBBBBBBBBB")


def pack_call_shape(value: CallShape) -> bytes:
    """The bytes of a struct call_shape."""
    return _CALL_SHAPE.pack(value.wanted, value.old_path, value.old_dir, value.new_path, value.new_dir, value.text, value.file, value.address, value.pid, value.words, value.word_count, value.pidfd, value.message, value.peer, value.object, value.kept, value.decided, value.killed, value.closed)


Record = OpenRecord | ExecRecord | ForkRecord | ExitRecord | CallRecord | ContainerRecord

_DECODERS: dict[int, Callable[[memoryview], Record]] = {
    RecordKind.OPEN: _decode_open_record,
    RecordKind.EXEC: _decode_exec_record,
    RecordKind.FORK: _decode_fork_record,
    RecordKind.EXIT: _decode_exit_record,
    RecordKind.CALL: _decode_call_record,
    RecordKind.CONTAINER: _decode_container_record,
}
_HEAD = struct.Struct("<8xIH")


def decode(record: memoryview) -> Record:
    """The record in these bytes, which may be followed by padding to a multiple of 8.

    Raises:
        RecordError: they hold none.
    """
    try:
        size, kind = _HEAD.unpack_from(record)
        decoder = _DECODERS.get(kind)
        if decoder is None:
            raise RecordError(f"record of unknown kind {kind}")
        if not size <= len(record) < size + 8:
            raise RecordError(f"record of {len(record)} bytes says it has {size}")
        return decoder(record[:size])
    except struct.error as err:
        raise RecordError(f"record of {len(record)} bytes is cut short") from err


# By the path of a member: its offset, and its struct-module code.
OFFSETS: dict[type[msgspec.Struct], dict[str, tuple[int, str]]] = {
    OpenRecord: {'header.time_ns': (0, 'Q'), 'header.size': (8, 'I'), 'header.kind': (12, 'H'), 'header.type': (14, 'H'), 'header.result': (16, 'q'), 'header.rules': (24, 'Q'), 'header.fired.0': (32, 'Q'), 'header.fired.1': (40, 'Q'), 'header.outcome': (48, 'I'), 'header.task.container': (56, 'Q'), 'header.task.process.start_ns': (64, 'Q'), 'header.task.process.tgid': (72, 'I'), 'header.task.cap_effective': (80, 'Q'), 'header.task.cap_permitted': (88, 'Q'), 'header.task.cap_inheritable': (96, 'Q'), 'header.task.cap_bounding': (104, 'Q'), 'header.task.cap_ambient': (112, 'Q'), 'header.task.pid': (120, 'I'), 'header.task.uid': (124, 'I'), 'header.task.euid': (128, 'I'), 'header.task.gid': (132, 'I'), 'header.task.egid': (136, 'I'), 'header.task.role': (140, 'I'), 'header.task.boundary': (144, 'I'), 'header.task.loginuid': (148, 'I'), 'header.task.comm': (152, '16s'), 'header.task.ancestors.0.start_ns': (168, 'Q'), 'header.task.ancestors.0.tgid': (176, 'I'), 'header.task.ancestors.0.exec_id': (180, 'I'), 'header.task.ancestors.1.start_ns': (184, 'Q'), 'header.task.ancestors.1.tgid': (192, 'I'), 'header.task.ancestors.1.exec_id': (196, 'I'), 'header.task.ancestors.2.start_ns': (200, 'Q'), 'header.task.ancestors.2.tgid': (208, 'I'), 'header.task.ancestors.2.exec_id': (212, 'I'), 'header.task.ancestors.3.start_ns': (216, 'Q'), 'header.task.ancestors.3.tgid': (224, 'I'), 'header.task.ancestors.3.exec_id': (228, 'I'), 'header.task.ancestors.4.start_ns': (232, 'Q'), 'header.task.ancestors.4.tgid': (240, 'I'), 'header.task.ancestors.4.exec_id': (244, 'I'), 'header.task.ancestors.5.start_ns': (248, 'Q'), 'header.task.ancestors.5.tgid': (256, 'I'), 'header.task.ancestors.5.exec_id': (260, 'I'), 'header.task.ancestors.6.start_ns': (264, 'Q'), 'header.task.ancestors.6.tgid': (272, 'I'), 'header.task.ancestors.6.exec_id': (276, 'I'), 'header.task.ancestors.7.start_ns': (280, 'Q'), 'header.task.ancestors.7.tgid': (288, 'I'), 'header.task.ancestors.7.exec_id': (292, 'I'), 'header.task.ns.mnt': (296, 'I'), 'header.task.ns.pid': (300, 'I'), 'header.task.ns.pid_for_children': (304, 'I'), 'header.task.ns.net': (308, 'I'), 'header.task.ns.user': (312, 'I'), 'header.task.ns.ipc': (316, 'I'), 'header.task.ns.uts': (320, 'I'), 'header.task.ns.cgroup': (324, 'I'), 'header.task.ns.time': (328, 'I'), 'header.task.cgroup_id': (336, 'Q'), 'header.task.ns_tgid': (344, 'I'), 'header.task.ns_pid': (348, 'I'), 'header.task.sid': (352, 'I'), 'header.task.pgid': (356, 'I'), 'header.task.ns_pgid': (360, 'I'), 'header.task.tty': (364, 'I'), 'header.task.exec_id': (368, 'I'), 'header.task.cgroup.offset': (372, 'H'), 'header.task.cgroup.length': (374, 'H'), 'header.task.cgroup.state': (376, 'B'), 'header.task.cgroup.flags': (377, 'B'), 'header.task.cgroup.error': (378, 'H'), 'file.inode': (384, 'Q'), 'file.dev': (392, 'I'), 'file.rdev': (396, 'I'), 'file.mode': (400, 'I'), 'file.uid': (404, 'I'), 'file.links': (408, 'I'), 'file.path_flags': (412, 'H'), 'file.mount_point_len': (414, 'H'), 'file.fs_magic': (416, 'Q'), 'file.fs_type': (424, '16s'), 'file.path.offset': (440, 'H'), 'file.path.length': (442, 'H'), 'file.path.state': (444, 'B'), 'file.path.flags': (445, 'B'), 'file.path.error': (446, 'H'), 'file.fs_path.offset': (448, 'H'), 'file.fs_path.length': (450, 'H'), 'file.fs_path.state': (452, 'B'), 'file.fs_path.flags': (453, 'B'), 'file.fs_path.error': (454, 'H'), 'target.container': (456, 'Q'), 'target.process.start_ns': (464, 'Q'), 'target.process.tgid': (472, 'I'), 'target.pid': (480, 'I'), 'target.role': (484, 'I'), 'target.boundary': (488, 'I'), 'target.flags': (492, 'I'), 'target.comm': (496, '16s'), 'flags': (512, 'I'), 'mode': (516, 'I'), 'f_mode': (520, 'I'), 'fd_flags': (524, 'I'), 'argument.offset': (528, 'H'), 'argument.length': (530, 'H'), 'argument.state': (532, 'B'), 'argument.flags': (533, 'B'), 'argument.error': (534, 'H'), 'directory.offset': (536, 'H'), 'directory.length': (538, 'H'), 'directory.state': (540, 'B'), 'directory.flags': (541, 'B'), 'directory.error': (542, 'H')},
    ExecRecord: {'header.time_ns': (0, 'Q'), 'header.size': (8, 'I'), 'header.kind': (12, 'H'), 'header.type': (14, 'H'), 'header.result': (16, 'q'), 'header.rules': (24, 'Q'), 'header.fired.0': (32, 'Q'), 'header.fired.1': (40, 'Q'), 'header.outcome': (48, 'I'), 'header.task.container': (56, 'Q'), 'header.task.process.start_ns': (64, 'Q'), 'header.task.process.tgid': (72, 'I'), 'header.task.cap_effective': (80, 'Q'), 'header.task.cap_permitted': (88, 'Q'), 'header.task.cap_inheritable': (96, 'Q'), 'header.task.cap_bounding': (104, 'Q'), 'header.task.cap_ambient': (112, 'Q'), 'header.task.pid': (120, 'I'), 'header.task.uid': (124, 'I'), 'header.task.euid': (128, 'I'), 'header.task.gid': (132, 'I'), 'header.task.egid': (136, 'I'), 'header.task.role': (140, 'I'), 'header.task.boundary': (144, 'I'), 'header.task.loginuid': (148, 'I'), 'header.task.comm': (152, '16s'), 'header.task.ancestors.0.start_ns': (168, 'Q'), 'header.task.ancestors.0.tgid': (176, 'I'), 'header.task.ancestors.0.exec_id': (180, 'I'), 'header.task.ancestors.1.start_ns': (184, 'Q'), 'header.task.ancestors.1.tgid': (192, 'I'), 'header.task.ancestors.1.exec_id': (196, 'I'), 'header.task.ancestors.2.start_ns': (200, 'Q'), 'header.task.ancestors.2.tgid': (208, 'I'), 'header.task.ancestors.2.exec_id': (212, 'I'), 'header.task.ancestors.3.start_ns': (216, 'Q'), 'header.task.ancestors.3.tgid': (224, 'I'), 'header.task.ancestors.3.exec_id': (228, 'I'), 'header.task.ancestors.4.start_ns': (232, 'Q'), 'header.task.ancestors.4.tgid': (240, 'I'), 'header.task.ancestors.4.exec_id': (244, 'I'), 'header.task.ancestors.5.start_ns': (248, 'Q'), 'header.task.ancestors.5.tgid': (256, 'I'), 'header.task.ancestors.5.exec_id': (260, 'I'), 'header.task.ancestors.6.start_ns': (264, 'Q'), 'header.task.ancestors.6.tgid': (272, 'I'), 'header.task.ancestors.6.exec_id': (276, 'I'), 'header.task.ancestors.7.start_ns': (280, 'Q'), 'header.task.ancestors.7.tgid': (288, 'I'), 'header.task.ancestors.7.exec_id': (292, 'I'), 'header.task.ns.mnt': (296, 'I'), 'header.task.ns.pid': (300, 'I'), 'header.task.ns.pid_for_children': (304, 'I'), 'header.task.ns.net': (308, 'I'), 'header.task.ns.user': (312, 'I'), 'header.task.ns.ipc': (316, 'I'), 'header.task.ns.uts': (320, 'I'), 'header.task.ns.cgroup': (324, 'I'), 'header.task.ns.time': (328, 'I'), 'header.task.cgroup_id': (336, 'Q'), 'header.task.ns_tgid': (344, 'I'), 'header.task.ns_pid': (348, 'I'), 'header.task.sid': (352, 'I'), 'header.task.pgid': (356, 'I'), 'header.task.ns_pgid': (360, 'I'), 'header.task.tty': (364, 'I'), 'header.task.exec_id': (368, 'I'), 'header.task.cgroup.offset': (372, 'H'), 'header.task.cgroup.length': (374, 'H'), 'header.task.cgroup.state': (376, 'B'), 'header.task.cgroup.flags': (377, 'B'), 'header.task.cgroup.error': (378, 'H'), 'exe.inode': (384, 'Q'), 'exe.dev': (392, 'I'), 'exe.rdev': (396, 'I'), 'exe.mode': (400, 'I'), 'exe.uid': (404, 'I'), 'exe.links': (408, 'I'), 'exe.path_flags': (412, 'H'), 'exe.mount_point_len': (414, 'H'), 'exe.fs_magic': (416, 'Q'), 'exe.fs_type': (424, '16s'), 'exe.path.offset': (440, 'H'), 'exe.path.length': (442, 'H'), 'exe.path.state': (444, 'B'), 'exe.path.flags': (445, 'B'), 'exe.path.error': (446, 'H'), 'exe.fs_path.offset': (448, 'H'), 'exe.fs_path.length': (450, 'H'), 'exe.fs_path.state': (452, 'B'), 'exe.fs_path.flags': (453, 'B'), 'exe.fs_path.error': (454, 'H'), 'filename.offset': (456, 'H'), 'filename.length': (458, 'H'), 'filename.state': (460, 'B'), 'filename.flags': (461, 'B'), 'filename.error': (462, 'H'), 'args.offset': (464, 'H'), 'args.length': (466, 'H'), 'args.state': (468, 'B'), 'args.flags': (469, 'B'), 'args.error': (470, 'H'), 'cwd.offset': (472, 'H'), 'cwd.length': (474, 'H'), 'cwd.state': (476, 'B'), 'cwd.flags': (477, 'B'), 'cwd.error': (478, 'H')},
    ForkRecord: {'header.time_ns': (0, 'Q'), 'header.size': (8, 'I'), 'header.kind': (12, 'H'), 'header.type': (14, 'H'), 'header.result': (16, 'q'), 'header.rules': (24, 'Q'), 'header.fired.0': (32, 'Q'), 'header.fired.1': (40, 'Q'), 'header.outcome': (48, 'I'), 'header.task.container': (56, 'Q'), 'header.task.process.start_ns': (64, 'Q'), 'header.task.process.tgid': (72, 'I'), 'header.task.cap_effective': (80, 'Q'), 'header.task.cap_permitted': (88, 'Q'), 'header.task.cap_inheritable': (96, 'Q'), 'header.task.cap_bounding': (104, 'Q'), 'header.task.cap_ambient': (112, 'Q'), 'header.task.pid': (120, 'I'), 'header.task.uid': (124, 'I'), 'header.task.euid': (128, 'I'), 'header.task.gid': (132, 'I'), 'header.task.egid': (136, 'I'), 'header.task.role': (140, 'I'), 'header.task.boundary': (144, 'I'), 'header.task.loginuid': (148, 'I'), 'header.task.comm': (152, '16s'), 'header.task.ancestors.0.start_ns': (168, 'Q'), 'header.task.ancestors.0.tgid': (176, 'I'), 'header.task.ancestors.0.exec_id': (180, 'I'), 'header.task.ancestors.1.start_ns': (184, 'Q'), 'header.task.ancestors.1.tgid': (192, 'I'), 'header.task.ancestors.1.exec_id': (196, 'I'), 'header.task.ancestors.2.start_ns': (200, 'Q'), 'header.task.ancestors.2.tgid': (208, 'I'), 'header.task.ancestors.2.exec_id': (212, 'I'), 'header.task.ancestors.3.start_ns': (216, 'Q'), 'header.task.ancestors.3.tgid': (224, 'I'), 'header.task.ancestors.3.exec_id': (228, 'I'), 'header.task.ancestors.4.start_ns': (232, 'Q'), 'header.task.ancestors.4.tgid': (240, 'I'), 'header.task.ancestors.4.exec_id': (244, 'I'), 'header.task.ancestors.5.start_ns': (248, 'Q'), 'header.task.ancestors.5.tgid': (256, 'I'), 'header.task.ancestors.5.exec_id': (260, 'I'), 'header.task.ancestors.6.start_ns': (264, 'Q'), 'header.task.ancestors.6.tgid': (272, 'I'), 'header.task.ancestors.6.exec_id': (276, 'I'), 'header.task.ancestors.7.start_ns': (280, 'Q'), 'header.task.ancestors.7.tgid': (288, 'I'), 'header.task.ancestors.7.exec_id': (292, 'I'), 'header.task.ns.mnt': (296, 'I'), 'header.task.ns.pid': (300, 'I'), 'header.task.ns.pid_for_children': (304, 'I'), 'header.task.ns.net': (308, 'I'), 'header.task.ns.user': (312, 'I'), 'header.task.ns.ipc': (316, 'I'), 'header.task.ns.uts': (320, 'I'), 'header.task.ns.cgroup': (324, 'I'), 'header.task.ns.time': (328, 'I'), 'header.task.cgroup_id': (336, 'Q'), 'header.task.ns_tgid': (344, 'I'), 'header.task.ns_pid': (348, 'I'), 'header.task.sid': (352, 'I'), 'header.task.pgid': (356, 'I'), 'header.task.ns_pgid': (360, 'I'), 'header.task.tty': (364, 'I'), 'header.task.exec_id': (368, 'I'), 'header.task.cgroup.offset': (372, 'H'), 'header.task.cgroup.length': (374, 'H'), 'header.task.cgroup.state': (376, 'B'), 'header.task.cgroup.flags': (377, 'B'), 'header.task.cgroup.error': (378, 'H'), 'child.start_ns': (384, 'Q'), 'child.tgid': (392, 'I'), 'flags': (400, 'Q'), 'child_pid': (408, 'I'), 'child_ns_pid': (412, 'I')},
    ExitRecord: {'header.time_ns': (0, 'Q'), 'header.size': (8, 'I'), 'header.kind': (12, 'H'), 'header.type': (14, 'H'), 'header.result': (16, 'q'), 'header.rules': (24, 'Q'), 'header.fired.0': (32, 'Q'), 'header.fired.1': (40, 'Q'), 'header.outcome': (48, 'I'), 'header.task.container': (56, 'Q'), 'header.task.process.start_ns': (64, 'Q'), 'header.task.process.tgid': (72, 'I'), 'header.task.cap_effective': (80, 'Q'), 'header.task.cap_permitted': (88, 'Q'), 'header.task.cap_inheritable': (96, 'Q'), 'header.task.cap_bounding': (104, 'Q'), 'header.task.cap_ambient': (112, 'Q'), 'header.task.pid': (120, 'I'), 'header.task.uid': (124, 'I'), 'header.task.euid': (128, 'I'), 'header.task.gid': (132, 'I'), 'header.task.egid': (136, 'I'), 'header.task.role': (140, 'I'), 'header.task.boundary': (144, 'I'), 'header.task.loginuid': (148, 'I'), 'header.task.comm': (152, '16s'), 'header.task.ancestors.0.start_ns': (168, 'Q'), 'header.task.ancestors.0.tgid': (176, 'I'), 'header.task.ancestors.0.exec_id': (180, 'I'), 'header.task.ancestors.1.start_ns': (184, 'Q'), 'header.task.ancestors.1.tgid': (192, 'I'), 'header.task.ancestors.1.exec_id': (196, 'I'), 'header.task.ancestors.2.start_ns': (200, 'Q'), 'header.task.ancestors.2.tgid': (208, 'I'), 'header.task.ancestors.2.exec_id': (212, 'I'), 'header.task.ancestors.3.start_ns': (216, 'Q'), 'header.task.ancestors.3.tgid': (224, 'I'), 'header.task.ancestors.3.exec_id': (228, 'I'), 'header.task.ancestors.4.start_ns': (232, 'Q'), 'header.task.ancestors.4.tgid': (240, 'I'), 'header.task.ancestors.4.exec_id': (244, 'I'), 'header.task.ancestors.5.start_ns': (248, 'Q'), 'header.task.ancestors.5.tgid': (256, 'I'), 'header.task.ancestors.5.exec_id': (260, 'I'), 'header.task.ancestors.6.start_ns': (264, 'Q'), 'header.task.ancestors.6.tgid': (272, 'I'), 'header.task.ancestors.6.exec_id': (276, 'I'), 'header.task.ancestors.7.start_ns': (280, 'Q'), 'header.task.ancestors.7.tgid': (288, 'I'), 'header.task.ancestors.7.exec_id': (292, 'I'), 'header.task.ns.mnt': (296, 'I'), 'header.task.ns.pid': (300, 'I'), 'header.task.ns.pid_for_children': (304, 'I'), 'header.task.ns.net': (308, 'I'), 'header.task.ns.user': (312, 'I'), 'header.task.ns.ipc': (316, 'I'), 'header.task.ns.uts': (320, 'I'), 'header.task.ns.cgroup': (324, 'I'), 'header.task.ns.time': (328, 'I'), 'header.task.cgroup_id': (336, 'Q'), 'header.task.ns_tgid': (344, 'I'), 'header.task.ns_pid': (348, 'I'), 'header.task.sid': (352, 'I'), 'header.task.pgid': (356, 'I'), 'header.task.ns_pgid': (360, 'I'), 'header.task.tty': (364, 'I'), 'header.task.exec_id': (368, 'I'), 'header.task.cgroup.offset': (372, 'H'), 'header.task.cgroup.length': (374, 'H'), 'header.task.cgroup.state': (376, 'B'), 'header.task.cgroup.flags': (377, 'B'), 'header.task.cgroup.error': (378, 'H'), 'code': (384, 'I')},
    CallRecord: {'header.time_ns': (0, 'Q'), 'header.size': (8, 'I'), 'header.kind': (12, 'H'), 'header.type': (14, 'H'), 'header.result': (16, 'q'), 'header.rules': (24, 'Q'), 'header.fired.0': (32, 'Q'), 'header.fired.1': (40, 'Q'), 'header.outcome': (48, 'I'), 'header.task.container': (56, 'Q'), 'header.task.process.start_ns': (64, 'Q'), 'header.task.process.tgid': (72, 'I'), 'header.task.cap_effective': (80, 'Q'), 'header.task.cap_permitted': (88, 'Q'), 'header.task.cap_inheritable': (96, 'Q'), 'header.task.cap_bounding': (104, 'Q'), 'header.task.cap_ambient': (112, 'Q'), 'header.task.pid': (120, 'I'), 'header.task.uid': (124, 'I'), 'header.task.euid': (128, 'I'), 'header.task.gid': (132, 'I'), 'header.task.egid': (136, 'I'), 'header.task.role': (140, 'I'), 'header.task.boundary': (144, 'I'), 'header.task.loginuid': (148, 'I'), 'header.task.comm': (152, '16s'), 'header.task.ancestors.0.start_ns': (168, 'Q'), 'header.task.ancestors.0.tgid': (176, 'I'), 'header.task.ancestors.0.exec_id': (180, 'I'), 'header.task.ancestors.1.start_ns': (184, 'Q'), 'header.task.ancestors.1.tgid': (192, 'I'), 'header.task.ancestors.1.exec_id': (196, 'I'), 'header.task.ancestors.2.start_ns': (200, 'Q'), 'header.task.ancestors.2.tgid': (208, 'I'), 'header.task.ancestors.2.exec_id': (212, 'I'), 'header.task.ancestors.3.start_ns': (216, 'Q'), 'header.task.ancestors.3.tgid': (224, 'I'), 'header.task.ancestors.3.exec_id': (228, 'I'), 'header.task.ancestors.4.start_ns': (232, 'Q'), 'header.task.ancestors.4.tgid': (240, 'I'), 'header.task.ancestors.4.exec_id': (244, 'I'), 'header.task.ancestors.5.start_ns': (248, 'Q'), 'header.task.ancestors.5.tgid': (256, 'I'), 'header.task.ancestors.5.exec_id': (260, 'I'), 'header.task.ancestors.6.start_ns': (264, 'Q'), 'header.task.ancestors.6.tgid': (272, 'I'), 'header.task.ancestors.6.exec_id': (276, 'I'), 'header.task.ancestors.7.start_ns': (280, 'Q'), 'header.task.ancestors.7.tgid': (288, 'I'), 'header.task.ancestors.7.exec_id': (292, 'I'), 'header.task.ns.mnt': (296, 'I'), 'header.task.ns.pid': (300, 'I'), 'header.task.ns.pid_for_children': (304, 'I'), 'header.task.ns.net': (308, 'I'), 'header.task.ns.user': (312, 'I'), 'header.task.ns.ipc': (316, 'I'), 'header.task.ns.uts': (320, 'I'), 'header.task.ns.cgroup': (324, 'I'), 'header.task.ns.time': (328, 'I'), 'header.task.cgroup_id': (336, 'Q'), 'header.task.ns_tgid': (344, 'I'), 'header.task.ns_pid': (348, 'I'), 'header.task.sid': (352, 'I'), 'header.task.pgid': (356, 'I'), 'header.task.ns_pgid': (360, 'I'), 'header.task.tty': (364, 'I'), 'header.task.exec_id': (368, 'I'), 'header.task.cgroup.offset': (372, 'H'), 'header.task.cgroup.length': (374, 'H'), 'header.task.cgroup.state': (376, 'B'), 'header.task.cgroup.flags': (377, 'B'), 'header.task.cgroup.error': (378, 'H'), 'file.inode': (384, 'Q'), 'file.dev': (392, 'I'), 'file.rdev': (396, 'I'), 'file.mode': (400, 'I'), 'file.uid': (404, 'I'), 'file.links': (408, 'I'), 'file.path_flags': (412, 'H'), 'file.mount_point_len': (414, 'H'), 'file.fs_magic': (416, 'Q'), 'file.fs_type': (424, '16s'), 'file.path.offset': (440, 'H'), 'file.path.length': (442, 'H'), 'file.path.state': (444, 'B'), 'file.path.flags': (445, 'B'), 'file.path.error': (446, 'H'), 'file.fs_path.offset': (448, 'H'), 'file.fs_path.length': (450, 'H'), 'file.fs_path.state': (452, 'B'), 'file.fs_path.flags': (453, 'B'), 'file.fs_path.error': (454, 'H'), 'socket.family': (456, 'I'), 'socket.type': (460, 'I'), 'socket.protocol': (464, 'I'), 'socket.local_port': (468, 'H'), 'socket.remote_port': (470, 'H'), 'socket.local_high': (472, 'Q'), 'socket.local_low': (480, 'Q'), 'socket.remote_high': (488, 'Q'), 'socket.remote_low': (496, 'Q'), 'socket.path.offset': (504, 'H'), 'socket.path.length': (506, 'H'), 'socket.path.state': (508, 'B'), 'socket.path.flags': (509, 'B'), 'socket.path.error': (510, 'H'), 'target.container': (512, 'Q'), 'target.process.start_ns': (520, 'Q'), 'target.process.tgid': (528, 'I'), 'target.pid': (536, 'I'), 'target.role': (540, 'I'), 'target.boundary': (544, 'I'), 'target.flags': (548, 'I'), 'target.comm': (552, '16s'), 'old.text.offset': (568, 'H'), 'old.text.length': (570, 'H'), 'old.text.state': (572, 'B'), 'old.text.flags': (573, 'B'), 'old.text.error': (574, 'H'), 'old.directory.offset': (576, 'H'), 'old.directory.length': (578, 'H'), 'old.directory.state': (580, 'B'), 'old.directory.flags': (581, 'B'), 'old.directory.error': (582, 'H'), 'old.object.offset': (584, 'H'), 'old.object.length': (586, 'H'), 'old.object.state': (588, 'B'), 'old.object.flags': (589, 'B'), 'old.object.error': (590, 'H'), 'new.text.offset': (592, 'H'), 'new.text.length': (594, 'H'), 'new.text.state': (596, 'B'), 'new.text.flags': (597, 'B'), 'new.text.error': (598, 'H'), 'new.directory.offset': (600, 'H'), 'new.directory.length': (602, 'H'), 'new.directory.state': (604, 'B'), 'new.directory.flags': (605, 'B'), 'new.directory.error': (606, 'H'), 'new.object.offset': (608, 'H'), 'new.object.length': (610, 'H'), 'new.object.state': (612, 'B'), 'new.object.flags': (613, 'B'), 'new.object.error': (614, 'H'), 'text.offset': (616, 'H'), 'text.length': (618, 'H'), 'text.state': (620, 'B'), 'text.flags': (621, 'B'), 'text.error': (622, 'H'), 'address.offset': (624, 'H'), 'address.length': (626, 'H'), 'address.state': (628, 'B'), 'address.flags': (629, 'B'), 'address.error': (630, 'H'), 'words.offset': (632, 'H'), 'words.length': (634, 'H'), 'words.state': (636, 'B'), 'words.flags': (637, 'B'), 'words.error': (638, 'H'), 'args.0': (640, 'Q'), 'args.1': (648, 'Q'), 'args.2': (656, 'Q'), 'args.3': (664, 'Q'), 'args.4': (672, 'Q'), 'args.5': (680, 'Q')},
    ContainerRecord: {'header.time_ns': (0, 'Q'), 'header.size': (8, 'I'), 'header.kind': (12, 'H'), 'header.type': (14, 'H'), 'header.result': (16, 'q'), 'header.rules': (24, 'Q'), 'header.fired.0': (32, 'Q'), 'header.fired.1': (40, 'Q'), 'header.outcome': (48, 'I'), 'header.task.container': (56, 'Q'), 'header.task.process.start_ns': (64, 'Q'), 'header.task.process.tgid': (72, 'I'), 'header.task.cap_effective': (80, 'Q'), 'header.task.cap_permitted': (88, 'Q'), 'header.task.cap_inheritable': (96, 'Q'), 'header.task.cap_bounding': (104, 'Q'), 'header.task.cap_ambient': (112, 'Q'), 'header.task.pid': (120, 'I'), 'header.task.uid': (124, 'I'), 'header.task.euid': (128, 'I'), 'header.task.gid': (132, 'I'), 'header.task.egid': (136, 'I'), 'header.task.role': (140, 'I'), 'header.task.boundary': (144, 'I'), 'header.task.loginuid': (148, 'I'), 'header.task.comm': (152, '16s'), 'header.task.ancestors.0.start_ns': (168, 'Q'), 'header.task.ancestors.0.tgid': (176, 'I'), 'header.task.ancestors.0.exec_id': (180, 'I'), 'header.task.ancestors.1.start_ns': (184, 'Q'), 'header.task.ancestors.1.tgid': (192, 'I'), 'header.task.ancestors.1.exec_id': (196, 'I'), 'header.task.ancestors.2.start_ns': (200, 'Q'), 'header.task.ancestors.2.tgid': (208, 'I'), 'header.task.ancestors.2.exec_id': (212, 'I'), 'header.task.ancestors.3.start_ns': (216, 'Q'), 'header.task.ancestors.3.tgid': (224, 'I'), 'header.task.ancestors.3.exec_id': (228, 'I'), 'header.task.ancestors.4.start_ns': (232, 'Q'), 'header.task.ancestors.4.tgid': (240, 'I'), 'header.task.ancestors.4.exec_id': (244, 'I'), 'header.task.ancestors.5.start_ns': (248, 'Q'), 'header.task.ancestors.5.tgid': (256, 'I'), 'header.task.ancestors.5.exec_id': (260, 'I'), 'header.task.ancestors.6.start_ns': (264, 'Q'), 'header.task.ancestors.6.tgid': (272, 'I'), 'header.task.ancestors.6.exec_id': (276, 'I'), 'header.task.ancestors.7.start_ns': (280, 'Q'), 'header.task.ancestors.7.tgid': (288, 'I'), 'header.task.ancestors.7.exec_id': (292, 'I'), 'header.task.ns.mnt': (296, 'I'), 'header.task.ns.pid': (300, 'I'), 'header.task.ns.pid_for_children': (304, 'I'), 'header.task.ns.net': (308, 'I'), 'header.task.ns.user': (312, 'I'), 'header.task.ns.ipc': (316, 'I'), 'header.task.ns.uts': (320, 'I'), 'header.task.ns.cgroup': (324, 'I'), 'header.task.ns.time': (328, 'I'), 'header.task.cgroup_id': (336, 'Q'), 'header.task.ns_tgid': (344, 'I'), 'header.task.ns_pid': (348, 'I'), 'header.task.sid': (352, 'I'), 'header.task.pgid': (356, 'I'), 'header.task.ns_pgid': (360, 'I'), 'header.task.tty': (364, 'I'), 'header.task.exec_id': (368, 'I'), 'header.task.cgroup.offset': (372, 'H'), 'header.task.cgroup.length': (374, 'H'), 'header.task.cgroup.state': (376, 'B'), 'header.task.cgroup.flags': (377, 'B'), 'header.task.cgroup.error': (378, 'H'), 'container.key': (384, 'Q'), 'container.tasks': (392, 'Q'), 'container.start_ns': (400, 'Q'), 'container.mnt_ns_id': (408, 'Q'), 'container.root': (416, 'Q'), 'container.user_ns': (424, 'Q'), 'container.cgroups.0': (432, 'Q'), 'container.cgroups.1': (440, 'Q'), 'container.cgroups.2': (448, 'Q'), 'container.cgroups.3': (456, 'Q'), 'container.cap_bounding': (464, 'Q'), 'container.cap_effective': (472, 'Q'), 'container.init.start_ns': (480, 'Q'), 'container.init.tgid': (488, 'I'), 'container.ns.mnt': (496, 'I'), 'container.ns.pid': (500, 'I'), 'container.ns.pid_for_children': (504, 'I'), 'container.ns.net': (508, 'I'), 'container.ns.user': (512, 'I'), 'container.ns.ipc': (516, 'I'), 'container.ns.uts': (520, 'I'), 'container.ns.cgroup': (524, 'I'), 'container.ns.time': (528, 'I'), 'container.levels.0': (536, 'I'), 'container.levels.1': (540, 'I'), 'container.levels.2': (544, 'I'), 'container.levels.3': (548, 'I'), 'container.state': (552, 'I'), 'container.host_ns': (556, 'I'), 'container.uid': (560, 'I'), 'container.seccomp': (564, 'I'), 'container.no_new_privs': (568, 'I'), 'container.disk_count': (572, 'I'), 'container.disks.0': (576, 'I'), 'container.disks.1': (580, 'I'), 'container.disks.2': (584, 'I'), 'container.disks.3': (588, 'I'), 'container.disks.4': (592, 'I'), 'container.disks.5': (596, 'I'), 'container.disks.6': (600, 'I'), 'container.disks.7': (604, 'I'), 'container.cgroup': (608, '128s'), 'container.cgroup_parent': (736, '128s'), 'activity.calls': (864, 'Q'), 'activity.execs': (872, 'Q'), 'activity.forks': (880, 'Q'), 'usual.calls': (888, 'Q'), 'usual.execs': (896, 'Q'), 'usual.forks': (904, 'Q'), 'activity_ns': (912, 'Q')},
}
# Where the parts of a slot are.
SLOT: dict[str, int] = {'busy': 0, 'number': 4, 'size': 8, 'lost': 12, 'whole': 16, 'needs': 20, 'decider': 24, 'mnt_ns': 32, 'put_off': 40, 'fs_root': 48, 'inode': 56, 'frame': 64, 'record': 1272, 'walk': 25848, 'mounts': 25888, 'had': 25912, 'view': 25928, 'path': 25944, 'frame.verdict': 64, 'frame.host_view': 68, 'frame.outcome': 72, 'frame.reserved': 76, 'frame.rules': 80, 'frame.fired': 88, 'frame.container': 104, 'frame.process': 128, 'frame.parent': 152, 'frame.ancestors': 176, 'frame.container_key': 200, 'frame.process_key': 216, 'frame.scratch': 248, 'frame.container.set': 104, 'frame.process.set': 128, 'frame.parent.set': 152, 'frame.ancestors.set': 176, 'frame.container.holds': 112, 'frame.process.holds': 136, 'frame.parent.holds': 160, 'frame.ancestors.holds': 184, 'frame.container.fails': 120, 'frame.process.fails': 144, 'frame.parent.fails': 168, 'frame.ancestors.fails': 192, 'size of it': 30296}


# Field, type, record, where in it, meaning.
FIELDS: tuple[tuple[str, str, type[msgspec.Struct], str, str], ...] = (
    ("evt.rawres", "int", RecordHeader, "header.result", "return value: a descriptor, 0, or a negative errno"),
    ("thread.cap_effective", "caps", RecordHeader, "header.task.cap_effective", "effective capabilities"),
    ("thread.cap_permitted", "caps", RecordHeader, "header.task.cap_permitted", "permitted capabilities"),
    ("thread.cap_inheritable", "caps", RecordHeader, "header.task.cap_inheritable", "inheritable capabilities"),
    ("thread.cap_bounding", "caps", RecordHeader, "header.task.cap_bounding", "capability bounding set"),
    ("thread.cap_ambient", "caps", RecordHeader, "header.task.cap_ambient", "ambient capabilities"),
    ("thread.tid", "uint", RecordHeader, "header.task.pid", "thread id in the initial pid namespace"),
    ("user.uid", "uint", RecordHeader, "header.task.uid", "real user id"),
    ("user.euid", "uint", RecordHeader, "header.task.euid", "effective user id"),
    ("group.gid", "uint", RecordHeader, "header.task.gid", "real group id"),
    ("group.egid", "uint", RecordHeader, "header.task.egid", "effective group id"),
    ("user.loginuid", "uint", RecordHeader, "header.task.loginuid", "login user id, 4294967295 when never set"),
    ("proc.name", "string", RecordHeader, "header.task.comm", "command name of the task"),
    ("proc.mnt_ns", "uint", RecordHeader, "header.task.ns.mnt", "inode number of the mount namespace"),
    ("proc.pid_ns", "uint", RecordHeader, "header.task.ns.pid", "inode number of the active pid namespace"),
    ("proc.pid_ns_for_children", "uint", RecordHeader, "header.task.ns.pid_for_children", "inode number of the pid namespace that children will be in"),
    ("proc.net_ns", "uint", RecordHeader, "header.task.ns.net", "inode number of the network namespace"),
    ("proc.user_ns", "uint", RecordHeader, "header.task.ns.user", "inode number of the user namespace"),
    ("proc.ipc_ns", "uint", RecordHeader, "header.task.ns.ipc", "inode number of the IPC namespace"),
    ("proc.uts_ns", "uint", RecordHeader, "header.task.ns.uts", "inode number of the UTS namespace"),
    ("proc.cgroup_ns", "uint", RecordHeader, "header.task.ns.cgroup", "inode number of the cgroup namespace"),
    ("proc.time_ns", "uint", RecordHeader, "header.task.ns.time", "inode number of the time namespace, 0 on kernels without them"),
    ("thread.cgroup_id", "uint", RecordHeader, "header.task.cgroup_id", "kernfs id of the task's cgroup"),
    ("proc.vpid", "uint", RecordHeader, "header.task.ns_tgid", "process id in the task's own pid namespace"),
    ("thread.vtid", "uint", RecordHeader, "header.task.ns_pid", "thread id in the task's own pid namespace"),
    ("proc.sid", "uint", RecordHeader, "header.task.sid", "session id in the initial pid namespace"),
    ("proc.pgid", "uint", RecordHeader, "header.task.pgid", "process group id in the initial pid namespace"),
    ("proc.vpgid", "uint", RecordHeader, "header.task.ns_pgid", "process group id in the task's own pid namespace, 0 when outside"),
    ("proc.tty", "uint", RecordHeader, "header.task.tty", "device number of the controlling terminal, 0 for none"),
    ("thread.cgroup", "string", RecordHeader, "header.task.cgroup", "name of the task's cgroup"),
    ("fd.ino", "uint", OpenRecord, "file.inode", "inode number"),
    ("fd.dev", "dev", OpenRecord, "file.dev", "device number of the filesystem, as /proc/PID/mountinfo gives it"),
    ("fd.rdev", "dev", OpenRecord, "file.rdev", "device number of a device node"),
    ("fd.mode", "uint", OpenRecord, "file.mode", "inode type and permission bits"),
    ("fd.uid", "uint", OpenRecord, "file.uid", "owner of the inode"),
    ("fd.nlink", "uint", OpenRecord, "file.links", "hard links"),
    ("fd.fs_magic", "uint", OpenRecord, "file.fs_magic", "magic number of the filesystem"),
    ("fd.fs_type", "string", OpenRecord, "file.fs_type", "name of the filesystem type"),
    ("evt.arg.flags", "open_flags", OpenRecord, "flags", "how it was opened: O_*"),
    ("evt.arg.mode", "mode argument", OpenRecord, "mode", "mode asked for a file to be created"),
    ("evt.arg.filename", "path argument", ExecRecord, "filename", "the program's path as the caller gave it"),
    ("evt.arg.flags", "clone_flags", ForkRecord, "flags", "what parent and child share: CLONE_*"),
    ("evt.arg.status", "int", ExitRecord, "code", "exit status, as wait(2) gives it"),
    ("fd.ino", "uint", CallRecord, "file.inode", "inode number"),
    ("fd.dev", "dev", CallRecord, "file.dev", "device number of the filesystem, as /proc/PID/mountinfo gives it"),
    ("fd.rdev", "dev", CallRecord, "file.rdev", "device number of a device node"),
    ("fd.mode", "uint", CallRecord, "file.mode", "inode type and permission bits"),
    ("fd.uid", "uint", CallRecord, "file.uid", "owner of the inode"),
    ("fd.nlink", "uint", CallRecord, "file.links", "hard links"),
    ("fd.fs_magic", "uint", CallRecord, "file.fs_magic", "magic number of the filesystem"),
    ("fd.fs_type", "string", CallRecord, "file.fs_type", "name of the filesystem type"),
)
