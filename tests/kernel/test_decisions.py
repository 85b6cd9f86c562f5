"""What is decided before it happens: by its effect, and by what is told of it."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stockade.events import (
    DECIDED,
    Action,
    CallRecord,
    EventType,
    ExecRecord,
    OpenRecord,
    Outcome,
    fired_bits,
)
from tests.support.guard import Guard, attempt, guarding, look_alikes
from tests.support.rules import acting
from tests.support.runc import Mount, Options, Runc

OPENED = "evt.type in (open, openat, openat2, creat, open_by_handle_at)"
EXECUTED = "evt.type in (execve, execveat)"
SECRET = "treasure"  # noqa: S105 - what is to be found in a file
CAPABILITIES = (
    "CAP_CHOWN",
    "CAP_DAC_READ_SEARCH",
    "CAP_SETFCAP",
    "CAP_SYS_ADMIN",
    "CAP_SYS_CHROOT",
)


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    with guarding(DECIDED) as guard:
        yield guard


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of the host that both containers have as /mnt."""
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def pair(runc: Runc, shared: Path, guard: Guard) -> Iterator[tuple[str, str]]:
    """A container that rules are about, and one that looks like it."""
    options = Options(mounts=(Mount(shared, "/mnt"),), capabilities=CAPABILITIES)
    with look_alikes(runc, guard, options) as pair:
        yield pair


@pytest.fixture(autouse=True)
def fresh(guard: Guard, shared: Path) -> None:
    """Each test has its own secret, and what came before is forgotten."""
    (shared / "secret").write_text(SECRET)
    guard.forget()


def opened(name: str) -> str:
    return f"{OPENED} and fd.name = {name}"


def test_an_open_is_refused_in_scope_alone(guard: Guard, pair: tuple[str, str]) -> None:
    inside, other = pair
    guard.decide(acting(opened("/mnt/secret")), scopes=(inside,))
    done = attempt(inside, "cat", "/mnt/secret")
    assert SECRET not in done.stdout
    assert "Operation not permitted" in done.stderr
    assert attempt(inside, "cat", "/etc/passwd").returncode == 0
    assert attempt(other, "cat", "/mnt/secret").stdout == SECRET

    record = guard.decided(OpenRecord, Outcome.DENY, inside)
    assert record.header.result == -errno.EPERM
    assert record.header.type in {EventType.OPEN, EventType.OPENAT}
    assert record.file.path.value == "/mnt/secret"
    assert record.header.task.comm == "cat"
    assert guard.loaded
    assert record.header.rules == guard.loaded.decisions.set
    bits = guard.loaded.decisions.fired[record.header.type]
    certain = [each.certain for bit in fired_bits(record.header.fired) for each in bits[bit]]
    assert True in certain
    # Whose container the other is, nobody has said: it is let happen, and told of.
    record = guard.decided(OpenRecord, Outcome.AUDIT, other)
    bits = guard.loaded.decisions.fired[record.header.type]
    certain = [each.certain for bit in fired_bits(record.header.fired) for each in bits[bit]]
    assert certain == [False]


@pytest.mark.parametrize(
    ("form", "rest"),
    [
        ("open", ()),
        ("openat", ()),
        ("openat2", ()),
        ("open32", ()),
        ("uring", ()),
        ("handle", ("0", "/mnt")),
    ],
)
def test_no_way_to_open_goes_around_it(
    guard: Guard, pair: tuple[str, str], form: str, rest: tuple[str, ...]
) -> None:
    inside, other = pair
    guard.decide(acting(opened("/mnt/secret")), scopes=(inside,))
    reference = attempt(other, "acts", form, "/mnt/secret", *rest).stdout.split()
    if int(reference[0]) < 0:
        pytest.skip(f"this kernel or container has no {form}: {reference}")
    result = int(attempt(inside, "acts", form, "/mnt/secret", *rest).stdout.split()[0])
    assert result == -errno.EPERM
    assert guard.decided(OpenRecord, Outcome.DENY, inside).file.path.value == "/mnt/secret"


