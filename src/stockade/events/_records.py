"""Record layouts and fields. Generated from bpf/include by stockade.events.generate; not edited."""

from __future__ import annotations

import struct
from collections.abc import Callable
from enum import IntEnum, IntFlag

import msgspec

from stockade.errors import RecordError
from stockade.events.text import Text, fixed_text, read_text


LAYOUT = "b197f67bacef533f75f470507cbace315af8e4af6cc56ada0c8fa0ae9a2d98d2"


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


class FdFlags(IntFlag):
    """enum fd_flags."""

    SHARED = 1
    REPLACED = 2


class LossReason(IntEnum):
    """enum loss_reason."""

    RING_FULL = 0
    SCRATCH_BUSY = 1
    TRUNCATED = 2
    UNRESOLVED = 3
    REPLACED = 4
    MEMBERS_FULL = 5
    CONTAINERS_FULL = 6


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


_OPEN_RECORD = struct.Struct(
    "<QIHHqQQIIQQQQQIIIIIIII16sQIIQIIQIIQIIQIIQIIQIIQIIIIIIIIIIIIQIIIIIIIHHBBH4xQIIIIIHHQ16sHHBBHHHBBHQQIIIIII16sIIIIHHBBHHHBBH"
)


def _decode_open_record(record: memoryview) -> OpenRecord:
    v = _OPEN_RECORD.unpack_from(record)
    return OpenRecord(RecordHeader(v[0], v[1], v[2], v[3], v[4], Task(v[5], ProcessId(v[6], v[7]), v[9], v[10], v[11], v[12], v[13], v[14], v[15], v[16], v[17], v[18], v[19], v[20], v[21], fixed_text(v[22]), tuple(AncestorId(v[i + 0], v[i + 1], v[i + 2]) for i in range(23, 47, 3) if v[i]), Namespaces(v[47], v[48], v[49], v[50], v[51], v[52], v[53], v[54], v[55]), v[57], v[58], v[59], v[60], v[61], v[62], v[63], v[64], read_text(record, v[65], v[66], v[67], v[68], v[69]))), FileObject(v[70], v[71], v[72], v[73], v[74], v[75], v[76], v[77], v[78], fixed_text(v[79]), read_text(record, v[80], v[81], v[82], v[83], v[84]), read_text(record, v[85], v[86], v[87], v[88], v[89])), Target(v[90], ProcessId(v[91], v[92]), v[94], v[95], v[96], v[97], fixed_text(v[98])), v[99], v[100], v[101], v[102], read_text(record, v[103], v[104], v[105], v[106], v[107]), read_text(record, v[108], v[109], v[110], v[111], v[112]))


_EXEC_RECORD = struct.Struct(
    "<QIHHqQQIIQQQQQIIIIIIII16sQIIQIIQIIQIIQIIQIIQIIQIIIIIIIIIIIIQIIIIIIIHHBBH4xQIIIIIHHQ16sHHBBHHHBBHHHBBHHHBBHHHBBH"
)


def _decode_exec_record(record: memoryview) -> ExecRecord:
    v = _EXEC_RECORD.unpack_from(record)
    return ExecRecord(RecordHeader(v[0], v[1], v[2], v[3], v[4], Task(v[5], ProcessId(v[6], v[7]), v[9], v[10], v[11], v[12], v[13], v[14], v[15], v[16], v[17], v[18], v[19], v[20], v[21], fixed_text(v[22]), tuple(AncestorId(v[i + 0], v[i + 1], v[i + 2]) for i in range(23, 47, 3) if v[i]), Namespaces(v[47], v[48], v[49], v[50], v[51], v[52], v[53], v[54], v[55]), v[57], v[58], v[59], v[60], v[61], v[62], v[63], v[64], read_text(record, v[65], v[66], v[67], v[68], v[69]))), FileObject(v[70], v[71], v[72], v[73], v[74], v[75], v[76], v[77], v[78], fixed_text(v[79]), read_text(record, v[80], v[81], v[82], v[83], v[84]), read_text(record, v[85], v[86], v[87], v[88], v[89])), read_text(record, v[90], v[91], v[92], v[93], v[94]), read_text(record, v[95], v[96], v[97], v[98], v[99]), read_text(record, v[100], v[101], v[102], v[103], v[104]))


_FORK_RECORD = struct.Struct(
    "<QIHHqQQIIQQQQQIIIIIIII16sQIIQIIQIIQIIQIIQIIQIIQIIIIIIIIIIIIQIIIIIIIHHBBH4xQIIQII"
)


def _decode_fork_record(record: memoryview) -> ForkRecord:
    v = _FORK_RECORD.unpack_from(record)
    return ForkRecord(RecordHeader(v[0], v[1], v[2], v[3], v[4], Task(v[5], ProcessId(v[6], v[7]), v[9], v[10], v[11], v[12], v[13], v[14], v[15], v[16], v[17], v[18], v[19], v[20], v[21], fixed_text(v[22]), tuple(AncestorId(v[i + 0], v[i + 1], v[i + 2]) for i in range(23, 47, 3) if v[i]), Namespaces(v[47], v[48], v[49], v[50], v[51], v[52], v[53], v[54], v[55]), v[57], v[58], v[59], v[60], v[61], v[62], v[63], v[64], read_text(record, v[65], v[66], v[67], v[68], v[69]))), ProcessId(v[70], v[71]), v[73], v[74], v[75])


_EXIT_RECORD = struct.Struct(
    "<QIHHqQQIIQQQQQIIIIIIII16sQIIQIIQIIQIIQIIQIIQIIQIIIIIIIIIIIIQIIIIIIIHHBBH4xII"
)


