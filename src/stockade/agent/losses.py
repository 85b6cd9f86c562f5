"""What did not arrive, by reason, by family of events and by container."""

from __future__ import annotations

from collections import Counter

from stockade.events import HOST, EventType
from stockade.events.fields import KIND_OF
from stockade.kernel import Sensor
from stockade.workloads import Containers


class Losses:
    """The kernel's counts, under names that people know.

    Args:
        sensor: at work.
        containers: what they are called.
    """

    def __init__(self, sensor: Sensor, containers: Containers) -> None:
        self._sensor = sensor
        self._containers = containers
        # A container may have ended when somebody asks.
        self._names: dict[int, str] = {0: HOST}

    def by_reason(self) -> Counter[str]:
        """How much, by reason."""
        return Counter(self._sensor.losses())

    def by_family(self) -> Counter[tuple[str, str]]:
        """By reason and family of events."""
        totals: Counter[tuple[str, str]] = Counter()
        for (reason, event), count in self._sensor.losses_by_type().items():
            totals[reason, KIND_OF.get(EventType[event.upper()], "other")] += count
        return totals

    def by_container(self) -> Counter[tuple[str, str]]:
        """By reason and container; of very many containers, those that lost last."""
        totals: Counter[tuple[str, str]] = Counter()
        counts = self._sensor.losses_by_container()
        self._names = {0: HOST} | {key: self._name(key) for key, _, _ in counts}
        for (key, reason, _), count in counts.items():
            totals[reason, self._names[key]] += count
        return totals

    def _name(self, key: int) -> str:
        if key in self._names:
            return self._names[key]
        container = self._containers.by_key(key)
        return f"{key:x}" if container is None else container.id
