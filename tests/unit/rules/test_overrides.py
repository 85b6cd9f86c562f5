"""Rules that change others: every key, each way of changing it, and what is refused."""

from __future__ import annotations

import pytest

from stockade.events import Action, Priority
from stockade.rules.keys import LIST_KEYS, MACRO_KEYS, RULE_KEYS, Maturity, Scope, Unknown
from stockade.rules.rule import Rule
from stockade.rules.show import condition_text
from tests.unit.rules.helpers import errors, only, rule, warnings

FALCO = {
    "condition": {"append", "replace"},
    "desc": {"append", "replace"},
    "output": {"append", "replace"},
    "tags": {"append", "replace"},
    "exceptions": {"append", "replace"},
    "priority": {"replace"},
    "enabled": {"replace"},
    "warn_evttypes": {"replace"},
    "skip-if-unknown-filter": {"replace"},
    "capture": {"replace"},
    "capture_duration": {"replace"},
    "source": set(),
}
OURS = {
    "action": {"replace"},
    "unknown": {"replace"},
    "undecidable": {"replace"},
    "scope": {"replace"},
    "maturity": {"replace"},
    "technique": {"append", "replace"},
    "false_positives": {"replace"},
    "tuning": {"replace"},
    "tests": {"append", "replace"},
}
EXCEPTION = "[{name: e, fields: proc.name, values: [a]}]"
TEST = "[{quiet: t, event: {evt.type: open}}]"
FULL = {
    "tags": "[a, b]",
    "exceptions": EXCEPTION,
    "enabled": "true",
    "warn_evttypes": "true",
    "skip__if__unknown__filter": "false",
    "capture": "false",
    "capture_duration": "1",
    "source": "syscall",
    "action": "audit",
    "unknown": "deny",
    "undecidable": "error",
    "scope": "any",
    "maturity": "stable",
    "technique": "[T1611]",
    "false_positives": "few",
    "tuning": "none",
    "tests": TEST,
}
BASE = rule("evt.type = open", **FULL)


def change(key: str, operation: str, value: str, name: str = "r") -> str:
    """A rule that overrides one key."""
    return f"- rule: {name}\n  {key}: {value}\n  override: {{{key}: {operation}}}\n"


def test_every_key_can_be_changed_as_in_falco() -> None:
    assert {name for name, key in RULE_KEYS.items() if key.falco} == set(FALCO)
    assert {name: set(key.operations) for name, key in RULE_KEYS.items()} == FALCO | OURS
    assert {name: set(key.operations) for name, key in MACRO_KEYS.items()} == {
        "condition": {"append", "replace"}
    }
    assert {name: set(key.operations) for name, key in LIST_KEYS.items()} == {
        "items": {"append", "replace"}
    }


def condition(of: Rule) -> str:
    """A rule's condition, lists and macros in their places."""
    return condition_text(of.condition)


@pytest.mark.parametrize(
    ("key", "operation", "value", "result"),
    [
        ("condition", "append", "and proc.pid = 1", "evt.type = open and proc.pid = 1"),
        ("condition", "append", "or proc.pid = 1", "evt.type = open or proc.pid = 1"),
        ("condition", "replace", "proc.pid = 1", "proc.pid = 1"),
        ("desc", "append", "more", "d more"),
        ("desc", "replace", "more", "more"),
        ("output", "append", "more", "o more"),
        ("output", "replace", "more", "more"),
        ("priority", "replace", "debug", Priority.DEBUG),
        ("tags", "append", "[b, c]", ("a", "b", "c")),
        ("tags", "replace", "[b, c]", ("b", "c")),
        ("enabled", "replace", "false", False),
        ("action", "replace", "kill", Action.KILL),
        ("unknown", "replace", "allow", Unknown.ALLOW),
        ("scope", "replace", "container", Scope.CONTAINER),
        ("maturity", "replace", "sandbox", Maturity.SANDBOX),
        ("technique", "append", "[T1552.001, T1611]", ("T1611", "T1552.001")),
        ("technique", "replace", "[T1552.001]", ("T1552.001",)),
        ("false_positives", "replace", "many", "many"),
        ("tuning", "replace", "much", "much"),
    ],
)
def test_changes(key: str, operation: str, value: str, result: object) -> None:
    base = BASE.replace(f"  exceptions: {EXCEPTION}\n", "")
    changed = only(base, change(key, operation, value))
    if key == "condition":
        assert condition(changed) == result
    elif key == "output":
        assert changed.output.parts == (result,)
    else:
        assert getattr(changed, key) == result


