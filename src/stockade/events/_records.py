"""Record layouts and fields. Generated from bpf/include by stockade.events.generate; not edited."""

from __future__ import annotations

import struct
from collections.abc import Callable
from enum import IntEnum, IntFlag

import msgspec

from stockade.errors import RecordError
from stockade.events.text import Text, fixed_text, read_text


LAYOUT = "911b764bc4158fa034bdf9674ad21f6d9ef7450b3f5e50ae377bc891f9c36219"


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


class RecordKind(IntEnum):
    """enum record_kind."""

    NONE = 0
    OPEN = 1
    EXEC = 2
    FORK = 3
    EXIT = 4


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


class FdFlags(IntFlag):
    """enum fd_flags."""

    SHARED = 1
    REPLACED = 2


class LossReason(IntEnum):
    """enum loss_reason."""

    RING_FULL = 0
    SCRATCH_BUSY = 1
    UNRESOLVED = 2
    REPLACED = 3


class ProcessId(msgspec.Struct, frozen=True, gc=False):
    """struct process_id."""

    start_ns: int
    tgid: int


class Task(msgspec.Struct, frozen=True, gc=False):
    """struct task."""

    process: ProcessId
    """the task's process"""
    ancestors: tuple[ProcessId, ...]
    """parent first, zero after the last"""
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
    cgroup_id: int
    """kernfs id of the task's cgroup"""
    pid: int
    """thread id in the initial pid namespace"""
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
    uid: int
    """real user id"""
    euid: int
    """effective user id"""
    gid: int
    """real group id"""
    egid: int
    """effective group id"""
    loginuid: int
    """login user id, 4294967295 when never set"""
    mnt_ns: int
    """inode number of the mount namespace"""
    pid_ns: int
    """inode number of the active pid namespace"""
    net_ns: int
    """inode number of the network namespace"""
    user_ns: int
    """inode number of the user namespace"""
    ipc_ns: int
    """inode number of the IPC namespace"""
    uts_ns: int
    """inode number of the UTS namespace"""
    cgroup_ns: int
    """inode number of the cgroup namespace"""
    cgroup: Text
    """name of the task's cgroup"""
    comm: str
    """command name of the task"""


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


class OpenRecord(msgspec.Struct, frozen=True, gc=False):
    """struct open_record."""

    header: RecordHeader
    file: FileObject
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


class Config(msgspec.Struct, frozen=True, gc=False):
    """struct config."""

    agent_tgid: int
    host_mnt_ns: int
    wanted: int
    wanted_host: int
    raw_paths: int


_OPEN_RECORD = struct.Struct(
    "<QIHHqQIIQIIQIIQIIQIIQIIQIIQIIQIIQQQQQQIIIIIIIIIIIIIIIIIIIIHHBBH16sQIIIIIHHQ16sHHBBHHHBBHIIIIHHBBHHHBBH"
)


def _decode_open_record(record: memoryview) -> OpenRecord:
    v = _OPEN_RECORD.unpack_from(record)
    return OpenRecord(RecordHeader(v[0], v[1], v[2], v[3], v[4], Task(ProcessId(v[5], v[6]), tuple(ProcessId(v[i + 0], v[i + 1]) for i in range(8, 32, 3) if v[i]), v[32], v[33], v[34], v[35], v[36], v[37], v[38], v[39], v[40], v[41], v[42], v[43], v[44], v[45], v[46], v[47], v[48], v[49], v[50], v[51], v[52], v[53], v[54], v[55], v[56], read_text(record, v[58], v[59], v[60], v[61], v[62]), fixed_text(v[63]))), FileObject(v[64], v[65], v[66], v[67], v[68], v[69], v[70], v[71], v[72], fixed_text(v[73]), read_text(record, v[74], v[75], v[76], v[77], v[78]), read_text(record, v[79], v[80], v[81], v[82], v[83])), v[84], v[85], v[86], v[87], read_text(record, v[88], v[89], v[90], v[91], v[92]), read_text(record, v[93], v[94], v[95], v[96], v[97]))


_EXEC_RECORD = struct.Struct(
    "<QIHHqQIIQIIQIIQIIQIIQIIQIIQIIQIIQQQQQQIIIIIIIIIIIIIIIIIIIIHHBBH16sQIIIIIHHQ16sHHBBHHHBBHHHBBHHHBBHHHBBH"
)


def _decode_exec_record(record: memoryview) -> ExecRecord:
    v = _EXEC_RECORD.unpack_from(record)
    return ExecRecord(RecordHeader(v[0], v[1], v[2], v[3], v[4], Task(ProcessId(v[5], v[6]), tuple(ProcessId(v[i + 0], v[i + 1]) for i in range(8, 32, 3) if v[i]), v[32], v[33], v[34], v[35], v[36], v[37], v[38], v[39], v[40], v[41], v[42], v[43], v[44], v[45], v[46], v[47], v[48], v[49], v[50], v[51], v[52], v[53], v[54], v[55], v[56], read_text(record, v[58], v[59], v[60], v[61], v[62]), fixed_text(v[63]))), FileObject(v[64], v[65], v[66], v[67], v[68], v[69], v[70], v[71], v[72], fixed_text(v[73]), read_text(record, v[74], v[75], v[76], v[77], v[78]), read_text(record, v[79], v[80], v[81], v[82], v[83])), read_text(record, v[84], v[85], v[86], v[87], v[88]), read_text(record, v[89], v[90], v[91], v[92], v[93]), read_text(record, v[94], v[95], v[96], v[97], v[98]))


_FORK_RECORD = struct.Struct(
    "<QIHHqQIIQIIQIIQIIQIIQIIQIIQIIQIIQQQQQQIIIIIIIIIIIIIIIIIIIIHHBBH16sQIIQII"
)


