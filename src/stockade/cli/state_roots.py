"""Where runtimes keep their state, as an option."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

F = TypeVar("F", bound=Callable[..., object])


def _absolute(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    for value in values:
        if not value.startswith("/"):
            raise click.BadParameter(f"{value!r} is no absolute path")
    return values


def state_roots_option(command: F) -> F:
    """--state-root, for every command that names containers."""
    option = click.option(
        "--state-root",
        "state_roots",
        multiple=True,
        metavar="DIR",
        callback=_absolute,
        help="Where a runtime keeps its state, beside the usual places (runc --root).",
    )
    return option(command)