@pytest.mark.parametrize(
    "script",
    [
        "ln -s /mnt/secret /mnt/link; cat /mnt/link",
        "cat /proc/self/root/mnt/secret",
        "cd /mnt; cat ../mnt/./secret",
        "mkdir -p /tmp/b; mount --bind /mnt /tmp/b; cat /tmp/b/secret",
        "ln /mnt/secret /mnt/hard; cat /mnt/hard",
        "cp /bin/busybox /mnt/busybox; chroot /mnt /busybox cat /secret",
        "exec 3</mnt; cat /proc/self/fd/3/secret",
    ],
)
def test_no_other_name_goes_around_the_inode(
    guard: Guard, pair: tuple[str, str], shared: Path, script: str
) -> None:
    inside, other = pair
    inode = (shared / "secret").stat().st_ino
    guard.decide(acting(f"{OPENED} and fd.ino = {inode} and fd.type = file"), scopes=(inside,))
    clean = "; umount /tmp/b; rm -f /mnt/link /mnt/hard /mnt/busybox"
    assert SECRET in attempt(other, "sh", "-c", f"({script}) {clean}").stdout
    assert SECRET not in attempt(inside, "sh", "-c", f"({script}) {clean}").stdout


def test_writing_is_refused_and_nothing_changes(
    guard: Guard, pair: tuple[str, str], shared: Path
) -> None:
    inside, other = pair
    guard.decide(acting(f"{opened('/mnt/secret')} and evt.is_open_write = true"), scopes=(inside,))
    assert attempt(inside, "sh", "-c", "echo x > /mnt/secret").returncode
    assert attempt(inside, "sh", "-c", "echo x >> /mnt/secret").returncode
    assert (shared / "secret").read_text() == SECRET
    assert attempt(inside, "cat", "/mnt/secret").stdout == SECRET
    assert attempt(other, "sh", "-c", "echo x > /mnt/secret").returncode == 0
    assert (shared / "secret").read_text() == "x\n"


def test_a_program_is_refused(guard: Guard, pair: tuple[str, str], shared: Path) -> None:
    inside, other = pair
    (shared / "script").write_text("#!/bin/sh\necho ran\n")
    (shared / "script").chmod(0o755)
    guard.decide(acting(f"{EXECUTED} and proc.exepath = /mnt/script"), scopes=(inside,))
    assert attempt(other, "/mnt/script").stdout == "ran\n"
    assert "ran" not in attempt(inside, "sh", "-c", "/mnt/script").stdout
    record = guard.decided(ExecRecord, Outcome.DENY, inside)
    assert record.exe.path.value == "/mnt/script"
    assert (record.header.task.comm, record.header.result) == ("script", -errno.EPERM)
    guard.decide(acting(f"{EXECUTED} and proc.name = script"), scopes=(inside,))
    assert "ran" not in attempt(inside, "sh", "-c", "/mnt/script").stdout
    # By its name in memory it has no path.
    guard.decide(acting(f"{EXECUTED} and proc.is_exe_from_memfd = true"), scopes=(inside,))
    assert "ran" in attempt(other, "acts", "memfd", "/bin/busybox", "echo", "ran").stdout
    assert "ran" not in attempt(inside, "acts", "memfd", "/bin/busybox", "echo", "ran").stdout


def test_kill_ends_the_process_before_the_effect(
    guard: Guard, pair: tuple[str, str], shared: Path
) -> None:
    inside, other = pair
    rule = acting(f"{opened('/mnt/secret')} and evt.is_open_write = true", Action.KILL)
    guard.decide(rule, scopes=(inside,))
    done = attempt(inside, "sh", "-c", "(echo x > /mnt/secret; echo lives) ; echo $?")
    assert done.stdout == "137\n"
    assert (shared / "secret").read_text() == SECRET
    assert guard.decided(OpenRecord, Outcome.KILL, inside).header.result == -errno.EPERM
    assert attempt(other, "sh", "-c", "echo x > /mnt/secret; echo lives").stdout == "lives\n"


def test_audit_tells_the_same_and_lets_happen(guard: Guard, pair: tuple[str, str]) -> None:
    inside, _ = pair
    rule = replace(acting(opened("/mnt/secret")), effective=Action.AUDIT)
    guard.decide(rule, scopes=(inside,))
    assert attempt(inside, "cat", "/mnt/secret").stdout == SECRET
    record = guard.decided(OpenRecord, Outcome.AUDIT, inside)
    assert (record.file.path.value, record.header.result) == ("/mnt/secret", 0)


