"""One attack is one alert that grows: repetitions become a count, and examples."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from stockade.events import Action, Alert, Example, Priority, Update
from stockade.events.times import rfc3339

WINDOW_S = 300
# A rule and a container have one, with its examples some 20 KiB.
_FOLDS_MAX = 1024
# The first examples show how it began, the others what is new.
_FIRST_EXAMPLES = 3
_EXAMPLES = 8
# From one update to the next: what goes on and on in the same way is told ever less often.
_UPDATE_S = 1.0
_UPDATE_MAX_S = 60.0

# What must be the same: rule, priority, action, and the container by the kernel's key and its id.
_Key: TypeAlias = tuple[str, Priority, Action, int, str]
_Kind: TypeAlias = tuple[object, ...]


@dataclass(slots=True)
class _Fold:
    """An alert that has gone out, and what has come of it since.

    Attributes:
        alert: as it would go out now.
        last_s, due_s: when it was last repeated, when an update may go out; by the folder's clock.
    """

    alert: Alert
    last_s: float
    due_s: float
    first: str
    last: str
    interval_s: float = _UPDATE_S
    count: int = 1
    examples: dict[_Kind, Example] = field(default_factory=dict)

    def show(self, alert: Alert) -> bool:
        """Take an alert among the examples; says whether there was none of its kind."""
        kind = _kind(alert)
        if example := self.examples.get(kind):
            example.count += 1
            return False
        if len(self.examples) >= _EXAMPLES:
            del self.examples[list(self.examples)[_FIRST_EXAMPLES]]
        self.examples[kind] = Example(
            alert.time, 1, alert.output, alert.output_fields, alert.process
        )
        return True

    def grow(self, alert: Alert, now_s: float) -> None:
        """Count one more."""
        self.count += 1
        self.last_s = now_s
        # They need not come in the order in which they happened.
        self.first, self.last = min(self.first, alert.time), max(self.last, alert.time)
        if self.show(alert) and self.interval_s > _UPDATE_S:
            # What is new does not wait for as long as more of the same.
            self.due_s += _UPDATE_S - self.interval_s
            self.interval_s = _UPDATE_S

    def update(self, now_s: float) -> Update:
        """All that is known of it now, and when to say so again."""
        self.interval_s = min(2 * self.interval_s, _UPDATE_MAX_S)
        self.due_s = now_s + self.interval_s
        return Update(
            alert=self.alert.id,
            time=rfc3339(time.time_ns()),
            rule=self.alert.rule,
            output=self.alert.output,
            output_fields=self.alert.output_fields,
            container=self.alert.container,
            count=self.count,
            first=self.first,
            last=self.last,
            examples=[msgspec.structs.replace(each) for each in self.examples.values()],
        )


class Folder:
    """Folds the alerts of one rule in one container into the first of them.

    Args:
        window_s: how long it must be quiet before the next one is an alert of its own; 0 folds
            nothing.
        clock: tells the time in seconds.

    Attributes:
        folded: repetitions so far.
        evicted: alerts that ceased to grow before their time, because too many others did.
    """

    def __init__(
        self, window_s: float = WINDOW_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._window_s = window_s
        self._clock = clock
        # The one that was repeated last is last.
        self._folds: dict[_Key, _Fold] = {}
        self._leads: dict[str, _Fold] = {}
        self._growing: dict[_Key, _Fold] = {}
        self._last_words: list[Update] = []
        self.folded = 0
        self.evicted = 0

    def __len__(self) -> int:
        return len(self._folds)

    def repeats(self, alert: Alert, container: int) -> bool:
        """Take in an alert: whether it is one more of what has been said, and is not to be said.

        Args:
            alert: any but the agent's own.
            container: the kernel's key of its container; 0 for the host.
        """
        if not self._window_s:
            return False
        now_s = self._clock()
        key = (alert.rule, alert.priority, alert.action, container, alert.container.id)
        fold = self._folds.get(key)
        if fold is None or self._is_quiet(fold, now_s):
            self._open(key, alert, now_s)
            return False
        fold.grow(alert, now_s)
        self._folds[key] = self._folds.pop(key)
        self._growing[key] = fold
        self.folded += 1
        return True

    def learn(self, update: Update) -> None:
        """Take in what has become known of an alert: later updates must not take it back."""
        if fold := self._leads.get(update.alert):
            fold.alert = msgspec.structs.replace(
                fold.alert,
                output=update.output,
                output_fields=update.output_fields,
                container=update.container,
            )

    def last_words(self) -> list[Update]:
        """Updates of those that have ceased to grow since the last call, where some are owed."""
        words, self._last_words = self._last_words, []
        return words

    def updates(self) -> Iterator[Update]:
        """What is due now. Call it about every second."""
        now_s = self._clock()
        while self._folds and self._is_quiet(next(iter(self._folds.values())), now_s):
            self._close(next(iter(self._folds)))
        yield from self.last_words()
        due = [key for key, fold in self._growing.items() if fold.due_s <= now_s]
        for key in due:
            yield self._growing.pop(key).update(now_s)

    def close(self) -> None:
        """Whatever comes now is said: rules may have changed, or nothing more comes."""
        for key in list(self._folds):
            self._close(key)

    def _is_quiet(self, fold: _Fold, now_s: float) -> bool:
        return now_s - fold.last_s >= self._window_s

    def _open(self, key: _Key, alert: Alert, now_s: float) -> None:
        if key in self._folds:
            self._close(key)
        elif len(self._folds) >= _FOLDS_MAX:
            self._close(next(iter(self._folds)))
            self.evicted += 1
        fold = _Fold(alert, now_s, now_s + _UPDATE_S, alert.time, alert.time)
        fold.show(alert)
        self._folds[key] = self._leads[alert.id] = fold

    def _close(self, key: _Key) -> None:
        fold = self._folds.pop(key)
        del self._leads[fold.alert.id]
        if self._growing.pop(key, None):
            self._last_words.append(fold.update(self._clock()))


def _kind(alert: Alert) -> _Kind:
    """What tells one example from another: who did it, and the texts of the output.

    Numbers, as those of processes, and times are others each time.
    """
    process = alert.process
    texts = tuple(
        (name, tuple(value) if isinstance(value, list) else value)
        for name, value in alert.output_fields.items()
        if isinstance(value, str | list) and not name.startswith(("evt.time", "evt.datetime"))
    )
    return (process.name, process.exe, process.uid, tuple(process.args or ()), texts)
