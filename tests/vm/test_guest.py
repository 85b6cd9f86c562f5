"""The same object, the same tests, on another kernel."""

from __future__ import annotations

import shlex
import sys

import pytest

from vmtest import guest, kernels

SUITES = ("tests/kernel", "tests/e2e")


@pytest.mark.parametrize("name", [kernel.name for kernel in kernels.KERNELS])
def test_everything_passes_on(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider", "-q", *SUITES]
    line = f"cd {shlex.quote(str(guest.PROJECT))} && uname -r && {shlex.join(command)}"
    kernel = kernels.prepare(kernels.find(name))
    result = guest.run(kernel, line)
    with capsys.disabled():
        print(f"\n{result.stdout}{result.cpu_s:.0f} CPU s, {result.wall_s:.0f} s")  # noqa: T201
    assert result.code == 0, result.stdout + result.stderr + result.console
    assert result.stdout.startswith(kernel.release)