def _decode_fork_record(record: memoryview) -> ForkRecord:
    v = _FORK_RECORD.unpack_from(record)
    return ForkRecord(RecordHeader(v[0], v[1], v[2], v[3], v[4], Task(ProcessId(v[5], v[6]), tuple(ProcessId(v[i + 0], v[i + 1]) for i in range(8, 32, 3) if v[i]), v[32], v[33], v[34], v[35], v[36], v[37], v[38], v[39], v[40], v[41], v[42], v[43], v[44], v[45], v[46], v[47], v[48], v[49], v[50], v[51], v[52], v[53], v[54], v[55], v[56], read_text(record, v[58], v[59], v[60], v[61], v[62]), fixed_text(v[63]))), ProcessId(v[64], v[65]), v[67], v[68], v[69])


_EXIT_RECORD = struct.Struct(
    "<QIHHqQIIQIIQIIQIIQIIQIIQIIQIIQIIQQQQQQIIIIIIIIIIIIIIIIIIIIHHBBH16sII"
)


def _decode_exit_record(record: memoryview) -> ExitRecord:
    v = _EXIT_RECORD.unpack_from(record)
    return ExitRecord(RecordHeader(v[0], v[1], v[2], v[3], v[4], Task(ProcessId(v[5], v[6]), tuple(ProcessId(v[i + 0], v[i + 1]) for i in range(8, 32, 3) if v[i]), v[32], v[33], v[34], v[35], v[36], v[37], v[38], v[39], v[40], v[41], v[42], v[43], v[44], v[45], v[46], v[47], v[48], v[49], v[50], v[51], v[52], v[53], v[54], v[55], v[56], read_text(record, v[58], v[59], v[60], v[61], v[62]), fixed_text(v[63]))), v[64])


_CONFIG = struct.Struct("<IIQQQ")


def pack_config(value: Config) -> bytes:
    """The bytes of a struct config."""
    return _CONFIG.pack(value.agent_tgid, value.host_mnt_ns, value.wanted, value.wanted_host, value.raw_paths)


Record = OpenRecord | ExecRecord | ForkRecord | ExitRecord

_DECODERS: dict[int, Callable[[memoryview], Record]] = {
    RecordKind.OPEN: _decode_open_record,
    RecordKind.EXEC: _decode_exec_record,
    RecordKind.FORK: _decode_fork_record,
    RecordKind.EXIT: _decode_exit_record,
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


# Field, type, record, where in it, meaning.
FIELDS: tuple[tuple[str, str, type[msgspec.Struct], str, str], ...] = (
    ("evt.rawres", "int", RecordHeader, "header.result", "return value: a descriptor, 0, or a negative errno"),
    ("thread.cap_effective", "caps", RecordHeader, "header.task.cap_effective", "effective capabilities"),
    ("thread.cap_permitted", "caps", RecordHeader, "header.task.cap_permitted", "permitted capabilities"),
    ("thread.cap_inheritable", "caps", RecordHeader, "header.task.cap_inheritable", "inheritable capabilities"),
    ("thread.cap_bounding", "caps", RecordHeader, "header.task.cap_bounding", "capability bounding set"),
    ("thread.cap_ambient", "caps", RecordHeader, "header.task.cap_ambient", "ambient capabilities"),
    ("thread.cgroup_id", "uint", RecordHeader, "header.task.cgroup_id", "kernfs id of the task's cgroup"),
    ("thread.tid", "uint", RecordHeader, "header.task.pid", "thread id in the initial pid namespace"),
    ("proc.vpid", "uint", RecordHeader, "header.task.ns_tgid", "process id in the task's own pid namespace"),
    ("thread.vtid", "uint", RecordHeader, "header.task.ns_pid", "thread id in the task's own pid namespace"),
    ("proc.sid", "uint", RecordHeader, "header.task.sid", "session id in the initial pid namespace"),
    ("proc.pgid", "uint", RecordHeader, "header.task.pgid", "process group id in the initial pid namespace"),
    ("proc.vpgid", "uint", RecordHeader, "header.task.ns_pgid", "process group id in the task's own pid namespace, 0 when outside"),
    ("proc.tty", "uint", RecordHeader, "header.task.tty", "device number of the controlling terminal, 0 for none"),
    ("user.uid", "uint", RecordHeader, "header.task.uid", "real user id"),
    ("user.euid", "uint", RecordHeader, "header.task.euid", "effective user id"),
    ("group.gid", "uint", RecordHeader, "header.task.gid", "real group id"),
    ("group.egid", "uint", RecordHeader, "header.task.egid", "effective group id"),
    ("user.loginuid", "uint", RecordHeader, "header.task.loginuid", "login user id, 4294967295 when never set"),
    ("proc.mnt_ns", "uint", RecordHeader, "header.task.mnt_ns", "inode number of the mount namespace"),
    ("proc.pid_ns", "uint", RecordHeader, "header.task.pid_ns", "inode number of the active pid namespace"),
    ("proc.net_ns", "uint", RecordHeader, "header.task.net_ns", "inode number of the network namespace"),
    ("proc.user_ns", "uint", RecordHeader, "header.task.user_ns", "inode number of the user namespace"),
    ("proc.ipc_ns", "uint", RecordHeader, "header.task.ipc_ns", "inode number of the IPC namespace"),
    ("proc.uts_ns", "uint", RecordHeader, "header.task.uts_ns", "inode number of the UTS namespace"),
    ("proc.cgroup_ns", "uint", RecordHeader, "header.task.cgroup_ns", "inode number of the cgroup namespace"),
    ("thread.cgroup", "string", RecordHeader, "header.task.cgroup", "name of the task's cgroup"),
    ("proc.name", "string", RecordHeader, "header.task.comm", "command name of the task"),
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
)
