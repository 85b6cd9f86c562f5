"""Alerts for people: one line each."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console
from rich.text import Text

from stockade.events import Alert, Priority, Ready, Summary, Update
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
        local = datetime.fromisoformat(message.time).astimezone()
        line = Text.assemble(
            (f"{local:%H:%M:%S.%f}"[:-3], "dim"),
            " ",
            (f"{message.priority.value:<8}", _STYLES[message.priority]),
            " ",
            (visible(message.container.name or message.container.id), "bold"),
            f" {message.rule}: {visible(message.output)}",
        )
        self._alerts.print(line, soft_wrap=True)

    def update(self, message: Update) -> None:
        """More is known of an alert."""
        container = message.container
        image = f" image {visible(container.image)}" if container.image else ""
        name = visible(container.name or container.id)
        line = f"{'':21} {name}:{image} {container.metadata} for {message.rule}"
        self._alerts.print(Text(line, style="dim"), soft_wrap=True)

    def summary(self, message: Summary) -> None:
        """Nothing follows."""
        lost = ", ".join(f"{reason} {count}" for reason, count in message.lost.items())
        events, alerts = _count(message.events, "event"), _count(message.alerts, "alert")
        self._note(f"{events}, {alerts}, lost: {lost or 'nothing'}")

    def _note(self, text: str) -> None:
        self._notes.print(Text(f"stockade: {text}"), soft_wrap=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def visible(text: str) -> str:
    """Without anything a terminal would act on: names and paths are the attacker's to choose."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
