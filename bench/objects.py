"""The bench's own BPF objects."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
GETPPID = {"x86_64": 110, "aarch64": 173}[os.uname().machine].to_bytes(4, "little")


def compiled(name: str) -> bytes:
    """The image of bench/NAME.bpf.c, with the agent's own headers."""
    with tempfile.TemporaryDirectory() as work:
        target = Path(work) / f"{name}.o"
        flags = ["-std=gnu11", "-O2", "-g", "-target", "bpf", "-mcpu=v3", "-I.", "-Iinclude"]
        clang = os.environ.get("CLANG", "clang-19")
        command = [clang, *flags, "-c", str(HERE / f"{name}.bpf.c"), "-o", str(target)]
        subprocess.run(command, check=True, cwd=HERE.parent / "bpf")
        return target.read_bytes()
