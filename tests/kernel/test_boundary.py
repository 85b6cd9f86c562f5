"""What tells that a member is no longer contained: the act, and what only looks like it."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from stockade.events import (
    BoundaryFlags,
    CallRecord,
    EventType,
    ExecRecord,
    OpenRecord,
    PathFlags,
    TargetFlags,
)
from stockade.kernel import Sensor, Wanted
from stockade.kernel.bpf import Map
from tests.support.members import remember
from tests.support.recorder import EXECS, OPENS
from tests.support.runc import Mount, Options, Runc, delete, init_pid
from tests.support.watch import RecordWatch

WANTED = OPENS | EXECS | {EventType.FSMOUNT, EventType.BOUNDARY_SWEEP}
NOTHING = BoundaryFlags(0)
HOST_NS, HOST_ROOT = BoundaryFlags.HOST_NS, BoundaryFlags.HOST_ROOT
FOREIGN_CWD = BoundaryFlags.FOREIGN_MOUNT
INTACT = PathFlags(0)
FOREIGN = PathFlags.FOREIGN
ADMIN = ("CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH")
HOST_PIDS = Options(capabilities=ADMIN, namespaces={"pid": None})
MOUNTING = Options(capabilities=ADMIN)
SANDBOX = (
    "unshare -m sh -c 'mount -t tmpfs t /mnt; echo >/mnt/own; sleep 9' & sleep 1;"
    " cat /proc/$!/root/mnt/own; kill $!"
)
FLAGS_OF_FILE = PathFlags.FOREIGN | PathFlags.OUTSIDE | PathFlags.NEW_DISK
_NUMBERS = itertools.count(1)


class Watch(RecordWatch):
    """Containers in which something is done, too."""

    def __init__(self, sensor: Sensor, runc: Runc) -> None:
        super().__init__(sensor)
        self._runc = runc

    @property
    def members(self) -> Map:
        return self.sensor.provenance._members  # noqa: SLF001 - nobody else is to write to it

    def run(self, script: str, options: Options = MOUNTING) -> str:
        """Do something in a container; returns what it printed."""
        name, done = self._runc.run(["sh", "-c", script], options)
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
        return done.stdout

    def marked(self, mark: str) -> BoundaryFlags:
        """The flags of the task that asked for a file that is not there."""
        record = self.find(OpenRecord, lambda record: record.argument.value == mark)
        return BoundaryFlags(record.header.task.boundary)

    def all_marked(self, mark: str) -> list[BoundaryFlags]:
        """The same of each time that it asked, as far as that has come."""
        return [
            BoundaryFlags(record.header.task.boundary)
            for record in self.records
            if isinstance(record, OpenRecord) and record.argument.value == mark
        ]

    def executed(self, arguments: str) -> ExecRecord:
        """An exec, by what it was given."""
        return self.find(ExecRecord, lambda record: record.args.value == arguments)

    def opened(self, ending: str, comm: str = "cat") -> OpenRecord:
        """An open that succeeded, by the end of the file's path."""
        return self.find(
            OpenRecord,
            lambda record: (
                record.header.task.comm == comm
                and record.header.result >= 0
                and record.file.path.value.endswith(ending)
            ),
        )


def flags_of(record: OpenRecord | CallRecord) -> PathFlags:
    return PathFlags(record.file.path_flags) & FLAGS_OF_FILE


@pytest.fixture(scope="module")
def sensor() -> Iterator[Sensor]:
    with Sensor(Wanted(WANTED)) as sensor:
        yield sensor


@pytest.fixture
def watch(sensor: Sensor, runc: Runc) -> Watch:
    return Watch(sensor, runc)


@pytest.fixture
def mark() -> str:
    """A path that is nowhere and that nobody else asks for."""
    return f"/mark/{next(_NUMBERS)}"


