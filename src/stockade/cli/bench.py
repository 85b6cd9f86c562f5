"""stockade rules bench: what rules cost, an event at a time."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec

from stockade.cli.diagnostics import counted
from stockade.cli.packs import PACKS
from stockade.cli.trials import KERNEL_REPEATS, records_of, trial_or_reason, verified, verified_text
from stockade.errors import StockadeError
from stockade.events import Container, Event, EventType, Process, Verdict, decode
from stockade.kernel.trial import Trial
from stockade.rules import Engine, Rule, load_rules
from stockade.rules.lowering import Built, build
from stockade.rules.lowering.generated import slot_of
from stockade.rules.lowering.parts import Parts
from stockade.rules.lowering.plan import Plan, plan
from stockade.rules.lowering.staging import staged

_ROUNDS = 5
_NATIVE_REPEATS = 1000


@dataclass(frozen=True, slots=True)
class Spread:
    """Nanoseconds an event, over the rounds."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.median:.0f} ({self.least:.0f}..{self.most:.0f})"


@dataclass(frozen=True, slots=True)
class Cost:
    """What the rules about one event type cost, or about several that have the same filter.

    Attributes:
        events: the types.
        rules: how many are about them.
        instructions: of the filter.
        verified: by hook, how many instructions the verifier went through; 0 where it does not
            tell, None where the hook or the program is refused.
        sent_up: which part of the events tried the filter lets through.
        reference, native, kernel: how long judging one takes; None where it could not be tried.
    """

    events: tuple[str, ...]
    rules: int
    instructions: int
    verified: dict[str, int | None]
    sent_up: float
    reference: Spread
    native: Spread
    kernel: Spread | None


@dataclass(frozen=True, slots=True)
class Bench:
    """One run.

    Attributes:
        rules: how many there are.
        load: of the machine before it.
        costs: by filter.
        unfiltered: event types that some rule is about and that have no filter.
        kernel: why nothing was run in the kernel; empty when it was.
    """

    rules: int
    load: float
    costs: tuple[Cost, ...]
    unfiltered: tuple[str, ...]
    kernel: str


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--rounds", default=_ROUNDS, show_default=True, help="How often all is measured.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def bench(*, paths: tuple[Path, ...], rounds: int, as_json: bool) -> None:
    """Measure what rules cost an event: of PATHS, or the shipped ones.

    Events are generated: some fire a rule, some miss it by one field. They are judged by the
    evaluator that is the reference, by native code, and, as root, by the filters in the kernel.
    """
    found = _measure(load_rules(paths or (PACKS,)).enabled, max(rounds, 1))
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    _show(found)


def _measure(rules: Sequence[Rule], rounds: int) -> Bench:
    load = os.getloadavg()[0]
    engine = Engine(rules)
    kinds = engine.wanted(host=False) | engine.wanted(host=True)
    built = build(rules, kinds)
    with trial_or_reason() as (trial, refused):
        costs = tuple(_costs(engine, built, rounds, trial))
    filtered = {kind.name.lower() for kind in map(EventType, built.policy.filters)}
    others = {kind.name.lower() for kind in kinds} - filtered
    return Bench(len(rules), load, costs, tuple(sorted(others)), refused)


def _costs(engine: Engine, built: Built, rounds: int, trial: Trial | None) -> Iterator[Cost]:
    kinds: dict[int, list[EventType]] = {}
    for kind, number in sorted(built.policy.filters.items()):
        kinds.setdefault(number, []).append(EventType(kind))
    plans = {found[0].name: _plan(engine, found[0]) for found in kinds.values()}
    # Not at the top: it loads LLVM, which no other command needs in its own process.
    from stockade.rules.lowering.replay import Replay  # noqa: PLC0415

    replay = Replay(plans)
    verified_by_hook = verified(built, trial)
    with ExitStack() as stack:
        loaded = stack.enter_context(trial.load(built.policy)) if trial else None
        for number, found in kinds.items():
            kind = found[0]
            slots, events = _generated(engine, kind)
            name = kind.name
            fires = sum(replay.verdict(name, slot) == Verdict.SUBMIT for slot in slots)
            reference, native, kernel = [], [], []
            for _ in range(rounds):
                reference.append(_reference(engine, events))
                native.append(replay.nanoseconds(name, slots, _NATIVE_REPEATS))
                if trial and loaded:
                    program = loaded.programs[number]
                    kernel.append(trial.nanoseconds(program, slots, KERNEL_REPEATS))
            yield Cost(
                events=tuple(each.name.lower() for each in found),
                rules=sum(1 for _ in staged(engine.rules, kind)),
                instructions=built.policy.programs[number].size,
                verified={hook: sizes.get(kind) for hook, sizes in verified_by_hook.items()},
                sent_up=fires / len(slots),
                reference=_spread(reference),
                native=_spread(native),
                kernel=_spread(kernel) if kernel else None,
            )


def _plan(engine: Engine, kind: EventType) -> Plan:
    parts = Parts(engine.rules)
    found = plan([each.may_fire for each in staged(engine.rules, kind, parts)], parts.set)
    if found is None:
        raise StockadeError(f"{kind.name.lower()} has a filter and no plan")
    return found


def _generated(engine: Engine, kind: EventType) -> tuple[list[bytes], list[Event]]:
    """Events that fire a rule about them, or nearly: as filters see them, and as evaluators do."""
    slots, events = [], []
    for raw in records_of(engine.rules, kind):
        slots.append(bytes(slot_of(raw)))
        record = decode(memoryview(raw))
        task = record.header.task
        container = Container("generated") if task.container else None
        events.append(Event(record, Process(task.process), container=container))
    return slots, events


def _reference(engine: Engine, events: Sequence[Event]) -> float:
    start = time.process_time_ns()
    for event in events:
        for _ in engine.judged(event):
            pass
    return (time.process_time_ns() - start) / len(events)


def _spread(values: Sequence[float]) -> Spread:
    return Spread(statistics.median(values), min(values), max(values))


# ---- words ----


def _show(found: Bench) -> None:
    hooks = list(dict.fromkeys(hook for cost in found.costs for hook in cost.verified))
    looked_at = [f"verified, {hook}" for hook in hooks]
    heads = ["events", "rules", "instructions", *looked_at, "up", "reference ns", "native ns"]
    rows = [[*heads, "kernel ns"], *(_row(cost, hooks) for cost in found.costs)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        cells = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        click.echo("  ".join([first.ljust(widths[0]), *cells]))
    click.echo(f"stockade: {counted(found.rules, 'rule')}, load {found.load:.1f}")
    if found.kernel:
        click.echo(f"nothing was run in the kernel: {found.kernel}")
    if found.unfiltered:
        click.echo(f"without a filter, all come up: {' '.join(found.unfiltered)}")


def _row(cost: Cost, hooks: Sequence[str]) -> list[str]:
    first, *others = cost.events
    looked_at = [verified_text(cost.verified[hook]) for hook in hooks]
    times = [str(each or "-") for each in (cost.reference, cost.native, cost.kernel)]
    name = f"{first} and {len(others)} more" if others else first
    sizes = [str(cost.rules), str(cost.instructions), *looked_at, f"{cost.sent_up:.0%}"]
    return [name, *sizes, *times]