@pytest.mark.parametrize(("operation", "names"), [("append", ["t", "u"]), ("replace", ["u"])])
def test_tests_can_be_changed(operation: str, names: list[str]) -> None:
    added = "[{fires: u, event: {evt.type: open}}]"
    changed = only(BASE, change("tests", operation, added))
    assert [test.name for test in changed.tests] == names


@pytest.mark.parametrize(
    ("operation", "value", "result"),
    [
        ("append", "[{name: e, values: [b]}]", "not proc.name in (a, b)"),
        ("replace", "[{name: x, fields: proc.exe, values: [b]}]", "not proc.exe in (b)"),
        ("replace", "[]", ""),
    ],
)
def test_exceptions_can_be_changed(operation: str, value: str, result: str) -> None:
    changed = only(BASE, change("exceptions", operation, value))
    assert condition(changed).removeprefix("evt.type = open").removeprefix(" and ") == result


@pytest.mark.parametrize(
    ("key", "value", "results"),
    [
        ("warn_evttypes", "false", ("does not say which events", "")),
        ("skip-if-unknown-filter", "true", ("unknown field", "is left out")),
    ],
)
def test_what_silences_can_be_changed(key: str, value: str, results: tuple[str, str]) -> None:
    if key == "warn_evttypes":
        base = rule("proc.pid = 1")
        assert results[0] in warnings(base)[0]
        assert warnings(base, change(key, "replace", value)) == []
    else:
        base = rule("evt.type = open and proc.nme = x")
        assert results[0] in errors(base)[0]
        assert results[1] in warnings(base, change(key, "replace", value))[0]


REFUSED = sorted(
    (key, operation)
    for key, allowed in (FALCO | OURS).items()
    for operation in {"append", "replace", "delete", "Append", "''"} - allowed
)


@pytest.mark.parametrize(("key", "operation"), REFUSED)
def test_other_changes_are_refused(key: str, operation: str) -> None:
    value = FULL.get(key.replace("-", "__"), "debug" if key == "priority" else "x")
    (found,) = errors(BASE, change(key, operation, value))
    assert found.startswith(f"b.yaml:3:{16 + len(key)}: error: {key} cannot be overridden by")


NO_RULE = "b.yaml:1:3: error: no rule 'r' to change"


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("", change("desc", "append", "x"), NO_RULE),
        ("", change("desc", "replace", "x"), NO_RULE),
        ("", "- rule: r\n  enabled: false\n", NO_RULE),
        ("", "- rule: r\n  condition: proc.pid = 1\n  append: true\n", NO_RULE),
        (
            BASE,
            "- rule: r\n  desc: x\n  output: y\n  override: {desc: append}\n",
            "b.yaml:3:11: error: override does not say what to do with output",
        ),
        (
            BASE,
            "- rule: r\n  override: {desc: append}\n",
            "b.yaml:2:13: error: desc is to be overridden and is not given",
        ),
        (
            BASE,
            "- rule: r\n  desc: x\n  override: {name: append}\n",
            "b.yaml:3:20: error: name of a rule cannot be overridden",
        ),
        (
            BASE,
            "- rule: r\n  desc: x\n  append: true\n  override: {desc: append}\n",
            "b.yaml:3:11: error: append and override cannot be used together",
        ),
        (
            BASE,
            "- rule: r\n  desc: x\n  append: true\n",
            "b.yaml:1:3: error: nothing to append",
        ),
        (
            BASE,
            "- rule: r\n  desc: x\n  override: [desc]\n",
            "b.yaml:3:13: error: expected keys and values",
        ),
        (
            BASE,
            "- rule: r\n  desc: x\n  override: {desc: append, desc: replace}\n",
            "b.yaml:3:28: error: duplicate key desc",
        ),
        (
            BASE,
            change("condition", "append", "proc.pid = 1"),
            "b.yaml:2:14: error: expected and, or, or the end",
        ),
        (
            BASE,
            change("condition", "append", "and proc.nme = 1"),
            "b.yaml:2:18: error: unknown field",
        ),
        (BASE, change("output", "append", "'%proc.nme'"), "b.yaml:2:13: error: in the output"),
        (BASE, change("priority", "replace", "loud"), "b.yaml:2:13: error: 'loud'"),
        (BASE, change("desc", "replace", "''"), "b.yaml:2:9: error: must not be empty"),
        (BASE, "- rule: r\n", "b.yaml:1:3: error: rule 'r' has no condition and no desc"),
        (BASE, "- rule: r\n  desc: x\n", "b.yaml:1:3: error: rule 'r' has no condition and no"),
        (BASE, rule("evt.type = open", source="k8s_audit"), "b.yaml:1:3: error: rule 'r' exists"),
    ],
)
def test_mistakes(first: str, second: str, message: str) -> None:
    (found,) = errors(first, second)
    assert found.startswith(message)
