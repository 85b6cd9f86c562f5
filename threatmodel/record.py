"""Runs the tests that claims name, and keeps what became of them."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from stockade.kernel.facts import find_facts
from threatmodel.claims import ROOT, Result

_MARK = "results: "


def run(tests: Iterable[str]) -> dict[str, Result]:
    """What becomes of some tests, on this kernel."""
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory, "report")
        command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        subprocess.run(
            [*command, "-p", "vmtest.report", *sorted(tests)],
            cwd=ROOT,
            env=os.environ | {"STOCKADE_REPORT": str(report)},
            check=False,
        )
        lines = report.read_text().splitlines() if report.exists() else []
    tier = os.environ.get("STOCKADE_TIER") or find_facts().tiers[0]
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    return {
        row["test"]: Result(row["outcome"], platform.release(), tier, day)
        for row in map(json.loads, lines)
    }


def told(found: Mapping[str, Result]) -> str:
    """What became of tests, as a line among others."""
    return f"{_MARK}{msgspec.json.encode(found).decode()}"


def taken(lines: Iterable[str]) -> dict[str, Result]:
    """What such a line says. Raises ValueError where there is none."""
    for line in lines:
        if line.startswith(_MARK):
            return msgspec.json.decode(line.removeprefix(_MARK), type=dict[str, Result])
    raise ValueError("no results among these lines")


def merged(known: Mapping[str, Result], new: Mapping[str, Result]) -> dict[str, Result]:
    """What became of tests last; what is skipped here has been done elsewhere."""
    return dict(known) | {
        test: result
        for test, result in new.items()
        if result.outcome != "skipped" or test not in known
    }
