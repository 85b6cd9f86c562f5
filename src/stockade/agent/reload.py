"""Another set of rules, or of policies, while the watch goes on.

An event is judged by one whole set, the old one or the new one. First all that either asks for is
wanted, and no filter is asked: everything comes up. Then, between two events, the judge takes the
new rules. Last come the new filters, and what nobody asks for any more is no longer wanted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import structlog

from stockade.agent.agent import Agent
from stockade.agent.enforcing import Enforcer
from stockade.agent.filtering import Filterer
from stockade.errors import RuleErrors, Severity, StockadeError
from stockade.events import Action, EventType, Points
from stockade.events.activity_fields import ACTIVITY
from stockade.events.file_fields import RAW_PATHS
from stockade.kernel import Wanted
from stockade.policies import Governed, Override, PolicySet, govern
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
    """The event types of which acts are decided, or will be when exceptions have expired."""
    acting = [rule for rule in engine.rules if rule.action is not Action.AUDIT]
    about = frozenset(kind for rule in acting for kind in kinds_of(rule))
    return about & (engine.points.before | engine.points.after)


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


@dataclass(frozen=True, slots=True)
class Loaded:
    """Rules with their policies, ready to work.

    Attributes:
        found: what was read.
        governed: what comes of it now.
        engine: has its rules.
    """

    found: PolicySet
    governed: Governed
    engine: Engine

    @classmethod
    def of(cls, found: PolicySet, overrides: Sequence[Override], points: Points) -> Loaded:
        """What comes of policies now, where acts can be decided at these points."""
        governed = govern(found, overrides, datetime.now(UTC))
        return cls(found, governed, Engine(governed.rules, points))

    def now(self) -> Loaded:
        """The same when exceptions have expired since."""
        return Loaded.of(self.found, self.governed.overrides, self.engine.points)

    def is_due(self) -> bool:
        """Whether an exception has expired since."""
        at = self.governed.changes_at
        return at is not None and datetime.now(UTC) >= at


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
    """Loads rules again when it is asked to, when their files change, or when exceptions expire.

    Args:
        load: reads and checks them, with their policies; raises StockadeError.
        paths: where they all are.
        agent, filterer: at work with the rules that are there now.
        loaded: what is at work now.
        enforcer: has the kernel decide; knows the sensor, and what it is told of containers.

    Attributes:
        taken: told of what is at work instead.
    """

    def __init__(
        self,
        load: Callable[[], Loaded],
        paths: Sequence[Path],
        agent: Agent,
        filterer: Filterer,
        loaded: Loaded,
        enforcer: Enforcer,
    ) -> None:
        self._enforcer = enforcer
        self._load = load
        self._paths = paths
        self._sensor = enforcer.sensor
        self._agent = agent
        self._filterer = filterer
        self._parts = enforcer.parts
        self._loaded = loaded
        self.taken: Callable[[Governed], None] | None = None
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
        engine = self._loaded.engine
        if engine.decides:
            built = await self._filterer.built(*_compiled_from(engine))
            self._enforcer.install(self._enforcer.load(built), engine.rules)
        else:
            self._enforcer.hold()

    async def work(self) -> None:
        """Install the first filters, then reload whenever that is due. Ends when cancelled."""
        await self._filterer.apply(*_compiled_from(self._loaded.engine))
        seen = self._read
        while True:
            try:
                await asyncio.wait_for(self._asked.wait(), _WATCH_S)
            except TimeoutError:
                self._enforcer.settle()
                now = self._signature()
                settled, seen = now == seen, now
                if (now == self._read or not settled) and not self._loaded.is_due():
                    continue
            self._asked.clear()
            seen = self._read = self._signature()
            await self.reload()

    async def reload(self) -> None:
        """Take the rules that are there now; bad ones leave everything as it is."""
        try:
            loaded = await asyncio.to_thread(self._load)
            await self._take(loaded)
        except StockadeError as err:
            self._fail("rules not reloaded; the old ones stay", err)
            await self._expire()
            return
        self.state.done += 1
        self.state.error = ""
        log.info("rules reloaded", rules=len(loaded.engine.rules))

    async def _expire(self) -> None:
        """End what exceptions are due: mistakes elsewhere make none last longer."""
        if not self._loaded.is_due():
            return
        try:
            await self._take(self._loaded.now())
        except StockadeError as err:
            self._fail("an exception that has expired still holds", err)

    def _fail(self, what: str, err: StockadeError) -> None:
        self.state.failed += 1
        self.state.error = _first_error(err)
        # The rules are wrong, not the program: a traceback would tell nothing.
        log.warning(what, reason=self.state.error)

    async def _take(self, loaded: Loaded) -> None:
        """Have others at work. Raises StockadeError, and then has changed nothing."""
        engine = loaded.engine
        self._require_same_sensor(engine)
        # Before anything is asked of them: that takes long.
        built = await self._filterer.built(*_compiled_from(engine))
        if engine.decides or self._loaded.engine.decides:
            self._enforcer.install(self._enforcer.load(built), engine.rules)
        self._change(engine)
        # Before others are told: what is read now was told of the old rules.
        if await asyncio.to_thread(self._parts.synchronize):
            self._parts.take_rules(engine.rules)
        await self._filterer.apply(*_compiled_from(engine))
        self._loaded = loaded
        if self.taken:
            self.taken(loaded.governed)

    def _change(self, engine: Engine) -> None:
        old, new = wanted_of(self._loaded.engine), wanted_of(engine)
        self._sensor.want(old | new)
        self._filterer.withdraw()
        self._parts.withdraw()
        self._agent.take_rules(engine)
        self._sensor.want(new)

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
