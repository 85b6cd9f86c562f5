"""Exit codes and words of the command line, as far as they need no kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from stockade.cli.main import call


def test_help_is_fine(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["--help"]) == 0
    out = capsys.readouterr().out
    assert "run" in out
    assert "doctor" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--nonsense"],
        ["nonsense"],
        ["run", "--rules", "/no/such/file"],
        ["run", "--output", "xml"],
    ],
)
def test_wrong_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(arguments) == 2
    assert "Error" in capsys.readouterr().err


def test_wrong_rules_are_1_and_shown_with_their_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(
        "- rule: r\n  desc: d\n  condition: proc.nme = x\n  output: o\n  priority: ERROR\n"
    )
    assert call(["run", "--rules", str(path)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"{path}:3:14: error: unknown field proc.nme"
    assert lines[1] == "      condition: proc.nme = x"
    assert lines[2] == "                 ^"
    assert lines[3].startswith("    did you mean proc.name")
    assert lines[-1] == "stockade: 1 error in the rules"


def test_no_rules_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r.yaml").write_text("- list: l\n  items: []\n")
    assert call(["run", "--rules", str(tmp_path)]) == 2
    assert f"no rules in {tmp_path}" in capsys.readouterr().err
