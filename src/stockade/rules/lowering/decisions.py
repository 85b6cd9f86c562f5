"""Rules that act into programs that decide: one for each event type, or for several alike."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from msgspec.structs import replace

from stockade.events import (
    DECIDED,
    FIRED_MAX,
    KILLED,
    Action,
    Decisions,
    EventType,
    Fired,
    NeedFlags,
    Outcome,
    Points,
)
from stockade.events.fields import KIND_OF
from stockade.rules.engine import may_match
from stockade.rules.keys import Unknown
from stockade.rules.lowering import elf
from stockade.rules.lowering.assemble import Builder, Compiler, Refusal
from stockade.rules.lowering.deciding import Decider, can_decide, kinds_of, scope_parts
from stockade.rules.lowering.formulas import Formula
from stockade.rules.lowering.knowledge import needs
from stockade.rules.lowering.modules import SECTION, decision
from stockade.rules.lowering.parts import Parts, Whose
from stockade.rules.lowering.plan import Plan, exact_plan
from stockade.rules.rule import Rule
from stockade.rules.show import condition_text

_OUTCOMES = {Action.AUDIT: Outcome.AUDIT, Action.DENY: Outcome.DENY, Action.KILL: Outcome.KILL}
# Beside the fields of the container, which the program looks up itself.
_LOOKED_UP = NeedFlags.CONTAINER
Planner: TypeAlias = Callable[[Sequence[Formula]], Plan | None]


@dataclass(frozen=True, slots=True)
class Unit:
    """What is decided of one event type.

    Attributes:
        layout: the kind of record.
        formulas: those that may hold.
        outcomes: what each comes to.
        fired: what each stands for.
    """

    layout: str
    formulas: tuple[Formula, ...]
    outcomes: tuple[Outcome, ...]
    fired: tuple[tuple[Fired, ...], ...]


def decided_rules(rules: Iterable[Rule]) -> list[Rule]:
    """Those that the kernel decides."""
    return [rule for rule in rules if rule.decided]


def rules_text(rules: Iterable[Rule]) -> str:
    """All of rules that has a say in what is decided."""
    return "\n".join(
        f"{tuple(rule.key)!r} {rule.action.value} {rule.unknown.value} {rule.unknown_scope.value}"
        f" {rule.on_host} {condition_text(rule.condition)}"
        for rule in decided_rules(rules)
    )


def set_of(rules: Iterable[Rule]) -> int:
    """The name of a set of rules: 64 bits, never 0."""
    digest = hashlib.sha256(rules_text(rules).encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "little") or 1


def _asked(rules: list[Rule], kind: EventType, before: frozenset[EventType]) -> list[Rule]:
    """The rules that can be decided at an event type."""
    if kind in before:
        return rules
    kill = [rule for rule in rules if rule.action is Action.KILL and kind in kinds_of(rule)]
    return [rule for rule in kill if can_decide(rule, kind, before=False)]


def unit(rules: Iterable[Rule], kind: EventType, parts: Parts, *, before: bool = True) -> Unit:
    """What rules come to for one event type."""
    owners: dict[Formula, list[Fired]] = {}
    outcomes: dict[Formula, Outcome] = {}
    for formula, outcome, fired in _cases(rules, kind, parts, before=before):
        owners.setdefault(formula, []).append(fired)
        outcomes[formula] = max(outcome, outcomes.get(formula, Outcome.ALLOW))
    return Unit(
        KIND_OF[kind],
        tuple(owners),
        tuple(outcomes[each] for each in owners),
        tuple(tuple(each) for each in owners.values()),
    )


def _cases(
    rules: Iterable[Rule], kind: EventType, parts: Parts, *, before: bool
) -> Iterator[tuple[Formula, Outcome, Fired]]:
    for rule in rules:
        fires = Decider(rule, kind, parts, before=before, certain=True).fires()
        may_fire = Decider(rule, kind, parts, before=before, certain=False).fires()
        if fires is not False:
            yield fires, _OUTCOMES[rule.effective], Fired(rule.key, certain=True)
        if may_fire not in (False, fires):
            yield may_fire, Outcome.AUDIT, Fired(rule.key, certain=False)


def decide(
    rules: Sequence[Rule],
    points: Points,
    compile_all: Compiler,
) -> tuple[Decisions, tuple[Refusal, ...]]:
    """What decides a set of rules.

    Args:
        rules: of which those are taken that are decided.
        points: where acts can be decided.
        compile_all: makes object files of modules; in place of one, why there is none.
    """
    decided = decided_rules(rules)
    parts, name = scope_parts(decided), set_of(decided)
    units: dict[Unit, list[EventType]] = {}
    before = DECIDED.intersection(points.before)
    for kind in sorted(before | KILLED.intersection(points.after)):
        found = unit(_asked(decided, kind, before), kind, parts, before=kind in before)
        if found.formulas:
            units.setdefault(found, []).append(kind)
    planned, refused = [], list(_without_scope(decided, parts))
    for each, types in units.items():
        plan = exact_plan(each.formulas) if len(each.formulas) <= FIRED_MAX else None
        if plan is None:
            refused.append(_refusal(each, types, "too much is asked of one event type"))
        else:
            planned.append((each, types, plan))
    objects = compile_all([decision(plan, each.outcomes, name) for each, _, plan in planned])
    builder, fired = Builder(), dict[int, tuple[tuple[Fired, ...], ...]]()
    for (each, types, _), made in zip(planned, objects, strict=True):
        if isinstance(made, bytes):
            builder.add(types, needs(each.formulas) & ~_LOOKED_UP, elf.read(made, SECTION))
            fired |= dict.fromkeys(map(int, types), each.fired)
        else:
            refused.append(_refusal(each, types, made))
    made_of = _decisions(decided, builder, fired, before)
    return replace(made_of, set=name, scopes=parts.set), tuple(refused)


def _decisions(
    rules: list[Rule],
    builder: Builder,
    fired: dict[int, tuple[tuple[Fired, ...], ...]],
    before: frozenset[EventType],
) -> Decisions:
    on_host = [rule for rule in rules if rule.on_host]
    acting = [rule for rule in rules if rule.effective is not Action.AUDIT]
    strict = [rule for rule in acting if rule.unknown is Unknown.DENY]
    after = frozenset(map(EventType, fired)) - before

    def about(
        rules: Iterable[Rule], kinds: Iterable[EventType], *, host: bool = False
    ) -> frozenset[int]:
        return frozenset(
            int(kind)
            for kind in kinds
            if kind in fired and any(may_match(rule, kind, host=host) for rule in rules)
        )

    return Decisions(
        policy=builder.policy(),
        fired=fired,
        containers=about(rules, before),
        host=about(on_host, before, host=True),
        killed_containers=about(rules, after),
        killed_host=about(on_host, after, host=True),
        closed=about(strict, before),
    )


def _without_scope(rules: Iterable[Rule], parts: Parts) -> Iterator[Refusal]:
    """Rules of which nobody could tell whose acts they are about: too many others say that."""
    for rule in rules:
        own = scope_parts([rule]).of(Whose.CONTAINER)
        if any(parts.find(part.condition) is None for part in own):
            yield Refusal(tuple(kinds_of(rule)), (rule.name,), "rules differ too much in scope")


def _refusal(unit: Unit, types: list[EventType], reason: str) -> Refusal:
    names = dict.fromkeys(each.rule.name for several in unit.fired for each in several)
    return Refusal(tuple(types), tuple(names), reason)
