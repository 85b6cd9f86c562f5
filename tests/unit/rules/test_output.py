"""Output texts and their fields."""

from __future__ import annotations

import pytest

from stockade.events import ABSENT, UNKNOWN, Value
from tests.unit.rules.helpers import errors, indented, lookup, only, rule, warnings

VALUES: dict[str, Value] = {
    "proc.name": "cat",
    "proc.pid": 7,
    "evt.failed": True,
    "proc.exe": ABSENT,
    "proc.cwd": UNKNOWN,
    "proc.aname": ("sh", UNKNOWN, "init"),
    "proc.aname[2]": "init",
    "evt.buffer": b"a\xff",
    "evt.time": "now",
    "evt.time.s": "12:00",
    "evt.arg.flags": "O_RDONLY",
    "container.id": "box",
    "container.label[app]": "web",
    "container.label[a/b-c]": "x",
    "fd.name": "/a b\n\udcff",
}


def rendered(output: str) -> str:
    """An output's text for VALUES; operands are looked up without their functions."""
    text = rule("evt.type = open", output=indented(output))
    return only(text).output.render(lookup(VALUES))


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ("nothing", "nothing"),
        ("%proc.name", "cat"),
        ("a %proc.name b", "a cat b"),
        ("%proc.name%proc.pid", "cat7"),
        ("%proc.name.", "cat."),
        ("%proc.name...", "cat..."),
        ("(%proc.name)", "(cat)"),
        ("%proc.name,%proc.pid;", "cat,7;"),
        ("%evt.time %evt.time.s", "now 12:00"),
        ("%evt.failed", "true"),
        ("%proc.exe %proc.cwd", "<NA> <NA>"),
        ("%proc.aname", "sh <NA> init"),
        ("%proc.aname[2]", "init"),
        ("%evt.buffer", "a\udcff"),
        ("%evt.arg.flags %evt.arg[flags]", "O_RDONLY O_RDONLY"),
        ("%container.label.app %container.label[a/b-c]", "web x"),
        ("%fd.name", "/a b\n\udcff"),
        ("100% of %proc", "100% of %proc"),
        ("%", "%"),
        ("%%proc.name", "%cat"),
        ("% proc.name", "% proc.name"),
        ("%toupper(proc.name)", "cat"),
        ("%len(basename(proc.name))!", "cat!"),
        ("%proc.name (proc.pid)", "cat (proc.pid)"),
        ("two\nlines %proc.pid", "two lines 7"),
        ("é %proc.name é", "é cat é"),
        ("a=%proc.name b=%proc.pid", "a=cat b=7"),
    ],
)
def test_outputs(output: str, text: str) -> None:
    assert rendered(output) == text


def test_an_operand_knows_its_functions() -> None:
    of = only(rule("evt.type = open", output="'%len(basename(proc.name)) %proc.aname[1]'"))
    assert [str(each) for each in of.output.operands] == [
        "len(basename(proc.name))",
        "proc.aname[1]",
    ]


def test_appended_text_is_set_apart_by_a_space() -> None:
    change = "- rule: r\n  output: pid=%proc.pid\n  override: {output: append}\n"
    of = only(rule("evt.type = open", output="'%proc.name'"), change)
    assert of.output.render(lookup(VALUES)) == "cat pid=7"


def test_container_info_is_left_out_with_a_warning() -> None:
    text = rule("evt.type = open", output='"a %container.info %proc.name"')
    (found,) = warnings(text)
    assert found.startswith("a.yaml:4:14: warning: %container.info is not needed")
    assert only(text).output.render(lookup(VALUES)).split() == ["a", "cat"]


@pytest.mark.parametrize(
    ("output", "place", "message"),
    [
        ("'%proc.nme'", "4:13", "unknown field proc.nme"),
        ("'%proc.name %fd.nme.'", "4:24", "unknown field fd.nme"),
        ("'%proc.pid[1]'", "4:13", "has no elements"),
        ("'%proc.aname[x]'", "4:13", "has no element 'x'"),
        ("'%container.label'", "4:13", "needs a name"),
        ("'%len(proc.pid)'", "4:13", "does not apply"),
        ("'%len(basename(proc.name)'", "4:36", "closing parenthesis"),
        (">\n    a\n    %proc.nme", "6:6", "unknown field"),
    ],
)
def test_mistakes(output: str, place: str, message: str) -> None:
    (found,) = errors(rule("evt.type = open", output=output))
    assert found.startswith(f"a.yaml:{place}: error: in the output: ")
    assert message in found


def test_every_unknown_field_is_told() -> None:
    found = errors(rule("evt.type = open", output="'%proc.nme and %fd.nme'"))
    assert [each.split(": ")[0] for each in found] == ["a.yaml:4:13", "a.yaml:4:27"]
