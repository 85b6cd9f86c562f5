"""What rules deny and kill, brought into force."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence

from stockade.agent.judge import Judge
from stockade.agent.known_parts import KnownParts
from stockade.errors import StockadeError
from stockade.events import Action, EventType
from stockade.kernel import Sensor
from stockade.kernel.deciders import LoadedDecisions
from stockade.rules import Rule
from stockade.rules.lowering import Built, Refusal
from stockade.rules.lowering.deciding import kinds_of, scope_parts
from stockade.rules.lowering.decisions import decided_rules


class Enforcer:
    """Has a sensor decide by rules. What is in force stays so until others are.

    Args:
        sensor: at work.
        parts: tells what is known of containers.
        judge: has to understand what was decided.
    """

    def __init__(self, sensor: Sensor, parts: KnownParts, judge: Judge) -> None:
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
        old, self._loaded = self._loaded, loaded
        if old:
            self.parts.drop_scopes(old.scopes)
            old.close()

    def close(self) -> None:
        """Let go of what is held here; may be called twice."""
        if self._loaded:
            self.parts.drop_scopes(self._loaded.scopes)
            self._loaded.close()
            self._loaded = None


def shortfalls(rules: Iterable[Rule], decided: Container[EventType]) -> Iterator[Rule]:
    """The rules that would act, of acts that cannot all be decided before they happen."""
    for rule in rules:
        asks = rule.effective is not Action.AUDIT
        if asks and not all(kind in decided for kind in kinds_of(rule)):
            yield rule


def _refused(refusal: Refusal) -> str:
    kinds = " ".join(kind.name.lower() for kind in refusal.kinds)
    return f"{', '.join(refusal.rules)}: cannot decide {kinds}: {refusal.reason}"
