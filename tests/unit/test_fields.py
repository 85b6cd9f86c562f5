"""Every field of the catalogue, from hand-made events."""

from __future__ import annotations

import errno
import os
import pwd

import msgspec
import pytest

from stockade.events import (
    ABSENT,
    UNKNOWN,
    Event,
    EventType,
    Missing,
    PathFlags,
    Process,
    ProcessId,
    Text,
    Value,
)
from stockade.events.fields import CATALOGUE, field_value, find
from stockade.events.text import NO_TEXT
from tests.support.records import (
    CONTAINER,
    FILE,
    NO_FILE,
    PARENT,
    PROCESS,
    TASK,
    event,
    exec_record,
    header,
    open_record,
)


def value(name: str, of: Event) -> Value:
    stem, _, subscript = name.partition("[")
    field, argument = find(stem, subscript.removesuffix("]") if subscript else None)
    assert field is not None, name
    return field_value(field, argument, of)


OPENED: dict[str, Value] = {
    "evt.type": "openat",
    "evt.res": "SUCCESS",
    "evt.rawres": 3,
    "evt.failed": False,
    "evt.time.iso8601": "2023-11-14T22:13:20.123456789Z",
    "evt.rawtime.s": 1_700_000_000,
    "evt.rawtime": 1_700_000_000_123_456_789,
    "evt.is_open_read": True,
    "evt.is_open_write": False,
    "evt.arg.flags": "O_RDONLY",
    "evt.arg.filename": ABSENT,
    "fd.num": 3,
    "fd.name": "/mnt/shadow",
    "fd.directory": "/mnt",
    "fd.filename": "shadow",
    "fd.fs_path": "/etc/shadow",
    "fd.host_path": "/etc/shadow",
    "fd.mount_point": "/mnt",
    "fd.proc_pid": ABSENT,
    "fs.path.host_path": ABSENT,
    "proc.ns_changed": (),
    "fd.type": "file",
    "fd.ino": 9,
    "fd.dev": 0x801,
    "fd.fs_type": "ext4",
    "fd.deleted": False,
    "proc.pid": 100,
    "proc.vpid": 1,
    "proc.ppid": 50,
    "proc.pid.ts": 1_700_000_000_000_000_000,
    "proc.name": "cat",
    "proc.pname": "sh",
    "proc.aname": ("sh", "init"),
    "proc.aname[0]": "cat",
    "proc.aname[1]": "sh",
    "proc.aname[2]": "init",
    "proc.aname[3]": ABSENT,
    "proc.aexepath[2]": "/sbin/init",
    "proc.exe": "cat",
    "proc.pexe": "sh",
    "proc.exepath": "/bin/cat",
    "proc.pexepath": "/bin/sh",
    "proc.args": "-n file",
    "proc.cmdline": "cat -n file",
    "proc.pcmdline": "sh -i",
    "proc.cwd": UNKNOWN,
    "proc.exe_ino": 9,
    "proc.is_exe_from_memfd": False,
    "proc.is_exe_upper_layer": False,
    "proc.is_exe_lower_layer": False,
    "proc.sname": "init",
    "proc.tty": 0,
    "proc.vpgid": 1,
    "proc.is_vpgid_leader": True,
    "user.uid": 1000,
    "user.name": UNKNOWN,
    "fd.nameraw": UNKNOWN,
    "fd.sip": ABSENT,
    "proc.exe_ino.ctime": UNKNOWN,
    "user.euid": 0,
    "user.loginuid": 0xFFFFFFFF,
    "thread.cap_effective": "CAP_SYS_ADMIN",
    "thread.cgroup": "box",
    "container.id": "box",
    "container.type": "runc",
    "container.image": UNKNOWN,
}


@pytest.mark.parametrize("name", OPENED)
def test_of_an_open_in_a_container(name: str) -> None:
    assert value(name, event()) == OPENED[name]


@pytest.mark.parametrize(
    "name", ["container.id", "container.name", "container.image", "container.type"]
)
def test_the_host_is_called_so(name: str) -> None:
    assert value(name, event(container=None)) == "host"


@pytest.mark.parametrize("name", [name for name in CATALOGUE if name.startswith("fd.")])
def test_other_events_have_no_file(name: str) -> None:
    if name == "fd.host_path" or CATALOGUE[name].subscript:
        return  # the enricher's, and what is asked for by an element
    assert value(name, event(exec_record())) is ABSENT


def test_an_exec_knows_its_directory_and_arguments() -> None:
    assert value("proc.cwd", event(exec_record())) == "/home"
    assert value("evt.arg.filename", event(exec_record())) == "cat"


def test_a_failed_open_has_a_name_and_no_object() -> None:
    failed = event(
        open_record(
            NO_FILE,
            result=-errno.ENOENT,
            flags=os.O_RDWR | os.O_CREAT,
            f_mode=0,
            argument=Text("../x", argument=True),
            directory=Text("/a/b"),
        )
    )
    assert value("fd.name", failed) == "/a/x"
    assert value("fd.filename", failed) == "x"
    assert value("fd.ino", failed) is ABSENT
    assert value("fd.type", failed) is ABSENT
    assert value("fd.num", failed) is ABSENT
    assert value("evt.res", failed) == "ENOENT"
    assert value("evt.failed", failed) is True
    assert value("evt.is_open_read", failed) is True
    assert value("evt.is_open_write", failed) is True
    assert value("evt.arg.flags", failed) == "O_RDWR|O_CREAT"


