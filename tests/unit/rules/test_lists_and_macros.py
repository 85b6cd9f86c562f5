"""Lists and macros: what they see, how they grow, and what keeps them from growing too much."""

from __future__ import annotations

import pytest

from stockade.rules.ruleset import build
from stockade.rules.show import condition_text
from stockade.rules.snippet import SourceFile
from tests.unit.rules.helpers import (
    diagnostics,
    errors,
    items,
    macro,
    made,
    only,
    outcome,
    rule,
    warnings,
)

APPEND_ITEMS = "  override: {items: append}\n"
APPEND_CONDITION = "  override: {condition: append}\n"
USE = rule("evt.type = open and proc.name in (l)")


def members(*texts: str) -> str:
    """What the list l is in a rule."""
    text = condition_text(only(*texts).condition)
    return text.partition("in (")[2].removesuffix(")")


@pytest.mark.parametrize(
    ("lists", "result"),
    [
        (items("l", "[a, b]"), "a, b"),
        (items("l", "[]"), ""),
        (items("l", "[1, true, 0x10]"), "1, true, 0x10"),
        (items("l", "['a b', '\"(x)\"']"), '"a b", "(x)"'),
        (items("k", "[a, b]") + items("l", "[k, c]"), "a, b, c"),
        (items("k", "[a, b]") + items("l", "['\"k\"', c]"), "k, c"),
        (items("l", "[k, c]") + items("k", "[a, b]"), "k, c"),
        (items("l", "[l, c]"), "l, c"),
        (items("l", "[a]") + items("l", "[b]"), "b"),
        (items("l", "[a]") + items("l", "[b]", APPEND_ITEMS), "a, b"),
        (items("l", "[a]") + items("l", "[b]", "  append: true\n"), "a, b"),
        (items("l", "[a]") + items("l", "[b]", "  override: {items: replace}\n"), "b"),
        (items("l", "[b]", "  override: {items: replace}\n"), "b"),
        (items("l", "[k]") + items("k", "[a]") + items("l", "[b]", APPEND_ITEMS), "a, b"),
        (items("l", "[k]") + items("k", "[a]") + items("l", "[k, b]"), "a, b"),
        (items("k", "[a]") + items("l", "[k]") + items("k", "[b]"), "b"),
        (items("k", "[a]") + items("l", "[k]") + items("k", "[b]", APPEND_ITEMS), "a, b"),
        (items("my-list.x", "[a]") + items("l", "[my-list.x]"), "a"),
    ],
)
def test_lists(lists: str, result: str) -> None:
    assert members(lists + USE) == result
    assert members(USE + lists) == result


def test_a_list_in_another_file() -> None:
    assert members(items("l", "[a]"), USE, items("l", "[b]", APPEND_ITEMS)) == "a, b"


def test_a_lists_name_is_a_list_only_where_lists_stand() -> None:
    text = items("l", "[a]") + rule("evt.type = open and proc.name = l")
    assert outcome(only(text), {"evt.type": "open", "proc.name": "l"}) is True


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("- list: l\n", "1:3", "has no items"),
        ("- list: l\n  items: x\n", "2:10", "expected a list"),
        ("- list: l\n  items:\n", "2:9", "expected a list"),
        ("- list: l\n  items: [[x]]\n", "2:11", "single value"),
        ("- list: l\n  items: [a, '\"\\q\"']\n", "2:14", "unknown escape"),
        ("- list:\n  items: [a]\n", "1:8", "is no name"),
        (items("a b", "[x]"), "1:9", "is no name"),
        (items("l", "[x]", APPEND_ITEMS), "1:3", "no list 'l' to change"),
        (items("l", "[x]", "  append: true\n"), "1:3", "no list 'l' to change"),
        (items("l", "[x]", "  override: {items: add}\n"), "3:21", "by 'add'"),
        (items("l", "[x]", "  override: {itms: append}\n"), "3:20", "cannot be overridden"),
        (items("l", "[x]", "  append: maybe\n"), "3:11", "not allowed"),
        (items("k", "[l]") + items("l", "[k]") + items("k", "[x]", APPEND_ITEMS), "", "itself"),
    ],
)
def test_mistakes_in_lists(text: str, place: str, message: str) -> None:
    (found,) = errors(text)
    assert found.startswith(f"a.yaml:{place}")
    assert message in found


def test_a_value_of_a_list_that_does_not_fit_is_told_where_it_is_written() -> None:
    text = items("l", "[1, one]") + rule("proc.pid in (l)")
    assert errors(text) == ["a.yaml:2:14: error: 'one' is no int, as proc.pid is"]


