"""Parts of rules that are found out beforehand: which they are, and what they come to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import msgspec
import pytest

from stockade.events import ABSENT, UNKNOWN, Container, Event, EventType, OpenRecord
from stockade.events._records import OFFSETS
from stockade.events.container_fields import SETTLED
from stockade.events.fields import CATALOGUE
from stockade.events.process_fields import OF_PROGRAM
from stockade.rules import Rule, values_of
from stockade.rules.lowering.formulas import holds
from stockade.rules.lowering.parts import Part, Parts, Whose
from stockade.rules.lowering.reading import Frame, reads
from stockade.rules.lowering.staging import Stage, Stager, stages
from stockade.rules.show import condition_text
from tests.support.records import CONTAINER, PARENT, PROCESS, open_record
from tests.support.rules import made, one, rule_text


def parts_of(*conditions: str) -> Parts:
    text = "".join(rule_text(each, name=f"r{at}") for at, each in enumerate(conditions))
    return Parts(made(text).rules)


def texts(parts: Parts, whose: Whose) -> list[str]:
    return [condition_text(part.condition) for part in parts.of(whose)]


def test_the_largest_are_taken_together() -> None:
    parts = parts_of(
        "evt.type = openat and container.id != host and fd.name = /x and"
        " (container.name = a or container.name = b) and not proc.exe = c",
    )
    assert texts(parts, Whose.CONTAINER) == [
        "container.id != host and (container.name = a or container.name = b)"
    ]
    assert texts(parts, Whose.PROCESS) == ["not proc.exe = c"]


def test_the_same_part_is_one() -> None:
    parts = parts_of(
        "evt.type = openat and container.name = a", "evt.type = mount and container.name = a"
    )
    assert [part.bit for part in parts.of(Whose.CONTAINER)] == [0]


def test_what_the_kernel_does_not_judge_needs_no_bits() -> None:
    assert texts(parts_of("evt.type = execve and proc.exe = a"), Whose.PROCESS) == []


def test_what_there_are_no_bits_for_is_left_to_user_space() -> None:
    rules = made(
        "".join(
            rule_text(f"evt.type = openat and container.name = c{at}", name=f"r{at}")
            for at in range(70)
        )
    ).rules
    parts = Parts(rules)
    assert len(parts.of(Whose.CONTAINER)) == 64
    found = [dict(_by_field(rule, parts))["container.name"] for rule in rules]
    assert found == [Stage.CONTAINER] * 64 + [Stage.PART] * 6


def test_a_parent_and_each_ancestor_have_bits_of_their_own() -> None:
    parts = parts_of(
        "evt.type = openat and (proc.aname = a or proc.aname = b) and not proc.aexe = c"
        " and proc.pname = d and not proc.aname[1] = e and proc.aname[2] = f"
    )
    assert texts(parts, Whose.ANCESTORS) == ["proc.aname = a", "proc.aname = b", "proc.aexe = c"]
    assert texts(parts, Whose.PARENT) == ["proc.pname = d and not proc.aname[1] = e"]


NAMES = ("sh", "sshd", UNKNOWN, ABSENT)
ONE = [
    "proc.aname = sh",
    "proc.aname != sh",
    "proc.aname in (sh, systemd)",
    "proc.aname exists",
    "proc.aname startswith ss",
    "proc.aexepath = /bin/sh",
    "toupper(proc.aname) = SH",
]


@pytest.mark.parametrize("condition", ONE)
def test_what_holds_of_one_ancestor_holds_of_all_together(condition: str) -> None:
    parts = parts_of(f"evt.type = openat and {condition}")
    for count in range(4):
        for names in product(NAMES, repeat=count):
            line = tuple(msgspec.structs.replace(PARENT, name=name, exe=name) for name in names)
            every = Event(open_record(), PROCESS, line)
            may_hold, may_fail = 0, 1
            for each in line:
                event = Event(open_record(), PROCESS, (each,))
                alone = parts.words(Whose.ANCESTORS, values_of(event))
                may_hold |= alone[0] & 1
                may_fail &= alone[1] & 1
            together = parts.words(Whose.ANCESTORS, values_of(every))
            assert (may_hold, may_fail) == (together[0] & 1, together[1] & 1), names


def _by_field(rule: Rule, parts: Parts) -> Iterator[tuple[str, Stage]]:
    for test, stage in stages(rule.condition, EventType.OPENAT, parts):
        yield test.left.field.name, stage


def test_the_set_is_named_after_its_parts() -> None:
    first, same = (parts_of("evt.type = openat and container.name = a") for _ in range(2))
    other = parts_of("evt.type = openat and container.name = b")
    assert first.set == same.set
    assert first.set != other.set
    assert 0 not in {first.set, parts_of().set}


def test_what_is_unknown_may_hold_and_may_fail() -> None:
    parts = parts_of(
        "evt.type = openat and container.name = web",
        "evt.type = openat and not container.name = web",
        "evt.type = openat and container.image = x",
    )
    workload = msgspec.structs.replace(CONTAINER.workload, name="web", image=UNKNOWN)
    event = Event(open_record(), PROCESS, container=Container("web", workload=workload))
    may_hold, may_fail = parts.words(Whose.CONTAINER, values_of(event))
    assert (may_hold & 0b111, may_fail & 0b111) == (0b101, 0b110)


def test_a_known_part_keeps_events_back() -> None:
    rule = one(made(rule_text("evt.type = openat and container.name = db")))
    parts = Parts([rule])
    formula = Stager(EventType.OPENAT, parts).outcome(rule.condition).may_hold
    record = bytes(1024)
    contained = bytearray(record)
    contained[OFFSETS[OpenRecord]["header.task.container"][0]] = 7
    for raw, word, right in ((record, 1, False), (contained, 0, False), (contained, 1, True)):
        frame = Frame(0, dict.fromkeys(Whose, (word, 1)))
        assert holds(formula, lambda probe: reads(probe, bytes(raw), frame)) is right  # noqa: B023 - used at once


def test_of_the_host_it_is_what_the_fields_are() -> None:
    event = Event(open_record(), PROCESS)
    for name in SETTLED:
        field = CATALOGUE[name]
        argument = "[a]" if field.subscript and field.many is None else ""
        for operator in ("exists", "in (host, N/A)"):
            if operator != "exists" and field.type.value == "bool":
                continue
            text = rule_text(f"evt.type = openat and {name}{argument} {operator}")
            for part in Parts(made(text).rules).of(Whose.CONTAINER):
                assert isinstance(part, Part)
                words = Parts(made(text).rules).words(Whose.CONTAINER, values_of(event))
                assert part.of_host() is bool(words[0] & 1), text


def test_fields_of_a_program_ask_for_the_process_alone() -> None:
    bare = Event(open_record(), PROCESS)
    other = Event(open_record(), PROCESS, (PROCESS,), CONTAINER, "/z", 5, 6, 7)
    for name in OF_PROGRAM:
        resolve = CATALOGUE[name].resolve
        assert resolve is not None
        assert resolve(bare) == resolve(other)
