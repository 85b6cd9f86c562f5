"""The same object, the same tests, on another kernel: the one whose verifier is the strictest."""

from __future__ import annotations

import sys

import pytest

from vmtest import kernels, matrix

# What differs from kernel to kernel and from tier to tier; all of it is make kernels' to test.
TESTS = (
    "kernel/test_boundary.py",
    "kernel/test_calls.py",
    "kernel/test_cgroups.py",
    "kernel/test_facts.py",
    "kernel/test_objects.py",
    "kernel/test_open.py",
    "kernel/test_unhooked.py",
    "e2e/shipped/test_families.py",
)


def test_everything_passes_on_6_1(capsys: pytest.CaptureFixture[str]) -> None:
    """make kernels has the others."""
    booted = kernels.prepare(kernels.find("6.1"))
    with capsys.disabled():
        outcome = matrix.run(booted, sys.stdout.write, tests=TESTS)
    assert outcome.good, f"{matrix.summary([outcome])}\nsee {matrix.log_of(booted.name)}"
    assert outcome.passed
