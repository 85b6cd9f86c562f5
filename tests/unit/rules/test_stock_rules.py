"""Falco's own rules, unchanged: they are not part of the project, and may be absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stockade.events import EventType
from stockade.rules import Engine, RuleSet, load_rules

CORPORA = Path(os.environ.get("STOCKADE_CORPORA", Path(__file__).parents[4] / "shared" / "corpora"))
FILES = sorted((CORPORA / "falco-rules").glob("*.yaml"))


@pytest.fixture(scope="module")
def stock() -> RuleSet:
    if not FILES:
        pytest.skip(f"no Falco rules in {CORPORA}: STOCKADE_CORPORA says where they are")
    return load_rules(FILES)


def test_all_of_them_parse_and_type_check(stock: RuleSet) -> None:
    assert len(stock.rules) == 93
    assert not [each for each in stock.warnings if "left out" in each.message]


def test_each_file_alone(stock: RuleSet) -> None:
    assert sum(len(load_rules([file]).rules) for file in FILES) == len(stock.rules)


def test_what_they_ask_of_the_kernel(stock: RuleSet) -> None:
    engine = Engine(stock.rules)
    assert EventType.OPENAT in engine.wanted(host=True)
    assert EventType.EXECVE in engine.wanted(host=True)
