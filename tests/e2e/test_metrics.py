"""What Prometheus is told."""

from __future__ import annotations

import re
import socket
import subprocess
import urllib.error
import urllib.request

import pytest

from tests.support.agent import STOCKADE, Agent
from tests.support.runc import Runc


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def scrape(port: int) -> dict[str, float]:
    """Every sample by its name and labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    lines = re.findall(r"^([a-z][^# ]*(?:\{.*\})?) (\S+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in lines}


def test_events_alerts_and_the_agents_own_weight(runc: Runc, port: int) -> None:
    with Agent(options=("--metrics-listen", str(port))) as agent:
        name, _ = runc.run(["sh", "-c", "ln -s /proc/1/root /tmp/m; ln -s /proc/1/root /tmp/n"])
        agent.alert("Symbolic link to a host's path made in a container", name)
        first = scrape(port)
        assert first["stockade_events_total"] > 0
        assert first["stockade_alerts_total"] >= 1
        assert first["process_resident_memory_bytes"] > 1 << 20
        assert first["process_cpu_seconds_total"] > 0
        assert first["stockade_ring_bytes"] >= 0
        with runc.running(["sleep", "60"]):
            assert scrape(port)["stockade_containers"] == first["stockade_containers"] + 1
            # The second link is more of the same.
            assert scrape(port)["stockade_folded_total"] >= 1
        code, summary = agent.stop()
    assert code == 0
    assert summary["events"] >= first["stockade_events_total"]
    with pytest.raises(urllib.error.URLError):
        scrape(port)


def test_losses_have_a_reason_and_an_event(runc: Runc, port: int) -> None:
    options = ("--metrics-listen", f"127.0.0.1:{port}", "--max-members", "64")
    script = "for i in $(seq 100); do sleep 600 & done; wait"
    with Agent(options=options) as agent, runc.running(["sh", "-c", script]):
        agent.alert("Container tasks not tracked")
        lost = scrape(port)['stockade_lost_total{event="clone",reason="members_full"}']
        assert lost > 0


@pytest.mark.parametrize("address", ["x", "127.0.0.1:x", "", "99999", "-1", "::1:"])
def test_an_address_that_is_none(address: str) -> None:
    done = subprocess.run(
        [STOCKADE, "run", "--metrics-listen", address], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "PORT" in done.stderr


def test_a_port_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [STOCKADE, "run", "--metrics-listen", port],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert done.returncode == 1
    assert "cannot serve metrics" in done.stderr
    assert "Traceback" not in done.stderr
