"""Policies made in a process of their own."""

from __future__ import annotations

import pytest

from stockade.events import EventType
from stockade.rules import Rule
from stockade.rules.lowering import apart, build, policy_key
from stockade.rules.lowering.apart import build_apart
from stockade.rules.lowering.parts import NO_PARTS, Parts
from tests.support.filters import packs, stock
from tests.support.rules import made, rule_text

KINDS = [EventType.OPENAT, EventType.UNLINK]


def rules(*conditions: str) -> tuple[Rule, ...]:
    return made(
        "".join(rule_text(each, name=each.partition(" and ")[0]) for each in conditions)
    ).rules


def test_it_is_the_same_policy() -> None:
    found = rules("evt.type = openat and fd.name = /x", "evt.type = unlink and user.uid = 0")
    assert build_apart(found, KINDS) == build(found, KINDS)
    assert set(build(found, KINDS).policy.filters) == set(KINDS)


def test_what_does_not_come_back_is_refused_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "policy_key", lambda *_: "another")
    built = build_apart(rules("evt.type = openat and fd.name = /x"), KINDS)
    (refusal,) = built.refusals
    assert built.policy.filters == {}
    assert refusal.kinds == tuple(KINDS)
    assert "not the same" in refusal.reason


def test_what_takes_too_long_is_refused_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "_BUILD_S", 0.001)
    (refusal,) = build_apart(rules("evt.type = openat and fd.name = /x"), KINDS).refusals
    assert "longer" in refusal.reason


def test_all_rules_come_back_as_what_they_are() -> None:
    for found in (packs(), stock()):
        again = apart.received(list(map(apart.sent, found)))
        assert policy_key(again, KINDS) == policy_key(found, KINDS)
        assert Parts(again).set == Parts(found).set


def test_what_a_macro_says_is_part_of_what_it_stands_in() -> None:
    macro = "- macro: m\n  condition: container.name = web and fd.name = /x\n"
    rule = rule_text("m and container.image = nginx and evt.type = openat")
    found = made(macro + rule).rules
    again = apart.received(list(map(apart.sent, found)))
    assert Parts(again).set == Parts(found).set != NO_PARTS.set
