"""stockade rules explain: which part of a rule is decided where, and what that takes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec
from rich.console import Console

from stockade.cli.packs import find_rule, rules_option
from stockade.cli.trials import KERNEL_REPEATS, records_of, trial_or_reason, verified, verified_text
from stockade.events import EventType
from stockade.kernel.trial import Trial
from stockade.rules import Engine, Rule
from stockade.rules.lowering import Built, build
from stockade.rules.lowering.generated import slot_of
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
        verified: by hook, how many instructions the verifier went through; 0 where it does not
            tell, None where this kernel refuses the hook or the program.
        nanoseconds: of the filter in the kernel, an event; None where it could not be run.
        unknown: why the filter was not tried in the kernel; empty when it was.
    """

    events: tuple[str, ...]
    tests: tuple[tuple[str, str], ...]
    filtered: bool
    instructions: int
    verified: Mapping[str, int | None]
    nanoseconds: float | None
    unknown: str


def explain_rule(rule: Rule) -> list[Explanation]:
    """What becomes of a rule, by event type, and what its filters take in this kernel."""
    engine = Engine([rule])
    kinds = engine.wanted(host=False) | engine.wanted(host=True)
    built = build([rule], kinds)
    alike: dict[tuple[tuple[tuple[str, str], ...], int | None], list[EventType]] = {}
    for kind in sorted(kinds):
        key = _tests(rule, kind), built.policy.filters.get(kind)
        alike.setdefault(key, []).append(kind)
    with trial_or_reason() as (trial, unknown):
        taken = _tried(rule, built, trial)
    return [
        Explanation(
            events=tuple(kind.name.lower() for kind in found),
            tests=tests,
            filtered=number is not None,
            instructions=0 if number is None else built.policy.programs[number].size,
            verified={hook: sizes.get(found[0]) for hook, sizes in taken.verified.items()}
            if number is not None
            else {},
            nanoseconds=taken.nanoseconds.get(number),
            unknown=unknown,
        )
        for (tests, number), found in alike.items()
    ]


@dataclass(frozen=True, slots=True)
class _Taken:
    """What filters took in this kernel: by hook and event type, and by their numbers."""

    verified: Mapping[str, Mapping[EventType, int]]
    nanoseconds: Mapping[int | None, float]


def _tried(rule: Rule, built: Built, trial: Trial | None) -> _Taken:
    if trial is None:
        return _Taken({}, {})
    times: dict[int | None, float] = {}
    with ExitStack() as stack:
        loaded = stack.enter_context(trial.load(built.policy))
        for kind, number in built.policy.filters.items():
            if number not in times:
                slots = [bytes(slot_of(raw)) for raw in records_of([rule], EventType(kind))]
                program = loaded.programs[number]
                times[number] = trial.nanoseconds(program, slots, KERNEL_REPEATS)
    return _Taken(verified(built, trial), times)


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
    """Say where each part of a rule is decided, event type by event type, and what it takes.

    load: when rules are compiled. container: by the agent, once for each container, when its
    metadata has come; process: once for each process from which an event comes up; the kernel knows
    from then on. event: in the kernel. event, in part: in the kernel, unless the record lacks what
    it takes. user: by the agent, for the events that come as far.

    As root, the filters are tried in this kernel: how many instructions its verifier went through
    for each kind of hook, and how long it takes for events that fire the rule or nearly do.
    """
    explanations = explain_rule(find_rule(name, paths))
    if as_json:
        click.echo(msgspec.json.encode(explanations).decode())
        return
    console = Console(highlight=False)
    for each in explanations:
        where = _filter_text(each) if each.filtered else "all events come up to the agent"
        console.print(f"[bold]{' '.join(each.events)}[/bold]: {where}", soft_wrap=True)
        for test, stage in each.tests:
            console.print(visible(f"  {stage:<15} {test}"), soft_wrap=True)


def _filter_text(found: Explanation) -> str:
    text = f"filtered in the kernel, {found.instructions} instructions"
    if found.unknown:
        return f"{text}, verified and ns unknown: {found.unknown}"
    for hook, count in found.verified.items():
        text += f", {verified_text(count)} verified for {hook}"
    return f"{text}, {found.nanoseconds:.0f} ns"
