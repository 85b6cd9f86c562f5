"""The kernels that tests boot, and how they are got: Debian's packages, verified by apt.

Everything is kept under ~/.cache/stockade/kernels and made anew when that is gone.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from vmtest.initramfs import write_initramfs
from vmtest.vmlinux import extract_vmlinux

MIRROR = "http://deb.debian.org"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@dataclass(frozen=True, slots=True)
class Kernel:
    """One kernel series of one Debian suite.

    Attributes:
        name: what people call it, as `python -m vmtest` takes it.
        source: the sources.list line that has it, without its options.
        package: the meta package that depends on the current image.
    """

    name: str
    source: str
    package: str


KERNELS = (Kernel("6.1", "{mirror}/debian-security bookworm-security main", "linux-image-amd64"),)


@dataclass(frozen=True, slots=True)
class Booted:
    """What QEMU needs of a kernel. release is uname -r; modules hold lib/modules/RELEASE."""

    release: str
    vmlinux: Path
    initramfs: Path
    modules: Path


def cache_root() -> Path:
    """Where downloads live."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "stockade" / "kernels"


def find(name: str) -> Kernel:
    """A kernel of the matrix by its name. Raises KeyError."""
    for kernel in KERNELS:
        if kernel.name == name:
            return kernel
    raise KeyError(name)


def prepare(kernel: Kernel) -> Booted:
    """Download, unpack and make bootable, or take from the cache what is there.

    Raises:
        subprocess.CalledProcessError: apt, dpkg or depmod failed; its output says why.
    """
    root = cache_root() / kernel.name
    done = root / "release"
    if not done.exists():
        root.mkdir(parents=True, exist_ok=True)
        done.write_text(_fetch(kernel, root))
    release = done.read_text()
    booted = Booted(release, root / "vmlinux", root / "initramfs.cpio", root / "unpacked")
    # Made anew each time: it is ours, takes no time, and may have changed.
    write_initramfs(booted.modules / "lib/modules" / release, booted.initramfs)
    return booted


def _fetch(kernel: Kernel, root: Path) -> str:
    archive = Archive(root / "apt", kernel.source.format(mirror=MIRROR))
    package = archive.image_package(kernel.package)
    deb = archive.download(package)
    unpacked = root / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    subprocess.run(["dpkg", "-x", deb, unpacked], check=True)
    merged = unpacked / "usr/lib/modules"
    if merged.exists():
        (unpacked / "lib").mkdir(exist_ok=True)
        merged.rename(unpacked / "lib/modules")
    (modules,) = (unpacked / "lib/modules").iterdir()
    release = modules.name
    subprocess.run(["depmod", "-b", unpacked, release], check=True)
    vmlinuz = (unpacked / f"boot/vmlinuz-{release}").read_bytes()
    (root / "vmlinux").write_bytes(extract_vmlinux(vmlinuz))
    deb.unlink()
    return release


class Archive:
    """One Debian archive in directories of its own; apt checks signatures and sums."""

    def __init__(self, root: Path, source: str) -> None:
        self._root = root
        for name in ("lists/partial", "cache/archives/partial", "debs"):
            (root / name).mkdir(parents=True, exist_ok=True)
        (root / "status").touch()
        sources = root / "sources.list"
        sources.write_text(f"deb [arch=amd64 signed-by={KEYRING}] {source}\n")
        self._options = [
            f"-oDir::State::Lists={root}/lists",
            f"-oDir::State::status={root}/status",
            f"-oDir::Cache={root}/cache",
            f"-oDir::Etc::SourceList={sources}",
            "-oDir::Etc::SourceParts=/dev/null",
            "-oAPT::Architecture=amd64",
            "-oAPT::Sandbox::User=root",
        ]
        self._run("apt-get", "-q", "update")

    def image_package(self, meta: str) -> str:
        """The versioned image package that a meta package stands for."""
        depends = self._run("apt-cache", "depends", meta)
        found = re.search(r"Depends: (linux-image-\d\S+)", depends)
        if found is None:
            raise LookupError(f"{meta} depends on no image:\n{depends}")
        return found[1]

    def download(self, package: str) -> Path:
        """Fetch one package; returns the .deb."""
        debs = self._root / "debs"
        self._run("apt-get", "-q", "download", package, cwd=debs)
        (deb,) = debs.glob(f"{package}_*.deb")
        return deb

    def _run(self, command: str, *arguments: str, cwd: Path | None = None) -> str:
        done = subprocess.run(
            [command, *self._options, *arguments],
            cwd=cwd,
            check=True,
            text=True,
            stdout=subprocess.PIPE,
        )
        return done.stdout
