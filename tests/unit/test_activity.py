"""How much containers do, from the counters to the fields."""

from __future__ import annotations

import time
from typing import cast

import pytest

from stockade.agent.activity import ActivityMeter
from stockade.events import ABSENT, Activity, ContainerEntry, Event, Role, Value
from stockade.events.fields import CATALOGUE, field_value
from stockade.kernel import Sensor
from tests.support.records import ENTRY, container_record, event


class Kernel:
    """A sensor that has counted what a test says."""

    def __init__(self) -> None:
        self.counts: dict[int, Activity] = {}
        self.entries = [ENTRY]

    @property
    def provenance(self) -> Kernel:
        return self

    def containers(self) -> list[ContainerEntry]:
        return self.entries

    def activity(self) -> dict[int, Activity]:
        return dict(self.counts)

    def count(self, calls: int, execs: int = 0, forks: int = 0) -> None:
        now = self.counts.get(ENTRY.key, Activity(calls=0, execs=0, forks=0))
        self.counts[ENTRY.key] = Activity(
            calls=now.calls + calls, execs=now.execs + execs, forks=now.forks + forks
        )


def _value(of: Event, name: str) -> Value:
    return field_value(CATALOGUE[name], None, of)


def test_what_is_usual_is_learnt_before_anything_is_unusual(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    kernel = Kernel()
    meter = ActivityMeter(cast(Sensor, kernel))
    kernel.count(5000)
    assert list(meter.records()) == []  # since when is not known
    for _ in range(6):
        kernel.count(100, execs=2)
        now[0] += 10.0
        (record,) = meter.records()
        assert _value(event(record), "activity.calls_factor") is ABSENT
        assert _value(event(record), "activity.usual_calls") is ABSENT
    kernel.count(1250, execs=2, forks=7)
    now[0] += 10.0
    (record,) = meter.records()
    told = event(record)
    assert _value(told, "evt.type") == "container_activity"
    assert (_value(told, "activity.calls"), _value(told, "activity.usual_calls")) == (1250, 100)
    assert _value(told, "activity.calls_factor") == 12
    assert _value(told, "activity.execs_factor") == 1
    assert _value(told, "activity.forks_factor") == 7
    assert _value(told, "activity.time") == 10_000_000_000
    assert (record.header.task.container, record.header.task.role) == (ENTRY.key, Role.MEMBER)
    assert record.header.task.process == ENTRY.init


def test_a_burst_becomes_usual_slowly() -> None:
    kernel = Kernel()
    meter = ActivityMeter(cast(Sensor, kernel))
    kernel.count(1)
    list(meter.records())
    factors = []
    for calls in [100] * 30 + [3000] * 10:
        kernel.count(calls)
        (record,) = meter.records()
        factors.append(_value(event(record), "activity.calls_factor"))
    assert factors[30] == 30
    burst = [factor for factor in factors[30:] if isinstance(factor, int)]
    assert burst == sorted(burst, reverse=True)
    assert 2 <= burst[-1] <= 5


def test_a_container_that_has_ended_is_forgotten() -> None:
    kernel = Kernel()
    meter = ActivityMeter(cast(Sensor, kernel))
    kernel.count(1)
    list(meter.records())
    kernel.entries = []
    assert list(meter.records()) == []
    kernel.entries = [ENTRY]
    assert list(meter.records()) == []  # another one under the same key begins anew


def test_other_events_have_no_activity() -> None:
    for name in ("activity.calls", "activity.calls_factor", "activity.time"):
        assert _value(event(container_record()), name) is ABSENT
        assert _value(event(), name) is ABSENT
