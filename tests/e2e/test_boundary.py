"""A container's process that the kernel itself would not have made what it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stockade.kernel import Pins
from tests.support.agent import Agent
from tests.support.members import remember
from tests.support.runc import Options, Runc, init_pid

BROKEN = {
    "caps": (0, "Capabilities gained in a container"),
    "ids": (1, "Credentials overwritten in a container"),
    "scope": (1, "Credentials overwritten in a container"),
    "namespaces": (1, "Namespaces overwritten in a container"),
    "filters": (1, "System call filter taken off in a container"),
    "no_new_privs": (1, "no_new_privs taken off in a container"),
}
LOOP = "while :; do read x </etc/passwd; sleep 0.1; done"


@pytest.fixture(scope="module")
def agent() -> Iterator[Agent]:
    with Agent() as agent:
        yield agent


@pytest.mark.parametrize("name", BROKEN)
def test_what_the_kernel_does_for_nobody(agent: Agent, runc: Runc, name: str) -> None:
    """What is remembered is changed instead of the task: either way they differ."""
    value, rule = BROKEN[name]
    with runc.running(["sh", "-c", LOOP], Options(no_new_privs=False)) as container:
        _, members = Pins().open()
        with members:
            remember(members, init_pid(container), name, value)
        alert = agent.alert(rule, container)
        assert alert["priority"] == "Critical"
        others = {other for _, other in BROKEN.values()} - {rule}
        told = {each["rule"] for each in agent.alerts() if each["container"]["id"] == container}
        assert others.isdisjoint(told)
