"""The same object, the same tests, on another kernel: the one whose verifier is the strictest."""

from __future__ import annotations

import sys

import pytest

from vmtest import kernels, matrix


def test_everything_passes_on_6_1(capsys: pytest.CaptureFixture[str]) -> None:
    """make kernels has the others."""
    booted = kernels.prepare(kernels.find("6.1"))
    with capsys.disabled():
        outcome = matrix.run(booted, sys.stdout.write)
    assert outcome.good, f"{matrix.summary([outcome])}\nsee {matrix.log_of(booted)}"
    assert outcome.passed
