"""What Falco's stable rules are for fires them here, and what is like it does not.

The files are not part of the project, and may be absent. Programs are busybox's; its shell executes
those that are named with their directory, and is others itself.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.agent import Agent
from tests.support.filters import STOCK
from tests.support.runc import Options, Runc

STABLE = STOCK / "falco_rules.yaml"
API_SERVER = "kubernetes.default.svc.cluster.local"
# Nobody's (RFC 5737): containers have it on their own loopback.
PUBLIC = "203.0.113.7"
ADDRESSED = f"ip address add {PUBLIC}/32 dev lo"
DAEMON = 1
PLAIN = Options()
NET_ADMIN = Options(capabilities=("CAP_NET_ADMIN",))
PRIVILEGED = Options(
    capabilities=("CAP_SYS_ADMIN", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_PTRACE"),
    masked=False,
    devices=({"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229},),
)
NET_RAW = Options(capabilities=("CAP_NET_RAW",))
SYS_MODULE = Options(capabilities=("CAP_SYS_MODULE",))
SYS_ADMIN = Options(capabilities=("CAP_SYS_ADMIN",))


def script(name: str, *lines: str) -> str:
    """Commands that run others in a program of that name."""
    text = "\\n".join(("#!/bin/sh", *lines))
    return f"printf '{text}\\n' >/tmp/{name}; chmod +x /tmp/{name}; /tmp/{name}; rm /tmp/{name}"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two scripts for a container's shell: one that a rule is for, and one that is nearly it."""

    rule: str
    fires: str
    near: str
    options: Options = PLAIN

    def __str__(self) -> str:
        return self.rule


PAIRS = [
    Pair(
        "Directory traversal monitored file read",
        "exec env cat /etc/../etc/../etc/passwd",
        "exec env cat /tmp/../etc/passwd",
    ),
    Pair("Read sensitive file untrusted", "exec cat /etc/shadow", "exec cat /etc/passwd"),
    Pair(
        "Netcat Remote Code Execution in Container",
        "/bin/nc -l -p 7 -w 1 -e true; true",
        "/bin/nc -l -p 7 -w 1; true",
    ),
    Pair(
        "Search Private Keys or Passwords",
        "/bin/find /etc -name id_rsa; true",
        "/bin/find /etc -name id; true",
    ),
    Pair(
        "Clear Log Activities",
        "mkdir -p /var/log; : >/var/log/syslog",
        "mkdir -p /var/log; : >>/var/log/syslog",
    ),
    Pair(
        "Remove Bulk Data from Disk",
        "echo >/tmp/x; /bin/shred -u /tmp/x; true",
        "echo >/tmp/x; /bin/rm /tmp/x; true",
    ),
    Pair(
        "Create Symlink Over Sensitive Files",
        "ln -s /etc/shadow /tmp/s; rm /tmp/s",
        "ln -s /etc/shadow- /tmp/s; rm /tmp/s",
    ),
    Pair(
        "Create Hardlink Over Sensitive Files",
        "ln /etc/shadow /tmp/h; rm /tmp/h",
        "ln /etc/passwd /tmp/h; rm /tmp/h",
    ),
    Pair(
        "Packet socket created in container",
        "calls socket@packet",
        "calls socket",
        NET_RAW,
    ),
    Pair(
        "Linux Kernel Module Injection Detected",
        "calls init_module; true",
        "calls delete_module; true",
        SYS_MODULE,
    ),
    Pair(
        "Detect release_agent File Container Escapes",
        "echo >/tmp/release_agent",
        "cat /tmp/release_agent",
        SYS_ADMIN,
    ),
    Pair(
        "PTRACE attached to process",
        "sleep 9 & OTHER=$! calls ptrace; true",
        "sleep 9 & OTHER=$! calls ptrace@peek; true",
    ),
    Pair(
        "Find AWS Credentials",
        "/bin/grep aws_secret_access_key /etc/passwd; true",
        "/bin/grep aws_region /etc/passwd; true",
    ),
    Pair(
        "Execution from /dev/shm",
        "echo true >/dev/shm/x; /bin/sh /dev/shm/x; true",
        "echo true >/tmp/x; /bin/sh /tmp/x; true",
    ),
    Pair(
        "Fileless execution via memfd_create",
        "acts memfd /bin/busybox true; true",
        "cp /bin/busybox /tmp/true; /tmp/true; true",
    ),
    Pair(
        "Redirect STDOUT/STDIN to Network Connection in Container",
        "calls dup2@stdin; true",
        "calls dup2; true",
    ),
    Pair(
        "Run shell untrusted",
        script("nginx", "/bin/sh -c :", "true"),
        script("worker", "/bin/sh -c :", "true"),
    ),
    Pair(
        "Disallowed SSH Connection Non Standard Port",
        f"{ADDRESSED}; cp /bin/calls /tmp/ssh; /tmp/ssh connect@public; rm /tmp/ssh",
        f"{ADDRESSED}; cp /bin/calls /tmp/web; /tmp/web connect@public; rm /tmp/web",
        NET_ADMIN,
    ),
    Pair(
        "Read sensitive file trusted after startup",
        script("nginx", "sleep 6", "read -r line </etc/shadow"),
        script("nginx", "read -r line </etc/shadow"),
    ),
    Pair(
        "Contact K8S API Server From Container",
        f"{ADDRESSED}; calls connect@public; true",
        "calls connect; true",
        NET_ADMIN,
    ),
    Pair(
        "Debugfs Launched in Privileged Container",
        script("debugfs", "true"),
        script("dumpe2fs", "true"),
        PRIVILEGED,
    ),
    Pair("PTRACE anti-debug attempt", "calls ptrace@traceme; true", "calls ptrace@peek; true"),
]


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """One that resolves the API server's name by a table of its own."""
    if not STABLE.exists():
        pytest.skip("Falco's rule files are not here")
    hosts = tmp_path_factory.mktemp("names") / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n{PUBLIC} {API_SERVER}\n")
    by = f'mount --bind {hosts} /etc/hosts; exec "$@"'
    enter = ("unshare", "--mount", "sh", "-c", by, "sh")
    with Agent(STABLE, timeout_s=60.0, options=("--no-fold",), by=enter) as agent:
        yield agent


