"""stockade policy: look at policy files without running them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from stockade.cli.diagnostics import tell_check
from stockade.cli.packs import PACKS, rules_option
from stockade.errors import RuleErrors
from stockade.policies import govern, load_policies
from stockade.rules import load_rules


@click.group()
def policy() -> None:
    """Check policies."""


@policy.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@rules_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(*, files: tuple[Path, ...], paths: tuple[Path, ...], as_json: bool) -> int:
    """Say what is wrong with policy files.

    FILES are read in their order, directories in the order of names; the rules are those of
    --rules, or the shipped ones. Exits with 0 when there is nothing but warnings, with 1 when there
    are errors.
    """
    names: list[str] | None = None
    try:
        found = govern(load_policies(files, load_rules(paths or [PACKS])), (), datetime.now(UTC))
        names, diagnostics = [each.name for each in found.policies], found.warnings
    except RuleErrors as err:
        diagnostics = err.diagnostics
    return tell_check(("policy", "policies"), names, diagnostics, as_json=as_json)
