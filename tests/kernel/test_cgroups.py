"""Cgroups that are made, and who is moved into them."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stockade.events import BoundaryFlags, CallRecord, EventType, OpenRecord, Role
from stockade.events.calls import argument
from stockade.kernel import Sensor, Wanted
from stockade.kernel.cgroups import unified_cgroup
from tests.support.recorder import OPENS
from tests.support.runc import Options, Runc, init_pid
from tests.support.watch import WAIT_S, RecordWatch, wait_for

CGROUPS = frozenset({EventType.CGROUP_MKDIR, EventType.CGROUP_ATTACH_TASK})
STAY = ["sleep", "600"]
NAME = f"stockade-test-{os.getpid()}-cg"
# With the host's view of the hierarchy: cgroup v2 would not let it see the way out.
HOST_CGROUPS = Options(namespaces={"cgroup": None})
ENTER = ["runc", "exec", "--cap", "CAP_SYS_ADMIN", "--cap", "CAP_DAC_OVERRIDE"]


class Watch(RecordWatch):
    def call(self, kind: EventType, wanted: Callable[[CallRecord], bool]) -> CallRecord:
        return self.find(CallRecord, lambda record: record.header.type == kind and wanted(record))


@pytest.fixture(scope="module")
def sensor() -> Iterator[Sensor]:
    with Sensor(Wanted(CGROUPS | OPENS, CGROUPS)) as sensor:
        yield sensor


@pytest.fixture
def watch(sensor: Sensor) -> Watch:
    watch = Watch(sensor)
    watch.forget()
    return watch


@contextmanager
def _cgroup() -> Iterator[Path]:
    """One of the test's own, outside every container's."""
    root = unified_cgroup()
    assert root is not None
    directory = root / NAME
    # By another process: what the agent does itself is not told of.
    subprocess.run(["mkdir", directory], check=True)
    try:
        yield directory
    finally:
        end = time.monotonic() + WAIT_S
        while (directory / "cgroup.procs").read_text() and time.monotonic() < end:
            time.sleep(0.02)
        directory.rmdir()


def test_a_cgroup_that_is_made(watch: Watch) -> None:
    with _cgroup() as directory:
        made = watch.call(EventType.CGROUP_MKDIR, lambda record: record.text.value == f"/{NAME}")
        assert made.args[1] == directory.stat().st_ino
        assert argument(made, "path") == f"/{NAME}"
        assert argument(made, "id") == str(directory.stat().st_ino)
        assert (made.header.task.comm, made.header.task.container) == ("mkdir", 0)


def test_who_is_moved_by_the_host(watch: Watch, runc: Runc) -> None:
    with _cgroup() as directory, runc.running(STAY) as name:
        pid = init_pid(name)
        # The runtime has said that it may go on, not that it has.
        comm = Path(f"/proc/{pid}/comm")
        wait_for(lambda: comm.read_text() == "sleep\n" or None, comm.read_text)
        subprocess.run(["sh", "-c", f"echo {pid} >{directory}/cgroup.procs"], check=True)
        moved = watch.call(
            EventType.CGROUP_ATTACH_TASK, lambda record: record.text.value == f"/{NAME}"
        )
        assert moved.target.process.tgid == pid
        assert moved.target.comm == "sleep"
        assert moved.target.role == Role.MEMBER
        assert moved.target.container != 0
        assert moved.target.boundary == BoundaryFlags.LEFT_CGROUP
        assert (moved.header.task.comm, moved.header.task.container) == ("sh", 0)
        assert moved.header.task.boundary == 0
        subprocess.run(["runc", "kill", name, "KILL"], check=True)


def test_a_runtimes_own_moves_leave_nothing(watch: Watch, runc: Runc) -> None:
    name, done = runc.run(["cat", "/etc/passwd"])
    assert done.returncode == 0, done.stderr
    moved = watch.call(
        EventType.CGROUP_ATTACH_TASK, lambda record: record.text.value.endswith(f"/{name}")
    )
    assert moved.target.boundary == 0
    opened = watch.find(
        OpenRecord,
        lambda record: (
            record.header.task.comm == "cat" and record.file.path.value.endswith("/etc/passwd")
        ),
    )
    assert (opened.header.task.role, opened.header.task.boundary) == (Role.MEMBER, 0)


@pytest.mark.parametrize("form", ["move", "into"])
def test_who_leaves_by_itself(watch: Watch, runc: Runc, form: str) -> None:
    """By the file, and by being born elsewhere (clone3), which passes no such hook."""
    with _cgroup() as directory, runc.running(STAY, HOST_CGROUPS) as name:
        mounted = f"mkdir /tmp/cg-{form}; mount -t cgroup2 none /tmp/cg-{form}"
        command = f"{mounted} && births {form} /tmp/cg-{form}/{directory.name}"
        subprocess.run(
            [*ENTER, name, "unshare", "-m", "sh", "-c", command],
            stdin=subprocess.DEVNULL,
            check=True,
        )
        born = watch.find(OpenRecord, lambda record: record.argument.value == f"/born/{form}")
        task = born.header.task
        assert (task.role, task.boundary) == (Role.MEMBER, BoundaryFlags.LEFT_CGROUP)
        if form == "move":
            moved = watch.call(
                EventType.CGROUP_ATTACH_TASK, lambda record: record.text.value == f"/{NAME}"
            )
            assert moved.header.task.container == moved.target.container == task.container
