"""Records made by hand, for tests that need no kernel."""

from __future__ import annotations

import msgspec

from stockade.events import (
    UNKNOWN,
    Activity,
    AncestorId,
    CallRecord,
    Container,
    ContainerEntry,
    ContainerRecord,
    ContainerState,
    Event,
    EventType,
    ExecRecord,
    FileObject,
    Metadata,
    Namespaces,
    OpenRecord,
    Pod,
    Process,
    ProcessId,
    Record,
    RecordHeader,
    Role,
    Target,
    Task,
    Text,
    Workload,
)
from stockade.events._records import CallPath, SocketObject
from stockade.events.text import NO_TEXT

NAMESPACES = Namespaces(
    mnt=11, pid=12, pid_for_children=12, net=13, user=14, ipc=15, uts=16, cgroup=17, time=18
)
TASK = Task(
    container=7,
    process=ProcessId(5_000_000_000, 100),
    ancestors=(AncestorId(4_000_000_000, 50, 2), AncestorId(1_000_000_000, 1, 3)),
    cap_effective=1 << 21,
    cap_permitted=0,
    cap_inheritable=0,
    cap_bounding=0,
    cap_ambient=0,
    cgroup_id=77,
    pid=100,
    ns_tgid=1,
    ns_pid=1,
    sid=1,
    pgid=100,
    ns_pgid=1,
    tty=0,
    uid=1000,
    euid=0,
    gid=1000,
    egid=1000,
    loginuid=(1 << 32) - 1,
    exec_id=1,
    role=Role.MEMBER,
    boundary=0,
    ns=NAMESPACES,
    cgroup=Text("box"),
    comm="cat",
)
FILE = FileObject(
    inode=9,
    dev=0x801,
    rdev=0,
    mode=0o100644,
    uid=0,
    links=1,
    path_flags=0,
    mount_point_len=4,
    fs_magic=0xEF53,
    fs_type="ext4",
    path=Text("/mnt/shadow"),
    fs_path=Text("/etc/shadow"),
)
NO_FILE = msgspec.structs.replace(FILE, inode=0, fs_type="", path=NO_TEXT, fs_path=NO_TEXT)
NOBODY = Target(container=0, process=ProcessId(0, 0), pid=0, role=0, boundary=0, flags=0, comm="")


NO_ACTIVITY = Activity(calls=0, execs=0, forks=0)


def header(kind: EventType, result: int = 3, task: Task = TASK) -> RecordHeader:
    """A record's head."""
    return RecordHeader(
        time_ns=6_000_000_000,
        size=0,
        kind=0,
        type=kind,
        result=result,
        rules=0,
        fired=(0, 0),
        outcome=0,
        task=task,
    )


def open_record(
    file: FileObject = FILE,
    *,
    kind: EventType = EventType.OPENAT,
    result: int = 3,
    flags: int = 0,
    f_mode: int = 1,
    argument: Text = NO_TEXT,
    directory: Text = NO_TEXT,
) -> OpenRecord:
    """An open; by default a successful one for reading."""
    return OpenRecord(
        header=header(kind, result),
        file=file,
        target=NOBODY,
        flags=flags,
        mode=0,
        f_mode=f_mode,
        fd_flags=0,
        argument=argument,
        directory=directory,
    )


def exec_record(exe: FileObject = FILE, args: str = "cat\0-n\0file\0") -> ExecRecord:
    """A successful exec."""
    return ExecRecord(
        header=header(EventType.EXECVE, 0),
        exe=exe,
        filename=Text("cat"),
        args=Text(args),
        cwd=Text("/home"),
    )


NO_SOCKET = SocketObject(
    family=0,
    type=0,
    protocol=0,
    local_port=0,
    remote_port=0,
    local_high=0,
    local_low=0,
    remote_high=0,
    remote_low=0,
    path=NO_TEXT,
)


def call_record(
    kind: EventType,
    *,
    old: str = "",
    new: str = "",
    text: str = "",
    file: FileObject = NO_FILE,
    task: Task = TASK,
) -> CallRecord:
    """A successful call; relative paths are those of /home."""
    paths = [
        CallPath(Text(path, argument=True), Text("/home"), NO_TEXT)
        if path
        else CallPath(NO_TEXT, NO_TEXT, NO_TEXT)
        for path in (old, new)
    ]
    return CallRecord(
        header=header(kind, 0, task),
        file=file,
        socket=NO_SOCKET,
        target=NOBODY,
        old=paths[0],
        new=paths[1],
        text=Text(text) if text else NO_TEXT,
        address=NO_TEXT,
        words=NO_TEXT,
        args=(0,) * 6,
    )


PROCESS = Process(TASK.process, "cat", "/bin/cat", ("cat", "-n", "file"), FILE, exec_id=1)
PARENT = Process(ProcessId(4_000_000_000, 50), "sh", "/bin/sh", ("sh", "-i"), exec_id=2)
INIT = Process(ProcessId(1_000_000_000, 1), "init", "/sbin/init", ("init",), exec_id=3)
ENTRY = ContainerEntry(
    key=TASK.container,
    tasks=1,
    start_ns=5_000_000_000,
    mnt_ns_id=21,
    root=0,
    user_ns=0,
    cgroups=(77, 0, 0, 0),
    cap_bounding=1 << 21,
    cap_effective=0,
    init=TASK.process,
    ns=NAMESPACES,
    levels=(1, 0, 0, 0),
    state=ContainerState.RUNNING,
    host_ns=0,
    uid=0,
    seccomp=2,
    no_new_privs=0,
    disk_count=0,
    disks=(0,) * 8,
    cgroup="box",
    cgroup_parent="system.slice",
)
# All that its runtime has; of the image and of the pod that is not everything.
CONTAINER = Container(
    id="box",
    runtime="runc",
    entry=ENTRY,
    workload=Workload(
        name="box",
        image=UNKNOWN,
        image_id=UNKNOWN,
        image_digest=UNKNOWN,
        labels={"app": "web"},
        pod=Pod(name="box-0"),
        privileged=False,
        mounts=(),
        devices=(),
        user="0:0",
        seccomp="filter",
    ),
    metadata=Metadata.COMPLETE,
)


def container_record(
    kind: EventType = EventType.CONTAINER, entry: ContainerEntry = ENTRY, task: Task = TASK
) -> ContainerRecord:
    """What has happened to a container; by default its first program has run."""
    return ContainerRecord(
        header=header(kind, 0, task),
        container=entry,
        activity=NO_ACTIVITY,
        usual=NO_ACTIVITY,
        activity_ns=0,
    )


def event(record: Record | None = None, container: Container | None = CONTAINER) -> Event:
    """An event in a container, of a process whose parent is a shell."""
    return Event(
        record=record or open_record(),
        process=PROCESS,
        ancestors=(PARENT, INIT),
        container=container,
        host_path="/etc/shadow",
        time_ns=1_700_000_000_123_456_789,
        start_ns=1_700_000_000_000_000_000,
    )
