"""What the benches use: a load generator, a container to run it in, and all rules there are."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stockade.cli.packs import PACKS
from tests.support.runc import Runc, make_rootfs

HERE = Path(__file__).parent
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
        if not contained:
            return float(subprocess.check_output([self.load, *arguments], text=True))
        _, done = self.runc.run(["load", *arguments])
        return float(done.stdout)


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


def spread(values: Sequence[float], form: str = ".0f") -> str:
    """Median, least and most."""
    median, least, most = statistics.median(values), min(values), max(values)
    return f"{median:{form}} ({least:{form}}..{most:{form}})"


def load_now() -> str:
    """Of the machine."""
    return f"load {os.getloadavg()[0]:.1f}"
