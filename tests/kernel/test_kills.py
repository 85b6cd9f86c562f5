"""Who is killed for what he has just done: he is not back in user mode any more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stockade.events import KILLED, Action, CallRecord, EventType, ExecRecord, OpenRecord, Outcome
from stockade.kernel import Sensor, Tier, Wanted
from stockade.rules import Rule
from tests.support.guard import Guard, attempt, look_alikes
from tests.support.recorder import OPENS
from tests.support.rules import acting
from tests.support.runc import Mount, Options, Runc

SECRET = "treasure"  # noqa: S105 - what is to be found in a file
DEAD = "137\n"
NEW_USER_NS = "evt.type = unshare and evt.arg.flags contains CLONE_NEWUSER"


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    wanted = Wanted(OPENS | {EventType.UNSHARE, EventType.CHMOD}, decides=KILLED)
    with Sensor(wanted) as sensor:
        guard = Guard(sensor)
        yield guard
        guard.close()


@pytest.fixture(scope="module")
def pair(
    runc: Runc, tmp_path_factory: pytest.TempPathFactory, guard: Guard
) -> Iterator[tuple[str, str]]:
    """A container that rules are about, and one that looks like it."""
    shared = tmp_path_factory.mktemp("shared")
    (shared / "secret").write_text(SECRET)
    (shared / "program").write_text("#!/bin/sh\necho ran\n")
    (shared / "program").chmod(0o755)
    options = Options(mounts=(Mount(shared, "/mnt"),), capabilities=("CAP_SYS_ADMIN",))
    with look_alikes(runc, guard, options) as pair:
        yield pair


def kill(condition: str) -> Rule:
    return acting(condition, Action.KILL)


def said(container: str, script: str) -> str:
    """What a shell in a container says, and how what it ran ended."""
    return attempt(container, "sh", "-c", f"({script}); echo $?").stdout


def test_what_was_opened_is_not_read(guard: Guard, pair: tuple[str, str]) -> None:
    inside, other = pair
    guard.decide(kill("evt.type in (open, openat) and fd.name = /mnt/secret"), scopes=(inside,))
    assert said(other, "cat /mnt/secret") == f"{SECRET}0\n"
    assert said(inside, "cat /mnt/secret") == DEAD
    record = guard.decided(OpenRecord, Outcome.KILL, inside)
    assert record.file.path.value == "/mnt/secret"
    assert said(inside, "cat /mnt/program").endswith("ran\n0\n")


def test_a_program_does_not_run(guard: Guard, pair: tuple[str, str]) -> None:
    inside, other = pair
    guard.decide(kill("evt.type = execve and proc.name = program"), scopes=(inside,))
    assert said(other, "/mnt/program") == "ran\n0\n"
    assert "ran" not in said(inside, "/mnt/program")
    assert guard.decided(ExecRecord, Outcome.KILL, inside).header.task.comm == "program"


@pytest.mark.parametrize(
    ("condition", "script"),
    [
        (f"{NEW_USER_NS} and container.role = member", "unshare -U true"),
        ("evt.type = chmod and evt.arg.mode contains S_ISUID", "chmod 4755 /mnt/program"),
    ],
)
def test_calls(guard: Guard, pair: tuple[str, str], condition: str, script: str) -> None:
    inside, other = pair
    guard.decide(kill(condition), scopes=(inside,))
    assert said(other, script) == "0\n"
    assert said(inside, script) == DEAD
    assert guard.decided(CallRecord, Outcome.KILL, inside)


def test_what_fails_kills_nobody(guard: Guard, pair: tuple[str, str]) -> None:
    inside, _ = pair
    guard.decide(kill("evt.type in (chmod, fchmodat) and user.uid = 0"), scopes=(inside,))
    assert said(inside, "chmod 755 /mnt/not-there 2>/dev/null") == "1\n"


def test_whose_container_it_is_has_to_be_known(guard: Guard, pair: tuple[str, str]) -> None:
    inside, _ = pair
    guard.decide(kill(f"{NEW_USER_NS} and user.uid = 0"))
    assert said(inside, "unshare -U true") == "0\n"
    assert guard.decided(CallRecord, Outcome.AUDIT, inside).header.type == EventType.UNSHARE


def test_opens_are_refused_where_they_can_be(guard: Guard, pair: tuple[str, str]) -> None:
    inside, _ = pair
    guard.decide(kill("evt.type in (open, openat) and fd.name = /mnt/secret"), scopes=(inside,))
    said(inside, "cat /mnt/secret")
    result = guard.decided(OpenRecord, Outcome.KILL, inside).header.result
    assert (result < 0) == (guard.sensor.tier is not Tier.TRACEPOINT)


def test_nobody_of_the_host_is_killed(guard: Guard, pair: tuple[str, str]) -> None:
    guard.decide(kill("evt.type in (open, openat) and fd.name = /etc/passwd"), scopes=pair)
    assert Path("/etc/passwd").read_text()