def test_disarmed_it_is_told_of_and_not_refused(guard: Guard, pair: tuple[str, str]) -> None:
    inside, other = pair
    guard.decide(acting(opened("/mnt/secret")), scopes=pair)
    key = guard.container(inside).key
    for disarmed, free in ((key, (inside,)), (None, (inside, other))):
        guard.sensor.deciders.disarmed.disarm(disarmed)
        for name in pair:
            done = attempt(name, "cat", "/mnt/secret")
            assert (done.stdout == SECRET) == (name in free)
        guard.sensor.deciders.disarmed.arm(disarmed)
        guard.decided(OpenRecord, Outcome.AUDIT, inside)
        assert attempt(inside, "cat", "/mnt/secret").stdout == ""


def test_the_host_is_left_alone(guard: Guard, pair: tuple[str, str], shared: Path) -> None:
    guard.decide(acting(f"{OPENED} and fd.ino = {(shared / 'secret').stat().st_ino}"), scopes=pair)
    assert (shared / "secret").read_text() == SECRET


def test_with_the_ring_full_the_denial_holds_and_the_loss_is_counted(
    guard: Guard, pair: tuple[str, str]
) -> None:
    inside, _ = pair
    guard.decide(acting(opened("/mnt/secret")), scopes=(inside,))
    full = guard.losses("ring_full")
    loop = "i=0; while [ $i -lt 1000 ]; do read x </mnt/secret && echo $x; i=$((i+1)); done"
    for _ in range(20):
        assert SECRET not in attempt(inside, "sh", "-c", f"({loop}) 2>/dev/null").stdout
        if guard.losses("ring_full") > full:
            break
    else:
        raise AssertionError("the ring was never full")
    assert attempt(inside, "cat", "/mnt/secret").stdout == ""
    counted = guard.sensor.deciders.outcomes()
    denied = sum(count for (outcome, _), count in counted.items() if outcome is Outcome.DENY)
    guard.drain()
    told = sum(record.header.outcome == Outcome.DENY for record in guard.records)
    assert told < denied
    assert guard.losses("ring_full") - full <= denied


