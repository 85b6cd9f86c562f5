"""What it costs a program in the kernel to ask whose the current task is."""

from __future__ import annotations

import os
import statistics

from bench.objects import GETPPID, compiled
from stockade.kernel.bpf import Object

_TURNS = 10_000


def _once(image: bytes, *, member: bool) -> float:
    """Nanoseconds of one lookup, without the loop around it."""
    with Object(image, "lookup") as loaded:
        loaded.set_variable("tgid", os.getpid().to_bytes(4, "little"))
        loaded.set_variable("getppid_nr", GETPPID)
        loaded.set_variable("is_member", int(member).to_bytes(4, "little"))
        loaded.load()
        loaded.attach("lookup")
        os.getppid()
        value = loaded.map("results").lookup(bytes(4)) or b""
        empty, lookup, found = (int.from_bytes(value[at : at + 8], "little") for at in (0, 8, 16))
    if (found >= 2 * _TURNS) is not member:
        raise RuntimeError("the lookup did not find what it was to find")
    return (lookup - empty) / _TURNS


def measure(rounds: int) -> dict[str, tuple[float, float, float]]:
    """Median, least and most of each case, the cases in turn."""
    image = compiled("lookup")
    figures: dict[str, list[float]] = {"host": [], "member": []}
    for _ in range(rounds):
        for name, found in figures.items():
            found.append(_once(image, member=name == "member"))
    return {name: (statistics.median(all_), min(all_), max(all_)) for name, all_ in figures.items()}
