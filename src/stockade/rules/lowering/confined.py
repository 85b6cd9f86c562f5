"""What processes that compile may take, and for how long they are there."""

from __future__ import annotations

import ctypes
import resource
import signal

_PR_SET_PDEATHSIG = 1


def confine(*, memory_bytes: int, cpu_s: int | None = None) -> None:
    """Limit this process, and have it end with the thread that started it.

    Nobody would read its answer any more when that is gone, as when the agent is killed.

    Args:
        memory_bytes: of addresses.
        cpu_s: seconds of CPU time; None for any.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if cpu_s is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
