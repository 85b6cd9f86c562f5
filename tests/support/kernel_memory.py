"""The kernel's memory, changed from outside the guest that the test runs in."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vmtest.memory import ANSWER, REQUEST

_CONTROL = Path("/vm/ctl")
_TIMEOUT_S = 120.0

Change = dict[str, Any]


@functools.cache
def symbol(name: str) -> int:
    """The address of what the kernel calls so. Raises KeyError."""
    for line in Path("/proc/kallsyms").read_text().splitlines():
        address, _, found, *_ = line.split()
        if found == name:
            return int(address, 16)
    raise KeyError(name)


@contextmanager
def corrupted(pid: int, changes: Sequence[Change]) -> Iterator[None]:
    """A task whose kernel data is not what the kernel has made it.

    Args:
        pid: the task's number in the initial pid namespace.
        changes: each a member of its task_struct ("cred->uid") with a value of bytes in
            hexadecimal, or with the bits to clear.
    """
    was = _exchange(pid, changes)
    try:
        yield
    finally:
        back = [
            {"member": each["member"], "value": old} for each, old in zip(changes, was, strict=True)
        ]
        # What was found by way of another pointer is to be put back by it.
        _exchange(pid, back[::-1])


def _exchange(pid: int, changes: Sequence[Change]) -> list[str]:
    request = {"init_task": symbol("init_task"), "pid": pid, "changes": list(changes)}
    unfinished = _CONTROL / f"{REQUEST}.new"
    unfinished.write_text(json.dumps(request))
    unfinished.rename(_CONTROL / REQUEST)
    answer = _CONTROL / ANSWER
    end = time.monotonic() + _TIMEOUT_S
    while not answer.exists():
        if time.monotonic() > end:
            raise AssertionError("nobody outside answers")
        time.sleep(0.05)
    found = json.loads(answer.read_text())
    answer.unlink()
    if "error" in found:
        raise AssertionError(found["error"])
    return list(found["was"])