def _decode_exit_record(record: memoryview) -> ExitRecord:
    v = _EXIT_RECORD.unpack_from(record)
    return ExitRecord(RecordHeader(v[0], v[1], v[2], v[3], v[4], Task(v[5], ProcessId(v[6], v[7]), v[9], v[10], v[11], v[12], v[13], v[14], v[15], v[16], v[17], v[18], v[19], v[20], v[21], fixed_text(v[22]), tuple(AncestorId(v[i + 0], v[i + 1], v[i + 2]) for i in range(23, 47, 3) if v[i]), Namespaces(v[47], v[48], v[49], v[50], v[51], v[52], v[53], v[54], v[55]), v[57], v[58], v[59], v[60], v[61], v[62], v[63], v[64], read_text(record, v[65], v[66], v[67], v[68], v[69]))), v[70])


_CALL_RECORD = struct.Struct(
    "<QIHHqQQIIQQQQQIIIIIIII16sQIIQIIQIIQIIQIIQIIQIIQIIIIIIIIIIIIQIIIIIIIHHBBH4xQIIIIIHHQ16sHHBBHHHBBHIIIHHQQQQHHBBHQQIIIIII16sHHBBHHHBBHHHBBHHHBBHHHBBHHHBBHHHBBHHHBBHHHBBHQQQQQQ"
)


def _decode_call_record(record: memoryview) -> CallRecord:
    v = _CALL_RECORD.unpack_from(record)
    return CallRecord(RecordHeader(v[0], v[1], v[2], v[3], v[4], Task(v[5], ProcessId(v[6], v[7]), v[9], v[10], v[11], v[12], v[13], v[14], v[15], v[16], v[17], v[18], v[19], v[20], v[21], fixed_text(v[22]), tuple(AncestorId(v[i + 0], v[i + 1], v[i + 2]) for i in range(23, 47, 3) if v[i]), Namespaces(v[47], v[48], v[49], v[50], v[51], v[52], v[53], v[54], v[55]), v[57], v[58], v[59], v[60], v[61], v[62], v[63], v[64], read_text(record, v[65], v[66], v[67], v[68], v[69]))), FileObject(v[70], v[71], v[72], v[73], v[74], v[75], v[76], v[77], v[78], fixed_text(v[79]), read_text(record, v[80], v[81], v[82], v[83], v[84]), read_text(record, v[85], v[86], v[87], v[88], v[89])), SocketObject(v[90], v[91], v[92], v[93], v[94], v[95], v[96], v[97], v[98], read_text(record, v[99], v[100], v[101], v[102], v[103])), Target(v[104], ProcessId(v[105], v[106]), v[108], v[109], v[110], v[111], fixed_text(v[112])), CallPath(read_text(record, v[113], v[114], v[115], v[116], v[117]), read_text(record, v[118], v[119], v[120], v[121], v[122]), read_text(record, v[123], v[124], v[125], v[126], v[127])), CallPath(read_text(record, v[128], v[129], v[130], v[131], v[132]), read_text(record, v[133], v[134], v[135], v[136], v[137]), read_text(record, v[138], v[139], v[140], v[141], v[142])), read_text(record, v[143], v[144], v[145], v[146], v[147]), read_text(record, v[148], v[149], v[150], v[151], v[152]), read_text(record, v[153], v[154], v[155], v[156], v[157]), v[158:164])


_CONTAINER_RECORD = struct.Struct(
    "<QIHHqQQIIQQQQQIIIIIIII16sQIIQIIQIIQIIQIIQIIQIIQIIIIIIIIIIIIQIIIIIIIHHBBH4xQQQQQQQQQQQQQIIIIIIIIIIIIIIIIIIIIIIIIIIIIII128s128sQQQQQQQ"
)


def _decode_container_record(record: memoryview) -> ContainerRecord:
    v = _CONTAINER_RECORD.unpack_from(record)
    return ContainerRecord(RecordHeader(v[0], v[1], v[2], v[3], v[4], Task(v[5], ProcessId(v[6], v[7]), v[9], v[10], v[11], v[12], v[13], v[14], v[15], v[16], v[17], v[18], v[19], v[20], v[21], fixed_text(v[22]), tuple(AncestorId(v[i + 0], v[i + 1], v[i + 2]) for i in range(23, 47, 3) if v[i]), Namespaces(v[47], v[48], v[49], v[50], v[51], v[52], v[53], v[54], v[55]), v[57], v[58], v[59], v[60], v[61], v[62], v[63], v[64], read_text(record, v[65], v[66], v[67], v[68], v[69]))), ContainerEntry(v[70], v[71], v[72], v[73], v[74], v[75], v[76:80], v[80], v[81], ProcessId(v[82], v[83]), Namespaces(v[85], v[86], v[87], v[88], v[89], v[90], v[91], v[92], v[93]), v[95:99], v[99], v[100], v[101], v[102], v[103], v[104], v[105:113], fixed_text(v[113]), fixed_text(v[114])), Activity(v[115], v[116], v[117]), Activity(v[118], v[119], v[120]), v[121])


_CONTAINER_ENTRY = struct.Struct("<QQQQQQQQQQQQQIIIIIIIIIIIIIIIIIIIIIIIIIIIIII128s128s")


def decode_container_entry(value: bytes) -> ContainerEntry:
    """A struct container_entry from its bytes in a map."""
    v = _CONTAINER_ENTRY.unpack(value)
    return ContainerEntry(v[0], v[1], v[2], v[3], v[4], v[5], v[6:10], v[10], v[11], ProcessId(v[12], v[13]), Namespaces(v[15], v[16], v[17], v[18], v[19], v[20], v[21], v[22], v[23]), v[25:29], v[29], v[30], v[31], v[32], v[33], v[34], v[35:43], fixed_text(v[43]), fixed_text(v[44]))


