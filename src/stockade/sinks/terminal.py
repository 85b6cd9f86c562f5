"""Alerts for people: one line each."""

from __future__ import annotations

from datetime import datetime

import msgspec
from rich.console import Console
from rich.text import Text

from stockade.events import Action, Alert, Priority, Ready, Summary, Update
from stockade.sinks.stream import Stream, TextStream

_STYLES = {
    Priority.EMERGENCY: "bold white on red",
    Priority.ALERT: "bold white on red",
    Priority.CRITICAL: "bold red",
    Priority.ERROR: "red",
    Priority.WARNING: "yellow",
    Priority.NOTICE: "cyan",
    Priority.INFORMATIONAL: "dim",
    Priority.DEBUG: "dim",
}


class Terminal:
    """Alerts to a stream, the rest elsewhere.

    Args:
        stream: where alerts go, one line each, however long.
        notes: where the first and the last words go.
        tty: whether a terminal reads the stream, and colours help.
    """

    def __init__(self, stream: Stream, notes: Console, *, tty: bool = False) -> None:
        self._stream = stream
        self._alerts = Console(file=TextStream(stream, tty=tty), highlight=False)
        self._notes = notes

    @property
    def lost(self) -> int:
        """Alerts that were not sent because the reader is too slow."""
        return self._stream.lost

    def ready(self, message: Ready) -> None:
        """Events flow from now on."""
        rules = _count(message.rules, "rule")
        self._note(f"watching with {rules}, tier {message.tier}; Ctrl-C stops")

    def alert(self, message: Alert) -> None:
        """A rule fired."""
        line = Text.assemble(
            (_clock(message.time), "dim"),
            " ",
            (f"{message.priority.value:<8}", _STYLES[message.priority]),
            " ",
            (visible(message.container.name or message.container.id), "bold"),
            f" {message.rule}",
            (_done(message), "bold red"),
            f": {visible(message.output)}",
        )
        self._alerts.print(line, soft_wrap=True)

    def update(self, message: Update) -> None:
        """More is known of an alert, or it was repeated."""
        name = visible(message.container.name or message.container.id)
        line = _repeated(message, name) or _known(message, name)
        self._alerts.print(Text(line, style="dim"), soft_wrap=True)

    def summary(self, message: Summary) -> None:
        """Nothing follows."""
        lost = ", ".join(f"{reason} {count}" for reason, count in message.lost.items())
        events, alerts = _count(message.events, "event"), _count(message.alerts, "alert")
        if message.folded:
            alerts += f" and {_count(message.folded, 'repetition')} of "
            alerts += "it" if message.alerts == 1 else "them"
        self._note(f"{events}, {alerts}, lost: {lost or 'nothing'}")

    def _note(self, text: str) -> None:
        self._notes.print(Text(f"stockade: {text}"), soft_wrap=True)


def _done(message: Alert) -> str:
    """What was done about it, or would have been; empty where it was only told."""
    if message.action is not Action.AUDIT:
        return f" [{message.action.value}]"
    return f" [would {message.would.value}]" if message.would else ""


def _known(message: Update, name: str) -> str:
    """That a container's metadata has come."""
    container = message.container
    image = f" image {visible(container.image)}" if container.image else ""
    return f"{'':21} {name}:{image} {container.metadata} for {message.rule}"


def _repeated(message: Update, name: str) -> str:
    """How often an alert has been repeated, and the newest that differs; empty if it was not."""
    if isinstance(message.last, msgspec.UnsetType) or isinstance(message.first, msgspec.UnsetType):
        return ""
    line = f"{_clock(message.last)} {'':<8} {name} {message.rule}: {message.count} times"
    line += f" since {_clock(message.first)}"
    if message.examples and len(message.examples) > 1:
        line += f", as {visible(message.examples[-1].output)}"
    return line


def _clock(time: str) -> str:
    """The local time of day of a message, to the millisecond."""
    return f"{datetime.fromisoformat(time).astimezone():%H:%M:%S.%f}"[:-3]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def visible(text: str) -> str:
    """Without anything a terminal would act on: names and paths are the attacker's to choose."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
