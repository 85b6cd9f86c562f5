"""From one system call in a container to a line, as a user sees it."""

from __future__ import annotations

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from stockade.kernel import Sensor
from stockade.kernel.tiers import best_tier
from tests.support.agent import Agent
from tests.support.runc import Mount, Options, Runc, delete

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


def test_a_container_that_ran_before_the_agent(runc: Runc) -> None:
    loop = "while :; do cat /mnt/host/shadow; sleep 0.1; done"
    with runc.running(["sh", "-c", loop], HOST_ETC) as name, Agent() as agent:
        alert = agent.alert(SECRET, name)
        parent = alert["process"]["ancestors"][0]
        assert (parent["name"], parent["exe"]) == ("sh", "/bin/busybox")
