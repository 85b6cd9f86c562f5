"""What filters are told of containers and processes, and when."""

from __future__ import annotations

from typing import cast

import msgspec
import structlog

from stockade.agent import KnownParts, ProcessTable
from stockade.errors import MissingFeature
from stockade.events import (
    Container,
    ContainerEntry,
    ContainerState,
    Event,
    EventType,
    ExitRecord,
    Metadata,
    Task,
)
from stockade.kernel.filters import Filters, Known, ProcessKey
from stockade.rules import Rule
from stockade.workloads import Containers
from tests.support.records import (
    CONTAINER,
    ENTRY,
    PROCESS,
    TASK,
    container_record,
    event,
    header,
    open_record,
)
from tests.support.rules import made, rule_text

CONDITION = "evt.type = openat and container.name = web and proc.exepath = /bin/x"
RUNNING = msgspec.structs.replace(ENTRY, state=ContainerState.RUNNING)


class Told:
    """Filters that only listen."""

    def __init__(self) -> None:
        self.containers: dict[int, Known] = {}
        self.processes: dict[ProcessKey, tuple[Known, Known, Known]] = {}
        self.room = 100
        self.works = True

    def tell_container(self, entry: ContainerEntry, known: Known) -> bool:
        assert entry.key not in self.containers
        self.containers[entry.key] = known
        return True

    def tell_process(self, key: ProcessKey, own: Known, parent: Known, ancestor: Known) -> bool:
        if len(self.processes) >= self.room:
            return False
        assert key not in self.processes
        self.processes[key] = own, parent, ancestor
        return True

    def forget_container(self, entry: ContainerEntry) -> None:
        del self.containers[entry.key]

    def forget_process(self, key: ProcessKey) -> None:
        del self.processes[key]

    def forget_all(self) -> None:
        self.containers.clear()
        self.processes.clear()

    def synchronize(self) -> None:
        if not self.works:
            raise MissingFeature("no")


class Here:
    """The containers that there are."""

    def __init__(self, *containers: Container) -> None:
        self._containers = containers

    def all(self) -> list[Container]:
        return list(self._containers)

    def by_key(self, key: int) -> Container | None:
        return next(
            (each for each in self._containers if each.entry and each.entry.key == key), None
        )


def rules(condition: str = CONDITION) -> list[Rule]:
    return list(made(rule_text(condition)).rules)


def parts_of(told: Told, *containers: Container, condition: str = CONDITION) -> KnownParts:
    here = cast("Containers", Here(*containers))
    return KnownParts(cast("Filters", told), here, ProcessTable(), rules(condition))


def container(metadata: Metadata = Metadata.COMPLETE, entry: ContainerEntry = RUNNING) -> Container:
    workload = msgspec.structs.replace(CONTAINER.workload, name="db")
    return Container("db", "runc", entry, workload, metadata)


def by(task: Task) -> Event:
    """An event of a task whose process is known as what it is now."""
    record = open_record()
    record = msgspec.structs.replace(
        record, header=msgspec.structs.replace(record.header, task=task)
    )
    process = msgspec.structs.replace(PROCESS, name=task.comm, exec_id=task.exec_id)
    return msgspec.structs.replace(event(record), process=process)


def bits(known: Known) -> tuple[int, int]:
    return known.holds & 1, known.fails & 1


def test_a_container_is_told_of_once_it_runs_and_is_known() -> None:
    told = Told()
    pending = container(Metadata.PENDING)
    parts = parts_of(told, pending)
    parts.learn(event(container_record(EventType.CONTAINER, RUNNING), pending))
    assert told.containers == {}
    pending.metadata = Metadata.COMPLETE
    parts.tell(pending)
    parts.tell(pending)
    assert bits(told.containers[ENTRY.key]) == (0, 1)


def test_what_has_not_begun_is_not_told_of() -> None:
    told = Told()
    parts_of(told, container(entry=msgspec.structs.replace(ENTRY, state=ContainerState.CREATED)))
    assert told.containers == {}


