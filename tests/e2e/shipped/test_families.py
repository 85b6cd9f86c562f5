"""A behaviour of each family of the catalogue: the rule that is meant for it says so."""

from __future__ import annotations

import os
import shutil
import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest

from stockade.agent import HostAddresses
from tests.behaviours import ACTS, Act
from tests.behaviours.act import ADMIN, SEVERE
from tests.support.agent import Agent
from tests.support.engines import in_guest
from tests.support.runc import Mount, Options, Runc, execute, init_pid

LOOP = {"path": "/dev/loop7", "type": "b", "major": 7, "minor": 7, "fileMode": 0o660}
# What a container is given makes its start worth a word.
STARTS = {
    "Container started with namespaces of the host": Options(namespaces={"pid": None}),
    "Container started with capabilities over the host": Options(capabilities=ADMIN),
    "Container started with sensitive files of the host": Options(
        mounts=(Mount(Path("/etc"), "/mnt", ("bind", "ro")),)
    ),
}


@pytest.mark.parametrize("act", ACTS, ids=str)
def test_the_rule_for_it_tells(agent: Agent, runc: Runc, act: Act) -> None:
    name = act.do(runc, agent.process.pid)
    alert = agent.alert(act.rule, name)
    assert (alert["priority"] in SEVERE) is act.severe
    assert alert["container"]["role"] == "member"
    assert alert["technique"]


@pytest.mark.parametrize("rule", STARTS)
def test_what_a_container_is_given_is_told_at_its_start(
    agent: Agent, runc: Runc, rule: str
) -> None:
    name, _ = runc.run(["true"], STARTS[rule])
    assert agent.alert(rule, name)["priority"] == "Notice"


def test_who_comes_into_a_container(agent: Agent, runc: Runc) -> None:
    with runc.running(["sleep", "60"]) as name:
        execute(name, "true")
        assert agent.alert("Program started in a running container", name)
        enter = ["nsenter", "-t", str(init_pid(name)), "-a", "true"]
        subprocess.run(enter, check=True)
        alert = agent.alert("Container entered by hand", name)
        assert alert["container"]["role"] == "visitor"


def test_a_container_that_begins_in_a_runtimes_descriptor(agent: Agent, runc: Runc) -> None:
    """Which the runtime may refuse: that it was told to is what counts."""
    rule = "Container started in a descriptor's directory"
    for number in range(3, 12):
        runc.run(["true"], Options(cwd=f"/proc/self/fd/{number}"))
    # Which of the descriptors is a directory's is the runtime's affair.
    alert = agent.alert(rule)
    assert alert["priority"] == "Warning"
    assert alert["container"]["role"] == "setup"
    assert alert["output_fields"]["evt.arg.path"].startswith("/proc/self/fd/")


def test_an_engines_socket_under_another_name(
    agent: Agent, runc: Runc, calls: Path, tmp_path: Path
) -> None:
    """Who listens tells, not where: a process of the host that is an engine by name."""
    engine = tmp_path / "dockerd"
    shutil.copy(calls, engine)
    share = tmp_path / "share"
    share.mkdir()
    with subprocess.Popen([engine, "serve", share / "s"], stdout=subprocess.DEVNULL) as process:
        try:
            mounts = (Mount(share, "/share"),)
            name, done = runc.run(["calls", "connect@shared"], Options(mounts=mounts))
            assert done.returncode == 0, done.stderr
            alert = agent.alert("Container runtime contacted from a container", name)
            assert alert["priority"] == "Critical"
            assert alert["output_fields"]["target.name"] == "dockerd"
            assert alert["output_fields"]["fd.name"] == "/share/s"
        finally:
            process.kill()


def test_the_kernel_starts_a_program_that_nobody_knows(
    agent: Agent, runc: Runc, acts: Path, tmp_path: Path
) -> None:
    if not in_guest():
        pytest.skip("what this machine does with cores is not ours to change; the guest's is")
    helper = shutil.copy(acts, tmp_path / "helper")
    pattern = Path("/proc/sys/kernel/core_pattern")
    before = pattern.read_text()
    pattern.write_text(f"|{helper}")
    try:
        runc.run(["sh", "-c", "sh -c 'kill -SEGV $$'; true"])
        alert = agent.alert("Unknown program started by the kernel")
    finally:
        pattern.write_text(before)
    assert alert["process"]["exe"] == str(helper)
    assert alert["priority"] == "Critical"


def test_a_service_of_the_host_is_contacted(agent: Agent, runc: Runc) -> None:
    """No route leads there from the container: that it tries is what counts."""
    own = [ip_address(each) for each in HostAddresses().known()]
    outside = [str(each) for each in own if each.version == 4 and not each.is_loopback]
    if not outside:
        pytest.skip("this machine has no network")
    name, done = runc.run(["nc", "-w", "1", outside[0], "22"])
    assert done.returncode != 0
    alert = agent.alert("Service of the host contacted from a container", name)
    assert alert["output_fields"]["fd.sip"] == outside[0]


def test_a_runtimes_program_is_opened_for_writing(agent: Agent, runc: Runc, tmp_path: Path) -> None:
    """A copy of the test's own, which nobody runs."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/runc").write_text("no program\n")
    options = Options(mounts=(Mount(tmp_path, "/mnt"),))
    name, done = runc.run(["sh", "-c", "cat /mnt/bin/runc; echo x >>/mnt/bin/runc"], options)
    assert done.returncode == 0, done.stderr
    alert = agent.alert("Container runtime's program opened for writing in a container", name)
    assert alert["priority"] == "Critical"
    assert alert["output_fields"]["fd.name"] == "/mnt/bin/runc"


def test_an_ext_filesystem_on_a_loop_device(agent: Agent, runc: Runc) -> None:
    if not os.path.exists("/dev/loop7"):
        pytest.skip("this kernel has no loop devices")
    script = (
        "dd if=/dev/zero of=/tmp/disk bs=1M count=4;"
        " losetup /dev/loop7 /tmp/disk && mke2fs /dev/loop7 && mount -t ext2 /dev/loop7 /mnt;"
        " ls /mnt; umount /mnt; losetup -d /dev/loop7"
    )
    options = Options(capabilities=ADMIN, devices=(LOOP,))
    name, done = runc.run(["sh", "-c", script], options)
    if "losetup" in done.stderr:
        pytest.skip(f"this kernel refuses loop devices: {done.stderr.splitlines()[-2:]}")
    alert = agent.alert("Filesystem of a disk mounted in a container", name)
    assert alert["output_fields"]["evt.arg.type"] == "ext2"
    assert alert["output_fields"]["fs.path.target"] == "/mnt"
    assert agent.alert("File on a disk that the container did not start with", name)
