"""stockade uninstall: nothing of it stays in the kernel."""

from __future__ import annotations

import shutil

import click

from stockade.errors import StockadeError
from stockade.kernel import Pins
from stockade.kernel.core import require_privilege
from stockade.rules.lowering.policies import CACHE


@click.command(short_help="Leave nothing behind.")
def uninstall() -> None:
    """Take back what an agent left in force when it ended, and remove all that it kept.

    What rules deny stays denied when the agent has ended, however it did.
    """
    require_privilege()
    pins = Pins()
    if pins.in_use():
        raise StockadeError("an agent runs here", hint="stop it first")
    found = pins.remove()
    shutil.rmtree(CACHE.parent, ignore_errors=True)
    said = "removed what was in the kernel" if found else "nothing was there"
    click.echo(f"stockade: {said}")