@pytest.fixture
def other() -> Iterator[int]:
    """A process of the host."""
    with subprocess.Popen(["sleep", "600"]) as process:
        try:
            yield process.pid
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("command", "flags"),
    [
        ("nsenter -t {other} -u cat {mark}", HOST_NS),
        ("nsenter -t $$ -u cat {mark}", NOTHING),
        ("unshare -u cat {mark}", NOTHING),
        # The root that setns leads to; a new namespace has a copy of it.
        ("nsenter -t {other} -m cat {mark}", HOST_NS | HOST_ROOT),
        ("nsenter -t {other} -m unshare -m cat {mark}", HOST_ROOT),
        ("cd /proc/{other}/root; cat {mark}", HOST_ROOT | FOREIGN_CWD),
        ("cd /proc/{other}/root/proc; cat {mark}", FOREIGN_CWD),
        ("cd /proc/self/root; cat {mark}", NOTHING),
        ("unshare -m sh -c 'mount -t tmpfs t /mnt; cd /mnt; cat {mark}'", NOTHING),
    ],
)
def test_where_a_task_is(
    watch: Watch, mark: str, other: int, command: str, flags: BoundaryFlags
) -> None:
    watch.run(f"{command.format(other=other, mark=mark)}; true", HOST_PIDS)
    assert watch.marked(mark) == flags


def test_the_hosts_root_as_it_was_given(watch: Watch, mark: str) -> None:
    """The container's own mount of it is no way out of the container, whatever else it is."""
    options = Options((Mount(Path("/"), "/mnt", ("bind", "ro")),), ADMIN)
    watch.run(f"cd /mnt; cat {mark}; chroot /mnt cat {mark}chroot; true", options)
    assert watch.marked(mark) == watch.marked(f"{mark}chroot") == NOTHING


@pytest.mark.parametrize(
    ("script", "file", "flags"),
    [
        ("cat /proc/{other}/root/etc/hostname", "/etc/hostname", FOREIGN),
        ("cat /proc/self/root/etc/passwd", "/etc/passwd", INTACT),
        # Of a namespace that the container's own processes have made, and of none.
        (SANDBOX, "/mnt/own", INTACT),
        ("true | cat /dev/stdin", "", INTACT),
    ],
)
def test_on_whose_mount_a_file_is(
    watch: Watch, other: int, script: str, file: str, flags: PathFlags
) -> None:
    watch.run(script.format(other=other), HOST_PIDS)
    assert flags_of(watch.opened(file)) == flags


def test_a_program_of_the_host(watch: Watch, other: int) -> None:
    """Run from a mount that is not the container's."""
    name = f"own{next(_NUMBERS)}"
    paths = f"/proc/{other}/root/bin/busybox", "/bin/busybox"
    watch.run("; ".join(f"{path} echo {name}" for path in paths), HOST_PIDS)
    arguments = [f"{path}\0echo\0{name}\0" for path in paths]
    host, own = (watch.executed(each) for each in arguments)
    assert (PathFlags(host.exe.path_flags), PathFlags(own.exe.path_flags)) == (FOREIGN, INTACT)


def test_standard_streams_are_given(watch: Watch, runc: Runc, tmp_path: Path) -> None:
    """A log of the host's that is opened again by the name that everybody knows; not another."""
    log, name = tmp_path / "given.log", runc.name()
    bundle = runc.bundle(["sh", "-c", "echo hello >/dev/stdout; sleep 600"], Options())
    try:
        with log.open("w") as stdout:
            command = ["runc", "run", "--detach", "--bundle", str(bundle), name]
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=stdout, check=True)
        assert flags_of(watch.opened("given.log", "sh")) == INTACT
    finally:
        delete(name)
    assert log.read_text() == "hello\n"


