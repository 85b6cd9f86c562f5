"""What outlives an agent: the maps of who belongs where, for the agent that comes next; and what
is refused, until that one refuses it itself.

A process that has left its container's cgroup and namespaces is known only by
its descent. The next agent takes over what was known, entry by entry, after
comparing each task's start: whatever happened meanwhile, an address that
another task has got since is not taken for the old one's.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import ExitStack
from pathlib import Path

from stockade.errors import StockadeError
from stockade.events import LAYOUT
from stockade.kernel import disarmed
from stockade.kernel.bpf import Map, Object, PinnedMap
from stockade.kernel.core import check, native
from stockade.kernel.disarmed import Disarmed

BPFFS = Path("/sys/fs/bpf")
PINS = BPFFS / "stockade"
LOCK = Path("/run/stockade/lock")
_MAPS = ("containers", "members")
_FORCE = "force-"
# What maps are called among what is in force.
MAP = "map-"


class Pins:
    """The pinned maps of one agent at a time.

    Args:
        directory: in a BPF file system, which is mounted on its parent where there is none.
        lock: a file that whoever owns the pins holds locked.
    """

    def __init__(self, directory: Path = PINS, lock: Path = LOCK) -> None:
        self._directory = directory
        self._lock = lock
        self._fd = -1

    def acquire(self) -> bool:
        """Own the pins until release. False when another agent does.

        Raises:
            StockadeError: they cannot be had here.
        """
        try:
            self._lock.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(
                self._lock, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o600
            )
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not _is_bpffs(self._directory.parent):
                mounted = native().lib.core_mount_bpffs(str(self._directory.parent).encode())
                check(mounted, f"mount bpffs on {self._directory.parent}")
            self._directory.mkdir(mode=0o700, exist_ok=True)
        except BlockingIOError:
            self.release()
            return False
        except OSError as err:
            self.release()
            raise StockadeError(f"{err.filename or self._directory}: {err.strerror}") from err
        return True

    def in_use(self) -> bool:
        """Whether an agent has them now."""
        try:
            lock = os.open(self._lock, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(lock)
        return False

    def release(self) -> None:
        """Let the next agent have them; may be called twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def open(self) -> list[PinnedMap]:
        """The maps that are pinned; empty when there are none, or only another version's."""
        with ExitStack() as opened:
            try:
                found = [opened.enter_context(PinnedMap(str(self._path(name)))) for name in _MAPS]
            except OSError:
                return []
            opened.pop_all()
            return found

    def hand_over(self, target: Object) -> bool:
        """Before load: give an object what the last agent knew. False when that is nothing."""
        past = self.open()
        try:
            for each, name in zip(past, _MAPS, strict=False):
                target.use_map(f"past_{name}", each)
        finally:
            for each in past:
                each.close()
        return bool(past)

    def replace(self, maps: tuple[Map, Map]) -> None:
        """Pin these containers and members instead."""
        for old in self._directory.iterdir():
            if not old.is_dir():
                old.unlink()
        for name, each in zip(_MAPS, maps, strict=True):
            each.pin(str(self._path(name)))

    def begin_force(self) -> Path:
        """A new place for what is to stay in force; beside that, what is there stays so."""
        place = self._directory / f"{_FORCE}{time.monotonic_ns()}"
        place.mkdir(mode=0o700)
        return place

    def end_force(self, keep: Path | None = None) -> int:
        """Take back what was in force, but for one place; returns how much that was."""
        old = [each for each in self._forces() if each != keep]
        for place in old:
            # What asks goes before whom it asks: or it would be told by nobody.
            for pin in sorted(place.iterdir(), key=lambda each: each.name.startswith(MAP)):
                pin.unlink()
            place.rmdir()
        return len(old)

    def disarm(self) -> int:
        """Have all that is in force refuse nothing, and only tell; returns how much that was."""
        places = list(self._forces()) if self._directory.is_dir() else []
        for place in places:
            with PinnedMap(str(place / f"{MAP}{disarmed.NAME}")) as switches:
                Disarmed(switches).disarm()
        return len(places)

    def remove(self) -> bool:
        """Leave nothing. False where there was nothing."""
        found = self._directory.is_dir()
        if found:
            self.end_force()
            for pin in self._directory.iterdir():
                pin.unlink()
            self._directory.rmdir()
        return found

    def _forces(self) -> list[Path]:
        return [each for each in self._directory.iterdir() if each.name.startswith(_FORCE)]

    def _path(self, name: str) -> Path:
        """Entries of another layout have another name."""
        return self._directory / f"{name}-{LAYOUT[:12]}"


def _is_bpffs(directory: Path) -> bool:
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
        return any(
            left.split(" ")[4] == str(directory) and right.startswith("bpf ")
            for left, _, right in (line.partition(" - ") for line in mounts)
        )
