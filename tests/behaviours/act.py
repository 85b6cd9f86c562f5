"""An act, and how it is done."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stockade.kernel.core import has_type
from tests.support.runc import Options, Runc

SEVERE = {"Emergency", "Alert", "Critical", "Error", "Warning"}
PLAIN = Options()
ADMIN = ("CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_MKNOD")
MOUNTING = Options(capabilities=ADMIN)
UNMASKED = Options(masked=False)
LINKED = Options(capabilities=("CAP_NET_ADMIN",))


@dataclass(frozen=True, slots=True)
class Act:
    """What is done, and the rule that is to tell of it.

    Attributes:
        family: of the catalogue.
        script: for the container's shell; {pid} is a process of the host that the test made,
            {agent} the agent.
        severe: the rule is to be WARNING or above.
        fails: the script is refused, and that is what is told of.
        files: of the host, by path and content; made before and removed afterwards.
        too_new: what a kernel that can do it names in its BTF, and why another cannot.
    """

    family: str
    rule: str
    script: str
    options: Options = PLAIN
    severe: bool = True
    fails: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    too_new: tuple[str, str] | None = None

    def __str__(self) -> str:
        return f"{self.family} {self.rule}"

    def do(self, runc: Runc, agent: int, name: str | None = None) -> str:
        """Act in a new container; returns its name.

        Args:
            runc: makes the container.
            agent: number of the agent's process.
            name: of the container, where it must be some.
        """
        if self.too_new and not has_type(self.too_new[0]):
            pytest.skip(self.too_new[1])
        with _host_process() as pid, _host_files(self.files):
            script = self.script.format(pid=pid, agent=agent)
            name, done = runc.run(["sh", "-c", script], self.options, name=name)
        assert (done.returncode != 0) is self.fails, done.stdout + done.stderr
        return name


@contextmanager
def _host_process() -> Iterator[int]:
    """A process of the host that nobody misses."""
    with subprocess.Popen(["sleep", "600"]) as process:
        try:
            yield process.pid
        finally:
            process.kill()


@contextmanager
def _host_files(files: Mapping[str, str]) -> Iterator[None]:
    made: list[Path] = []
    try:
        for name, content in files.items():
            path = Path(name)
            missing = [each for each in reversed(path.parents) if not each.exists()]
            for directory in missing:
                directory.mkdir()
                made.append(directory)
            path.write_text(content)
            made.append(path)
        yield
    finally:
        for path in reversed(made):
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink(missing_ok=True)
