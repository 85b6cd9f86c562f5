"""What decides before an act agrees with the evaluator on the event that the act would be.

Formulas over a record's bytes against the rule over what is decoded of them; then compiled programs
against the formulas.
"""

from __future__ import annotations

import ctypes
import random
from dataclasses import replace

import msgspec
import pytest

from stockade.events import UNKNOWN, Action, Event, EventType, OpenRecord, Outcome, View
from stockade.events._records import SLOT
from stockade.events.file_fields import fs_path
from stockade.rules import Rule, values_of
from stockade.rules.evaluate import evaluate
from stockade.rules.keys import Unknown
from stockade.rules.lowering.backend import Native
from stockade.rules.lowering.deciding import Decider, scope_parts, settled
from stockade.rules.lowering.decisions import unit
from stockade.rules.lowering.formulas import Formula, holds
from stockade.rules.lowering.generated import chosen, directed, slot_of
from stockade.rules.lowering.modules import decision_function
from stockade.rules.lowering.parts import Parts, Whose
from stockade.rules.lowering.plan import exact_plan
from stockade.rules.lowering.reading import NOTHING_KNOWN, Frame, reads
from tests.support.judged import events_of
from tests.support.rules import made, one, rule_text

OPENS = """
fd.name = /etc/passwd
not fd.name startswith /etc
fd.name contains self or fd.name endswith .so
fd.name pmatch (/etc, /usr/lib) or user.uid = 0
fd.filename = passwd
fd.fs_path = /passwd or fd.fs_path = /
fd.host_path = /etc/passwd
not fd.host_path in (/etc/passwd, /)
fd.host_path startswith /etc and fd.type = file
fd.type in (char, block) or fd.typechar = f
fd.fs_type in (ext4, proc) and not fd.deleted = true
fd.ino = 0 or fd.mode > 0x4000
evt.is_open_write = true and evt.arg.flags contains O_CREAT
not evt.is_open_read = true or fd.dev.major = 8
proc.name in (cat, bash) and thread.cap_effective contains CAP_SYS_ADMIN
container.image.repository = x or fd.name = /etc/passwd
not container.name = x and fd.name = /etc/passwd
container.name = box and (fd.name = /etc/passwd or user.uid = 0)
container.role = member and boundary.crosses_container = false
boundary.foreign_mount = true or proc.is_vpgid_leader = true
evt.failed = false and evt.res = SUCCESS and user.uid != 0
""".strip().splitlines()
TRIES = 400


def acting(condition: str, unknown: Unknown = Unknown.DENY) -> Rule:
    text = rule_text(f"evt.type = openat and ({condition})", action="deny", unknown=unknown.value)
    return one(made(text))


def before(raw: bytes, view: View, rng: random.Random) -> Event:
    """The event that an act would be, if it were let: of a record without a result."""
    event = events_of(raw, view or View.SAME, rng)
    if view is View.UNKNOWN and isinstance(event.host_path, str):
        event = msgspec.structs.replace(event, host_path=UNKNOWN)
    header = msgspec.structs.replace(event.record.header, result=0)
    return msgspec.structs.replace(
        event, record=msgspec.structs.replace(event.record, header=header)
    )


def sample(parts: Parts, formula: Formula, rng: random.Random) -> tuple[bytes, Event, Frame, bool]:
    """A record before the act, what it will be, what is known, and whether the scope is."""
    raw = bytearray(directed(EventType.OPENAT, chosen(formula, rng), rng, before=True))
    view = rng.choice(list(View))
    event = before(bytes(raw), view, rng)
    known = event.container is not None and rng.random() < 0.7
    words = dict(NOTHING_KNOWN.words)
    if known:
        may_hold, may_fail = parts.words(Whose.CONTAINER, values_of(event))
        words[Whose.CONTAINER] = may_hold, settled(may_fail)
    return bytes(raw), event, Frame(view, words), known


@pytest.mark.parametrize("condition", OPENS)
@pytest.mark.parametrize("unknown", list(Unknown))
def test_decisions_are_exact(condition: str, unknown: Unknown) -> None:
    rng = random.Random(condition)  # noqa: S311 - the same events every time
    rule = acting(condition, unknown=unknown)
    parts = scope_parts([rule])
    fires = Decider(rule, EventType.OPENAT, parts, certain=True).fires()
    may_fire = Decider(rule, EventType.OPENAT, parts, certain=False).fires()
    seen = set()
    for _ in range(TRIES):
        raw, event, frame, known = sample(parts, rng.choice([fires, may_fire]), rng)
        acts = holds(fires, lambda probe: reads(probe, raw, frame))  # noqa: B023 - used at once
        told = holds(may_fire, lambda probe: reads(probe, raw, frame))  # noqa: B023 - used at once
        result = evaluate(rule.condition, values_of(event))
        if event.container is None:
            assert not acts
            continue
        assert told or result is False
        if "host_path" in condition and frame.view is View.UNKNOWN and not _lost(event):
            # What has not been found out is certain of nothing.
            assert not acts or result is True
            continue
        if known and result is None and "container." in condition:
            # All is known of the container, and that is not enough.
            pass
        elif known:
            expected = result is True or (result is None and unknown is Unknown.DENY)
            assert acts == expected, (event, frame)
        elif acts:
            raise AssertionError("acts where it is not known whose container it is")
        seen.add(acts)
    assert seen == {True, False}


def _lost(event: Event) -> bool:
    """Whether the kernel could not read where in its filesystem a file is."""
    assert isinstance(event.record, OpenRecord)
    return fs_path(event.record.file) is UNKNOWN


def answer(native: Native, slot: bytearray) -> int:
    """What a program says of a slot, in which it leaves more."""
    judge = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)(native.address("decide"))
    held = (ctypes.c_char * len(slot)).from_buffer(slot)
    return int(judge(ctypes.addressof(held)))


def test_programs_say_what_formulas_do() -> None:
    rng = random.Random(20_261_123)  # noqa: S311 - the same events every time
    rules = [
        replace(
            acting(condition),
            name=f"r{at}",
            effective=(Action.DENY, Action.AUDIT)[at % 2] if at else Action.KILL,
        )
        for at, condition in enumerate(OPENS)
    ]
    parts = scope_parts(rules)
    found = unit(rules, EventType.OPENAT, parts)
    planned = exact_plan(found.formulas)
    assert planned
    native = Native(decision_function("decide", planned, found.outcomes, 77))
    seen = set()
    for _ in range(1500):
        raw, _, frame, _ = sample(parts, rng.choice(found.formulas), rng)
        slot = slot_of(raw, frame)
        outcome = Outcome(answer(native, slot))
        fired = [holds(each, lambda probe: reads(probe, raw, frame)) for each in found.formulas]  # noqa: B023
        assert outcome == max(
            (each for each, fires in zip(found.outcomes, fired, strict=True) if fires),
            default=Outcome.ALLOW,
        )
        seen.add(outcome)
        if outcome:
            at = SLOT["frame.fired"]
            words = int.from_bytes(slot[at : at + 16], "little")
            assert [bool(words >> bit & 1) for bit in range(len(fired))] == fired
            at = SLOT["frame.rules"]
            assert int.from_bytes(slot[at : at + 8], "little") == 77
    assert seen == set(Outcome)
