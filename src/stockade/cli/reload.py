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


def running_agent(path: Path = PID_FILE) -> int | None:
    """The number of the agent's process; None where none runs."""
    try:
        pid = int(path.read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return None
    return pid if any(b"stockade" in word for word in words) else None


def ask(pid: int) -> None:
    """Have an agent read its rules, policies and modes again. Raises StockadeError."""
    try:
        os.kill(pid, signal.SIGHUP)
    except ProcessLookupError as err:
        raise StockadeError("the agent has just ended") from err
    except PermissionError as err:
        raise MissingPrivilege("not allowed to signal the agent", hint="run as root") from err


@click.command(short_help="Have the agent read its rules again.")
def reload() -> None:
    """Have the agent that runs on this host read its rules and policies again.

    Rules that cannot be used leave the old ones at work; the agent says why.
    """
    pid = running_agent()
    if pid is None:
        raise StockadeError("no agent runs here", hint="start it with: stockade run")
    ask(pid)
    click.echo(f"stockade: asked the agent (pid {pid}) to read its rules again")
