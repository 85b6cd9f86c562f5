"""stockade run: the agent in the foreground."""

from __future__ import annotations

import asyncio
import functools
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import structlog
from rich.console import Console

from stockade.agent import (
    WINDOW_S,
    ActivityMeter,
    Addresses,
    Agent,
    Arming,
    Disarmer,
    Enforcer,
    Enricher,
    Filterer,
    Folder,
    HostAddresses,
    HostMounts,
    HostViews,
    Judge,
    KnownParts,
    Loaded,
    Losses,
    NameTable,
    ProcessTable,
    Reloader,
    Sink,
    metrics,
    own_lists,
    shortfalls,
    wanted_of,
)
from stockade.cli.diagnostics import counted
from stockade.cli.packs import PACKS, policies_option, rules_option
from stockade.cli.reload import findable
from stockade.cli.state_roots import state_roots_option
from stockade.errors import Diagnostic, StockadeError
from stockade.events import NOWHERE, Action, Points
from stockade.kernel import Pins, Sensor, Tier
from stockade.kernel.privileges import lessen
from stockade.kernel.tiers import best_tier, decision_points
from stockade.policies import STATE, Overrides, load_policies
from stockade.rules import Rule, load_rules
from stockade.sinks import JsonLines, Stream, Terminal
from stockade.workloads import STATE_ROOTS, Containers

# How long the end waits for whoever reads the alerts.
_LAST_LINES_S = 2.0


@dataclass(frozen=True, slots=True)
class _Options:
    """What the command line says."""

    paths: tuple[Path, ...]
    policies: tuple[Path, ...]
    overrides: Overrides
    output: str
    state_roots: tuple[str, ...]
    metrics_listen: tuple[str, int] | None
    max_members: int
    tier: str | None
    fold_window: int
    no_fold: bool
    fail_open_after: int | None


def _address(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> tuple[str, int] | None:
    try:
        return None if value is None else metrics.parse_address(value)
    except ValueError as err:
        raise click.BadParameter(f"{value!r} is no [HOST:]PORT") from err


@click.command(short_help="Watch this host, and say what the rules find.")
@rules_option
@policies_option
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    default=STATE,
    show_default=True,
    help="Where modes are kept that are switched while it runs.",
)
@click.option(
    "-o",
    "--output",
    type=click.Choice(["human", "json"]),
    default="human",
    show_default=True,
    help="What to print: lines for people, or one JSON object a line.",
)
@state_roots_option
@click.option(
    "--metrics-listen",
    metavar="[HOST:]PORT",
    callback=_address,
    help="Answer Prometheus there; without a host, on this host alone.",
)
@click.option(
    "--tier",
    type=click.Choice([tier.value for tier in Tier]),
    envvar="STOCKADE_TIER",
    show_envvar=True,
    help="Watch by these hooks, not by the best that this kernel has.",
)
@click.option(
    "--fold-window",
    metavar="SECONDS",
    type=click.IntRange(1, 7 * 24 * 3600),
    default=WINDOW_S,
    show_default=True,
    help="Alerts of one rule in one container are one that grows, until it was quiet so long.",
)
@click.option("--no-fold", is_flag=True, help="Show every alert by itself.")
@click.option(
    "--fail-open-after",
    metavar="SECONDS",
    type=click.IntRange(1, 7 * 24 * 3600),
    help="Refuse nothing any more when no agent has run for so long; otherwise what is refused"
    " stays so until the next one.",
)
@click.option(
    "--max-members",
    type=click.IntRange(64, 1 << 22),
    default=1 << 16,
    show_default=True,
    help="How many tasks of containers can be kept track of.",
)
def run(
    *, paths: tuple[Path, ...], policies: tuple[Path, ...], state: Path, **options: Any
) -> None:
    """Watch this host until Ctrl-C or SIGTERM, and say what the rules find."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    paths = paths or (PACKS,)
    chosen = _Options(paths, policies, Overrides(state.absolute()), **options)
    loaded = _load(chosen, Tier(chosen.tier) if chosen.tier else None)
    if not loaded.engine.rules:
        raise click.UsageError(f"no rules in {', '.join(map(str, paths))}")
    if sys.stdout is None:
        raise click.UsageError("stdout is closed: nobody would see an alert")
    asyncio.run(_run(loaded, sys.stdout.fileno(), chosen))


def _load(options: _Options, tier: Tier | None) -> Loaded:
    """The rules of files, with policies and overrides. Raises StockadeError.

    Args:
        options: say where they are.
        tier: None for the best there is.
    """
    own = (*options.paths, *options.policies, options.overrides.path)
    rules = load_rules(options.paths, own_lists(own))
    _warn(rules.warnings, "the rules", "stockade rules check shows them")
    found = load_policies(options.policies, rules)
    loaded = Loaded.of(found, options.overrides.load(), _points(rules.rules, tier))
    _warn(loaded.governed.warnings, "the policies", "stockade policy check shows them")
    for rule, label in shortfalls(loaded.engine):
        structlog.get_logger().warning(
            "this kernel, or tier, cannot refuse what a rule is about",
            rule=rule.name,
            asks=rule.action.value,
            label=label.value,
        )
    return loaded


def _points(rules: Sequence[Rule], tier: Tier | None) -> Points:
    """Where acts can be decided; which is asked only where some rule acts."""
    acts = any(rule.action is not Action.AUDIT for rule in rules)
    return decision_points(tier or best_tier()) if acts else NOWHERE


def _warn(warnings: Sequence[Diagnostic], what: str, hint: str) -> None:
    if warnings:
        note = f"{counted(len(warnings), 'warning')} about {what}"
        structlog.get_logger().warning(note, hint=hint)


def _sink(output: str, stream: Stream) -> Sink:
    if output == "json":
        return JsonLines(stream)
    notes = Console(stderr=True, highlight=False)
    return Terminal(stream, notes, tty=sys.stdout.isatty())


def _pins(stack: ExitStack) -> Pins | None:
    """What outlives the agent; None where that cannot be had, or is another agent's."""
    pins = Pins()
    try:
        if pins.acquire():
            stack.callback(pins.release)
            return pins
        structlog.get_logger().warning("another agent runs; what it knows is not shared with it")
    except StockadeError as err:
        note = "who belongs to which container will not outlive this agent"
        structlog.get_logger().warning(note, reason=str(err))
    return None


