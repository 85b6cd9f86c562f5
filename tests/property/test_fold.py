"""Whatever comes, and whenever: nothing is lost, and nothing new is kept back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from unittest.mock import patch

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from stockade.agent import Folder, Judge, fold
from stockade.events import Alert, Update
from stockade.rules import Engine
from tests.support.records import event
from tests.support.rules import made, rule_text

WINDOW_S, ROOM = 10.0, 3
(SOME,) = Judge(Engine(made(rule_text("evt.type = openat")).enabled)).alerts_of(event())


@dataclass(frozen=True)
class Come:
    """An alert comes after a while: of a rule, in a container, about a file."""

    after_s: float
    rule: str
    container: int
    file: int


comings = st.lists(
    st.builds(
        Come,
        st.sampled_from([0.0, 0.0, 0.001, 0.4, 1.0, 9.5, 10.0, 25.0]),
        st.sampled_from("ab"),
        st.integers(1, 3),
        st.integers(1, 12),
    ),
    max_size=80,
)


def alert_of(come: Come, number: int) -> Alert:
    return msgspec.structs.replace(
        SOME,
        id=str(number),
        rule=come.rule,
        time=f"{number:09d}",
        output_fields={"fd.name": str(come.file)},
    )


class Run:
    """A folder that takes everything, and what it says meanwhile."""

    def __init__(self, comings: list[Come], tick_s: float) -> None:
        self.now_s = 0.0
        self.folder = Folder(WINDOW_S, lambda: self.now_s)
        self.alerts: dict[str, Come] = {}
        self.updates: list[tuple[float, Update]] = []
        self.at_s: dict[tuple[str, int], float] = {}
        next_tick_s = tick_s
        for number, come in enumerate(comings):
            arrival_s = self.now_s + come.after_s
            while next_tick_s <= arrival_s:
                self.now_s = next_tick_s
                self.say(self.folder.updates())
                next_tick_s += tick_s
            self.now_s = arrival_s
            self.take(come, number)
        self.folder.close()
        self.say(self.folder.last_words())

    def say(self, updates: Iterable[Update]) -> None:
        self.updates += [(self.now_s, each) for each in updates]

    def take(self, come: Come, number: int) -> None:
        key = come.rule, come.container
        is_new = self.now_s - self.at_s.get(key, -WINDOW_S) >= WINDOW_S
        self.at_s[key] = self.now_s
        if self.folder.repeats(alert_of(come, number), come.container):
            assert not is_new
        else:
            self.alerts[str(number)] = come
        assert len(self.folder) <= fold._FOLDS_MAX  # noqa: SLF001 - what a test makes narrow
        self.say(self.folder.last_words())


@given(comings, st.sampled_from([0.7, 1.0, 3.0]))
def test_every_one_is_counted_once_and_the_first_is_said(
    comings: list[Come], tick_s: float
) -> None:
    with patch.object(fold, "_FOLDS_MAX", ROOM):
        run = Run(comings, tick_s)
    counts = dict.fromkeys(run.alerts, 1)
    for _, update in run.updates:
        assert isinstance(update.count, int)
        assert update.count > counts[update.alert]
        counts[update.alert] = update.count
        assert isinstance(update.examples, list)
        assert len(update.examples) <= 8
        assert sum(each.count for each in update.examples) <= update.count
        assert update.first == f"{int(update.alert):09d}"
        assert run.alerts[update.alert].rule == update.rule
    assert sum(counts.values()) == len(comings)
    assert run.folder.folded == len(comings) - len(run.alerts)
    assert len(run.folder) == 0


@given(comings)
def test_an_alert_is_told_of_at_most_once_a_second(comings: list[Come]) -> None:
    run = Run(comings, 0.25)
    # The last one of each comes when nothing more will.
    said: dict[str, list[float]] = {}
    for now_s, update in run.updates:
        said.setdefault(update.alert, []).append(now_s)
    for times in said.values():
        assert all(after - before >= 1.0 for before, after in pairwise(times[:-1]))
