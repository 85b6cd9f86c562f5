"""What is done against the agent is refused where a policy says so, and it goes on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.behaviours.act import ADMIN
from tests.support.agent import STOCKADE, Agent
from tests.support.guard import attempt, require_refusal
from tests.support.runc import Mount, Options, Runc
from tests.support.watch import wait_for

SHIPPED = Path(__file__).parents[2] / "rules"
POLICY = """
- policy: shield
  packs: [self_shield]
  mode: enforce
  scope: {container: "*-scoped"}
"""
# With all that it takes to end the agent, were it not refused.
ABLE = Options(
    capabilities=(*ADMIN, "CAP_BPF", "CAP_KILL", "CAP_DAC_OVERRIDE"),
    mounts=(Mount(Path("/sys/fs/bpf"), "/mnt"),),
    namespaces={"pid": None},
    masked=False,
)
SWITCH = "/proc/sys/kernel/perf_event_paranoid"
PERMITTED = "ermitted"


@dataclass(frozen=True, slots=True)
class Scene:
    """An agent, and two containers that could end it: one may not."""

    agent: Agent
    shielded: str
    other: str

    def refused(self, script: str) -> str:
        """What is said of it in the container that may not."""
        done = attempt(self.shielded, "sh", "-c", script)
        return f"{done.stdout}{done.stderr}" if PERMITTED in done.stderr else ""


@pytest.fixture(scope="module")
def scene(runc: Runc, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    require_refusal()
    directory = tmp_path_factory.mktemp("shield")
    policy = directory / "policy.yaml"
    policy.write_text(POLICY)
    options = ("--policy", str(policy), "--state", str(directory / "modes.json"), "--no-fold")
    name, sleep = f"{runc.name()}-scoped", ["sleep", "3600"]
    try:
        with (
            Agent(SHIPPED, options=options) as agent,
            runc.running(sleep, ABLE, name=name),
            runc.running(sleep, ABLE) as other,
        ):
            found = Scene(agent, name, other)
            # It takes a while until it is known whose container it is.
            wait_for(lambda: found.refused(f"exec 3<>{SWITCH}"), lambda: "it is not refused")
            yield found
    finally:
        subprocess.run([STOCKADE, "uninstall"], capture_output=True, check=False)


def test_the_switches_of_tracing(scene: Scene) -> None:
    before = Path(SWITCH).read_text()
    assert scene.refused(f"echo 4 >{SWITCH}")
    assert Path(SWITCH).read_text() == before
    assert attempt(scene.other, "sh", "-c", f"exec 3<>{SWITCH}").returncode == 0


@pytest.mark.parametrize("signal", ["STOP", "KILL"])
def test_signals(scene: Scene, signal: str) -> None:
    assert scene.refused(f"kill -{signal} {scene.agent.process.pid}")
    stat = Path(f"/proc/{scene.agent.process.pid}/stat").read_text()
    assert stat.rpartition(") ")[2].split()[0] in "RSD"
    alert = scene.agent.wait(
        lambda message: (
            message.get("rule") == "Agent not for this container to signal"
            and message["output_fields"]["evt.arg.sig"] == f"SIG{signal}"
        )
    )
    assert (alert["action"], alert["policy"]) == ("deny", "shield")
    assert attempt(scene.other, "kill", "-CONT", str(scene.agent.process.pid)).returncode == 0


def test_its_files_in_procfs(scene: Scene) -> None:
    own = f"/proc/{scene.agent.process.pid}"
    score = Path(f"{own}/oom_score_adj")
    before = score.read_text()
    assert scene.refused(f"echo 999 >{score}")
    assert scene.refused(f"exec 3<{own}/mem")
    assert score.read_text() == before
    assert attempt(scene.shielded, "cat", f"{own}/stat").returncode == 0
    assert attempt(scene.other, "sh", "-c", f"exec 3<>{score}").returncode == 0


@pytest.mark.parametrize("call", ["process_vm_readv", "bpf@next"])
def test_calls(scene: Scene, call: str) -> None:
    form = f"OTHER={scene.agent.process.pid} calls {call}"
    refused, done = (
        attempt(name, "sh", "-c", form).stdout.split() for name in (scene.shielded, scene.other)
    )
    assert int(refused[2]) == -1
    assert int(done[2]) != -1


def test_its_pins(scene: Scene) -> None:
    assert scene.refused("ls /mnt/stockade")
    assert attempt(scene.other, "ls", "/mnt/stockade").returncode == 0
