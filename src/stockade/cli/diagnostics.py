"""What is said of rule files, for people and for editors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.text import Text

from stockade.errors import Diagnostic, ExitCode, Severity
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


def as_object(diagnostic: Diagnostic) -> dict[str, str | int | None]:
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


def counted(number: int, what: str, plural: str | None = None) -> str:
    """So many of something, in words."""
    return f"{number} {what if number == 1 else plural or f'{what}s'}"


def tell_check(
    what: tuple[str, str],
    names: Sequence[str] | None,
    diagnostics: Sequence[Diagnostic],
    *,
    as_json: bool,
) -> int:
    """Print what a check of files has found; returns its exit code.

    Args:
        what: the files hold, in the singular and in the plural.
        names: of these; None where the files cannot be used.
        diagnostics: what is wrong or odd.
        as_json: print one object.
    """
    one, many = what
    if as_json:
        rows = [as_object(each) for each in diagnostics]
        answer = {"ok": names is not None, many: list(names or ()), "diagnostics": rows}
        click.echo(msgspec.json.encode(answer).decode())
    else:
        stdout = Console(highlight=False)
        for each in diagnostics:
            show_diagnostic(stdout, each)
        errors = sum(each.severity is Severity.ERROR for each in diagnostics)
        parts = [counted(errors, "error"), counted(len(diagnostics) - errors, "warning")]
        if names is not None:
            parts.insert(0, counted(len(names), one, many))
        click.echo(f"stockade: {', '.join(parts)}")
    return ExitCode.FINDINGS if names is None else ExitCode.OK


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
