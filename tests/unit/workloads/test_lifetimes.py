"""What becomes known of a container, from its creation to its end, and when."""

from __future__ import annotations

import msgspec
import pytest

from stockade.events import (
    UNKNOWN,
    ContainerState,
    EventType,
    Metadata,
    Text,
)
from stockade.workloads import containers
from tests.support.records import ENTRY, TASK
from tests.unit.workloads.helpers import (
    Clock,
    Host,
    bundle_of,
    create,
    entry,
    write_spec,
)

CREATE, START, STOP = (
    EventType.CONTAINER_CREATE,
    EventType.CONTAINER,
    EventType.CONTAINER_STOP,
)


def test_complete_from_its_creation_on(host: Host) -> None:
    bundle = bundle_of(host, process={"user": {"uid": 5}}, annotations={"a": "b"})
    created = host.happens(CREATE, entry(state=ContainerState.CREATED), create(bundle))
    assert created is not None
    assert (created.id, created.runtime, created.metadata) == ("web", "runc", Metadata.COMPLETE)
    assert (created.workload.name, created.workload.user) == ("web", "5:0")
    assert created.workload.labels == {"a": "b"}
    started = host.starts(ENTRY, create(bundle))
    assert started is created
    assert started.entry == ENTRY
    assert host.containers.all() == [created]


def test_metadata_that_comes_late(host: Host, clock: Clock) -> None:
    bundle = host.root.parent / "bundle"
    found = host.starts(ENTRY, create(bundle))
    assert found.pending
    assert (found.workload.image, found.workload.user) == (UNKNOWN, UNKNOWN)
    due = host.containers.next_look_s
    assert due is not None
    assert due > clock.now
    assert host.containers.look() == []
    clock.now = due
    assert host.containers.look() == []
    later = host.containers.next_look_s
    assert later is not None
    assert later > due
    bundle_of(host)
    clock.now = later
    assert host.containers.look() == [found]
    assert (found.metadata, found.workload.name) == (Metadata.COMPLETE, "web")
    assert host.containers.next_look_s is None
    assert host.containers.look() == []


def test_metadata_that_never_comes(host: Host, clock: Clock) -> None:
    found, looks = host.starts(), 0
    while (due := host.containers.next_look_s) is not None:
        clock.now, looks = due, looks + 1
        done = host.containers.look()
        assert done == ([] if host.containers.next_look_s else [found])
    assert 1 < looks < 10
    assert clock.now < 110
    assert found.metadata is Metadata.UNAVAILABLE
    assert host.containers.give_up() == []


def test_nobody_looks_again(host: Host) -> None:
    early = host.happens(CREATE, entry(key=9, state=ContainerState.CREATED))
    found = host.starts()
    assert set(host.containers.give_up()) == {early, found}
    assert found.metadata is Metadata.UNAVAILABLE
    assert host.containers.next_look_s is None
    assert host.containers.give_up() == []


def test_the_end_forgets_it_after_its_event(host: Host) -> None:
    found = host.starts()
    assert host.happens(STOP) is found
    assert len(host.containers) == 0
    assert host.containers.give_up() == [found]


def test_what_comes_late_may_come_after_the_end(host: Host, clock: Clock) -> None:
    found = host.starts(ENTRY, create(bundle_of(host) / "later"))
    host.happens(STOP)
    write_spec(host.root.parent / "bundle/later")
    clock.now += 10
    assert host.containers.look() == [found]
    assert found.metadata is Metadata.COMPLETE


def test_a_restart_is_another_container(host: Host) -> None:
    bundle = bundle_of(host, process={"user": {"uid": 1}})
    first = host.starts(ENTRY, create(bundle))
    host.happens(STOP)
    bundle_of(host, process={"user": {"uid": 2}})
    second = host.starts(entry(key=8), create(bundle))
    assert first is not second
    assert (first.id, first.workload.user) == ("web", "1:0")
    assert (second.id, second.workload.user) == ("web", "2:0")


def test_a_restart_that_overtakes_the_end(host: Host) -> None:
    first, second = host.starts(), host.starts(entry(key=8))
    host.happens(STOP)
    assert host.containers.all() == [second]
    assert set(host.containers.give_up()) == {first, second}


def test_a_start_that_was_lost(host: Host) -> None:
    host.entries[ENTRY.key] = entry("box")
    host.above = create(bundle_of(host))
    found = host.containers.of(TASK)
    assert found is not None
    assert (found.id, found.metadata) == ("web", Metadata.COMPLETE)
    assert host.containers.of(TASK) is found


def test_a_name_that_was_cut_is_the_tasks(host: Host) -> None:
    whole = f"runc-{'w' * 150}.scope"
    host.entries[ENTRY.key] = entry(whole[:127])
    found = host.containers.of(msgspec.structs.replace(TASK, cgroup=Text(whole)))
    assert found is not None
    assert (found.id, found.runtime) == ("w" * 150, "runc")


def test_a_start_that_comes_after_all(host: Host) -> None:
    """Whoever waits for what was known by then is told, too."""
    host.entries[ENTRY.key] = ENTRY
    adopted = host.containers.of(TASK)
    started = host.starts()
    assert adopted is not None
    assert {adopted, started} == set(host.containers.give_up())


def test_a_container_that_nobody_knows_is_not_the_host(host: Host) -> None:
    """Its start was lost, and it has ended."""
    assert host.containers.of(TASK) is not None


def test_whoever_lost_their_end_are_dropped_when_room_runs_out(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "_MAX", 2)
    host.entries[2] = entry(key=2)
    for key in (1, 2, 3):
        host.starts(entry(key=key))
    assert len(host.containers) == 2
