"""The kernel's part of the rules, brought into the kernel."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from stockade.errors import LoadError
from stockade.events import NOWHERE, EventType, Points, Policy
from stockade.kernel import Sensor
from stockade.rules import Rule
from stockade.rules.lowering import Built, Refusal, find_policy, keep_policy, policy_key
from stockade.rules.lowering.apart import build_apart
from stockade.rules.lowering.policies import CACHE

log = structlog.get_logger()


@dataclass(slots=True)
class Filtering:
    """What is judged in the kernel, and what is not.

    Attributes:
        failures: how often compiling or loading failed, in whole or in part.
        filtered: event types that have a filter now.
    """

    failures: int = 0
    filtered: frozenset[EventType] = frozenset()


class Filterer:
    """Gives a sensor the filters of a set of rules. Without them every event is judged here.

    Args:
        sensor: at work.
        cache: where compiled rules are kept.
    """

    def __init__(self, sensor: Sensor, cache: Path = CACHE) -> None:
        self._sensor = sensor
        self._cache = cache
        self.state = Filtering()

    async def built(
        self,
        rules: Sequence[Rule],
        kinds: Collection[EventType],
        points: Points = NOWHERE,
    ) -> Built:
        """What rules are compiled into: from the cache, or now."""
        known = find_policy(policy_key(rules, kinds, points), self._cache)
        if known is not None:
            return known
        return await asyncio.to_thread(self._build, rules, kinds, points)

    async def apply(
        self,
        rules: Sequence[Rule],
        kinds: Collection[EventType],
        points: Points = NOWHERE,
    ) -> None:
        """Compile where that has not been done before, and install. Never ends the watch."""
        try:
            self._install(await self.built(rules, kinds, points))
        except Exception:
            self.state.failures += 1
            log.exception("rules are not judged in the kernel")

    def withdraw(self) -> None:
        """Let every event go up, to be judged here."""
        self._sensor.filters.clear()
        self.state.filtered = frozenset()

    def _build(
        self,
        rules: Sequence[Rule],
        kinds: Collection[EventType],
        points: Points,
    ) -> Built:
        built = build_apart(rules, kinds, points)
        if not built.refusals and not built.undecided:
            try:
                keep_policy(policy_key(rules, kinds, points), built, self._cache)
            except OSError as err:
                log.warning("compiled rules cannot be kept", reason=str(err))
        return built

    def _install(self, built: Built) -> None:
        for refusal in built.refusals:
            self._tell(refusal)
        try:
            with self._sensor.filters.load(built.policy) as loaded:
                self._sensor.filters.install(loaded)
        except LoadError as err:
            self.state.failures += 1
            log.warning("the kernel does not take the rules; all are judged here", reason=str(err))
            return
        self.state.filtered = _kinds(built.policy)

    def _tell(self, refusal: Refusal) -> None:
        self.state.failures += 1
        log.warning(
            "events are not judged in the kernel",
            events=" ".join(kind.name.lower() for kind in refusal.kinds),
            rule=next(iter(refusal.rules), ""),
            reason=refusal.reason,
        )


def _kinds(policy: Policy) -> frozenset[EventType]:
    return frozenset(map(EventType, policy.filters))