@pytest.mark.parametrize(("directory", "flags"), [("a", INTACT), ("b", PathFlags.OUTSIDE)])
def test_by_handle(watch: Watch, tmp_path: Path, directory: str, flags: PathFlags) -> None:
    """A handle names any file of the filesystem, whatever part of it the mount shows."""
    name = f"own{next(_NUMBERS)}"
    for each in ("a", "b"):
        (tmp_path / each).mkdir()
        (tmp_path / each / name).write_text("text\n")
    mounts = tuple(Mount(tmp_path / each, f"/mnt/{each}") for each in ("a", "b"))
    watch.run(f"acts handle /mnt/{directory}/{name} 0 /mnt/a", Options(mounts, ADMIN))
    inode = (tmp_path / directory / name).stat().st_ino
    found = watch.find(
        OpenRecord,
        lambda record: (
            record.header.type == EventType.OPEN_BY_HANDLE_AT and record.file.inode == inode
        ),
    )
    assert flags_of(found) == flags


def test_through_a_mount_in_no_tree(watch: Watch) -> None:
    """What mount(8) does with it is honest; to open files through it hides where they are."""
    watch.run("acts detached own; acts open /etc/passwd")
    made = watch.find(CallRecord, lambda record: record.header.type == EventType.FSMOUNT)
    assert made.header.result >= 0
    assert flags_of(made) == INTACT
    assert flags_of(watch.opened("/own", "acts")) == FOREIGN
    assert flags_of(watch.opened("/etc/passwd", "acts")) == INTACT


def test_a_disk_that_came_later(watch: Watch, runc: Runc) -> None:
    if not os.path.exists("/dev/loop6"):
        pytest.skip("this kernel has no loop devices")
    device = {"path": "/dev/loop6", "type": "b", "major": 7, "minor": 6, "fileMode": 0o600}
    script = (
        "dd if=/dev/zero of=/tmp/disk bs=1M count=4; losetup /dev/loop6 /tmp/disk || exit 77;"
        " mke2fs /dev/loop6 && mount -t ext2 /dev/loop6 /mnt && echo >/mnt/late && cat /mnt/late;"
        " cat /etc/passwd; umount /mnt; losetup -d /dev/loop6"
    )
    _, done = runc.run(["sh", "-c", script], Options((), ADMIN, devices=(device,)))
    if done.returncode == 77:
        pytest.skip(f"this kernel refuses loop devices: {done.stderr.splitlines()[-1:]}")
    assert flags_of(watch.opened("/mnt/late")) == PathFlags.NEW_DISK
    assert flags_of(watch.opened("/etc/passwd")) == INTACT


def test_whose_procfs_is_opened(watch: Watch, other: int) -> None:
    """What others may not read crosses a boundary; what everybody reads all day does not."""
    names = "environ status"
    watch.run(
        f"for f in {names}; do cat /proc/{other}/$f /proc/self/$f >/dev/null; done", HOST_PIDS
    )
    environ, status = (watch.opened(f"/{other}/{name}") for name in names.split())
    for target in (environ.target, status.target):
        assert (target.process.tgid, target.container, target.comm) == (other, 0, "sleep")
    assert (environ.target.flags, status.target.flags) == (0, TargetFlags.PUBLIC)
    own = watch.find(
        OpenRecord,
        lambda record: (
            record.target.process.tgid != 0 and record.target.process == record.header.task.process
        ),
    )
    assert own.target.container == own.header.task.container != 0


def test_the_agents_own_procfs(watch: Watch) -> None:
    agent = os.getpid()
    watch.run(f"cat /proc/{agent}/environ /proc/{agent}/status >/dev/null", HOST_PIDS)
    environ, status = (watch.opened(f"/{agent}/{name}") for name in ("environ", "status"))
    assert environ.target.flags == TargetFlags.AGENT
    assert status.target.flags == TargetFlags.AGENT | TargetFlags.PUBLIC


# ---- what no process can do ----


# The shell itself asks: the first mark is from before, the second is not.
LOOP = "read x <{mark}; sleep 3; while :; do read x <{mark}again; sleep 0.1; done"