_MEMBER_ENTRY = struct.Struct("<QQQIIIIQQQQQIIIIIIIIQQQQQQQQQQ")


def decode_member_entry(value: bytes) -> MemberEntry:
    """A struct member_entry from its bytes in a map."""
    v = _MEMBER_ENTRY.unpack(value)
    return MemberEntry(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9:12], v[12], v[13], v[14], v[15], v[16], v[17], v[18], v[20], v[21], v[22], NamespaceAddresses(v[23], v[24], v[25], v[26], v[27], v[28], v[29]))


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


_CONFIG = struct.Struct("<IIIIQ")


def pack_config(value: Config) -> bytes:
    """The bytes of a struct config."""
    return _CONFIG.pack(value.agent_tgid, value.counts_activity, value.keeps_objects, value.opaque_registers, value.flood_bytes)


_CALL_SHAPE = struct.Struct("<BBBBBBBBBBBBBBBB")


def pack_call_shape(value: CallShape) -> bytes:
    """The bytes of a struct call_shape."""
    return _CALL_SHAPE.pack(value.wanted, value.old_path, value.old_dir, value.new_path, value.new_dir, value.text, value.file, value.address, value.pid, value.words, value.word_count, value.pidfd, value.message, value.peer, value.object, value.kept)


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
    OpenRecord: {'header.time_ns': (0, 'Q'), 'header.size': (8, 'I'), 'header.kind': (12, 'H'), 'header.type': (14, 'H'), 'header.result': (16, 'q'), 'header.task.container': (24, 'Q'), 'header.task.process.start_ns': (32, 'Q'), 'header.task.process.tgid': (40, 'I'), 'header.task.cap_effective': (48, 'Q'), 'header.task.cap_permitted': (56, 'Q'), 'header.task.cap_inheritable': (64, 'Q'), 'header.task.cap_bounding': (72, 'Q'), 'header.task.cap_ambient': (80, 'Q'), 'header.task.pid': (88, 'I'), 'header.task.uid': (92, 'I'), 'header.task.euid': (96, 'I'), 'header.task.gid': (100, 'I'), 'header.task.egid': (104, 'I'), 'header.task.role': (108, 'I'), 'header.task.boundary': (112, 'I'), 'header.task.loginuid': (116, 'I'), 'header.task.comm': (120, '16s'), 'header.task.ancestors.0.start_ns': (136, 'Q'), 'header.task.ancestors.0.tgid': (144, 'I'), 'header.task.ancestors.0.exec_id': (148, 'I'), 'header.task.ancestors.1.start_ns': (152, 'Q'), 'header.task.ancestors.1.tgid': (160, 'I'), 'header.task.ancestors.1.exec_id': (164, 'I'), 'header.task.ancestors.2.start_ns': (168, 'Q'), 'header.task.ancestors.2.tgid': (176, 'I'), 'header.task.ancestors.2.exec_id': (180, 'I'), 'header.task.ancestors.3.start_ns': (184, 'Q'), 'header.task.ancestors.3.tgid': (192, 'I'), 'header.task.ancestors.3.exec_id': (196, 'I'), 'header.task.ancestors.4.start_ns': (200, 'Q'), 'header.task.ancestors.4.tgid': (208, 'I'), 'header.task.ancestors.4.exec_id': (212, 'I'), 'header.task.ancestors.5.start_ns': (216, 'Q'), 'header.task.ancestors.5.tgid': (224, 'I'), 'header.task.ancestors.5.exec_id': (228, 'I'), 'header.task.ancestors.6.start_ns': (232, 'Q'), 'header.task.ancestors.6.tgid': (240, 'I'), 'header.task.ancestors.6.exec_id': (244, 'I'), 'header.task.ancestors.7.start_ns': (248, 'Q'), 'header.task.ancestors.7.tgid': (256, 'I'), 'header.task.ancestors.7.exec_id': (260, 'I'), 'header.task.ns.mnt': (264, 'I'), 'header.task.ns.pid': (268, 'I'), 'header.task.ns.pid_for_children': (272, 'I'), 'header.task.ns.net': (276, 'I'), 'header.task.ns.user': (280, 'I'), 'header.task.ns.ipc': (284, 'I'), 'header.task.ns.uts': (288, 'I'), 'header.task.ns.cgroup': (292, 'I'), 'header.task.ns.time': (296, 'I'), 'header.task.cgroup_id': (304, 'Q'), 'header.task.ns_tgid': (312, 'I'), 'header.task.ns_pid': (316, 'I'), 'header.task.sid': (320, 'I'), 'header.task.pgid': (324, 'I'), 'header.task.ns_pgid': (328, 'I'), 'header.task.tty': (332, 'I'), 'header.task.exec_id': (336, 'I'), 'header.task.cgroup.offset': (340, 'H'), 'header.task.cgroup.length': (342, 'H'), 'header.task.cgroup.state': (344, 'B'), 'header.task.cgroup.flags': (345, 'B'), 'header.task.cgroup.error': (346, 'H'), 'file.inode': (352, 'Q'), 'file.dev': (360, 'I'), 'file.rdev': (364, 'I'), 'file.mode': (368, 'I'), 'file.uid': (372, 'I'), 'file.links': (376, 'I'), 'file.path_flags': (380, 'H'), 'file.mount_point_len': (382, 'H'), 'file.fs_magic': (384, 'Q'), 'file.fs_type': (392, '16s'), 'file.path.offset': (408, 'H'), 'file.path.length': (410, 'H'), 'file.path.state': (412, 'B'), 'file.path.flags': (413, 'B'), 'file.path.error': (414, 'H'), 'file.fs_path.offset': (416, 'H'), 'file.fs_path.length': (418, 'H'), 'file.fs_path.state': (420, 'B'), 'file.fs_path.flags': (421, 'B'), 'file.fs_path.error': (422, 'H'), 'target.container': (424, 'Q'), 'target.process.start_ns': (432, 'Q'), 'target.process.tgid': (440, 'I'), 'target.pid': (448, 'I'), 'target.role': (452, 'I'), 'target.boundary': (456, 'I'), 'target.flags': (460, 'I'), 'target.comm': (464, '16s'), 'flags': (480, 'I'), 'mode': (484, 'I'), 'f_mode': (488, 'I'), 'fd_flags': (492, 'I'), 'argument.offset': (496, 'H'), 'argument.length': (498, 'H'), 'argument.state': (500, 'B'), 'argument.flags': (501, 'B'), 'argument.error': (502, 'H'), 'directory.offset': (504, 'H'), 'directory.length': (506, 'H'), 'directory.state': (508, 'B'), 'directory.flags': (509, 'B'), 'directory.error': (510, 'H')},
    ExecRecord: {'header.time_ns': (0, 'Q'), 'header.size': (8, 'I'), 'header.kind': (12, 'H'), 'header.type': (14, 'H'), 'header.result': (16, 'q'), 'header.task.container': (24, 'Q'), 'header.task.process.start_ns': (32, 'Q'), 'header.task.process.tgid': (40, 'I'), 'header.task.cap_effective': (48, 'Q'), 'header.task.cap_permitted': (56, 'Q'), 'header.task.cap_inheritable': (64, 'Q'), 'header.task.cap_bounding': (72, 'Q'), 'header.task.cap_ambient': (80, 'Q'), 'header.task.pid': (88, 'I'), 'header.task.uid': (92, 'I'), 'header.task.euid': (96, 'I'), 'header.task.gid': (100, 'I'), 'header.task.egid': (104, 'I'), 'header.task.role': (108, 'I'), 'header.task.boundary': (112, 'I'), 'header.task.loginuid': (116, 'I'), 'header.task.comm': (120, '16s'), 'header.task.ancestors.0.start_ns': (136, 'Q'), 'header.task.ancestors.0.tgid': (144, 'I'), 'header.task.ancestors.0.exec_id': (148, 'I'), 'header.task.ancestors.1.start_ns': (152, 'Q'), 'header.task.ancestors.1.tgid': (160, 'I'), 'header.task.ancestors.1.exec_id': (164, 'I'), 'header.task.ancestors.2.start_ns': (168, 'Q'), 'header.task.ancestors.2.tgid': (176, 'I'), 'header.task.ancestors.2.exec_id': (180, 'I'), 'header.task.ancestors.3.start_ns': (184, 'Q'), 'header.task.ancestors.3.tgid': (192, 'I'), 'header.task.ancestors.3.exec_id': (196, 'I'), 'header.task.ancestors.4.start_ns': (200, 'Q'), 'header.task.ancestors.4.tgid': (208, 'I'), 'header.task.ancestors.4.exec_id': (212, 'I'), 'header.task.ancestors.5.start_ns': (216, 'Q'), 'header.task.ancestors.5.tgid': (224, 'I'), 'header.task.ancestors.5.exec_id': (228, 'I'), 'header.task.ancestors.6.start_ns': (232, 'Q'), 'header.task.ancestors.6.tgid': (240, 'I'), 'header.task.ancestors.6.exec_id': (244, 'I'), 'header.task.ancestors.7.start_ns': (248, 'Q'), 'header.task.ancestors.7.tgid': (256, 'I'), 'header.task.ancestors.7.exec_id': (260, 'I'), 'header.task.ns.mnt': (264, 'I'), 'header.task.ns.pid': (268, 'I'), 'header.task.ns.pid_for_children': (272, 'I'), 'header.task.ns.net': (276, 'I'), 'header.task.ns.user': (280, 'I'), 'header.task.ns.ipc': (284, 'I'), 'header.task.ns.uts': (288, 'I'), 'header.task.ns.cgroup': (292, 'I'), 'header.task.ns.time': (296, 'I'), 'header.task.cgroup_id': (304, 'Q'), 'header.task.ns_tgid': (312, 'I'), 'header.task.ns_pid': (316, 'I'), 'header.task.sid': (320, 'I'), 'header.task.pgid': (324, 'I'), 'header.task.ns_pgid': (328, 'I'), 'header.task.tty': (332, 'I'), 'header.task.exec_id': (336, 'I'), 'header.task.cgroup.offset': (340, 'H'), 'header.task.cgroup.length': (342, 'H'), 'header.task.cgroup.state': (344, 'B'), 'header.task.cgroup.flags': (345, 'B'), 'header.task.cgroup.error': (346, 'H'), 'exe.inode': (352, 'Q'), 'exe.dev': (360, 'I'), 'exe.rdev': (364, 'I'), 'exe.mode': (368, 'I'), 'exe.uid': (372, 'I'), 'exe.links': (376, 'I'), 'exe.path_flags': (380, 'H'), 'exe.mount_point_len': (382, 'H'), 'exe.fs_magic': (384, 'Q'), 'exe.fs_type': (392, '16s'), 'exe.path.offset': (408, 'H'), 'exe.path.length': (410, 'H'), 'exe.path.state': (412, 'B'), 'exe.path.flags': (413, 'B'), 'exe.path.error': (414, 'H'), 'exe.fs_path.offset': (416, 'H'), 'exe.fs_path.length': (418, 'H'), 'exe.fs_path.state': (420, 'B'), 'exe.fs_path.flags': (421, 'B'), 'exe.fs_path.error': (422, 'H'), 'filename.offset': (424, 'H'), 'filename.length': (426, 'H'), 'filename.state': (428, 'B'), 'filename.flags': (429, 'B'), 'filename.error': (430, 'H'), 'args.offset': (432, 'H'), 'args.length': (434, 'H'), 'args.state': (436, 'B'), 'args.flags': (437, 'B'), 'args.error': (438, 'H'), 'cwd.offset': (440, 'H'), 'cwd.length': (442, 'H'), 'cwd.state': (444, 'B'), 'cwd.flags': (445, 'B'), 'cwd.error': (446, 'H')},
    ForkRecord: {'header.time_ns': (0, 'Q'), 'header.size': (8, 'I'), 'header.kind': (12, 'H'), 'header.type': (14, 'H'), 'header.result': (16, 'q'), 'header.task.container': (24, 'Q'), 'header.task.process.start_ns': (32, 'Q'), 'header.task.process.tgid': (40, 'I'), 'header.task.cap_effective': (48, 'Q'), 'header.task.cap_permitted': (56, 'Q'), 'header.task.cap_inheritable': (64, 'Q'), 'header.task.cap_bounding': (72, 'Q'), 'header.task.cap_ambient': (80, 'Q'), 'header.task.pid': (88, 'I'), 'header.task.uid': (92, 'I'), 'header.task.euid': (96, 'I'), 'header.task.gid': (100, 'I'), 'header.task.egid': (104, 'I'), 'header.task.role': (108, 'I'), 'header.task.boundary': (112, 'I'), 'header.task.loginuid': (116, 'I'), 'header.task.comm': (120, '16s'), 'header.task.ancestors.0.start_ns': (136, 'Q'), 'header.task.ancestors.0.tgid': (144, 'I'), 'header.task.ancestors.0.exec_id': (148, 'I'), 'header.task.ancestors.1.start_ns': (152, 'Q'), 'header.task.ancestors.1.tgid': (160, 'I'), 'header.task.ancestors.1.exec_id': (164, 'I'), 'header.task.ancestors.2.start_ns': (168, 'Q'), 'header.task.ancestors.2.tgid': (176, 'I'), 'header.task.ancestors.2.exec_id': (180, 'I'), 'header.task.ancestors.3.start_ns': (184, 'Q'), 'header.task.ancestors.3.tgid': (192, 'I'), 'header.task.ancestors.3.exec_id': (196, 'I'), 'header.task.ancestors.4.start_ns': (200, 'Q'), 'header.task.ancestors.4.tgid': (208, 'I'), 'header.task.ancestors.4.exec_id': (212, 'I'), 'header.task.ancestors.5.start_ns': (216, 'Q'), 'header.task.ancestors.5.tgid': (224, 'I'), 'header.task.ancestors.5.exec_id': (228, 'I'), 'header.task.ancestors.6.start_ns': (232, 'Q'), 'header.task.ancestors.6.tgid': (240, 'I'), 'header.task.ancestors.6.exec_id': (244, 'I'), 'header.task.ancestors.7.start_ns': (248, 'Q'), 'header.task.ancestors.7.tgid': (256, 'I'), 'header.task.ancestors.7.exec_id': (260, 'I'), 'header.task.ns.mnt': (264, 'I'), 'header.task.ns.pid': (268, 'I'), 'header.task.ns.pid_for_children': (272, 'I'), 'header.task.ns.net': (276, 'I'), 'header.task.ns.user': (280, 'I'), 'header.task.ns.ipc': (284, 'I'), 'header.task.ns.uts': (288, 'I'), 'header.task.ns.cgroup': (292, 'I'), 'header.task.ns.time': (296, 'I'), 'header.task.cgroup_id': (304, 'Q'), 'header.task.ns_tgid': (312, 'I'), 'header.task.ns_pid': (316, 'I'), 'header.task.sid': (320, 'I'), 'header.task.pgid': (324, 'I'), 'header.task.ns_pgid': (328, 'I'), 'header.task.tty': (332, 'I'), 'header.task.exec_id': (336, 'I'), 'header.task.cgroup.offset': (340, 'H'), 'header.task.cgroup.length': (342, 'H'), 'header.task.cgroup.state': (344, 'B'), 'header.task.cgroup.flags': (345, 'B'), 'header.task.cgroup.error': (346, 'H'), 'child.start_ns': (352, 'Q'), 'child.tgid': (360, 'I'), 'flags': (368, 'Q'), 'child_pid': (376, 'I'), 'child_ns_pid': (380, 'I')},
    ExitRecord: {'header.time_ns': (0, 'Q'), 'header.size': (8, 'I'), 'header.kind': (12, 'H'), 'header.type': (14, 'H'), 'header.result': (16, 'q'), 'header.task.container': (24, 'Q'), 'header.task.process.start_ns': (32, 'Q'), 'header.task.process.tgid': (40, 'I'), 'header.task.cap_effective': (48, 'Q'), 'header.task.cap_permitted': (56, 'Q'), 'header.task.cap_inheritable': (64, 'Q'), 'header.task.cap_bounding': (72, 'Q'), 'header.task.cap_ambient': (80, 'Q'), 'header.task.pid': (88, 'I'), 'header.task.uid': (92, 'I'), 'header.task.euid': (96, 'I'), 'header.task.gid': (100, 'I'), 'header.task.egid': (104, 'I'), 'header.task.role': (108, 'I'), 'header.task.boundary': (112, 'I'), 'header.task.loginuid': (116, 'I'), 'header.task.comm': (120, '16s'), 'header.task.ancestors.0.start_ns': (136, 'Q'), 'header.task.ancestors.0.tgid': (144, 'I'), 'header.task.ancestors.0.exec_id': (148, 'I'), 'header.task.ancestors.1.start_ns': (152, 'Q'), 'header.task.ancestors.1.tgid': (160, 'I'), 'header.task.ancestors.1.exec_id': (164, 'I'), 'header.task.ancestors.2.start_ns': (168, 'Q'), 'header.task.ancestors.2.tgid': (176, 'I'), 'header.task.ancestors.2.exec_id': (180, 'I'), 'header.task.ancestors.3.start_ns': (184, 'Q'), 'header.task.ancestors.3.tgid': (192, 'I'), 'header.task.ancestors.3.exec_id': (196, 'I'), 'header.task.ancestors.4.start_ns': (200, 'Q'), 'header.task.ancestors.4.tgid': (208, 'I'), 'header.task.ancestors.4.exec_id': (212, 'I'), 'header.task.ancestors.5.start_ns': (216, 'Q'), 'header.task.ancestors.5.tgid': (224, 'I'), 'header.task.ancestors.5.exec_id': (228, 'I'), 'header.task.ancestors.6.start_ns': (232, 'Q'), 'header.task.ancestors.6.tgid': (240, 'I'), 'header.task.ancestors.6.exec_id': (244, 'I'), 'header.task.ancestors.7.start_ns': (248, 'Q'), 'header.task.ancestors.7.tgid': (256, 'I'), 'header.task.ancestors.7.exec_id': (260, 'I'), 'header.task.ns.mnt': (264, 'I'), 'header.task.ns.pid': (268, 'I'), 'header.task.ns.pid_for_children': (272, 'I'), 'header.task.ns.net': (276, 'I'), 'header.task.ns.user': (280, 'I'), 'header.task.ns.ipc': (284, 'I'), 'header.task.ns.uts': (288, 'I'), 'header.task.ns.cgroup': (292, 'I'), 'header.task.ns.time': (296, 'I'), 'header.task.cgroup_id': (304, 'Q'), 'header.task.ns_tgid': (312, 'I'), 'header.task.ns_pid': (316, 'I'), 'header.task.sid': (320, 'I'), 'header.task.pgid': (324, 'I'), 'header.task.ns_pgid': (328, 'I'), 'header.task.tty': (332, 'I'), 'header.task.exec_id': (336, 'I'), 'header.task.cgroup.offset': (340, 'H'), 'header.task.cgroup.length': (342, 'H'), 'header.task.cgroup.state': (344, 'B'), 'header.task.cgroup.flags': (345, 'B'), 'header.task.cgroup.error': (346, 'H'), 'code': (352, 'I')},
    CallRecord: {'header.time_ns': (0, 'Q'), 'header.size': (8, 'I'), 'header.kind': (12, 'H'), 'header.type': (14, 'H'), 'header.result': (16, 'q'), 'header.task.container': (24, 'Q'), 'header.task.process.start_ns': (32, 'Q'), 'header.task.process.tgid': (40, 'I'), 'header.task.cap_effective': (48, 'Q'), 'header.task.cap_permitted': (56, 'Q'), 'header.task.cap_inheritable': (64, 'Q'), 'header.task.cap_bounding': (72, 'Q'), 'header.task.cap_ambient': (80, 'Q'), 'header.task.pid': (88, 'I'), 'header.task.uid': (92, 'I'), 'header.task.euid': (96, 'I'), 'header.task.gid': (100, 'I'), 'header.task.egid': (104, 'I'), 'header.task.role': (108, 'I'), 'header.task.boundary': (112, 'I'), 'header.task.loginuid': (116, 'I'), 'header.task.comm': (120, '16s'), 'header.task.ancestors.0.start_ns': (136, 'Q'), 'header.task.ancestors.0.tgid': (144, 'I'), 'header.task.ancestors.0.exec_id': (148, 'I'), 'header.task.ancestors.1.start_ns': (152, 'Q'), 'header.task.ancestors.1.tgid': (160, 'I'), 'header.task.ancestors.1.exec_id': (164, 'I'), 'header.task.ancestors.2.start_ns': (168, 'Q'), 'header.task.ancestors.2.tgid': (176, 'I'), 'header.task.ancestors.2.exec_id': (180, 'I'), 'header.task.ancestors.3.start_ns': (184, 'Q'), 'header.task.ancestors.3.tgid': (192, 'I'), 'header.task.ancestors.3.exec_id': (196, 'I'), 'header.task.ancestors.4.start_ns': (200, 'Q'), 'header.task.ancestors.4.tgid': (208, 'I'), 'header.task.ancestors.4.exec_id': (212, 'I'), 'header.task.ancestors.5.start_ns': (216, 'Q'), 'header.task.ancestors.5.tgid': (224, 'I'), 'header.task.ancestors.5.exec_id': (228, 'I'), 'header.task.ancestors.6.start_ns': (232, 'Q'), 'header.task.ancestors.6.tgid': (240, 'I'), 'header.task.ancestors.6.exec_id': (244, 'I'), 'header.task.ancestors.7.start_ns': (248, 'Q'), 'header.task.ancestors.7.tgid': (256, 'I'), 'header.task.ancestors.7.exec_id': (260, 'I'), 'header.task.ns.mnt': (264, 'I'), 'header.task.ns.pid': (268, 'I'), 'header.task.ns.pid_for_children': (272, 'I'), 'header.task.ns.net': (276, 'I'), 'header.task.ns.user': (280, 'I'), 'header.task.ns.ipc': (284, 'I'), 'header.task.ns.uts': (288, 'I'), 'header.task.ns.cgroup': (292, 'I'), 'header.task.ns.time': (296, 'I'), 'header.task.cgroup_id': (304, 'Q'), 'header.task.ns_tgid': (312, 'I'), 'header.task.ns_pid': (316, 'I'), 'header.task.sid': (320, 'I'), 'header.task.pgid': (324, 'I'), 'header.task.ns_pgid': (328, 'I'), 'header.task.tty': (332, 'I'), 'header.task.exec_id': (336, 'I'), 'header.task.cgroup.offset': (340, 'H'), 'header.task.cgroup.length': (342, 'H'), 'header.task.cgroup.state': (344, 'B'), 'header.task.cgroup.flags': (345, 'B'), 'header.task.cgroup.error': (346, 'H'), 'file.inode': (352, 'Q'), 'file.dev': (360, 'I'), 'file.rdev': (364, 'I'), 'file.mode': (368, 'I'), 'file.uid': (372, 'I'), 'file.links': (376, 'I'), 'file.path_flags': (380, 'H'), 'file.mount_point_len': (382, 'H'), 'file.fs_magic': (384, 'Q'), 'file.fs_type': (392, '16s'), 'file.path.offset': (408, 'H'), 'file.path.length': (410, 'H'), 'file.path.state': (412, 'B'), 'file.path.flags': (413, 'B'), 'file.path.error': (414, 'H'), 'file.fs_path.offset': (416, 'H'), 'file.fs_path.length': (418, 'H'), 'file.fs_path.state': (420, 'B'), 'file.fs_path.flags': (421, 'B'), 'file.fs_path.error': (422, 'H'), 'socket.family': (424, 'I'), 'socket.type': (428, 'I'), 'socket.protocol': (432, 'I'), 'socket.local_port': (436, 'H'), 'socket.remote_port': (438, 'H'), 'socket.local_high': (440, 'Q'), 'socket.local_low': (448, 'Q'), 'socket.remote_high': (456, 'Q'), 'socket.remote_low': (464, 'Q'), 'socket.path.offset': (472, 'H'), 'socket.path.length': (474, 'H'), 'socket.path.state': (476, 'B'), 'socket.path.flags': (477, 'B'), 'socket.path.error': (478, 'H'), 'target.container': (480, 'Q'), 'target.process.start_ns': (488, 'Q'), 'target.process.tgid': (496, 'I'), 'target.pid': (504, 'I'), 'target.role': (508, 'I'), 'target.boundary': (512, 'I'), 'target.flags': (516, 'I'), 'target.comm': (520, '16s'), 'old.text.offset': (536, 'H'), 'old.text.length': (538, 'H'), 'old.text.state': (540, 'B'), 'old.text.flags': (541, 'B'), 'old.text.error': (542, 'H'), 'old.directory.offset': (544, 'H'), 'old.directory.length': (546, 'H'), 'old.directory.state': (548, 'B'), 'old.directory.flags': (549, 'B'), 'old.directory.error': (550, 'H'), 'old.object.offset': (552, 'H'), 'old.object.length': (554, 'H'), 'old.object.state': (556, 'B'), 'old.object.flags': (557, 'B'), 'old.object.error': (558, 'H'), 'new.text.offset': (560, 'H'), 'new.text.length': (562, 'H'), 'new.text.state': (564, 'B'), 'new.text.flags': (565, 'B'), 'new.text.error': (566, 'H'), 'new.directory.offset': (568, 'H'), 'new.directory.length': (570, 'H'), 'new.directory.state': (572, 'B'), 'new.directory.flags': (573, 'B'), 'new.directory.error': (574, 'H'), 'new.object.offset': (576, 'H'), 'new.object.length': (578, 'H'), 'new.object.state': (580, 'B'), 'new.object.flags': (581, 'B'), 'new.object.error': (582, 'H'), 'text.offset': (584, 'H'), 'text.length': (586, 'H'), 'text.state': (588, 'B'), 'text.flags': (589, 'B'), 'text.error': (590, 'H'), 'address.offset': (592, 'H'), 'address.length': (594, 'H'), 'address.state': (596, 'B'), 'address.flags': (597, 'B'), 'address.error': (598, 'H'), 'words.offset': (600, 'H'), 'words.length': (602, 'H'), 'words.state': (604, 'B'), 'words.flags': (605, 'B'), 'words.error': (606, 'H'), 'args.0': (608, 'Q'), 'args.1': (616, 'Q'), 'args.2': (624, 'Q'), 'args.3': (632, 'Q'), 'args.4': (640, 'Q'), 'args.5': (648, 'Q')},
    ContainerRecord: {'header.time_ns': (0, 'Q'), 'header.size': (8, 'I'), 'header.kind': (12, 'H'), 'header.type': (14, 'H'), 'header.result': (16, 'q'), 'header.task.container': (24, 'Q'), 'header.task.process.start_ns': (32, 'Q'), 'header.task.process.tgid': (40, 'I'), 'header.task.cap_effective': (48, 'Q'), 'header.task.cap_permitted': (56, 'Q'), 'header.task.cap_inheritable': (64, 'Q'), 'header.task.cap_bounding': (72, 'Q'), 'header.task.cap_ambient': (80, 'Q'), 'header.task.pid': (88, 'I'), 'header.task.uid': (92, 'I'), 'header.task.euid': (96, 'I'), 'header.task.gid': (100, 'I'), 'header.task.egid': (104, 'I'), 'header.task.role': (108, 'I'), 'header.task.boundary': (112, 'I'), 'header.task.loginuid': (116, 'I'), 'header.task.comm': (120, '16s'), 'header.task.ancestors.0.start_ns': (136, 'Q'), 'header.task.ancestors.0.tgid': (144, 'I'), 'header.task.ancestors.0.exec_id': (148, 'I'), 'header.task.ancestors.1.start_ns': (152, 'Q'), 'header.task.ancestors.1.tgid': (160, 'I'), 'header.task.ancestors.1.exec_id': (164, 'I'), 'header.task.ancestors.2.start_ns': (168, 'Q'), 'header.task.ancestors.2.tgid': (176, 'I'), 'header.task.ancestors.2.exec_id': (180, 'I'), 'header.task.ancestors.3.start_ns': (184, 'Q'), 'header.task.ancestors.3.tgid': (192, 'I'), 'header.task.ancestors.3.exec_id': (196, 'I'), 'header.task.ancestors.4.start_ns': (200, 'Q'), 'header.task.ancestors.4.tgid': (208, 'I'), 'header.task.ancestors.4.exec_id': (212, 'I'), 'header.task.ancestors.5.start_ns': (216, 'Q'), 'header.task.ancestors.5.tgid': (224, 'I'), 'header.task.ancestors.5.exec_id': (228, 'I'), 'header.task.ancestors.6.start_ns': (232, 'Q'), 'header.task.ancestors.6.tgid': (240, 'I'), 'header.task.ancestors.6.exec_id': (244, 'I'), 'header.task.ancestors.7.start_ns': (248, 'Q'), 'header.task.ancestors.7.tgid': (256, 'I'), 'header.task.ancestors.7.exec_id': (260, 'I'), 'header.task.ns.mnt': (264, 'I'), 'header.task.ns.pid': (268, 'I'), 'header.task.ns.pid_for_children': (272, 'I'), 'header.task.ns.net': (276, 'I'), 'header.task.ns.user': (280, 'I'), 'header.task.ns.ipc': (284, 'I'), 'header.task.ns.uts': (288, 'I'), 'header.task.ns.cgroup': (292, 'I'), 'header.task.ns.time': (296, 'I'), 'header.task.cgroup_id': (304, 'Q'), 'header.task.ns_tgid': (312, 'I'), 'header.task.ns_pid': (316, 'I'), 'header.task.sid': (320, 'I'), 'header.task.pgid': (324, 'I'), 'header.task.ns_pgid': (328, 'I'), 'header.task.tty': (332, 'I'), 'header.task.exec_id': (336, 'I'), 'header.task.cgroup.offset': (340, 'H'), 'header.task.cgroup.length': (342, 'H'), 'header.task.cgroup.state': (344, 'B'), 'header.task.cgroup.flags': (345, 'B'), 'header.task.cgroup.error': (346, 'H'), 'container.key': (352, 'Q'), 'container.tasks': (360, 'Q'), 'container.start_ns': (368, 'Q'), 'container.mnt_ns_id': (376, 'Q'), 'container.root': (384, 'Q'), 'container.user_ns': (392, 'Q'), 'container.cgroups.0': (400, 'Q'), 'container.cgroups.1': (408, 'Q'), 'container.cgroups.2': (416, 'Q'), 'container.cgroups.3': (424, 'Q'), 'container.cap_bounding': (432, 'Q'), 'container.cap_effective': (440, 'Q'), 'container.init.start_ns': (448, 'Q'), 'container.init.tgid': (456, 'I'), 'container.ns.mnt': (464, 'I'), 'container.ns.pid': (468, 'I'), 'container.ns.pid_for_children': (472, 'I'), 'container.ns.net': (476, 'I'), 'container.ns.user': (480, 'I'), 'container.ns.ipc': (484, 'I'), 'container.ns.uts': (488, 'I'), 'container.ns.cgroup': (492, 'I'), 'container.ns.time': (496, 'I'), 'container.levels.0': (504, 'I'), 'container.levels.1': (508, 'I'), 'container.levels.2': (512, 'I'), 'container.levels.3': (516, 'I'), 'container.state': (520, 'I'), 'container.host_ns': (524, 'I'), 'container.uid': (528, 'I'), 'container.seccomp': (532, 'I'), 'container.no_new_privs': (536, 'I'), 'container.disk_count': (540, 'I'), 'container.disks.0': (544, 'I'), 'container.disks.1': (548, 'I'), 'container.disks.2': (552, 'I'), 'container.disks.3': (556, 'I'), 'container.disks.4': (560, 'I'), 'container.disks.5': (564, 'I'), 'container.disks.6': (568, 'I'), 'container.disks.7': (572, 'I'), 'container.cgroup': (576, '128s'), 'container.cgroup_parent': (704, '128s'), 'activity.calls': (832, 'Q'), 'activity.execs': (840, 'Q'), 'activity.forks': (848, 'Q'), 'usual.calls': (856, 'Q'), 'usual.execs': (864, 'Q'), 'usual.forks': (872, 'Q'), 'activity_ns': (880, 'Q')},
}
# Where the parts of a slot are.
SLOT: dict[str, int] = {'busy': 0, 'number': 4, 'size': 8, 'lost': 12, 'whole': 16, 'reserved': 20, 'mnt_ns': 24, 'put_off': 32, 'fs_root': 40, 'frame': 48, 'record': 1224, 'walk': 25800, 'mounts': 25840, 'had': 25864, 'view': 25880, 'path': 25896, 'frame.verdict': 48, 'frame.host_view': 52, 'frame.container': 56, 'frame.process': 80, 'frame.parent': 104, 'frame.ancestors': 128, 'frame.container_key': 152, 'frame.process_key': 168, 'frame.scratch': 200, 'frame.container.set': 56, 'frame.process.set': 80, 'frame.parent.set': 104, 'frame.ancestors.set': 128, 'frame.container.holds': 64, 'frame.process.holds': 88, 'frame.parent.holds': 112, 'frame.ancestors.holds': 136, 'frame.container.fails': 72, 'frame.process.fails': 96, 'frame.parent.fails': 120, 'frame.ancestors.fails': 144, 'size of it': 30248}


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
