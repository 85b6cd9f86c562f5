"""Calls that no rule asks for cost nothing where functions are hooked: by what the kernel says of
its functions and of our links, and by the clock.
"""

from __future__ import annotations

import os
import time
from itertools import repeat
from pathlib import Path

import pytest

from stockade.events import EventType
from stockade.kernel import Sensor, Tier, Wanted

ENABLED = Path("/sys/kernel/tracing/enabled_functions")
# Few, so that some runs of them meet nobody else on the CPU.
CALLS = 1_000
RUNS = 600
# What the best of many runs may differ by.
NOISE = 1.15


@pytest.fixture
def functions() -> set[str]:
    """Functions that something is attached to before."""
    if not ENABLED.exists():
        pytest.skip("the kernel does not show which functions are hooked")
    return _enabled()


def _enabled() -> set[str]:
    """Functions of system calls that something is attached to: the first word of each line."""
    return {line.split()[0] for line in ENABLED.read_text().splitlines() if "_sys_" in line}


def _tracepoints() -> set[str]:
    """Of this process's links."""
    found = set()
    for name in os.listdir("/proc/self/fdinfo"):
        try:
            lines = Path(f"/proc/self/fdinfo/{name}").read_text().splitlines()
        except FileNotFoundError:
            continue  # the listing's own descriptor
        found |= {line.split()[1] for line in lines if line.startswith("tp_name:")}
    return found


def _on_functions(wanted: Wanted) -> Sensor:
    sensor = Sensor(wanted)
    if sensor.tier is Tier.TRACEPOINT:
        sensor.close()
        pytest.skip("on this tier every call passes the tracepoint")
    return sensor


def _cost() -> float:
    """Seconds of so many calls that no rule can ask for, at best."""
    best = float("inf")
    for _ in range(RUNS):
        started = time.perf_counter()
        for _ in repeat(None, CALLS):
            os.getppid()
        best = min(best, time.perf_counter() - started)
    return best


def test_nothing_is_attached_to_other_calls(functions: set[str]) -> None:
    with _on_functions(Wanted(frozenset({EventType.MKDIR}))) as sensor:
        hooked = {name for name in sensor.hooks() if "_sys_" in name}
        enabled = _enabled()
        assert not {"sys_enter", "sys_exit"} & _tracepoints()
    assert {name for name in hooked if name.endswith("_sys_mkdir")}
    assert hooked <= enabled
    # What was attached before is someone else's, or an agent's whose end is not over.
    assert enabled - functions <= hooked


def test_the_tracepoint_is_found_where_it_is_attached() -> None:
    with Sensor(Wanted(frozenset({EventType.MKDIR})), tier=Tier.TRACEPOINT):
        assert "sys_exit" in _tracepoints()


def test_other_calls_take_no_longer() -> None:
    before = _cost()
    wanted = Wanted(frozenset({EventType.MKDIR, EventType.RENAME}))
    with _on_functions(wanted):
        by_functions = _cost()
    with Sensor(wanted, tier=Tier.TRACEPOINT):
        by_tracepoint = _cost()
    assert by_functions < NOISE * min(before, _cost())
    assert by_functions < by_tracepoint
