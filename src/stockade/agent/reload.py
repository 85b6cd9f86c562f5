"""Another set of rules while the watch goes on.

An event is judged by one whole set, the old one or the new one. First all that either asks for is
wanted, and no filter is asked: everything comes up. Then, between two events, the judge takes the
new rules. Last come the new filters, and what nobody asks for any more is no longer wanted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import structlog

from stockade.agent.agent import Agent
from stockade.agent.enforcing import Enforcer
from stockade.agent.filtering import Filterer
from stockade.errors import RuleErrors, Severity, StockadeError
from stockade.events import EventType, Points
from stockade.events.activity_fields import ACTIVITY
from stockade.events.file_fields import RAW_PATHS
from stockade.kernel import Wanted
from stockade.rules import Engine, Rule
from stockade.rules.lowering.deciding import kinds_of
from stockade.rules.source import rule_files

Signature: TypeAlias = tuple[tuple[str, int, int, int], ...]

# How often files are looked at; what has changed is read when it has stayed as it is that long.
_WATCH_S = 1.0

log = structlog.get_logger()


def wanted_of(engine: Engine) -> Wanted:
    """What a set of rules asks a sensor for."""
    return Wanted(
        engine.wanted(host=False),
        engine.wanted(host=True),
        raw_paths=not engine.fields_of("open").isdisjoint(RAW_PATHS),
        activity=not engine.fields_of("container").isdisjoint(ACTIVITY),
        decides=_decided(engine),
    )


def _decided(engine: Engine) -> frozenset[EventType]:
    """The event types of which acts are decided."""
    acting = [rule for rule in engine.rules if rule.decided] if engine.decides else []
    return frozenset(kind for rule in acting for kind in kinds_of(rule))


def _compiled_from(
    engine: Engine,
) -> tuple[list[Rule], frozenset[EventType], Points]:
    """What the compiler has to know."""
    return engine.rules, wanted_of(engine).types, engine.points


def _first_error(err: StockadeError) -> str:
    """What is wrong, with its place."""
    found = err.diagnostics if isinstance(err, RuleErrors) else ()
    errors = [each for each in found if each.severity is Severity.ERROR]
    return f"{err}: {errors[0]}" if errors else str(err)


@dataclass(slots=True)
class Reloads:
    """What has come of reloading so far.

    Attributes:
        done, failed: how often.
        error: why the last one failed; empty when it did not.
    """

    done: int = 0
    failed: int = 0
    error: str = ""


class Reloader:
    """Loads rules again when it is asked to, or when their files change.

    Args:
        load: reads and checks them; raises StockadeError.
        paths: where they are.
        agent, filterer: at work with the rules that are there now.
        engine: these rules.
        enforcer: has the kernel decide; knows the sensor, and what it is told of containers.
    """

    def __init__(
        self,
        load: Callable[[], Engine],
        paths: Sequence[Path],
        agent: Agent,
        filterer: Filterer,
        engine: Engine,
        enforcer: Enforcer,
    ) -> None:
        self._enforcer = enforcer
        self._load = load
        self._paths = paths
        self._sensor = enforcer.sensor
        self._agent = agent
        self._filterer = filterer
        self._parts = enforcer.parts
        self._engine = engine
        self._asked = asyncio.Event()
        # Before the first filters are made: the files may change meanwhile.
        self._read = self._signature()
        self.state = Reloads()

    def ask(self) -> None:
        """Reload as soon as possible."""
        self._asked.set()

    async def enforce(self) -> None:
        """Bring into force what the first rules deny and kill.

        Raises:
            StockadeError: not all of it can be.
        """
        if self._engine.decides:
            built = await self._filterer.built(*_compiled_from(self._engine))
            self._enforcer.install(self._enforcer.load(built), self._engine.rules)
        else:
            self._enforcer.hold()

    async def work(self) -> None:
        """Install the first filters, then reload whenever that is due. Ends when cancelled."""
        await self._filterer.apply(*_compiled_from(self._engine))
        seen = self._read
        while True:
            try:
                await asyncio.wait_for(self._asked.wait(), _WATCH_S)
            except TimeoutError:
                self._enforcer.settle()
                now = self._signature()
                settled, seen = now == seen, now
                if now == self._read or not settled:
                    continue
            self._asked.clear()
            seen = self._read = self._signature()
            await self.reload()

    async def reload(self) -> None:
        """Take the rules that are there now; bad ones leave everything as it is."""
        try:
            engine = await asyncio.to_thread(self._load)
            self._require_same_sensor(engine)
            built = await self._filterer.built(*_compiled_from(engine))
            loaded = self._enforcer.load(built) if self._decides(engine) else None
        except StockadeError as err:
            self.state.failed += 1
            self.state.error = _first_error(err)
            # The rules are wrong, not the program: a traceback would tell nothing.
            log.warning("rules not reloaded; the old ones stay", reason=self.state.error)
            return
        if loaded:
            self._enforcer.install(loaded, engine.rules)
        self._change(engine)
        # Before others are told: what is read now was told of the old rules.
        if await asyncio.to_thread(self._parts.synchronize):
            self._parts.take_rules(engine.rules)
        await self._filterer.apply(*_compiled_from(engine))
        self.state.done += 1
        self.state.error = ""
        log.info("rules reloaded", rules=len(engine.rules))

    def _decides(self, engine: Engine) -> bool:
        """Whether these rules decide, or those before them did."""
        return engine.decides or self._engine.decides

    def _change(self, engine: Engine) -> None:
        old, new = wanted_of(self._engine), wanted_of(engine)
        self._sensor.want(old | new)
        self._filterer.withdraw()
        self._parts.withdraw()
        self._agent.take_rules(engine)
        self._sensor.want(new)
        self._engine = engine

    def _require_same_sensor(self, engine: Engine) -> None:
        if not engine.rules:
            raise StockadeError("no rules are left")
        missing = self._sensor.unloaded(wanted_of(engine))
        if missing:
            raise StockadeError(
                f"these rules need programs that are not loaded: {', '.join(missing)}",
                hint="start the agent again",
            )

    def _signature(self) -> Signature:
        """By which a change of the files is noticed."""
        found = []
        for path in self._paths:
            try:
                for file in rule_files([path]):
                    stat = file.stat()
                    found.append((str(file), stat.st_mtime_ns, stat.st_size, stat.st_ino))
            except OSError:
                found.append((str(path), 0, 0, 0))
        return tuple(found)
