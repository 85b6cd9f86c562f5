"""Policies laid over rules: what is compiled, and what is done about the events that fire it.

A rule that a policy is about becomes several of its name: one for the containers in which the
policy enforces it, one for those in which it only audits, and one, without any of the policy's
exceptions, for those that are in no policy's scope. What policies add may be what the kernel cannot
decide by: such a rule is only told. Of several policies, or modes of a policy, that
are about the same rule in the same container, the last counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from stockade.errors import Diagnostic, Severity
from stockade.events import Action
from stockade.policies.overrides import Override
from stockade.policies.policy import Clause, Exemption, Limits, Mode, Policy, PolicySet
from stockade.policies.selectors import Selection, compare, joined
from stockade.rules import Rule
from stockade.rules.keys import Scope
from stockade.rules.lowering.deciding import obstacles
from stockade.rules.report import Report
from stockade.rules.syntax import And, Condition, Not, Or
from stockade.rules.vocabulary import ConditionReader, Vocabulary


@dataclass(frozen=True, slots=True)
class Governed:
    """Rules with policies laid over them.

    Attributes:
        rules: to be compiled; several may have one name, of which one fires at most.
        policies: with overrides among their clauses, as they are in force.
        overrides: what was switched while agents ran.
        warnings: what is odd.
        expired: exceptions that hold no longer.
        changes_at: when the next exception expires; None for never.
    """

    rules: tuple[Rule, ...]
    policies: tuple[Policy, ...] = ()
    overrides: tuple[Override, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    expired: tuple[Exemption, ...] = ()
    changes_at: datetime | None = None

    def limits(self, policy: str) -> Limits:
        """When a policy brakes."""
        return next(each.limits for each in self.policies if each.name == policy)


@dataclass(frozen=True, slots=True)
class _Ground:
    """A mode and a part of the containers, on which a policy has a word.

    Attributes:
        part: of the policy's scope; None for the whole of it.
    """

    policy: Policy
    mode: Mode
    part: Condition | None

    def where(self) -> Condition:
        """The containers."""
        scope = self.policy.scope.condition
        return scope if self.part is None else And((scope, self.part))

    def beyond(self, policy: Policy) -> Condition:
        """What it leaves to what was said before, in the scope of some policy."""
        if self.part is not None and policy is self.policy:
            return Not(self.part)
        return Not(self.where())


def govern(found: PolicySet, overrides: Sequence[Override], now: datetime) -> Governed:
    """Lay policies over rules.

    Args:
        found: both.
        overrides: modes that stand above the policies'.
        now: exceptions that have expired then do not hold.
    """
    policies = tuple(_overridden(policy, overrides) for policy in found.policies)
    rules: list[Rule] = []
    warnings = [*found.warnings, *_warnings(found, policies, now)]
    for rule in found.rules:
        for variant in _variants(rule, list(_grounds(rule, policies)), now):
            rules.append(_as_decided(variant))
            warnings += _shortfall(variant)
    exemptions = {each.name: each for policy in policies for each in policy.exemptions}.values()
    ends = [each.expires for each in exemptions if each.expires and each.holds_at(now)]
    return Governed(
        tuple(rules),
        policies,
        tuple(overrides),
        tuple(warnings),
        tuple(each for each in exemptions if not each.holds_at(now)),
        min(ends, default=None),
    )


def _overridden(policy: Policy, overrides: Iterable[Override]) -> Policy:
    clauses = list(policy.clauses)
    for each in overrides:
        target = each.target
        if target.policy not in {None, policy.name} or target.rule not in {None, *policy.rules}:
            continue
        about = None if target.rule is None else frozenset({target.rule})
        scope = None if target.container is None else _container(target.container, policy)
        why = f"{each.by}, {each.since}{f': {each.reason}' if each.reason else ''}"
        clauses.append(Clause(each.mode, about, scope, why))
    return replace(policy, clauses=tuple(clauses))


def _container(name: str, policy: Policy) -> Selection:
    fields = ("container.name", "container.id")
    terms: list[Condition] = [compare(field, "=", [name], policy.place) for field in fields]
    reader = ConditionReader(Vocabulary(), Report())
    return Selection(reader.checked(joined(Or, terms)), f"container {name}")


def _grounds(rule: Rule, policies: Iterable[Policy]) -> Iterator[_Ground]:
    """What policies say of a rule; of those about the same container, the last counts."""
    for policy in policies:
        if rule.name not in policy.rules:
            continue
        if rule.action is Action.AUDIT:
            # Whatever the mode, it is told.
            yield _Ground(policy, Mode.AUDIT, None)
            continue
        about = [clause for clause in policy.clauses if clause.is_about(rule.name)]
        # What is said of the whole scope leaves nothing of what was said before.
        whole = max(number for number, clause in enumerate(about) if clause.scope is None)
        for clause in about[whole:]:
            part = clause.scope.condition if clause.scope else None
            yield _Ground(policy, clause.mode, part)


def _variants(rule: Rule, grounds: list[_Ground], now: datetime) -> Iterator[Rule]:
    if not grounds:
        if rule.enabled:
            yield rule
        return
    parts: dict[tuple[str, Mode], tuple[Policy, list[Condition]]] = {}
    for number, ground in enumerate(grounds):
        above = [other.beyond(ground.policy) for other in grounds[number + 1 :]]
        key = ground.policy.name, ground.mode
        places = parts.setdefault(key, (ground.policy, []))[1]
        places.append(joined(And, [ground.where(), *above]))
    for (name, mode), (policy, places) in parts.items():
        excepted = [Not(each.condition) for each in policy.exemptions if each.holds_at(now)]
        yield replace(
            rule,
            condition=And((rule.condition, joined(Or, places), *excepted)),
            effective=rule.action if mode is Mode.ENFORCE else Action.AUDIT,
            unknown_scope=policy.unknown_scope,
            on_host=policy.covers_host,
            policy=name,
            enabled=True,
        )
    if rule.enabled and not _covered(rule, grounds):
        scopes = {ground.policy.name: ground.policy.scope.condition for ground in grounds}
        elsewhere = [Not(scope) for scope in scopes.values()]
        told = And((rule.condition, *elsewhere))
        yield replace(rule, condition=told, action=Action.AUDIT, decided=False)


def _covered(rule: Rule, grounds: Iterable[_Ground]) -> bool:
    """Whether nothing that can fire a rule is out of every scope."""
    anywhere = any(ground.policy.covers_containers for ground in grounds)
    return rule.scope is Scope.CONTAINER and anywhere


def _as_decided(rule: Rule) -> Rule:
    """A rule as it acts: what the kernel cannot decide is only told."""
    if rule.action is Action.AUDIT or rule.policy is None:
        return rule
    if obstacles(rule):
        return replace(rule, decided=False, effective=Action.AUDIT)
    return replace(rule, decided=True)


def _shortfall(rule: Rule) -> Iterator[Diagnostic]:
    """Why a rule that is to be enforced is not."""
    if rule.effective is not Action.AUDIT:
        for each in obstacles(rule):
            message = f"policy {rule.policy!r} only audits: {each.message}"
            yield Diagnostic(Severity.WARNING, message, each.place)


def _warnings(found: PolicySet, policies: Iterable[Policy], now: datetime) -> Iterator[Diagnostic]:
    by_name = {rule.name: rule for rule in found.rules}
    for policy in policies:
        wanted = {by_name[name].action for name in policy.rules} - {Action.AUDIT}
        if any(clause.mode is Mode.ENFORCE for clause in policy.clauses) and not wanted:
            message = f"policy {policy.name!r} is to enforce rules that only audit"
            hint = "a rule says what it does: action: deny or kill"
            yield Diagnostic(Severity.WARNING, message, policy.place, hint)
        for each in policy.exemptions:
            if not each.holds_at(now):
                message = f"exception {each.name!r} of policy {policy.name!r} has expired"
                yield Diagnostic(Severity.WARNING, message, each.place)
