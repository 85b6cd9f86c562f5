"""A host of a test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from stockade.workloads import containers
from tests.unit.workloads.helpers import Clock, Host


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(containers, "time", clock)
    return clock


@pytest.fixture
def host(tmp_path: Path, clock: Clock) -> Host:
    assert clock.now
    (tmp_path / "runc").mkdir()
    return Host(tmp_path / "runc")
