"""Filters in the kernel say what plain Python says of the same records."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from stockade.cli.explain import explain_rule
from stockade.errors import LoadError
from stockade.events import EventType, NeedFlags, Policy, Program, Verdict, View
from stockade.events._records import SLOT
from stockade.kernel.filters import LoadedPolicy
from stockade.kernel.trial import Trial
from stockade.rules import Rule
from stockade.rules.lowering.generated import ALL_NEEDS, RawRecord
from stockade.rules.lowering.kinds import FILTERED
from stockade.rules.lowering.policies import build
from stockade.rules.lowering.reading import Frame
from tests.support.filters import Formulas, Sample, packs, samples, stock
from tests.support.rules import made, rule_text

SEED = 20_260_420
VERDICT = SLOT["frame.verdict"]
UNTOUCHED = 0xAAAAAAAA


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    with Trial() as running:
        yield running


def verdict(policy: LoadedPolicy, trial: Trial, sample: Sample) -> Verdict:
    trial.put(sample.slot())
    policy.run(policy.filters[sample.kind])
    found = {
        int.from_bytes(value[VERDICT : VERDICT + 4], "little")
        for value in trial.slots.lookup_percpu(bytes(4))
    }
    (answer,) = found - {UNTOUCHED}
    return Verdict(answer)


def agree(rules: tuple[Rule, ...], trial: Trial, count: int) -> None:
    built = build(rules, FILTERED)
    assert built.refusals == ()
    seen = set()
    with trial.load(built.policy) as policy:
        for each in samples(Formulas(rules), count, random.Random(SEED)):  # noqa: S311 - the same
            if each.kind in policy.filters:
                assert verdict(policy, trial, each) is each.verdict, each
                seen.add(each.verdict)
    assert seen == {Verdict.DROP, Verdict.SUBMIT}


def test_packs(trial: Trial) -> None:
    agree(packs(), trial, 12)


def test_stock_rules(trial: Trial) -> None:
    rules = stock()
    if not rules:
        pytest.skip("Falco's rule files are not here")
    agree(rules, trial, 12)


@pytest.mark.parametrize(
    ("condition", "need"),
    [
        ("proc.vpid = 7", NeedFlags.WHOLE_TASK),
        ("user.uid = 7", NeedFlags.DETAILS),
        ("fd.fs_type = nfs", NeedFlags.DETAILS),
    ],
)
def test_a_record_that_was_begun_without_what_is_asked_for_goes_up(
    trial: Trial, condition: str, need: NeedFlags
) -> None:
    built = build(made(rule_text(f"evt.type = openat and {condition}")).rules, FILTERED)
    rng, frame = random.Random(SEED), Frame(View.SAME)  # noqa: S311 - the same every time
    raws = [RawRecord(EventType.OPENAT, rng).bytes() for _ in range(20)]
    whole = [Sample(EventType.OPENAT, raw, frame, 0, Verdict.DROP) for raw in raws]
    with trial.load(built.policy) as policy:
        others = [each for each in whole if verdict(policy, trial, each) is Verdict.DROP]
        assert others
        for each in others:
            without = replace(each, needs=ALL_NEEDS & ~need)
            assert verdict(policy, trial, without) is Verdict.SUBMIT


OPENS = [EventType.OPENAT]
BLOW_UPS = {
    "clauses": " and ".join(
        f"(proc.name = a{at} or (fd.name startswith /b{at} and not user.uid = {at}))"
        for at in range(3000)
    ),
    "patterns": f"fd.name contains oneof ({', '.join(f'x{at}y{at * 31}' for at in range(20_000))})",
    "globs": " or ".join(f"fd.name glob *a{at}*b{at}*c{at}*d*e*" for at in range(400)),
    "paths": f"fd.name in ({', '.join(f'/a/{at}/{at * 7}' for at in range(1000))})",
    "numbers": f"evt.rawres in ({', '.join(str(at * 3) for at in range(3000))})",
    "negations": f"{'not ' * 2001} fd.name = /x",
}


@pytest.mark.parametrize("condition", BLOW_UPS.values(), ids=BLOW_UPS)
def test_what_is_made_to_blow_up_is_taken_or_refused_by_name(trial: Trial, condition: str) -> None:
    """Approximated, in part or as a whole, it never says no where the rule would fire."""
    rules = made(rule_text(f"evt.type = openat and {condition}", name="blow")).rules
    built = build(rules, OPENS)
    if built.refusals:
        assert {name for refusal in built.refusals for name in refusal.rules} == {"blow"}
        return
    with trial.load(built.policy) as policy:
        for each in samples(Formulas(rules), 1, random.Random(SEED)):  # noqa: S311 - the same
            if each.kind in policy.filters and each.verdict is Verdict.SUBMIT:
                assert verdict(policy, trial, each) is Verdict.SUBMIT


def test_what_the_kernel_refuses_is_an_error_with_its_log(trial: Trial) -> None:
    endless = Program(b"\x05\x00\xff\xff\x00\x00\x00\x00", {}, {})
    with pytest.raises(LoadError) as caught:
        trial.load(Policy((endless,), {}))
    assert caught.value.log


def test_explain_tells_what_a_filter_takes() -> None:
    (rule,) = made(rule_text("evt.type in (openat, mount) and evt.failed = false")).rules
    opens, mounts = explain_rule(rule)
    for each in (opens, mounts):
        assert each.unknown == ""
        verified = each.verified["sys_exit"]
        assert verified is not None
        assert verified == 0 or verified >= each.instructions // 2
        assert each.nanoseconds is not None
        assert each.nanoseconds < 100_000


def test_a_run_takes_its_time(trial: Trial) -> None:
    rules = made(rule_text("evt.type = openat and fd.name contains shadow")).rules
    (sample,) = samples(Formulas(rules), 1, random.Random(SEED))  # noqa: S311 - the same
    with trial.load(build(rules, FILTERED).policy) as policy:
        assert trial.nanoseconds(policy.programs[0], [sample.slot()], 500) > 0
