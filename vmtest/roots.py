"""What guests live in: this machine's root, or one that is put together of another architecture's
packages, with the dependencies and the native core built for it.
"""

from __future__ import annotations

import functools
import runpy
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from vmtest.archive import Archive
from vmtest.guest import PROJECT
from vmtest.kernels import Kernel, cache_root

_PACKAGES = (
    "bash busybox-static ca-certificates coreutils dash findutils grep hostname iproute2"
    " kmod libbpf-dev libc6-dev libgcc-12-dev libpython3-dev libstdc++6 mount"
    " procps python3 runc sed util-linux"
).split()
# A merged /usr, which packages rely on.
_LINKS = ("bin", "sbin", "lib")
_TOOLS = ("clang-format", "mypy", "ruff", "pre-commit", "import-linter", "hypothesis")
_CORE = "src/stockade/kernel/_native"
_LAUNCHER = """#!/usr/bin/python3
import sys
from stockade.cli.entry import main
sys.exit(main())
"""


@dataclass(frozen=True, slots=True)
class Root:
    """A root file system for guests.

    Attributes:
        directory: where it is here.
        python: the interpreter in it.
        prepare: shell commands before anything else.
    """

    directory: Path
    python: str
    prepare: str = ":"


@functools.cache
def of(kernel: Kernel) -> Root:
    """The root for a kernel, made where it is missing."""
    if kernel.architecture == "amd64":
        return Root(Path("/"), sys.executable)
    root = cache_root() / f"root-{kernel.architecture}"
    target = root / "unpacked"
    made_of = "\n".join((*_PACKAGES, (PROJECT / "uv.lock").read_text()))
    complete = root / "complete"
    if not complete.exists() or complete.read_text() != made_of:
        shutil.rmtree(root, ignore_errors=True)
        _unpack(root, target, kernel.architecture)
        _install(target)
        complete.write_text(made_of)
    _build_core(target)
    _compile(target / "opt/packages", target / "usr/lib/python3.11")
    core = shlex.quote(str(PROJECT / f"{_CORE}.abi3.so"))
    paths = f"/opt/packages:{PROJECT}/src:{PROJECT}"
    prepare = f"mount --bind /opt/core.so {core}\nexport PYTHONPATH={shlex.quote(paths)}"
    return Root(target, "/usr/bin/python3", prepare)


def _compile(*directories: Path) -> None:
    """Have modules compiled: a guest cannot keep what it compiles, and takes long for it."""
    command = [sys.executable, "-m", "compileall", "-qq", *map(str, directories)]
    # Some packages have tests for other versions of Python, which cannot be compiled.
    subprocess.run(command, check=False)


def _unpack(root: Path, target: Path, architecture: str) -> None:
    archive = Archive(root / "apt", ("debian bookworm",), architecture)
    for name in _LINKS:
        (target / "usr" / name).mkdir(parents=True)
        (target / name).symlink_to(f"usr/{name}")
    for name in ("dev", "proc", "sys", "root", "vm", "opt"):
        (target / name).mkdir()
    for package in archive.closure(_PACKAGES):
        archive.unpack(package, target)
    # What the packages' scripts would have done.
    (target / "usr/bin/sh").unlink(missing_ok=True)
    (target / "usr/bin/sh").symlink_to("dash")
    (target / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")
    (target / "etc/group").write_text("root:x:0:\n")
    (target / "etc/shadow").write_text("root:*:1:0:99999:7:::\n")
    shutil.rmtree(root / "apt")


def _install(target: Path) -> None:
    """What the lock file says, as wheels of the other architecture."""
    uv = str(PROJECT / ".venv/bin/uv")
    export = [uv, "export", "-q", "--frozen", "--no-emit-project"]
    for tool in _TOOLS:
        export += ["--prune", tool]
    wanted = subprocess.run(export, cwd=PROJECT, check=True, stdout=subprocess.PIPE).stdout
    (target / "opt/requirements.txt").write_bytes(wanted)
    install = [uv, "--system-certs", "pip", "install", "-q", "--only-binary=:all:", "--no-deps"]
    install += ["--python-platform=aarch64-manylinux_2_28", "--python-version=3.11"]
    install += ["--require-hashes", f"--target={target}/opt/packages"]
    subprocess.run([*install, "-r", f"{target}/opt/requirements.txt"], check=True)
    launcher = target / "usr/bin/stockade"
    launcher.write_text(_LAUNCHER)
    launcher.chmod(0o755)


def _build_core(target: Path) -> None:
    """Ours, so made anew each time: clang builds for any architecture."""
    native = PROJECT / "src/stockade/kernel/native"
    binding = target / "opt/_native.c"
    runpy.run_path(str(native / "build.py"))["ffibuilder"].emit_c_code(str(binding))
    sources = [binding, *native.glob("*.c")]
    command = ["clang-19", "--target=aarch64-linux-gnu", f"--sysroot={target}", "-fuse-ld=lld"]
    command += ["-shared", "-fPIC", "-O2", "-w", "-DPy_LIMITED_API=0x03080000"]
    command += [f"-I{target}/usr/include/python3.11", f"-I{native}"]
    command += ["-o", str(target / "opt/core.so"), *map(str, sources), "-lbpf"]
    subprocess.run(command, check=True)