def _warn_gaps(sensor: Sensor) -> None:
    for program, unseen in sensor.missing.items():
        structlog.get_logger().warning("this kernel lacks a hook", hook=program, unseen=unseen)
    if sensor.fallen and sensor.tier is not Tier.TRACEPOINT:
        calls = sorted(kind.name.lower() for kind in sensor.fallen)
        structlog.get_logger().warning("calls come by the tracepoint, too", calls=calls)


@asynccontextmanager
async def _beside(jobs: Sequence[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Work that goes on meanwhile."""
    working = [asyncio.ensure_future(job) for job in jobs]
    try:
        yield
    finally:
        for work in working:
            work.cancel()
        await asyncio.wait(working)


async def _run(loaded: Loaded, stdout: int, options: _Options) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    processes = ProcessTable()
    mounts = HostMounts()
    engine = loaded.engine
    wanted = wanted_of(engine)
    with ExitStack() as stack:
        pins = _pins(stack)
        sensor = stack.enter_context(
            Sensor(
                wanted,
                max_members=options.max_members,
                pins=pins,
                tier=Tier(options.tier) if options.tier else None,
            )
        )
        # libbpf asks for more to load programs; and what follows has threads.
        lessen()
        stream = Stream(stdout)
        _warn_gaps(sensor)
        # After attaching: a process that starts meanwhile is told of by its events.
        processes.seed()
        provenance = sensor.provenance
        containers = Containers(
            provenance.container, processes.lineage, [*STATE_ROOTS, *options.state_roots]
        )
        for entry in provenance.containers():
            containers.add(entry)
        names = NameTable(engine.rules)
        parts = KnownParts(sensor.filters, containers, processes, engine.rules)
        enricher = Enricher(
            processes,
            containers,
            mounts,
            sensor.host_namespaces(),
            Addresses(HostAddresses(), names),
            HostViews(sensor.filters, mounts),
            parts,
        )
        sink = _sink(options.output, stream)
        judge = Judge(engine, Folder(0 if options.no_fold else options.fold_window))
        agent = Agent(
            sensor,
            containers,
            enricher,
            judge,
            sink,
            rules=len(engine.rules),
            meter=ActivityMeter(sensor) if wanted.activity else None,
        )

        def stream_failed(error: OSError) -> None:
            loop.call_soon_threadsafe(agent.fail, error)

        stream.on_error = stream_failed
        load = functools.partial(_load, options, sensor.tier)
        paths = (*options.paths, *options.policies, options.overrides.path)
        enforcer = Enforcer(sensor, parts, judge, pins)
        stack.callback(enforcer.close)
        reloader = Reloader(load, paths, agent, Filterer(sensor), loaded, enforcer)
        await reloader.enforce()
        disarmer = Disarmer(sensor.deciders.disarmed, containers)
        arming = Arming(loaded.governed, options.overrides, disarmer, agent.tell, reloader.ask)
        judge.counted, reloader.taken = arming.count, arming.take
        if options.metrics_listen:
            served = metrics.serve(
                options.metrics_listen,
                sensor,
                Losses(sensor, containers),
                lambda: agent.totals,
                lambda: agent.losses,
                lambda: reloader.state,
            )
            stack.enter_context(served)
        loop.add_signal_handler(signal.SIGHUP, arming.ask)
        stack.enter_context(findable())
        jobs = [reloader.work(), names.work()]
        if options.fail_open_after:
            jobs.append(enforcer.renew(options.fail_open_after))
        async with _beside(jobs):
            await agent.run(stop)
    mounts.close()
    if not stream.close(_LAST_LINES_S):
        structlog.get_logger().warning("the reader of stdout has stalled: its end is missing")
