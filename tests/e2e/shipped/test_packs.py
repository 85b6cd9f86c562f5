"""Packs that are off until a policy names them: what they ask to refuse, and what is not that."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.behaviours.act import Act
from tests.behaviours.patches import PATCHES
from tests.behaviours.surface import SURFACE
from tests.behaviours.watch import HARDENED, told_until_its_end
from tests.support.agent import Agent, Message
from tests.support.runc import Options, Runc, execute, init_pid

PROGRAM = "File outside the container's mounts opened for writing"
REACHED = "File reached that no mount of the container leads to"
SHIM = "Shim of a container engine contacted by an abstract socket"
TRACER = Options(capabilities=("CAP_SYS_PTRACE",))
HARDENING = {act.rule for act in SURFACE}


def asked(agent: Agent, rule: str, container: str) -> Message:
    """The alert, which says what is asked for, and that it was not done."""
    alert = agent.alert(rule, container)
    assert (alert["action"], alert["would"]) == ("audit", "deny")
    return alert


@pytest.mark.parametrize("act", PATCHES, ids=str)
def test_a_patch_asks_to_refuse(agent: Agent, runc: Runc, act: Act) -> None:
    name = act.do(runc, agent.process.pid)
    assert asked(agent, act.rule, name)["policy"] == "patches"


@pytest.mark.parametrize("act", SURFACE, ids=str)
def test_what_a_workload_does_without_is_asked_to_be_refused(
    agent: Agent, runc: Runc, act: Act
) -> None:
    hardened, other = f"{runc.name()}{HARDENED}", runc.name()
    act.do(runc, agent.process.pid, hardened)
    assert asked(agent, act.rule, hardened)["policy"] == "hardening"
    # The same in a container that the policy is not about.
    act.do(runc, agent.process.pid, other)
    assert HARDENING.isdisjoint(told_until_its_end(agent, other))


@contextmanager
def beside(container: str, program: Path) -> Iterator[int]:
    """A program of the host among a container's processes, as a runtime's is; its number there."""
    enter = ["nsenter", "-t", str(init_pid(container)), "--pid", str(program), "60"]
    with subprocess.Popen(enter):
        number = execute(container, "sh", "-c", "until pidof held; do sleep 0.1; done").strip()
        try:
            yield int(number)
        finally:
            execute(container, "kill", number)


@pytest.fixture
def held(tmp_path: Path) -> Path:
    """A program that is nobody else's."""
    return Path(shutil.copy("/bin/sleep", tmp_path / "held"))


def test_a_program_that_came_in_from_outside_is_written(
    agent: Agent, runc: Runc, held: Path
) -> None:
    """CVE-2019-5736: it is kept by a descriptor until it has ended, and may be written."""
    with runc.running(["sleep", "600"], TRACER) as name:
        with beside(name, held) as number:
            script = f"exec 3</proc/{number}/exe; echo; read line; exec 4>>/proc/self/fd/3"
            writer = subprocess.Popen(
                ["runc", "exec", name, "sh", "-c", script],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            assert writer.stdout is not None
            writer.stdout.readline()
        writer.communicate(b"\n", timeout=60)
        assert writer.returncode == 0
        alert = asked(agent, PROGRAM, name)
        assert alert["output_fields"]["fd.name"].endswith("/held")


def test_a_directory_outside_is_worked_in(agent: Agent, runc: Runc, held: Path) -> None:
    """CVE-2024-21626, by a working directory that leads out."""
    with runc.running(["sleep", "600"], TRACER) as name, beside(name, held) as number:
        execute(name, "sh", "-c", f"cd /proc/{number}/cwd && cat pyproject.toml")
        assert asked(agent, REACHED, name)["policy"] == "patches"


def test_a_shim_is_contacted(agent: Agent, runc: Runc) -> None:
    """CVE-2020-15257: the socket is in the network namespace, and so is the container."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0/containerd-shim/stockade-test.sock")
        listener.listen()
        name, done = runc.run(["calls", "connect@shim"], Options(namespaces={"network": None}))
    assert done.returncode == 0, done.stderr
    assert asked(agent, SHIM, name)["output_fields"]["fd.name"].startswith("@/containerd-shim/")
