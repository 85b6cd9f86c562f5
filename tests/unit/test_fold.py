"""One attack is one alert that grows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, cast

import msgspec
import pytest
from structlog.testing import capture_logs

from stockade.agent import Agent, Enricher, Folder, Judge, Sink, fold
from stockade.agent.fold import WINDOW_S
from stockade.events import Alert, Container, Event, EventType, Metadata, Priority, Record, Update
from stockade.kernel import Sensor
from stockade.rules import Engine
from stockade.workloads import Containers
from tests.support.records import ENTRY, NO_FILE, TASK, event, header, open_record
from tests.support.rules import made

RULE = """
- rule: A file was opened
  desc: d
  condition: evt.type = openat
  output: "%proc.name (pid %proc.pid) opened %fd.name of %container.image"
  priority: WARNING
"""
BOX = 7


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(clock: Clock) -> Folder:
    return Folder(clock=clock)


@pytest.fixture(scope="module")
def alert() -> Alert:
    (only,) = Judge(Engine(made(RULE).enabled)).alerts_of(event())
    return only


def like(alert: Alert, number: int, **changes: Any) -> Alert:
    """Another that happened later, of a process with another number."""
    process = msgspec.structs.replace(alert.process, pid=number)
    fields = alert.output_fields | {"proc.pid": number, "evt.time": str(number)}
    later = {"id": f"x-{number}", "time": f"2026-01-01T00:00:00.{number:09d}Z"}
    return msgspec.structs.replace(
        alert, **({"process": process, "output_fields": fields} | later | changes)
    )


def opened(alert: Alert, number: int, path: str) -> Alert:
    """One that differs from others in what was opened."""
    fields = alert.output_fields | {"fd.name": path}
    return like(alert, number, output=f"cat opened {path}", output_fields=fields)


def test_ten_thousand_of_one_act_are_one_alert(alert: Alert, folder: Folder, clock: Clock) -> None:
    said = [n for n in range(1, 10_001) if not folder.repeats(like(alert, n), BOX)]
    assert said == [1]
    assert list(folder.updates()) == []
    clock.now_s += 1
    (update,) = folder.updates()
    assert (update.alert, update.count) == ("x-1", 10_000)
    assert update.first == "2026-01-01T00:00:00.000000001Z"
    assert update.last == "2026-01-01T00:00:00.000010000Z"
    assert isinstance(update.examples, list)
    assert [(each.count, each.process.pid) for each in update.examples] == [(10_000, 1)]
    assert folder.folded == 9999
    clock.now_s += 1
    assert list(folder.updates()) == []


@pytest.mark.parametrize(
    "changes",
    [{"rule": "another"}, {"priority": Priority.CRITICAL}, {"container": "id"}, {"key": 8}],
)
def test_what_differs_in_a_way_that_matters_is_said(
    alert: Alert, folder: Folder, changes: dict[str, Any]
) -> None:
    key = changes.pop("key", BOX)
    if "container" in changes:
        changes = {"container": msgspec.structs.replace(alert.container, id="other")}
    assert not folder.repeats(like(alert, 1), BOX)
    assert not folder.repeats(like(alert, 2, **changes), key)
    assert folder.repeats(like(alert, 3), BOX)
    assert folder.repeats(like(alert, 4, **changes), key)


def test_the_last_update_comes_when_it_was_quiet(
    alert: Alert, folder: Folder, clock: Clock
) -> None:
    folder.repeats(like(alert, 1), BOX)
    clock.now_s += WINDOW_S - 1
    assert folder.repeats(like(alert, 2), BOX)
    clock.now_s += WINDOW_S
    assert not folder.repeats(like(alert, 3), BOX)
    (last,) = folder.last_words()
    assert (last.alert, last.count) == ("x-1", 2)
    assert folder.last_words() == []
    clock.now_s += WINDOW_S
    assert list(folder.updates()) == []
    assert len(folder) == 0
    assert not folder.repeats(like(alert, 4), BOX)


def test_more_of_the_same_is_told_ever_less_often(
    alert: Alert, folder: Folder, clock: Clock
) -> None:
    told = []
    for second in range(600):
        folder.repeats(like(alert, second), BOX)
        told += [second for _ in folder.updates()]
        clock.now_s += 1
    assert told[:6] == [1, 3, 7, 15, 31, 63]
    assert told[-1] - told[-2] == 60


def test_what_is_new_is_told_within_a_second(alert: Alert, folder: Folder, clock: Clock) -> None:
    for second in range(100):
        folder.repeats(like(alert, second), BOX)
        list(folder.updates())
        clock.now_s += 1
    folder.repeats(opened(alert, 100, "/etc/gshadow"), BOX)
    found = list(folder.updates())
    clock.now_s += 1
    found += folder.updates()
    (update,) = found
    assert isinstance(update.examples, list)
    assert update.examples[-1].output == "cat opened /etc/gshadow"


def test_what_is_new_all_the_time_is_told_once_a_second(
    alert: Alert, folder: Folder, clock: Clock
) -> None:
    for second in range(100):
        folder.repeats(like(alert, second), BOX)
        list(folder.updates())
        clock.now_s += 1
    told = []
    for number in range(100, 140):
        folder.repeats(opened(alert, number, f"/{number}"), BOX)
        told += [clock.now_s for _ in folder.updates()]
        clock.now_s += 0.25
    assert [after - before for before, after in pairwise(told)] == [1.0] * 9


def test_the_first_examples_and_the_newest_are_kept(
    alert: Alert, folder: Folder, clock: Clock
) -> None:
    for number in range(1, 1001):
        folder.repeats(opened(alert, number, f"/{number}"), BOX)
    clock.now_s += 1
    (update,) = folder.updates()
    assert isinstance(update.examples, list)
    shown = [each.output_fields["fd.name"] for each in update.examples]
    assert shown == ["/1", "/2", "/3", "/996", "/997", "/998", "/999", "/1000"]
    assert update.count == 1000


def test_an_update_that_was_made_does_not_grow(alert: Alert, folder: Folder, clock: Clock) -> None:
    folder.repeats(like(alert, 1), BOX)
    folder.repeats(like(alert, 2), BOX)
    clock.now_s += 1
    (update,) = folder.updates()
    folder.repeats(like(alert, 3), BOX)
    assert isinstance(update.examples, list)
    assert (update.count, update.examples[0].count) == (2, 2)


def test_when_there_is_no_room_the_quietest_is_told_of_and_counted(
    alert: Alert, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fold, "_FOLDS_MAX", 2)
    for number, rule in enumerate("abba"):
        folder.repeats(like(alert, number, rule=rule), BOX)
    assert not folder.repeats(like(alert, 4, rule="c"), BOX)
    (word,) = folder.last_words()
    assert (word.rule, word.count, folder.evicted, len(folder)) == ("b", 2, 1, 2)
    assert folder.repeats(like(alert, 5, rule="a"), BOX)


def test_without_a_window_every_one_is_said(alert: Alert) -> None:
    none = Folder(0)
    assert not any(none.repeats(like(alert, n), BOX) for n in range(10))
    none.close()
    assert (none.last_words(), list(none.updates()), none.folded) == ([], [], 0)


def judge_with(folder: Folder) -> Judge:
    return Judge(Engine(made(RULE).enabled), folder)


def test_metadata_comes_once_and_stays(clock: Clock) -> None:
    box = Container(id="box", runtime="runc", entry=ENTRY)
    of = judge_with(Folder(clock=clock))
    (first, *others) = [each for _ in range(6000) for each in of.alerts_of(event(container=box))]
    assert others == []
    # Thousands of repetitions do not wait each for itself.
    assert of.lost == 0
    workload = msgspec.structs.replace(event().container.workload, image="app:1")  # type: ignore[union-attr]
    box.workload, box.metadata = workload, Metadata.COMPLETE
    (update,) = of.known(box)
    assert isinstance(update, Update)
    assert (update.alert, update.container.image) == (first.id, "app:1")
    assert "count" not in msgspec.to_builtins(update)
    clock.now_s += 1
    (grown,) = of.folder.updates()
    assert (grown.alert, grown.count, grown.container.image) == (first.id, 6000, "app:1")
    assert grown.output == update.output
    assert grown.output.endswith("of app:1")


def test_what_is_decided_late_folds_too(clock: Clock) -> None:
    rules = made(RULE.replace("evt.type = openat", "container.image = app:1"))
    of = Judge(Engine(rules.enabled), Folder(clock=clock))
    box = Container(id="box", runtime="runc", entry=ENTRY)
    for _ in range(3):
        assert list(of.alerts_of(event(container=box))) == []
    workload = msgspec.structs.replace(event().container.workload, image="app:1")  # type: ignore[union-attr]
    box.workload, box.metadata = workload, Metadata.COMPLETE
    assert [type(each) for each in of.known(box)] == [Alert]
    assert of.folder.folded == 2


def test_what_the_host_does_folds_by_itself(clock: Clock) -> None:
    of = judge_with(Folder(clock=clock))
    task = msgspec.structs.replace(TASK, container=0)
    record = msgspec.structs.replace(open_record(), header=header(EventType.OPENAT, 3, task))
    host = event(record, container=None)
    said = [alert for each in (host, event(), host) for alert in of.alerts_of(each)]
    assert [each.container.id for each in said] == ["host", "box"]


def test_other_rules_begin_anew(clock: Clock) -> None:
    of = judge_with(Folder(clock=clock))
    assert len([each for _ in range(3) for each in of.alerts_of(event())]) == 1
    of.take_rules(Engine(made(RULE).enabled))
    (word,) = of.folder.last_words()
    assert word.count == 3
    assert len(list(of.alerts_of(event()))) == 1


class Loop:
    """A sensor, an enricher and a sink, of which an agent needs no more than this."""

    def __init__(self) -> None:
        self.said: list[Alert | Update] = []
        self.update = self.alert = self.said.append

    def event(self, _record: Record) -> Event:
        return event()


class Failing(Judge):
    """Cannot go on after the first alert."""

    def alerts_of(self, event: Event) -> Iterator[Alert]:
        yield from super().alerts_of(event)
        raise ValueError


def test_what_was_found_before_a_failure_is_said() -> None:
    async def judged() -> Loop:
        loop, judge = Loop(), Failing(Engine(made(RULE).enabled), Folder())
        agent = Agent(
            cast("Sensor", loop),
            cast("Containers", loop),
            cast("Enricher", loop),
            judge,
            cast("Sink", loop),
            rules=1,
        )
        agent._release()  # noqa: SLF001 - as when events flow
        agent._judge_record(open_record(NO_FILE))  # noqa: SLF001 - as when a record came
        return loop

    with capture_logs() as logs:
        (only,) = asyncio.run(judged()).said
    assert isinstance(only, Alert)
    assert [each["event"] for each in logs] == ["event not judged"]
