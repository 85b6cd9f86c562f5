"""Files: what YAML may look like, what stands at the top, what is refused and where."""

from __future__ import annotations

import pytest

from tests.unit.rules.helpers import diagnostics, errors, items, macro, made, only, rule

GOOD = rule("evt.type = open")


@pytest.mark.parametrize(
    "text",
    ["", "\n", "# nothing\n", "---\n", "---\n---\n...\n", "~", "null\n", "[]", "-\n-\n", "- ~\n"],
)
def test_files_without_anything(text: str) -> None:
    assert made(text).rules == ()
    assert made(text).warnings == ()


@pytest.mark.parametrize(
    "text",
    [
        f"---\n{GOOD}",
        f"%YAML 1.1\n---\n{GOOD}...\n",
        f"-\n{GOOD}-\n- null\n",
        f"{GOOD}---\n---\n{items('l', '[]')}",
        GOOD.replace("- rule: r", "- 'rule': \"r\""),
        "[{rule: r, desc: d, condition: evt.type = open, output: o, priority: NOTICE}]",
        '[{"rule":"r","desc":"d","condition":"evt.type = open","output":"o","priority":"info"}]',
        GOOD.replace("\n", "\r\n"),
        "\ufeff" + GOOD,
        GOOD + "  exceptions:\n  tags:\n  enabled:\n  source:\n  append:\n  override:\n",
        GOOD.replace("evt.type = open", "&c evt.type = open") + "  tuning: *c\n",
    ],
)
def test_one_rule_in_many_ways(text: str) -> None:
    assert (only(text).name, only(text).text) == ("r", "evt.type = open")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{", "1:2: error: not YAML"),
        ("rule: x", "1:1: error: expected a list of entries"),
        ("x", "1:1: error: expected a list of entries"),
        (f"{GOOD}---\nrule: x\n", "7:1: error: expected a list of entries"),
        ("- x", "1:3: error: expected an entry"),
        ("- []", "1:3: error: expected an entry"),
        ("- {}", "1:3: error: expected an entry"),
        ("- rule: [x]\n", "1:3: error: a rule needs a name"),
        ("- rule:\n", "1:3: error: a rule needs a name"),
        ("- rule: x\n  rule: y\n", "2:3: error: duplicate key rule"),
        (GOOD + "  desc: x\n", "6:3: error: duplicate key desc"),
        ("- ? [a]\n  : b\n", "1:5: error: expected a single value"),
        ("- rule: x\n - y\n", "2:2: error: not YAML"),
        ("- *x\n", "1:3: error: not YAML: found undefined alias"),
        ("- &a [*a]\n", "1:3: error: expected an entry"),
        ("- rule: &a\n    x: *a\n", "1:3: error: a rule needs a name"),
        ("- rule: \x00\n", "1:9: error: not YAML"),
        ("# éé\n- rule: \x00\n", "2:9: error: not YAML"),
        ("- rule: \x07\n", "1:9: error: not YAML"),
        ("\t- rule: x\n", "1:1: error: not YAML"),
        ("- rule: 'x\n", "2:1: error: not YAML"),
        ("%YAML 3.0\n---\n- x\n", "1:1: error: not YAML"),
        ("- a: b: c\n", "1:7: error: not YAML"),
        (GOOD.replace("desc: d", "desc: [d]"), "2:9: error: expected a single value"),
        (GOOD.replace("desc: d", "desc: ''"), "2:9: error: must not be empty"),
        (GOOD.replace("output: o", "output: ' '"), "4:11: error: must not be empty"),
        (GOOD.replace("evt.type = open", "''"), "3:14: error: must not be empty"),
        (GOOD.replace("evt.type = open", "~"), "1:3: error: rule 'r' has no condition"),
        (GOOD.replace("  desc: d\n", ""), "1:3: error: rule 'r' has no desc"),
        (GOOD.replace("WARNING", "LOUD"), "5:13: error: 'LOUD' is not allowed here"),
        (GOOD + "  tags: x\n", "6:9: error: expected a list"),
        (GOOD + "  tags: [[x]]\n", "6:10: error: expected a single value"),
        (GOOD + "  enabled: 1\n", "6:12: error: '1' is not allowed here"),
        (GOOD + "  action: allow\n", "6:11: error: 'allow' is not allowed here"),
        (GOOD + "  scope: pod\n", "6:10: error: 'pod' is not allowed here"),
        (GOOD + "  unknown: maybe\n", "6:12: error: 'maybe' is not allowed here"),
        (GOOD + "  technique: [T1]\n", "6:15: error: 'T1' is no ATT&CK technique"),
    ],
)
def test_mistakes(text: str, found: str) -> None:
    assert [each[: len(f"a.yaml:{found}")] for each in errors(text)] == [f"a.yaml:{found}"]


@pytest.mark.parametrize(
    "spelling", ["Emergency", "ALERT", "critical", "Error", "info", "INFORMATIONAL", "debug"]
)
def test_priorities_in_any_case(spelling: str) -> None:
    wanted = {"info": "informational"}.get(spelling, spelling.lower())
    assert only(rule("evt.type = open", priority=spelling)).priority.value.lower() == wanted


@pytest.mark.parametrize("text", ["[" * 200_000, "{" * 200_000, "- " * 200_000, "? " * 200_000])
def test_deep_nesting_is_refused_quickly(text: str) -> None:
    (found,) = errors(text)
    assert "nested deeper than 16 levels" in found


@pytest.mark.parametrize(
    "condition", ["(" * 200_000, "tolower(" * 100_000, "a" + ".a" * 150_000 + " = 1"]
)
def test_long_conditions_are_refused_quickly(condition: str) -> None:
    assert len(errors(rule(condition))) == 1


def test_a_long_field_in_an_output_is_refused_quickly() -> None:
    assert len(errors(rule("evt.type = open", output="'%a" + ".a" * 4000 + "'"))) == 1


def test_aliases_that_multiply_are_refused_quickly() -> None:
    text = "- list: l\n  items: &i [" + "a," * 10_000 + "]\n"
    text += "".join(items(f"l{i}", "*i") for i in range(200))
    assert any("more than 262144 values in one file" in each for each in errors(text))


def test_everything_is_told_at_once() -> None:
    first = rule("proc.nme = x", output="'%fd.nme'") + macro("m", "(") + rule("m", "uses m")
    second = "- list: l\n" + rule("n", "s", priority="LOUD") + rule("evt.type = opne", "t")
    assert sorted(each.split(": error: ")[0] for each in errors(first, second)) == [
        "a.yaml:3:14",
        "a.yaml:4:13",
        "a.yaml:7:15",
        "b.yaml:1:3",
        "b.yaml:6:13",
        "b.yaml:9:25",
    ]


def test_a_diagnostic_has_a_hint_where_there_is_one() -> None:
    (found,) = diagnostics(rule("proc.nme = x") + "  priorty: x\n")[1:]
    assert (found.message, found.hint) == (
        "unknown key priorty in a rule",
        "did you mean priority?",
    )
