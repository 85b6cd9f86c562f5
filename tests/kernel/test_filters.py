"""Filters in the kernel say what plain Python says of the same records."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from stockade.errors import LoadError
from stockade.events import EventType, Policy, Program, Verdict, View
from stockade.events._records import SLOT
from stockade.kernel.bpf import Map, Object
from stockade.kernel.filters import LoadedPolicy
from stockade.kernel.images import object_image
from stockade.rules import Rule
from stockade.rules.lowering.policies import build
from stockade.rules.lowering.staging import FILTERED
from tests.support.filters import Sample, formulas_of, packs, samples, slot_of, stock
from tests.support.raw_records import RawRecord
from tests.support.rules import made, rule_text

SEED = 20_260_420
VERDICT = SLOT["frame.verdict"]
UNTOUCHED = 0xAAAAAAAA


@pytest.fixture(scope="module")
def slots() -> Iterator[Map]:
    """Slots that nobody else writes to."""
    with Object(object_image("stockade"), "stockade") as loaded:
        for program in loaded.programs():
            loaded.set_autoload(program, on=False)
        loaded.load()
        yield loaded.map("slots")


def verdict(policy: LoadedPolicy, slots: Map, sample: Sample) -> Verdict:
    cpus = len(slots.lookup_percpu(bytes(4)))
    slots.update(bytes(4), bytes(slot_of(sample)) * cpus)
    policy.run(policy.filters[sample.kind])
    found = {
        int.from_bytes(value[VERDICT : VERDICT + 4], "little")
        for value in slots.lookup_percpu(bytes(4))
    }
    (answer,) = found - {UNTOUCHED}
    return Verdict(answer)


def agree(rules: tuple[Rule, ...], slots: Map, count: int) -> None:
    built = build(rules, FILTERED)
    assert built.refusals == ()
    seen = set()
    with LoadedPolicy(built.policy, {"slots": slots}, None) as policy:
        for each in samples(formulas_of(rules), count, random.Random(SEED)):  # noqa: S311 - the same
            if each.kind in policy.filters:
                assert verdict(policy, slots, each) is each.verdict, each
                seen.add(each.verdict)
    assert seen == {Verdict.DROP, Verdict.SUBMIT}


def test_packs(slots: Map) -> None:
    agree(packs(), slots, 12)


def test_stock_rules(slots: Map) -> None:
    rules = stock()
    if not rules:
        pytest.skip("Falco's rule files are not here")
    agree(rules, slots, 12)


def test_a_record_whose_task_is_not_all_there_goes_up(slots: Map) -> None:
    built = build(made(rule_text("evt.type = openat and proc.vpid = 7")).rules, FILTERED)
    raw = RawRecord(EventType.OPENAT, random.Random(SEED)).bytes()  # noqa: S311 - the same
    in_parts = Sample(EventType.OPENAT, raw, View.SAME, Verdict.SUBMIT, whole=False)
    with LoadedPolicy(built.policy, {"slots": slots}, None) as policy:
        assert verdict(policy, slots, replace(in_parts, whole=True)) is Verdict.DROP
        assert verdict(policy, slots, in_parts) is Verdict.SUBMIT


def test_what_the_kernel_refuses_is_an_error_with_its_log(slots: Map) -> None:
    endless = Program(b"\x05\x00\xff\xff\x00\x00\x00\x00", {}, {})
    with pytest.raises(LoadError) as caught:
        LoadedPolicy(Policy((endless,), {}), {"slots": slots}, None)
    assert caught.value.log
