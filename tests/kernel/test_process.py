"""Exec, fork and exit as the kernel's programs report them."""

from __future__ import annotations

import errno
import os
import pty
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from stockade.events import EventType, ExecRecord, ExitRecord, ForkRecord, PathFlags
from tests.support.recorder import TICK_NS, Recorder, boot_ticks

CLONE_THREAD = 0x10000
CLONE_VFORK = 0x4000


def test_an_exec(recorder: Recorder, tmp_path: Path) -> None:
    program = Path(shutil.copy("/bin/sleep", tmp_path))
    done = subprocess.Popen([program, "a b", "0"], cwd=tmp_path, stderr=subprocess.DEVNULL)
    done.wait()
    record = recorder.find(ExecRecord, lambda each: each.header.task.process.tgid == done.pid)
    assert record.header.type == EventType.EXECVE
    assert record.exe.path.value == str(program)
    assert record.exe.inode == program.stat().st_ino
    assert record.exe.dev == program.stat().st_dev
    assert record.filename.value == str(program)
    assert record.args.value == f"{program}\0a b\x000\0"
    assert record.cwd.value == str(tmp_path)
    assert record.header.task.comm == "sleep"
    assert record.header.task.ancestors[0].tgid == os.getpid()


def test_a_script_runs_its_interpreter(recorder: Recorder, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\nexit 0\n")
    script.chmod(0o755)
    process = subprocess.Popen([script])
    process.wait()
    record = recorder.find(ExecRecord, lambda each: each.header.task.process.tgid == process.pid)
    assert record.exe.path.value == str(Path("/bin/sh").resolve())
    assert record.filename.value == str(script)
    assert record.args.value.split("\0")[1] == str(script)


def test_an_exec_from_memory(recorder: Recorder, acts: Path) -> None:
    process = subprocess.Popen([acts, "memfd", "/bin/true"])
    process.wait()
    record = recorder.find(
        ExecRecord,
        lambda each: (
            each.header.task.process.tgid == process.pid
            and each.exe.path.value.startswith("/memfd:")
        ),
    )
    assert record.exe.path.value == "/memfd:payload"
    assert record.exe.fs_type == "tmpfs"
    assert record.exe.path_flags & PathFlags.DISCONNECTED
    assert record.exe.links == 0


def test_execveat_by_descriptor_is_called_so(recorder: Recorder, acts: Path) -> None:
    process = subprocess.Popen([acts, "memfd", "/bin/true"])
    process.wait()
    record = recorder.find(
        ExecRecord,
        lambda each: (
            each.header.task.process.tgid == process.pid and each.exe.path.value == "/memfd:payload"
        ),
    )
    assert record.header.type == EventType.EXECVEAT


def test_threads_that_end_together_are_one_exit(recorder: Recorder, acts: Path) -> None:
    pids = []
    for _ in range(100):
        process = subprocess.Popen([acts, "spin", "8"])
        process.wait()
        pids.append(process.pid)
    recorder.find(ExitRecord, lambda each: each.header.task.process.tgid == pids[-1])
    recorder.drain()
    exits = [
        each.header.task.process.tgid
        for each in recorder.records
        if isinstance(each, ExitRecord) and each.header.task.process.tgid in pids
    ]
    assert sorted(exits) == sorted(pids)


def test_long_arguments_are_cut_and_say_so(recorder: Recorder) -> None:
    process = subprocess.Popen(["/bin/true", "x" * 5000])
    process.wait()
    record = recorder.find(ExecRecord, lambda each: each.header.task.process.tgid == process.pid)
    assert record.args.truncated
    assert record.args.value.startswith("/bin/true\0xxxx")
    assert len(record.args.value) == 4096


def test_a_failed_exec_has_only_its_argument(recorder: Recorder, tmp_path: Path) -> None:
    prepare = f"{tmp_path}/missing a b || true"
    recorder.act("openat", "/etc/passwd", prepare=prepare)
    record = recorder.find(ExecRecord, lambda each: each.filename.value == f"{tmp_path}/missing")
    assert record.header.result == -errno.ENOENT
    assert record.filename.argument
    assert not record.exe.path.present


def test_a_fork_and_its_exit(recorder: Recorder) -> None:
    child = os.fork()
    if child == 0:
        os._exit(7)
    os.waitpid(child, 0)
    fork = recorder.find(ForkRecord, lambda each: each.child.tgid == child)
    assert fork.header.task.process.tgid == os.getpid()
    assert fork.header.result == fork.child_pid == fork.child_ns_pid == child
    assert fork.header.task.process.start_ns // TICK_NS == boot_ticks()
    ended = recorder.find(ExitRecord, lambda each: each.header.task.process == fork.child)
    assert os.waitstatus_to_exitcode(ended.code) == 7


def test_a_killed_process(recorder: Recorder) -> None:
    process = subprocess.Popen(["/bin/sleep", "60"])
    recorder.find(ExecRecord, lambda each: each.header.task.process.tgid == process.pid)
    process.kill()
    process.wait()
    ended = recorder.find(ExitRecord, lambda each: each.header.task.process.tgid == process.pid)
    assert os.WTERMSIG(ended.code) == signal.SIGKILL


def test_threads_are_forks_that_say_so(recorder: Recorder) -> None:
    thread = threading.Thread(target=lambda: None)
    thread.start()
    native = thread.native_id
    thread.join()
    fork = recorder.find(ForkRecord, lambda each: each.child_pid == native)
    assert fork.flags & CLONE_THREAD
    assert fork.child.tgid == os.getpid()


def test_a_process_ends_with_its_last_thread(recorder: Recorder, acts: Path) -> None:
    process = subprocess.Popen([acts, "thread", "/etc/passwd"], stdout=subprocess.DEVNULL)
    process.wait()
    recorder.find(ExitRecord, lambda each: each.header.task.process.tgid == process.pid)
    recorder.drain()
    exits = [
        each
        for each in recorder.records
        if isinstance(each, ExitRecord) and each.header.task.process.tgid == process.pid
    ]
    assert len(exits) == 1


def test_a_child_in_a_pid_namespace_has_two_numbers(recorder: Recorder) -> None:
    process = subprocess.Popen(["unshare", "--pid", "--fork", "/bin/true"])
    process.wait()
    record = recorder.find(
        ExecRecord,
        lambda each: (
            each.filename.value == "/bin/true" and each.header.task.ancestors[0].tgid == process.pid
        ),
    )
    assert record.header.task.ns_tgid == 1
    assert record.header.task.ns.pid != os.stat("/proc/self/ns/pid").st_ino


@pytest.mark.parametrize("depth", [12])
def test_ancestors_are_listed_up_to_a_bound(recorder: Recorder, depth: int) -> None:
    # Not the last command, or the shell would replace itself instead of forking.
    script = '[ "$1" = 0 ] && /bin/true || sh "$0" $(($1 - 1)); :'
    path = Path(f"/tmp/stockade-test-{os.getpid()}.sh")
    path.write_text(script)
    try:
        subprocess.run(["sh", path, str(depth)], check=True)
    finally:
        path.unlink()
    record = recorder.find(ExecRecord, lambda each: each.filename.value == "/bin/true")
    ancestors = record.header.task.ancestors
    assert len(ancestors) == 8
    assert len(set(ancestors)) == 8
    assert list(ancestors) == sorted(ancestors, key=lambda each: each.start_ns, reverse=True)


def test_groups_and_the_terminal(recorder: Recorder) -> None:
    leader, follower = pty.openpty()
    device = os.fstat(follower).st_rdev
    script = "true & wait; exit 0"
    # A new session takes the first terminal it opens for its own.
    command = ["setsid", "--ctty", "sh", "-c", script]
    with subprocess.Popen(command, stdin=follower) as process:
        assert process.wait() == 0
    os.close(leader)
    os.close(follower)
    fork = recorder.find(
        ForkRecord,
        lambda record: (
            record.header.task.process.tgid == process.pid and record.header.task.comm == "sh"
        ),
    )
    task = fork.header.task
    assert (task.pgid, task.sid) == (process.pid, process.pid)
    assert task.tty == device
    assert task.ns_pgid == task.ns_tgid


def test_a_group_of_another_namespace_has_no_number_there(recorder: Recorder) -> None:
    script = "cat /proc/self/stat"
    command = ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", f"{script}; {script}"]
    done = subprocess.run(command, capture_output=True, check=True)
    stat = done.stdout.decode().splitlines()[0].rpartition(")")[2].split()
    record = recorder.find(
        ForkRecord,
        lambda each: each.header.task.ns_tgid == 1 and each.header.task.comm == "sh",
    )
    assert record.header.task.ns_pgid == int(stat[2]) == 0
    assert record.header.task.pgid == os.getpgrp()
