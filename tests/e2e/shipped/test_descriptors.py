"""Open files that a container is handed from outside."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.agent import Agent
from tests.support.runc import Mount, Options, Runc

DIRECTORY = "Directory received from outside a container"
OBJECT = "Disk or kernel object received from outside a container"


@contextmanager
def _handing_out(share: Path, path: str) -> Iterator[None]:
    """Whoever connects to the socket in a directory gets a file of the host."""
    share.mkdir()
    with socket.socket(socket.AF_UNIX) as listener, ThreadPoolExecutor(1) as pool:
        listener.settimeout(20)
        listener.bind(str(share / "s"))
        listener.listen()

        def serve() -> None:
            opened = os.open(path, os.O_RDONLY)
            with listener.accept()[0] as end:
                socket.send_fds(end, [b"x"], [opened])
            os.close(opened)

        served = pool.submit(serve)
        yield
        served.result()


@pytest.mark.parametrize(
    ("path", "rule"), [("/usr/share", DIRECTORY), ("/proc/self/ns/mnt", OBJECT)]
)
def test_what_comes_from_the_host_is_told_of(
    agent: Agent, runc: Runc, tmp_path: Path, path: str, rule: str
) -> None:
    with _handing_out(tmp_path / "share", path):
        mounts = (Mount(tmp_path, "/mnt"), Mount(tmp_path / "share", "/share"))
        name, done = runc.run(["calls", "receive_fd@shared"], Options(mounts))
    assert done.returncode == 0, done.stderr
    alert = agent.alert(rule, name)
    assert alert["priority"] == "Warning"
    assert alert["output_fields"]["target.container.id"] == "host"
    assert alert["container"]["role"] == "member"


def test_files_between_a_containers_own_processes_are_not(
    agent: Agent, runc: Runc, tmp_path: Path
) -> None:
    mounts = (Mount(tmp_path, "/mnt"),)
    script = "calls receive_fd receive_fd@mmsg; ln -s /proc/1/root /tmp/handed"
    name, _ = runc.run(["sh", "-c", script], Options(mounts))
    agent.alert("Symbolic link to a host's path made in a container", name)
    told = {each["rule"] for each in agent.alerts() if each["container"]["id"] == name}
    assert told.isdisjoint({DIRECTORY, OBJECT})
