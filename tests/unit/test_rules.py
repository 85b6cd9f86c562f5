"""The rule language's first front end: what it takes, what it means, what it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from stockade.errors import RuleErrors
from stockade.events import ABSENT, UNKNOWN, EventType, Priority, Value
from stockade.rules import Engine, Rule, load_rules
from stockade.rules.evaluate import evaluate
from stockade.rules.ruleset import build
from stockade.rules.source import SourceFile
from tests.support.records import event, exec_record

HEAD = """
- macro: opened
  condition: evt.type in (open, openat)
- list: names
  items: [cat, head]
- list: more_names
  items: [names, tail]
"""


def rule(condition: str, **keys: str) -> str:
    """One rule with this condition."""
    extra = "".join(f"  {key}: {value}\n" for key, value in keys.items())
    return f"""
- rule: r
  desc: d
  condition: {condition}
  output: o
  priority: WARNING
{extra}"""


def made(text: str) -> list[Rule]:
    return build([SourceFile("rules.yaml", text)])


def holds(condition: str, values: Mapping[str, Value]) -> bool | None:
    (only,) = made(HEAD + rule(condition))
    return evaluate(only.condition, lambda name: values[name])


def errors(text: str) -> list[str]:
    with pytest.raises(RuleErrors) as caught:
        made(text)
    return [
        f"{error} [{error.hint}]" if error.hint else str(error) for error in caught.value.errors
    ]


@pytest.mark.parametrize(
    ("condition", "value", "result"),
    [
        ("proc.name = cat", "cat", True),
        ("proc.name == cat", "cat", True),
        ("proc.name = cat", "Cat", False),
        ("proc.name != cat", "cat", False),
        ("proc.name != cat", "dog", True),
        ('proc.name = "two words"', "two words", True),
        ("proc.name = 'it''s'", "its", None),
        ("proc.name contains at", "cat", True),
        ("proc.name startswith ca", "cat", True),
        ("proc.name startswith at", "cat", False),
        ("proc.name endswith at", "cat", True),
        ("proc.name in (cat, dog)", "dog", True),
        ("proc.name in (names)", "head", True),
        ("proc.name in (more_names)", "cat", True),
        ("proc.name in (more_names)", "names", False),
        ('proc.name in ("names")', "names", True),
        ("proc.name in ()", "cat", False),
        ("proc.name exists", "", True),
    ],
)
def test_strings(condition: str, value: str, *, result: bool | None) -> None:
    if result is None:
        assert errors(rule(condition))
        return
    assert holds(condition, {"proc.name": value}) is result


@pytest.mark.parametrize(
    ("condition", "value", "result"),
    [
        ("proc.pid = 10", 10, True),
        ("proc.pid = 0xa", 10, True),
        ("proc.pid != 10", 10, False),
        ("proc.pid < 10", 9, True),
        ("proc.pid <= 10", 10, True),
        ("proc.pid > 10", 10, False),
        ("proc.pid >= 10", 10, True),
        ("proc.pid in (1, 10)", 10, True),
        ("evt.rawres < 0", -2, True),
        ("evt.rawres = -2", -2, True),
    ],
)
def test_numbers(condition: str, value: int, *, result: bool) -> None:
    assert holds(condition, {"proc.pid": value, "evt.rawres": value}) is result


def test_booleans() -> None:
    assert holds("evt.failed = true", {"evt.failed": True}) is True
    assert holds("evt.failed = false", {"evt.failed": True}) is False


def test_a_list_field_holds_when_an_element_does() -> None:
    assert holds("proc.aname = sh", {"proc.aname": ("cron", "sh")}) is True
    assert holds("proc.aname in (a, b)", {"proc.aname": ("cron", "sh")}) is False


A, U = ABSENT, UNKNOWN


@pytest.mark.parametrize(
    ("condition", "first", "second", "result"),
    [
        ("proc.name = x", A, "", False),
        ("not proc.name = x", A, "", True),
        ("proc.name != x", A, "", False),
        ("proc.name exists", A, "", False),
        ("proc.name = x", U, "", None),
        ("not proc.name = x", U, "", None),
        ("proc.name exists", U, "", None),
        ("proc.name = x and proc.exe = y", U, "n", False),
        ("proc.name = x and proc.exe = y", U, "y", None),
        ("proc.name = x or proc.exe = y", U, "y", True),
        ("proc.name = x or proc.exe = y", U, "n", None),
        ("not (proc.name = x or proc.exe = y)", U, "y", False),
        ("proc.name = x or proc.name = y and proc.exe = z", "x", "n", True),
        ("(proc.name = x or proc.name = y) and proc.exe = z", "x", "n", False),
        ("not proc.name = x and proc.exe = y", "x", "y", False),
        ("not not proc.name = x", "x", "", True),
    ],
)
def test_three_values_and_precedence(
    condition: str, first: Value, second: Value, *, result: bool | None
) -> None:
    assert holds(condition, {"proc.name": first, "proc.exe": second}) is result


def test_a_rule_has_everything_that_was_written() -> None:
    (only,) = made(
        rule("proc.name = cat", tags="[a, b]", technique="[T1611]").replace(
            "output: o", 'output: "%proc.name did %fd.name"'
        )
    )
    assert (only.name, only.desc, only.priority) == ("r", "d", Priority.WARNING)
    assert (only.tags, only.technique) == (("a", "b"), ("T1611",))
    assert only.output.fields == ("proc.name", "fd.name")
    values: dict[str, Value] = {"proc.name": "cat", "fd.name": UNKNOWN}
    assert only.output.render(values.__getitem__) == "cat did <NA>"
    assert str(only.place) == "rules.yaml:2:3"


def test_a_rule_can_be_switched_off() -> None:
    assert made(rule("proc.name = cat", enabled="false")) == []


def test_macros_may_follow_their_use_and_nest() -> None:
    text = rule("outer") + "- macro: outer\n  condition: inner and proc.pid > 1\n"
    text += "- macro: inner\n  condition: proc.name = cat\n"
    (only,) = made(text)
    values: dict[str, Value] = {"proc.name": "cat", "proc.pid": 2}
    assert evaluate(only.condition, values.__getitem__) is True


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("proc.nme = x", "rules.yaml:4:14: unknown field proc.nme [did you mean proc.name"),
        ("opend", "4:14: unknown macro opend"),
        ("proc.pid contains 1", "4:14: contains does not apply to proc.pid, which is of type uint"),
        ("proc.name > 1", "4:14: > does not apply to proc.name"),
        ("proc.pid = one", "4:14: 'one' is no uint, as proc.pid is"),
        ("evt.failed = yes", "4:14: 'yes' is no bool"),
        ("proc.pid[1] = 2", "4:14: proc.pid has no elements"),
        ("proc.name = x and", "4:31: expected a field or a macro, found the end"),
        ("(proc.name = x", "4:28: expected a closing parenthesis"),
        ("proc.name = x)", "4:27: expected and, or, or the end"),
        ("proc.name in x", "4:27: expected an opening parenthesis"),
        ("proc.name in (a b)", "4:30: expected a comma"),
        ("proc.name = ", "4:25: expected a value"),
        ("proc.name = 'x", "4:26: unexpected"),
        ("= x", "4:14: expected a field or a macro"),
        ("and", "4:14: expected a field or a macro"),
        ("proc.name ! x", "4:24: unexpected '!'"),
    ],
)
def test_mistakes_in_conditions_have_a_place(condition: str, message: str) -> None:
    (only,) = errors(rule(condition))
    assert message in only


def test_a_place_in_a_block_is_the_files_own() -> None:
    text = rule(">\n    proc.name = cat\n    and proc.nme = x")
    assert errors(text)[0].startswith("rules.yaml:6:9: unknown field proc.nme")


def test_every_mistake_is_told_at_once() -> None:
    text = rule("proc.nme = x", priority="LOUD").replace("  priority: WARNING\n", "")
    text += "- macro: m\n  condition: (\n- lst: x\n  items: []\n- rule: s\n  desc: d\n"
    found = "\n".join(errors(text))
    for part in (
        "unknown field",
        "'LOUD' is no priority",
        "found the end",
        "unknown kind",
        "lacks",
    ):
        assert part in found, part


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not YAML"),
        ("rule: x", "is a list of rules"),
        ("- x", "expected an entry"),
        ("- []", "expected an entry"),
        ("- rule: [x]", "expected a single value"),
        ("- list: l\n  items: x", "items must be a list"),
        ("- list: l\n  items: [[x]]", "expected a single value"),
        ("- list: l\n  items: []\n  items: []", "duplicate key items"),
        ("- list: l\n  items: []\n- list: l\n  items: []", "defined twice"),
        ("- list: l\n  items: []\n  itms: []", "unknown key itms [did you mean items?]"),
        ("- macro: m\n  condition: m\n" + rule("m"), "macro m contains itself"),
        ("- rule: \x00", "not YAML"),
        (rule("proc.name = x").replace("output: o", "output: '%proc.nme'"), "unknown field %proc"),
        (rule("(" * 100 + "proc.name = x" + ")" * 100), "nested deeper"),
        (rule("not " * 100 + "proc.name = x"), "nested deeper"),
    ],
)
def test_mistakes_in_files(text: str, message: str) -> None:
    assert message in "\n".join(errors(text))


def test_an_empty_file_has_no_rules() -> None:
    assert made("") == made("# nothing\n") == []


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(RuleErrors, match="1 error"):
        load_rules([tmp_path])
    with pytest.raises(RuleErrors):
        load_rules([tmp_path / "missing.yaml"])


def test_the_shipped_packs_are_in_order() -> None:
    rules = load_rules([Path(__file__).parents[2] / "rules"])
    assert len(rules) == 7
    for each in rules:
        assert each.technique, each.name
        assert each.tags, each.name


def test_only_what_rules_ask_for_is_wanted() -> None:
    text = HEAD + rule("opened and container.id != host")
    text += rule("evt.type = execve").replace("- rule: r", "- rule: s")
    engine = Engine(made(text))
    assert engine.wanted(host=False) == {EventType.OPEN, EventType.OPENAT, EventType.EXECVE}
    assert engine.wanted(host=True) == {EventType.EXECVE}


def test_an_event_fires_the_rules_that_hold_for_it() -> None:
    text = HEAD + rule("opened and proc.name = cat and proc.aname[1] = sh")
    text += rule("opened and container.image = x").replace("- rule: r", "- rule: unknown")
    engine = Engine(made(text))
    assert [each.name for each in engine.fired(event())] == ["r"]
    assert list(engine.fired(event(exec_record()))) == []