def _told(agent: Agent, rule: str, near: str, loud: str, said: str) -> None:
    """Of one container, and not of the other."""
    try:
        alert = agent.alert(rule, loud)
    except AssertionError:
        pytest.fail(f"{rule}: {said}")
    assert alert["container"]["role"] == "member"
    # Whatever the one before did has come up by now.
    fired = {each["rule"] for each in agent.alerts() if each["container"]["id"] == near}
    assert rule not in fired


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_an_act_and_what_is_like_it(agent: Agent, runc: Runc, pair: Pair) -> None:
    near, quiet = runc.run(["sh", "-c", pair.near], pair.options)
    name, loud = runc.run(["sh", "-c", pair.fires], pair.options)
    said = f"{loud.stdout}{loud.stderr}; near: {quiet.stdout}{quiet.stderr}"
    _told(agent, pair.rule, near, name, said)


@pytest.fixture
def overlay(runc: Runc, tmp_path: Path) -> Iterator[Path]:
    """The root file system as engines have it: an image below, and what is written above."""
    layers, merged = tmp_path / "layers", tmp_path / "merged"
    for directory in (layers, merged):
        directory.mkdir()
    with ExitStack() as stack:

        def unmount(at: Path) -> None:
            subprocess.run(["umount", at], check=True)

        def mount(*arguments: str, at: Path) -> None:
            subprocess.run(["mount", *arguments, at], check=True)
            stack.callback(unmount, at)

        # No overlay takes a directory of another one for its upper layer.
        mount("-t", "tmpfs", "layers", at=layers)
        for name in ("upper", "work"):
            (layers / name).mkdir()
        options = f"lowerdir={runc.rootfs},upperdir={layers}/upper,workdir={layers}/work"
        mount("-t", "overlay", "-o", options, "overlay", at=merged)
        yield merged


def test_a_program_that_is_not_of_the_image(agent: Agent, runc: Runc, overlay: Path) -> None:
    near, quiet = runc.run(["sh", "-c", "/bin/busybox true; true"], rootfs=overlay)
    drop = "cp /bin/busybox /tmp/dropped; /tmp/dropped true; true"
    name, loud = runc.run(["sh", "-c", drop], rootfs=overlay)
    said = f"{loud.stderr}; near: {quiet.stderr}"
    _told(agent, "Drop and execute new binary in container", near, name, said)


def _execute(name: str, *, terminal: bool) -> None:
    """A shell that joins a container."""
    ours, theirs = os.openpty()
    try:
        command = ["runc", "exec", *(["--tty"] if terminal else []), name, "sh", "-c", "true"]
        subprocess.run(command, stdin=theirs, stdout=theirs, check=True, start_new_session=True)
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_shell_at_a_terminal(agent: Agent, runc: Runc) -> None:
    with runc.running(["sleep", "60"]) as near, runc.running(["sleep", "60"]) as name:
        _execute(near, terminal=False)
        _execute(name, terminal=True)
        _told(agent, "Terminal shell in container", near, name, "a shell by runc exec --tty")


@pytest.fixture
def for_all() -> Iterator[Path]:
    """A directory that every user can read."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory)
        path.chmod(0o755)
        yield path


def test_a_login_of_a_service(agent: Agent, for_all: Path) -> None:
    """On the host: below a program that is called so, and below another."""
    rule = "System user interactive"
    pids = {}
    for name in ("server", "sshd"):
        daemon = for_all / name
        daemon.write_text("#!/bin/sh\nsh -c 'echo $$; exec /bin/true'\ntrue\n")
        daemon.chmod(0o755)
        done = subprocess.check_output([daemon], user=DAEMON, cwd="/", text=True)
        pids[name] = int(done)
    alert = agent.wait(lambda message: message.get("rule") == rule)
    assert alert["process"]["pid"] == pids["sshd"]
    assert [each for each in agent.alerts() if each["rule"] == rule] == [alert]