def test_a_container_that_is_there_is_told_of_and_forgotten_at_its_end() -> None:
    told = Told()
    known = container()
    parts = parts_of(told, known)
    assert list(told.containers) == [ENTRY.key]
    parts.learn(event(container_record(EventType.CONTAINER_STOP, RUNNING), known))
    assert told.containers == {}


def test_a_process_is_told_of_until_it_execs_is_renamed_or_ends() -> None:
    told = Told()
    parts = parts_of(told)
    renamed = msgspec.structs.replace(TASK, comm="other")
    again = msgspec.structs.replace(TASK, exec_id=TASK.exec_id + 1)
    for task in (TASK, TASK, renamed, again):
        parts.learn(by(task))
    assert len(told.processes) == 3
    assert {bits(own) for own, *_ in told.processes.values()} == {(0, 1)}
    parts.learn(event(ExitRecord(header(EventType.PROCEXIT, 0), 0)))
    assert told.processes == {}


def test_a_process_is_told_of_under_its_own_name_whatever_the_thread_is_called() -> None:
    told = Told()
    thread = msgspec.structs.replace(TASK, pid=TASK.process.tgid + 1, comm="worker")
    parts_of(told).learn(msgspec.structs.replace(by(thread), process=PROCESS))
    assert [key.name for key in told.processes] == [PROCESS.name]


def test_the_parent_is_told_of_where_rules_ask_about_it() -> None:
    told = Told()
    condition = "evt.type = openat and proc.pname = sh and not proc.pexepath = /bin/x"
    parts_of(told, condition=condition).learn(by(TASK))
    names = {key.name: bits(parent) for key, (_, parent, _) in told.processes.items()}
    assert names == {TASK.comm: (0, 1), "sh": (1, 0)}


def test_ancestors_are_told_of_where_rules_ask_about_them() -> None:
    told = Told()
    condition = "evt.type = openat and not proc.aname in (init, sshd)"
    parts_of(told, condition=condition).learn(by(TASK))
    names = {key.name: bits(ancestor) for key, (*_, ancestor) in told.processes.items()}
    assert names == {TASK.comm: (0, 1), "sh": (0, 1), "init": (1, 0)}
    keys = {(key.start_ns, key.tgid, key.exec_id) for key in told.processes}
    assert {(each.start_ns, each.tgid, each.exec_id) for each in TASK.ancestors} < keys


def test_of_another_program_than_the_one_that_ran_nothing_is_told() -> None:
    told = Told()
    parts = parts_of(told, condition="evt.type = openat and proc.pname = sh")
    parent, *others = TASK.ancestors
    later = msgspec.structs.replace(parent, exec_id=parent.exec_id + 1)
    parts.learn(by(msgspec.structs.replace(TASK, ancestors=(later, *others))))
    assert [key.name for key in told.processes] == [TASK.comm]


def test_where_there_is_no_room_those_that_have_gone_are_forgotten() -> None:
    told = Told()
    told.room = 1
    parts = parts_of(told)
    gone = msgspec.structs.replace(TASK.process, tgid=(1 << 22) + 1)
    parts.learn(by(msgspec.structs.replace(TASK, process=gone)))
    first = msgspec.structs.replace(gone, tgid=1)
    here = msgspec.structs.replace(TASK, process=first, comm="here")
    parts.learn(by(here))
    parts.learn(by(here))
    assert [key.name for key in told.processes] == ["here"]


def test_other_rules_have_other_parts() -> None:
    told = Told()
    parts = parts_of(told, container())
    before = told.containers[ENTRY.key]
    parts.withdraw()
    assert told.containers == {}
    parts.learn(by(TASK))
    assert told.processes == {}
    assert parts.synchronize()
    parts.take_rules(rules(CONDITION.replace("web", "db")))
    assert bits(told.containers[ENTRY.key]) == (1, 0)
    assert told.containers[ENTRY.key].parts != before.parts


def test_where_the_kernel_cannot_tell_when_readers_are_done() -> None:
    told = Told()
    told.works = False
    parts = parts_of(told, container())
    parts.withdraw()
    with structlog.testing.capture_logs() as logs:
        assert not parts.synchronize()
    assert [each["reason"] for each in logs] == ["no"]
