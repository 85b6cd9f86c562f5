"""Filters on what real containers do: rules, formulas, native code and the kernel agree."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import pytest

from stockade.events import Event, Verdict, View, decode
from stockade.kernel import Sensor, Wanted
from stockade.kernel.trial import Trial
from stockade.rules import Rule, values_of
from stockade.rules.evaluate import evaluate
from stockade.rules.lowering.kinds import FILTERED
from stockade.rules.lowering.parts import Parts, Whose
from stockade.rules.lowering.policies import build
from stockade.rules.lowering.reading import Frame
from tests.behaviours.jobs import JOBS
from tests.kernel.test_filters import verdict
from tests.support.filters import Formulas, NativeFilters, Sample, expected, packs, stock
from tests.support.runc import Runc
from tests.support.watch import EventWatch

SEED = 20_261_122
# Of each event type: an unpacked package is a thousand opens that are all alike.
MOST = 60


class RawWatch(EventWatch):
    """Events with the bytes that they came as."""

    def __init__(self, sensor: Sensor) -> None:
        super().__init__(sensor)
        self.raw: list[bytes] = []

    def drain(self) -> None:
        while found := [bytes(raw) for raw in self.sensor.ring.drain()]:
            self.raw += found
            self.events += [self.event_of(decode(memoryview(raw))) for raw in found]


@pytest.fixture(scope="module")
def told(runc: Runc) -> list[tuple[bytes, Event]]:
    """What jobs did that need nothing of the host, a part of what they did often."""
    rng = random.Random(SEED)  # noqa: S311 - the same
    with Sensor(Wanted(FILTERED)) as sensor:
        watch = RawWatch(sensor)
        for job in (each for each in JOBS if not each.needs):
            runc.run(["sh", "-c", job.script], job.options)
            watch.drain()
        watch.close()
    pairs = list(zip(watch.raw, watch.events, strict=True))
    rng.shuffle(pairs)
    kept: Counter[int] = Counter()
    chosen = []
    for raw, event in pairs:
        kept[event.type] += 1
        if event.type in FILTERED and kept[event.type] <= MOST:
            chosen.append((raw, event))
    return chosen


def frames(parts: Parts, event: Event) -> Iterator[tuple[Frame, int]]:
    """What is known beside the record: nothing, then all."""
    yield Frame(View.UNKNOWN), 0
    nothing = Frame().words
    known = {
        whose: parts.words(whose, values_of(event))
        if whose is not Whose.CONTAINER or event.container
        else nothing[whose]
        for whose in Whose
    }
    yield Frame(View.UNKNOWN, known), parts.set


@pytest.mark.parametrize("rules", [packs(), stock()], ids=["packs", "stock"])
def test_all_ways_to_judge_agree(told: list[tuple[bytes, Event]], rules: tuple[Rule, ...]) -> None:
    if not rules:
        pytest.skip("Falco's rule files are not here")
    formulas = Formulas(rules)
    native = NativeFilters(formulas)
    built = build(rules, FILTERED)
    assert built.refusals == ()
    answers: Counter[Verdict] = Counter()
    with Trial() as trial, trial.load(built.policy) as policy:
        for raw, event in told:
            kind = event.type
            if kind not in formulas:
                continue
            fires = any(evaluate(rule.condition, values_of(event)) is True for rule in rules)
            for frame, parts in frames(formulas.parts, event):
                want = expected(formulas[kind], raw, frame)
                sample = Sample(kind, raw, frame, parts, want)
                assert want is Verdict.SUBMIT or not fires, event
                assert native.verdict(sample) is want, event
                assert verdict(policy, trial, sample) is want, event
                answers[want] += 1
    assert answers.keys() == {Verdict.DROP, Verdict.SUBMIT}
