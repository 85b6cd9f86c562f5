"""What the agent says about itself."""

from __future__ import annotations

import time
from collections.abc import Iterator

from stockade.events import Alert, Priority, internal_alert
from stockade.kernel import Sensor

# Losses that leave a task without its container, by what has to be made larger.
_UNTRACKED = {
    "members_full": "tasks of containers",
    "containers_full": "containers",
    "scratch_busy": "records",
}
_SWEEP_S = 60.0


class Health:
    """Watches what gets lost in the kernel, and mends what can be mended.

    Args:
        sensor: at work.

    Attributes:
        alerts: how many there were.
    """

    def __init__(self, sensor: Sensor) -> None:
        self._sensor = sensor
        self._before: dict[str, int] = {}
        self._next_sweep_s = time.monotonic() + _SWEEP_S
        self.alerts = 0

    def check(self) -> Iterator[Alert]:
        """Alerts on tasks that are not known to be a container's, since the last check."""
        if time.monotonic() >= self._next_sweep_s:
            self._next_sweep_s = time.monotonic() + _SWEEP_S
            self._sensor.provenance.sweep()
        lost = self._sensor.losses()
        fresh = {
            reason: lost[reason] - self._before.get(reason, 0)
            for reason in _UNTRACKED
            if lost.get(reason, 0) > self._before.get(reason, 0)
        }
        self._before = lost
        if not fresh:
            return
        # There may be room again.
        self._sensor.settle()
        for reason, count in fresh.items():
            self.alerts += 1
            yield internal_alert(
                f"health-{time.time_ns():x}",
                "Container tasks not tracked",
                Priority.CRITICAL,
                f"{count} times there was no room for {_UNTRACKED[reason]}: what they do may be"
                f" taken for the host's ({reason})",
                {"reason": reason, "count": count},
            )
