"""What is done against an agent of the test's own, and it does not survive or stand still."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stockade.kernel.cgroups import unified_cgroup
from tests.behaviours.processes import HOST_PIDS
from tests.behaviours.self_protection import CGROUPS
from tests.support.agent import Agent
from tests.support.engines import in_guest
from tests.support.runc import Mount, Options, Runc

SHIPPED = Path(__file__).parents[2] / "rules"
NAME = f"stockade-test-{os.getpid()}-agent"
NOBODY = Options(namespaces={"pid": None}, user=54321)
# DAC_OVERRIDE, DAC_READ_SEARCH, NET_BIND_SERVICE, NET_ADMIN, SYS_PTRACE, SYS_RESOURCE, SYSLOG,
# PERFMON, BPF
NEEDED = {1, 2, 10, 12, 19, 24, 34, 38, 39}
_WAIT_S = 60.0
SIGNALLED = "Agent signalled from a container"


def test_the_last_that_an_agent_tells(runc: Runc) -> None:
    with Agent() as agent:
        name, done = runc.run(["kill", "-TERM", str(agent.process.pid)], HOST_PIDS)
        assert done.returncode == 0, done.stderr
        agent.wait(lambda message: message["type"] == "summary")
        alert = agent.alert(SIGNALLED, name)
    assert alert["priority"] == "Critical"
    assert alert["output_fields"]["evt.arg.sig"] == "SIGTERM"


@pytest.fixture
def cgroup() -> Iterator[Path]:
    """A cgroup for an agent."""
    root = unified_cgroup()
    assert root is not None
    directory = root / NAME
    directory.mkdir()
    yield directory
    # What compiles the rules ends with an agent that is killed, but after it.
    end = time.monotonic() + _WAIT_S
    while (directory / "cgroup.procs").read_text() and time.monotonic() < end:
        time.sleep(0.1)
    directory.rmdir()


def test_the_agents_cgroup_is_frozen(runc: Runc, cgroup: Path) -> None:
    """Or could be: nothing is written."""
    rule = "Agent's cgroup changed in a container"
    enter = ("sh", "-c", f'echo $$ >{cgroup}/cgroup.procs; exec "$@"', "sh")
    with Agent(by=enter) as agent:
        file = f"/{NAME}/cgroup.freeze"
        name, done = runc.run(["sh", "-c", f"exec 3<>/mnt{file}"], CGROUPS)
        assert done.returncode == 0, done.stderr
        assert agent.alert(rule, name)["output_fields"]["fd.fs_path"] == file


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped rules, in a place that no rule names."""
    return shutil.copytree(SHIPPED, tmp_path_factory.mktemp("own") / "rules")


@pytest.fixture(scope="module")
def agent(rules: Path) -> Iterator[Agent]:
    """One that goes on."""
    with Agent(rules) as agent:
        yield agent


def test_what_it_does_not_need_is_given_up(agent: Agent) -> None:
    """By each of its threads, and by whatever they start."""
    for thread in Path(f"/proc/{agent.process.pid}/task").iterdir():
        lines = (thread / "status").read_text().splitlines()
        status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        assert status["NoNewPrivs"] == "1"
        for held in ("CapEff", "CapPrm", "CapBnd"):
            assert {bit for bit in range(64) if int(status[held], 16) >> bit & 1} <= NEEDED
        assert int(status["CapInh"], 16) == int(status["CapAmb"], 16) == 0


def test_its_rules_are_opened_for_writing(agent: Agent, runc: Runc, rules: Path) -> None:
    """And left as they are."""
    options = Options(mounts=(Mount(rules, "/mnt"),))
    name, done = runc.run(["sh", "-c", "exec 3>>/mnt/self_protection.yaml"], options)
    assert done.returncode == 0, done.stderr
    alert = agent.alert("Agent's files changed in a container", name)
    assert alert["output_fields"]["fd.host_path"] == str(rules / "self_protection.yaml")


def test_an_end_that_is_refused(agent: Agent, runc: Runc) -> None:
    """By who has no right to it: root's agent is not another user's to signal."""
    name, done = runc.run(["kill", "-KILL", str(agent.process.pid)], NOBODY)
    assert "not permitted" in done.stderr
    alert = agent.alert(SIGNALLED, name)
    assert alert["output_fields"]["evt.res"] == "EPERM"
    assert alert["output_fields"]["evt.arg.sig"] == "SIGKILL"


def test_every_process_is_signalled(agent: Agent, runc: Runc) -> None:
    """By a user who has no other."""
    if not in_guest():
        pytest.skip("what goes wrong here would end this machine's processes; the guest's may end")
    name, _ = runc.run(["kill", "-TERM", "-1"], NOBODY)
    assert agent.alert("Every process signalled where the host's are visible", name)
