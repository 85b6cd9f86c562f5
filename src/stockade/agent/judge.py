"""Events into alerts."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from stockade.events import (
    Action,
    Alert,
    Element,
    Event,
    FieldView,
    Missing,
    ScalarView,
    Value,
    container_view,
    printable,
    process_view,
)
from stockade.events.times import rfc3339
from stockade.rules import Engine, Rule, operand_value, values_of

SOURCE = "syscall"


class Judge:
    """Runs the rules over events.

    Args:
        engine: the rules.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._hostname = socket.gethostname()
        self.alerts = 0

    def alerts_of(self, event: Event) -> Iterator[Alert]:
        """One alert for each rule that the event fires."""
        for rule in self._engine.fired(event):
            self.alerts += 1
            yield self._alert(rule, event)

    def _alert(self, rule: Rule, event: Event) -> Alert:
        lookup = values_of(event)
        fields = {
            str(operand): _field(operand_value(operand, lookup)) for operand in rule.output.operands
        }
        return Alert(
            time=rfc3339(event.time_ns),
            rule=rule.name,
            priority=rule.priority,
            output=printable(rule.output.render(lambda operand: operand_value(operand, lookup))),
            output_fields={"evt.time": rfc3339(event.time_ns), **fields},
            source=SOURCE,
            tags=list(rule.tags),
            hostname=self._hostname,
            action=Action.AUDIT,
            container=container_view(event.container),
            process=process_view(event),
            technique=list(rule.technique),
        )


def _field(value: Value) -> FieldView:
    """A value as JSON has it; unknown and absent are null."""
    if isinstance(value, tuple):
        return [_scalar(each) for each in value]
    return _scalar(value)


def _scalar(value: Element) -> ScalarView:
    if isinstance(value, Missing):
        return None
    if isinstance(value, bytes):
        return printable(value.decode("utf-8", "surrogateescape"))
    return printable(value) if isinstance(value, str) else value
