"""What can go wrong, as types with a place and a remedy.

StockadeError
├── RuleError           one mistake in a rule or policy file: file, line, column
│   └── UnknownField    a field that the catalogue does not have
├── RuleErrors          rule or policy files that cannot be used, with every mistake
├── RecordError         bytes from the kernel, or from a file, are no record
├── MissingPrivilege    root or a capability is needed
└── MissingFeature      the kernel or the system lacks something
    └── LoadError       the kernel refused a BPF object; carries the verifier's log
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum


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


class Severity(Enum):
    """Whether a diagnostic stops rules from being used."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Something to say about a place in a rule file."""

    severity: Severity
    message: str
    place: Place
    hint: str | None = None

    def __str__(self) -> str:
        return f"{self.place}: {self.severity.value}: {self.message}"


class RuleError(StockadeError):
    """One mistake in a rule file."""

    def __init__(self, message: str, place: Place, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.place = place

    @property
    def diagnostic(self) -> Diagnostic:
        """The mistake as a diagnostic."""
        return Diagnostic(Severity.ERROR, self.message, self.place, self.hint)


class UnknownField(RuleError):
    """A field that the catalogue does not have."""


class RuleErrors(StockadeError):
    """Everything that was found in a set of files, at least one error among it.

    Args:
        diagnostics: in the order of their places.
        what: what the files hold.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic], what: str = "rules") -> None:
        count = sum(each.severity is Severity.ERROR for each in diagnostics)
        super().__init__(f"{count} error{'s' if count != 1 else ''} in the {what}")
        self.diagnostics = tuple(diagnostics)


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
