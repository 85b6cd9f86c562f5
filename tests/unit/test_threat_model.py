"""A claim that is not shown does not pass."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from threatmodel import claims
from threatmodel.claims import Claim, Level, Model, Result, Stage, faults, read
from threatmodel.page import page
from threatmodel.record import merged, taken, told

RULE = "Raw device opened in a container"
TEST = "tests/e2e/shipped/test_rules.py::test_a_block_device_under_any_name"
PASSED = Result("passed", "6.1.0", "lsm", "2026-11-22")
CLAIM = Claim(
    id="X-01",
    technique="a disk's raw content is read",
    attack=("T1611",),
    stage=Stage.ESCAPE,
    level=Level.DETECTS,
    holds="L3",
    rules=(RULE,),
    tests=(TEST,),
)


def model(*of: Claim, **more: Any) -> Model:
    return msgspec.structs.replace(read(), claims=of, bypasses=(), **more)


def found(claim: Claim, outcome: str | None = "passed") -> list[str]:
    results = {TEST: msgspec.structs.replace(PASSED, outcome=outcome)} if outcome else {}
    return list(faults(model(claim), frozenset({TEST}), results))


def changed(**values: Any) -> Claim:
    return msgspec.structs.replace(CLAIM, **values)


def test_what_is_shown_passes() -> None:
    assert found(CLAIM) == []


@pytest.mark.parametrize("outcome", ["failed", "skipped"])
def test_a_test_that_did_not_pass_shows_nothing(outcome: str) -> None:
    assert found(CLAIM, outcome) == [f"X-01: {TEST} was {outcome} when it was last recorded"]


def test_a_test_that_was_never_seen_shows_nothing() -> None:
    assert found(CLAIM, None) == [f"X-01: {TEST} was never recorded; make threat-model does"]


@pytest.mark.parametrize(
    ("claim", "fault"),
    [
        (changed(tests=()), "no test shows it"),
        (changed(tests=("tests/none.py::test_none",)), "there is no test tests/none.py::test_none"),
        (changed(rules=()), "no rule tells of it"),
        (changed(rules=("No rule",)), "there is no rule 'No rule'"),
        (changed(rules=(RULE, "Kernel log read from a container")), ""),
        (changed(holds="L9"), "attacker 'L9' is not on the scale"),
        (changed(level=Level.BEST_EFFORT), "best effort, and does not say when it fails"),
        (changed(level=Level.OUT_OF_SCOPE, limits="x"), "out of scope, with rules, tests or"),
        (changed(level=Level.OUT_OF_SCOPE, rules=(), tests=(), holds=""), "does not say why"),
    ],
)
def test_what_is_not_shown_is_a_fault(claim: Claim, fault: str) -> None:
    told = found(claim)
    assert told == [] if not fault else any(fault in each for each in told)


def test_a_rule_that_no_test_is_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "_source", lambda _test: "")
    assert found(CLAIM) == [f"X-01: none of its tests is about rule {RULE!r}"]


def test_no_claim_goes_beyond_what_rules_do() -> None:
    (fault,) = found(changed(level=Level.PREVENTS))
    assert fault == f"X-01: prevents, and rule {RULE!r} (audit) is only told"


def test_claims_and_bypasses_name_each_other() -> None:
    bypass = claims.Bypass("somehow", "L7", ("X-02",))
    wrong = msgspec.structs.replace(model(CLAIM, CLAIM), bypasses=(bypass,))
    told = list(faults(wrong, frozenset({TEST}), {TEST: PASSED}))
    assert told == [
        "X-01: claimed twice",
        "a bypass names X-02, which nobody claims",
        "a bypass names attacker L7, who is not on the scale",
    ]


def test_a_skip_takes_nothing_back() -> None:
    skipped, failed = (
        msgspec.structs.replace(PASSED, outcome=each) for each in ("skipped", "failed")
    )
    assert merged({TEST: PASSED}, {TEST: skipped, "other": skipped}) == {
        TEST: PASSED,
        "other": skipped,
    }
    assert merged({TEST: PASSED}, {TEST: failed}) == {TEST: failed}


def test_results_come_out_of_a_guest_as_a_line() -> None:
    seen = {TEST: PASSED}
    assert taken(["booted\n", f"{told(seen)}\n", "done\n"]) == seen
    with pytest.raises(ValueError, match="no results"):
        taken(["booted\n"])


def test_the_page_says_by_what_it_is_seen() -> None:
    text = page(model(CLAIM), {TEST: PASSED})
    assert "| X-01 | a disk's raw content is read | T1611 | detects | L3 | " in text
    assert "fexit/openat" in text
    assert f"| X-01 | `{TEST}` | passed, 6.1.0, lsm, 2026-11-22 |" in text
    assert "| X-01 | `" in page(model(CLAIM), {}).replace(" never |", "")
