"""Alerts that wait for metadata, and those that are followed by it."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from stockade.agent import Judge, judge
from stockade.events import (
    ABSENT,
    Action,
    Alert,
    Container,
    Decisions,
    Event,
    EventType,
    Fired,
    Metadata,
    Outcome,
    Pod,
    Points,
    Update,
    Workload,
)
from stockade.rules import Engine, Rule
from tests.support.records import ENTRY, event, open_record
from tests.support.rules import enforced
from tests.unit.rules.helpers import made, only, rule

WORKLOAD = Workload(
    name="web",
    image="app:1",
    image_id="cfg",
    labels={"a": "b"},
    pod=Pod("p", "n", "u"),
    privileged=False,
    mounts=(),
    devices=(),
    user="1:2",
    seccomp="filter",
    apparmor="docker-default",
    created="now",
)


def judge_of(*conditions: str) -> Judge:
    texts = [
        rule(each, str(number), output="'%container.image %fd.name'")
        for number, each in enumerate(conditions)
    ]
    return Judge(Engine(made("".join(texts)).enabled))


def came(container: Container, workload: Workload | None = WORKLOAD) -> Container:
    """The metadata has come, or will not."""
    container.metadata = Metadata.COMPLETE if workload else Metadata.UNAVAILABLE
    container.workload = workload or container.workload
    return container


@pytest.fixture
def pending() -> Container:
    return Container(id="box", runtime="runc", entry=ENTRY)


def test_what_could_not_be_decided_fires_later(pending: Container) -> None:
    of = judge_of("container.image = app:1", "container.image = other")
    assert list(of.alerts_of(event(container=pending))) == []
    (late,) = of.known(came(pending))
    assert isinstance(late, Alert)
    assert (late.rule, late.time) == ("0", "2023-11-14T22:13:20.123456789Z")
    assert late.output == "app:1 /mnt/shadow"
    assert (late.container.metadata, late.container.unknown) == ("complete", [])
    assert (of.alerts, list(of.known(pending))) == (1, [])


def test_an_alert_does_not_wait_and_is_followed_by_one_update(pending: Container) -> None:
    of = judge_of("proc.name = cat")
    (first,), (second,) = (of.alerts_of(event(container=pending)) for _ in range(2))
    assert first.id != second.id
    view = first.container
    assert (view.metadata, view.image, view.labels) == ("pending", None, None)
    assert set(view.unknown) >= set("image image_digest labels privileged user".split())
    updates = list(of.known(came(pending)))
    assert [type(each) for each in updates] == [Update, Update]
    assert {each.alert for each in updates if isinstance(each, Update)} == {first.id, second.id}
    (update, _) = updates
    assert update.container == msgspec.structs.replace(
        view,
        name="web",
        image="app:1",
        labels={"a": "b"},
        pod=update.container.pod,
        privileged=False,
        user="1:2",
        metadata="complete",
        unknown=[],
    )
    assert update.container.pod is not None
    assert update.output == "app:1 /mnt/shadow"
    assert update.output_fields["container.image"] == "app:1"
    assert (of.alerts, list(of.known(pending))) == (2, [])


def test_what_is_null_because_it_is_unknown_is_named(pending: Container) -> None:
    (alert,) = judge_of("proc.name = cat").alerts_of(event(container=pending))
    view = msgspec.to_builtins(alert.container)
    assert [each for each in view["unknown"] if view[each] is not None] == []
    assert "pod" in view["unknown"]


def test_metadata_that_never_comes(pending: Container) -> None:
    of = judge_of("proc.name = cat", "container.image = app:1", "not container.image = app:1")
    (alert,) = of.alerts_of(event(container=pending))
    (update,) = of.known(came(pending, None))
    assert isinstance(update, Update)
    assert (update.alert, update.container.metadata) == (alert.id, "unavailable")
    assert "image" in update.container.unknown


@pytest.mark.parametrize(
    "condition",
    [
        "container.name = web",
        "container.image = app:1",
        "container.image.repository = app",
        "container.image.tag = '1'",
        "container.image.id = cfg",
        "not container.image.digest exists",
        "container.privileged = false",
        "container.user = '1:2'",
        "container.seccomp = filter",
        "container.apparmor = docker-default",
        "container.label.a = b",
        "container.labels intersects (a:b)",
        "not container.mounts intersects (x)",
        "container.mount[0] = N/A",
        "container.mount.dest[/x] = N/A",
        "k8s.pod.name = p",
        "k8s.ns.name = n",
        "k8s.pod.uid = u",
    ],
)
def test_no_rule_is_decided_before_what_it_is_about_is_known(
    condition: str, pending: Container
) -> None:
    of = judge_of(condition, f"not ({condition})")
    assert list(of.alerts_of(event(container=pending))) == []
    assert [late.rule for late in of.known(came(pending))] == ["0"]


@pytest.mark.parametrize("container", [None, Container("box", entry=ENTRY, workload=WORKLOAD)])
def test_nothing_waits_where_nothing_will_come(container: Container | None) -> None:
    if container:
        came(container)
    of = judge_of("proc.name = cat", "container.image.digest = x")
    assert len(list(of.alerts_of(event(container=container)))) == 1
    assert container is None or list(of.known(container)) == []


def test_each_container_waits_for_its_own(pending: Container) -> None:
    of = judge_of("container.image = app:1")
    other = Container(id="box", entry=ENTRY)
    for each in (pending, other):
        assert list(of.alerts_of(event(container=each))) == []
    assert len(list(of.known(came(other)))) == 1
    assert len(list(of.known(came(pending)))) == 1


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(judge, "_WAITING_MAX", 3)
    return 3


def test_only_so_many_wait_and_the_others_are_counted(pending: Container, narrow: int) -> None:
    of = judge_of("container.image = app:1", "proc.name = cat")
    alerts = [alert for _ in range(5) for alert in of.alerts_of(event(container=pending))]
    assert len(alerts) == 5
    assert of.lost == 2 * 5 - narrow
    assert len(list(of.known(came(pending)))) == narrow
    fresh = Container(id="box", entry=ENTRY)
    list(of.alerts_of(event(container=fresh)))
    assert of.lost == 2 * 5 - narrow
    assert len(list(of.known(came(fresh)))) == 2


def test_a_digest_that_it_has_not_is_not_unknown(pending: Container) -> None:
    of = judge_of("proc.name = cat")
    came(pending)
    assert pending.workload.image_digest is ABSENT
    (alert,) = of.alerts_of(event(container=pending))
    assert (alert.container.image_digest, alert.container.unknown) == (None, [])


DECIDED = "evt.type = openat and fd.name = /mnt/shadow"
OPENS = Points(frozenset({EventType.OPENAT}))


def decided(outcome: Outcome, *rules: Rule, certain: bool = True) -> tuple[Judge, Event]:
    """A judge of rules that the kernel decides by, and an event of which it did."""
    of = Judge(Engine(rules, OPENS))
    fired = tuple((Fired(rule.key, certain=certain),) for rule in rules)
    of.take_decisions(Decisions(fired={EventType.OPENAT: fired}, set=7), rules)
    record = open_record(result=-1 if outcome >= Outcome.DENY else 0)
    header = msgspec.structs.replace(
        record.header, outcome=outcome, rules=7, fired=((1 << len(rules)) - 1, 0)
    )
    return of, event(msgspec.structs.replace(record, header=header))


@pytest.mark.parametrize(
    ("asks", "does", "outcome", "action", "would"),
    [
        ("deny", Action.DENY, Outcome.DENY, Action.DENY, None),
        ("kill", Action.KILL, Outcome.KILL, Action.KILL, None),
        # Another rule was stricter.
        ("deny", Action.DENY, Outcome.KILL, Action.DENY, None),
        ("deny", Action.AUDIT, Outcome.KILL, Action.AUDIT, Action.DENY),
        # In audit, and disarmed.
        ("kill", Action.AUDIT, Outcome.AUDIT, Action.AUDIT, Action.KILL),
        ("deny", Action.DENY, Outcome.AUDIT, Action.AUDIT, Action.DENY),
    ],
)
def test_an_alert_says_what_was_done(
    asks: str, does: Action, outcome: Outcome, action: Action, would: Action | None
) -> None:
    found = replace(only(rule(DECIDED, action=asks)), effective=does)
    of, act = decided(outcome, found)
    (alert,) = of.alerts_of(act)
    assert (alert.rule, alert.action, alert.would) == ("r", action, would)


def test_what_was_not_certain_is_judged_again() -> None:
    holds = enforced(only(rule(DECIDED, "holds", action="deny")))
    fails = only(rule("evt.type = openat and fd.name = /other", "fails", action="deny"))
    of, act = decided(Outcome.AUDIT, holds, fails, certain=False)
    (alert,) = of.alerts_of(act)
    assert (alert.rule, alert.action, alert.would) == ("holds", Action.AUDIT, Action.DENY)


def test_what_was_decided_fires_no_rule_that_only_tells() -> None:
    deny = only(rule(DECIDED, "deny", action="deny"))
    of, act = decided(Outcome.DENY, deny)
    of.take_rules(Engine([deny, only(rule("evt.type = openat", "tell"))], OPENS))
    assert [alert.rule for alert in of.alerts_of(act)] == ["deny"]
    assert [alert.rule for alert in of.alerts_of(event())] == ["tell"]


def test_what_nobody_remembers_is_counted() -> None:
    of, act = decided(Outcome.DENY, only(rule(DECIDED, action="deny")))
    for number in range(10, 14):
        of.take_decisions(Decisions(set=number), ())
    assert (list(of.alerts_of(act)), of.lost) == ([], 1)


def test_who_was_killed_for_what_he_did_is_told_of_with_all_else() -> None:
    kill = enforced(only(rule(DECIDED, "kill", action="kill")))
    tell = only(rule("evt.type = openat", "tell"))
    of, act = decided(Outcome.KILL, kill)
    of.take_rules(Engine([kill, tell], Points(frozenset(), OPENS.before)))
    header = msgspec.structs.replace(act.record.header, result=3)
    after = msgspec.structs.replace(act, record=msgspec.structs.replace(act.record, header=header))
    assert [(each.rule, each.action) for each in of.alerts_of(after)] == [
        ("kill", Action.KILL),
        ("tell", Action.AUDIT),
    ]


def test_each_policy_has_its_own_word() -> None:
    found = only(rule(DECIDED, action="deny"))
    mild = replace(found, policy="p")
    strict = replace(enforced(found), policy="p")
    for acts in (mild, strict):
        of, act = decided(Outcome.DENY, acts)
        of.take_rules(Engine([mild, strict], OPENS))
        (alert,) = of.alerts_of(act)
        assert (alert.action, alert.policy) == (acts.effective, "p")


def test_what_decided_before_a_reload_is_still_understood() -> None:
    strict = enforced(only(rule(DECIDED, action="deny")))
    of, act = decided(Outcome.DENY, strict)
    for _ in range(2):
        of.take_decisions(Decisions(set=8), ())
        of.take_decisions(Decisions(set=9), ())
    assert [alert.action for alert in of.alerts_of(act)] == [Action.DENY]


@pytest.mark.parametrize(
    ("keys", "points", "would"),
    [
        # Nothing is refused at this tier.
        ({}, Points(), Action.DENY),
        # Nobody can decide the rule.
        ({"undecidable": "detect"}, OPENS, Action.DENY),
    ],
)
def test_what_nobody_could_refuse_says_what_was_asked(
    keys: dict[str, str], points: Points, would: Action
) -> None:
    condition = "evt.type = openat and proc.pname != x" if keys else DECIDED
    found = only(rule(condition, action="deny", **keys))
    of = Judge(Engine([found], points))
    of.take_decisions(Decisions(set=7), [found])
    inside = Container("box", entry=ENTRY, workload=WORKLOAD)
    (alert,) = of.alerts_of(event(container=came(inside)))
    assert (alert.action, alert.would) == (Action.AUDIT, would)
    (alert,) = of.alerts_of(event(container=None))
    assert (alert.action, alert.would) == (Action.AUDIT, None)


def test_what_is_let_happen_would_not_be_refused() -> None:
    """A rule that kills, and that the kernel has asked when the act had happened."""
    kill = only(rule(DECIDED, action="kill"))
    points = Points(frozenset(), OPENS.before)
    of = Judge(Engine([kill], points))
    fired = ((Fired(kill.key, certain=True),),)
    of.take_decisions(Decisions(fired={EventType.OPENAT: fired}, set=7), [kill])
    (alert,) = of.alerts_of(event(container=came(Container("box", entry=ENTRY))))
    assert (alert.action, alert.would) == (Action.AUDIT, None)


def test_what_a_rule_decides_in_containers_it_tells_of_the_host() -> None:
    deny = only(rule(DECIDED, action="deny"))
    of = Judge(Engine([deny], OPENS))
    assert [alert.rule for alert in of.alerts_of(event(container=None))] == ["r"]
    assert list(of.alerts_of(event(container=came(Container("box", entry=ENTRY))))) == []
