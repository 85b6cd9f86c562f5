"""stockade rules bench, as far as it needs no kernel."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stockade.cli import trials
from stockade.cli.main import call
from stockade.errors import MissingPrivilege
from tests.support.rules import rule_text

Output = pytest.CaptureFixture[str]


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(
        rule_text("evt.type in (open, openat) and fd.name = /x", name="a")
        + rule_text("evt.type = mkdir and evt.arg.path = /x and user.uid = 0", name="b")
        + rule_text("evt.type = rename and proc.sname = x", name="c")
    )
    return path


@pytest.fixture(autouse=True)
def no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise MissingPrivilege("not allowed to load programs")

    monkeypatch.setattr(trials, "Trial", refuse)


def test_each_filter_has_its_figures(rules: Path, capsys: Output) -> None:
    assert call(["rules", "bench", str(rules), "--rounds", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [cost["events"] for cost in found["costs"]] == [["open", "openat"], ["mkdir"]]
    assert [cost["rules"] for cost in found["costs"]] == [1, 1]
    for cost in found["costs"]:
        assert cost["instructions"] > 10
        assert 0 < cost["sent_up"] < 1
        assert cost["native"]["median"] < cost["reference"]["median"]
        assert cost["kernel"] is None
    assert found["unfiltered"] == ["rename"]


def test_what_could_not_be_run_is_said(rules: Path, capsys: Output) -> None:
    assert call(["rules", "bench", str(rules), "--rounds", "1"]) == 0
    out = capsys.readouterr().out
    assert "open and 1 more" in out
    assert "nothing was run in the kernel: not allowed to load programs" in out
    assert "without a filter, all come up: rename" in out
