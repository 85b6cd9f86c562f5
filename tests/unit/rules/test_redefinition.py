"""Rules that are extended, switched and defined again, and what is left of them."""

from __future__ import annotations

import pytest

from stockade.rules.rule import Rule
from stockade.rules.show import condition_text
from tests.unit.rules.helpers import errors, items, macro, made, only, rule

EXCEPTION = "[{name: e, fields: proc.name, values: [a]}]"
BASE = rule("evt.type = open", tags="[a, b]", exceptions=EXCEPTION)


def change(key: str, operation: str, value: str, name: str = "r") -> str:
    """A rule that overrides one key."""
    return f"- rule: {name}\n  {key}: {value}\n  override: {{{key}: {operation}}}\n"


def condition(of: Rule) -> str:
    """A rule's condition, lists and macros in their places."""
    return condition_text(of.condition)


def test_an_old_append_extends_and_is_deprecated() -> None:
    second = "- rule: r\n  condition: and proc.pid = 1\n  desc: x\n  append: true\n"
    second += "  exceptions: [{name: e, values: [b]}]\n"
    changed = made(BASE, second)
    assert condition(changed.rules[0]) == (
        "evt.type = open and proc.pid = 1 and not proc.name in (a, b)"
    )
    assert changed.rules[0].desc == "d"
    assert [str(each) for each in changed.warnings] == [
        "b.yaml:3:9: warning: desc is ignored beside append",
        "b.yaml:4:11: warning: append is deprecated",
    ]


def test_append_false_defines() -> None:
    second = rule("evt.type = execve", append="false")
    changed = made(rule("evt.type = open"), second)
    assert [condition(each) for each in changed.rules] == ["evt.type = execve"]
    assert "replaces another one, at a.yaml:1:3" in str(changed.warnings[0])


@pytest.mark.parametrize("spelling", ["false", "False", "no", "off", "'false'"])
def test_a_rule_that_says_only_enabled_switches(spelling: str) -> None:
    changed = made(BASE, f"- rule: r\n  enabled: {spelling}\n")
    assert [each.enabled for each in changed.rules] == [False]
    assert changed.enabled == ()
    assert "deprecated" in str(changed.warnings[0])
    on = made(BASE, "- rule: r\n  enabled: false\n- rule: r\n  enabled: true\n")
    assert on.enabled == on.rules


def test_appended_parts_are_one_condition() -> None:
    """`old new`, not `(old) and (new)`."""
    base = rule("evt.type = open and proc.pid = 1")
    changed = only(base, change("condition", "append", "or proc.pid = 2 and proc.ppid = 3"))
    assert (
        condition(changed)
        == "(evt.type = open and proc.pid = 1) or (proc.pid = 2 and proc.ppid = 3)"
    )
    assert changed.text == "evt.type = open and proc.pid = 1 or proc.pid = 2 and proc.ppid = 3"


def test_several_keys_at_once_and_again() -> None:
    second = "- rule: r\n  desc: x\n  tags: [c]\n  override: {desc: replace, tags: append}\n"
    changed = only(BASE, second, change("desc", "append", "y"))
    assert (changed.desc, changed.tags) == ("x y", ("a", "b", "c"))


def test_a_changed_rule_stays_where_it_was_first() -> None:
    text = rule("evt.type = open", "a") + rule("evt.type = open", "b")
    text += change("desc", "append", "x", "a") + rule("evt.type = execve", "a")
    assert [each.name for each in made(text).rules] == ["a", "b"]


def test_a_rule_that_a_change_could_not_reach_is_still_read() -> None:
    text = rule("evt.type = open") + change("priority", "replace", "loud") + rule("bad", "s")
    assert [each.split(": error: ")[0] for each in errors(text)] == ["a.yaml:7:13", "a.yaml:11:14"]


def test_changes_of_a_rules_macros_and_lists_reach_it() -> None:
    text = items("l", "[a]") + macro("m", "proc.name in (l)") + rule("evt.type = open and m")
    later = items("l", "[b]", "  override: {items: append}\n")
    assert condition(only(text, later)) == "evt.type = open and proc.name in (a, b)"
