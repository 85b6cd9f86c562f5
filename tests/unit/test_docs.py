"""What the stream has is in its reference."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from stockade.agent.fold import _EXAMPLES, _FOLDS_MAX, WINDOW_S
from stockade.cli.run import run
from stockade.events import Alert, Example, Ready, Summary, Update

ALERTS = (Path(__file__).parents[2] / "docs/alerts.md").read_text()


@pytest.mark.parametrize("message", [Ready, Update, Example, Summary])
def test_every_member_is_explained(message: type[msgspec.Struct]) -> None:
    named = set(re.findall(r"`(\w+)`", ALERTS))
    assert set(message.__struct_fields__) <= named


@pytest.mark.parametrize("member", ["action", "would", "policy"])
def test_what_is_our_own_in_alerts_is_explained(member: str) -> None:
    assert member in Alert.__struct_fields__
    assert f"`{member}` " in ALERTS.partition("## What was done")[2]


def test_options_and_numbers_are_those_of_the_program() -> None:
    options = {name for parameter in run.params for name in parameter.opts}
    assert set(re.findall(r"--[a-z][a-z-]+", ALERTS)) <= options
    assert (WINDOW_S, _EXAMPLES, _FOLDS_MAX) == (5 * 60, 8, 1024)
