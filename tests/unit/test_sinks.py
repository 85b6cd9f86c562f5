"""What comes out, to the letter."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator

import msgspec
import pytest
from rich.console import Console

from stockade.agent import Judge
from stockade.events import Alert, ContainerView, Example, Ready, Summary, Update
from stockade.rules import Engine
from stockade.sinks import JsonLines, Stream, Terminal, visible
from tests.support.records import CONTAINER, event
from tests.support.rules import made

RULE = """
- rule: A file was opened
  desc: d
  condition: evt.type = openat
  output: "%proc.name opened %fd.name"
  priority: WARNING
"""


@pytest.fixture
def alert() -> Alert:
    workload = msgspec.structs.replace(CONTAINER.workload, name="bad\x1b[2Jname")
    odd = event(container=msgspec.structs.replace(CONTAINER, workload=workload))
    (only,) = Judge(Engine(made(RULE).enabled)).alerts_of(odd)
    return only


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read, write = os.pipe()
    yield read, write
    os.close(read)
    os.close(write)


def drained(stream: Stream, pipe: tuple[int, int]) -> str:
    assert stream.close(5)
    return os.read(pipe[0], 1 << 16).decode()


def test_one_json_object_a_line(alert: Alert, pipe: tuple[int, int]) -> None:
    stream = Stream(pipe[1])
    sink = JsonLines(stream)
    sink.ready(Ready(tier="tracepoint", rules=1))
    sink.alert(alert)
    sink.summary(Summary(events=2, alerts=1, lost={"ring_full": 3}))
    lines = [msgspec.json.decode(line) for line in drained(stream, pipe).splitlines()]
    assert lines[0] == {"type": "ready", "tier": "tracepoint", "rules": 1}
    assert lines[1]["type"] == "alert"
    assert lines[1]["container"]["name"] == "bad\x1b[2Jname"
    assert lines[2] == {
        "type": "summary",
        "events": 2,
        "alerts": 1,
        "lost": {"ring_full": 3},
        "lost_by_family": {},
        "lost_by_container": {},
        "folded": 0,
        "folds_evicted": 0,
    }


def test_a_line_for_people_is_one_line_without_control_characters(
    alert: Alert, pipe: tuple[int, int]
) -> None:
    stream, notes = Stream(pipe[1]), io.StringIO()
    sink = Terminal(stream, Console(file=notes, width=20))
    sink.ready(Ready(tier="tracepoint", rules=1))
    sink.alert(alert)
    sink.summary(Summary(events=2, alerts=1, lost={}))
    (line,) = drained(stream, pipe).splitlines()
    assert line.endswith("Warning  bad\\x1b[2Jname A file was opened: cat opened /mnt/shadow")
    first, last = notes.getvalue().splitlines()
    assert first == "stockade: watching with 1 rule, tier tracepoint; Ctrl-C stops"
    assert last == "stockade: 2 events, 1 alert, lost: nothing"


@pytest.mark.parametrize(
    ("alerts", "folded", "said"),
    [(1, 1, "1 alert and 1 repetition of it"), (2, 7, "2 alerts and 7 repetitions of them")],
)
def test_the_summary_tells_of_what_was_folded(
    alerts: int, folded: int, said: str, pipe: tuple[int, int]
) -> None:
    notes = io.StringIO()
    sink = Terminal(Stream(pipe[1]), Console(file=notes))
    sink.summary(Summary(events=9, alerts=alerts, lost={}, folded=folded))
    assert notes.getvalue() == f"stockade: 9 events, {said}, lost: nothing\n"


HOSTILE = Update(
    alert="1-1",
    time="2026-01-02T03:04:05.000000006Z",
    rule="A file was opened",
    output="cat opened \x1b[2J",
    output_fields={"fd.name": "\x1b[2J"},
    container=ContainerView(
        id="id",
        name="web\n\x1b[2J",
        image="a\u202eb\x9b31m",
        runtime="runc",
        pid_ns=1,
        mnt_ns=2,
        metadata="unavailable",
        unknown=["labels"],
    ),
)


def test_an_update_is_a_line_like_others(pipe: tuple[int, int]) -> None:
    stream = Stream(pipe[1])
    JsonLines(stream).update(HOSTILE)
    (line,) = drained(stream, pipe).splitlines()
    assert msgspec.json.decode(line, type=Update) == HOSTILE
    assert (msgspec.json.decode(line)["type"], msgspec.json.decode(line)["alert"]) == (
        "update",
        "1-1",
    )


def test_an_update_for_people_is_one_line_without_control_characters(
    pipe: tuple[int, int],
) -> None:
    stream = Stream(pipe[1])
    Terminal(stream, Console(file=io.StringIO())).update(HOSTILE)
    (line,) = drained(stream, pipe).splitlines()
    assert line.strip() == (
        "web\\n\\x1b[2J: image a\\u202eb\\x9b31m unavailable for A file was opened"
    )


REPEATED = msgspec.structs.replace(
    HOSTILE,
    count=4210,
    first="2026-01-02T03:04:05.000000006Z",
    last="2026-01-02T03:04:07.123456789Z",
    examples=[],
)


def example(alert: Alert, output: str) -> Example:
    return Example(alert.time, 1, output, alert.output_fields, alert.process)


def test_a_repeated_alert_says_how_often_and_when(alert: Alert, pipe: tuple[int, int]) -> None:
    stream = Stream(pipe[1])
    outputs = ["cat opened x", "cat opened \x1b[2J"]
    examples = [example(alert, each) for each in outputs]
    grown = msgspec.structs.replace(REPEATED, examples=examples)
    JsonLines(stream).update(grown)
    (line,) = drained(stream, pipe).splitlines()
    assert msgspec.json.decode(line, type=Update) == grown
    object_ = msgspec.json.decode(line)
    assert (object_["type"], object_["alert"], object_["count"]) == ("update", "1-1", 4210)
    assert object_["first"] < object_["last"]
    assert [each["output"] for each in object_["examples"]] == outputs


def test_an_update_about_metadata_says_nothing_of_repetitions(pipe: tuple[int, int]) -> None:
    stream = Stream(pipe[1])
    JsonLines(stream).update(HOSTILE)
    said = msgspec.json.decode(drained(stream, pipe))
    assert said.keys() == {
        *("type", "alert", "time", "rule", "output", "output_fields", "container")
    }


@pytest.mark.parametrize(
    ("outputs", "end"), [(["x"], ""), (["x", "cat opened \x1b[2J"], ", as cat opened \\x1b[2J")]
)
def test_repetitions_for_people_are_one_line_without_control_characters(
    alert: Alert, outputs: list[str], end: str, pipe: tuple[int, int]
) -> None:
    stream = Stream(pipe[1])
    examples = [example(alert, each) for each in outputs]
    grown = msgspec.structs.replace(REPEATED, examples=examples)
    Terminal(stream, Console(file=io.StringIO(), width=20)).update(grown)
    (line,) = drained(stream, pipe).splitlines()
    clock, text = line.split(maxsplit=1)
    assert clock.endswith(":07.123")
    head, _, tail = text.partition(" since ")
    assert head == "web\\n\\x1b[2J A file was opened: 4210 times"
    assert tail[3:] == f"04:05.000{end}"


@pytest.mark.parametrize("name", ["id", "runtime", "name", "image", "user"])
def test_text_that_is_not_unicode_stops_no_sink(name: str, pipe: tuple[int, int]) -> None:
    """A command line may call a container's runtime anything."""
    keys = {name: "\udcff"}
    if name in {"id", "runtime"}:
        container = msgspec.structs.replace(CONTAINER, **keys)
    else:
        workload = msgspec.structs.replace(CONTAINER.workload, **keys)
        container = msgspec.structs.replace(CONTAINER, workload=workload)
    (alert,) = Judge(Engine(made(RULE).enabled)).alerts_of(event(container=container))
    stream = Stream(pipe[1])
    JsonLines(stream).alert(alert)
    assert msgspec.json.decode(drained(stream, pipe))["container"][name] == "\\xff"


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


def test_a_reader_that_stalls_costs_lines_not_time(pipe: tuple[int, int]) -> None:
    stream = Stream(pipe[1])
    for _ in range(20_000):
        stream.send(b"x" * 1000)
    assert stream.lost > 0
    assert not stream.close(0.1)


def test_a_reader_that_has_gone_is_an_error() -> None:
    read, write = os.pipe()
    os.close(read)
    stream = Stream(write)
    stream.send(b"x")
    with pytest.raises(BrokenPipeError):
        stream.close(5)
    with pytest.raises(BrokenPipeError):
        stream.send(b"y")
    os.close(write)
