"""How much a container does, from the kernel's counters to an alert."""

from __future__ import annotations

from pathlib import Path

from stockade.events import Activity
from stockade.kernel import Sensor, Wanted
from tests.support.agent import Agent
from tests.support.runc import Runc, execute

NOTHING = Activity(calls=0, execs=0, forks=0)
BUSY = "sleep 2; while :; do true; /bin/true; done"
RULE = """
- rule: Busy container
  desc: More programs than a test's other containers start.
  condition: evt.type = container_activity and activity.execs >= 20
  scope: container
  output: "%activity.calls calls, %activity.execs programs, %activity.forks tasks"
  priority: NOTICE
"""


def test_every_call_program_and_task_is_counted(runc: Runc) -> None:
    with (
        Sensor(Wanted(frozenset(), activity=True)) as sensor,
        runc.running(["sleep", "60"]) as name,
    ):
        (key,) = (each.key for each in sensor.provenance.containers() if each.cgroup == name)
        before = sensor.activity().get(key, NOTHING)
        execute(name, "sh", "-c", "for i in 1 2 3 4 5 6 7; do /bin/true; done")
        after = sensor.activity()[key]
        # runc's own helpers become the container's before the shell does.
        assert 8 <= after.execs - before.execs <= 9
        assert 7 <= after.forks - before.forks <= 20
        assert after.calls - before.calls > 100
        execute(name, "dd", "if=/dev/zero", "of=/dev/null", "bs=1", "count=50000")
        last = sensor.activity()[key]
        assert 100_000 <= last.calls - after.calls <= 102_000


def test_nothing_is_counted_unless_somebody_asks(runc: Runc) -> None:
    with Sensor(Wanted(frozenset())) as sensor:
        runc.run(["true"])
        assert sensor.activity() == {}


def test_a_rule_tells_of_a_busy_container(runc: Runc, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULE)
    with Agent(rules) as agent, runc.running(["sh", "-c", BUSY]) as name:
        alert = agent.alert("Busy container", name)
        assert alert["output_fields"]["activity.execs"] >= 20
        assert alert["output_fields"]["activity.calls"] > alert["output_fields"]["activity.execs"]
