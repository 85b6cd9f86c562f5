"""What is said of rule files, for people and for editors."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from rich.console import Console
from rich.text import Text

from stockade.errors import Diagnostic
from stockade.sinks import visible

_STYLES = {"error": "bold red", "warning": "yellow"}
# As much of a line as is shown; what it is about lies in the middle of it.
_WIDTH_MAX = 160


def show_diagnostic(console: Console, diagnostic: Diagnostic) -> None:
    """The message, then the line it is about with a mark under the place."""
    severity, place = diagnostic.severity.value, diagnostic.place
    head = Text.assemble(
        f"{place}: ", (severity, _STYLES[severity]), f": {visible(diagnostic.message)}"
    )
    console.print(head, soft_wrap=True)
    if line := _line(place.file, place.line):
        start = max(0, place.column - _WIDTH_MAX // 2)
        before, after = line[start : place.column - 1], line[place.column - 1 :]
        console.print(Text(f"    {visible(before + after[: _WIDTH_MAX // 2])}"), soft_wrap=True)
        console.print(Text(f"    {' ' * len(visible(before))}^"), soft_wrap=True)
    if diagnostic.hint:
        console.print(Text(f"    {visible(diagnostic.hint)}"), soft_wrap=True)


def as_json(diagnostic: Diagnostic) -> dict[str, str | int | None]:
    """One object for an editor; lines and columns are counted from 1."""
    place = diagnostic.place
    return {
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "hint": diagnostic.hint,
    }


def counted(number: int, what: str) -> str:
    """So many of something, in words."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def _line(file: str, number: int) -> str:
    lines = _lines(file)
    return lines[number - 1] if number <= len(lines) else ""


@lru_cache(maxsize=4)
def _lines(file: str) -> list[str]:
    """A file's lines; none where the file itself is what is wrong."""
    try:
        return Path(file).read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError):
        return []
