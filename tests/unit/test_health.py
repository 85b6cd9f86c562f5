"""What the agent says when containers' tasks are lost sight of."""

from __future__ import annotations

import time
from typing import cast

import pytest

from stockade.agent.health import Health
from stockade.agent.losses import Losses
from stockade.events import Priority
from stockade.kernel import Sensor
from stockade.workloads import Containers
from tests.support.records import ENTRY


class Kernel:
    """A sensor that has lost something."""

    def __init__(self) -> None:
        self.lost: dict[str, int] = {}
        self.settled = 0
        self.silent_hooks: list[str] = []
        self.off: list[str] = []

    @property
    def deciders(self) -> Kernel:
        return self

    def silent(self) -> list[str]:
        return self.silent_hooks

    def detached(self) -> list[str]:
        return self.off

    def losses(self) -> dict[str, int]:
        return dict(self.lost)

    def losses_by_type(self) -> dict[tuple[str, str], int]:
        return {(reason, "openat"): count for reason, count in self.lost.items()}

    def losses_by_container(self) -> dict[tuple[int, str, str], int]:
        return {(7, reason, "openat"): count for reason, count in self.lost.items()}

    def health(self) -> Health:
        sensor = cast(Sensor, self)
        containers = Containers(lambda _: None, lambda _: [])
        containers.add(ENTRY)
        return Health(sensor, Losses(sensor, containers))

    def settle(self) -> None:
        self.settled += 1


def test_only_new_losses_of_tasks_are_told() -> None:
    kernel = Kernel()
    health = kernel.health()
    assert list(health.check()) == []
    kernel.lost = {"replaced": 9, "unresolved": 1}
    assert list(health.check()) == []
    kernel.lost = {"replaced": 9, "members_full": 2}
    (alert,) = health.check()
    assert (alert.source, alert.priority) == ("internal", Priority.CRITICAL)
    assert (alert.output_fields["reason"], alert.output_fields["count"]) == ("members_full", 2)
    assert (alert.container.id, alert.process.name) == ("host", "stockade")
    assert kernel.settled == 1
    assert list(health.check()) == []
    kernel.lost = {"members_full": 5, "containers_full": 1}
    counts = {alert.output_fields["reason"]: alert for alert in health.check()}
    assert counts["members_full"].output_fields["count"] == 3
    assert counts["containers_full"].output_fields["count"] == 1
    assert len({alert.id for alert in counts.values()}) == 2
    assert (kernel.settled, health.alerts) == (2, 3)


def test_lost_events_are_told_at_once_and_then_together(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    kernel = Kernel()
    health = kernel.health()
    kernel.lost = {"ring_full": 9}
    (alert,) = health.check()
    assert (alert.rule, alert.priority) == ("Events lost", Priority.WARNING)
    assert (alert.output_fields["reason"], alert.output_fields["count"]) == ("ring_full", 9)
    assert alert.output_fields["events"] == ["open: 9"]
    assert alert.output_fields["containers"] == ["box: 9"]
    assert list(health.check()) == []
    for kernel.lost["ring_full"] in (10, 12):
        assert list(health.check()) == []
    now[0] += 15.0
    (alert,) = health.check()
    assert alert.output_fields["count"] == 3
    assert alert.output_fields["containers"] == ["box: 3"]
    now[0] += 15.0
    assert list(health.check()) == []
    assert (kernel.settled, health.alerts) == (0, 2)


def test_what_is_not_decided_any_more_is_told_once() -> None:
    kernel = Kernel()
    health = kernel.health()
    assert list(health.check()) == []
    kernel.silent_hooks = ["file_open"]
    (alert,) = health.check()
    assert (alert.rule, alert.priority) == ("Prevention has fallen", Priority.CRITICAL)
    assert "file_open" in alert.output
    assert alert.output_fields["hooks"] == ["file_open"]
    assert list(health.check()) == []
    kernel.silent_hooks = []
    assert list(health.check()) == []
    kernel.silent_hooks = ["file_open"]
    assert len(list(health.check())) == 1


def test_what_comes_off_is_told_once() -> None:
    kernel = Kernel()
    health = kernel.health()
    kernel.off = ["sys_exit"]
    (alert,) = health.check()
    assert (alert.rule, alert.priority) == ("Programs detached", Priority.CRITICAL)
    assert alert.output_fields["programs"] == ["sys_exit"]
    kernel.off = ["sys_exit", "process_fork"]
    (alert,) = health.check()
    assert alert.output_fields["programs"] == ["process_fork"]
    assert list(health.check()) == []
