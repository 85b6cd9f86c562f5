"""Opens as the kernel's programs report them, against what the process itself sees."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from stockade.events import EventType, FdFlags, OpenRecord, PathFlags, Role, Text
from stockade.events.file_fields import attempted_path, fs_path
from stockade.kernel import Sensor, Wanted
from stockade.kernel.sensor import names_requests
from tests.support.recorder import OPENS, TICK_NS, Recorder

needs_requests = pytest.mark.skipif(
    not names_requests(), reason="before v6.0 io_uring's tracepoints name no request"
)
on_x86 = pytest.mark.skipif(
    os.uname().machine != "x86_64", reason="the system call exists on x86-64 only"
)


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        pytest.param("open", EventType.OPEN, marks=on_x86),
        ("openat", EventType.OPENAT),
        ("openat2", EventType.OPENAT2),
        ("handle", EventType.OPEN_BY_HANDLE_AT),
        pytest.param("open32", EventType.OPEN, marks=on_x86),
        ("thread", EventType.OPENAT),
    ],
)
def test_every_form_gives_the_object(
    recorder: Recorder, tmp_path: Path, form: str, kind: EventType
) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    act = recorder.act(form, str(file))
    record = recorder.opened(act)
    assert record.header.type == kind
    assert record.file.path.value == act.link == str(file)
    assert record.file.dev == act.dev
    assert record.file.mode == file.stat().st_mode
    assert record.file.uid == file.stat().st_uid
    assert record.file.links == 1
    assert record.flags & os.O_ACCMODE == os.O_RDONLY
    # Among threads, one of which could replace the descriptor, the argument is kept as well.
    assert record.argument.present == (form == "thread")


@on_x86
def test_creat_says_what_it_made(recorder: Recorder, tmp_path: Path) -> None:
    act = recorder.act("creat", str(tmp_path / "new"))
    record = recorder.opened(act)
    assert record.header.type == EventType.CREAT
    wanted = os.O_CREAT | os.O_WRONLY | os.O_TRUNC
    assert record.flags & (wanted | os.O_ACCMODE) == wanted
    assert record.mode == 0o640


@pytest.mark.parametrize("form", ["openat", "openat2"])
def test_flags_and_mode(recorder: Recorder, tmp_path: Path, form: str) -> None:
    wanted = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND
    act = recorder.act(form, str(tmp_path / "new"), str(wanted))
    record = recorder.opened(act)
    assert record.flags & (wanted | os.O_ACCMODE) == wanted
    assert record.mode == 0o640
    assert record.f_mode & 3 == 3


@pytest.mark.parametrize("name", ["with space", "new\nline", "ünïcödé", "x" * 255, b"\xff\xfe"])
def test_names_of_all_kinds(recorder: Recorder, tmp_path: Path, name: str | bytes) -> None:
    file = os.path.join(os.fsencode(tmp_path), os.fsencode(name))
    Path(os.fsdecode(file)).touch()
    record = recorder.opened(recorder.act("openat", os.fsdecode(file)))
    assert os.fsencode(record.file.path.value) == file


def test_the_root_directory(recorder: Recorder) -> None:
    assert recorder.opened(recorder.act("openat", "/")).file.path.value == "/"


def test_a_file_in_a_bind_mount(recorder: Recorder, tmp_path: Path) -> None:
    (tmp_path / "source/below").mkdir(parents=True)
    (tmp_path / "target").mkdir()
    (tmp_path / "source/below/file").touch()
    prepare = f"mount --bind {tmp_path}/source {tmp_path}/target"
    act = recorder.act("openat", f"{tmp_path}/target/below/file", prepare=prepare)
    record = recorder.opened(act)
    assert record.file.path.value == act.link == f"{tmp_path}/target/below/file"
    assert fs_path(record.file) == _below_filesystem(tmp_path / "source/below/file")


def test_a_file_that_is_a_mount_itself(recorder: Recorder, tmp_path: Path) -> None:
    (tmp_path / "source").touch()
    (tmp_path / "target").touch()
    prepare = f"mount --bind {tmp_path}/source {tmp_path}/target"
    record = recorder.opened(recorder.act("openat", f"{tmp_path}/target", prepare=prepare))
    assert record.file.path.value == f"{tmp_path}/target"
    assert fs_path(record.file) == _below_filesystem(tmp_path / "source")


def test_mounts_upon_mounts(recorder: Recorder, tmp_path: Path) -> None:
    at = tmp_path / "m"
    at.mkdir()
    prepare = f"""
        mount -t tmpfs one {at}; mkdir {at}/a; mount -t tmpfs two {at}/a
        mount -t tmpfs three {at}/a; mkdir {at}/a/b; mount --bind {at}/a/b {at}/a/b
        touch {at}/a/b/file
    """
    act = recorder.act("openat", f"{at}/a/b/file", prepare=prepare)
    record = recorder.opened(act)
    assert record.file.path.value == act.link == f"{at}/a/b/file"
    assert fs_path(record.file) == "/b/file"
    assert record.file.fs_type == "tmpfs"


def test_overlayfs_shows_the_overlay(recorder: Recorder, tmp_path: Path) -> None:
    for name in ("lower/d", "upper", "work", "merged"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "lower/d/file").touch()
    prepare = f"""
        mount -t tmpfs layers {tmp_path}/upper; mkdir {tmp_path}/upper/u {tmp_path}/upper/w
        cd {tmp_path}
        mount -t overlay -o lowerdir=lower,upperdir=upper/u,workdir=upper/w overlay merged
    """
    for flags in (os.O_RDONLY, os.O_RDWR):
        act = recorder.act("openat", f"{tmp_path}/merged/d/file", str(flags), prepare=prepare)
        record = recorder.opened(act)
        assert record.file.path.value == act.link == f"{tmp_path}/merged/d/file"
        assert record.file.fs_type == "overlay"
        assert fs_path(record.file) == "/d/file"


def test_chroot_does_not_shorten_a_path(recorder: Recorder, tmp_path: Path) -> None:
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "root/etc/shadow").touch()
    acts = recorder._acts  # noqa: SLF001 - it has to be inside
    prepare = f'cp {acts} {tmp_path}/root/acts; shift; set -- chroot {tmp_path}/root /acts "$@"'
    record = recorder.opened(recorder.act("openat", "/etc/shadow", prepare=prepare))
    assert record.file.path.value == f"{tmp_path}/root/etc/shadow"


def test_a_file_in_a_bind_mount_that_moved_away(recorder: Recorder, tmp_path: Path) -> None:
    (tmp_path / "outside/inner").mkdir(parents=True)
    (tmp_path / "outside/inner/file").touch()
    (tmp_path / "top/under").mkdir(parents=True)
    (tmp_path / "target").mkdir()
    # The mount point leaves the bind mount it lies in: the walk cannot get back to its root.
    prepare = f"""
        mount --bind {tmp_path}/top {tmp_path}/target
        mkdir {tmp_path}/target/under/point
        mount --bind {tmp_path}/outside {tmp_path}/target/under/point
        cd {tmp_path}/target/under/point; mv {tmp_path}/top/under {tmp_path}/elsewhere
    """
    record = recorder.opened(recorder.act("openat", "inner/file", prepare=prepare))
    assert fs_path(record.file) == _below_filesystem(tmp_path / "outside/inner/file")


def test_a_file_by_handle_outside_its_mount(recorder: Recorder, tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "secret").touch()
    (tmp_path / "point").mkdir()
    prepare = f"mount --bind {tmp_path}/given {tmp_path}/point"
    act = recorder.act("handle", f"{tmp_path}/secret", "0", f"{tmp_path}/point", prepare=prepare)
    record = recorder.opened(act)
    assert record.file.path_flags & PathFlags.DISCONNECTED
    assert fs_path(record.file) == _below_filesystem(tmp_path / "secret")


def test_a_file_below_a_deep_bind_mount(recorder: Recorder, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/file").touch()
    half = "/".join(["d" * 200] * 12)
    # In two steps: no path that is handed to the kernel may be longer than 4096 bytes.
    prepare = f"""
        mkdir -p {tmp_path}/{half}; cd {tmp_path}/{half}; mkdir -p {half}/point
        mount --no-canonicalize --bind {tmp_path}/secret {half}/point
        set -- env -C {half}/point "$@"
    """
    record = recorder.opened(recorder.act("openat", "file", prepare=prepare))
    assert record.file.path.truncated
    assert fs_path(record.file) == _below_filesystem(tmp_path / "secret/file")


def test_a_descriptor_that_another_thread_replaces(
    recorder: Recorder, tmp_path: Path, sensor: Sensor
) -> None:
    (tmp_path / "target").touch()
    (tmp_path / "benign").touch()
    before = sensor.losses().get("replaced", 0)
    opens: list[OpenRecord] = []
    replaced: list[OpenRecord] = []
    # On a busy machine the two threads may hardly ever run at the same time.
    for turn in range(1, 21):
        act = recorder.act("race", str(tmp_path / "target"), str(tmp_path / "benign"), "2000")
        assert act.result == 0
        _attempt(recorder, act.pid, "/done")
        opens = [
            each
            for each in recorder.records
            if isinstance(each, OpenRecord) and each.argument.value == f"{tmp_path}/target"
        ]
        replaced = [each for each in opens if each.fd_flags & FdFlags.REPLACED]
        assert len(opens) == 2000 * turn
        if replaced:
            break
    assert replaced, "the window was never hit"
    assert sensor.losses()["replaced"] - before == len(replaced)
    for each in replaced:
        assert not each.file.path.known
        assert not each.file.fs_type
    # Whoever was not caught out is the file that the caller asked for.
    for each in opens:
        if each not in replaced:
            assert each.file.path.value == f"{tmp_path}/target"


def test_a_child_gets_the_descriptor_of_an_open(recorder: Recorder, tmp_path: Path) -> None:
    (tmp_path / "target").touch()
    # Few at a time: nothing of it is to be lost.
    for _ in range(5):
        act = recorder.act("beside", str(tmp_path / "target"), "2000")
        _attempt(recorder, act.pid, "/done")
    opens = [
        each
        for each in recorder.records
        if isinstance(each, OpenRecord) and each.argument.value == f"{tmp_path}/target"
    ]
    assert len(opens) == 5 * 2000
    assert {each.file.path.value for each in opens} == {f"{tmp_path}/target"}
    assert not any(each.fd_flags & FdFlags.REPLACED for each in opens)


def test_a_file_without_a_name(recorder: Recorder, tmp_path: Path) -> None:
    record = recorder.opened(recorder.act("tmpfile", str(tmp_path)))
    assert record.file.path_flags & PathFlags.DELETED
    assert record.file.path.value.startswith(str(tmp_path))


def test_a_relative_open(recorder: Recorder, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    record = recorder.opened(recorder.act("relative", str(tmp_path), "file"))
    assert record.file.path.value == f"{tmp_path}/file"


@pytest.mark.parametrize("depth", [1, 10, 19])
def test_deep_paths_are_whole(recorder: Recorder, tmp_path: Path, depth: int) -> None:
    act = recorder.act("deep", str(tmp_path), str(depth))
    record = recorder.opened(act)
    assert record.file.path.value == str(tmp_path) + f"/{'d' * 200}" * depth + "/leaf"
    assert not record.file.path.truncated


def test_a_path_that_does_not_fit_keeps_its_end(recorder: Recorder, tmp_path: Path) -> None:
    record = recorder.opened(recorder.act("deep", str(tmp_path), "40"))
    assert record.file.path.truncated
    assert record.file.path.value.endswith(f"/{'d' * 200}/leaf")
    assert len(record.file.path.value) > 4096 - 256


def test_a_failed_open_has_an_argument_and_no_object(recorder: Recorder, tmp_path: Path) -> None:
    act = recorder.act("openat", f"{tmp_path}/missing", str(os.O_WRONLY))
    record = _attempt(recorder, act.pid, "missing")
    assert record.header.result == act.result == -errno.ENOENT
    assert record.argument.value == f"{tmp_path}/missing"
    assert record.argument.argument
    assert record.flags & os.O_ACCMODE == os.O_WRONLY
    assert not record.file.path.present
    assert not record.directory.present


def test_a_failed_relative_open_starts_somewhere(recorder: Recorder, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    act = recorder.act("openat", "d/../missing", cwd=tmp_path)
    record = _attempt(recorder, act.pid, "missing")
    assert record.directory.value == str(tmp_path)
    assert attempted_path(record) == f"{tmp_path}/missing"
    act = recorder.act("relative", f"{tmp_path}/d", "missing")
    assert attempted_path(_attempt(recorder, act.pid, "missing")) == f"{tmp_path}/d/missing"


def test_who_did_it(recorder: Recorder) -> None:
    act = recorder.act("openat", "/etc/passwd")
    task = recorder.opened(act).header.task
    assert task.comm == "acts"
    assert task.pid == task.process.tgid == task.ns_tgid == task.ns_pid == act.pid
    assert (task.uid, task.euid, task.gid, task.egid) == (0, 0, 0, 0)
    assert task.sid == os.getsid(0)
    assert task.ancestors[0].tgid == os.getpid()
    own = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    assert task.ancestors[0].start_ns // TICK_NS == own
    for name in ("pid", "pid_for_children", "net", "user", "ipc", "uts", "cgroup", "time"):
        assert getattr(task.ns, name) == os.stat(f"/proc/self/ns/{name}").st_ino, name
    assert task.ns.mnt != os.stat("/proc/self/ns/mnt").st_ino
    assert (task.container, task.role) == (0, Role.HOST)
    status = Path("/proc/self/status").read_text()
    for line, value in (
        ("CapEff", task.cap_effective),
        ("CapPrm", task.cap_permitted),
        ("CapInh", task.cap_inheritable),
        ("CapBnd", task.cap_bounding),
        ("CapAmb", task.cap_ambient),
    ):
        assert f"{line}:\t{value:016x}" in status


def _attempt(recorder: Recorder, pid: int, name: str) -> OpenRecord:
    return recorder.find(
        OpenRecord,
        lambda record: (
            record.header.task.process.tgid == pid and record.argument.value.endswith(name)
        ),
    )


def _below_filesystem(path: Path) -> str:
    """A path without the mount point it is below."""
    mount = path
    while not os.path.ismount(mount):
        mount = mount.parent
    return "/" + str(path.relative_to(mount))


def test_the_callers_own_path_where_it_is_asked_for(acts: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    raw = f"{tmp_path}/./x/../file"
    (tmp_path / "x").mkdir()
    with Sensor(Wanted(OPENS, OPENS, raw_paths=True)) as sensor:
        recorder = Recorder(sensor, acts)
        record = recorder.opened(recorder.act("openat", raw))
    assert record.argument == Text(raw, argument=True)
    assert record.file.path.value == f"{tmp_path}/file"


@needs_requests
def test_an_open_by_io_uring(recorder: Recorder) -> None:
    """No system call opens it: rules that look at calls alone would not see it."""
    act = recorder.act("uring", "/etc/passwd")
    if act.result in {-errno.ENOSYS, -errno.EPERM}:
        pytest.skip("this kernel has no io_uring")
    record = recorder.opened(act)
    assert record.header.type == EventType.OPENAT
    assert record.file.path.value == "/etc/passwd"
    # What may block is done by a worker of the kernel's, which is a thread of the process.
    assert record.header.task.comm.startswith(("acts", "iou-wrk"))
    assert record.header.task.process.tgid == act.pid


@needs_requests
def test_a_failed_open_by_io_uring(recorder: Recorder) -> None:
    act = recorder.act("uring", "/etc/missing")
    if act.result in {-errno.ENOSYS, -errno.EPERM}:
        pytest.skip("this kernel has no io_uring")
    assert act.result == -errno.ENOENT
    # What a call asked for has its path; a request's is not at hand any more.
    recorder.find(
        OpenRecord,
        lambda each: (
            each.header.task.process.tgid == act.pid
            and each.header.result == act.result
            and not each.argument.present
        ),
    )
