"""stockade rules lint: what it finds, and what it leaves alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stockade.cli.main import call
from stockade.rules.lint import Finding, Kind, lint
from tests.support.filters import STOCK
from tests.support.rules import made, rule_text

Output = pytest.CaptureFixture[str]


def found(*conditions: str, **keys: str) -> list[Finding]:
    text = "".join(rule_text(each, name=f"r{at}", **keys) for at, each in enumerate(conditions))
    return list(lint(made(text).rules))


def kinds(*conditions: str, **keys: str) -> list[tuple[Kind, str]]:
    return [(each.kind, each.rule) for each in found(*conditions, **keys)]


NEVER = [
    "proc.name = a and proc.name = b",
    "proc.name = a and not proc.name startswith a",
    "fd.name startswith /etc and fd.name startswith /usr",
    "fd.name startswith /etc/ssh and not fd.name contains ssh",
    "fd.name in (/a, /b) and fd.name endswith c",
    "user.uid < 5 and user.uid > 4",
    "user.uid = 1 and (user.uid = 2 or user.uid = 3)",
    "evt.failed = true and evt.failed = false",
    "not proc.name exists and proc.name != a",
    "tolower(proc.name) = ABC",
    "evt.type = open and evt.type = rename",
    "evt.type = rename and fd.sip = 10.0.0.1",
    "evt.type = openat and container.id = host and container.privileged = true",
    "evt.type = openat and evt.num = 0",
    "evt.type = openat and proc.name in ()",
    "evt.type = connect and fd.sip = 10.0.0.0/8 and fd.sip = 192.168.0.0/16",
    "evt.type = openat and evt.res = SUCCESS and evt.res = ENOENT",
]


@pytest.mark.parametrize("condition", NEVER)
def test_never(condition: str) -> None:
    assert (Kind.NEVER, "r0") in kinds(condition)


QUIET = [
    "evt.type = openat and fd.name startswith /etc and fd.name startswith /etc/ssh",
    "evt.type = openat and fd.name startswith /etc and fd.name endswith .conf",
    "evt.type = openat and fd.name contains a and not fd.name contains b",
    "evt.type = openat and user.uid > 4 and user.uid < 6",
    "evt.type = ptrace",
    # Of several ancestors one can be this, another that.
    "evt.type = openat and user.uid = 0 and proc.aname = a and proc.aname = b",
    "evt.type = openat and fd.name = /x and not proc.name in ()",
    "evt.type = connect and user.uid = 0 and fd.sip = 10.0.0.0/8 and fd.sip = 10.1.0.0/16",
    "evt.type in (open, openat) and (fd.name = /a or proc.name = b) and user.uid = 0",
]


@pytest.mark.parametrize("condition", QUIET)
def test_quiet(condition: str) -> None:
    assert found(condition) == []


def test_why_a_rule_never_fires_and_where() -> None:
    (each,) = found("evt.type = openat and user.uid = 0 and proc.name = a and proc.name = b")
    assert each.message == (
        "rule 'r0' never fires: proc.name = a; proc.name = b: these exclude each other"
    )
    assert str(each.place) == "rules.yaml:3:71"


def test_what_nothing_fills() -> None:
    (each,) = found("evt.type = openat and proc.env contains x")
    assert "nothing fills proc.env yet" in each.message


def test_a_rule_that_always_fires() -> None:
    assert (Kind.ALWAYS, "r0") in kinds("evt.num >= 0")
    assert (Kind.ALWAYS, "r0") in kinds("proc.pid = 1 or not proc.pid = 1")


PARTS = [
    ("proc.name != a or proc.name != b", Kind.ALWAYS),
    ("user.uid < 5 or user.uid >= 5", Kind.ALWAYS),
    ("(proc.name = a and proc.name = b) or user.uid = 7", Kind.NEVER),
]


@pytest.mark.parametrize(("part", "kind"), PARTS)
def test_parts(part: str, kind: Kind) -> None:
    (each,) = found(f"evt.type = openat and fd.name = /x and ({part})")
    assert each.kind is kind
    assert "fd.name" not in each.message


def test_a_rule_like_another() -> None:
    first = "evt.type = openat and fd.name in (/a, /b)"
    again = "(fd.name = /b or fd.name = /a) and evt.type = openat"
    (each,) = found(first, again)
    assert (each.kind, each.rule) == (Kind.REDUNDANT, "r1")
    assert each.hint == "the other is at rules.yaml:1:3"


def test_a_shadowed_rule() -> None:
    narrow = "evt.type = openat and fd.name startswith /etc/ssh and user.uid = 0"
    wide = "evt.type in (open, openat) and fd.name startswith /etc"
    assert kinds(narrow, wide) == [(Kind.SHADOWED, "r0")]
    assert kinds(narrow, "evt.type = openat and fd.name startswith /usr") == []


def test_a_more_urgent_rule_is_not_shadowed() -> None:
    narrow = rule_text("evt.type = openat and fd.name = /etc/shadow", name="narrow")
    wide = rule_text("evt.type = openat and fd.name startswith /etc", name="wide")
    urgent = narrow.replace("WARNING", "CRITICAL")
    assert lint(made(urgent + wide).rules) == ()
    assert [each.rule for each in lint(made(narrow + wide).rules)] == ["narrow"]


def test_what_is_unknown_shadows_nothing() -> None:
    # While the parent is not known, the first fires and the second does not.
    first = "evt.type = openat and fd.name = /a"
    second = f"{first} and (proc.pname = b or not proc.pname = b)"
    assert (Kind.SHADOWED, "r0") not in kinds(first, second)


def test_unbounded() -> None:
    (each,) = found("evt.type in (openat, rename) and proc.sname = sh")
    assert each.kind is Kind.UNBOUNDED
    assert "every openat rename of the host" in each.message


def test_undecidable() -> None:
    keys = {"action": "deny", "undecidable": "detect"}
    (each,) = found("evt.type = openat and fd.name = /x and proc.pname = sh", **keys)
    assert each.kind is Kind.UNDECIDABLE
    assert each.message.endswith(
        "cannot deny: of openat the kernel cannot tell whether proc.pname = sh"
    )
    assert kinds("evt.type = clone and proc.name = x", **keys) == [(Kind.UNDECIDABLE, "r0")]
    assert found("evt.type = openat and user.uid = 0", **keys) == []


def test_what_is_off_is_left_out() -> None:
    assert found("proc.name = a and proc.name = b", enabled="false") == []


def test_the_shipped_rules(capsys: Output) -> None:
    assert call(["rules", "lint"]) == 0
    assert capsys.readouterr().out.endswith(" rules, 0 findings\n")


def test_falcos_rules() -> None:
    if not STOCK.exists():
        pytest.skip("Falco's rule files are not here")
    assert call(["rules", "lint", "--json", str(STOCK)]) == 1


def test_the_command(tmp_path: Path, capsys: Output) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(rule_text("evt.type = openat and user.uid = 1 and user.uid = 2"))
    assert call(["rules", "lint", str(path)]) == 1
    out = capsys.readouterr().out
    assert f"{path}:3:53: warning: never: rule 'r' never fires" in out
    assert out.endswith("stockade: 1 rule, 1 finding\n")
    assert call(["rules", "lint", "--json", str(path)]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["errors"] == []
    (row,) = answer["findings"]
    assert (row["kind"], row["rule"], row["line"], row["column"]) == ("never", "r", 3, 53)


def test_files_with_mistakes(tmp_path: Path, capsys: Output) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(rule_text("evt.type = openat and proc.nme = 1"))
    assert call(["rules", "lint", str(path)]) == 1
    assert "unknown field proc.nme" in capsys.readouterr().err
    assert call(["rules", "lint", "--json", str(path)]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["ok"], answer["findings"], len(answer["errors"])) == (False, [], 1)
