"""What is asked of the kernel itself, refused: by what becomes of it, and by what is told of it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import replace

import pytest

from stockade.events import HOOKS, Action, CallRecord, EventType, ForkRecord, Outcome
from stockade.kernel.tiers import decision_points
from tests.support.guard import Guard, attempt, guarding, look_alikes
from tests.support.rules import acting
from tests.support.runc import Mount, Options, Runc

NAMES = (
    "bpf perf_event read_file load_data io_uring userfaultfd keys alloc_key syslog new_userns"
).split()
DECIDED_HERE = frozenset().union(*(HOOKS[name] for name in NAMES))
NEW_USER_NS = "evt.type in (unshare, clone) and evt.arg.flags contains CLONE_NEWUSER"
# What is junk, or in vain, fails whoever asks, but for another reason.
FORMS = {
    "bpf@next": "evt.type = bpf and evt.arg.cmd = BPF_PROG_GET_NEXT_ID",
    "perf_event_open@all": "evt.type = perf_event_open and evt.arg.pid = -1",
    "io_uring_setup": "evt.type = io_uring_setup and evt.arg.entries = 4",
    "userfaultfd": "evt.type = userfaultfd",
    "add_key": "evt.type in (add_key, request_key)",
    "request_key": "evt.type in (add_key, request_key)",
    "keyctl": "evt.type = keyctl and evt.arg.cmd = KEYCTL_GET_KEYRING_ID",
    "syslog@size": "evt.type = syslog and not evt.arg.type = SYSLOG_ACTION_READ_ALL",
    "init_module@junk": "evt.type = init_module",
    "finit_module@junk": "evt.type = finit_module",
    "kexec_load": "evt.type = kexec_load",
    "kexec_file_load@junk": "evt.type = kexec_file_load",
    "unshare@user": NEW_USER_NS,
}
IN_VAIN = {"kexec_load", "request_key"}
CAPABILITIES = ("CAP_SYSLOG", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_MODULE")


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    with guarding(DECIDED_HERE) as guard:
        yield guard


@pytest.fixture(scope="module")
def pair(
    runc: Runc, guard: Guard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """A container that rules are about, and one that looks like it."""
    mounts = (Mount(tmp_path_factory.mktemp("work"), "/mnt"),)
    options = Options(mounts=mounts, capabilities=CAPABILITIES)
    with look_alikes(runc, guard, options) as pair:
        yield pair


@pytest.fixture(autouse=True)
def fresh(guard: Guard) -> None:
    guard.forget()


def require(guard: Guard, kind: EventType) -> None:
    if kind not in decision_points(guard.sensor.tier).before:
        pytest.skip(f"this kernel does not ask about {kind.name.lower()}")


def made(container: str, form: str) -> tuple[int, dict[str, str]]:
    """What a call comes to, and what is noted beside it."""
    _, _, result, *notes = attempt(container, "calls", form).stdout.split()
    return int(result), dict(note.split("=") for note in notes)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_asked_of_the_kernel_is_refused(
    guard: Guard, pair: tuple[str, str], form: str
) -> None:
    inside, other = pair
    kind = EventType[form.partition("@")[0].upper()]
    require(guard, kind)
    rule = acting(FORMS[form])
    guard.decide(rule, scopes=(inside,))
    reference, notes = made(other, form)
    assert reference not in {-errno.EPERM, -errno.ENOSYS}
    assert (reference < 0) == (form.endswith("@junk") or form in IN_VAIN)
    result, refused = made(inside, form)
    assert result == -errno.EPERM
    if form == "unshare@user":
        assert notes["before"] != notes["after"]
        assert refused["before"] == refused["after"]
    told = guard.decided(CallRecord, Outcome.DENY, inside)
    assert (told.header.type, told.header.result) == (kind, -errno.EPERM)
    assert told.header.task.comm == "calls"
    if form == "finit_module@junk":
        assert told.file.path.value == "/mnt/junk.ko"

    guard.forget()
    guard.decide(replace(rule, effective=Action.AUDIT), scopes=(inside,))
    # Each has keyrings of its own.
    assert form in {"add_key", "keyctl"} or made(inside, form)[0] == reference
    assert made(inside, form)[0] != -errno.EPERM
    audited = guard.decided(CallRecord, Outcome.AUDIT, inside)
    assert (audited.header.type, audited.header.result) == (kind, 0)


@pytest.mark.parametrize("form", ["clone@user", "clone3@user"])
def test_a_process_in_its_own_user_namespace_is_refused(
    guard: Guard, pair: tuple[str, str], form: str
) -> None:
    inside, other = pair
    require(guard, EventType.CLONE)
    guard.decide(acting(NEW_USER_NS), scopes=(inside,))
    assert made(other, form)[0] > 0
    assert made(inside, form)[0] == -errno.EPERM
    told = guard.decided(ForkRecord, Outcome.DENY, inside)
    assert (told.header.type, told.header.result) == (EventType.CLONE, -errno.EPERM)
    # Other processes are not what it is about.
    assert made(inside, "kill@zombie")[0] == 0
    guard.decide(
        acting("evt.type = unshare and evt.arg.flags contains CLONE_NEWUSER"), scopes=(inside,)
    )
    assert made(inside, form)[0] > 0


def test_the_file_of_a_module_is_the_kernels_object(guard: Guard, pair: tuple[str, str]) -> None:
    inside, _ = pair
    require(guard, EventType.FINIT_MODULE)
    form, refused = "finit_module@junk", -errno.EPERM
    for condition, expected in (
        ("fd.name = /mnt/junk.ko", True),
        ("fd.name startswith /lib/modules/", False),
        ("fd.type = file and fd.filename = junk.ko", True),
        ("fd.deleted = true", False),
    ):
        guard.decide(acting(f"evt.type = finit_module and {condition}"), scopes=(inside,))
        assert (made(inside, form)[0] == refused) == expected, condition
