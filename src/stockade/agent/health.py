"""What the agent says about itself."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import TypeAlias

from stockade.agent.losses import Losses
from stockade.events import Alert, FieldView, Priority, ScalarView, internal_alert
from stockade.kernel import Sensor
from stockade.kernel.plan import Label

# Losses that leave a task without its container, by what has to be made larger.
_UNTRACKED = {
    "members_full": "tasks of containers",
    "containers_full": "containers",
    "scratch_busy": "records",
}
_SWEEP_S = 60.0
_NAMED = 5  # families and containers that an alert names
Pairs: TypeAlias = Counter[tuple[str, str]]
_WORD_S = 10.0


class Health:
    """Watches what gets lost in the kernel, and mends what can be mended.

    Args:
        sensor: at work.
        losses: its counts.

    Attributes:
        alerts: how many there were.
    """

    def __init__(self, sensor: Sensor, losses: Losses) -> None:
        self._sensor = sensor
        self._losses = losses
        self._said: tuple[Pairs, Pairs] = Counter(), Counter()
        self._before: dict[str, int] = {}
        self._next_sweep_s = time.monotonic() + _SWEEP_S
        self._next_word_s = 0.0
        self._unsaid: dict[str, int] = {}
        self._silent: list[str] = []
        self._detached: list[str] = []
        self.alerts = 0

    def check(self) -> Iterator[Alert]:
        """Alerts on what was lost since the last check."""
        if time.monotonic() >= self._next_sweep_s:
            self._next_sweep_s = time.monotonic() + _SWEEP_S
            self._sensor.provenance.sweep()
        lost = self._losses.by_reason()
        fresh = {
            reason: count - self._before.get(reason, 0)
            for reason, count in lost.items()
            if count > self._before.get(reason, 0)
        }
        self._before = lost
        yield from self._fallen_silent()
        yield from self._came_off()
        yield from self._lost_events(fresh.get("ring_full", 0))
        untracked = {reason: fresh[reason] for reason in _UNTRACKED if reason in fresh}
        if not untracked:
            return
        # There may be room again.
        self._sensor.settle()
        for reason, count in untracked.items():
            self.alerts += 1
            yield internal_alert(
                f"health-{time.time_ns():x}",
                "Container tasks not tracked",
                Priority.CRITICAL,
                f"{count} times there was no room for {_UNTRACKED[reason]}: what they do may be"
                f" taken for the host's ({reason})",
                {"reason": reason, "count": count},
            )

    def _fallen_silent(self) -> Iterator[Alert]:
        """Say what is not refused any more, though rules say so: once, until it is again."""
        silent = self._sensor.deciders.silent()
        fresh = [hook for hook in silent if hook not in self._silent]
        self._silent = silent
        if fresh:
            self.alerts += 1
            yield internal_alert(
                f"health-{time.time_ns():x}",
                "Prevention has fallen",
                Priority.CRITICAL,
                f"nothing is decided any more at {', '.join(fresh)}: what rules deny there is not"
                " what is refused",
                {"hooks": [*fresh], "label": Label.DETECT.value},
            )

    def _came_off(self) -> Iterator[Alert]:
        """Say which programs are not called any more, though they were attached: once."""
        detached = self._sensor.detached()
        fresh = [program for program in detached if program not in self._detached]
        self._detached = detached
        if fresh:
            self.alerts += 1
            yield internal_alert(
                f"health-{time.time_ns():x}",
                "Programs detached",
                Priority.CRITICAL,
                f"somebody has detached or exchanged {', '.join(fresh)}: what they see or refuse is"
                " neither seen nor refused until the agent is started again",
                {"programs": [*fresh]},
            )

    def _lost_events(self, count: int) -> Iterator[Alert]:
        """Say that events did not fit into the ring: at once, then together for a while."""
        if count:
            self._unsaid["ring_full"] = self._unsaid.get("ring_full", 0) + count
        if not self._unsaid or time.monotonic() < self._next_word_s:
            return
        self._next_word_s = time.monotonic() + _WORD_S
        said, self._unsaid = self._unsaid, {}
        totals = self._losses.by_family(), self._losses.by_container()
        families, containers = (now - then for now, then in zip(totals, self._said, strict=True))
        self._said = totals
        for reason, total in said.items():
            self.alerts += 1
            fields: dict[str, FieldView] = {"reason": reason, "count": total}
            fields["events"] = _largest(families, reason)
            fields["containers"] = _largest(containers, reason)
            yield internal_alert(
                f"health-{time.time_ns():x}",
                "Events lost",
                Priority.WARNING,
                f"{total} events were lost before they were judged ({reason})",
                fields,
            )


def _largest(counts: Pairs, reason: str) -> list[ScalarView]:
    """Who lost most for a reason, with how much."""
    found = [(name, count) for (of, name), count in counts.most_common() if of == reason]
    return [f"{name}: {count}" for name, count in found[:_NAMED]]
