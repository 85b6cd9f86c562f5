"""The agent's rooms that need no kernel: processes, mounts, enrichment, alerts."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import msgspec
import pytest

from stockade.agent import Enricher, HostMounts, Judge, ProcessTable
from stockade.events import (
    ABSENT,
    UNKNOWN,
    EventType,
    ExitRecord,
    ForkRecord,
    Outcome,
    ProcessId,
    Task,
    Text,
)
from stockade.events._records import ANCESTORS_MAX, AncestorId
from stockade.rules import Engine
from stockade.workloads import Containers
from tests.support.recorder import TICK_NS, boot_ticks
from tests.support.records import (
    FILE,
    NO_FILE,
    PROCESS,
    TASK,
    container_record,
    event,
    exec_record,
    header,
    open_record,
)
from tests.support.rules import made

CHILD = ProcessId(7_000_000_000, 101)
CLONE_THREAD = 0x10000


def fork_record(flags: int = 0) -> ForkRecord:
    return ForkRecord(header(EventType.CLONE, 101), CHILD, flags, 101, 2)


def test_an_exec_makes_a_process() -> None:
    table = ProcessTable()
    table.update(exec_record())
    process = table.get(TASK.process)
    assert (process.name, process.exe, process.args) == (
        "cat",
        "/mnt/shadow",
        ("cat", "-n", "file"),
    )
    assert process.file == FILE


def test_a_program_mounted_alone_keeps_its_name() -> None:
    table = ProcessTable()
    table.update(exec_record())
    alone = msgspec.structs.replace(FILE, path=Text("/"))
    table.update(exec_record(alone))
    assert table.get(TASK.process).exe == "/mnt/shadow"
    table.update(exec_record(msgspec.structs.replace(alone, inode=10)))
    assert table.get(TASK.process).exe == "/"


def test_a_failed_exec_changes_nothing() -> None:
    table = ProcessTable()
    table.update(msgspec.structs.replace(exec_record(), header=header(EventType.EXECVE, -2)))
    assert len(table) == 0


def test_a_child_is_what_its_parent_was() -> None:
    table = ProcessTable()
    table.update(exec_record())
    table.update(fork_record())
    child = table.get(CHILD)
    assert (child.id, child.exe, child.args) == (CHILD, "/mnt/shadow", ("cat", "-n", "file"))


def test_a_thread_is_no_process() -> None:
    table = ProcessTable()
    table.update(exec_record())
    table.update(fork_record(CLONE_THREAD))
    assert len(table) == 1


def test_a_process_that_is_refused_is_none() -> None:
    table = ProcessTable()
    table.update(exec_record())
    made = fork_record()
    head = msgspec.structs.replace(made.header, outcome=Outcome.DENY)
    table.update(msgspec.structs.replace(made, header=head))
    assert len(table) == 1


def test_an_exit_ends_it() -> None:
    table = ProcessTable()
    table.update(exec_record())
    table.update(ExitRecord(header(EventType.PROCEXIT, 0), 0))
    assert len(table) == 0


def test_what_runs_already_is_taken_in() -> None:
    table = ProcessTable()
    table.seed()
    own = table.get(ProcessId(boot_ticks() * TICK_NS, os.getpid()))
    assert own.exe == os.readlink("/proc/self/exe")
    assert own.name == Path("/proc/self/comm").read_text().rstrip("\n")
    assert isinstance(own.args, tuple)
    assert "pytest" in " ".join(own.args)


def test_a_process_that_was_missed_is_looked_up() -> None:
    script = "echo; read line; :"
    process = subprocess.Popen(["sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        found = ProcessTable().get(ProcessId(boot_ticks(process.pid) * TICK_NS, process.pid))
        assert found.args == ("sh", "-c", script)
        older = ProcessTable().get(
            ProcessId((boot_ticks(process.pid) - 100) * TICK_NS, process.pid)
        )
        assert older.args is UNKNOWN


def test_the_lineage_of_whoever_has_a_number_now_is_not_taken_for_anothers() -> None:
    table = ProcessTable()
    own = ProcessId(boot_ticks() * TICK_NS, os.getpid())
    lineage = table.lineage(own)
    assert [each.id.tgid for each in lineage[:2]] == [os.getpid(), os.getppid()]
    before = msgspec.structs.replace(own, start_ns=own.start_ns - 100 * TICK_NS)
    assert [each.id for each in table.lineage(before)] == [before]


def _below(last: AncestorId) -> Task:
    """A task of which the kernel lists as many ancestors as it can."""
    near = tuple(AncestorId(9, (1 << 30) + at, 0) for at in range(ANCESTORS_MAX - 1))
    return msgspec.structs.replace(TASK, ancestors=(*near, last))


def test_ancestors_go_on_where_the_kernels_list_ends() -> None:
    table = ProcessTable()
    own = AncestorId(boot_ticks() * TICK_NS, os.getpid(), 0)
    for _ in range(2):  # found in /proc, then remembered
        ancestors, more = table.ancestors(_below(own))
        pids = [each.id.tgid for each in ancestors[ANCESTORS_MAX - 1 :]]
        assert pids[:2] == [os.getpid(), os.getppid()]
        assert pids[-1] == 1
        assert not more


def test_beyond_an_ancestor_that_has_gone_there_may_be_others() -> None:
    ancestors, more = ProcessTable().ancestors(_below(AncestorId(9, 1 << 30, 0)))
    assert len(ancestors) == ANCESTORS_MAX
    assert more
    assert ProcessTable().ancestors(TASK)[1] is False


def test_a_process_that_is_gone_is_unknown() -> None:
    gone = ProcessTable().get(ProcessId(1, 1 << 30))
    assert (gone.name, gone.exe, gone.args) == (UNKNOWN, UNKNOWN, UNKNOWN)


MOUNTINFO = """21 1 8:1 / / rw - ext4 /dev/a rw
22 21 8:1 /srv/data /data rw shared:1 - ext4 /dev/a rw
23 21 0:5 /sub /mnt/with\\040space rw - btrfs /dev/b rw
24 21 0:6 / /proc rw - proc proc rw
25 21 0:7 / /odd\x0b\x85\u2028\\134name rw - tmpfs none rw
"""


@pytest.fixture
def mounts(tmp_path: Path) -> HostMounts:
    (tmp_path / "mountinfo").write_text(MOUNTINFO)
    return HostMounts([str(tmp_path / "mountinfo")])


@pytest.mark.parametrize(
    ("dev", "path", "host"),
    [
        (os.makedev(8, 1), "/etc/shadow", "/etc/shadow"),
        (os.makedev(8, 1), "/", "/"),
        (os.makedev(8, 1), "/srv/data/x", "/srv/data/x"),
        (os.makedev(0, 5), "/sub/x", "/mnt/with space/x"),
        (os.makedev(0, 5), "/sub", "/mnt/with space"),
        (os.makedev(0, 5), "/subway", ABSENT),
        (os.makedev(0, 5), "/other", ABSENT),
        (os.makedev(0, 6), "/sys/kernel", "/proc/sys/kernel"),
        (os.makedev(0, 7), "/x", "/odd\x0b\x85\u2028\\name/x"),
        (os.makedev(9, 9), "/etc/shadow", ABSENT),
    ],
)
def test_where_the_host_has_a_file(mounts: HostMounts, dev: int, path: str, host: object) -> None:
    assert mounts.host_path(dev, path) == host


def test_the_first_table_that_may_be_read(tmp_path: Path) -> None:
    (tmp_path / "mountinfo").write_text(MOUNTINFO)
    missing = str(tmp_path / "missing")
    with pytest.raises(FileNotFoundError):
        HostMounts([missing])


def no_containers() -> Containers:
    return Containers(lambda _key: None, lambda _identity: (), ())


def test_an_event_is_completed(mounts: HostMounts) -> None:
    enricher = Enricher(ProcessTable(), no_containers(), mounts)
    execed = enricher.event(exec_record())
    assert execed.process.exe == "/mnt/shadow"
    assert execed.host_path is ABSENT
    file = msgspec.structs.replace(FILE, dev=os.makedev(8, 1))
    opened = enricher.event(open_record(file))
    assert opened.host_path == "/etc/shadow"
    assert opened.process.args == ("cat", "-n", "file")
    assert opened.time_ns - opened.start_ns == 1_000_000_000
    assert enricher.event(open_record(NO_FILE, result=-2)).host_path is ABSENT
    cut = msgspec.structs.replace(file, fs_path=Text("/end", truncated=True))
    assert enricher.event(open_record(cut)).host_path is UNKNOWN


def test_a_process_has_the_name_it_gives_itself(mounts: HostMounts) -> None:
    enricher = Enricher(ProcessTable(), no_containers(), mounts)
    enricher.event(exec_record())
    record = open_record()
    renamed = msgspec.structs.replace(
        record, header=header(EventType.OPENAT, 3, msgspec.structs.replace(TASK, comm="busy"))
    )
    assert enricher.event(renamed).process.name == "busy"


def test_what_waits_keeps_the_name_it_acted_under(mounts: HostMounts) -> None:
    """Rules may be judged again when metadata has come."""
    enricher = Enricher(ProcessTable(), no_containers(), mounts)
    enricher.event(exec_record())
    before = enricher.event(open_record())
    task = msgspec.structs.replace(TASK, comm="busy")
    enricher.event(msgspec.structs.replace(open_record(), header=header(EventType.OPENAT, 3, task)))
    assert before.process.name == "cat"


def test_a_container_is_there_in_its_own_last_event(mounts: HostMounts) -> None:
    containers = Containers(lambda _key: None, lambda _identity: (PROCESS,), ())
    enricher = Enricher(ProcessTable(), containers, mounts)
    started = enricher.event(container_record())
    stopped = enricher.event(container_record(EventType.CONTAINER_STOP))
    assert started.container is not None
    assert started.container is stopped.container
    assert len(containers) == 0


def test_an_alert_is_complete_and_printable() -> None:
    text = """
- rule: r
  desc: d
  condition: evt.type = openat
  output: "%fd.name %proc.cmdline %container.image"
  priority: error
  tags: [t]
  technique: [T1611]
"""
    judge = Judge(Engine(made(text).enabled))
    odd = event(open_record(msgspec.structs.replace(FILE, path=Text("/a\udcff\n\x1b[31m"))))
    (alert,) = judge.alerts_of(odd)
    assert judge.alerts == 1
    assert alert.output == "/a\\xff\n\x1b[31m cat -n file <NA>"
    assert alert.output_fields["container.image"] is None
    decoded = msgspec.json.decode(msgspec.json.encode(alert))
    assert decoded["type"] == "alert"
    assert decoded["priority"] == "Error"
    assert decoded["process"]["ancestors"][0] == {"pid": 50, "name": "sh", "exe": "/bin/sh"}
    assert set(decoded) >= set(
        "output priority rule time output_fields source tags hostname action container process"
        " technique".split()
    )
