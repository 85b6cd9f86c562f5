"""From one system call in a container to a line, as a user sees it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stockade.kernel import Sensor
from stockade.kernel.tiers import best_tier
from tests.support.agent import STOCKADE, Agent
from tests.support.runc import Mount, Options, Runc, delete, execute

SECRET = "Host secret opened in a container"  # noqa: S105 - a rule's name
HOST_ETC = Options(mounts=(Mount(Path("/etc"), "/mnt/host", ("rbind", "ro")),))


def test_reading_a_host_secret_is_alerted(runc: Runc) -> None:
    before = datetime.now(UTC)
    name = runc.name()
    with Agent() as agent, ThreadPoolExecutor() as pool:
        # It stays until its metadata has been read.
        pool.submit(runc.run, ["tail", "-f", "/mnt/host/shadow"], HOST_ETC, name=name)
        try:
            alert = agent.alert(SECRET, name)
            container = agent.container(alert)
        finally:
            delete(name)
        code, summary = agent.stop()

    assert agent.ready["tier"] == (Sensor.default_tier or best_tier()).value
    assert agent.ready["rules"] >= 5
    assert code == 0
    assert summary["alerts"] == len(agent.alerts())
    assert summary["events"] > 0
    assert summary["lost"] == {}

    assert alert["priority"] == "Warning"
    assert alert["source"] == "syscall"
    assert alert["action"] == "audit"
    assert alert["hostname"] == socket.gethostname()
    assert "T1611" in alert["technique"]
    assert alert["output_fields"]["fd.name"] == "/mnt/host/shadow"
    assert alert["output_fields"]["fd.host_path"] == "/etc/shadow"
    assert "/mnt/host/shadow" in alert["output"]
    time = datetime.fromisoformat(alert["time"])
    assert before <= time <= datetime.now(UTC)

    assert (container["id"], container["name"], container["runtime"]) == (name, name, "runc")
    assert container["pid_ns"] != os.stat("/proc/self/ns/pid").st_ino

    process = alert["process"]
    assert process["vpid"] == 1
    assert process["pid"] != process["vpid"]
    assert process["exe"] == "/bin/busybox"
    assert process["args"] == ["tail", "-f", "/mnt/host/shadow"]
    assert process["uid"] == 0
    assert "CAP_KILL" in process["caps"]
    assert "CAP_SYS_ADMIN" not in process["caps"]
    assert time - timedelta(seconds=10) < datetime.fromisoformat(process["start"]) <= time
    assert process["ancestors"][0]["name"] == "runc"
    assert str(os.getpid()) in {str(ancestor["pid"]) for ancestor in process["ancestors"]}


def test_the_containers_own_files_are_quiet(runc: Runc) -> None:
    with Agent() as agent:
        name, done = runc.run(["sh", "-c", "cat /etc/shadow; cat /proc/self/status; ls -R /dev"])
        assert done.returncode == 0, done.stderr
        loud, _ = runc.run(["cat", "/mnt/host/shadow"], HOST_ETC)
        agent.alert(SECRET, loud)
        assert [alert for alert in agent.alerts() if alert["container"]["id"] == name] == []


def test_runc_exec_belongs_to_the_container(runc: Runc) -> None:
    with Agent() as agent, runc.running(["sleep", "60"], HOST_ETC) as name:
        execute(name, "cat", "/mnt/host/shadow")
        alert = agent.alert(SECRET, name)
        assert alert["container"]["runtime"] == "runc"
        assert alert["process"]["vpid"] > 1


def test_a_container_that_ran_before_the_agent(runc: Runc) -> None:
    loop = "while :; do cat /mnt/host/shadow; sleep 0.1; done"
    with runc.running(["sh", "-c", loop], HOST_ETC) as name, Agent() as agent:
        alert = agent.alert(SECRET, name)
        parent = alert["process"]["ancestors"][0]
        assert (parent["name"], parent["exe"]) == ("sh", "/bin/busybox")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(number: signal.Signals) -> None:
    with Agent() as agent:
        code, summary = agent.stop(number)
        assert code == 0
        assert summary["lost"] == {}
        assert agent.stderr() == ""


@pytest.mark.parametrize("delay_ms", [50, 150, 300, 450, 600])
def test_a_signal_at_any_time_is_no_error(delay_ms: int) -> None:
    process = subprocess.Popen([STOCKADE, "run"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(delay_ms / 1000)
    process.terminate()
    _, err = process.communicate(timeout=20)
    # Before Python runs our first line, the signal ends it as it ends any process.
    assert process.returncode in {0, -signal.SIGTERM}, err
    assert b"Traceback" not in err


@contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[None]:
    """Whatever happens in the block, the process does not outlive it."""
    with process:
        try:
            yield
        finally:
            process.kill()


def test_a_reader_that_stalls_does_not_keep_it(runc: Runc) -> None:
    process = subprocess.Popen(
        [STOCKADE, "run", "-o", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with ended(process):
        assert process.stdout is not None
        assert '"ready"' in process.stdout.readline()
        script = "for i in $(seq 300); do cat /mnt/host/shadow; done"
        runc.run(["sh", "-c", script], HOST_ETC)
        process.terminate()
        assert process.wait(20) == 0


def test_people_get_one_line(runc: Runc) -> None:
    process = subprocess.Popen(
        [STOCKADE, "run"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with ended(process):
        assert process.stdout is not None
        assert process.stderr is not None
        assert "watching with" in process.stderr.readline()
        name, _ = runc.run(["cat", "/mnt/host/shadow"], HOST_ETC)
        line = next(line for line in process.stdout if SECRET in line)
        process.terminate()
        assert process.wait(20) == 0
    assert f"Warning  {name} {SECRET}: cat" in line
    assert "/etc/shadow" in line
    assert "\x1b" not in line


def test_it_ends_when_nobody_reads(runc: Runc) -> None:
    process = subprocess.Popen(
        [STOCKADE, "run", "-o", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with ended(process):
        assert process.stdout is not None
        assert process.stderr is not None
        assert '"ready"' in process.stdout.readline()
        process.stdout.close()
        runc.run(["cat", "/mnt/host/shadow"], HOST_ETC)
        assert process.wait(20) == 1
        assert process.stderr.read() == ""
