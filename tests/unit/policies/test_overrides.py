"""The file that keeps what was switched."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest

from stockade.errors import StockadeError
from stockade.policies import Mode, Override, Overrides, Target


def override(mode: Mode = Mode.AUDIT, **target: str) -> Override:
    return Override(mode, Target(**target), "operator", "2026-11-22T12:00:00Z", "why")


def test_what_is_put_is_there_for_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "new" / "modes.json"
    assert Overrides(path).load() == ()
    first, second = override(rule="a"), override(Mode.ENFORCE, policy="p", container="web")
    Overrides(path).put(first)
    assert Overrides(path).put(second) == (first, second)
    assert Overrides(path).load() == (first, second)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        (Target(), []),
        (Target(rule="a"), ["b", "c"]),
        (Target(container="web"), ["a", "b"]),
        (Target("p"), ["a", "b", "c"]),
        (Target(rule="c", container="web"), ["a", "b"]),
    ],
)
def test_a_target_covers_what_is_narrower(tmp_path: Path, target: Target, kept: list[str]) -> None:
    of = Overrides(tmp_path / "modes.json")
    for rule in "ab":
        of.put(override(rule=rule))
    of.put(override(rule="c", container="web"))
    last = Override(Mode.ENFORCE, target, "operator", "later")
    assert [each.target.rule for each in of.put(last)] == [*kept, target.rule]
    assert [each.target.rule for each in of.drop(target)] == kept


def test_words_for_targets() -> None:
    assert str(Target()) == "everything"
    assert str(Target("p", "r", "web")) == "policy p, rule r, container web"


@pytest.mark.parametrize("text", ["", "{}", "[{}]", '[{"mode": "off", "target": {}}]', "\xff"])
def test_a_file_that_cannot_be_used_is_not_overwritten(tmp_path: Path, text: str) -> None:
    path = tmp_path / "modes.json"
    path.write_text(text)
    of = Overrides(path)
    for act in (of.load, lambda: of.put(override()), lambda: of.drop(Target())):
        with pytest.raises(StockadeError, match="cannot be used"):
            act()
    assert path.read_text() == text


def _put_many(path: Path, number: int) -> None:
    for each in range(20):
        Overrides(path).put(override(rule=f"{number}-{each}"))


def test_of_those_who_write_at_once_none_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "modes.json"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_put_many, args=(path, number)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert len({each.target for each in Overrides(path).load()}) == 60
