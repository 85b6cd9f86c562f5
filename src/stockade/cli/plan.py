"""stockade plan: what each rule comes to on a node, before anything is rolled out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stockade.cli.packs import PACKS, policies_option, rules_option
from stockade.errors import StockadeError
from stockade.events import Action, EventType
from stockade.kernel.facts import Facts, find_facts
from stockade.kernel.plan import Label, Node
from stockade.kernel.probe import Answer
from stockade.kernel.tiers import Tier
from stockade.policies import govern, load_policies
from stockade.rules import Engine, Rule, load_rules
from stockade.rules.lowering.deciding import can_decide, kinds_of


@dataclass(frozen=True, slots=True)
class Row:
    """One rule on one node.

    Attributes:
        rule: its name.
        policy: that governs it there; a rule has a row for each of them, and one for elsewhere.
        action: what is done there, as far as this can be.
        label: prevent where its acts are refused before they have an effect; kill where they end
            their process when they have; detect; or blind where none of its events comes.
        hook: what they are refused by, or what its events come by.
        needs: what the node would need for more; empty for nothing.
    """

    rule: str
    policy: str | None
    action: str
    label: str
    hook: str
    needs: str


@click.command()
@rules_option
@policies_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.option(
    "--for",
    "facts_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Facts of another node, as stockade doctor --json printed them there.",
)
def plan(
    *,
    paths: tuple[Path, ...],
    policies: tuple[Path, ...],
    as_json: bool,
    facts_file: Path | None,
) -> None:
    """Say what each rule comes to on this node, or on another.

    Nothing is refused without a policy.
    """
    found = load_policies(policies, load_rules(paths or [PACKS]))
    rules = govern(found, (), datetime.now(UTC)).rules
    node = _node(_read(facts_file) if facts_file else find_facts())
    rows = [_row(rule, node) for rule in rules]
    if as_json:
        click.echo(msgspec.json.encode(rows).decode())
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("rule", "policy", "action", "label", "hook", "needs"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        cells = (row.rule, row.policy or "", row.action, row.label, row.hook, row.needs)
        table.add_row(*map(Text, cells))
    Console(highlight=False).print(table)


def _read(path: Path) -> Facts:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Facts)
    except msgspec.MsgspecError as err:
        raise StockadeError(
            f"{path}: {err}", hint="make it with: stockade doctor --json > FACTS.json"
        ) from err


def _node(facts: Facts) -> Node:
    known = {tier.value: tier for tier in Tier}
    hooks, connect = map(facts.findings.get, ("hooks", "cgroup_connect"))
    return Node(
        able=facts.able,
        tiers=tuple(known[name] for name in facts.tiers if name in known),
        missing=hooks.detail if hooks and hooks.answer is Answer.NO else "",
        by_tracepoint=frozenset(facts.by_tracepoint),
        not_refused=frozenset(facts.not_refused),
        cgroups=bool(connect and connect.answer is Answer.YES),
    )


def _row(rule: Rule, node: Node) -> Row:
    engine = Engine([rule])
    kinds = engine.wanted(host=False) | engine.wanted(host=True)
    if rule.effective is not Action.AUDIT:
        before = [node.hook_before(kind) for kind in kinds_of(rule)]
        if all(before):
            return _labelled(rule, Label.PREVENT, before, node)
        after = [node.hook_before(kind) or _after(rule, kind, node) for kind in kinds_of(rule)]
        if rule.effective is Action.KILL and all(after):
            return _labelled(rule, Label.KILL, after, node)
    hooks = [node.hook(kind) for kind in kinds]
    return _labelled(rule, Label.DETECT if any(hooks) else Label.BLIND, hooks, node)


def _after(rule: Rule, kind: EventType, node: Node) -> str | None:
    """By what a rule ends a process that has acted."""
    return node.hook_after(kind) if can_decide(rule, kind, before=False) else None


def _labelled(rule: Rule, label: Label, hooks: list[str | None], node: Node) -> Row:
    shown = ", ".join(sorted({hook for hook in hooks if hook}))
    needs = "" if label is Label.PREVENT else _needs(rule, node)
    return Row(rule.name, rule.policy, rule.effective.value, label.value, shown, needs)


def _needs(rule: Rule, node: Node) -> str:
    """What would make more of a rule."""
    if rule.action is Action.AUDIT or rule.effective is not Action.AUDIT:
        return node.needs
    if not rule.decided:
        return "a condition that the kernel can decide before the act"
    return "a policy that enforces it"
