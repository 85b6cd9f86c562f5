"""What the agent tells Prometheus: events, alerts, losses by reason, and its own weight."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stockade.agent.losses import Losses
from stockade.agent.reload import Reloads
from stockade.errors import StockadeError
from stockade.kernel import Sensor

# What an agent counts, and what that is.
_TOTALS = {
    "events": "events so far",
    "alerts": "alerts so far, without the repetitions that were folded into them",
    "folded": "repetitions that were folded into alerts",
    "folds_evicted": "alerts that ceased to grow before their time, because too many others did",
}
_PORT_MAX = 0xFFFF
Counts = Callable[[], dict[str, int]]


class _Agent(Collector):
    """Reads the agent when somebody asks."""

    def __init__(
        self,
        sensor: Sensor,
        kernel_losses: Losses,
        totals: Counts,
        losses: Counts,
        reloads: Callable[[], Reloads],
    ) -> None:
        self._reloads = reloads
        self._sensor = sensor
        self._kernel_losses = kernel_losses
        self._totals = totals
        self._losses = losses

    def collect(self) -> Iterator[Metric]:
        for name, count in self._totals().items():
            yield CounterMetricFamily(f"stockade_{name}", _TOTALS[name], value=count)
        lost = CounterMetricFamily(
            "stockade_lost",
            "what did not arrive, by reason and event type; any where that is not known",
            labels=["reason", "event"],
        )
        by_type = self._sensor.losses_by_type()
        for (reason, event), count in by_type.items():
            lost.add_metric([reason, event], count)
        # What the kernel left out before it was known what it is about.
        for reason in self._kernel_losses.by_reason().keys() - {each for each, _ in by_type}:
            lost.add_metric([reason, "any"], self._kernel_losses.by_reason()[reason])
        for reason, count in self._losses().items():
            lost.add_metric([reason, "any"], count)
        yield lost
        of_containers = CounterMetricFamily(
            "stockade_container_lost",
            "what the kernel could not tell of a container, by reason; host for the host's",
            labels=["reason", "container"],
        )
        for (reason, container), count in self._kernel_losses.by_container().items():
            of_containers.add_metric([reason, container], count)
        yield of_containers
        verdicts = CounterMetricFamily(
            "stockade_filtered",
            "records that filters in the kernel were asked about, by what they said;"
            " none: there was no filter",
            labels=["verdict", "event"],
        )
        for (verdict, kind), count in self._sensor.filters.verdicts().items():
            verdicts.add_metric([verdict.name.lower(), kind.name.lower()], count)
        yield verdicts
        yield from self._of_reloads()
        waiting = self._sensor.ring.available()
        yield GaugeMetricFamily(
            "stockade_ring_bytes", "bytes of records that wait to be judged", value=waiting
        )
        containers = len(self._sensor.provenance.containers())
        yield GaugeMetricFamily("stockade_containers", "containers that have tasks", containers)

    def _of_reloads(self) -> Iterator[Metric]:
        state = self._reloads()
        reloads = CounterMetricFamily(
            "stockade_reloads", "how often rules were read again", labels=["outcome"]
        )
        reloads.add_metric(["done"], state.done)
        reloads.add_metric(["failed"], state.failed)
        yield reloads
        error = GaugeMetricFamily(
            "stockade_reload_error",
            "1 while the rules that are there now cannot be used, and older ones are",
            labels=["error"],
        )
        if state.error:
            error.add_metric([state.error], 1)
        yield error


def parse_address(text: str) -> tuple[str, int]:
    """HOST:PORT, or a port of this host alone. Raises ValueError."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > _PORT_MAX:
        raise ValueError(text)
    return host.strip("[]") or "127.0.0.1", int(port)


@contextmanager
def serve(
    address: tuple[str, int],
    sensor: Sensor,
    kernel_losses: Losses,
    totals: Counts,
    losses: Counts,
    reloads: Callable[[], Reloads],
) -> Iterator[int]:
    """Answer at an address while the block runs; gives the port.

    Args:
        address: host and port; 0 takes any that is free.
        sensor: at work.
        kernel_losses: its counts.
        totals: how many events and alerts there were, and what was folded.
        losses: the agent's own, by reason.
        reloads: what has come of reading rules again.

    Raises:
        StockadeError: nobody can listen there.
    """
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Agent(sensor, kernel_losses, totals, losses, reloads))
    host, port = address
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as err:
        raise StockadeError(f"cannot serve metrics on {host}:{port}: {err.strerror}") from err
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
