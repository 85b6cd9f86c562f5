"""What rules deny and kill, brought into force."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from stockade.agent.judge import Judge
from stockade.agent.known_parts import KnownParts
from stockade.errors import StockadeError
from stockade.events import Action, Points
from stockade.kernel import Pins, Sensor
from stockade.kernel.deciders import LoadedDecisions
from stockade.kernel.plan import Label
from stockade.rules import Engine, Rule
from stockade.rules.lowering import Built, Refusal
from stockade.rules.lowering.deciding import can_decide, kinds_of, scope_parts
from stockade.rules.lowering.decisions import decided_rules

_RENEWALS = 4  # within the time after which it lapses


class Enforcer:
    """Has a sensor decide by rules. What is in force stays so until others are.

    Args:
        sensor: at work.
        parts: tells what is known of containers.
        judge: has to understand what was decided.
        pins: with which it stays in force when the agent has ended; None where it does not.
    """

    def __init__(
        self, sensor: Sensor, parts: KnownParts, judge: Judge, pins: Pins | None = None
    ) -> None:
        self._pins = pins
        self._place: Path | None = None
        self._took_over = True
        self.sensor = sensor
        self.parts = parts
        self._judge = judge
        self._loaded: LoadedDecisions | None = None

    def load(self, built: Built) -> LoadedDecisions:
        """Have the kernel take what decides. Nothing changes yet.

        Raises:
            StockadeError: some of it cannot be decided, or the kernel refuses it.
        """
        for refusal in built.undecided:
            raise StockadeError(_refused(refusal), hint="nothing would be refused by these rules")
        return self.sensor.deciders.load(built.decisions)

    def install(self, loaded: LoadedDecisions, rules: Sequence[Rule]) -> None:
        """Decide by these rules from now on: what they are about is told before they are asked.

        Raises:
            StockadeError: what was compiled belongs to other rules.
        """
        acting = decided_rules(rules)
        parts = scope_parts(acting)
        if parts.set != loaded.decisions.scopes and acting:
            raise StockadeError("what decides was made of other rules")
        self.parts.take_scopes(parts, loaded.scopes)
        self._judge.take_decisions(loaded.decisions, acting)
        self.sensor.decide(loaded)
        self.hold()
        old, self._loaded = self._loaded, loaded
        if old:
            self.parts.drop_scopes(old.scopes)
            old.close()

    def hold(self) -> None:
        """Have what is in force now outlive the agent."""
        if self._pins:
            self._place = self.sensor.hold(self._pins)
            self._took_over = False

    async def renew(self, seconds: float) -> None:
        """For as long as this runs, and so many seconds more, have what is refused stay so."""
        while True:
            self.sensor.deciders.renew(seconds)
            await asyncio.sleep(seconds / _RENEWALS)

    def settle(self) -> None:
        """Take back what was in force before, once it is known whose all containers are."""
        if self._pins and not self._took_over and self.parts.knows_all():
            self._pins.end_force(self._place)
            self._took_over = True

    def close(self) -> None:
        """Let go of what is held here; may be called twice."""
        if self._loaded:
            self.parts.drop_scopes(self._loaded.scopes)
            self._loaded.close()
            self._loaded = None


def label_of(rule: Rule, points: Points) -> Label:
    """What a rule that acts comes to where acts can be decided at these points."""
    after = frozenset(kinds_of(rule)) - points.before
    if not after:
        return Label.PREVENT
    kills = rule.effective is Action.KILL and after <= points.after
    if kills and all(can_decide(rule, kind, before=False) for kind in after):
        return Label.KILL
    return Label.DETECT


def shortfalls(engine: Engine) -> Iterator[tuple[Rule, Label]]:
    """The rules that are to act, and cannot refuse all that they are about, with their labels."""
    for rule in engine.rules:
        if rule.effective is Action.AUDIT:
            continue
        label = label_of(rule, engine.points)
        if label is not Label.PREVENT:
            yield rule, label


def _refused(refusal: Refusal) -> str:
    kinds = " ".join(kind.name.lower() for kind in refusal.kinds)
    return f"{', '.join(refusal.rules)}: cannot decide {kinds}: {refusal.reason}"
