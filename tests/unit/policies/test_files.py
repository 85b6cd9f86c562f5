"""Policy files: what they say, and what is wrong with them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from stockade.errors import RuleErrors
from stockade.policies import Limits, Mode, load_policies
from stockade.rules.keys import Unknown
from tests.unit.policies.helpers import errors, read, rules

POLICY = "- policy: p\n  mode: audit\n  rules: [Denying]\n"
EXCEPTION = "- exception: e\n  reason: r\n  expires: never\n  file: /x\n"


def test_all_that_a_policy_says() -> None:
    text = """
- policy: all of it
  desc: Says
    everything.
  packs: hard
  rules: [Denying, Telling]
  mode: enforce
  scope:
    - {container: [web, "db-*"], privileged: false}
    - label: {tier: web, canary: }
    - host: true
  modes:
    - {mode: audit, rules: [Denying], scope: {namespace: shop}}
  exceptions: [e]
  unknown_scope: deny
  brake: {containers: 3, actions: 10, window: 30}
"""
    # The exception comes later, in another file.
    (policy,) = read(text, EXCEPTION).policies
    assert (policy.name, policy.desc) == ("all of it", "Says everything.")
    assert policy.rules == {"Hard", "Denying", "Telling"}
    assert policy.scope.text == (
        "container web or db-* and privileged false; label tier=web and canary; host"
    )
    first, second = policy.clauses
    assert (first.mode, first.rules, first.scope, first.why) == (
        Mode.ENFORCE,
        None,
        None,
        "p0.yaml:2:3",
    )
    assert (second.mode, second.rules) == (Mode.AUDIT, frozenset({"Denying"}))
    assert second.scope is not None
    assert second.scope.text == "namespace shop"
    assert [each.name for each in policy.exemptions] == ["e"]
    assert policy.unknown_scope is Unknown.DENY
    assert policy.limits == Limits(containers=3, actions=10, window_s=30)


def test_what_is_left_out_has_defaults() -> None:
    (policy,) = read(POLICY).policies
    assert (policy.scope.text, policy.covers_containers) == ("any container", True)
    assert policy.unknown_scope is Unknown.ALLOW
    assert policy.limits == Limits(containers=5, actions=0, window_s=60)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (POLICY.replace("Denying", "Denyin"), "3:11: error: unknown rule Denyin (did you mean De"),
        (POLICY.replace("rules: [Denying]", "packs: [hrd]"), "unknown pack hrd (did you mean hard"),
        (POLICY.replace("audit", "audt"), "2:9: error: 'audt' is not allowed here (did you mean a"),
        (POLICY.replace("mode", "mod"), "2:8: error: unknown key mod in policy 'p' (did you mean "),
        (POLICY.replace("  mode: audit\n", ""), "1:3: error: policy 'p' has no mode"),
        (POLICY.replace("  rules: [Denying]\n", ""), "p' names no rules and no packs"),
        (POLICY.replace("policy", "polcy"), "1:3: error: unknown kind of entry polcy (did you me"),
        (POLICY.replace(" p\n", "\n"), "1:3: error: policy needs a name"),
        (POLICY + POLICY, "policy 'p' is there already, at p0.yaml:1:3"),
        (EXCEPTION + EXCEPTION, "exception 'e' is there already"),
        (POLICY + "  scope: {contaner: x}\n", "4:21: error: unknown key contaner in a scope"),
        (POLICY + "  scope: {process: /x}\n", "unknown key process in a scope"),
        (POLICY + "  scope: {host: true, container: x}\n", "4:10: error: host stands alone"),
        (POLICY + "  scope: {host: false}\n", "the host is in no scope that does not say so"),
        (POLICY + "  scope: []\n", "a scope names at least one kind of containers"),
        (POLICY + "  scope: {container: []}\n", "needs at least one value"),
        (POLICY + "  scope: {container: ''}\n", "must not be empty"),
        (POLICY + "  scope: {privileged: perhaps}\n", "'perhaps' is not allowed here"),
        (POLICY + "  modes: [{mode: audit, rules: [Killing]}]\n", "not about rule 'Killing'"),
        (POLICY + "  modes: [{rules: [Denying]}]\n", "one of the modes has no mode"),
        (POLICY + "  modes: [{mode: audit, brake: 1}]\n", "unknown key brake in one of the modes"),
        (POLICY + "  exceptions: [x]\n" + EXCEPTION, "4:16: error: unknown exception x"),
        (POLICY + "  brake: {containers: many}\n", "'many' is no number up to 1000000"),
        (POLICY + "  brake: {containers: 99999999999}\n", "is no number up to"),
        (POLICY + "  brake: {window: 0}\n", "a window has at least a second"),
        (EXCEPTION.replace("never", "tomorrow"), "3:12: error: 'tomorrow' is no day and no time"),
        (EXCEPTION.replace("never", "2027-01-31T10:00:00"), "is no day and no time with a zone"),
        (EXCEPTION.replace("never", "2027-02-30"), "is no day and no time"),
        (EXCEPTION.replace("never", "9999-12-31"), "is no day and no time"),
        (EXCEPTION.replace("  reason: r\n", ""), "exception 'e' has no reason"),
        (EXCEPTION.replace("reason: r", "reason: ' '"), "exception 'e' has no reason"),
        (EXCEPTION.replace("  expires: never\n", ""), "exception 'e' has no expires"),
        (EXCEPTION.replace("  file: /x\n", ""), "without a selection excepts everything"),
        (EXCEPTION.replace("file", "fle"), "4:8: error: unknown key fle in exception 'e'"),
        (EXCEPTION.replace("file: /x", "user: me"), "'me' is no int, as user.uid is"),
        (EXCEPTION.replace("file: /x", "address: x"), "'x' is no net, as fd.snet is"),
        (EXCEPTION.replace("file: /x", "condition: red"), "unknown macro red (did you mean reads"),
        (EXCEPTION.replace("file: /x", "condition: fd.nme = x"), "unknown field fd.nme"),
        ("policy: p\n", "1:1: error: expected a list of entries such as '- policy: name'"),
    ],
)
def test_mistakes_have_a_place_and_a_remedy(text: str, message: str) -> None:
    found = errors(text)
    assert any(message in each for each in found), found


def test_every_mistake_is_told() -> None:
    assert len(errors(POLICY.replace("Denying", "X"), EXCEPTION.replace("/x", "[]"))) == 2


def test_an_exception_that_nothing_names_is_odd() -> None:
    assert [each.message for each in read(POLICY + EXCEPTION).warnings] == [
        "exception 'e' is not used"
    ]


@pytest.mark.parametrize(
    ("written", "expires"),
    [
        ("never", None),
        # The day that is named is the last one.
        ("2027-01-31", datetime(2027, 2, 1, tzinfo=UTC)),
        ("2027-01-31T18:00:00+02:00", datetime(2027, 1, 31, 16, tzinfo=UTC)),
    ],
)
def test_until_when_an_exception_holds(written: str, expires: datetime | None) -> None:
    text = POLICY + "  exceptions: e\n" + EXCEPTION.replace("never", written)
    ((exemption,),) = [policy.exemptions for policy in read(text).policies]
    assert exemption.expires == expires
    if expires:
        assert not exemption.holds_at(expires)


def test_directories_are_read_in_the_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(POLICY.replace("policy: p", "policy: b"))
    (tmp_path / "a.yaml").write_text(POLICY)
    (tmp_path / "c.txt").write_text("nothing")
    found = load_policies([tmp_path], rules())
    assert [policy.name for policy in found.policies] == ["p", "b"]
    with pytest.raises(RuleErrors, match="1 error in the policies"):
        load_policies([tmp_path / "none.yaml"], rules())
