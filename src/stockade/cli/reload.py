"""stockade reload: have the agent that runs here read its rules again."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from stockade.errors import MissingPrivilege, StockadeError

PID_FILE = Path("/run/stockade/pid")


@contextmanager
def findable(path: Path = PID_FILE) -> Iterator[None]:
    """While the block runs, this process is the agent that is asked to reload."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{os.getpid()}\n")
    except OSError as err:
        raise StockadeError(f"{path}: {err.strerror}") from err
    try:
        yield
    finally:
        with suppress(OSError):
            if path.read_text() == f"{os.getpid()}\n":
                path.unlink()


@click.command(short_help="Have the agent read its rules again.")
def reload() -> None:
    """Have the agent that runs on this host read its rules again.

    Rules that cannot be used leave the old ones at work; the agent says why.
    """
    try:
        pid = int(PID_FILE.read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if not any(b"stockade" in word for word in words):
            raise ProcessLookupError
        os.kill(pid, signal.SIGHUP)
    except (FileNotFoundError, ProcessLookupError, ValueError) as err:
        raise StockadeError("no agent runs here", hint="start it with: stockade run") from err
    except PermissionError as err:
        raise MissingPrivilege("not allowed to signal the agent", hint="run as root") from err
    click.echo(f"stockade: asked the agent (pid {pid}) to read its rules again")