@pytest.mark.parametrize(("access", "read", "write"), [(0, True, False), (1, False, True)])
def test_how_a_failed_open_was_meant(access: int, *, read: bool, write: bool) -> None:
    failed = event(open_record(NO_FILE, result=-13, flags=access))
    assert value("evt.is_open_read", failed) is read
    assert value("evt.is_open_write", failed) is write


def test_a_descriptor_that_was_gone_is_not_known() -> None:
    gone = msgspec.structs.replace(NO_FILE, path=Text(known=False, error=9))
    for name in ("fd.name", "fd.ino", "fd.type", "fd.fs_path", "fd.deleted", "fd.directory"):
        assert value(name, event(open_record(gone))) is UNKNOWN, name


def test_a_path_that_did_not_fit_is_not_known() -> None:
    cut = msgspec.structs.replace(FILE, path=Text("/end", truncated=True))
    assert value("fd.name", event(open_record(cut))) is UNKNOWN
    assert value("fd.fs_path", event(open_record(cut))) == "/etc/shadow"
    assert value("fd.ino", event(open_record(cut))) == 9


@pytest.mark.parametrize(
    ("point", "path", "within"),
    [
        ("", "/a", "/a"),
        ("", "/", "/"),
        ("/mnt", "/mnt", "/"),
        ("/mnt", "/mnt/x/y", "/x/y"),
        ("/\udcff\udcfeé", "/\udcff\udcfeé/é", "/é"),
    ],
)
def test_a_path_within_its_filesystem(point: str, path: str, within: str) -> None:
    length = len(point.encode("utf-8", "surrogateescape"))
    file = msgspec.structs.replace(FILE, fs_path=NO_TEXT, mount_point_len=length, path=Text(path))
    assert value("fd.fs_path", event(open_record(file))) == within


def test_a_file_in_no_directory_has_no_path_within() -> None:
    lone = msgspec.structs.replace(
        FILE, fs_path=NO_TEXT, path_flags=PathFlags.DISCONNECTED, path=Text("/memfd:x")
    )
    assert value("fd.fs_path", event(open_record(lone))) is ABSENT


def test_a_container_called_host_is_not_the_host() -> None:
    workload = msgspec.structs.replace(CONTAINER.workload, name="host", image="host")
    impostor = event(container=msgspec.structs.replace(CONTAINER, id="host", workload=workload))
    assert value("container.id", impostor) == "host (container)"
    assert value("container.name", impostor) == "host (container)"
    assert value("container.image", impostor) == "host (container)"


def test_arguments_that_did_not_fit_are_not_known() -> None:
    cut = event()
    cut.process = msgspec.structs.replace(cut.process, args_complete=False)
    assert value("proc.args", cut) is UNKNOWN
    assert value("proc.cmdline", cut) is UNKNOWN
    assert value("proc.exe", cut) == "cat"


def test_an_unknown_process_has_unknown_fields() -> None:
    stranger = event()
    stranger.process = Process(ProcessId(1, 2))
    stranger.ancestors = (Process(ProcessId(1, 1)), PARENT)
    for name in ("proc.exepath", "proc.args", "proc.cmdline", "proc.exe", "proc.exe_ino"):
        assert value(name, stranger) is UNKNOWN, name
    assert value("proc.pname", stranger) is UNKNOWN
    assert value("proc.aname", stranger) == (UNKNOWN, "sh")
    assert value("proc.aname[2]", stranger) == "sh"


def test_beyond_the_last_listed_ancestor_nothing_is_known() -> None:
    crowded = event()
    crowded.ancestors = (PARENT,) * 8
    crowded.more_ancestors = True
    assert value("proc.aname[8]", crowded) == "sh"
    assert value("proc.aname[9]", crowded) is UNKNOWN


def test_the_first_process_has_no_parent() -> None:
    first = event()
    first.ancestors = ()
    first.record = msgspec.structs.replace(
        open_record(),
        header=header(EventType.OPENAT, 3, msgspec.structs.replace(TASK, ancestors=())),
    )
    assert value("proc.ppid", first) == 0
    assert value("proc.pname", first) is ABSENT


def test_names_that_are_no_fields() -> None:
    for name in ("proc.nme", "evt.arg.nonsense", ""):
        assert find(name) == (None, None)
    assert find("evt.arg", "nonsense") == (None, None)


def test_other_spellings_of_a_field() -> None:
    assert find("evt.arg", "flags") == (CATALOGUE["evt.arg.flags"], None)
    assert find("container.label.app") == (CATALOGUE["container.label"], "app")


def test_user_names() -> None:
    assert value("user.name", event(container=None)) in {UNKNOWN, _name(1000)}
    root = header(EventType.OPENAT, 3, msgspec.structs.replace(TASK, uid=0))
    assert value("user.name", event(msgspec.structs.replace(open_record(), header=root))) == "root"
    assert value("user.loginname", event(container=None)) is ABSENT


def _name(uid: int) -> str | None:
    found = [entry.pw_name for entry in pwd.getpwall() if entry.pw_uid == uid]
    return found[0] if found else None


def test_every_field_is_documented_and_resolves() -> None:
    for name, field in CATALOGUE.items():
        assert field.name == name
        assert field.doc
        assert not field.doc.endswith(".")
        for record in (open_record(), exec_record()):
            result = field_value(field, None, event(record))
            assert (isinstance(result, tuple)) is (field.many is not None) or isinstance(
                result, Missing
            ), name
            if field.type.textual and not isinstance(result, Missing | tuple):
                assert isinstance(result, str), name
    assert PROCESS.name == "cat"
