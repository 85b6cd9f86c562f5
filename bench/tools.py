"""What the benches use: a load generator, a container to run it in, and all rules there are."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stockade.cli.packs import PACKS
from tests.support.agent import Agent
from tests.support.runc import Runc, make_rootfs

HERE = Path(__file__).parent
_DROPPED = 'stockade_filtered_total{event="openat",verdict="drop"}'
_COMPILED_S = 300.0
STOCK = HERE.parents[1] / "shared" / "corpora" / "falco-rules"


@dataclass(frozen=True, slots=True)
class Tools:
    """Of one run.

    Attributes:
        work: a directory of its own.
        load: the load generator; its file system's root has it in /bin, too.
        runc: makes containers.
        rules: rule files, the shipped ones and Falco's where they are.
    """

    work: Path
    load: Path
    runc: Runc
    rules: tuple[Path, ...]

    def run(self, *arguments: str, contained: bool = False) -> float:
        """What the load generator says."""
        return self.runs(1, *arguments, contained=contained)[0]

    def runs(self, count: int, *arguments: str, contained: bool = False) -> list[float]:
        """What it says each of several times, one after the other in the same place."""
        program = "load" if contained else str(self.load)
        script = f"for run in $(seq {count}); do {shlex.join([program, *arguments])}; done"
        if contained:
            _, done = self.runc.run(["sh", "-c", script])
            said = done.stdout
        else:
            said = subprocess.check_output(["sh", "-c", script], text=True)
        return list(map(float, said.split()))


@contextmanager
def tools(stock: Path) -> Iterator[Tools]:
    """All of it, until it is no longer needed.

    Args:
        stock: where Falco's rule files are, if there are any.
    """
    work = Path(tempfile.mkdtemp(prefix="stockade-bench-"))
    try:
        load = work / "load"
        subprocess.run(["gcc", "-O2", "-static", "-o", load, HERE / "load.c"], check=True)
        runc = Runc(work, make_rootfs(work / "rootfs", [load]))
        yield Tools(work, load, runc, (PACKS, *sorted(stock.glob("*.yaml"))))
    finally:
        shutil.rmtree(work)


@contextmanager
def at_work(*rules: Path, options: tuple[str, ...] = ()) -> Iterator[Agent]:
    """An agent whose filters are at work. One of the rules is about opens, the host's too."""
    port = _free_port()
    options = (*options, "--metrics-listen", str(port))
    with Agent(*rules, timeout_s=_COMPILED_S, options=options) as agent:
        end = time.monotonic() + _COMPILED_S
        while not _drops(port):
            if time.monotonic() > end:
                raise RuntimeError("the filters are not at work")
            time.sleep(0.2)
        yield agent


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _drops(port: int) -> bool:
    """Whether an open that fires nothing is kept back."""
    os.close(os.open("/etc/passwd", os.O_RDONLY))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return _DROPPED.encode() in answer.read()


def spread(values: Sequence[float], form: str = ".0f") -> str:
    """Median, least and most."""
    median, least, most = statistics.median(values), min(values), max(values)
    return f"{median:{form}} ({least:{form}}..{most:{form}})"


def load_now() -> str:
    """Of the machine."""
    return f"load {os.getloadavg()[0]:.1f}"
