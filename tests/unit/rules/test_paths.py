"""Files and directories."""

from __future__ import annotations

from pathlib import Path

import pytest

from stockade.errors import RuleErrors
from stockade.rules import load_rules
from tests.unit.rules.helpers import rule


def load(*paths: Path) -> list[str]:
    """The names of the rules of files, or what is wrong with them."""
    try:
        return [each.name for each in load_rules(paths).rules]
    except RuleErrors as err:
        return [str(each) for each in err.diagnostics]


def test_directories_are_read_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "10.yaml", "9.yaml", "c.txt", "A.yaml"):
        (tmp_path / name).write_text(rule("evt.type = open", name))
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "d.yaml").write_text("{")
    assert load(tmp_path) == ["10.yaml", "9.yaml", "A.yaml", "a.yml", "b.yaml"]
    assert load(tmp_path / "b.yaml", tmp_path / "c.txt") == ["b.yaml", "c.txt"]


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + rule("proc.nme = x").encode())
    assert load(path)[0] == f"{path}:3:14: error: unknown field proc.nme"


@pytest.mark.parametrize("raw", [b"\n\n- rule: \xff\n", "\n\n- rule: ¢\n".encode("latin-1")])
def test_what_is_not_utf8_is_refused(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "a.yaml").write_bytes(raw)
    (tmp_path / "b.yaml").write_text("- list: l\n")
    assert load(tmp_path) == [
        f"{tmp_path}/a.yaml:3:1: error: not UTF-8 text",
        f"{tmp_path}/b.yaml:1:3: error: list 'l' has no items",
    ]


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    missing, folder, large = tmp_path / "x.yaml", tmp_path / "y.yaml", tmp_path / "z.yaml"
    folder.mkdir()
    with large.open("wb") as stream:
        stream.truncate((16 << 20) + 1)
    assert load(missing) == [f"{missing}:1:1: error: cannot be read: No such file or directory"]
    assert load(large) == [f"{large}:1:1: error: larger than 16 MiB"]
    assert load(tmp_path)[0].startswith(f"{folder}:1:1: error: cannot be read:")


def test_the_shipped_rules_do_what_their_tests_say() -> None:
    rules = load_rules([Path(__file__).parents[3] / "rules"]).rules
    assert rules
    for each in rules:
        assert each.tests, each.name
        failed = [test.name for test in each.tests if not test.passes(each.condition)]
        assert failed == [], each.name
