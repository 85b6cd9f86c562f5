"""What many rules cost: compiling them, and judging opens of which half nearly match.

Rules are made with the operators of Falco's stock files, in their proportions. Native code judges
records that lie in slots, one after another, on one core.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

from bench.tools import Tools, spread
from stockade.events import EventType
from stockade.rules import Rule
from stockade.rules.lowering import build
from stockade.rules.lowering.formulas import Formula
from stockade.rules.lowering.generated import RawRecord, chosen, directed, slot_of
from stockade.rules.lowering.parts import Parts
from stockade.rules.lowering.plan import plan
from stockade.rules.lowering.replay import Replay
from stockade.rules.lowering.staging import staged
from tests.support.rules import made, rule_text

SEED = 20_260_421
# As many slots as a core's own cache holds: a record replayed is one that was just read.
RECORDS = 32
REPEATS = 5000
DIRECTORIES = (
    "/etc /usr/bin /root /var/spool/cron /etc/ssh /home /proc/sys/kernel /dev /opt".split()
)
PROGRAMS = "bash sh sshd cron runc containerd dpkg apt python3 nginx vim cat sudo curl".split()
ENDINGS = ".so .ko .service .conf /authorized_keys /release_agent .py /environ".split()
PARTS = "docker.sock core_pattern secrets/kubernetes.io /.ssh/ kcore /overlay2/".split()


def rules(count: int, rng: random.Random) -> tuple[Rule, ...]:
    """So many rules about opens."""

    def some(values: list[str]) -> str:
        return ", ".join(rng.sample(values, rng.randint(2, 4)))

    def below() -> str:
        return f"{rng.choice(DIRECTORIES)}/{rng.choice(PROGRAMS)}{rng.randrange(100)}"

    shapes: tuple[Callable[[], str], ...] = (
        lambda: f"fd.name startswith {below()} and not proc.name in ({some(PROGRAMS)})",
        lambda: f"fd.name in ({below()}, {below()}) and not proc.pname in ({some(PROGRAMS)})",
        lambda: f"fd.name = {below()} and container.id != host",
        lambda: f"fd.name endswith {rng.choice(ENDINGS)} and fd.name startswith {below()}",
        lambda: f"fd.name contains {rng.choice(PARTS)} and proc.name = {rng.choice(PROGRAMS)}",
        lambda: f"fd.name pmatch ({below()}, {below()}) and user.uid = 0",
        lambda: f"(proc.name = {rng.choice(PROGRAMS)} or user.uid = 0) and fd.name = {below()}",
    )
    weights = (24, 22, 34, 6, 13, 1, 5)
    head = "evt.type in (open, openat) and evt.is_open_write = true and fd.num >= 0"
    text = "".join(
        rule_text(f"{head} and {shape()}", name=f"r{number}")
        for number, shape in enumerate(rng.choices(shapes, weights, k=count))
    )
    return made(text).rules


def slots(formulas: list[Formula], rng: random.Random) -> list[bytes]:
    """Slots with records: half of them nearly fire a rule, or do."""
    found = []
    for number in range(RECORDS):
        near = chosen(rng.choice(formulas), rng) if number % 2 else []
        record = directed(EventType.OPENAT, near, rng) if near else None
        record = record or RawRecord(EventType.OPENAT, rng).bytes()
        found.append(bytes(slot_of(record)))
    return found


def native_rate(formulas: list[Formula], rng: random.Random) -> float:
    """Records a second of one core's time."""
    planned = plan(formulas)
    if planned is None:
        raise SystemExit("these rules have no filter")
    return 1e9 / Replay({"judge": planned}).nanoseconds("judge", slots(formulas, rng), REPEATS)


def show(_tools: Tools, rounds: int) -> Iterator[str]:
    """The table."""
    yield f"{'rules':>6}{'compile s':>11}{'instructions':>14}{'native, million a second':>28}"
    for count in (10, 30, 100, 300, 1000):
        rng = random.Random(SEED)  # noqa: S311 - the same rules every time
        found = rules(count, rng)
        start = time.perf_counter()
        built = build(found, [EventType.OPENAT])
        seconds = time.perf_counter() - start
        (program,) = built.policy.programs
        parts = Parts(found)
        formulas = [each.may_fire for each in staged(found, EventType.OPENAT, parts)]
        rates = [native_rate(formulas, rng) / 1e6 for _ in range(rounds)]
        yield f"{count:>6}{seconds:>11.2f}{program.size:>14}{spread(rates, '.1f'):>28}"
