"""Exceptions: when they hold, how they grow, and what is refused."""

from __future__ import annotations

import pytest

from stockade.events import ABSENT, UNKNOWN, Value
from stockade.rules.show import condition_text
from tests.unit.rules.helpers import errors, items, only, outcome, rule

LISTS = items("l", "[a, b]")
APPEND = "- rule: r\n  override: {exceptions: append}\n  exceptions: "


def excepted(exceptions: str, *more: str) -> str:
    """What is added to a rule's condition."""
    text = LISTS + rule("evt.type = open", exceptions=exceptions)
    shown = condition_text(only(text, *more).condition)
    return shown.removeprefix("evt.type = open").removeprefix(" and ")


@pytest.mark.parametrize(
    ("exception", "shown"),
    [
        ("fields: proc.name, values: [a, b]", "not proc.name in (a, b)"),
        ("fields: proc.name, values: [l, c]", "not proc.name in (a, b, c)"),
        ("fields: proc.name, values: ['\"l\"', 'x y']", 'not proc.name in (l, "x y")'),
        ("fields: proc.name, comps: in, values: [a]", "not proc.name in (a)"),
        ("fields: fd.name, comps: pmatch, values: [/a]", "not fd.name pmatch (/a)"),
        (
            "fields: container.mounts, comps: intersects, values: [/a]",
            "not container.mounts intersects (/a)",
        ),
        ("fields: 'proc.aname[2]', values: [a]", "not proc.aname[2] in (a)"),
        ("fields: tolower(proc.name), values: [a]", "not tolower(proc.name) in (a)"),
        ("fields: proc.pid, values: [1, 0x2]", "not proc.pid in (1, 2)"),
        ("fields: proc.name, values: []", ""),
        ("fields: proc.name, values: ~", ""),
        ("fields: proc.name", ""),
        ("fields: [proc.name]", ""),
        ("fields: [proc.name], values: [[a]]", "not proc.name = a"),
        ("fields: [proc.name], values: [[a], [b]]", "not (proc.name = a or proc.name = b)"),
        (
            "fields: [proc.name, proc.exe], values: [[a, b]]",
            "not (proc.name = a and proc.exe = b)",
        ),
        (
            "fields: [proc.name, proc.exe], values: [[a, b], [c, d]]",
            "not ((proc.name = a and proc.exe = b) or (proc.name = c and proc.exe = d))",
        ),
        (
            "fields: [proc.name, fd.name], comps: [in, startswith], values: [[[a, b], /c]]",
            "not (proc.name in (a, b) and fd.name startswith /c)",
        ),
        (
            "fields: [proc.name, proc.pid], comps: [in, '>'], values: [[l, 3]]",
            "not (proc.name in (a, b) and proc.pid > 3)",
        ),
        (
            "fields: [proc.name, proc.exe], comps: [in, ==], values: [['(a, \"b c\")', d]]",
            'not (proc.name in (a, "b c") and proc.exe = d)',
        ),
        ("fields: [proc.name], comps: ['!='], values: [['']]", 'not proc.name != ""'),
        ("fields: [proc.name], values: [['it''s']]", 'not proc.name = "it\'s"'),
    ],
)
def test_shapes(exception: str, shown: str) -> None:
    assert excepted(f"[{{name: e, {exception}}}]") == shown


def test_every_exception_is_one_more_condition() -> None:
    shown = excepted(
        "[{name: e, fields: proc.name, values: [a]}, {name: f, fields: proc.exe, values: [b]}]"
    )
    assert shown == "not proc.name in (a) and not proc.exe in (b)"


def test_the_whole_condition_is_excepted_from() -> None:
    text = rule(
        "evt.type = open or evt.type = execve",
        exceptions="[{name: e, fields: proc.name, values: [a]}]",
    )
    assert outcome(only(text), {"evt.type": "open", "proc.name": "a"}) is False
    assert outcome(only(text), {"evt.type": "execve", "proc.name": "b"}) is True


@pytest.mark.parametrize(
    ("name", "exe", "result"),
    [
        ("a", "b", False),
        ("a", "x", True),
        ("x", "b", True),
        (ABSENT, "b", True),
        (UNKNOWN, "b", None),
        (UNKNOWN, "x", True),
        (UNKNOWN, ABSENT, True),
    ],
)
def test_what_is_missing_excepts_nothing(name: Value, exe: Value, *, result: bool | None) -> None:
    exception = "[{name: e, fields: [proc.name, proc.exe], values: [[a, b]]}]"
    of = only(rule("evt.type = open", exceptions=exception))
    values: dict[str, Value] = {"evt.type": "open", "proc.name": name, "proc.exe": exe}
    assert outcome(of, values) is result


