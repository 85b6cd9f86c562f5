"""Clocks: the kernel counts from boot, people from the epoch."""

from __future__ import annotations

import time
from datetime import UTC, datetime

_NS = 1_000_000_000


def boot_offset_ns() -> int:
    """What to add to a boot time to get wall clock time, now; a clock step changes it."""
    return time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def time_text(time_ns: int) -> str:
    """A local time of day with nanoseconds, as Falco prints it."""
    return datetime_text(time_ns).partition(" ")[2]


def datetime_text(time_ns: int) -> str:
    """A local date and time with nanoseconds."""
    seconds, rest = divmod(time_ns, _NS)
    return f"{datetime.fromtimestamp(seconds, UTC).astimezone():%Y-%m-%d %H:%M:%S}.{rest:09d}"


def rfc3339(time_ns: int) -> str:
    """A wall clock time with nanoseconds, in UTC."""
    seconds, rest = divmod(time_ns, _NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
