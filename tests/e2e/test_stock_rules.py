"""What Falco's stable rules are for fires them here, and what is like it does not.

The files are not part of the project, and may be absent. Programs are busybox's; its shell executes
those that are named with their directory, and is others itself. Not all rules have an act here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.support.agent import Agent
from tests.support.filters import STOCK
from tests.support.runc import Options, Runc

STABLE = STOCK / "falco_rules.yaml"
PLAIN = Options()
NET_RAW = Options(capabilities=("CAP_NET_RAW",))
SYS_MODULE = Options(capabilities=("CAP_SYS_MODULE",))
SYS_ADMIN = Options(capabilities=("CAP_SYS_ADMIN",))


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
]


@pytest.fixture(scope="module")
def agent() -> Iterator[Agent]:
    if not STABLE.exists():
        pytest.skip("Falco's rule files are not here")
    with Agent(STABLE, timeout_s=60.0, options=("--no-fold",)) as agent:
        yield agent


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_an_act_and_what_is_like_it(agent: Agent, runc: Runc, pair: Pair) -> None:
    near, quiet = runc.run(["sh", "-c", pair.near], pair.options)
    name, loud = runc.run(["sh", "-c", pair.fires], pair.options)
    try:
        alert = agent.alert(pair.rule, name)
    except AssertionError:
        pytest.fail(f"{pair.rule}: {loud.stdout}{loud.stderr}; near: {quiet.stdout}{quiet.stderr}")
    assert alert["container"]["role"] == "member"
    # Whatever the one before did has come up by now.
    fired = {each["rule"] for each in agent.alerts() if each["container"]["id"] == near}
    assert pair.rule not in fired
