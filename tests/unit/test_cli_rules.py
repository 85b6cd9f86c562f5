"""stockade rules and stockade fields."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stockade.cli.main import call
from stockade.events.calls import FAMILIES
from tests.support.rules import rule_text

Output = pytest.CaptureFixture[str]
TESTS = """
  tests:
    - fires: a cat
      event: {evt.type: openat, proc.name: cat}
    - quiet: a dog
      event: {evt.type: openat, proc.name: %s}
"""


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.yaml"
    path.write_text(rule_text("evt.type = openat and proc.name = cat") + TESTS.lstrip("\n") % "dog")
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.yaml"
    path.write_text(rule_text("evt.type = openat and proc.nme = x") + "- list: l\n  items: []\n")
    return path


def test_the_shipped_rules_are_in_order(capsys: Output) -> None:
    assert call(["rules", "check"]) == 0
    assert call(["rules", "test"]) == 0
    assert "0 errors, 0 warnings" in capsys.readouterr().out


def test_warnings_are_no_failure(good: Path, capsys: Output) -> None:
    good.write_text(good.read_text() + "- list: l\n  items: []\n")
    assert call(["rules", "check", str(good)]) == 0
    out = capsys.readouterr().out
    assert f"{good}:11:3: warning: list l is not used" in out
    assert out.endswith("stockade: 1 rule, 0 errors, 1 warning\n")


def test_errors_are_and_all_are_told(bad: Path, capsys: Output) -> None:
    assert call(["rules", "check", str(bad)]) == 1
    out = capsys.readouterr().out
    assert f"{bad}:3:36: error: unknown field proc.nme" in out
    assert out.endswith("stockade: 1 error, 1 warning\n")


def test_for_editors(bad: Path, good: Path, capsys: Output) -> None:
    assert call(["rules", "check", "--json", str(bad)]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is False
    error = answer["diagnostics"][0]
    assert (error["file"], error["line"], error["column"]) == (str(bad), 3, 36)
    assert error["severity"] == "error"
    assert "proc.name" in error["hint"]
    assert call(["rules", "check", "--json", str(good)]) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "rules": ["r"], "diagnostics": []}


def test_a_failing_test_says_where(good: Path, capsys: Output) -> None:
    good.write_text(good.read_text().replace("dog", "cat"))
    assert call(["rules", "test", str(good)]) == 1
    out = capsys.readouterr().out
    assert f"{good}:9:7: FAILED: r: a cat: it fires" in out
    assert out.endswith("stockade: 2 tests, 1 failed\n")


def test_rules_without_tests_are_not_tested(tmp_path: Path, capsys: Output) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(rule_text("evt.type = openat"))
    assert call(["rules", "test", str(path)]) == 1
    assert "0 tests" in capsys.readouterr().out


def test_list_and_show(good: Path, capsys: Output) -> None:
    assert call(["rules", "list", "--json", str(good)]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["name"], row["priority"], row["action"]) == ("r", "Warning", "audit")
    assert call(["rules", "show", "r", "--rules", str(good)]) == 0
    assert "evt.type = openat and proc.name = cat" in capsys.readouterr().out
    assert call(["rules", "show", "q", "--rules", str(good)]) == 2
    assert "no rule 'q'" in capsys.readouterr().err


def test_fields(capsys: Output) -> None:
    assert call(["fields", "--json", "evt.arg.flags"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["events"] == ["open", "fork", *FAMILIES]
    assert (row["type"], row["origin"], row["tier"]) == ("flags", "object", "tracepoint")
    assert call(["fields", "proc.aname"]) == 0
    assert "proc.aname[N]" in capsys.readouterr().out
    assert call(["fields", "nonsense"]) == 1


def test_fields_that_are_filled(capsys: Output) -> None:
    assert call(["fields", "--json", "--filled"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert all(row["tier"] for row in rows)
    assert "fd.host_path" in {row["name"] for row in rows}
    assert "fd.sip" in {row["name"] for row in rows}
    assert "fd.connected" not in {row["name"] for row in rows}
