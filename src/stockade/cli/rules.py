"""stockade rules: look at rule files without running them."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stockade.cli.bench import bench
from stockade.cli.diagnostics import counted, tell_check
from stockade.cli.explain import explain
from stockade.cli.lint import lint
from stockade.cli.packs import PACKS, find_rule, rules_option
from stockade.errors import ExitCode, RuleErrors
from stockade.rules import Rule, load_rules
from stockade.rules.reference import describe
from stockade.rules.trial import Trial
from stockade.sinks import visible

_paths = click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def rules() -> None:
    """Check, lint, list, show, test, explain and measure rules."""


@rules.command()
@_paths
@_json
def check(*, paths: tuple[Path, ...], as_json: bool) -> int:
    """Say what is wrong with rule files, or with the shipped ones.

    PATHS are read in their order, directories in the order of names. Exits with 0 when there is
    nothing but warnings, with 1 when there are errors.
    """
    names: list[str] | None = None
    try:
        found = load_rules(paths or [PACKS])
        names, diagnostics = [rule.name for rule in found.rules], found.warnings
    except RuleErrors as err:
        diagnostics = err.diagnostics
    return tell_check(("rule", "rules"), names, diagnostics, as_json=as_json)


@rules.command("list")
@_paths
@_json
def list_(*, paths: tuple[Path, ...], as_json: bool) -> None:
    """List the rules of files, or the shipped ones."""
    found = load_rules(paths or [PACKS]).rules
    if as_json:
        click.echo(msgspec.json.encode([describe(rule) for rule in found]).decode())
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("rule", "priority", "maturity", "action", "enabled", "tags"):
        table.add_column(heading, overflow="fold")
    for rule in found:
        row = describe(rule)
        enabled = "yes" if row.enabled else "no"
        cells = row.name, row.priority, row.maturity or "", row.action, enabled
        table.add_row(*map(visible, cells), visible(" ".join(row.tags)))
    Console(highlight=False).print(table)


@rules.command()
@click.argument("name")
@rules_option
@_json
def show(*, name: str, paths: tuple[Path, ...], as_json: bool) -> None:
    """Show one rule, whole: as written, and with its lists and macros resolved."""
    row = describe(find_rule(name, paths))
    if as_json:
        click.echo(msgspec.json.encode(row).decode())
        return
    console = Console(highlight=False)
    for key, value in msgspec.structs.asdict(row).items():
        shown = " ".join(value) if isinstance(value, tuple) else value
        if shown not in {"", None}:
            text = Text.assemble((f"{key:<16}", "bold"), visible(str(shown)))
            console.print(text, soft_wrap=True)


rules.add_command(explain)
rules.add_command(lint)
rules.add_command(bench)


@rules.command("test")
@_paths
@click.option("-v", "--verbose", is_flag=True, help="Name the tests that pass, too.")
def test_(*, paths: tuple[Path, ...], verbose: bool) -> int:
    """Run the tests inside rules. Exits with 1 when one fails, or when there are none."""
    ran = failed = 0
    for rule in load_rules(paths or [PACKS]).rules:
        for trial in rule.tests:
            passed = trial.passes(rule.condition)
            ran += 1
            failed += not passed
            if verbose or not passed:
                _tell(rule, trial, passed=passed)
    click.echo(f"stockade: {counted(ran, 'test')}, {failed} failed")
    return ExitCode.OK if ran and not failed else ExitCode.FINDINGS


def _tell(rule: Rule, trial: Trial, *, passed: bool) -> None:
    words = {True: "it fires", False: "it stays quiet", None: "it cannot be known"}
    outcome = words[trial.run(rule.condition)]
    verdict = "passed" if passed else "FAILED"
    click.echo(f"{trial.place}: {verdict}: {visible(rule.name)}: {visible(trial.name)}: {outcome}")