@pytest.mark.parametrize(
    ("name", "value", "options", "flags"),
    [
        ("caps", 0, Options(), BoundaryFlags.CAPS_GAINED),
        ("caps", (1 << 64) - 1, Options(), NOTHING),
        ("seccomp", 2, Options(), BoundaryFlags.SECCOMP_DROPPED),
        ("filters", 1, Options(), BoundaryFlags.SECCOMP_DROPPED),
        ("no_new_privs", 1, Options(no_new_privs=False), BoundaryFlags.NNP_CLEARED),
        ("no_new_privs", 1, Options(), NOTHING),
        ("ids", 1, Options(), BoundaryFlags.CRED_TAMPERED),
        ("rights", 1, Options(), BoundaryFlags.CRED_TAMPERED),
        ("bounding", 1, Options(), BoundaryFlags.CRED_TAMPERED),
        ("at.user", 1, Options(), BoundaryFlags.CRED_TAMPERED),
        ("at.net", 1, Options(), BoundaryFlags.NS_TAMPERED),
    ],
)
def test_against_what_is_remembered(
    watch: Watch,
    runc: Runc,
    mark: str,
    name: str,
    value: int,
    options: Options,
    flags: BoundaryFlags,
) -> None:
    """The kernel cannot be broken here: what is remembered of it is, as if it had been."""
    with runc.running(["sh", "-c", LOOP.format(mark=mark)], options) as container:
        assert watch.marked(mark) == NOTHING
        remember(watch.members, init_pid(container), name, value)
        assert watch.marked(f"{mark}again") == flags


def test_lawful_changes(watch: Watch, mark: str) -> None:
    """Of all credentials and namespaces: by each call, by exec, and by clone."""
    capabilities = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETFCAP", "CAP_SYS_ADMIN")
    changing = Options(capabilities=capabilities)
    script = f"births lawful | grep failed; unshare -Ur unshare -m cat {mark}; true"
    assert "failed" not in watch.run(script, changing)
    assert watch.marked(mark) == NOTHING
    found = watch.all_marked("/born/lawful")
    assert (len(found), set(found)) == (9, {NOTHING})


def test_what_was_broken_stays_so(watch: Watch, runc: Runc, mark: str) -> None:
    """A lawful change afterwards makes nothing good, nor does a child."""
    script = f"cat {mark}; sleep 3; unshare -U sh -c 'setpriv --nnp sh -c \"cat {mark}again\"'"
    with runc.running(["sh", "-c", f"{script}; sleep 600"]) as container:
        assert watch.marked(mark) == NOTHING
        remember(watch.members, init_pid(container), "ids", 1)
        assert watch.marked(f"{mark}again") == BoundaryFlags.CRED_TAMPERED


# ---- what nobody does anything for ----


def swept(watch: Watch, pid: int) -> list[BoundaryFlags]:
    """What sweeps have told of a task so far."""
    watch.drain()
    return [
        BoundaryFlags(record.header.task.boundary)
        for record in watch.records
        if record.header.type == EventType.BOUNDARY_SWEEP and record.header.task.pid == pid
    ]


@pytest.mark.parametrize(
    ("name", "value", "flags"),
    [
        ("caps", 0, BoundaryFlags.CAPS_GAINED),
        ("rights", 1, BoundaryFlags.CRED_TAMPERED),
        ("at.net", 1, BoundaryFlags.NS_TAMPERED),
        ("seccomp", 2, BoundaryFlags.SECCOMP_DROPPED),
    ],
)
def test_a_task_that_does_nothing(
    watch: Watch, runc: Runc, name: str, value: int, flags: BoundaryFlags
) -> None:
    seconds = str(6000 + next(_NUMBERS))
    with runc.running(["sleep", seconds]) as container:
        pid = init_pid(container)
        watch.executed(f"sleep\0{seconds}\0")
        watch.sensor.sweep()
        watch.sensor.sweep()
        assert swept(watch, pid) == []
        remember(watch.members, pid, name, value)
        # What is seen once may be in the middle of a call.
        assert watch.sensor.sweep()
        assert swept(watch, pid) == []
        assert not watch.sensor.sweep()
        assert swept(watch, pid) == [flags]
        watch.sensor.sweep()
        assert swept(watch, pid) == [flags]
