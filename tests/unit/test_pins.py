"""Who owns what outlives an agent."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from stockade.kernel import Pins


def test_nobody_has_them(tmp_path: Path) -> None:
    pins = Pins(tmp_path / "pins", tmp_path / "lock")
    assert not pins.in_use()
    (tmp_path / "lock").touch()
    assert not pins.in_use()
    assert pins.open() == []


def test_an_agent_has_them(tmp_path: Path) -> None:
    with open(tmp_path / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        pins = Pins(tmp_path / "pins", tmp_path / "lock")
        assert pins.in_use()
        assert not pins.acquire()
    assert not pins.in_use()


def test_a_lock_that_is_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "lock")
    assert not Pins(tmp_path / "pins", tmp_path / "lock").in_use()
