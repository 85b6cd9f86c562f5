"""Policies at work: what rules would do, where, and switched while the agent runs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.agent import STOCKADE, Agent, Message
from tests.support.engines import in_guest
from tests.support.runc import Runc

RULE = "Marker opened"
RULES = f"""
- rule: {RULE}
  desc: d
  condition: evt.type in (open, openat) and evt.failed = false and fd.name startswith /tmp/marker
  output: "%fd.name"
  priority: WARNING
  scope: container
  action: deny
"""
POLICY = f"- policy: p\n  rules: [{RULE}]\n  mode: audit\n"


class Scene:
    """An agent with a policy and state of its own, and containers that open the marker."""

    def __init__(self, runc: Runc, directory: Path) -> None:
        self._runc = runc
        self._rules = directory / "rules.yaml"
        self._rules.write_text(RULES)
        self._state = directory / "modes.json"
        self.policy = directory / "policy.yaml"

    def agent(self, policy: str) -> Agent:
        self.policy.write_text(policy)
        options = ("--policy", str(self.policy), "--state", str(self._state), "--no-fold")
        return Agent(self._rules, options=options)

    def open(self, agent: Agent, name: str | None = None) -> Message:
        """Open the marker in a new container; the alert that tells of it."""
        name, done = self._runc.run(["cp", "/etc/passwd", "/tmp/marker"], name=name)
        assert done.returncode == 0, done.stderr
        return agent.alert(RULE, name)


@pytest.fixture
def scene(runc: Runc, tmp_path: Path) -> Iterator[Scene]:
    yield Scene(runc, tmp_path)
    (runc.rootfs / "tmp/marker").unlink(missing_ok=True)


def stockade(*arguments: str) -> str:
    return subprocess.check_output([STOCKADE, *arguments], text=True, timeout=60)


def in_force() -> Any:
    return json.loads(stockade("mode", "--json"))


def test_an_alert_says_what_would_be_refused_in_scope_alone(scene: Scene, runc: Runc) -> None:
    inside, outside = runc.name(), runc.name()
    with scene.agent(f"{POLICY}  scope: {{container: {inside}}}\n") as agent:
        alert = scene.open(agent, inside)
        assert (alert["action"], alert["would"], alert["policy"]) == ("audit", "deny", "p")
        beside = scene.open(agent, outside)
        assert (beside["action"], beside["would"], beside["policy"]) == ("audit", None, None)


def test_modes_are_switched_under_way_and_outlive_the_agent(scene: Scene) -> None:
    with scene.agent(POLICY) as agent:
        assert "has taken it" in stockade("mode", "enforce", "--rule", RULE)
        (policy,) = in_force()["policies"]
        assert [clause["mode"] for clause in policy["clauses"]] == ["audit", "enforce"]
        assert "has taken it" in stockade("disarm")
        assert agent.stop()[0] == 0
    with scene.agent(POLICY):
        (kept,) = in_force()["overrides"]
        assert (kept["mode"], kept["by"]) == ("audit", "operator")
        assert "has taken it" in stockade("mode", "reset")
        assert in_force()["overrides"] == []


def test_a_policy_that_changes_is_taken_and_one_with_mistakes_is_not(scene: Scene) -> None:
    with scene.agent(POLICY) as agent:
        assert scene.open(agent)["policy"] == "p"
        scene.policy.write_text(POLICY.replace("policy: p", "policy: q"))
        stockade("mode", "audit", "--container", "nobody")
        assert scene.open(agent)["policy"] == "q"
        scene.policy.write_text(POLICY.replace("Marker", "Maker"))
        stockade("reload")
        assert scene.open(agent)["policy"] == "q"
        agent.stop()
        assert "1 error in the policies" in agent.stderr()


def test_an_exception_ends_at_its_time_whatever_else_is_wrong(scene: Scene, runc: Runc) -> None:
    # An agent takes a minute to start in a guest.
    end = datetime.now(UTC) + timedelta(seconds=150 if in_guest() else 8)
    exception = f"- exception: e\n  reason: r\n  expires: {end.isoformat()}\n  file: /tmp/marker*\n"
    with scene.agent(f"{exception}{POLICY}  exceptions: [e]\n") as agent:
        name, done = runc.run(["cp", "/etc/passwd", "/tmp/marker"])
        assert done.returncode == 0
        scene.policy.write_text("no policy")
        assert agent.alert("Exception expired")["source"] == "internal"
        assert datetime.now(UTC) >= end
        assert scene.open(agent)["would"] == "deny"
        assert not [each for each in agent.alerts() if each["container"]["id"] == name]


def test_the_brake_says_that_it_would_trip(scene: Scene) -> None:
    with scene.agent(POLICY + "  brake: {containers: 2}\n") as agent:
        for _ in range(3):
            scene.open(agent)
        alert = agent.alert("Brake: would drop to audit")
        assert alert["output_fields"]["target"] == f"policy p, rule {RULE}"
        assert len(alert["output_fields"]["containers"]) == 3
        assert in_force()["overrides"] == []
