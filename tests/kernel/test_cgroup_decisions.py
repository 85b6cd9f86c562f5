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
from stockade.kernel.pins import BPFFS, Pins
from stockade.kernel.tiers import cgroups_signal
from stockade.rules.lowering.sockets import ASKED
from tests.support.guard import Guard, attempt
from tests.support.links import cgroup_links, detach
from tests.support.rules import acting
from tests.support.runc import Mount, Options, Runc
from tests.support.watch import wait_for

NAME = f"stockade-test-{os.getpid()}-below"
DECIDED_HERE = frozenset(ASKED)
BY_TCP_OR_UDP = "evt.type = connect and fd.l4proto in (tcp, udp)"
BOUND = "evt.type = bind and fd.l4proto in (tcp, udp)"
HOUR_S = 3600.0
INET4_CONNECT = 10  # enum bpf_attach_type
SENT = "evt.type in (sendto, sendmsg) and fd.l4proto = udp and evt.arg.addr exists"
MADE = "evt.type = socket and evt.arg.domain in (AF_INET, AF_INET6)"


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
    with Sensor(
        Wanted(frozenset(), decides=DECIDED_HERE), ring_bytes=1 << 18, cgroup=below
    ) as sensor:
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
    options = [
        Options(mounts=(mount,), cgroup=f"/{NAME}/{name}", capabilities=("CAP_NET_RAW",))
        for name in names
    ]
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


@pytest.mark.parametrize(
    ("condition", "form", "kind"),
    [
        (f"{SENT} and fd.snet = 127.0.0.0/8 and fd.sport = 4031", "sendto", EventType.SENDTO),
        (f"{SENT} and fd.rip = 127.0.0.1 and fd.rport = 4033", "sendmsg", EventType.SENDMSG),
        (f"{SENT} and fd.sip = 127.0.0.1 and fd.sport = 4034", "sendmsg@32", EventType.SENDMSG),
        (f"{BOUND} and fd.sip = 127.0.0.1 and fd.lport = 4001", "bind", EventType.BIND),
        (f"{BOUND} and fd.l4proto = udp and fd.sport = 4003", "bind@any", EventType.BIND),
        (f"{BOUND} and fd.snet = '::/16' and fd.sport > 4003", "bind@6", EventType.BIND),
        (f"{BOUND} and fd.lip = 127.0.0.1 and fd.sport = 4005", "bind@mapped", EventType.BIND),
        (f"{MADE} and evt.arg.type = SOCK_RAW", "socket@raw", EventType.SOCKET),
        (f"{MADE} and fd.l4proto = tcp", "socket", EventType.SOCKET),
        (f"{MADE} and fd.type = ipv6", "socket@6", EventType.SOCKET),
    ],
)
def test_other_acts_of_sockets_are_refused(
    guard: Guard, pair: tuple[str, str], condition: str, form: str, kind: EventType
) -> None:
    inside, other = pair
    rule = acting(condition)
    guard.decide(rule, scopes=(inside,))
    assert result(other, form) >= 0
    assert result(inside, form) == -errno.EPERM
    told = guard.decided(CallRecord, Outcome.DENY, inside)
    assert (told.header.type, told.header.result) == (kind, -errno.EPERM)
    guard.forget()
    guard.decide(replace(rule, effective=Action.AUDIT), scopes=(inside,))
    assert result(inside, form) >= 0
    assert guard.decided(CallRecord, Outcome.AUDIT, inside).socket == told.socket


def test_what_is_not_asked_about_is_let_through(guard: Guard, pair: tuple[str, str]) -> None:
    inside, _ = pair
    guard.decide(acting(f"{SENT} and fd.sport in (4031, 4032)"), scopes=(inside,))
    assert result(inside, "sendto") == -errno.EPERM
    assert result(inside, "sendto@connected") > 0
    guard.decide(acting(f"{MADE} and evt.arg.type = SOCK_RAW"), scopes=(inside,))
    assert result(inside, "socket") >= 0
    assert result(inside, "socket@unix") >= 0


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
    guard.sensor.deciders.disarmed.disarm(guard.container(inside).key)
    assert result(inside, "connect") == 0
    guard.decided(CallRecord, Outcome.AUDIT, inside)
    guard.sensor.deciders.disarmed.arm(guard.container(inside).key)
    assert result(inside, "connect") == -errno.EPERM


def test_what_nobody_renews_lapses(guard: Guard, pair: tuple[str, str]) -> None:
    inside, _ = pair
    guard.decide(acting(f"{BY_TCP_OR_UDP} and fd.sport = 4011"), scopes=(inside,))
    guard.sensor.deciders.renew(HOUR_S)
    assert result(inside, "connect") == -errno.EPERM
    guard.sensor.deciders.renew(0)
    assert result(inside, "connect") == 0
    guard.decided(CallRecord, Outcome.AUDIT, inside)
    guard.sensor.deciders.renew(HOUR_S)
    assert result(inside, "connect") == -errno.EPERM


def test_a_program_that_somebody_detaches_is_missed() -> None:
    root = unified_cgroup()
    assert root is not None
    directory = root / f"{NAME}-own"
    directory.mkdir()
    wanted = Wanted(frozenset(), decides=frozenset({EventType.CONNECT}))
    try:
        with Sensor(wanted, ring_bytes=1 << 18, cgroup=directory) as sensor:
            assert sensor.detached() == []
            detach(directory, INET4_CONNECT)
            assert sensor.detached() == ["deny_connect4"]
    finally:
        directory.rmdir()


def test_what_is_pinned_outlives_who_attached_it(
    guard: Guard, pair: tuple[str, str], below: Path, tmp_path: Path
) -> None:
    inside, other = pair
    guard.decide()
    before = cgroup_links(below)
    pins = Pins(BPFFS / NAME, tmp_path / "lock")
    assert pins.acquire()
    try:
        with Sensor(
            Wanted(frozenset(), decides=DECIDED_HERE), ring_bytes=1 << 18, cgroup=below
        ) as sensor:
            ours = Guard(sensor)
            ours.decide(acting(f"{BY_TCP_OR_UDP} and fd.sport = 4011"), scopes=(inside,))
            assert sensor.hold(pins)
            assert ours.loaded
            ours.loaded.close()
        assert len(cgroup_links(below)) == 2 * len(before)
        assert result(inside, "connect") == -errno.EPERM
        assert result(other, "connect") == 0
        assert pins.end_force() == 1
        wait_for(lambda: cgroup_links(below) == before or None, lambda: "links are left")
        assert result(inside, "connect") == 0
    finally:
        pins.remove()
        pins.release()