EVENT = {"evt.type": "open", "proc.name": "x", "proc.exe": "y"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (macro("m", "proc.name = x") + rule("m"), True),
        (rule("m") + macro("m", "proc.name = x"), True),
        (macro("m", "proc.name = x or proc.name = y") + rule("m and proc.exe = n"), False),
        (macro("m", "proc.name = n or proc.name = x") + rule("not m"), False),
        (macro("k", "proc.name = x") + macro("m", "k and proc.exe = y") + rule("m"), True),
        (macro("m", "proc.name = n") + rule("m") + macro("m", "proc.name = x"), True),
        (macro("m", "proc.name = n") + macro("m", "or proc.exe = y", APPEND_CONDITION), True),
        (macro("m", "proc.name = n") + macro("m", "or proc.exe = y", "  append: true\n"), True),
        (macro("m", "proc.name =") + macro("m", "x", APPEND_CONDITION), True),
        (
            macro("m", "n") + macro("n", "proc.name = x") + macro("m", "and n", APPEND_CONDITION),
            True,
        ),
        (macro("n", "proc.name = n") + macro("m", "n") + macro("n", "proc.name = x"), True),
        (macro("len", "proc.name = x") + rule("len"), True),
        (macro("nota", "proc.name = x") + rule("nota"), True),
        (macro("android", "proc.name = x") + rule("proc.exe = n or android"), True),
    ],
)
def test_macros(text: str, *, result: bool) -> None:
    if "- rule" not in text:
        text += rule("evt.type = open and m")
    assert outcome(only(text), EVENT) is result


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (macro("m", "n") + macro("n", "proc.name = x"), "2:14", "defined later"),
        (macro("m", "m"), "2:14", "itself"),
        (macro("m", "n"), "2:14", "unknown macro n"),
        (macro("m", "("), "2:15", "found the end"),
        (macro("m", "proc.nme = x"), "2:14", "unknown field"),
        (macro("m", "''"), "2:14", ""),
        ("- macro: m\n", "1:3", "has no condition"),
        ("- macro: m\n  condition: [x]\n", "2:14", "single value"),
        (macro("m-n", "proc.name = x"), "1:10", "is no name"),
        (macro("m.n", "proc.name = x"), "1:10", "is no name"),
        (macro("''", "proc.name = x"), "1:10", "is no name"),
        (macro("m", "proc.name = x", APPEND_CONDITION), "1:3", "no macro 'm' to change"),
        (macro("m", "proc.name = x", "  override: {items: append}\n"), "3:21", "overridden"),
        (
            macro("m", "proc.name = x")
            + macro("m", "or proc.exe = y", "  append: true\n" + APPEND_CONDITION),
            "5:11",
            "together",
        ),
    ],
)
def test_mistakes_in_macros_are_found_once_used_or_not(text: str, place: str, message: str) -> None:
    (found,) = errors(text)
    assert found.startswith(f"a.yaml:{place}: error:")
    assert message in found
    again = errors(text + rule("evt.type = open and m") + rule("evt.type = open or m", "s"))
    assert [each for each in again if message in each and place in each] == [found]


def test_a_cycle_through_changes_is_found() -> None:
    text = macro("a", "proc.name = x") + macro("b", "a") + macro("a", "or b", APPEND_CONDITION)
    assert "contains itself" in "\n".join(errors(text + rule("evt.type = open and b")))


def test_a_mistake_in_an_appended_part_has_its_own_place() -> None:
    text = macro("m", "proc.name = x") + macro("m", "or proc.nme = y", APPEND_CONDITION)
    assert errors(text) == ["a.yaml:4:17: error: unknown field proc.nme"]


def test_what_is_unused_or_replaced_is_told() -> None:
    text = macro("m", "proc.name in (k)") + items("l", "[a]") + items("k", "[a]")
    text += items("k", "[b]") + items("k", "[b]") + rule("evt.type = open")
    assert [each.rpartition(": ")[2] for each in warnings(text)] == [
        "macro m is not used",
        "list l is not used",
        "list 'k' replaces another one, at a.yaml:5:3",
    ]


def chain(length: int, step: str) -> str:
    """Macros m0, m1 ... of which each names the one before it."""
    first = macro("m0", "proc.name = x")
    return first + "".join(
        macro(f"m{i}", step.replace("PREVIOUS", f"m{i - 1}")) for i in range(1, length)
    )


@pytest.mark.parametrize(
    "text",
    [
        chain(400, "PREVIOUS") + rule("m399"),
        chain(400, "not (proc.exe = y or PREVIOUS)") + rule("m399"),
        chain(60, "PREVIOUS and PREVIOUS") + rule("m59"),
        chain(60, "(proc.name = a and (proc.name = b or " * 40 + "PREVIOUS" + "))" * 40)
        + rule("m59"),
        items("l0", "[a]")
        + "".join(items(f"l{i}", f"[l{i - 1}, l{i - 1}]") for i in range(1, 60))
        + rule("proc.name in (l59)"),
        items("l", "[" + "a," * 1000 + "]") + rule("proc.name in (" + "l," * 200 + "l)"),
    ],
    ids="chain nots doubling deep lists values".split(),
)
def test_what_grows_too_much_is_refused_quickly(text: str) -> None:
    assert {"a.yaml"} == {each.place.file for each in diagnostics(text)}


def test_what_grows_too_much_does_not_blame_others() -> None:
    text = chain(60, "PREVIOUS and PREVIOUS") + rule("m59") + rule("proc.name = x", "innocent")
    last = text.count("\n") - 4
    assert [each for each in errors(text) if each.startswith(f"a.yaml:{last}:")] == []


def test_lists_may_follow_each_other_without_end() -> None:
    text = items("l", "[a]") + "".join(
        items(f"l{i}", f"[l{i - 1 if i else ''}]") for i in range(400)
    )
    assert members(text + rule("evt.type = open and proc.name in (l399)")) == "a"


def test_macros_may_nest_as_deep_as_real_rules_do() -> None:
    (found,) = made(chain(50, "not (proc.exe = y or PREVIOUS)") + rule("m49")).rules
    assert outcome(found, {"proc.name": "x", "proc.exe": "n"}) is False


def test_what_a_node_adds() -> None:
    """To lists that there are; nothing in it is the name of a list."""
    source = SourceFile("a", items("k", "[b]") + items("l", "[a]") + USE)
    found = build([source], lists={"l": ["k", "x y"], "other": ["z"]})
    assert condition_text(found.rules[0].condition).endswith('in (a, k, "x y")')
