"""Events into alerts."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

from stockade.agent.fold import Folder
from stockade.events import (
    Action,
    Alert,
    Container,
    Element,
    Event,
    FieldView,
    Missing,
    ScalarView,
    Update,
    Value,
    container_view,
    printable,
    process_view,
)
from stockade.events.times import rfc3339
from stockade.rules import Engine, Rule, operand_value, values_of

SOURCE = "syscall"


# How many events may wait for metadata of their containers; an event is some 2 KiB.
_WAITING_MAX = 4096


@dataclass(slots=True)
class _Waiting:
    """What is to be said again, or at last, when a container's metadata has come."""

    undecided: list[tuple[Rule, Event]]
    alerts: list[tuple[Rule, Event, str]]


class Judge:
    """Runs the rules over events.

    A rule that cannot be decided because its container's metadata is pending waits for it; an
    alert does not wait, and is followed by an update.

    Args:
        engine: the rules.
        folder: makes one alert of many; without it every one is told.

    Attributes:
        folder: the same.
        alerts: how many there were, repetitions included.
        lost: how many events were judged without metadata, because too many waited.
    """

    def __init__(self, engine: Engine, folder: Folder | None = None) -> None:
        self._engine = engine
        self.folder = Folder(0) if folder is None else folder
        self._hostname = socket.gethostname()
        self._run = secrets.token_hex(4)
        self._waiting: dict[int, _Waiting] = {}
        self._count = 0
        self.alerts = 0
        self.lost = 0

    def take_rules(self, engine: Engine) -> None:
        """Run other rules from now on; what waits for metadata stays with its own."""
        self._engine = engine
        self.folder.close()

    def alerts_of(self, event: Event) -> Iterator[Alert]:
        """One alert for each rule that the event fires, but for repetitions."""
        pending = event.container is not None and event.container.pending
        for rule, verdict in self._engine.judged(event):
            if verdict is False:
                continue
            alert = self._alert(rule, event) if verdict else None
            if alert and self._repeats(alert, event):
                # What is still to be learnt, the one that it repeats will tell.
                continue
            if pending:
                self._wait(rule, event, alert)
            if alert:
                yield alert

    def known(self, container: Container) -> Iterator[Alert | Update]:
        """What follows from a container's metadata, now that no more will come."""
        waiting = self._waiting.pop(id(container), None)
        if waiting is None:
            return
        self._count -= len(waiting.undecided) + len(waiting.alerts)
        for rule, event, alert in waiting.alerts:
            update = self._update(rule, event, alert)
            self.folder.learn(update)
            yield update
        for rule, event in waiting.undecided:
            if self._engine.holds(rule, event):
                late = self._alert(rule, event)
                if not self._repeats(late, event):
                    yield late

    def _repeats(self, alert: Alert, event: Event) -> bool:
        return self.folder.repeats(alert, event.record.header.task.container)

    def _wait(self, rule: Rule, event: Event, alert: Alert | None) -> None:
        if self._count >= _WAITING_MAX:
            self.lost += 1
            return
        self._count += 1
        # The events in it keep the container, so its address is its own.
        waiting = self._waiting.setdefault(id(event.container), _Waiting([], []))
        if alert:
            waiting.alerts.append((rule, event, alert.id))
        else:
            waiting.undecided.append((rule, event))

    def _alert(self, rule: Rule, event: Event) -> Alert:
        self.alerts += 1
        output, fields = _output(rule, event)
        return Alert(
            id=f"{self._run}-{self.alerts}",
            time=rfc3339(event.time_ns),
            rule=rule.name,
            priority=rule.priority,
            output=output,
            output_fields=fields,
            source=SOURCE,
            tags=list(rule.tags),
            hostname=self._hostname,
            action=Action.AUDIT,
            container=container_view(event),
            process=process_view(event),
            technique=list(rule.technique),
        )

    def _update(self, rule: Rule, event: Event, alert: str) -> Update:
        output, fields = _output(rule, event)
        return Update(
            alert=alert,
            time=rfc3339(time.time_ns()),
            rule=rule.name,
            output=output,
            output_fields=fields,
            container=container_view(event),
        )


def _output(rule: Rule, event: Event) -> tuple[str, dict[str, FieldView]]:
    lookup = values_of(event)
    fields = {
        str(operand): _field(operand_value(operand, lookup)) for operand in rule.output.operands
    }
    text = rule.output.render(lambda operand: operand_value(operand, lookup))
    return printable(text), {"evt.time": rfc3339(event.time_ns), **fields}


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
