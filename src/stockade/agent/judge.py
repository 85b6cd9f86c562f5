"""Events into alerts."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from stockade.agent.fold import Folder
from stockade.events import (
    Action,
    Alert,
    Container,
    Decisions,
    Element,
    Event,
    FieldView,
    Missing,
    Outcome,
    RuleKey,
    ScalarView,
    Update,
    Value,
    container_view,
    fired_bits,
    printable,
    process_view,
)
from stockade.events.times import rfc3339
from stockade.rules import Engine, Rule, operand_value, values_of

SOURCE = "syscall"
Counter: TypeAlias = Callable[[Alert], None]

# How many events may wait for metadata of their containers; an event is some 2 KiB.
_WAITING_MAX = 4096
# Sets of rules that decided until lately.
_DECISIONS_KEPT = 4


@dataclass(slots=True)
class _Waiting:
    """What is to be said again, or at last, when a container's metadata has come."""

    undecided: list[tuple[Rule, Event]]
    alerts: list[tuple[Rule, Event, str]]


@dataclass(frozen=True, slots=True)
class _Decided:
    """A set of rules that the kernel decides by, or did."""

    decisions: Decisions
    rules: Mapping[RuleKey, Rule]

    def decides(self, rule: Rule, event: Event) -> bool:
        """Whether such acts are decided by a rule."""
        bits = self.decisions.fired.get(event.type, ())
        return any(each.rule == rule.key for fired in bits for each in fired)

    def fired(self, event: Event) -> dict[RuleKey, bool]:
        """The rules by which an act was decided, and whether that was certain."""
        bits = self.decisions.fired.get(event.type, ())
        found: dict[RuleKey, bool] = {}
        for number in fired_bits(event.record.header.fired):
            for each in bits[number] if number < len(bits) else ():
                found[each.rule] = each.certain or found.get(each.rule, False)
        return found


def _as_if_let(event: Event) -> Event:
    """An event as it would be, had nobody refused it."""
    record = event.record
    header = msgspec.structs.replace(record.header, result=0)
    if not record.header.outcome:
        return event
    return msgspec.structs.replace(event, record=msgspec.structs.replace(record, header=header))


def _done(rule: Rule, event: Event) -> Action:
    """What was done for a rule: what it says now, or less where nothing is refused at present."""
    outcome = Action[Outcome(event.record.header.outcome).name]
    return min(rule.effective, outcome, key=list(Action).index)


class Judge:
    """Runs the rules over events.

    A rule that cannot be decided because its container's metadata is pending waits for it; an
    alert does not wait, and is followed by an update.

    Args:
        engine: the rules.
        folder: makes one alert of many; without it every one is told.

    Attributes:
        folder: the same.
        counted: told of every alert, repetitions included.
        alerts: how many there were, repetitions included.
        lost: how many events were judged without metadata, because too many waited.
    """

    def __init__(self, engine: Engine, folder: Folder | None = None) -> None:
        self._engine = engine
        self.counted: Counter | None = None
        self.folder = Folder(0) if folder is None else folder
        self._hostname = socket.gethostname()
        self._run = secrets.token_hex(4)
        self._waiting: dict[int, _Waiting] = {}
        self._decided: dict[int, _Decided] = {}
        self._deciding: _Decided | None = None
        self._count = 0
        self.alerts = 0
        self.lost = 0

    def take_rules(self, engine: Engine) -> None:
        """Run other rules from now on; what waits for metadata stays with its own."""
        self._engine = engine
        self.folder.close()

    def take_decisions(self, decisions: Decisions, rules: Iterable[Rule]) -> None:
        """Understand what these decide, beside what was there before: it may still come."""
        while len(self._decided) >= _DECISIONS_KEPT:
            del self._decided[next(iter(self._decided))]
        self._decided.pop(decisions.set, None)
        self._deciding = _Decided(decisions, {rule.key: rule for rule in rules})
        self._decided[decisions.set] = self._deciding

    def alerts_of(self, event: Event) -> Iterator[Alert]:
        """One alert for each rule that the event fires, but for repetitions."""
        pending = event.container is not None and event.container.pending
        for rule, verdict in self._judged(event):
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
            if self._engine.verdict(rule, _as_if_let(event)):
                late = self._alert(rule, event)
                if not self._repeats(late, event):
                    yield late

    def _fired(self, event: Event) -> dict[RuleKey, bool]:
        """The rules by which the kernel decided about an act, and whether that was certain."""
        header = event.record.header
        decided = self._decided.get(header.rules)
        return decided.fired(event) if decided and header.outcome else {}

    def _judged(self, event: Event) -> Iterator[tuple[Rule, bool | None]]:
        """The rules that are about an event; of an act that was decided, what was decided."""
        header = event.record.header
        fired = self._fired(event)
        if not header.outcome or event.type not in self._engine.points.before:
            for rule, verdict in self._engine.judged(event):
                yield rule, True if fired.get(rule.key) else verdict
            return
        if header.rules not in self._decided:
            self.lost += 1
            return
        rules = self._decided[header.rules].rules
        for key, certain in fired.items():
            verdict = self._engine.verdict(rules[key], _as_if_let(event))
            yield rules[key], True if certain else verdict

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
        action = _done(rule, event) if self._fired(event).get(rule.key) else Action.AUDIT
        alert = Alert(
            id=f"{self._run}-{self.alerts}",
            time=rfc3339(event.time_ns),
            rule=rule.name,
            priority=rule.priority,
            output=output,
            output_fields=fields,
            source=SOURCE,
            tags=list(rule.tags),
            hostname=self._hostname,
            action=action,
            container=container_view(event),
            process=process_view(event),
            technique=list(rule.technique),
            would=self._would(rule, event, action),
            policy=rule.policy,
        )
        if self.counted:
            self.counted(alert)
        return alert

    def _would(self, rule: Rule, event: Event, action: Action) -> Action | None:
        """What the rule asks for, where less was done; None where nothing more would be done."""
        if action is rule.action:
            return None
        if rule.key in self._fired(event):
            return rule.action
        # Where nothing is refused, or this cannot be, nobody has said that it would not.
        said = self._deciding is not None and self._deciding.decides(rule, event)
        spared = event.container is None and not rule.on_host
        return None if said or spared else rule.action

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
