"""A behaviour of each family of the catalogue: the rule that is meant for it says so."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.agent import Agent
from tests.support.runc import Mount, Options, Runc

SEVERE = {"Emergency", "Alert", "Critical", "Error", "Warning"}
ADMIN = ("CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_MKNOD")
LOOP = {"path": "/dev/loop7", "type": "b", "major": 7, "minor": 7, "fileMode": 0o660}


PLAIN = Options()


@dataclass(frozen=True, slots=True)
class Act:
    """What is done, and the rule that is to tell of it.

    Attributes:
        family: of the catalogue.
        script: for the container's shell; {pid} is a process of the host that the test made.
        severe: the rule is to be WARNING or above.
        fails: the script is refused, and that is what is told of.
    """

    family: str
    rule: str
    script: str
    options: Options = PLAIN
    severe: bool = True
    fails: bool = False


ACTS = (
    Act(
        "NS",
        "Namespace joined in a container",
        "nsenter -t 1 -u true",
        Options(capabilities=ADMIN),
        severe=False,
    ),
    Act(
        "NS",
        "Container process in a namespace of the host",
        "births setns {pid}",
        Options(capabilities=ADMIN, namespaces={"pid": None}),
    ),
    Act(
        "NS",
        "Signal sent out of the container",
        "kill -USR1 {pid}",
        Options(capabilities=ADMIN, namespaces={"pid": None}),
    ),
    Act(
        "NS",
        "Process outside the container reached into",
        "OTHER={pid} calls ptrace process_vm_readv",
        Options(capabilities=ADMIN, namespaces={"pid": None}),
    ),
    Act("CA", "I/O ports opened from a container", "calls iopl"),
    Act("CA", "BPF program or map used from a container", "calls bpf"),
    Act("CA", "Another kernel prepared from a container", "calls kexec_file_load"),
    Act("EV", "Page faults handled by a process in a container", "calls userfaultfd"),
    Act("EV", "Keyring of another used in a container", "calls request_key", severe=False),
    Act("UN", "User namespace made in a container", "unshare -U true"),
    Act(
        "PM",
        "Kernel filesystem mounted in a container",
        "mount -t cgroup2 none /mnt",
        Options(capabilities=ADMIN),
    ),
    Act(
        "PM",
        "Mounts changed in a container",
        "mount -t tmpfs none /mnt",
        Options(capabilities=ADMIN),
        severe=False,
    ),
    Act(
        "PM",
        "Device node made in a container",
        "mknod /tmp/node b 8 0",
        Options(capabilities=ADMIN),
    ),
    Act(
        "SM",
        "Root directory changed in a container",
        "chroot /proc/self/root true",
        Options(capabilities=ADMIN),
        severe=False,
    ),
    Act(
        "SM", "Set-user-id program made in a container", "cp /bin/busybox /tmp/s; chmod 4755 /tmp/s"
    ),
    Act("CA", "Kernel module loaded or removed from a container", "rmmod nothing", fails=True),
    Act("RC", "Kernel log read from a container", "dmesg", severe=False, fails=True),
    Act(
        "NW",
        "Instance metadata contacted from a container",
        "ip addr add 169.254.169.254 dev lo; ip link set lo up; nc -w 1 169.254.169.254 80",
        Options(capabilities=("CAP_NET_ADMIN",)),
        fails=True,
    ),
    Act(
        "NW",
        "Node service contacted from a container",
        "ip link set lo up; nc -w 1 127.0.0.1 10250",
        Options(capabilities=("CAP_NET_ADMIN",)),
        fails=True,
    ),
    Act(
        "CA",
        "Raw packets from a container",
        "ip link set lo up; arping -c 1 -w 1 -I lo 127.0.0.1",
        Options(capabilities=("CAP_NET_ADMIN", "CAP_NET_RAW")),
        fails=True,
    ),
    Act(
        "EV",
        "Kernel's events listened to from a container",
        "uevent true & sleep 0.5; kill -KILL $!",
        severe=False,
    ),
    Act(
        "PX",
        "Log or shell history removed in a container",
        "mkdir -p /var/log; echo x >/var/log/auth.log; rm /var/log/auth.log",
        severe=False,
    ),
    Act("SM", "Symbolic link to a host's path made in a container", "ln -s /proc/1/root /tmp/host"),
)


@contextmanager
def host_process() -> Iterator[int]:
    """A process of the host that nobody misses."""
    with subprocess.Popen(["sleep", "600"]) as process:
        try:
            yield process.pid
        finally:
            process.kill()


@pytest.fixture(scope="module")
def agent() -> Iterator[Agent]:
    with Agent() as agent:
        yield agent


def do(runc: Runc, act: Act) -> str:
    """Act; returns the container's name."""
    with host_process() as pid:
        name, done = runc.run(["sh", "-c", act.script.format(pid=pid)], act.options)
    assert (done.returncode != 0) is act.fails, done.stderr
    return name


@pytest.mark.parametrize("act", ACTS, ids=lambda act: f"{act.family} {act.rule}")
def test_the_rule_for_it_tells(agent: Agent, runc: Runc, act: Act) -> None:
    name = do(runc, act)
    alert = agent.alert(act.rule, name)
    assert (alert["priority"] in SEVERE) is act.severe
    assert alert["container"]["role"] == "member"
    assert alert["technique"]


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
        " umount /mnt; losetup -d /dev/loop7"
    )
    options = Options(capabilities=ADMIN, devices=(LOOP,))
    name, done = runc.run(["sh", "-c", script], options)
    if "losetup" in done.stderr:
        pytest.skip(f"this kernel refuses loop devices: {done.stderr.splitlines()[-2:]}")
    alert = agent.alert("Filesystem of a disk mounted in a container", name)
    assert alert["output_fields"]["evt.arg.type"] == "ext2"
    assert alert["output_fields"]["fs.path.target"] == "/mnt"


def test_a_days_work_is_not_severe(agent: Agent, runc: Runc) -> None:
    """What containers do all day long stays below WARNING."""
    work = """
        cd /tmp; mkdir -p a/b; echo x >a/b/f; cp -r a c; chmod -R 755 c; chown -R 0:0 c
        tar -cf t.tar c; tar -xf t.tar; gzip t.tar; rm -r c; ln -s ../x l
        mv a d; rm -r d t.tar.gz l
        ps; top -b -n 1 >/dev/null; cat /proc/self/status /proc/mounts >/dev/null; date; id
        sleep 60 & kill $!; wait; (trap 'exit 0' TERM; kill -TERM $$ &) ; mkfifo p; rm p
        mknod null c 0 0 || true; touch /tmp/now; truncate -s 0 /tmp/now; find / -xdev >/dev/null
        ip link set lo up || true; nslookup localhost 127.0.0.1 || true; su -c true || true
        wget -q -T 1 -O - http://127.0.0.1:8080 || true; nc -l -p 8080 -w 1 </dev/null || true
        chroot / true || true; ping -c 1 127.0.0.1 || true; md5sum /bin/busybox; sort /etc/passwd
    """
    name, done = runc.run(["sh", "-c", work])
    marker, _ = runc.run(["sh", "-c", "ln -s /proc/1/root /tmp/mark"])
    agent.alert("Symbolic link to a host's path made in a container", marker)
    loud = [
        (alert["rule"], alert["output"])
        for alert in agent.alerts()
        if alert["container"]["id"] == name and alert["priority"] in SEVERE
    ]
    assert loud == [], done.stderr
