"""stockade mode, stockade disarm: what rules may do, shown and switched."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stockade.cli.reload import ask, running_agent
from stockade.errors import StockadeError
from stockade.events.times import rfc3339
from stockade.kernel import Pins
from stockade.policies import STATE, Mode, Override, Overrides, Target
from stockade.policies.status import PolicyStatus, Status, read_status
from stockade.rules.source import suggest
from stockade.sinks import visible

_RESET = "reset"
# How long an agent is waited for; it reads and compiles rules first.
_TAKEN_S = 120.0
_LOOK_S = 0.05


@click.command(short_help="Show what policies do, or switch them to audit or enforce.")
@click.argument("mode", required=False, type=click.Choice([*(m.value for m in Mode), _RESET]))
@click.option("--policy", help="Of this policy alone.")
@click.option("--rule", help="Of this rule alone.")
@click.option("--container", metavar="NAME", help="In this container alone, by its name or id.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def mode(
    *,
    mode: str | None,
    policy: str | None,
    rule: str | None,
    container: str | None,
    as_json: bool,
) -> None:
    """Show the policies in force, or switch what they do.

    Without MODE, shows them. audit and enforce stand above what policy files say, until reset, also
    when the agent is started again; an agent that runs takes them at once. enforce reaches no
    further than the scope of a policy.
    """
    target = Target(policy, rule, container)
    if mode is None:
        if target != Target():
            raise click.UsageError("say audit, enforce or reset")
        _show(as_json=as_json)
    else:
        _check(target)
        _switch(mode, target)


@click.command(short_help="Have everything, or one container, only audited from now on.")
@click.argument("container", required=False)
def disarm(*, container: str | None) -> None:
    """Refuse and kill nothing any more: everywhere, or in one container, by its name or id.

    Events are told as before. `stockade mode reset` undoes it.
    """
    _switch(Mode.AUDIT.value, Target(container=container))


def _switch(mode: str, target: Target) -> None:
    pid = running_agent()
    status = read_status() if pid else None
    overrides = Overrides(Path(status.state) if status else STATE)
    if mode == _RESET:
        kept = overrides.drop(target)
    else:
        kept = overrides.put(Override(Mode(mode), target, "operator", rfc3339(time.time_ns())))
    click.echo(f"stockade: {target}: {'as the files say' if mode == _RESET else mode}")
    if pid is None:
        if mode == Mode.AUDIT.value and target == Target() and Pins().disarm():
            click.echo("stockade: what an agent left in force only tells from now on")
        click.echo("stockade: no agent runs here; the next one takes it")
        return
    ask(pid)
    _wait_until_taken(kept)
    click.echo(f"stockade: the agent (pid {pid}) has taken it")


def _wait_until_taken(overrides: tuple[Override, ...]) -> None:
    end = time.monotonic() + _TAKEN_S
    while time.monotonic() < end:
        status = read_status()
        if status and status.overrides == overrides:
            return
        time.sleep(_LOOK_S)
    raise StockadeError(
        "the agent has not taken it yet", hint="its log says why; stockade mode shows when it has"
    )


def _check(target: Target) -> None:
    """Raise UsageError for what no policy of the running agent is called, or is about."""
    status = read_status() if running_agent() else None
    if status is None:
        return
    policies = {each.name: each for each in status.policies}
    if target.policy is not None:
        _require(target.policy, policies, "policy")
    if target.rule is not None:
        about = [policies[target.policy]] if target.policy else status.policies
        names = {rule for each in about for rule in each.rules}
        _require(target.rule, names, "rule that a policy is about:")


def _require(name: str, known: Iterable[str], what: str) -> None:
    if name not in known:
        hint = suggest(name, known)
        raise click.UsageError(f"no {what} {name!r}{f'; {hint}' if hint else ''}")


def _show(*, as_json: bool) -> None:
    status = read_status() if running_agent() else None
    if status is None:
        overrides = Overrides(STATE).load()
        if as_json:
            click.echo(msgspec.json.encode({"agent": False, "overrides": overrides}).decode())
            return
        click.echo("stockade: no agent runs here")
        for each in overrides:
            click.echo(f"{each.mode.value}: {each.target} ({each.by}, {each.since})")
        return
    if as_json:
        click.echo(msgspec.json.encode({"agent": True, **msgspec.to_builtins(status)}).decode())
        return
    Console(highlight=False).print(_table(status))


def _table(status: Status) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("POLICY", "MODE", "RULES", "WHERE", "SAID BY"):
        table.add_column(heading, overflow="fold")
    for policy in status.policies:
        for row in _rows(policy):
            table.add_row(*(Text(visible(cell)) for cell in row))
    return table


def _rows(policy: PolicyStatus) -> Iterator[tuple[str, ...]]:
    for number, clause in enumerate(policy.clauses):
        whole = f"{len(policy.rules)}, of which {len(policy.acting)} deny or kill"
        rules = whole if clause.rules is None else ", ".join(clause.rules)
        where = policy.scope if clause.scope is None else clause.scope
        yield "" if number else policy.name, clause.mode.value, rules, where, clause.why
    for each in policy.exceptions:
        until = f"until {each.expires}" if each.expires else "for good"
        yield "", "expired" if each.expired else "except", each.name, until, each.reason
