"""The kernels that Stockade is for, and how they are got: Debian's packages, verified by apt.

Everything is kept under ~/.cache/stockade/kernels and made anew when that is gone; while it is
there, nothing asks the network.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vmtest.archive import Archive
from vmtest.initramfs import write_initramfs
from vmtest.vmlinux import extract_vmlinux

_SPLIT = ("linux-binary-", "linux-modules-", "linux-base-")


_COLLECTORS = "kernel"
# What the programs in the kernel collect, and what the shipped rules make of it.
BEHAVIOURS = (
    _COLLECTORS,
    "e2e/shipped",
    "e2e/test_self_protection.py",
    "e2e/test_slice.py",
    "e2e/test_stress.py",
)
# What runtimes leave, and what filters and counters in the kernel do.
# What is in none of these is about the agent's process and what it writes, on any kernel.
ONCE = (
    "e2e/test_activity.py",
    "e2e/test_engines.py",
    "e2e/test_filtering.py",
    "e2e/test_stock_rules.py",
    "kernel/test_filters.py",
    "kernel/test_jobs.py",
)
# Whether an act is told of by its rule alone: that is about the rules.
_RULES = "e2e/test_switched_off.py"
# How a kernel preempts itself can disturb programs, not what becomes of their records.
PREEMPTED = (_COLLECTORS,)
# The least that must work.
LEAST = (
    "kernel/test_sensor.py::test_nothing_is_left_behind",
    "kernel/test_facts.py",
    "e2e/test_any_architecture.py",
)


@dataclass(frozen=True, slots=True)
class Kernel:
    """One kernel series of Debian's archive.

    Attributes:
        name: what people call it, as `make kernels ARGS=...` takes it.
        suite: the archive and the suite that have it.
        package: what its image packages are called; the newest of them is taken.
        architecture: as Debian calls it.
        tests: what runs on each of its tiers, under tests/.
        once: what runs on the best of them only: by another it is no different.
    """

    name: str
    suite: str
    package: str
    architecture: str = "amd64"
    tests: tuple[str, ...] = BEHAVIOURS
    once: tuple[str, ...] = ONCE


KERNELS = (
    Kernel("5.10", "debian-security bullseye-security", r"linux-image-5\.10\.0-\d+-amd64"),
    Kernel(
        "6.1",
        "debian-security bookworm-security",
        r"linux-image-6\.1\.0-\d+-amd64",
        once=(*ONCE, _RULES),
    ),
    Kernel("6.12", "debian-security trixie-security", r"linux-image-6\.12\.[\d+.deb]+-amd64"),
    Kernel("6.18", "debian trixie-backports", r"linux-image-6\.18\.[\d+.deb]+-amd64"),
    Kernel("newest", "debian trixie-backports", r"linux-image-\d[\d+.deb]+-amd64"),
    Kernel(
        "6.12-arm64",
        "debian-security trixie-security",
        r"linux-image-6\.12\.[\d+.deb]+-arm64",
        architecture="arm64",
        tests=LEAST,
        once=(),
    ),
)


@dataclass(frozen=True, slots=True)
class Booted:
    """What QEMU needs of a kernel.

    Attributes:
        kernel: of the matrix.
        release: uname -r.
        image: what is booted.
        initramfs: the archive with the first init.
        modules: holds lib/modules/RELEASE.
        preempt: a word for the command line, or none: how the kernel preempts itself.
    """

    kernel: Kernel
    release: str
    image: Path
    initramfs: Path
    modules: Path
    preempt: str = ""

    @property
    def name(self) -> str:
        """The kernel's, with how it preempts where that is not its default."""
        return f"{self.kernel.name} {self.preempt}".strip()

    def selection(self, *, best: bool) -> tuple[str, ...]:
        """What pytest is to run on the best tier, or on another, below the project."""
        tests = PREEMPTED if self.preempt else self.kernel.tests
        if best and not self.preempt:
            return tuple(f"tests/{each}" for each in (*tests, *self.kernel.once))
        left_out = (f"--ignore=tests/{each}" for each in self.kernel.once)
        return (*(f"tests/{each}" for each in tests), *left_out)


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
    booted = Booted(kernel, release, root / "vmlinux", root / "initramfs.cpio", root / "unpacked")
    # Made anew each time: it is ours, takes no time, and may have changed.
    write_initramfs(booted.modules / "lib/modules" / release, booted.initramfs, _busybox(kernel))
    return booted


def modes(booted: Booted) -> Iterator[Booted]:
    """A kernel as it boots by default, and with full preemption where it can be asked for that."""
    yield booted
    config = _either(booted.modules, booted.release, "config").read_text()
    if booted.kernel.architecture == "amd64" and "CONFIG_PREEMPT_DYNAMIC=y" in config:
        yield Booted(
            booted.kernel,
            booted.release,
            booted.image,
            booted.initramfs,
            booted.modules,
            "preempt=full",
        )


def _fetch(kernel: Kernel, root: Path) -> str:
    archive = Archive(root / "apt", (kernel.suite,), kernel.architecture)
    image = archive.newest(kernel.package)
    release = image.removeprefix("linux-image-")
    unpacked = root / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    parts = [name for name in archive.depends(image) if name.startswith(_SPLIT)]
    for package in (image, *parts):
        archive.unpack(package, unpacked)
    merged = unpacked / "usr/lib/modules"
    if merged.exists():
        shutil.copytree(merged, unpacked / "lib/modules", symlinks=True, dirs_exist_ok=True)
        shutil.rmtree(merged)
    subprocess.run(["depmod", "-b", unpacked, release], check=True)
    packed = _either(unpacked, release, "vmlinuz").read_bytes()
    # QEMU boots arm64's image as it is packed.
    (root / "vmlinux").write_bytes(
        extract_vmlinux(packed) if kernel.architecture == "amd64" else packed
    )
    shutil.rmtree(root / "apt")
    return release


def _either(unpacked: Path, release: str, name: str) -> Path:
    """A file that newer packages have beside the modules."""
    beside = unpacked / "lib/modules" / release / name
    return beside if beside.exists() else unpacked / f"boot/{name}-{release}"


@functools.cache
def _busybox(kernel: Kernel) -> Path:
    """A busybox for the initramfs: this machine's, or the other architecture's."""
    if kernel.architecture == "amd64":
        found = shutil.which("busybox")
        if found is None:
            raise FileNotFoundError("busybox is not installed: apt-get install busybox-static")
        return Path(found)
    root = cache_root() / f"busybox-{kernel.architecture}"
    if not (root / "unpacked").exists():
        archive = Archive(root / "apt", ("debian bookworm",), kernel.architecture)
        archive.unpack("busybox-static", root / "unpacked")
    return root / "unpacked/bin/busybox"
