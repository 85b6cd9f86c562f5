"""Compiled filters say what their formulas say: native code against plain Python."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.events import EventType, Verdict
from stockade.rules import Rule
from stockade.rules.lowering import search
from stockade.rules.lowering.automaton import STATE_BITS, automaton
from stockade.rules.lowering.formulas import Among, Number, Starts, Text
from stockade.rules.lowering.plan import plan
from tests.support.filters import Formulas, NativeFilters, packs, samples, stock
from tests.support.rules import made, rule_text

SEED = 20_260_419
TEXT = Text(8)
WORDS = st.binary(max_size=20).filter(lambda text: b"\0" not in text)


def agree(rules: tuple[Rule, ...], count: int) -> None:
    found = Formulas(rules)
    native = NativeFilters(found)
    verdicts = set()
    for each in samples(found, count, random.Random(SEED)):  # noqa: S311 - always the same ones
        if each.kind in native.kinds:
            assert native.verdict(each) is each.verdict, each
            verdicts.add(each.verdict)
    assert verdicts == {Verdict.DROP, Verdict.SUBMIT}


def test_packs() -> None:
    agree(packs(), 40)


def test_stock_rules() -> None:
    rules = stock()
    if not rules:
        pytest.skip("Falco's rule files are not here")
    agree(rules, 40)


def test_more_rules_than_bits_in_a_word() -> None:
    names = [f"/etc/{number}/{'x' * (number % 19)}" for number in range(150)]
    text = "".join(
        rule_text(f"evt.type = openat and fd.name startswith {name}", name=f"r{number}")
        for number, name in enumerate(names)
    )
    agree(made(text).rules, 300)


def test_conditions_over_several_columns() -> None:
    text = "".join(
        rule_text(f"evt.type in (openat, rename) and ({condition})", name=condition)
        for condition in (
            "fd.name contains passwd or proc.name = cat",
            "not fd.name contains /self/ and fd.name contains proc and user.uid = 0",
            "(fd.name startswith /etc and fd.name endswith d) or user.uid = 0 and fd.type = file",
            "evt.arg.flags contains O_CREAT or not fd.name endswith .so and not fd.type = block",
            "evt.arg.oldpath contains etc or evt.arg.newpath endswith .so",
        )
    )
    agree(made(text).rules, 400)


def test_what_cannot_be_told_has_no_filter() -> None:
    rules = made(rule_text("evt.type = openat and proc.sname = sh")).rules
    (formulas,) = [found for kind, found in Formulas(rules).items() if kind is EventType.OPENAT]
    assert plan(formulas) is None


@given(st.lists(st.tuples(WORDS, st.booleans()), max_size=12), WORDS)
def test_trees_find_what_strings_begin_with(
    patterns: list[tuple[bytes, bool]], value: bytes
) -> None:
    asked = [Starts(TEXT, *each) for each in patterns]
    tree = search.prefix_tree((each.prefix + b"\0" * each.whole, each) for each in asked)
    padded = value.ljust(-(-len(value) // 8) * 8, b"\0")
    words = [int.from_bytes(padded[at : at + 8], "big") for at in range(0, len(padded), 8)]
    right = {
        each
        for each in asked
        if (value == each.prefix if each.whole else value.startswith(each.prefix))
    }
    assert search.find(tree, words) == right


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=8), st.integers(0, 60))
def test_trees_find_ranges(ranges: list[tuple[int, int]], value: int) -> None:
    spans = [(min(pair), max(pair)) for pair in ranges]
    asked = {pair: Among(Number(0, 8), (pair,)) for pair in spans}
    tree = search.number_tree((*pair, probe) for pair, probe in asked.items())
    right = {probe for (low, high), probe in asked.items() if low <= value <= high}
    assert search.find(tree, [value]) == right


@given(st.lists(WORDS.filter(bool), min_size=1, max_size=6, unique=True), WORDS)
def test_automata_see_every_part(parts: list[bytes], value: bytes) -> None:
    found = automaton(parts)
    assert found is not None
    state = seen = 0
    for char in value:
        entry = found.table[state | found.classes[char]]
        state, seen = entry & (1 << STATE_BITS) - 1, seen | entry >> STATE_BITS
    assert seen == sum(1 << at for at, part in enumerate(parts) if part in value)
