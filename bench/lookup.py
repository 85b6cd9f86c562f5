"""What it costs a program in the kernel to ask whose the current task is."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
from pathlib import Path

from stockade.kernel.bpf import Object

HERE = Path(__file__).parent
BPF = HERE.parent / "bpf"
_TURNS = 10_000
_GETPPID = {"x86_64": 110, "aarch64": 173}


def _compiled() -> bytes:
    with tempfile.TemporaryDirectory() as work:
        target = Path(work) / "lookup.o"
        flags = ["-std=gnu11", "-O2", "-g", "-target", "bpf", "-mcpu=v3", "-I.", "-Iinclude"]
        clang = os.environ.get("CLANG", "clang-19")
        command = [clang, *flags, "-c", str(HERE / "lookup.bpf.c"), "-o", str(target)]
        subprocess.run(command, check=True, cwd=BPF)
        return target.read_bytes()


def _once(image: bytes, *, member: bool) -> float:
    """Nanoseconds of one lookup, without the loop around it."""
    with Object(image, "lookup") as loaded:
        loaded.set_variable("tgid", os.getpid().to_bytes(4, "little"))
        loaded.set_variable("getppid_nr", _GETPPID[os.uname().machine].to_bytes(4, "little"))
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
    image = _compiled()
    figures: dict[str, list[float]] = {"host": [], "member": []}
    for _ in range(rounds):
        for name, found in figures.items():
            found.append(_once(image, member=name == "member"))
    return {name: (statistics.median(all_), min(all_), max(all_)) for name, all_ in figures.items()}
