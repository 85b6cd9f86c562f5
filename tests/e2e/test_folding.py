"""One attack is one alert that grows, whatever it does meanwhile to the stream."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.agent import STOCKADE, Agent
from tests.support.rules import rule_text
from tests.support.runc import Runc

READ, END = "A file was read", "The end"
TIMES = 10_000
STORM = """
i=0
while [ $i -lt {times} ]; do
    read -r x < /etc/shadow
    i=$((i + 1))
    [ $((i % 100)) = 0 ] && usleep 20000
done
: > /tmp/end
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(
        rule_text("opened and fd.name = /etc/shadow", name=READ, scope="container")
        + rule_text("opened and fd.name = /tmp/end", name=END, scope="container")
        + "- macro: opened\n  condition: evt.type in (open, openat) and evt.failed = false\n"
    )
    return path


def storm(times: int) -> list[str]:
    """A shell that does one act so many times, then another."""
    return ["sh", "-c", STORM.format(times=times)]


def test_ten_thousand_of_one_act_are_one_alert(runc: Runc, rules: Path) -> None:
    with Agent(rules) as agent, runc.running(storm(TIMES)) as name:
        first = agent.alert(READ, name)
        other, done = runc.run(["cat", "/etc/shadow"])
        assert done.returncode == 0, done.stderr
        agent.alert(READ, other)
        # It has come while the other goes on.
        assert END not in {message.get("rule") for message in agent.seen}
        agent.alert(END, name)
        code, summary = agent.stop()

    assert code == 0
    updates = [message for message in agent.seen if message.get("alert") == first["id"]]
    counts = [message["count"] for message in updates if "count" in message]
    assert counts == sorted(set(counts))
    # Two containers' first ones, and the end.
    assert len(agent.alerts()) == summary["alerts"] == 3
    assert counts[-1] - 1 == summary["folded"]
    assert counts[-1] <= TIMES <= counts[-1] + summary["lost_by_container"].get(name, 0)
    last = updates[-1]
    assert (last["container"]["id"], last["first"]) == (name, first["time"])
    assert last["first"] < last["last"] <= last["time"]
    (example,) = last["examples"]
    assert example["count"] == last["count"]
    assert example["process"] == first["process"]


def test_every_one_is_shown_to_who_asks(runc: Runc, rules: Path) -> None:
    with Agent(rules, options=("--no-fold",)) as agent:
        name, _ = runc.run(storm(50))
        agent.alert(END, name)
        _, summary = agent.stop()
    assert [alert["rule"] for alert in agent.alerts()] == [*[READ] * 50, END]
    assert not [message for message in agent.seen if "count" in message]
    assert (summary["alerts"], summary["folded"]) == (51, 0)


def test_people_get_two_lines(runc: Runc, rules: Path) -> None:
    process = subprocess.Popen(
        [STOCKADE, "run", "--rules", str(rules)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "watching with" in process.stderr.readline()
        name, _ = runc.run(storm(50))
        seen = []
        for line in process.stdout:
            seen.append(line)
            if END in line:
                break
        process.terminate()
        rest, notes = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    lines = "".join([*seen, rest]).splitlines()
    (first, *grown) = [line for line in lines if READ in line]
    assert re.fullmatch(rf"[\d:.]{{12}} Warning  {name} {READ}: o", first)
    assert re.fullmatch(rf"[\d:.]{{12}} +{name} {READ}: 50 times since {first[:12]}", grown[-1])
    assert "2 alerts and 49 repetitions of them, lost: nothing" in notes
