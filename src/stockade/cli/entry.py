"""The console script: no more is loaded than it takes to answer a signal from the start."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType


def main() -> None:
    """Run the command line and exit with its code."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    # Not at the top: importing it takes long enough for a Ctrl-C.
    from stockade.cli.main import call  # noqa: PLC0415

    sys.exit(call(sys.argv[1:]))


def _leave(number: int, frame: FrameType | None) -> None:
    """End at once: nothing has been begun that would have to be finished."""
    del frame
    # A watch that is stopped has ended as it should, however early.
    os._exit(0 if sys.argv[1:2] == ["run"] else 128 + number)
