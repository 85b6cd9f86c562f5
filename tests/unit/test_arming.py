"""Alerts that say what was done, or would be; the brake and exceptions in a judge's hands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from stockade.agent import Arming, Disarmer, Folder, Judge
from stockade.events import (
    NOWHERE,
    Alert,
    Container,
    Decisions,
    Event,
    EventType,
    Fired,
    Outcome,
    Points,
    Priority,
)
from stockade.policies import Governed, Mode, Override, Overrides, Target
from stockade.policies.status import read_status
from stockade.rules import Engine
from stockade.rules.lowering.decisions import decided_rules
from stockade.workloads import Containers
from tests.support.records import ENTRY
from tests.unit.policies.helpers import NOW, box, governed, opens

POLICY = "- policy: p\n  mode: {mode}\n  rules: [Denying]\n  brake: {{containers: 2}}\n"
ENFORCE, AUDIT = POLICY.format(mode="enforce"), POLICY.format(mode="audit")


OPENS = Points(frozenset({EventType.OPENAT}))


class Kernel:
    """What was switched off, by keys of containers."""

    def __init__(self) -> None:
        self.off: set[int | None] = set()

    def disarm(self, container: int | None = None) -> None:
        self.off.add(container)

    def arm(self, container: int | None = None) -> None:
        self.off.remove(container)


class Around:
    """A judge of what a kernel decides by policies, and what comes of it.

    Args:
        refuses: whether opens are decided before they happen.
    """

    def __init__(self, directory: Path, *texts: str, refuses: bool = True) -> None:
        self.texts = texts
        self.points = OPENS if refuses else NOWHERE
        self.said: list[Alert] = []
        self.asked = 0
        self.kernel = Kernel()
        self.containers = Containers(lambda _id: None, lambda _pid: (), ())
        self.overrides = Overrides(directory / "modes.json")
        self.status = directory / "status.json"
        self.judge = Judge(Engine(()), Folder(60))
        of = self.governed()
        self.arming = Arming(
            of,
            self.overrides,
            Disarmer(self.kernel, self.containers),
            self.said.append,
            self._ask,
            self.status,
        )
        self.judge.counted = self.arming.count
        self._take(of)

    def governed(self, now: datetime = NOW) -> Governed:
        return governed(*self.texts, overrides=self.overrides.load(), now=now)

    def reload(self, now: datetime = NOW) -> None:
        of = self.governed(now)
        self._take(of)
        self.arming.take(of)

    def open(self, container: Container | None) -> Alert | None:
        """The denying rule's alert, if it is not folded."""
        act = opens(container)
        told = [alert for each in self._records(act) for alert in self.judge.alerts_of(each)]
        return next((each for each in told if each.rule == "Denying"), None)

    def _take(self, of: Governed) -> None:
        self.rules = decided_rules(of.rules) if self.points.before else []
        self.judge.take_rules(Engine(of.rules, self.points))
        fired = tuple((Fired(rule.key, certain=True),) for rule in self.rules)
        decisions = Decisions(fired={EventType.OPENAT: fired}, set=7)
        self.judge.take_decisions(decisions, self.rules)

    def _records(self, act: Event) -> Iterator[Event]:
        """As the kernel would tell of it: what it decided, and then what has come of that."""
        fires = [Engine.verdict(rule, act) is True for rule in self.rules]
        acting = [rule.effective for rule, does in zip(self.rules, fires, strict=True) if does]
        outcome = max((Outcome[each.name] for each in acting), default=Outcome.ALLOW)
        bits = sum(1 << number for number, does in enumerate(fires) if does)
        header = msgspec.structs.replace(
            act.record.header, outcome=outcome, rules=7, fired=(bits, 0)
        )
        if act.container is not None and outcome:
            record = msgspec.structs.replace(act.record, header=header)
            yield msgspec.structs.replace(act, record=record)
        yield act

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
    found = as_json(Around(tmp_path, ENFORCE, refuses=False).open(box()))
    assert (found["action"], found["would"]) == ("audit", "deny")


def test_what_was_done_is_said(tmp_path: Path) -> None:
    found = as_json(Around(tmp_path, ENFORCE).open(box()))
    assert (found["action"], found["policy"]) == ("deny", "p")
    assert found["would"] is None


def test_the_brake_drops_a_rule_to_audit_and_says_so(tmp_path: Path) -> None:
    of = Around(tmp_path, ENFORCE)
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
    of = Around(tmp_path, ENFORCE.replace("containers: 2", "actions: 3"))
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
    of = Around(tmp_path, ENFORCE)
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


def test_folded_alerts_differ_by_what_was_done(tmp_path: Path) -> None:
    of = Around(tmp_path, ENFORCE)
    assert of.open(box()) is not None
    assert of.open(box()) is None
    of.overrides.put(override(Target()))
    of.reload()
    assert as_json(of.open(box()))["action"] == "audit"


def override(target: Target, mode: Mode = Mode.AUDIT) -> Override:
    return Override(mode, target, "operator", "2026-11-22T12:00:00Z")


def test_disarming_takes_effect_before_rules_do(tmp_path: Path) -> None:
    of = Around(tmp_path, ENFORCE)
    of.overrides.put(override(Target()))
    of.arming.ask()
    assert (of.kernel.off, of.asked) == ({None}, 1)
    of.reload()
    assert of.kernel.off == set()
    assert as_json(of.open(box()))["action"] == "audit"


def test_one_container_is_disarmed_by_its_name_or_id(tmp_path: Path) -> None:
    of = Around(tmp_path, ENFORCE)
    entry = msgspec.structs.replace(ENTRY, key=9)
    of.containers.all = lambda: [msgspec.structs.replace(box("web"), entry=entry), box("db")]  # type: ignore[method-assign]
    for name in ("web", "id-web"):
        of.overrides.put(override(Target(container=name)))
        of.arming.ask()
        assert of.kernel.off == {9}
        of.overrides.drop(Target())
        of.arming.ask()
        assert of.kernel.off == set()


def test_what_is_switched_while_rules_are_compiled_is_not_forgotten(tmp_path: Path) -> None:
    of = Around(tmp_path, ENFORCE)
    before = of.governed()
    of.overrides.put(override(Target()))
    of.arming.ask()
    of.arming.take(before)
    assert of.kernel.off == {None}


def test_what_enforces_a_part_waits_for_the_rules(tmp_path: Path) -> None:
    of = Around(tmp_path, ENFORCE)
    of.overrides.put(override(Target()))
    of.overrides.put(override(Target("p"), Mode.ENFORCE))
    of.arming.ask()
    assert of.kernel.off == set()


def test_a_state_that_cannot_be_read_leaves_what_is_disarmed(tmp_path: Path) -> None:
    of = Around(tmp_path, ENFORCE)
    of.overrides.put(override(Target()))
    of.arming.ask()
    of.overrides.path.write_text("nothing")
    of.arming.ask()
    assert of.kernel.off == {None}
