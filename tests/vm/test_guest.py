"""The same object, the same tests, on another kernel: the one whose verifier is the strictest."""

from __future__ import annotations

import sys

import pytest

from vmtest import kernels, matrix

# What the kernel has a part in; the rest, and other kernels, are make kernels' to test.
TESTS = ("kernel", "e2e/test_families.py", "e2e/test_descriptors.py")


def test_everything_passes_on_6_1(capsys: pytest.CaptureFixture[str]) -> None:
    """make kernels has the others."""
    booted = kernels.prepare(kernels.find("6.1"))
    with capsys.disabled():
        outcome = matrix.run(booted, sys.stdout.write, tests=TESTS)
    assert outcome.good, f"{matrix.summary([outcome])}\nsee {matrix.log_of(booted)}"
    assert outcome.passed
