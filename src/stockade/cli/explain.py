"""stockade rules explain: which part of a rule is decided where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click
import msgspec
from rich.console import Console

from stockade.cli.packs import find_rule, rules_option
from stockade.events import EventType
from stockade.rules import Engine, Rule
from stockade.rules.lowering import build
from stockade.rules.lowering.kinds import FILTERED
from stockade.rules.lowering.parts import Parts
from stockade.rules.lowering.staging import staged, stages
from stockade.rules.show import condition_text
from stockade.sinks import visible


@dataclass(frozen=True, slots=True)
class Explanation:
    """A rule for some event types that it treats alike.

    Attributes:
        events: their names.
        tests: each comparison, and at which stage it is decided.
        filtered: whether the kernel can keep events back; where it cannot, all of them come up.
        instructions: of the filter for this rule alone; 0 without one.
    """

    events: tuple[str, ...]
    tests: tuple[tuple[str, str], ...]
    filtered: bool
    instructions: int


def explain_rule(rule: Rule) -> list[Explanation]:
    """What becomes of a rule, by event type."""
    engine = Engine([rule])
    kinds = engine.wanted(host=False) | engine.wanted(host=True)
    policy = build([rule], kinds).policy
    alike: dict[tuple[tuple[tuple[str, str], ...], bool, int], list[str]] = {}
    for kind in sorted(kinds):
        number = policy.filters.get(kind)
        size = 0 if number is None else policy.programs[number].size
        key = _tests(rule, kind), number is not None, size
        alike.setdefault(key, []).append(kind.name.lower())
    return [Explanation(tuple(events), *key) for key, events in alike.items()]


def _tests(rule: Rule, kind: EventType) -> tuple[tuple[str, str], ...]:
    if kind not in FILTERED or not list(staged([rule], kind)):
        return ()
    found = stages(rule.condition, kind, Parts([rule]))
    return tuple((condition_text(test), stage.value) for test, stage in found)


@click.command()
@click.argument("name")
@rules_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def explain(*, name: str, paths: tuple[Path, ...], as_json: bool) -> None:
    """Say where each part of a rule is decided, event type by event type.

    load: when rules are compiled. container: by the agent, once for each container, when its
    metadata has come; process: once for each process from which an event comes up; the kernel knows
    from then on. event: in the kernel. event, in part: in the kernel, unless the record lacks what
    it takes. user: by the agent, for the events that come as far.
    """
    explanations = explain_rule(find_rule(name, paths))
    if as_json:
        click.echo(msgspec.json.encode(explanations).decode())
        return
    console = Console(highlight=False)
    for each in explanations:
        where = (
            f"filtered in the kernel, {each.instructions} instructions"
            if each.filtered
            else "all events come up to the agent"
        )
        console.print(f"[bold]{' '.join(each.events)}[/bold]: {where}", soft_wrap=True)
        for test, stage in each.tests:
            console.print(visible(f"  {stage:<15} {test}"), soft_wrap=True)
