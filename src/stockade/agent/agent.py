"""The loop from the ring buffer to the sinks."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import structlog

from stockade.agent.activity import INTERVAL_S, ActivityMeter
from stockade.agent.enrich import Enricher
from stockade.agent.health import Health
from stockade.agent.judge import Judge
from stockade.agent.losses import Losses
from stockade.agent.sweep import Sweep
from stockade.errors import MissingFeature, RecordError
from stockade.events import Alert, Container, Ready, Record, Summary, Update, decode
from stockade.kernel import Sensor
from stockade.rules import Engine
from stockade.workloads import Containers

# After a wake-up, records gather this long before the next one: under load the agent wakes
# a few hundred times a second instead of once a record.
_COALESCE_S = 0.002
# So many batches per wake-up, for so long; then signals and timers have their turn.
_BATCHES = 16
_TURN_S = 0.05
# At the end, and before other rules come.
_LAST_S = 10.0
_FIRST_RECORD_S = 5.0
_HEALTH_S = 1.0
_FIRST = asyncio.FIRST_COMPLETED

log = structlog.get_logger()


class Sink(Protocol):
    """Where alerts go. It takes a message at once, or loses and counts it."""

    @property
    def lost(self) -> int:
        """How many it lost."""

    def ready(self, message: Ready) -> None:
        """Events flow from now on."""

    def alert(self, message: Alert) -> None:
        """A rule fired."""

    def update(self, message: Update) -> None:
        """More is known of an alert."""

    def summary(self, message: Summary) -> None:
        """Nothing follows."""


class Agent:
    """Judges what a sensor reports until it is told to stop. Made in a running event loop.

    Args:
        sensor: loaded and attached.
        containers: finds out what the containers are.
        enricher: completes records.
        judge: has the rules.
        sink: takes the alerts.
        rules: how many rules there are, for the first message.
        meter: where rules ask how much containers do.
    """

    def __init__(
        self,
        sensor: Sensor,
        containers: Containers,
        enricher: Enricher,
        judge: Judge,
        sink: Sink,
        *,
        rules: int,
        meter: ActivityMeter | None = None,
    ) -> None:
        self._sensor = sensor
        self._containers = containers
        self._kernel_losses = Losses(sensor, containers)
        self._health = Health(sensor, self._kernel_losses)
        self._meter = meter
        self._enricher = enricher
        self._judge = judge
        self._sink = sink
        self._rules = rules
        self._events = 0
        self._batch: Iterator[memoryview] = iter(())
        self._left = False  # whether all of it may not have been taken
        self._told = 0
        self._lost: Counter[str] = Counter()
        loop = asyncio.get_running_loop()
        self._flowing: asyncio.Future[None] = loop.create_future()
        self._failed: asyncio.Future[None] = loop.create_future()
        # Until it has been said that the watch is on, alerts are held back.
        self._held: list[Alert | Update] | None = []
        self._pause: asyncio.TimerHandle | None = None
        self._look: asyncio.TimerHandle | None = None
        self._check: asyncio.TimerHandle | None = None
        self._measure: asyncio.TimerHandle | None = None
        self._sweep = Sweep(sensor, self.fail)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until stop is set, then finish what has already been recorded.

        Raises:
            MissingFeature: no event arrives although every program is attached.
        """
        self._listen()
        self._check_health()
        self._measure_later()
        self._sweep.start()
        try:
            await self._prove_flow()
            self._sink.ready(Ready(tier=self._sensor.tier.value, rules=self._rules))
            self._release()
            await self._until(stop)
        finally:
            asyncio.get_running_loop().remove_reader(self._sensor.ring)
            self._sweep.stop()
            for timer in (self._pause, self._look, self._check, self._measure):
                if timer:
                    timer.cancel()
        self._drain(_LAST_S)
        if self._left:
            self._leave()
        self._metadata_came(self._containers.give_up())
        self._say(self._health.check())
        self._judge.folder.close()
        self._say(self._judge.folder.last_words())
        self._sink.summary(self._summary())

    @property
    def totals(self) -> dict[str, int]:
        """How many events there were, how many alerts, and what was folded into those."""
        folder = self._judge.folder
        return {
            "events": self._events,
            "alerts": self._judge.alerts - folder.folded + self._health.alerts + self._told,
            "folded": folder.folded,
            "folds_evicted": folder.evicted,
        }

    @property
    def losses(self) -> dict[str, int]:
        """What was lost after the kernel, by reason."""
        own = Counter(sink_full=self._sink.lost, metadata_wait=self._judge.lost)
        return dict(self._lost + own)

    def take_rules(self, engine: Engine) -> None:
        """Judge by other rules from now on; what has come is judged by those that were there."""
        self._drain(_LAST_S)
        self._judge.take_rules(engine)
        self._enricher.take_rules(engine.rules)

    def tell(self, alert: Alert) -> None:
        """Say something of the agent's own."""
        self._told += 1
        self._say([alert])

    def fail(self, error: Exception) -> None:
        """End the watch with an error; of several, with the first."""
        if not self._failed.done():
            self._failed.set_exception(error)

    async def _until(self, stop: asyncio.Event) -> None:
        """Wait for the end; what goes wrong in the ring's callback ends it too."""
        stopped = asyncio.ensure_future(stop.wait())
        either: set[asyncio.Future[Any]] = {stopped, self._failed}
        await asyncio.wait(either, return_when=_FIRST)
        stopped.cancel()
        if self._failed.done():
            self._failed.result()

    async def _prove_flow(self) -> None:
        """Make an event of our own, a new thread, and see it arrive."""
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()
        await asyncio.wait(
            {self._flowing, self._failed}, timeout=_FIRST_RECORD_S, return_when=_FIRST
        )
        if self._failed.done():
            self._failed.result()
        if not self._flowing.done():
            raise MissingFeature(
                "the programs are attached, and no event arrives",
                hint="stockade doctor shows which hooks fire",
            )

    def _listen(self) -> None:
        asyncio.get_running_loop().add_reader(self._sensor.ring, self._on_readable)

    def _on_readable(self) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._sensor.ring)
        try:
            self._drain(_TURN_S)
            self._watch_metadata()
        except Exception as err:  # noqa: BLE001 - asyncio would log it and leave us deaf
            self.fail(err)
            return
        # The ring does not tell of what has been taken out of it.
        following = self._on_readable if self._left else self._listen
        self._pause = loop.call_later(_COALESCE_S, following)

    def _drain(self, turn_s: float) -> None:
        """Take what waits, for so long; what is left of a batch comes first the next time."""
        end = time.monotonic() + turn_s
        for _ in range(_BATCHES):
            self._enricher.new_batch()
            before = self._events
            if not self._left:
                self._batch = self._sensor.ring.drain()
            self._left = True
            for raw in self._batch:
                self._events += 1
                self._take(raw)
                if time.monotonic() > end:
                    break
            else:
                self._left = False
            if self._events == before:
                return
            if not self._flowing.done():
                self._flowing.set_result(None)
            if time.monotonic() > end:
                return

    def _leave(self) -> None:
        """What there was no time for is lost, and counted."""
        left = sum(1 for _ in self._batch)
        while left:
            self._lost["unjudged"] += left
            left = sum(1 for _ in self._sensor.ring.drain())

    def _take(self, raw: memoryview) -> None:
        try:
            record = decode(raw)
        except RecordError as err:
            self._lost["decode"] += 1
            log.warning("record not understood", error=str(err))
            return
        self._judge_record(record)

    def _judge_record(self, record: Record) -> None:
        alerts: list[Alert] = []
        try:
            # What came before a failure stays in the list: it counts as said, and must be.
            alerts.extend(self._judge.alerts_of(self._enricher.event(record)))
        except Exception:
            # One event that we cannot handle must not end the watch over all others.
            self._lost["internal"] += 1
            log.exception("event not judged")
        self._say(alerts)
        self._say(self._judge.folder.last_words())

    def _say(self, messages: Iterable[Alert | Update]) -> None:
        for message in messages:
            if self._held is not None:
                self._held.append(message)
            elif isinstance(message, Alert):
                self._sink.alert(message)
            else:
                self._sink.update(message)

    def _release(self) -> None:
        held, self._held = self._held, None
        self._say(held or ())

    def _watch_metadata(self) -> None:
        """Look for a container's metadata when it may have come."""
        due = self._containers.next_look_s
        if due is not None and self._look is None:
            delay = max(due - time.monotonic(), 0)
            self._look = asyncio.get_running_loop().call_later(delay, self._look_again)

    def _look_again(self) -> None:
        self._look = None
        try:
            self._metadata_came(self._containers.look())
            self._watch_metadata()
        except Exception as err:  # noqa: BLE001 - asyncio would log it, and nothing would be looked for
            self.fail(err)

    def _metadata_came(self, containers: Iterable[Container]) -> None:
        for container in containers:
            self._enricher.complete(container)
            self._say(self._judge.known(container))

    def _check_health(self) -> None:
        self._say(self._health.check())
        self._say(self._judge.folder.updates())
        self._check = asyncio.get_running_loop().call_later(_HEALTH_S, self._check_health)

    def _measure_later(self) -> None:
        if self._meter:
            loop = asyncio.get_running_loop()
            self._measure = loop.call_later(INTERVAL_S, self._measure_activity, self._meter)

    def _measure_activity(self, meter: ActivityMeter) -> None:
        for record in meter.records():
            self._events += 1
            self._judge_record(record)
        self._measure_later()

    def _summary(self) -> Summary:
        kernel = self._kernel_losses
        families, containers = kernel.by_family(), kernel.by_container()
        return Summary(
            **self.totals,
            lost=dict(Counter(self.losses) + kernel.by_reason()),
            lost_by_family=_sums(families),
            lost_by_container=_sums(containers),
        )


def _sums(counts: Counter[tuple[str, str]]) -> dict[str, int]:
    """Whatever the reason."""
    sums: Counter[str] = Counter()
    for (_, name), count in counts.items():
        sums[name] += count
    return dict(sums.most_common())
