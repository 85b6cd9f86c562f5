"""What the kernel is to decide never says no where a rule would fire, record by record.

The reference is the evaluator over decoded records; what is tested are the formulas that filters
are made of, over the records' bytes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from stockade.events import (
    Event,
    EventType,
    View,
)
from stockade.rules import Rule, values_of
from stockade.rules.evaluate import evaluate
from stockade.rules.lowering.formulas import holds
from stockade.rules.lowering.generated import chosen, directed
from stockade.rules.lowering.kinds import FILTERED
from stockade.rules.lowering.parts import NO_PARTS, Parts, Whose
from stockade.rules.lowering.reading import NOTHING_KNOWN, Frame, reads
from stockade.rules.lowering.staging import Stage, Stager, staged, stages
from tests.support.filters import packs, stock
from tests.support.judged import events_of
from tests.support.rules import made, one, rule_text

TRIES = 6


def told(parts: Parts, event: Event, rng: random.Random) -> dict[Whose, tuple[int, int]]:
    """What filters know of whose an event is: nothing at times, as of what turns out to be none."""
    words = dict.fromkeys(Whose, NOTHING_KNOWN.words[Whose.PROCESS])
    for whose in Whose:
        known = whose is Whose.PROCESS or event.container is not None
        if known and rng.random() < 0.8:
            words[whose] = parts.words(whose, values_of(event))
    return words


def check(
    rule: Rule,
    kind: EventType,
    rng: random.Random,
    tries: int = TRIES,
    parts: Parts = NO_PARTS,
) -> int:
    """Compare formulas and rule; returns for how many records the rule may fire."""
    outcome = Stager(kind, parts).outcome(rule.condition)
    exact = all(
        stage in {Stage.LOAD, Stage.EVENT} for _, stage in stages(rule.condition, kind, parts)
    )
    hits = 0
    for attempt in range(tries * 60):
        if hits and attempt >= tries:
            break
        raw = directed(kind, chosen(outcome.may_hold, rng), rng)
        view = rng.choice(list(View))
        event = events_of(raw, view, rng)
        frame = Frame(view, told(parts, event, rng))
        result = evaluate(rule.condition, values_of(event))
        may_hold = holds(outcome.may_hold, lambda probe: reads(probe, raw, frame))  # noqa: B023 - used at once
        may_fail = holds(outcome.may_fail, lambda probe: reads(probe, raw, frame))  # noqa: B023 - used at once
        assert may_hold or result is False, (rule.name, kind, event)
        assert may_fail or result is True, (rule.name, kind, event)
        assert not exact or may_hold == (result is not False), (rule.name, kind, event)
        hits += may_hold
    return hits


def pairs(rules: tuple[Rule, ...]) -> Iterator[tuple[Rule, EventType]]:
    """Rules with the event types that are about them."""
    for kind in sorted(FILTERED):
        for each in staged(rules, kind):
            yield each.rule, kind


@pytest.fixture(scope="module")
def rng() -> random.Random:
    return random.Random(20_260_417)  # noqa: S311 - the same events every time


def test_packs(rng: random.Random) -> None:
    hits = {(rule.name, kind): check(rule, kind, rng) for rule, kind in pairs(packs())}
    assert hits
    assert [pair for pair, count in hits.items() if not count] == []


def test_stock_rules(rng: random.Random) -> None:
    rules = stock()
    if not rules:
        pytest.skip("Falco's rule files are not here")
    hits = {(rule.name, kind): check(rule, kind, rng) for rule, kind in pairs(rules)}
    assert len(hits) > 100
    missed = [pair for pair, count in hits.items() if not count]
    assert len(missed) < len(hits) // 10, missed


@pytest.mark.parametrize("rules", [packs, stock])
def test_with_what_is_known_of_containers_and_processes(
    rng: random.Random, rules: Callable[[], tuple[Rule, ...]]
) -> None:
    found = rules()
    if not found:
        pytest.skip("Falco's rule files are not here")
    parts = Parts(found)
    for rule, kind in pairs(found):
        check(rule, kind, rng, 3, parts)


PARTS = """
container.image.repository = docker.io/library/nginx and fd.name = /etc/passwd
container.id != host and not container.image.repository = x and user.uid = 0
not (container.privileged = true or fd.name = /x) and container.role = member
container.id = host and (proc.exepath = /bin/cat or fd.name startswith /etc)
not (container.name = x and container.mount.dest[/etc] = N/A) and user.uid = 0
proc.cmdline contains passwd and not proc.exe = sh and user.uid = 0
proc.args = x or container.labels intersects (a:b) or k8s.ns.name exists
container.name = container.id or proc.exe = proc.exepath
proc.pname = sh and fd.name = /etc/passwd or not proc.pexepath startswith /usr
not (proc.aname in (sh, systemd) and proc.aexepath exists) and user.uid = 0
proc.aname[1] = sh or proc.aname = sshd or proc.pcmdline contains x
""".strip().split("\n")


@pytest.mark.parametrize("condition", PARTS)
@pytest.mark.parametrize("kind", [EventType.OPENAT, EventType.MOUNT])
def test_parts(rng: random.Random, condition: str, kind: EventType) -> None:
    rule = one(made(rule_text(f"evt.type = {kind.name.lower()} and {condition}")))
    check(rule, kind, rng, 60, Parts([rule]))


CALLS = (
    EventType.RENAME,
    EventType.MOUNT,
    EventType.PTRACE,
    EventType.KILL,
    EventType.BPF,
    EventType.SOCKET,
    EventType.CONNECT,
    EventType.CHMOD,
    EventType.CAPSET,
    EventType.UNSHARE,
    EventType.IOPL,
)
CONDITIONS = """
fd.name = /etc/passwd
fd.name != /etc/passwd
not fd.name in (/etc/passwd, /proc/self/stat)
fd.name startswith /etc and not fd.name endswith .so
fd.name contains self
fd.name glob /etc/*
fd.name glob *passwd
fd.name glob *self*
fd.name glob /*/s*t
not fd.name glob /e*d
fd.name glob "/etc/[pq]asswd"
fd.name pmatch (/etc, /usr/lib)
not fd.name pmatch (/proc/self, /)
fd.name exists
not fd.name exists
fd.directory = /etc
not fd.directory = /etc
fd.directory in (/, /proc/self)
fd.filename = passwd
not fd.filename endswith .so
fd.filename startswith pass
fd.fs_path = /passwd
fd.fs_path = /
fd.host_path = /etc/passwd
fd.host_path startswith /var/
not fd.host_path startswith /etc
fd.host_path endswith .so
not fd.host_path in (/run/x, /var/lib/x/etc/passwd)
fd.host_path exists
fd.host_path pmatch (/var/lib/x, /etc)
not fd.host_path pmatch (/run, /var/lib/*/etc)
not fd.fs_path startswith /etc
fd.num >= 3 and fd.num < 7
fd.num != 3
not fd.num = 3
evt.rawres < 0
evt.rawres in (0, -13)
evt.res = EACCES or evt.res = SUCCESS
evt.res startswith E
not evt.res != ENOENT
evt.failed = true
evt.is_open_read = true
not evt.is_open_write = true
evt.is_open_exec = true or fd.replaced = true
evt.arg.flags contains O_WRONLY
not evt.arg.flags contains O_CREAT
fd.type = file
not fd.typechar = f
fd.type in (char, block)
fd.deleted = false
fd.dev.major = 8
fd.fs_type in (ext4, proc)
not fd.fs_type startswith ext
fd.mode > 0x4000 and fd.ino = 0
thread.cap_effective contains CAP_SYS_ADMIN
not thread.cap_effective contains NET
user.uid = 0 and user.name = root
not user.name = root
user.uid != 4294967295
proc.name in (cat, bash)
proc.name startswith x
not proc.name = xxxxxxxxxxxxxxx
proc.vpid < 2 or thread.ismain = false
proc.is_vpgid_leader = true
container.id = host
container.id != host
container.role = setup
not container.role in (member, host)
container.image.repository = x or k8s.ns.name exists
boundary.crosses_container = true
boundary.host_ns = false
proc.pname = sh or proc.aname = x
evt.num > 0 and not evt.num = 0
tolower(fd.name) = /etc/passwd
basename(fd.name) exists
fd.name = proc.pexepath
len(fd.name) > 3
evt.arg.path startswith /etc
evt.arg.request = PTRACE_ATTACH
not evt.arg.request contains ATTACH
evt.arg.flags contains MS_BIND
not evt.arg.flags contains CLONE_NEWNS
evt.arg.mode contains S_ISUID
evt.arg.cmd in (BPF_PROG_LOAD, 5)
evt.arg.sig = SIGKILL
evt.arg.pid = 1
not evt.arg.pid = -1
evt.arg.size > 3
fd.sockfamily = ip
fd.type in (ipv4, unix)
not fd.type in (ipv6, socket)
fd.typechar = 4 or fd.typechar = o
not fd.typechar in (u, f)
fd.sip.name = example.org
fd.netlink = NETLINK_ROUTE
target.pid = 5 or target.name = cat
not target.container.id = host
target.is_agent = true
fs.path.name startswith /etc
fs.path.target = /etc/passwd
evt.arg.domain in (AF_INET, AF_VSOCK)
evt.arg.type = SOCK_RAW
evt.arg.level = 3
fd.nameraw contains ../ and fd.nameraw glob *../*../*
not fd.nameraw startswith /etc
evt.arg.name = /etc/passwd
fd.name contains oneof (etc, tmp)
fd.name contains allof (etc, pass)
""".strip().splitlines()


@pytest.mark.parametrize("condition", CONDITIONS)
def test_each_way_to_compare(condition: str, rng: random.Random) -> None:
    rule = one(made(rule_text(condition)))
    for kind in (EventType.OPENAT, EventType.OPEN_BY_HANDLE_AT, *CALLS):
        check(rule, kind, rng, tries=4)
