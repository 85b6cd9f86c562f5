"""The host's mounts: which path the host has for a file seen elsewhere."""

from __future__ import annotations

import os
import posixpath
import re
import select
from collections import defaultdict
from collections.abc import Sequence

from stockade.events import ABSENT, VIEW_DIRECTORIES, Missing, View

# Init may hide its own from us.
_MOUNTINFO = ("/proc/1/mountinfo", "/proc/self/mountinfo")
_ESCAPE = re.compile(rb"\\([0-7]{3})")


class HostMounts:
    """The mount table of the host's namespace (init's), read anew whenever it changes.

    Args:
        paths: mountinfo files, of which the first that may be read is taken.

    Raises:
        PermissionError: none may be.
    """

    def __init__(self, paths: Sequence[str] = _MOUNTINFO) -> None:
        self._fd = _open_first(paths)
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLPRI)
        self._mounts = self._read()

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

    def host_path(self, dev: int, fs_path: str) -> str | Missing:
        """Where the host sees a file.

        Args:
            dev: the filesystem's device number, as stat(2) gives it.
            fs_path: the file's path within its filesystem.

        Returns:
            The path under the mount that shows most of the filesystem; absent when none does.
        """
        if self._poll.poll(0):
            self._mounts = self._read()
        for root, point in self._mounts.get(dev, ()):
            if fs_path == root or fs_path.startswith(root.rstrip("/") + "/"):
                return posixpath.join(point, fs_path[len(root) :].lstrip("/")).rstrip("/") or "/"
        return ABSENT

    def view(self, dev: int) -> View:
        """Where the host sees the files of a filesystem, in a word."""
        if self._poll.poll(0):
            self._mounts = self._read()
        pairs = self._mounts.get(dev, ())
        if not pairs:
            return View.NOWHERE
        if pairs[0] == ("/", "/"):
            return View.SAME
        for view, directory in VIEW_DIRECTORIES.items():
            if all(f"{point}/".startswith(f"{directory}/") for _, point in pairs):
                return view
        return View.UNKNOWN

    def _read(self) -> dict[int, list[tuple[str, str]]]:
        """By device: (root within the filesystem, mount point), the shortest root first."""
        os.lseek(self._fd, 0, os.SEEK_SET)
        content = b""
        while chunk := os.read(self._fd, 1 << 16):
            content += chunk
        mounts = defaultdict(list)
        # The kernel escapes space, tab, newline and backslash, nothing else: a mount point may
        # hold any other character that str.splitlines would split at.
        for line in content.split(b"\n")[:-1]:
            _, _, dev, root, point, *_ = line.split(b" ")
            major, minor = map(int, dev.split(b":"))
            mounts[os.makedev(major, minor)].append((_unescape(root), _unescape(point)))
        return {dev: sorted(pairs, key=lambda pair: len(pair[0])) for dev, pairs in mounts.items()}


def _open_first(paths: Sequence[str]) -> int:
    *preferred, last = paths
    for path in preferred:
        try:
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except PermissionError:
            continue
    return os.open(last, os.O_RDONLY | os.O_CLOEXEC)


def _unescape(raw: bytes) -> str:
    plain = _ESCAPE.sub(lambda match: bytes([int(match[1], 8)]), raw)
    return plain.decode("utf-8", "surrogateescape")
