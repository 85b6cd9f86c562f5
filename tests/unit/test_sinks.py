"""What comes out, to the letter."""

from __future__ import annotations

import io

import msgspec
import pytest
from rich.console import Console

from stockade.agent import Judge
from stockade.events import Alert, Ready, Summary
from stockade.rules import Engine
from stockade.rules.ruleset import build
from stockade.rules.source import SourceFile
from stockade.sinks import JsonLines, Terminal, visible
from tests.support.records import CONTAINER, event

RULE = """
- rule: A file was opened
  desc: d
  condition: evt.type = openat
  output: "%proc.name opened %fd.name"
  priority: WARNING
"""


@pytest.fixture
def alert() -> Alert:
    odd = event(container=msgspec.structs.replace(CONTAINER, name="bad\x1b[2Jname"))
    (made,) = Judge(Engine(build([SourceFile("r", RULE)]))).alerts_of(odd)
    return made


def test_one_json_object_a_line(alert: Alert) -> None:
    stream = io.BytesIO()
    sink = JsonLines(stream)
    sink.ready(Ready(tier="tracepoint", rules=1))
    sink.alert(alert)
    sink.summary(Summary(events=2, alerts=1, lost={"ring_full": 3}))
    lines = [msgspec.json.decode(line) for line in stream.getvalue().splitlines()]
    assert lines[0] == {"type": "ready", "tier": "tracepoint", "rules": 1}
    assert lines[1]["type"] == "alert"
    assert lines[1]["container"]["name"] == "bad\x1b[2Jname"
    assert lines[2] == {"type": "summary", "events": 2, "alerts": 1, "lost": {"ring_full": 3}}


def test_a_line_for_people_is_one_line_without_control_characters(alert: Alert) -> None:
    out, notes = io.StringIO(), io.StringIO()
    sink = Terminal(Console(file=out, width=20), Console(file=notes, width=20))
    sink.ready(Ready(tier="tracepoint", rules=1))
    sink.alert(alert)
    sink.summary(Summary(events=2, alerts=1, lost={}))
    (line,) = out.getvalue().splitlines()
    assert line.endswith("Warning  bad\\x1b[2Jname A file was opened: cat opened /mnt/shadow")
    first, last = notes.getvalue().splitlines()
    assert first == "stockade: watching with 1 rule, tier tracepoint; Ctrl-C stops"
    assert last == "stockade: 2 events, 1 alert, lost: nothing"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ünïcödé", "plain ünïcödé"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("right\u202eleft", "right\\u202eleft"),
        ("\x9b31m", "\\x9b31m"),
    ],
)
def test_nothing_a_terminal_would_act_on(text: str, shown: str) -> None:
    assert visible(text) == shown
