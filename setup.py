"""The parts of the build that pyproject.toml cannot say: the native core and the BPF objects."""

from __future__ import annotations

import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent


class BuildWithObjects(build_py):
    """Compile the BPF objects before the package's files are collected."""

    def run(self) -> None:
        """Run make in bpf/, then the ordinary step."""
        subprocess.run(["make", "--no-print-directory", "-C", str(ROOT / "bpf")], check=True)
        super().run()


setup(
    cffi_modules=["src/stockade/kernel/native/build.py:ffibuilder"],
    cmdclass={"build_py": BuildWithObjects},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
