"""How often the kernel is asked for what changed without an event."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from stockade.agent import sweep
from stockade.agent.sweep import Sweep
from stockade.kernel import Sensor


class Kernel:
    """What a sweep needs of a sensor."""

    def __init__(self, answers: tuple[bool | Exception, ...] = (), *, sweeps: bool = True) -> None:
        self.sweeps = sweeps
        self._answers = list(answers)
        self.asked: list[float] = []

    def sweep(self) -> bool:
        self.asked.append(asyncio.get_running_loop().time())
        answer = self._answers.pop(0) if self._answers else False
        if isinstance(answer, Exception):
            raise answer
        return answer


def swept(kernel: Kernel, for_s: float) -> list[Exception]:
    """Sweep for a while; returns what went wrong."""
    errors: list[Exception] = []

    async def run() -> None:
        swept = Sweep(cast(Sensor, cast(Any, kernel)), errors.append)
        swept.start()
        await asyncio.sleep(for_s)
        swept.stop()
        asked = len(kernel.asked)
        await asyncio.sleep(for_s / 2)
        assert len(kernel.asked) == asked

    asyncio.run(run())
    return errors


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "INTERVAL_S", 0.2)
    monkeypatch.setattr(sweep, "_AGAIN_S", 0.01)


def test_what_is_suspected_is_looked_at_again_soon() -> None:
    kernel = Kernel((False, True, False))
    assert swept(kernel, 0.55) == []
    first, second, third = kernel.asked
    assert second - first >= 0.2
    assert third - second < 0.2


def test_no_rule_asks() -> None:
    kernel = Kernel(sweeps=False)
    assert swept(kernel, 0.3) == []
    assert kernel.asked == []


def test_an_error_is_the_end() -> None:
    error = OSError("no")
    kernel = Kernel((error,))
    assert swept(kernel, 0.5) == [error]
    assert len(kernel.asked) == 1
