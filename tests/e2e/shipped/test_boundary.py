"""A container's process that the kernel itself would not have made what it is."""

from __future__ import annotations

import pytest

from stockade.kernel import Pins
from tests.support.agent import Agent
from tests.support.members import remember
from tests.support.runc import Options, Runc, init_pid

BROKEN = {
    "caps": (0, "Capabilities gained in a container"),
    "ids": (1, "Credentials overwritten in a container"),
    "bounding": (1, "Credentials overwritten in a container"),
    "at.net": (1, "Namespaces overwritten in a container"),
    "filters": (1, "System call filter taken off in a container"),
    "no_new_privs": (1, "no_new_privs taken off in a container"),
}
LOOP = "while :; do read x </etc/passwd; sleep 0.1; done"


def remember_of_agent(pid: int, name: str, value: int) -> None:
    """Change what the agent remembers of a task."""
    maps = Pins().open()
    if not maps:
        pytest.skip("another agent, of another version, runs here: this one's maps have no name")
    containers, members = maps
    with containers, members:
        remember(members, pid, name, value)


@pytest.mark.parametrize("name", BROKEN)
def test_what_the_kernel_does_for_nobody(agent: Agent, runc: Runc, name: str) -> None:
    """What is remembered is changed instead of the task: either way they differ."""
    value, rule = BROKEN[name]
    with runc.running(["sh", "-c", LOOP], Options(no_new_privs=False)) as container:
        remember_of_agent(init_pid(container), name, value)
        alert = agent.alert(rule, container)
        assert alert["priority"] == "Critical"
        others = {other for _, other in BROKEN.values()} - {rule}
        told = {each["rule"] for each in agent.alerts() if each["container"]["id"] == container}
        assert others.isdisjoint(told)


def test_a_process_that_does_nothing(agent: Agent, runc: Runc) -> None:
    """A sweep finds what no event tells."""
    with runc.running(["sleep", "600"]) as container:
        remember_of_agent(init_pid(container), "at.net", 1)
        alert = agent.alert("Namespaces overwritten in a container", container)
        assert alert["output_fields"]["evt.type"] == "boundary_sweep"
