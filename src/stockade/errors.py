"""What can go wrong, as types with a place and a remedy.

StockadeError
├── RuleErrors          rule files are wrong; holds every
│   RuleError           one mistake: file, line, column
├── RecordError         bytes from the kernel, or from a file, are no record
├── MissingPrivilege    root or a capability is needed
└── MissingFeature      the kernel or the system lacks something
    └── LoadError       the kernel refused a BPF object; carries the verifier's log
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of every command."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    UNSUPPORTED = 3


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file, counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class StockadeError(Exception):
    """The base of everything this package raises on purpose.

    Args:
        message: what is wrong, in one sentence without a full stop.
        hint: what to do about it.
    """

    exit_code = ExitCode.FINDINGS

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class RuleError(StockadeError):
    """A rule file that cannot be used as it is."""

    def __init__(self, message: str, place: Place, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.place = place

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class RuleErrors(StockadeError):
    """Everything that is wrong with a set of rule files."""

    def __init__(self, errors: Sequence[RuleError]) -> None:
        count = len(errors)
        super().__init__(f"{count} error{'s' if count != 1 else ''} in the rules")
        self.errors = tuple(errors)


class RecordError(StockadeError):
    """A truncated or malformed record."""


class MissingPrivilege(StockadeError):
    """The caller may not do this."""

    exit_code = ExitCode.UNSUPPORTED


class MissingFeature(StockadeError):
    """The kernel or the system cannot do this.

    Args:
        message, hint: as for every error.
        errno: what the kernel answered, 0 where it was not asked.
    """

    exit_code = ExitCode.UNSUPPORTED

    def __init__(self, message: str, *, hint: str | None = None, errno: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.errno = errno


class LoadError(MissingFeature):
    """A BPF object that the kernel refused.

    Args:
        message: one line naming the program and the verifier's reason.
        log: everything libbpf and the verifier said.
    """

    def __init__(
        self, message: str, *, log: str = "", hint: str | None = None, errno: int = 0
    ) -> None:
        super().__init__(message, hint=hint, errno=errno)
        self.log = log
