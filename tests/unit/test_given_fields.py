"""Fields that hold what a task does against what its container was given."""

from __future__ import annotations

import msgspec
import pytest

from stockade.events import (
    ABSENT,
    UNKNOWN,
    Event,
    EventType,
    Missing,
    Mount,
    PathFlags,
    Role,
    Value,
)
from tests.support.records import CONTAINER, FILE, TASK, call_record, event, open_record
from tests.unit.test_fields import value

MOUNTS = (
    Mount("proc", "/proc", ("nosuid",)),
    Mount("/", "/host", ("rbind",), bind=True),
    Mount("/srv/a/", "/host/data/", ("bind",), bind=True),
    Mount("/srv/b", "/home/b", ("bind",), bind=True),
    Mount("/srv/c", "/home/b", ("bind",), bind=True),
)


def given(record: object, mounts: tuple[Mount, ...] | Missing = MOUNTS) -> Event:
    """An event of a container that was given these mounts."""
    workload = msgspec.structs.replace(CONTAINER.workload, mounts=mounts)
    of = event(container=msgspec.structs.replace(CONTAINER, workload=workload))
    return msgspec.structs.replace(of, record=record)


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("/host", "/"),
        ("/host/etc/cron.d/x", "/etc/cron.d/x"),
        ("/host/etc/../etc/passwd", "/etc/passwd"),
        ("/host/data/x", "/srv/a/x"),
        ("/hosting", ABSENT),
        ("/proc/1", ABSENT),
        ("b/x", "/srv/c/x"),
    ],
)
def test_where_the_host_has_what_a_call_changes(path: str, host: Value) -> None:
    of_one = given(call_record(EventType.UNLINK, old=path))
    assert value("fs.path.host_path", of_one) == host
    of_two = given(call_record(EventType.RENAME, old="/x", new=path))
    assert value("fs.path.host_path", of_two) == host
    of_link = given(call_record(EventType.SYMLINK, old=path, text="/host"))
    assert value("fs.path.host_path", of_link) == host


def test_mounts_that_are_not_known_yet() -> None:
    record = call_record(EventType.UNLINK, old="/host/x")
    assert value("fs.path.host_path", given(record, UNKNOWN)) is UNKNOWN
    assert value("fs.path.host_path", event(record, container=None)) is ABSENT
    assert value("fs.path.host_path", given(call_record(EventType.UNLINK))) is ABSENT


@pytest.mark.parametrize(
    ("path", "length", "flags", "point"),
    [
        ("/mnt/x", 4, 0, "/mnt"),
        ("/x", 0, 0, "/"),
        ("/\udcff/x", 2, 0, "/\udcff"),
        ("/memfd:x", 0, PathFlags.DISCONNECTED, ABSENT),
    ],
)
def test_where_the_mount_of_a_file_is(path: str, length: int, flags: int, point: Value) -> None:
    text = msgspec.structs.replace(FILE.path, value=path)
    file = msgspec.structs.replace(FILE, path=text, mount_point_len=length, path_flags=flags)
    assert value("fd.mount_point", event(open_record(file))) == point
    assert value("fd.mount_point", event(call_record(EventType.FCHMOD, file=file))) == point


@pytest.mark.parametrize(
    ("kind", "path", "pid"),
    [
        ("proc", "/12/environ", 12),
        ("proc", "/12/task/13/mem", 12),
        ("proc", "/sys/kernel", ABSENT),
        ("proc", "/", ABSENT),
        ("proc", "no/root", ABSENT),
        ("ext4", "/12/environ", ABSENT),
    ],
)
def test_whose_directory_of_procfs(kind: str, path: str, pid: Value) -> None:
    within = msgspec.structs.replace(FILE.fs_path, value=path)
    file = msgspec.structs.replace(FILE, fs_type=kind, fs_path=within)
    assert value("fd.proc_pid", event(open_record(file))) == pid


def test_namespaces_that_the_container_did_not_start_with() -> None:
    task = msgspec.structs.replace(
        TASK, ns=msgspec.structs.replace(TASK.ns, mnt=91, user=92, time=93)
    )
    inner = call_record(EventType.UNSHARE, task=task)
    assert value("proc.ns_changed", event(inner)) == ("mnt", "user", "time")
    outside = msgspec.structs.replace(CONTAINER, entry=None)
    assert value("proc.ns_changed", event(inner, outside)) is UNKNOWN
    entering = call_record(EventType.UNSHARE, task=msgspec.structs.replace(task, role=Role.SETUP))
    assert value("proc.ns_changed", event(entering)) is ABSENT
