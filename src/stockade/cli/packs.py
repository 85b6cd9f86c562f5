"""Where the rules of a command come from: the shipped ones, or what it is given."""

from __future__ import annotations

from pathlib import Path

import click

PACKS = Path(__file__).parents[1] / "packs"

rules_option = click.option(
    "-r",
    "--rules",
    "paths",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="A rule file, or a directory of them, instead of the shipped ones. May be repeated.",
)
