"""What programs of cgroups refuse, on every tier: by its effect, and by what is told of it."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stockade.events import Action, CallRecord, EventType, Outcome
from stockade.kernel import Sensor, Wanted
from stockade.kernel.cgroups import unified_cgroup
from stockade.kernel.filters import Way
from stockade.kernel.tiers import cgroups_signal
from stockade.rules import Rule
from tests.support.guard import Guard, attempt
from tests.support.links import cgroup_links
from tests.support.rules import made, one, rule_text
from tests.support.runc import Mount, Options, Runc
from tests.support.watch import wait_for

NAME = f"stockade-test-{os.getpid()}-below"
CONNECTED = frozenset({EventType.CONNECT})
BY_TCP_OR_UDP = "evt.type = connect and fd.l4proto in (tcp, udp)"


@pytest.fixture(scope="module")
def below() -> Iterator[Path]:
    """A cgroup for the test's containers, to which programs are attached; none stay."""
    root = unified_cgroup()
    assert root is not None
    directory = root / NAME
    directory.mkdir()
    try:
        yield directory
        assert cgroup_links(directory) == []
    finally:
        # The runtime leaves it in the other hierarchies, too.
        for each in {*Path("/sys/fs/cgroup").glob(f"*/{NAME}"), directory}:
            each.rmdir()


@pytest.fixture(scope="module")
def guard(below: Path) -> Iterator[Guard]:
    with Sensor(Wanted(frozenset(), decides=CONNECTED), ring_bytes=1 << 18, cgroup=below) as sensor:
        ways = [hook.way for hook in sensor.deciders.hooks]
        assert len(cgroup_links(below)) == ways.count(Way.CGROUP)
        guard = Guard(sensor)
        yield guard
        guard.close()


@pytest.fixture(scope="module")
def pair(
    runc: Runc, guard: Guard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """A container that rules are about, and one that looks like it; both below."""
    names = runc.name(), runc.name()
    mount = Mount(tmp_path_factory.mktemp("work"), "/mnt")
    options = [Options(mounts=(mount,), cgroup=f"/{NAME}/{name}") for name in names]
    sleep = ["sleep", "3600"]
    with (
        runc.running(sleep, options[0], name=names[0]),
        runc.running(sleep, options[1], name=names[1]),
    ):
        for name in names:
            guard.container(name)
        yield names


@pytest.fixture(autouse=True)
def fresh(guard: Guard) -> None:
    guard.forget()


def acting(condition: str, action: Action = Action.DENY, **keys: str) -> Rule:
    return one(made(rule_text(condition, action=action.value, **keys)))


def _running(cgroup: Path, script: str) -> list[str] | None:
    """The processes of a cgroup that run a script."""
    found = (cgroup / "cgroup.procs").read_text().split()
    own = [pid for pid in found if script.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return own or None


def result(container: str, form: str) -> int:
    """What a call comes to; None where it came to nothing."""
    return int(attempt(container, "calls", form).stdout.split()[2])


@pytest.mark.parametrize(
    ("form", "server"),
    [
        ("connect", "127.0.0.1:4011"),
        ("connect@32", "127.0.0.1:4019"),
        ("connect@socketcall", "127.0.0.1:4020"),
        ("connect@udp", "127.0.0.1:4015"),
        ("connect@mapped", "127.0.0.1:4014"),
        ("connect@6", "::1:4013"),
        ("connect@uring", "127.0.0.1:4041"),
    ],
)
def test_a_connection_is_refused_in_scope_alone(
    guard: Guard, pair: tuple[str, str], form: str, server: str
) -> None:
    inside, other = pair
    port = server.rpartition(":")[2]
    rule = acting(f"{BY_TCP_OR_UDP} and fd.snet in (127.0.0.0/8, '::1') and fd.sport = {port}")
    guard.decide(rule, scopes=(inside,))
    reference = result(other, form)
    assert reference != -errno.EPERM
    assert result(inside, form) == -errno.EPERM
    told = guard.decided(CallRecord, Outcome.DENY, inside)
    assert (told.header.type, told.header.result) == (EventType.CONNECT, -errno.EPERM)
    assert (told.header.task.comm, told.socket.remote_port) == ("calls", int(port))
    assert told.address.known

    guard.forget()
    guard.decide(replace(rule, effective=Action.AUDIT), scopes=(inside,))
    assert result(inside, form) == reference
    audited = guard.decided(CallRecord, Outcome.AUDIT, inside)
    assert (audited.header.result, audited.address) == (0, told.address)
    assert audited.socket == told.socket


def test_other_addresses_are_let_through(guard: Guard, pair: tuple[str, str]) -> None:
    inside, _ = pair
    guard.decide(acting(f"{BY_TCP_OR_UDP} and fd.sip = 127.0.0.2"), scopes=(inside,))
    assert result(inside, "connect") == 0
    guard.decide(acting(f"{BY_TCP_OR_UDP} and not fd.sip = 127.0.0.2"), scopes=(inside,))
    assert result(inside, "connect") == -errno.EPERM
    assert result(inside, "connect@unix") == 0


def test_who_moves_to_another_cgroup_stays_in_scope(
    guard: Guard, pair: tuple[str, str], below: Path
) -> None:
    inside, other = pair
    guard.decide(acting(f"{BY_TCP_OR_UDP} and fd.sport = 4011"), scopes=(inside,))
    script = "sleep 1; calls connect"
    command = ["runc", "exec", inside, "sh", "-c", script]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        for pid in wait_for(lambda: _running(below / inside, script), lambda: "no shell"):
            (below / other / "cgroup.procs").write_text(pid)
        assert int(running.stdout.read().split()[2]) == -errno.EPERM


def test_kill_refuses_and_ends_the_process_where_it_may(
    guard: Guard, pair: tuple[str, str]
) -> None:
    inside, other = pair
    rule = acting(f"{BY_TCP_OR_UDP} and fd.sport = 4011", Action.KILL)
    guard.decide(rule, scopes=(inside,))
    assert result(other, "connect") == 0
    done = attempt(inside, "calls", "connect")
    outcome = Outcome.KILL if cgroups_signal() else Outcome.DENY
    assert done.stdout.split() == [] or outcome is Outcome.DENY
    assert guard.decided(CallRecord, outcome, inside).header.result == -errno.EPERM


def test_disarmed_it_is_told_of_and_not_refused(guard: Guard, pair: tuple[str, str]) -> None:
    inside, _ = pair
    guard.decide(acting(f"{BY_TCP_OR_UDP} and fd.sport = 4011"), scopes=(inside,))
    guard.sensor.deciders.disarm(guard.container(inside).key)
    assert result(inside, "connect") == 0
    guard.decided(CallRecord, Outcome.AUDIT, inside)
    guard.sensor.deciders.arm(guard.container(inside).key)
    assert result(inside, "connect") == -errno.EPERM
