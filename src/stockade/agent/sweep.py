"""Looks at every task of every container from time to time, whatever it does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from stockade.kernel import Sensor

INTERVAL_S = 2.0
# What looks broken in the middle of a call is not any more when the call has ended.
_AGAIN_S = 0.2


class Sweep:
    """Has the kernel tell, by events, of members whose boundary is broken.

    Args:
        sensor: at work.
        fail: takes the error that ends it.
    """

    def __init__(self, sensor: Sensor, fail: Callable[[Exception], None]) -> None:
        self._sensor = sensor
        self._fail = fail
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin."""
        self._later(INTERVAL_S)

    def stop(self) -> None:
        """No more; may be called twice."""
        if self._timer:
            self._timer.cancel()

    def _later(self, delay_s: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._look)

    def _look(self) -> None:
        try:
            # Rules that ask for it may come, and go.
            suspects = self._sensor.sweeps and self._sensor.sweep()
            self._later(_AGAIN_S if suspects else INTERVAL_S)
        except Exception as err:  # noqa: BLE001 - asyncio would log it, and nobody would look again
            self._fail(err)
