"""Functions of fields, brackets, and fields of several values."""

from __future__ import annotations

import pytest

from stockade.events import ABSENT, UNKNOWN, Value
from tests.unit.rules.helpers import errors, holds, rule

A, U = ABSENT, UNKNOWN


@pytest.mark.parametrize(
    ("condition", "value", "result"),
    [
        ("tolower(proc.name) = cat", "CaT", True),
        ("tolower(proc.name) = É", "É", True),
        ("toupper(proc.name) = CAT", "caT", True),
        ("tolower( proc.name ) = cat", "CAT", True),
        ("tolower(toupper(proc.name)) = cat", "cAt", True),
        ("basename(proc.name) = cat", "/bin/cat", True),
        ("basename(proc.name) = cat", "cat", True),
        ("basename(proc.name) = ''", "/bin/", True),
        ("len(proc.name) = 3", "cat", True),
        ("len(proc.name) > 3", "cat", False),
        ("len(basename(proc.name)) in (1, 3)", "/bin/cat", True),
        ("b64(proc.name) = cat", "Y2F0", True),
        ("b64(proc.name) bcontains 6174", "Y2F0", True),
        ("b64(proc.name) exists", "no base64", False),
        ("b64(proc.name) = cat", "é", False),
        ("tolower(proc.name) = cat", A, False),
        ("not tolower(proc.name) = cat", A, True),
        ("len(proc.name) = 0", A, False),
        ("b64(proc.name) = cat", U, None),
        ("tolower(proc.name) exists", "", True),
    ],
)
def test_functions(condition: str, value: Value, *, result: bool | None) -> None:
    assert holds(condition, {"proc.name": value}) is result


@pytest.mark.parametrize("condition", ["len(evt.type) = 4", "toupper(evt.type) = OPEN"])
def test_what_a_function_makes_of_an_event_name_is_none(condition: str) -> None:
    assert holds(condition, {"evt.type": "open"}) is True


@pytest.mark.parametrize(
    ("condition", "place", "message"),
    [
        ("tolower(proc.pid) = 1", "3:14", "tolower does not apply to proc.pid"),
        ("len(proc.pid) = 1", "3:14", "len does not apply"),
        ("basename(len(proc.name)) = 1", "3:14", "does not apply"),
        ("len(proc.name) = x", "3:31", "is no int"),
        ("len(proc.name) contains 1", "3:14", "does not apply to len(proc.name)"),
        ("lower(proc.name) = x", "3:19", "expected and, or, or the end"),
        ("tolower(proc.name = x", "3:32", "closing parenthesis"),
        ("tolower() = x", "3:22", "expected a field"),
        ("tolower(m) = x", "3:22", "unknown field m"),
        ("tolower(" * 101 + "proc.name" + ")" * 101 + " = x", "3:814", "nested deeper"),
    ],
)
def test_mistakes_in_functions(condition: str, place: str, message: str) -> None:
    (found,) = errors(rule(condition))
    assert found.startswith(f"a.yaml:{place}: error:")
    assert message in found


@pytest.mark.parametrize(
    ("condition", "values", "result"),
    [
        ("proc.aname = sh", ("cron", "sh"), True),
        ("proc.aname = x", ("cron", "sh"), False),
        ("proc.aname != sh", ("cron", "sh"), True),
        ("proc.aname != sh", ("sh",), False),
        ("not proc.aname = sh", ("cron", "sh"), False),
        ("proc.aname in (a, sh)", ("cron", "sh"), True),
        ("proc.aname in (a, b)", ("cron", "sh"), False),
        ("proc.aname startswith s", ("cron", "sh"), True),
        ("tolower(proc.aname) = sh", ("cron", "SH"), True),
        ("len(proc.aname) = 2", ("cron", "sh"), True),
        ("proc.aname exists", (), False),
        ("proc.aname exists", ("sh",), True),
        ("proc.aname exists", (U,), None),
        ("proc.aname = sh", (), False),
        ("proc.aname = sh", ("sh", U), True),
        ("proc.aname = sh", ("cron", U), None),
        ("proc.aname = sh", ("cron", A), False),
        ("proc.aname = sh", U, None),
        ("proc.apid in (1, 2)", (2, 3), True),
        ("container.mounts in (/a, /b)", ("/a", "/b"), True),
        ("container.mounts in (/a)", ("/a", "/b"), False),
        ("container.mounts in (/a)", ("/b", U), False),
        ("container.mounts in (/a)", ("/a", U), None),
        ("container.mounts intersects (/a)", ("/a", "/b"), True),
        ("container.mounts intersects (/c)", ("/a", "/b"), False),
        ("container.mounts intersects (/c)", ("/a", U), None),
        ("container.mounts exists", ("/a",), True),
        ("container.mounts exists", A, False),
        ("len(container.mounts) = 2", ("/a", "/b"), True),
        ("tolower(container.mounts) in (/a)", ("/A", "/a"), True),
    ],
)
def test_several_values(condition: str, values: Value, *, result: bool | None) -> None:
    field = next(word for word in condition.replace("(", " ").split() if "." in word)
    assert holds(condition, {field.rstrip(")"): values}) is result


@pytest.mark.parametrize(
    ("condition", "field"),
    [
        ("proc.aname[2] = x", "proc.aname[2]"),
        ("proc.aname[100] = x", "proc.aname[100]"),
        ("tolower(proc.aname[1]) = x", "proc.aname[1]"),
        ('proc.env[PATH] = x and proc.env["PATH"] = x', "proc.env[PATH]"),
        ("container.label[a/b.c-d] = x", "container.label[a/b.c-d]"),
        ("container.label.app = x and container.label[app] = x", "container.label[app]"),
        ("fd.types[0] startswith x", "fd.types[0]"),
        ("evt.arg[flags] = x and evt.arg.flags = x", "evt.arg.flags"),
        ("evt.arg[1] = x", "evt.arg[1]"),
    ],
)
def test_brackets(condition: str, field: str) -> None:
    assert holds(condition, {field: "x"}) is True


@pytest.mark.parametrize(
    "condition",
    [
        "proc.pid[1] = 1",
        "proc.aname[x] = x",
        "proc.aname[-1] = x",
        "proc.aname[101] = x",
        f"proc.aname[{'9' * 5000}] = x",
        "proc.aname[] = x",
        "proc.aname[1 = x",
        "proc.aname[1 ] = x",
        "proc.aname [1] = x",
        "container.label = x",
        "evt.arg[nothing] = x",
        "container.mounts = /a",
        "container.mounts contains /a",
        "proc.name[1] exists",
    ],
)
def test_mistakes_in_brackets_and_sets(condition: str) -> None:
    (found,) = errors(rule(condition))
    assert found.startswith("a.yaml:3:")
