"""Where the rules of a command come from: the shipped ones, or what it is given."""

from __future__ import annotations

from pathlib import Path

import click

from stockade.rules import Rule, load_rules
from stockade.rules.source import suggest

PACKS = Path(__file__).parents[1] / "packs"

rules_option = click.option(
    "-r",
    "--rules",
    "paths",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="A rule file, or a directory of them, instead of the shipped ones. May be repeated.",
)

policies_option = click.option(
    "-p",
    "--policy",
    "policies",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="A policy file, or a directory of them. May be repeated.",
)


def find_rule(name: str, paths: tuple[Path, ...]) -> Rule:
    """A rule of some files, or of the shipped ones.

    Raises:
        click.UsageError: none is called so.
        RuleErrors: the files are wrong.
    """
    found = {rule.name: rule for rule in load_rules(paths or [PACKS]).rules}
    if name not in found:
        hint = suggest(name, found)
        raise click.UsageError(f"no rule {name!r}{f'; {hint}' if hint else ''}")
    return found[name]
