"""What was seen on each kernel when it last ran, kept with the sources."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).with_name("recorded")

# A program that the verifier takes so much longer to look at is a failure.
GROWTH = 1.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """One kernel's run.

    Attributes:
        name: of the kernel, with how it preempts itself.
        release: uname -r.
        passed: how many tests passed.
        failed: the tests that did not.
        skipped: the tests that were skipped, with why.
        facts: what `stockade doctor --json` says there.
        verified: instructions that the verifier looked at, by program.
        trouble: what else went wrong.
    """

    name: str
    release: str
    passed: int = 0
    failed: tuple[str, ...] = ()
    skipped: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    verified: dict[str, int] = field(default_factory=dict)
    trouble: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether nothing went wrong."""
        return not self.failed and not self.trouble


def _path(name: str) -> Path:
    return RECORDED / f"{name.replace(' ', '-').replace('=', '-')}.json"


def recorded(name: str) -> Outcome | None:
    """What was seen before on a kernel; None where it never ran."""
    return load(_path(name))


def record(outcome: Outcome) -> None:
    """Keep what was seen, all of it good."""
    save(outcome, _path(outcome.name))


def load(path: Path) -> Outcome | None:
    """An outcome that was saved; None where none was."""
    if not path.exists():
        return None
    values = json.loads(path.read_text())
    return Outcome(**values | {key: tuple(values.get(key, ())) for key in ("failed", "trouble")})


def save(outcome: Outcome, path: Path) -> None:
    """Write an outcome; what it does not have is left out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = {key: value for key, value in asdict(outcome).items() if value not in ((), {})}
    path.write_text(json.dumps(values, indent=1, sort_keys=True) + "\n")


def merged(before: Outcome, again: Outcome) -> Outcome:
    """What came of a run and of what failed in it, run again."""
    passed = before.passed + again.passed
    return replace(again, passed=passed, skipped=before.skipped | again.skipped)


def growth(before: Outcome | None, verified: dict[str, int]) -> list[str]:
    """Sentences about the programs that the verifier now takes half as long again to look at."""
    known = before.verified if before else {}
    return [
        f"{program}: the verifier looks at {count} instructions, {known[program]} before"
        for program, count in sorted(verified.items())
        if count > GROWTH * known.get(program, count)
    ]
