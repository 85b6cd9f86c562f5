"""Which rules the kernel can decide before the act, and what it says of the others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stockade.errors import RuleErrors
from stockade.events import Action, Decisions, EventType, Fired, NeedFlags, Points
from stockade.rules.keys import Unknown
from stockade.rules.lowering.decisions import decide, set_of
from stockade.rules.lowering.policies import compile_all
from tests.support.rules import enforced
from tests.unit.rules.helpers import made, only, rule

OPENED = "evt.type in (open, openat)"
CONNECTED = "evt.type = connect and fd.l4proto in (tcp, udp)"
OPENAT = Points(frozenset({EventType.OPENAT}))


@pytest.mark.parametrize(
    "condition",
    [
        f"{OPENED} and fd.name = /etc/shadow",
        f"{OPENED} and evt.failed = false and fd.host_path pmatch (/etc, /root)",
        f"{OPENED} and fd.type = char and not container.image.repository = x",
        f"{OPENED} and evt.is_open_write = true and evt.arg.flags contains O_CREAT",
        f"{OPENED} and container.role = member and proc.name in (sh, bash)",
        f"{OPENED} and thread.cap_effective contains CAP_SYS_ADMIN and proc.vpid > 1",
        f"{OPENED} and boundary.crosses_container = true and fd.fs_type = proc",
        f"{CONNECTED} and fd.sip = 169.254.169.254",
        f"{CONNECTED} and fd.snet in (10.0.0.0/8, '::1') and fd.sport in (22, 443)",
        "evt.type = connect and fd.l4proto = tcp and fd.type = ipv6",
        "evt.type = bind and fd.l4proto = tcp and fd.sport < 1024 and fd.lip != 127.0.0.1",
        "evt.type in (sendto, sendmsg) and evt.arg.addr exists and fd.l4proto = udp",
        "evt.type = socket and evt.arg.domain = AF_INET and evt.arg.type = SOCK_RAW",
        "evt.type = socket and fd.sockfamily = ip",
        "evt.type in (execve, execveat) and proc.exepath startswith /tmp/",
        "evt.type = execve and proc.is_exe_from_memfd = true and container.privileged = false",
        "evt.type = execve and boundary.foreign_mount = true or evt.type = openat and fd.ino = 7",
        "evt.type = ptrace and evt.arg.request = PTRACE_SEIZE and target.name = x",
        "evt.type = process_vm_readv and boundary.crosses_container = true",
        "evt.type in (kill, tgkill) and evt.arg.sig = SIGKILL and target.is_agent = true",
        "evt.type = pidfd_send_signal and target.is_self = false",
        "evt.type in (unshare, clone) and evt.arg.flags contains CLONE_NEWUSER",
        "evt.type = fsetxattr and evt.arg.name startswith security.",
        "evt.type = fchownat and fs.path.name = /x and evt.arg.flags contains AT_EMPTY_PATH",
        "evt.type in (init_module, kexec_load, io_uring_setup, userfaultfd, perf_event_open)",
    ],
)
def test_what_can_be_decided_is_done(condition: str) -> None:
    found = only(rule(condition, action="deny"))
    assert (found.action, found.effective, found.decided) == (Action.DENY, Action.AUDIT, True)


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        (f"{OPENED} and fd.nameraw contains ..", "fd.nameraw is what the caller says"),
        ("evt.type = execve and evt.arg.filename = x", "evt.arg.filename is what the caller says"),
        (f"{OPENED} and proc.pname = sh", "cannot tell whether proc.pname = sh"),
        (f"{OPENED} and proc.exepath = /bin/x", "cannot tell whether proc.exepath = /bin/x"),
        (f"{OPENED} and fd.name regex '.*x'", "cannot tell whether fd.name regex"),
        (f"{OPENED} and tolower(fd.name) = x", "cannot tell whether tolower(fd.name) = x"),
        (f"{OPENED} and fd.name glob /a*b?c", "cannot tell whether fd.name glob"),
        (f"{OPENED} and fd.num > 3", "cannot tell whether fd.num > 3"),
        (f"{OPENED} and evt.rawres >= 0", "cannot tell whether evt.rawres >= 0"),
        (f"{OPENED} and user.name = joe", "cannot tell whether user.name = joe"),
        (f"{OPENED} and fd.host_path startswith /var/lib/x", "cannot tell whether fd.host_path"),
        (f"{CONNECTED} and fd.cport = 7", "cannot tell whether fd.cport = 7"),
        (f"{CONNECTED} and fd.sip.name = x.test", "cannot tell whether fd.sip.name"),
        (f"{CONNECTED} and evt.arg.addr = x", "evt.arg.addr is what the caller says"),
        ("evt.type = procexit", "nothing is decided before procexit"),
        ("evt.type = setuid", "nothing is decided before setuid"),
        ("evt.type = truncate and evt.arg.length = 7", "evt.arg.length is what the caller says"),
        ("evt.type = tkill and target.exepath = /x", "cannot tell whether target.exepath = /x"),
        ("proc.name = x", "nothing is decided before"),
    ],
)
def test_what_cannot_is_a_mistake_with_a_place(condition: str, why: str) -> None:
    with pytest.raises(RuleErrors) as caught:
        made(rule(condition, action="deny", warn_evttypes="false"))
    (found,) = caught.value.diagnostics
    assert found.message.startswith("rule 'r' cannot deny: ")
    assert why in found.message
    assert found.place.line == (1 if "nothing is decided" in why else 3)
    assert found.hint == "with undecidable: detect, the rule only detects"


@pytest.mark.parametrize(
    "condition",
    [
        "fd.sip = 10.0.0.1",
        "fd.sockfamily = ip",
        "fd.l4proto != raw",
        "proc.name = x",
        "fd.sport = 80",
    ],
)
def test_what_nobody_is_asked_about_is_not_promised(condition: str) -> None:
    with pytest.raises(RuleErrors) as caught:
        made(rule(f"evt.type = connect and {condition}", action="deny"))
    (found,) = caught.value.diagnostics
    assert found.message == (
        "rule 'r' cannot deny: of connect only sockets of tcp and udp are decided:"
        " say fd.l4proto in (tcp, udp)"
    )


@pytest.mark.parametrize(
    ("condition", "only"),
    [
        ("evt.type = bind and fd.l4proto = raw", "sockets of tcp and udp"),
        ("evt.type = sendto and fd.l4proto = udp", "messages of udp"),
        ("evt.type = sendmsg and evt.arg.addr exists", "messages of udp"),
        ("evt.type = sendto and evt.arg.addr exists and fd.l4proto = udp", "messages of udp"),
        ("evt.type = socket and evt.arg.type = SOCK_RAW", "internet sockets"),
        ("evt.type = socket and evt.arg.domain in (AF_INET, AF_PACKET)", "internet sockets"),
    ],
)
def test_nor_is_that_of_other_acts_of_sockets(condition: str, only: str) -> None:
    with pytest.raises(RuleErrors) as caught:
        made(rule(condition, action="deny"))
    assert all(f"only {only}" in each.message for each in caught.value.diagnostics)


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("evt.type = ptrace and target.name = x", "only attaching is decided"),
        ("evt.type = ptrace and not evt.arg.request = PTRACE_CONT", "only attaching is decided"),
        ("evt.type = process_vm_writev", "nobody is asked what a process does to itself"),
        ("evt.type = rt_sigqueueinfo and target.pid = 7", "nobody is asked what a process does"),
        ("evt.type = unshare and evt.arg.flags contains CLONE_NEWNS", "only new user namespaces"),
        ("evt.type = keyctl and evt.arg.cmd = KEYCTL_NEGATE", "only what looks up a key"),
        ("evt.type = clone and proc.name = x", "only new user namespaces are decided"),
        (
            "evt.type = setxattr and not evt.arg.name = system.posix_acl_access",
            "say not evt.arg.name = system.posix_acl_default",
        ),
    ],
)
def test_nor_is_what_else_nobody_is_asked_about(condition: str, why: str) -> None:
    with pytest.raises(RuleErrors) as caught:
        made(rule(condition, action="deny"))
    (found,) = caught.value.diagnostics
    assert why in found.message


def test_or_only_detects_where_that_is_wanted() -> None:
    found = only(rule("evt.type = procexit", action="kill", undecidable="detect"))
    assert (found.action, found.effective, found.decided) == (Action.KILL, Action.AUDIT, False)


def test_what_the_rest_of_the_rule_rules_out_is_no_obstacle() -> None:
    condition = f"{OPENED} and (fd.ino = 7 or evt.type = execve and fd.nameraw = x)"
    assert only(rule(condition, action="deny")).decided


def test_the_host_is_left_alone_unless_the_rule_is_about_it() -> None:
    condition = f"{OPENED} and fd.ino = 7"
    kinds = frozenset({EventType.OPENAT})
    for scope, host in (("any", False), ("container", False), ("host", True)):
        rules = made(rule(condition, action="deny", scope=scope)).rules
        found, refused = decide(rules, Points(kinds), compile_all)
        assert refused == ()
        assert found.host == (kinds if host else frozenset())


def test_what_is_handed_to_the_kernel() -> None:
    a, b, told = made(
        rule(f"{OPENED} and fd.host_path = /etc/shadow", "a", action="deny"),
        rule(f"{OPENED} and fd.ino = 7", "b", action="kill", unknown="allow"),
        rule(f"{OPENED} and fd.ino = 8", "only told of"),
    ).rules
    a, b = enforced(a), enforced(b)
    rules = (a, b, told)
    found, refused = decide(rules, OPENAT, compile_all)
    assert refused == ()
    assert found.containers == found.closed == {EventType.OPENAT}
    read = NeedFlags.HOST_VIEW | NeedFlags.FS_PATH | NeedFlags.DETAILS
    assert found.policy.needs == {EventType.OPENAT: read}
    assert found.fired == {
        EventType.OPENAT: (
            (Fired(a.key, certain=True),),
            (Fired(a.key, certain=False),),
            (Fired(b.key, certain=True),),
            (Fired(b.key, certain=False),),
        )
    }
    assert found.set == set_of(rules)
    assert b.unknown is Unknown.ALLOW


def test_what_says_the_same_shares_a_bit() -> None:
    condition = f"{OPENED} and fd.ino = 7"
    rules = made(rule(condition, "a", action="deny"), rule(condition, "b", action="deny")).rules
    found, _ = decide(rules, OPENAT, compile_all)
    certain, uncertain = found.fired[EventType.OPENAT]
    assert certain == tuple(Fired(each.key, certain=True) for each in rules)
    assert {each.certain for each in uncertain} == {False}


def test_too_many_are_refused_and_not_forgotten() -> None:
    rules = made(
        *(rule(f"{OPENED} and fd.ino = {at}", f"r{at}", action="deny") for at in range(80))
    ).rules
    found, (refusal,) = decide(rules, OPENAT, compile_all)
    assert (found.fired, found.containers) == ({}, frozenset())
    assert refusal.kinds == (EventType.OPENAT,)
    assert len(refusal.rules) == 80


def test_variants_of_a_rule_are_told_apart() -> None:
    found = only(rule(f"{OPENED} and fd.ino = 7", action="deny"))
    variants = [
        replace(found, policy="p", effective=Action.DENY),
        replace(found, policy="p"),
        replace(found, policy="q"),
    ]
    decisions, refused = decide(variants, OPENAT, compile_all)
    assert refused == ()
    certain, uncertain = decisions.fired[EventType.OPENAT]
    assert [each.rule for each in certain] == [each.key for each in variants]
    assert {(each.rule.policy, each.rule.effective) for each in uncertain} == {
        ("p", Action.DENY),
        ("p", Action.AUDIT),
        ("q", Action.AUDIT),
    }
    assert len({set_of([each]) for each in variants}) == 3


def test_too_many_scopes_are_refused_and_not_overstepped() -> None:
    kinds = ("openat", "execve", "mkdir", "symlink")
    rules = made(
        *(
            rule(f"evt.type = {kinds[at % 4]} and container.name = c{at}", f"r{at}", action="deny")
            for at in range(66)
        )
    ).rules
    points = Points(frozenset(EventType[each.upper()] for each in kinds))
    _, refused = decide(rules, points, compile_all)
    assert [each.rules for each in refused] == [("r63",), ("r64",), ("r65",)]
    assert {each.reason for each in refused} == {"rules differ too much in scope"}


def test_no_rules_decide_nothing() -> None:
    found, refused = decide((), OPENAT, compile_all)
    assert refused == ()
    assert found.policy.filters == Decisions().policy.filters


def test_a_rule_that_kills_does_so_where_nothing_can_be_refused() -> None:
    rules = made(
        rule("evt.type in (setns, openat) and user.uid = 0", "a", action="kill"),
        rule(f"{OPENED} and fd.ino = 7", "b", action="deny"),
    ).rules
    points = Points(frozenset(), frozenset({EventType.SETNS, EventType.OPENAT}))
    found, refused = decide(rules, points, compile_all)
    assert refused == ()
    assert found.containers == found.closed == frozenset()
    assert found.killed_containers == {EventType.SETNS, EventType.OPENAT}
    names = {each.rule.name for bits in found.fired.values() for bit in bits for each in bit}
    assert names == {"a"}


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("evt.type = mount and evt.arg.dir = /x", "evt.arg.dir is what the caller says"),
        ("evt.type = fspick and fs.path.name = /x", "fs.path.name is what the caller says"),
        ("evt.type = boundary_sweep", "nothing is decided in time of boundary_sweep"),
    ],
)
def test_what_a_caller_says_is_no_ground_to_kill(condition: str, why: str) -> None:
    with pytest.raises(RuleErrors) as caught:
        made(rule(condition, action="kill"))
    assert why in caught.value.diagnostics[0].message