def test_other_rules_take_over_without_a_gap(
    guard: Guard, pair: tuple[str, str], shared: Path
) -> None:
    inside, _ = pair
    rules = [acting(opened("/mnt/secret"), name=name) for name in ("one", "two")]
    guard.decide(rules[0], scopes=(inside,))
    loop = "while [ ! -e /mnt/stop ]; do read x </mnt/secret && echo $x; done"
    with subprocess.Popen(
        ["runc", "exec", inside, "sh", "-c", f"({loop}) 2>/dev/null"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        guard.decided(OpenRecord, Outcome.DENY, inside)
        for number in range(20):
            guard.decide(rules[number % 2], scopes=(inside,))
        (shared / "stop").touch()
        assert running.communicate()[0] == ""


@pytest.mark.parametrize(
    ("condition", "script", "effect"),
    [
        ("evt.type in (rename, renameat, renameat2) and fs.path.source = /mnt/a", "mv a b", "-e b"),
        ("evt.type in (link, linkat) and fs.path.source = /mnt/a", "ln a b", "-e b"),
        ("evt.type in (unlink, unlinkat) and fs.path.name = /mnt/a", "rm a", "! -e a"),
        (
            "evt.type in (rmdir, unlinkat) and fs.path.name = /mnt/d",
            "rm d/busybox; rmdir d",
            "! -e d",
        ),
        ("evt.type in (symlink, symlinkat) and fs.path.target = /mnt/b", "ln -s x b", "-L b"),
        ("evt.type in (mkdir, mkdirat) and fs.path.name = /mnt/b", "mkdir b", "-d b"),
        ("evt.type in (mknod, mknodat) and fs.path.name = /mnt/b", "mknod b p", "-p b"),
        ("evt.type in (chmod, fchmodat) and fs.path.name = /mnt/a", "chmod 4755 a", "-u a"),
        ("evt.type in (chmod, fchmodat) and evt.arg.mode contains S_ISUID", "chmod 4755 a", "-u a"),
        (
            "evt.type in (chown, lchown, fchownat) and fs.path.name = /mnt/a",
            "chown 7 a",
            '"$(stat -c %u a)" = 7',
        ),
        (
            "evt.type = fchown and fd.name = /mnt/fchown.f",
            "rm -f fchown.f; calls fchown@other >/dev/null",
            '"$(stat -c %u fchown.f)" = 7',
        ),
        (
            "evt.type = fchmod and fd.name startswith /mnt/ and evt.arg.mode contains S_IXUSR",
            "rm -f fchmod.f; calls fchmod >/dev/null",
            "-x fchmod.f",
        ),
        (
            "evt.type = truncate and fs.path.name = /mnt/truncate.f",
            "rm -f truncate.f; calls truncate >/dev/null",
            "-s truncate.f",
        ),
        ("evt.type = chroot and fs.path.name = /mnt/d", "chroot d /busybox touch /x", "-e d/x"),
        ("evt.type = mount and fs.path.target = /mnt/d", "mount -t tmpfs t d", "! -e d/busybox"),
        ("evt.type = mount and evt.arg.flags contains MS_BIND", "mount -o bind . d", "-e d/a"),
        (
            "evt.type = umount2 and fs.path.name = /mnt/d",
            "mount -t tmpfs t d; umount d",
            "-e d/busybox",
        ),
    ],
)
def test_changes_are_refused(
    guard: Guard, pair: tuple[str, str], condition: str, script: str, effect: str
) -> None:
    inside, other = pair
    guard.decide(acting(condition), scopes=(inside,))
    prepare = "cd /mnt; umount d; rm -rf a b d; mkdir d; cp /bin/busybox d; echo >a"
    # Mounts of a container are its own; what one leaves is not seen by the other.
    for name, happens in ((other, "yes"), (inside, "no")):
        look = f"[ {effect} ] && echo yes || echo no; umount d; rm -rf a b d"
        text = f"({prepare}) 2>/dev/null; cd /mnt; ({script}) 2>/dev/null; {look}"
        assert attempt(name, "sh", "-c", f"{text} 2>/dev/null").stdout == f"{happens}\n", name
    record = guard.decided(CallRecord, Outcome.DENY, inside)
    assert record.header.result == -errno.EPERM


@pytest.mark.parametrize("form", ["setxattr@capability", "fsetxattr@capability"])
def test_attributes_are_refused_by_their_names(
    guard: Guard, pair: tuple[str, str], shared: Path, form: str
) -> None:
    inside, other = pair
    condition = "evt.type in (setxattr, lsetxattr, fsetxattr) and evt.arg.name = "
    file = shared / "capability.f"

    def sets(container: str) -> bool:
        file.unlink(missing_ok=True)
        attempt(container, "calls", form)
        return "security.capability" in os.listxattr(file)

    guard.decide(acting(f"{condition}security.capability"), scopes=(inside,))
    assert sets(other)
    assert not sets(inside)
    record = guard.decided(CallRecord, Outcome.DENY, inside)
    assert (record.header.result, record.text.value) == (-errno.EPERM, "security.capability")
    guard.decide(acting(f"{condition}security.selinux"), scopes=(inside,))
    assert sets(inside)


def test_a_decision_that_nobody_makes_is_noticed_and_closed(
    guard: Guard, pair: tuple[str, str]
) -> None:
    inside, other = pair
    guard.decide(acting(opened("/mnt/secret")), scopes=(inside,))
    deciders = guard.sensor.deciders
    assert deciders.silent() == []
    lost = guard.losses("undecided")
    deciders.keep(())
    assert "file_open" in deciders.silent()
    # Whoever takes the programs away gains nothing: members are refused what nobody decides.
    assert attempt(other, "cat", "/mnt/secret").returncode
    assert guard.losses("undecided") > lost
    guard.decide(acting(opened("/mnt/secret")), scopes=(inside,))
    assert deciders.silent() == []
    assert attempt(other, "cat", "/mnt/secret").stdout == SECRET
