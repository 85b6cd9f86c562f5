"""A sensor in this process that decides what containers may do."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

from stockade.events import ContainerEntry, ContainerState, Decisions, EventType, Outcome
from stockade.kernel import Sensor, Tier, Wanted
from stockade.kernel.deciders import LoadedDecisions
from stockade.kernel.tiers import best_tier, decision_points
from stockade.rules import Rule
from stockade.rules.lowering.deciding import settled
from stockade.rules.lowering.decisions import rules_text
from stockade.rules.lowering.policies import build
from tests.support.runc import Options, Runc
from tests.support.watch import R, RecordWatch, wait_for

_ALL = (1 << 64) - 1


def require_refusal() -> None:
    """Skip where the kernel allows no trampolines: nothing is refused at functions there."""
    if (Sensor.default_tier or best_tier()) is Tier.TRACEPOINT:
        pytest.skip("this kernel, or this tier, has no hooks where anything can be refused")


class Guard(RecordWatch):
    """Decides by rules, in the containers that it is told of.

    Args:
        sensor: at work, with what decides loaded.
    """

    def __init__(self, sensor: Sensor) -> None:
        super().__init__(sensor)
        self.loaded: LoadedDecisions | None = None
        self._built: dict[str, Decisions] = {}

    def decide(self, *rules: Rule, scopes: tuple[str, ...] = ()) -> None:
        """Have these rules decide, instead of those that do.

        Args:
            rules: none of which asks for more of a container than that it is one.
            scopes: the names of the containers of which all is known.
        """
        key = rules_text(rules)
        if key not in self._built:
            built = build(rules, (), decision_points(self.sensor.tier))
            assert built.undecided == ()
            self._built[key] = built.decisions
        loaded = self.sensor.deciders.load(self._built[key])
        for name in scopes:
            assert loaded.scopes.tell(self.container(name), _ALL, settled(_ALL))
        self.sensor.decide(loaded)
        if self.loaded:
            self.loaded.close()
        self.loaded = loaded

    def close(self) -> None:
        """Decide nothing."""
        self.decide()
        if self.loaded:
            self.loaded.close()

    def container(self, name: str) -> ContainerEntry:
        """A running container."""

        def look() -> ContainerEntry | None:
            known = self.sensor.provenance.containers()
            found = (each for each in known if each.cgroup == name)
            entry = next(found, None)
            return entry if entry and entry.state == ContainerState.RUNNING else None

        return wait_for(look, lambda: f"no container {name}")

    def decided(self, kind: type[R], outcome: Outcome, name: str) -> R:
        """The record of an act in a container that came to this."""
        key = self.container(name).key

        def is_it(record: R) -> bool:
            header = record.header
            return header.outcome == outcome and header.task.container == key

        return self.find(kind, is_it)

    def losses(self, reason: str) -> int:
        """How much was lost so far for a reason."""
        return self.sensor.losses().get(reason, 0)


def attempt(container: str, *command: str) -> subprocess.CompletedProcess[str]:
    """Something done in a running container."""
    return subprocess.run(
        ["runc", "exec", container, *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
        check=False,
    )


@contextmanager
def guarding(kinds: Iterable[EventType]) -> Iterator[Guard]:
    """A guard over acts of some types, where any can be refused."""
    require_refusal()
    with Sensor(Wanted(frozenset(), decides=frozenset(kinds)), ring_bytes=1 << 18) as sensor:
        guard = Guard(sensor)
        yield guard
        guard.close()


@contextmanager
def look_alikes(runc: Runc, guard: Guard, options: Options) -> Iterator[tuple[str, str]]:
    """A container that rules are about, and one that looks like it."""
    sleep = ["sleep", "3600"]
    with runc.running(sleep, options) as inside, runc.running(sleep, options) as other:
        guard.container(inside)
        guard.container(other)
        yield inside, other
