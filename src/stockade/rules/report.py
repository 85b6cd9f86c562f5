"""What is found while rules are read: errors, and warnings that stop nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

from stockade.errors import Diagnostic, Place, RuleError, Severity

Mark: TypeAlias = tuple[int, int]


class Report:
    """Diagnostics in the order of their places."""

    def __init__(self) -> None:
        self._found: list[Diagnostic] = []
        self._errors: list[RuleError] = []
        self._files: list[str] = []

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything found, file by file and line by line; what is said twice is told once."""
        order = {name: rank for rank, name in enumerate(self._order())}
        unique = dict.fromkeys(self._found)
        return tuple(
            sorted(unique, key=lambda d: (order[d.place.file], d.place.line, d.place.column))
        )

    @property
    def failed(self) -> bool:
        """Whether there is an error."""
        return bool(self._errors)

    def reading(self, file: str) -> None:
        """Take note of a file, in whose order what is found is told."""
        self._files.append(file)

    def error(self, error: RuleError) -> None:
        """Take note of an error."""
        self._errors.append(error)
        self._found.append(error.diagnostic)

    def warn(self, message: str, place: Place, *, hint: str | None = None) -> None:
        """Take note of a warning."""
        self._found.append(Diagnostic(Severity.WARNING, message, place, hint))

    def mark(self) -> Mark:
        """What has been found so far."""
        return len(self._found), len(self._errors)

    def errors_since(self, mark: Mark) -> list[RuleError]:
        """The errors noted after a mark."""
        return self._errors[mark[1] :]

    def forget(self, mark: Mark) -> None:
        """Drop what was noted after a mark."""
        del self._found[mark[0] :], self._errors[mark[1] :]

    @contextmanager
    def collect(self) -> Iterator[None]:
        """Take note of an error that ends the block, and go on after it."""
        try:
            yield
        except RuleError as err:
            self.error(err)

    def _order(self) -> list[str]:
        found = (each.place.file for each in self._found)
        return list(dict.fromkeys([*self._files, *found]))
