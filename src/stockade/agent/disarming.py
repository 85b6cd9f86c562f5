"""Acts that are told of and not refused, at once and for a while."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from stockade.policies import Mode, Override
from stockade.workloads import Containers


class Switches(Protocol):
    """What the kernel has for that; a container goes by its key, None is everything."""

    def disarm(self, container: int | None = None) -> None:
        """Only tell of what is decided there."""

    def arm(self, container: int | None = None) -> None:
        """Take that back."""


class Disarmer:
    """Stands in for modes that no rule has been compiled with yet.

    Args:
        switches: of a sensor at work.
        containers: those that there are.
    """

    def __init__(self, switches: Switches, containers: Containers) -> None:
        self._switches = switches
        self._containers = containers
        self._off: frozenset[int | None] = frozenset()

    def take(self, overrides: Iterable[Override]) -> None:
        """Disarm where these say so, and nowhere else: everything, or containers as a whole."""
        off: set[int | None] = set()
        for each in overrides:
            target = each.target
            if each.mode is Mode.ENFORCE:
                # It may be about a part of what was disarmed: rules know which.
                off.clear()
            elif target.policy is None and target.rule is None:
                off |= self._keys(target.container)
        for key in off - self._off:
            self._switches.disarm(key)
        for key in self._off - off:
            self._switches.arm(key)
        self._off = frozenset(off)

    def _keys(self, name: str | None) -> set[int | None]:
        if name is None:
            return {None}
        return {
            each.entry.key
            for each in self._containers.all()
            if each.entry and name in {each.id, each.workload.name}
        }
