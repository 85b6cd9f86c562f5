"""The sensor in this process: act in a child, and look at the records it leaves."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from stockade.events import EventType, OpenRecord
from stockade.kernel import Sensor
from tests.support.watch import RecordWatch

OPENS = frozenset(
    {
        EventType.OPEN,
        EventType.OPENAT,
        EventType.OPENAT2,
        EventType.CREAT,
        EventType.OPEN_BY_HANDLE_AT,
    }
)
EXECS = frozenset({EventType.EXECVE, EventType.EXECVEAT})


@dataclass(frozen=True, slots=True)
class Act:
    """What the test program printed: the result and, for an open file, what it is."""

    result: int
    inode: int
    dev: int
    link: str
    pid: int


class Recorder(RecordWatch):
    """Has children act, too.

    Args:
        sensor: at work, reporting what the test is about.
        acts: the test program.
    """

    def __init__(self, sensor: Sensor, acts: Path) -> None:
        super().__init__(sensor)
        self._acts = str(acts)

    def act(self, *arguments: str, prepare: str = "", cwd: Path | None = None) -> Act:
        """Run the test program in a mount namespace of its own.

        Args:
            arguments: of the program.
            prepare: shell commands before it, with which the mounts can be changed.
            cwd: its working directory.
        """
        script = f'{prepare or ":"}\nexec "$@"'
        done = subprocess.run(
            ["unshare", "-m", "sh", "-ec", script, "sh", self._acts, *arguments],
            capture_output=True,
            cwd=cwd,
            check=False,
        )
        assert done.stdout, done.stderr
        result, inode, dev, *link, pid = done.stdout.decode(errors="surrogateescape").split(" ")
        if inode == "-":
            return Act(int(result), 0, 0, "", int(pid))
        return Act(int(result), int(inode), int(dev), " ".join(link), int(pid))

    def opened(self, act: Act) -> OpenRecord:
        """The record of what the test program did."""
        return self.find(
            OpenRecord,
            lambda record: (
                record.header.task.process.tgid == act.pid
                # Before that it was these, and other filesystems have such an inode, too.
                and record.header.task.comm not in {"unshare", "sh"}
                and record.header.result == act.result
                and record.file.inode == act.inode
            ),
        )


def boot_ticks(pid: int | str = "self") -> int:
    """A process's start, in clock ticks since boot."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
