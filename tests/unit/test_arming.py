"""Alerts that say what was done, or would be; the brake and exceptions in a judge's hands."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from stockade.agent import Arming, Folder, Judge
from stockade.agent.judge import audited
from stockade.events import Action, Alert, Container, Event, Priority
from stockade.policies import Governed, Mode, Overrides, Target
from stockade.policies.status import read_status
from stockade.rules import Engine, Rule
from tests.unit.policies.helpers import NOW, box, governed, opens

POLICY = "- policy: p\n  mode: {mode}\n  rules: [Denying]\n  brake: {{containers: 2}}\n"
ENFORCE, AUDIT = POLICY.format(mode="enforce"), POLICY.format(mode="audit")


class Around:
    """A judge, what the kernel is said to have done, and what comes of it."""

    def __init__(self, directory: Path, *texts: str, done: bool = False) -> None:
        self.texts = texts
        self.said: list[Alert] = []
        self.asked = 0
        self.overrides = Overrides(directory / "modes.json")
        self.status = directory / "status.json"
        outcome = self._done if done else audited
        self.judge = Judge(Engine(()), Folder(60), outcome)
        of = self.governed()
        self.arming = Arming(of, self.overrides, self.said.append, self._ask, self.status)
        self.judge.counted = self.arming.count
        self.judge.take_rules(Engine(of.rules))

    def governed(self, now: datetime = NOW) -> Governed:
        return governed(*self.texts, overrides=self.overrides.load(), now=now)

    def reload(self, now: datetime = NOW) -> None:
        of = self.governed(now)
        self.judge.take_rules(Engine(of.rules))
        self.arming.take(of)

    def open(self, container: Container | None) -> Alert | None:
        """The denying rule's alert, if it is not folded."""
        found = [each for each in self.judge.alerts_of(opens(container)) if each.rule == "Denying"]
        return found[0] if found else None

    @staticmethod
    def _done(rule: Rule, _event: Event) -> Action:
        return rule.effective

    def _ask(self) -> None:
        self.asked += 1


def as_json(alert: Alert | None) -> dict[str, object]:
    assert alert is not None
    found: dict[str, object] = msgspec.to_builtins(alert)
    return found


def test_an_audited_deny_says_what_it_would_have_refused(tmp_path: Path) -> None:
    of = Around(tmp_path, AUDIT + "  scope: {container: web}\n")
    assert (
        as_json(of.open(box())).items()
        >= {
            "action": "audit",
            "would": "deny",
            "policy": "p",
        }.items()
    )
    beside = as_json(of.open(box("db")))
    assert (beside["action"], beside["would"], beside["policy"]) == ("audit", None, None)


def test_without_policies_a_rule_says_what_it_would_do_in_containers(tmp_path: Path) -> None:
    of = Around(tmp_path)
    inside = as_json(of.open(box()))
    assert (inside["action"], inside["would"]) == ("audit", "deny")
    assert as_json(of.open(None))["would"] is None


def test_what_is_enforced_and_not_done_is_not_said_to_be(tmp_path: Path) -> None:
    found = as_json(Around(tmp_path, ENFORCE).open(box()))
    assert (found["action"], found["would"]) == ("audit", "deny")


def test_what_was_done_is_said(tmp_path: Path) -> None:
    found = as_json(Around(tmp_path, ENFORCE, done=True).open(box()))
    assert (found["action"], found["policy"]) == ("deny", "p")
    assert found["would"] is None


def test_the_brake_drops_a_rule_to_audit_and_says_so(tmp_path: Path) -> None:
    of = Around(tmp_path, ENFORCE, done=True)
    for name in ("a", "b"):
        of.open(box(name))
    assert (of.said, of.asked) == ([], 0)
    of.open(box("c"))
    (alert,) = of.said
    assert (alert.rule, alert.priority) == ("Brake: dropped to audit", Priority.CRITICAL)
    assert alert.output_fields["target"] == "policy p, rule Denying"
    assert alert.output_fields["containers"] == ["id-a", "id-b", "id-c"]
    assert of.asked == 1
    (override,) = of.overrides.load()
    assert (override.mode, override.target, override.by) == (
        Mode.AUDIT,
        Target("p", "Denying"),
        "brake",
    )
    of.reload()
    after = as_json(of.open(box("a")))
    assert (after["action"], after["would"]) == ("audit", "deny")
    # Until somebody lets it act again.
    of.overrides.drop(Target(rule="Denying"))
    of.reload()
    assert as_json(of.open(box("a")))["action"] == "deny"


def test_what_is_folded_into_an_alert_is_counted(tmp_path: Path) -> None:
    of = Around(tmp_path, ENFORCE.replace("containers: 2", "actions: 3"), done=True)
    told = [of.open(box()) is not None for _ in range(4)]
    assert told == [True, False, False, False]
    assert [override.target for override in of.overrides.load()] == [Target("p", None, "id-web")]


def test_while_it_only_audits_the_brake_says_what_it_would_do(tmp_path: Path) -> None:
    of = Around(tmp_path, AUDIT)
    for name in "abc":
        of.open(box(name))
    (alert,) = of.said
    assert (alert.rule, alert.priority) == ("Brake: would drop to audit", Priority.NOTICE)
    assert (of.asked, of.overrides.load()) == (0, ())


def test_out_of_scope_nothing_is_counted(tmp_path: Path) -> None:
    of = Around(tmp_path, AUDIT + "  scope: {container: web}\n")
    for name in "abcdef":
        of.open(box(name))
    of.open(None)
    assert of.said == []


def test_a_brake_that_cannot_be_kept_is_told(tmp_path: Path) -> None:
    of = Around(tmp_path, ENFORCE, done=True)
    of.overrides.path.write_text("nothing")
    for name in "abc":
        of.open(box(name))
    assert [alert.rule for alert in of.said] == ["Brake: cannot drop to audit"]
    assert of.said[0].priority is Priority.CRITICAL


def test_an_exception_that_expires_is_told_once(tmp_path: Path) -> None:
    exception = "- exception: e\n  reason: night shift\n  expires: 2026-11-22\n  user: 1000\n"
    of = Around(tmp_path, ENFORCE + "  exceptions: [e]\n", exception)
    assert of.open(box()) is None
    for _ in range(2):
        of.reload(NOW + timedelta(days=1))
    (alert,) = of.said
    assert (alert.rule, alert.source) == ("Exception expired", "internal")
    assert "night shift" in alert.output
    assert of.open(box()) is not None


def test_what_is_in_force_can_be_read(tmp_path: Path) -> None:
    of = Around(tmp_path, ENFORCE, "- policy: q\n  mode: audit\n  packs: [hard]\n")
    status = read_status(of.status)
    assert status is not None
    assert [(each.name, each.acting) for each in status.policies] == [
        ("p", ("Denying",)),
        ("q", ("Hard",)),
    ]
    assert status.state == str(of.overrides.path)
    assert status.overrides == ()


@pytest.mark.parametrize("action", [Action.DENY, Action.KILL])
def test_folded_alerts_differ_by_what_was_done(tmp_path: Path, action: Action) -> None:
    done = Action.AUDIT
    of = Around(tmp_path, ENFORCE)
    of.judge = Judge(Engine(of.governed().rules), Folder(60), lambda _rule, _event: done)
    assert of.open(box()) is not None
    done = action
    assert of.open(box()) is not None
    assert of.open(box()) is None
