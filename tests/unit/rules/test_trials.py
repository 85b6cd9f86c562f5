"""Tests inside rules: what events they can tell of, and what they find."""

from __future__ import annotations

import pytest

from stockade.events import UNKNOWN
from tests.unit.rules.helpers import errors, only, rule


def tried(condition: str, event: str) -> bool | None:
    """What a condition comes to for a test's event."""
    of = only(rule(condition, tests=f"[{{fires: t, event: {event}}}]"))
    return of.tests[0].run(of.condition)


@pytest.mark.parametrize(
    ("condition", "event", "result"),
    [
        ("proc.name = cat", "{proc.name: cat}", True),
        ("proc.name = cat", "{proc.name: dog}", False),
        ("proc.name = cat", "{}", False),
        ("not proc.name = cat", "{}", True),
        ("proc.name exists", "{proc.name: ''}", True),
        ("proc.name = cat", "{proc.name: ~}", None),
        ("proc.name = cat or proc.pid = 1", "{proc.name: ~, proc.pid: 1}", True),
        ("proc.name = '~'", "{proc.name: '~'}", True),
        ("proc.pid = 16", "{proc.pid: 0x10}", True),
        ("evt.failed = true", "{evt.failed: true}", True),
        ("evt.buffer bcontains 6f", "{evt.buffer: foo}", True),
        ("fd.sip = 10.0.0.0/8", "{fd.sip: 10.0.0.1}", True),
        ("fd.sip = ::1", '{fd.sip: "::1"}', True),
        ("proc.aname = sh", "{proc.aname: [cron, sh]}", True),
        ("proc.aname = sh", "{proc.aname: []}", False),
        ("proc.aname = sh", "{proc.aname: ~}", None),
        ("proc.aname[1] = sh", "{'proc.aname[1]': sh}", True),
        ("proc.aname[1] = sh", "{proc.aname: [sh]}", False),
        ("container.mounts in (/a, /b)", "{container.mounts: [/b, /a]}", True),
        ("container.label.app = x", "{'container.label[app]': x}", True),
        ("container.label[app] = x", "{container.label.app: x}", True),
        ("evt.arg.flags contains O_CREAT", "{'evt.arg[flags]': O_RDWR|O_CREAT}", True),
        ("tolower(proc.name) = cat", "{proc.name: CAT}", True),
        ("proc.name = val(proc.exe)", "{proc.name: a, proc.exe: a}", True),
        ("container.id != host", "{container.id: box}", True),
    ],
)
def test_events(condition: str, event: str, *, result: bool | None) -> None:
    assert tried(condition, event) is result


@pytest.mark.parametrize(
    ("verdict", "event", "passes"),
    [
        ("fires", "{proc.name: cat}", True),
        ("fires", "{proc.name: dog}", False),
        ("fires", "{proc.name: ~}", False),
        ("quiet", "{proc.name: cat}", False),
        ("quiet", "{proc.name: dog}", True),
        ("quiet", "{proc.name: ~}", True),
        ("quiet", "{}", True),
    ],
)
def test_verdicts(verdict: str, event: str, *, passes: bool) -> None:
    of = only(rule("proc.name = cat", tests=f"[{{{verdict}: it happens, event: {event}}}]"))
    (trial,) = of.tests
    assert (trial.name, trial.fires) == ("it happens", verdict == "fires")
    assert trial.passes(of.condition) is passes


def test_a_test_has_values_and_a_place() -> None:
    tests = "\n  - quiet: a\n    event:\n      proc.name: ~\n      proc.aname: [x, y]\n"
    (trial,) = only(rule("proc.name = cat", tests=tests)).tests
    assert trial.values == {("proc.name", None): UNKNOWN, ("proc.aname", None): ("x", "y")}
    assert str(trial.place) == "a.yaml:7:5"


def test_exceptions_scope_and_macros_are_tried_too() -> None:
    tests = "[{quiet: a, event: {proc.name: x, container.id: box}}, "
    tests += "{quiet: b, event: {proc.name: y, container.id: host}}, "
    tests += "{fires: c, event: {proc.name: y, container.id: box}}]"
    exceptions = "[{name: e, fields: proc.name, values: [x]}]"
    of = only(rule("proc.name exists", tests=tests, exceptions=exceptions, scope="container"))
    assert [each.passes(of.condition) for each in of.tests] == [True, True, True]


# The tests of rule() begin at 6:10.
@pytest.mark.parametrize(
    ("tests", "column", "message"),
    [
        ("x", 10, "expected a list"),
        ("[x]", 11, "expected keys and values"),
        ("[{event: {}}]", 11, "either fires or quiet"),
        ("[{fires: a, quiet: b, event: {}}]", 11, "either fires or quiet"),
        ("[{fires: a}]", 11, "needs an event"),
        ("[{fires: a, event: x}]", 29, "expected keys and values"),
        ("[{fires: a, event: {}, fire: b}]", 39, "unknown key fire"),
        ("[{fires: [a], event: {}}]", 19, "single value"),
        ("[{fires: a, event: {proc.nme: x}}]", 30, "unknown field"),
        ("[{fires: a, event: {proc.pid: x}}]", 40, "is no int"),
        ("[{fires: a, event: {evt.failed: yes}}]", 42, "is no bool"),
        ("[{fires: a, event: {fd.sip: x}}]", 38, "is no ip"),
        ("[{fires: a, event: {fd.sip: 10.0.0.0/8}}]", 38, ""),
        ("[{fires: a, event: {proc.name: [x]}}]", 30, "a single value"),
        ("[{fires: a, event: {proc.aname: x}}]", 30, "a list of values"),
        ("[{fires: a, event: {proc.aname: [[x]]}}]", 43, "single value"),
        ("[{fires: a, event: {'proc.aname[x]': x}}]", 31, "has no element"),
        ("[{fires: a, event: {tolower(proc.name): x}}]", 30, "values of fields"),
        ("[{fires: a, event: {proc.name: x, proc.name: y}}]", 44, "given twice"),
        (
            "[{fires: a, event: {container.label.app: x, 'container.label[app]': y}}]",
            55,
            "given twice",
        ),
    ],
)
def test_mistakes(tests: str, column: int, message: str) -> None:
    (found,) = errors(rule("proc.name = cat", tests=tests))
    assert found.startswith(f"a.yaml:6:{column}: error:")
    assert message in found
