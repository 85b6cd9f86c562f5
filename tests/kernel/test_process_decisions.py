"""What a process does to another one, refused: by its effect, and by what is told of it."""

from __future__ import annotations

import errno
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stockade.events import (
    BETWEEN_PROCESSES,
    Action,
    CallRecord,
    EventType,
    Outcome,
    TargetFlags,
)
from tests.support.guard import Guard, attempt, guarding, look_alikes
from tests.support.rules import acting
from tests.support.runc import Options, Runc

ATTACHED = "evt.type = ptrace and evt.arg.request in (PTRACE_ATTACH, PTRACE_SEIZE, PTRACE_TRACEME)"
REACHED = (
    "evt.type in (process_vm_readv, process_vm_writev, pidfd_getfd) and target.is_self = false"
)
SIGNALLED = (
    "evt.type in (kill, tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_send_signal)"
    " and target.is_self = false"
)
FORMS = {
    "ptrace": (ATTACHED, EventType.PTRACE),
    "ptrace@attach": (ATTACHED, EventType.PTRACE),
    "ptrace@32": (ATTACHED, EventType.PTRACE),
    "process_vm_readv": (REACHED, EventType.PROCESS_VM_READV),
    "process_vm_writev": (REACHED, EventType.PROCESS_VM_WRITEV),
    "pidfd_getfd": (REACHED, EventType.PIDFD_GETFD),
    "kill": (SIGNALLED, EventType.KILL),
    "kill@group": (SIGNALLED, EventType.KILL),
    "kill@32": (SIGNALLED, EventType.KILL),
    "tkill": (SIGNALLED, EventType.TKILL),
    "tgkill": (SIGNALLED, EventType.TGKILL),
    "rt_sigqueueinfo": (SIGNALLED, EventType.RT_SIGQUEUEINFO),
    "rt_tgsigqueueinfo": (SIGNALLED, EventType.RT_TGSIGQUEUEINFO),
    "pidfd_send_signal": (SIGNALLED, EventType.PIDFD_SEND_SIGNAL),
}
CAPABILITIES = ("CAP_KILL", "CAP_SYS_PTRACE")


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    with guarding(BETWEEN_PROCESSES) as guard:
        yield guard


@pytest.fixture(scope="module")
def pair(runc: Runc, meddles: Path, guard: Guard) -> Iterator[tuple[str, str]]:
    """A container that rules are about, and one that looks like it; both see the host's pids."""
    shutil.copy(meddles, runc.rootfs / "bin")
    options = Options(capabilities=CAPABILITIES, namespaces={"pid": None})
    with look_alikes(runc, guard, options) as pair:
        yield pair


@pytest.fixture(autouse=True)
def fresh(guard: Guard) -> None:
    guard.forget()


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process of the host."""
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def meddle(container: str, form: str, *pid: str) -> tuple[int, bool]:
    """What a call comes to, and whether it has an effect."""
    result, effect = attempt(container, "meddles", form, *pid).stdout.split()
    return int(result), effect == "1"


@pytest.mark.parametrize("form", FORMS)
def test_what_a_process_does_to_another_is_refused(
    guard: Guard, pair: tuple[str, str], form: str
) -> None:
    inside, other = pair
    condition, kind = FORMS[form]
    rule = acting(f"{condition} and target.name = victim")
    guard.decide(rule, scopes=(inside,))
    result, effect = meddle(other, form)
    if result == -errno.ENOSYS:
        pytest.skip(f"this kernel has no {form}")
    assert result >= 0
    assert effect
    assert meddle(inside, form) == (-errno.EPERM, False)
    told = guard.decided(CallRecord, Outcome.DENY, inside)
    assert (told.header.type, told.header.result) == (kind, -errno.EPERM)
    assert (told.header.task.comm, told.target.comm) == ("meddles", "victim")
    assert told.target.container == guard.container(inside).key
    assert not told.target.flags & TargetFlags.SELF

    guard.forget()
    guard.decide(replace(rule, effective=Action.AUDIT), scopes=(inside,))
    assert meddle(inside, form) == (result, True)
    audited = guard.decided(CallRecord, Outcome.AUDIT, inside)
    assert (audited.header.type, audited.header.result) == (kind, 0)

    guard.decide(acting(f"{condition} and target.name = somebody"), scopes=(inside,))
    assert meddle(inside, form) == (result, True)


def test_nobody_lets_himself_be_traced(guard: Guard, pair: tuple[str, str]) -> None:
    inside, other = pair
    guard.decide(acting("evt.type = ptrace and evt.arg.request = PTRACE_TRACEME"), scopes=(inside,))
    assert meddle(other, "ptrace@traceme") == (0, True)
    assert meddle(inside, "ptrace@traceme") == (-errno.EPERM, False)
    told = guard.decided(CallRecord, Outcome.DENY, inside)
    assert (told.header.task.comm, told.target.process.tgid) == ("victim", 0)
    # That is all it is about.
    assert meddle(inside, "ptrace") == (0, True)


@pytest.mark.parametrize("form", ["ptrace", "kill"])
def test_what_crosses_into_the_host_is_refused(
    guard: Guard, pair: tuple[str, str], bystander: subprocess.Popen[bytes], form: str
) -> None:
    inside, other = pair
    condition, _ = FORMS[form]
    guard.decide(acting(f"{condition} and boundary.crosses_container = true"), scopes=(inside,))
    # Among its own it may.
    assert meddle(inside, form) == (0, True)
    assert meddle(inside, form, str(bystander.pid))[0] == -errno.EPERM
    told = guard.decided(CallRecord, Outcome.DENY, inside)
    assert (told.target.process.tgid, told.target.container) == (bystander.pid, 0)
    assert bystander.poll() is None
    assert meddle(other, form, str(bystander.pid))[0] == 0
    if form == "kill":
        assert bystander.wait(10) < 0


def test_signals_are_told_apart(guard: Guard, pair: tuple[str, str]) -> None:
    inside, _ = pair
    guard.decide(acting("evt.type = kill and evt.arg.sig = SIGKILL"), scopes=(inside,))
    assert meddle(inside, "kill") == (0, True)
    guard.decide(acting("evt.type = kill and evt.arg.sig = SIGUSR1"), scopes=(inside,))
    assert meddle(inside, "kill") == (-errno.EPERM, False)
    # It is about this call alone.
    assert meddle(inside, "tkill") == (0, True)


@pytest.mark.parametrize("form", ["ptrace", "ptrace@traceme", "process_vm_writev", "kill"])
def test_kill_ends_who_tries_and_spares_the_other(
    guard: Guard, pair: tuple[str, str], form: str
) -> None:
    inside, other = pair
    condition, _ = FORMS.get(form, FORMS["ptrace"])
    about = "proc.name = victim" if form == "ptrace@traceme" else "target.name = victim"
    guard.decide(acting(f"{condition} and {about}", Action.KILL), scopes=(inside,))
    # Who waits for whom asks to be traced waits for ever.
    assert attempt(inside, "timeout", "5", "meddles", form).stdout == ""
    assert guard.decided(CallRecord, Outcome.KILL, inside).header.result == -errno.EPERM
    assert meddle(other, form)[1]
