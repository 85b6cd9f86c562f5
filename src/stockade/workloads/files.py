"""Files that runtimes write, read as what they may be: anything."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TypeVar

import msgspec

# Runtimes' largest are some hundred KiB; a user may have made others.
_SIZE_MAX = 16 << 20
T = TypeVar("T")


def read_json(path: Path, kind: type[T]) -> T | None:
    """A JSON file; None where there is none of that shape.

    Nothing is waited for: some of the directories are any user's to write, who may have put a
    FIFO there.
    """
    try:
        with open(path, "rb", opener=_open) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size > _SIZE_MAX:
                return None
            return msgspec.json.decode(file.read(_SIZE_MAX), type=kind)
    except (OSError, ValueError, RecursionError):
        return None


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
