"""Conditions: precedence, three values, modifiers, functions, brackets, several values."""

from __future__ import annotations

import pytest

from stockade.events import ABSENT, UNKNOWN, Value
from stockade.rules.show import condition_text
from tests.unit.rules.helpers import errors, holds, indented, macro, only, outcome, rule

A, U = ABSENT, UNKNOWN


@pytest.mark.parametrize(
    ("condition", "name", "exe", "result"),
    [
        ("proc.name = x or proc.name = y and proc.exe = z", "x", "n", True),
        ("(proc.name = x or proc.name = y) and proc.exe = z", "x", "n", False),
        ("proc.name = x and proc.exe = y or proc.name = z", "z", "n", True),
        ("not proc.name = x and proc.exe = y", "x", "y", False),
        ("not (proc.name = x and proc.exe = y)", "x", "n", True),
        ("not proc.name = x or proc.exe = y", "x", "y", True),
        ("not not proc.name = x", "x", "", True),
        ("not not not proc.name = x", "x", "", False),
        ("not(not(proc.name = x))", "x", "", True),
        ("((proc.name = x))", "x", "", True),
        ("(proc.name=x)and(proc.exe=y)", "x", "y", True),
        ("proc.name=x\n\tand\n\nproc.exe=y", "x", "y", True),
    ],
)
def test_precedence(condition: str, name: Value, exe: Value, *, result: bool) -> None:
    assert holds(condition, {"proc.name": name, "proc.exe": exe}) is result


@pytest.mark.parametrize(
    ("left", "right", "both", "either"),
    [
        (U, "y", None, True),
        (U, "n", False, None),
        (U, U, None, None),
        (U, A, False, None),
        (A, "y", False, True),
        (A, A, False, False),
        ("x", U, None, True),
        ("n", U, False, None),
    ],
)
def test_what_is_unknown_counts_only_where_it_matters(
    left: Value, right: Value, *, both: bool | None, either: bool | None
) -> None:
    values = {"proc.name": left, "proc.exe": right}
    assert holds("proc.name = x and proc.exe = y", values) is both
    assert holds("proc.name = x or proc.exe = y", values) is either
    opposite = {True: False, False: True, None: None}
    assert holds("not (proc.name = x and proc.exe = y)", values) is opposite[both]
    assert holds("not (proc.name = x or proc.exe = y)", values) is opposite[either]


@pytest.mark.parametrize(
    ("comparison", "value", "result"),
    [
        ("contains anyof (ab, cd)", "xcd", True),
        ("contains anyof (ab, cd)", "x", False),
        ("contains allof (ab, cd)", "abcd", True),
        ("contains allof (ab, cd)", "ab", False),
        ("contains oneof (ab, cd)", "ab", True),
        ("contains oneof (ab, cd)", "abcd", False),
        ("contains oneof (ab, cd)", "x", False),
        ("!= allof (ab, cd)", "x", True),
        ("!= allof (ab, cd)", "ab", False),
        ("= anyof (words)", "cd", True),
        ("contains anyof ()", "x", False),
        ("contains allof ()", "x", True),
        ("contains oneof ()", "x", False),
        ("contains anyof (ab)", A, False),
        ("contains allof (ab)", U, None),
        ("= anyof", "anyof", True),
        ("in (anyof, oneof)", "oneof", True),
    ],
)
def test_modifiers(comparison: str, value: Value, *, result: bool | None) -> None:
    text = "- list: words\n  items: [ab, cd]\n" + rule(f"proc.name {comparison}")
    assert outcome(only(text), {"proc.name": value}) is result


@pytest.mark.parametrize(
    ("condition", "name", "exe", "result"),
    [
        ("proc.name = val(proc.exe)", "a", "a", True),
        ("proc.name = val( proc.exe )", "a", "b", False),
        ("proc.name != val(proc.exe)", "a", "b", True),
        ("proc.name contains val(proc.exe)", "cat", "at", True),
        ("proc.name in val(proc.exe)", "a", "a", True),
        ("proc.name = tolower(proc.exe)", "cat", "CAT", True),
        ("toupper(proc.name) = toupper(proc.exe)", "cAt", "CaT", True),
        ("proc.name = val(tolower(proc.exe))", "cat", "CAT", True),
        ("proc.name = val(proc.exe)", "a", A, False),
        ("not proc.name != val(proc.exe)", "a", A, True),
        ("proc.name = val(proc.exe)", A, "a", False),
        ("proc.name = val(proc.exe)", "a", U, None),
        ("proc.name = val", "val", "", True),
        ("proc.name = proc.exe", "proc.exe", "proc.exe", True),
        ("proc.name = proc.exe", "a", "a", False),
    ],
)
def test_a_field_against_another(
    condition: str, name: Value, exe: Value, *, result: bool | None
) -> None:
    assert holds(condition, {"proc.name": name, "proc.exe": exe}) is result


@pytest.mark.parametrize(
    ("condition", "place", "message"),
    [
        ("proc.name = val(proc.pid)", "3:30", "of type int"),
        ("proc.pid = len(proc.name) and proc.pid = val(evt.failed)", "3:59", "of type bool"),
        ("proc.name = val(proc.nme)", "3:30", "unknown field"),
        ("proc.name glob val(proc.exe)", "3:33", "stands in the rule"),
        ("proc.name regex tolower(proc.exe)", "3:30", "stands in the rule"),
        ("proc.name = val(x)", "3:30", "unknown field"),
        ("proc.name = val()", "3:30", "expected a field"),
        ("val(proc.name) = x", "3:17", "expected"),
        ("proc.name = val(proc.exe", "3:38", "closing parenthesis"),
    ],
)
def test_mistakes_in_fields_on_the_right(condition: str, place: str, message: str) -> None:
    (found,) = errors(rule(condition))
    assert found.startswith(f"a.yaml:{place}: error:")
    assert message in found


SHOWN = [
    "proc.name = x and (proc.exe = y or not proc.pid > -1)",
    "not (proc.name = x and proc.exe = y) or evt.failed = true",
    'proc.name in (a, "b c", "", "\\"\\\\\\n\\xff")',
    "fd.sip in (10.0.0.0/8, ::1/128)",
    "evt.buffer bcontains 00ff",
    "evt.buffer contains foo",
    'proc.env["a b"] = x',
    "proc.aname[1] = val(proc.name) and proc.name = tolower(proc.exe)",
    "proc.name contains allof (a, b)",
    "proc.name startswith val(proc.exe)",
    "m and n",
]


@pytest.mark.parametrize("condition", SHOWN)
def test_a_condition_that_is_shown_means_the_same(condition: str) -> None:
    macros = macro("m", "proc.name = x or proc.name = y") + macro("n", "not proc.exe = z")
    first = only(macros + rule(indented(condition)))
    text = condition_text(first.condition)
    again = only(rule(indented(text)))
    assert condition_text(again.condition) == text
    value: Value = b"a foo" if "buffer" in condition else "x"
    if "fd.sip" not in condition:
        names = ["proc.name", "proc.exe", "proc.env[a b]", "proc.aname[1]", "evt.buffer"]
        values: dict[str, Value] = dict.fromkeys(names, value) | {"proc.pid": 1, "evt.failed": True}
        assert outcome(first, values) is outcome(again, values)
