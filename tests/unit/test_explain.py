from __future__ import annotations

import json
from pathlib import Path

import pytest

from stockade.cli import trials
from stockade.cli.main import call
from stockade.errors import MissingPrivilege
from tests.support.rules import rule_text

CONDITION = "evt.type = openat and fd.num >= 0 and fd.name = /x and proc.pname = sh"


def explained(rules: Path, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    assert call(["rules", "explain", "r", "--rules", str(rules), *more]) == 0
    return capsys.readouterr().out


@pytest.fixture(autouse=True)
def no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise MissingPrivilege("not allowed to load programs")

    monkeypatch.setattr(trials, "Trial", refuse)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(rule_text(CONDITION))
    return path


def test_each_part_has_its_stage(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (each,) = json.loads(explained(rules, capsys, "--json"))
    assert each["events"] == ["openat"]
    assert each["filtered"]
    assert each["instructions"] > 10
    assert each["tests"] == [
        ["proc.pname = sh", "process"],
        ["evt.type = openat", "load"],
        ["fd.num >= 0", "event"],
        ["fd.name = /x", "event, in part"],
    ]


def test_what_the_kernel_was_not_asked_is_unknown(
    rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (each,) = json.loads(explained(rules, capsys, "--json"))
    assert (each["verified"], each["nanoseconds"]) == ({}, None)
    assert each["unknown"] == "not allowed to load programs"
    text = explained(rules, capsys)
    assert "verified and ns unknown: not allowed to load programs" in text


def test_what_is_not_filtered_says_so(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules.write_text(rule_text("evt.type in (openat, execve) and proc.sname = sh"))
    text = explained(rules, capsys)
    assert "all events come up to the agent" in text
    assert "user" in text


def test_an_unknown_rule_is_a_usage_error(rules: Path) -> None:
    assert call(["rules", "explain", "s", "--rules", str(rules)]) == 2