@pytest.mark.parametrize(
    ("first", "added", "shown"),
    [
        (
            "[{name: e, fields: proc.name, values: [a]}]",
            "[{name: e, values: [b]}]",
            "not proc.name in (a, b)",
        ),
        ("[{name: e, fields: proc.name}]", "[{name: e, values: [b]}]", "not proc.name in (b)"),
        (
            "[{name: e, fields: [proc.name], comps: [contains]}]",
            "[{name: e, values: [[b]]}]",
            "not proc.name contains b",
        ),
        (
            "[{name: e, fields: proc.name, values: [a]}]",
            "[{name: f, fields: proc.exe, values: [b]}]",
            "not proc.name in (a) and not proc.exe in (b)",
        ),
        ("[{name: e, fields: proc.name}]", "[{name: e}]", ""),
        ("[]", "[{name: f, fields: proc.exe, comps: in, values: [b]}]", "not proc.exe in (b)"),
    ],
)
def test_values_and_exceptions_can_be_appended(first: str, added: str, shown: str) -> None:
    assert excepted(first, f"{APPEND}{added}\n") == shown


def test_an_appended_part_can_be_the_first() -> None:
    added = f"{APPEND}[{{name: e, fields: proc.name, values: [a]}}]\n"
    of = only(rule("evt.type = open"), added)
    assert condition_text(of.condition) == "evt.type = open and not proc.name in (a)"


EXCEPTION = "[{name: e, fields: proc.name, values: [a]}]"


@pytest.mark.parametrize(
    ("added", "column", "message"),
    [
        ("[{name: e, fields: proc.name, values: [b]}]", 16, "only values can be appended"),
        ("[{name: e, comps: in, values: [b]}]", 16, "only values can be appended"),
        ("[{name: f, values: [b]}]", 16, "has no fields"),
        ("[{name: f, fields: proc.exe}]", 16, "has no values"),
        ("[{values: [b]}]", 16, "needs a name"),
        ("[{name: e, values: [[b]]}]", 35, "single value"),
        ("[{name: e, values: [b]}, {name: e, values: [c]}]", 40, "defined twice"),
        ("{name: e}", 15, "expected a list"),
    ],
)
def test_mistakes_in_what_is_appended(added: str, column: int, message: str) -> None:
    (found,) = errors(rule("evt.type = open", exceptions=EXCEPTION), f"{APPEND}{added}\n")
    assert found.startswith(f"b.yaml:3:{column}: error:")
    assert message in found


# The exceptions of rule() begin at 6:15.
@pytest.mark.parametrize(
    ("exceptions", "column", "message"),
    [
        ("x", 15, "expected a list"),
        ("[x]", 16, "expected keys and values"),
        ("[{fields: proc.name}]", 16, "needs a name"),
        ("[{name: e}]", 16, "has no fields"),
        ("[{name: e, values: [a]}]", 16, "has no fields"),
        ("[{name: e, fields: []}]", 16, "no fields"),
        ("[{name: e, fields: [], values: [[]]}]", 16, "no fields"),
        ("[{name: e, field: proc.name}]", 33, "unknown key field"),
        ("[{name: e, fields: proc.name, fields: proc.exe}]", 45, "duplicate key"),
        ("[{name: e, fields: {a: b}}]", 34, "single value"),
        ("[{name: e, fields: proc.nme, values: [a]}]", 34, "unknown field"),
        ("[{name: e, fields: proc.nme}]", 34, "unknown field"),
        ("[{name: e, fields: [proc.name, proc.nme]}]", 46, "unknown field"),
        ("[{name: e, fields: proc.name x, values: [a]}]", 44, "the end of the field"),
        ("[{name: e, fields: '1', values: [a]}]", 35, "expected a field"),
        ("[{name: e, fields: proc.name, comps: '=', values: [a]}]", 53, "no comparison here"),
        ("[{name: e, fields: proc.name, comps: startswith}]", 52, "no comparison here"),
        ("[{name: e, fields: proc.name, comps: [in]}]", 16, "both be lists, or neither"),
        ("[{name: e, fields: [proc.name], comps: in}]", 16, "both be lists, or neither"),
        ("[{name: e, fields: [proc.name], comps: [in, in]}]", 55, "1 fields and 2 comps"),
        ("[{name: e, fields: [proc.name], comps: [is]}]", 55, "'is' is no comparison"),
        ("[{name: e, fields: proc.name, values: a}]", 53, "expected a list"),
        ("[{name: e, fields: proc.name, values: [[a]]}]", 54, "single value"),
        ("[{name: e, fields: [proc.name], values: [a]}]", 56, "expected a list"),
        ("[{name: e, fields: [proc.name], values: [[a, b]]}]", 56, "1 fields and 2 values"),
        ("[{name: e, fields: [proc.name], values: [[[a]]]}]", 57, "compares with one value"),
        ("[{name: e, fields: proc.pid, values: [x]}]", 53, "is no int"),
        ("[{name: e, fields: [proc.pid], values: [[x]]}]", 56, "is no int"),
        ("[{name: e, fields: proc.pid, comps: pmatch, values: [1]}]", 16, "does not apply"),
        ("[{name: e, fields: evt.type, values: [opne]}]", 53, "unknown event"),
        ("[{name: e, fields: proc.name}, {name: e, fields: proc.exe}]", 46, "defined twice"),
    ],
)
def test_mistakes(exceptions: str, column: int, message: str) -> None:
    (found,) = errors(rule("evt.type = open", exceptions=exceptions))
    assert found.startswith(f"a.yaml:6:{column}: error:")
    assert message in found
