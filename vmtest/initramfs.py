"""A small initramfs: busybox, the modules for virtio, 9p and overlay, and an init that
lays a tmpfs over the host's root and runs the command of the control share.
"""

from __future__ import annotations

import io
import lzma
import os
import re
import stat
from pathlib import Path

_WANTED = ("virtio_pci", "virtio_blk", "9pnet_virtio", "9p", "overlay")
# What init.sh calls.
_APPLETS = tuple(
    "cat chmod chroot echo hostname insmod ip ln mkdir mount mv readlink sed sh sleep uname".split()
)
_SUFFIX = re.compile(r"\.ko(\.xz)?$")
_DIRECTORIES = ("bin", "ctl", "dev", "lower", "modules", "new", "over", "proc", "sys")


def write_initramfs(modules: Path, target: Path, busybox: Path) -> None:
    """Write the archive.

    Args:
        modules: lib/modules/RELEASE of the kernel, with depmod's files.
        target: the cpio file to write.
        busybox: a static one, of the kernel's architecture.
    """
    archive = Cpio()
    for name in _DIRECTORIES:
        archive.directory(name)
    archive.device("dev/console", 5, 1)
    archive.file("bin/busybox", busybox.read_bytes(), 0o755)
    for applet in _APPLETS:
        archive.symlink(f"bin/{applet}", "busybox")
    order = _load_order(modules)
    for path in order:
        archive.file(f"modules/{_SUFFIX.sub('', path.name)}", _read_module(path), 0o644)
    names = "".join(f"{_SUFFIX.sub('', path.name)}\n" for path in order)
    archive.file("modules.order", names.encode(), 0o644)
    archive.file("init", Path(__file__).with_name("init.sh").read_bytes(), 0o755)
    target.write_bytes(archive.finish())


def _load_order(modules: Path) -> list[Path]:
    """The wanted modules after what they depend on; those built in are left out."""
    depends = {}
    for line in (modules / "modules.dep").read_text().splitlines():
        path, _, needed = line.partition(":")
        depends[path] = needed.split()
    by_name = {_SUFFIX.sub("", os.path.basename(path)).replace("-", "_"): path for path in depends}
    order: list[str] = []
    for name in _WANTED:
        if name in by_name:
            path = by_name[name]
            order += [each for each in [*reversed(depends[path]), path] if each not in order]
    return [modules / path for path in order]


def _read_module(path: Path) -> bytes:
    content = path.read_bytes()
    return lzma.decompress(content) if path.suffix == ".xz" else content


class Cpio:
    """An archive in the kernel's newc format (Documentation/driver-api/early-userspace)."""

    def __init__(self) -> None:
        self._out = io.BytesIO()
        self._inode = 0

    def directory(self, name: str) -> None:
        """Add a directory."""
        self._add(name, stat.S_IFDIR | 0o755)

    def device(self, name: str, major: int, minor: int) -> None:
        """Add a character device."""
        self._add(name, stat.S_IFCHR | 0o600, device=(major, minor))

    def file(self, name: str, content: bytes, mode: int) -> None:
        """Add a regular file."""
        self._add(name, stat.S_IFREG | mode, content)

    def symlink(self, name: str, target: str) -> None:
        """Add a symbolic link."""
        self._add(name, stat.S_IFLNK | 0o777, target.encode())

    def finish(self) -> bytes:
        """The whole archive."""
        self._add("TRAILER!!!", 0)
        return self._out.getvalue()

    def _add(
        self, name: str, mode: int, content: bytes = b"", device: tuple[int, int] = (0, 0)
    ) -> None:
        self._inode += 1
        raw = name.encode() + b"\0"
        numbers = (self._inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(raw), 0)
        header = "070701" + "".join(f"{number:08X}" for number in numbers)
        self._out.write(header.encode() + raw)
        self._pad()
        self._out.write(content)
        self._pad()

    def _pad(self) -> None:
        self._out.write(b"\0" * (-self._out.tell() % 4))
