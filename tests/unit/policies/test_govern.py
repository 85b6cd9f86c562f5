"""Which rules act where, once policies are laid over them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stockade.events import Action, Container, Metadata, Pod
from stockade.policies import Governed, Mode, Override, Target
from stockade.rules import Engine
from stockade.rules.keys import Unknown
from tests.unit.policies.helpers import box, governed, opens, told

ENFORCE = "- policy: p\n  mode: enforce\n  rules: [Denying, Killing, Telling]\n"
AUDIT = ENFORCE.replace("enforce", "audit")
EXCEPTION = "- exception: e\n  reason: r\n  expires: 2026-11-30\n"


def denying(of: Governed, container: Container | None) -> tuple[str, str | None] | None:
    return told(of, container).get("Denying")


def test_without_a_policy_all_is_told_and_nothing_done() -> None:
    of = governed()
    assert told(of, box()) == {
        "Denying": ("audit", None),
        "Killing": ("audit", None),
        "Telling": ("audit", None),
    }
    assert {rule.name: rule.action for rule in of.rules} == {
        "Denying": Action.DENY,
        "Killing": Action.KILL,
        "Telling": Action.AUDIT,
    }


def test_what_is_enforced_does_what_the_rule_says_in_containers_alone() -> None:
    of = governed(ENFORCE)
    assert told(of, box()) == {
        "Denying": ("deny", "p"),
        "Killing": ("kill", "p"),
        "Telling": ("audit", "p"),
    }
    assert told(of, None) == {"Denying": ("audit", None), "Telling": ("audit", None)}


def test_the_host_only_where_it_is_said() -> None:
    of = governed(ENFORCE + "  scope: [{host: true}, {container: web}]\n")
    assert denying(of, None) == ("deny", "p")
    assert denying(of, box()) == ("deny", "p")
    assert denying(of, box("db")) == ("audit", None)
    assert {rule.on_host for rule in of.rules if rule.policy} == {True}
    assert {rule.on_host for rule in governed(ENFORCE).rules} == {False}


def test_audit_says_what_would_be_done_in_scope_alone() -> None:
    of = governed(AUDIT + "  scope: {container: web}\n")
    engine = Engine(of.rules)
    for name, asked in (("web", Action.DENY), ("db", Action.AUDIT)):
        fired = [rule for rule, holds in engine.judged(opens(box(name))) if holds]
        (found,) = [rule for rule in fired if rule.name == "Denying"]
        assert (found.effective, found.action) == (Action.AUDIT, asked)


@pytest.mark.parametrize(
    ("scope", "inside", "outside"),
    [
        ("container: [web, 'db-*']", box("db-1"), box("db")),
        ("container: id-web", box(), box("db")),
        ("image: registry/app", box(), box(image="registry/other:1")),
        ("image: 'registry/*'", box(), box(image="elsewhere/app:1")),
        ("image: registry/app:1", box(), box(image="registry/app:2")),
        ("image: 'host:5000/app'", box(image="host:5000/app:7"), box(image="host:5000/ap")),
        ("label: {tier: [web, db]}", box(labels={"tier": "db"}), box(labels={"tier": "x"})),
        ("label: {tier: }", box(labels={"tier": ""}), box(labels={"other": "x"})),
        ("label: {a: '1', b: '2'}", box(labels={"a": "1", "b": "2"}), box(labels={"a": "1"})),
        ("namespace: shop", box(pod=Pod("p", "shop", "u")), box(pod=Pod("p", "x", "u"))),
        ("namespace: shop", box(pod=Pod("p", "shop", "u")), box()),
        ("privileged: true", box(privileged=True), box()),
        ("container: web\n    privileged: true", box(privileged=True), box()),
    ],
)
def test_scopes(scope: str, inside: Container, outside: Container) -> None:
    of = governed(f"{ENFORCE}  scope:\n    {scope}\n")
    assert denying(of, inside) == ("deny", "p")
    assert denying(of, outside) == ("audit", None)


def test_a_container_called_host_is_not_the_host() -> None:
    of = governed(ENFORCE + "  scope: {host: true}\n")
    assert denying(of, box("host")) == ("audit", None)


def test_a_scope_that_is_not_known_yet_is_not_decided() -> None:
    pending = Container(id="id-web", runtime="runc", entry=box().entry)
    assert pending.metadata is Metadata.PENDING
    of = governed(ENFORCE + "  scope: {image: registry/app}\n  unknown_scope: deny\n")
    verdicts = {
        (rule.effective, rule.policy): holds
        for rule, holds in Engine(of.rules).judged(opens(pending))
        if rule.name == "Denying"
    }
    assert verdicts == {(Action.DENY, "p"): None, (Action.AUDIT, None): None}
    acting = next(rule for rule in of.rules if rule.effective is Action.DENY)
    assert acting.unknown_scope is Unknown.DENY


def test_modes_of_rules_and_of_places() -> None:
    of = governed(
        ENFORCE + "  modes:\n"
        "    - {mode: audit, scope: {container: 'canary-*'}}\n"
        "    - {mode: enforce, rules: [Killing], scope: {container: canary-2}}\n"
        "    - {mode: audit, rules: [Denying], scope: {container: old}}\n"
    )
    expected = {
        "web": ("deny", "kill"),
        "canary-1": ("audit", "audit"),
        "canary-2": ("audit", "kill"),
        "old": ("audit", "kill"),
    }
    for name, (first, second) in expected.items():
        found = told(of, box(name))
        assert found["Denying"] == (first, "p"), name
        assert found["Killing"] == (second, "p"), name


def test_of_two_policies_the_last_counts_where_both_do() -> None:
    of = governed(ENFORCE, "- policy: q\n  mode: audit\n  rules: [Denying]\n  scope: {image: x}\n")
    assert denying(of, box(image="x:1")) == ("audit", "q")
    assert denying(of, box()) == ("deny", "p")
    assert told(of, box(image="x:1"))["Killing"] == ("kill", "p")


def test_a_rule_that_is_off_is_on_where_a_policy_names_it() -> None:
    of = governed("- policy: p\n  mode: enforce\n  packs: [hard]\n  scope: {container: web}\n")
    assert told(of, box())["Hard"] == ("deny", "p")
    assert "Hard" not in told(of, box("db"))
    assert "Hard" not in told(governed(), box())


def test_exceptions_are_quiet_in_their_policy_alone() -> None:
    texts = ENFORCE + "  scope: {container: web}\n  exceptions: [e]\n", EXCEPTION + "  user: 1000\n"
    of = governed(*texts)
    assert denying(of, box()) is None
    assert denying(of, box("db")) == ("audit", None)


@pytest.mark.parametrize(
    "selection",
    [
        "process: [/bin/other, '/bin/c*']",
        "parent: /bin/sh",
        "user: 1000",
        "file: /mnt/*",
        "host_file: /etc/shadow",
        "image: registry/app",
        "condition: reads",
        "condition: fd.name = /mnt/shadow\n  process: /bin/cat",
    ],
)
def test_what_exceptions_select(selection: str) -> None:
    of = governed(ENFORCE + "  exceptions: [e]\n", f"{EXCEPTION}  {selection}\n")
    assert denying(of, box()) is None


@pytest.mark.parametrize(
    "selection",
    ["address: 10.0.0.1", "user: 0", "condition: not reads", "file: /mnt/shadow\n  user: 0"],
)
def test_what_exceptions_do_not_select(selection: str) -> None:
    of = governed(ENFORCE + "  exceptions: [e]\n", f"{EXCEPTION}  {selection}\n")
    assert denying(of, box()) == ("deny", "p")


def test_an_exception_ends_at_its_time_and_that_is_told() -> None:
    texts = ENFORCE + "  exceptions: [e]\n", EXCEPTION + "  user: 1000\n"
    end = datetime(2026, 12, 1, tzinfo=UTC)
    before, after = governed(*texts), governed(*texts, now=end)
    assert (before.changes_at, before.expired) == (end, ())
    assert (after.changes_at, [each.name for each in after.expired]) == (None, ["e"])
    assert denying(before, box()) is None
    assert denying(governed(*texts, now=end - timedelta(microseconds=1)), box()) is None
    assert denying(after, box()) == ("deny", "p")
    assert "exception 'e' of policy 'p' has expired" in [each.message for each in after.warnings]


def override(mode: Mode, **target: str) -> Override:
    return Override(mode, Target(**target), "operator", "2026-11-22T12:00:00Z")


def test_overrides_stand_above_what_files_say() -> None:
    text = ENFORCE + "  modes: [{mode: enforce, scope: {container: web}}]\n"
    for off, expected in (
        (override(Mode.AUDIT), ("audit", "audit", "audit")),
        (override(Mode.AUDIT, rule="Denying"), ("audit", "kill", "audit")),
        (override(Mode.AUDIT, policy="p"), ("audit", "audit", "audit")),
        (override(Mode.AUDIT, policy="q"), ("deny", "kill", "deny")),
        (override(Mode.AUDIT, rule="Other"), ("deny", "kill", "deny")),
        (override(Mode.AUDIT, container="web"), ("audit", "audit", "deny")),
        (override(Mode.AUDIT, container="id-web"), ("audit", "audit", "deny")),
    ):
        of = governed(text, overrides=(off,))
        here, there = told(of, box()), told(of, box("db"))
        assert (here["Denying"][0], here["Killing"][0], there["Denying"][0]) == expected, off


def test_of_overrides_the_last_counts() -> None:
    off, on = override(Mode.AUDIT), override(Mode.ENFORCE, rule="Killing")
    found = told(governed(AUDIT, overrides=(off, on)), box())
    assert (found["Denying"][0], found["Killing"][0]) == ("audit", "kill")
    found = told(governed(AUDIT, overrides=(on, off)), box())
    assert (found["Denying"][0], found["Killing"][0]) == ("audit", "audit")


def test_enforcing_reaches_no_further_than_a_scope() -> None:
    of = governed(AUDIT + "  scope: {container: web}\n", overrides=(override(Mode.ENFORCE),))
    assert denying(of, box()) == ("deny", "p")
    assert denying(of, box("db")) == ("audit", None)
    assert denying(of, None) == ("audit", None)


def variants(of: Governed) -> dict[tuple[str | None, Action], bool]:
    """Of the denying rule: which the kernel decides."""
    return {
        (rule.policy, rule.effective): rule.decided for rule in of.rules if rule.name == "Denying"
    }


def test_which_variants_the_kernel_decides() -> None:
    text = ENFORCE + "  scope: {container: web}\n  modes: [{mode: audit, scope: {image: x}}]\n"
    assert variants(governed(text)) == {
        ("p", Action.DENY): True,
        ("p", Action.AUDIT): True,
        (None, Action.AUDIT): False,
    }
    assert variants(governed()) == {(None, Action.AUDIT): True}


def test_rules_of_one_name_have_keys_of_their_own() -> None:
    text = ENFORCE + "  modes: [{mode: audit, scope: {image: x}}]\n"
    of = governed(text, "- policy: q\n  mode: audit\n  rules: [Denying]\n  scope: {image: y}\n")
    keys = [rule.key for rule in of.rules]
    assert len(set(keys)) == len(keys)
    assert {key.name for key in keys if key.policy == "q"} == {"Denying"}


def test_an_exception_that_the_kernel_cannot_decide_leaves_it_at_telling() -> None:
    texts = ENFORCE + "  exceptions: [e]\n", f"{EXCEPTION}  process: /bin/x\n"
    of, why = governed(*texts), "of openat the kernel cannot tell whether proc.exepath = /bin/x"
    assert variants(of)["p", Action.AUDIT] is False
    assert denying(of, box()) == ("audit", "p")
    assert [(str(each.place), each.message) for each in of.warnings] == [
        (
            "p1.yaml:4:12",
            f"policy 'p' only audits: rule {name!r} cannot {verb}: {why}",
        )
        for name, verb in (("Denying", "deny"), ("Killing", "kill"))
    ]
    assert governed(texts[0].replace("enforce", "audit"), texts[1]).warnings == ()
    # Once it has expired, it is in nobody's way.
    late = governed(*texts, now=datetime(2026, 12, 1, tzinfo=UTC))
    assert denying(late, box()) == ("deny", "p")


def test_a_policy_with_nothing_to_enforce_is_odd() -> None:
    assert governed(ENFORCE).warnings == ()
    assert governed(AUDIT).warnings == ()
    (idle,) = governed("- policy: p\n  mode: enforce\n  rules: [Telling]\n").warnings
    assert idle.message == "policy 'p' is to enforce rules that only audit"
