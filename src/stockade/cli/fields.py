"""stockade fields: what rules can name."""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase

import click
import msgspec
from rich import box
from rich.console import Console
from rich.table import Table

from stockade.errors import ExitCode
from stockade.events.field import Field
from stockade.events.fields import CATALOGUE
from stockade.events.reference import describe


@click.command(short_help="List the fields that rules can name.")
@click.argument("patterns", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.option("--filled", is_flag=True, help="Only fields that events have today.")
def fields(*, patterns: tuple[str, ...], as_json: bool, filled: bool) -> int:
    """List the fields that rules can name: all, or those whose name matches a PATTERN.

    A pattern is a name with * and ?, or the beginning of one. Exits with 1 when nothing matches.
    """
    found = [
        field
        for field in CATALOGUE.values()
        if (field.tier or not filled)
        and (not patterns or any(_matches(field.name, pattern) for pattern in patterns))
    ]
    if as_json:
        rows = [describe(field) for field in found]
        click.echo(msgspec.json.format(msgspec.json.encode(rows), indent=1).decode())
    elif found:
        _print(found)
    else:
        click.echo("stockade: no such field", err=True)
    return ExitCode.OK if found else ExitCode.FINDINGS


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) or name.startswith(pattern)


def _print(found: list[Field]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("field", "type", "events", "origin", "tier", "meaning"):
        table.add_column(heading, overflow="fold")
    for field in found:
        row = describe(field)
        table.add_row(
            f"{row.name}{row.brackets}",
            f"{row.type}{' list' if row.many else ''}{f' ({row.unit})' if row.unit else ''}",
            " ".join(row.events),
            row.origin,
            row.tier or "not filled",
            row.meaning,
        )
    console = Console(highlight=False)
    # In a pipe every field keeps its line.
    console.print(table, width=None if sys.stdout.isatty() else 240)
