"""What decides before a system call agrees with the evaluator on the event that it would be."""

from __future__ import annotations

import random
import stat

import msgspec
import pytest

from stockade.events import CallRecord, EventType
from stockade.events._records import View
from stockade.rules import values_of
from stockade.rules.evaluate import evaluate
from stockade.rules.lowering.deciding import Decider, scope_parts, settled
from stockade.rules.lowering.formulas import holds
from stockade.rules.lowering.generated import chosen, directed
from stockade.rules.lowering.parts import Whose
from stockade.rules.lowering.reading import NOTHING_KNOWN, Frame, reads
from tests.support.judged import events_of
from tests.support.rules import made, one, rule_text

CONDITIONS = """
evt.type = ptrace and evt.arg.request in (PTRACE_ATTACH, PTRACE_SEIZE) and target.name = cat
evt.type = ptrace and evt.arg.request = PTRACE_TRACEME
evt.type = process_vm_writev and target.is_self = false and not target.pid = 1
evt.type = process_vm_readv and boundary.crosses_container = true
evt.type = pidfd_getfd and target.is_self = false and target.name startswith c
evt.type = kill and evt.arg.sig in (SIGKILL, SIGSTOP) and not target.name = bash
evt.type = kill and (not evt.arg.pid = 1 or target.is_agent = true)
evt.type = tgkill and evt.arg.sig = 0 and evt.arg.pid = 5
evt.type = rt_sigqueueinfo and boundary.crosses_container = true and proc.name = cat
evt.type = unshare and evt.arg.flags contains CLONE_NEWUSER and not proc.name = cat
evt.type = fsetxattr and evt.arg.name startswith security. and evt.arg.flags = 0
evt.type = finit_module and fd.name startswith /tmp and fd.type = file
evt.type = kexec_file_load and not fd.filename = x.so and fd.deleted = false and evt.arg.flags = 0
evt.type = fchmod and fd.name endswith passwd and not evt.arg.mode contains S_ISUID
evt.type = keyctl and evt.arg.cmd in (KEYCTL_READ, KEYCTL_SEARCH) and not proc.name = cat
evt.type = syslog and not evt.arg.type in (SYSLOG_ACTION_READ_ALL, SYSLOG_ACTION_READ)
evt.type = perf_event_open and not evt.arg.pid = 1
""".strip().splitlines()
TRIES = 400


@pytest.mark.parametrize("condition", CONDITIONS)
def test_decisions_about_calls_are_exact(condition: str) -> None:
    rng = random.Random(condition)  # noqa: S311 - the same events every time
    rule = one(made(rule_text(condition, action="deny")))
    kind = EventType[condition.split()[2].upper()]
    parts = scope_parts([rule])
    fires = Decider(rule, kind, parts, certain=True).fires()
    seen = set()
    for _ in range(TRIES):
        raw = directed(kind, chosen(fires, rng), rng, before=True)
        event = events_of(raw, View.SAME, rng)
        assert isinstance(event.record, CallRecord)
        # Of sockets it is not known what they are called.
        if event.container is None or stat.S_ISSOCK(event.record.file.mode):
            continue
        event = msgspec.structs.replace(event, target_container=event.container)
        words = dict(NOTHING_KNOWN.words)
        may_hold, may_fail = parts.words(Whose.CONTAINER, values_of(event))
        words[Whose.CONTAINER] = may_hold, settled(may_fail)
        acts = holds(fires, lambda probe: reads(probe, raw, Frame(View.SAME, words)))  # noqa: B023
        expected = evaluate(rule.condition, values_of(event))
        assert acts == (expected is not False), event.record
        seen.add(acts)
    assert seen == {True, False}
