"""What was switched while agents ran, kept across restarts: modes by hand, and by the brake."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from stockade.errors import MissingPrivilege, StockadeError
from stockade.policies.policy import Mode

STATE = Path("/var/lib/stockade/modes.json")


class Target(msgspec.Struct, frozen=True):
    """What a mode is for; None is any.

    Attributes:
        container: its name or id.
    """

    policy: str | None = None
    rule: str | None = None
    container: str | None = None

    def covers(self, other: Target) -> bool:
        """Whether it is the same, or more."""
        return all(
            mine is None or mine == theirs
            for mine, theirs in zip(
                msgspec.structs.astuple(self), msgspec.structs.astuple(other), strict=True
            )
        )

    def __str__(self) -> str:
        named = msgspec.structs.asdict(self).items()
        return ", ".join(f"{what} {name}" for what, name in named if name) or "everything"


class Override(msgspec.Struct, frozen=True):
    """A mode that stands above what files say.

    Attributes:
        by: operator or brake.
        since: RFC 3339.
    """

    mode: Mode
    target: Target
    by: str
    since: str
    reason: str = ""


class Overrides:
    """The file that keeps them, in the order in which they were made: later ones count.

    Args:
        path: where it is; its directory is made when there is something to keep.
    """

    def __init__(self, path: Path = STATE) -> None:
        self.path = path

    def load(self) -> tuple[Override, ...]:
        """Those that there are.

        Raises:
            StockadeError: the file cannot be used. Nothing is forgotten by that.
        """
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=tuple[Override, ...])
        except FileNotFoundError:
            return ()
        except PermissionError as err:
            raise MissingPrivilege(f"{self.path} cannot be read", hint="run as root") from err
        except OSError as err:
            raise StockadeError(f"{self.path} cannot be read: {err.strerror}") from err
        except msgspec.MsgspecError as err:
            hint = "what was switched off may be on without it: look at it, then remove it"
            raise StockadeError(f"{self.path} cannot be used: {err}", hint=hint) from err

    def put(self, override: Override) -> tuple[Override, ...]:
        """Add one; what it covers is forgotten. Returns all that there are then."""
        with self._locked():
            return self._keep((*self._without(override.target), override))

    def drop(self, target: Target) -> tuple[Override, ...]:
        """Forget what a target covers. Returns all that there are then."""
        with self._locked():
            return self._keep(self._without(target))

    def _without(self, target: Target) -> tuple[Override, ...]:
        return tuple(each for each in self.load() if not target.covers(each.target))

    def _keep(self, overrides: tuple[Override, ...]) -> tuple[Override, ...]:
        with tempfile.NamedTemporaryFile(dir=self.path.parent, delete=False) as file:
            file.write(msgspec.json.format(msgspec.json.encode(overrides)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(file.name, self.path)
        return overrides

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """While nobody else changes it: operators and the brake may at the same time."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(f"{self.path}.lock", "a", encoding="ascii") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except PermissionError as err:
            raise MissingPrivilege(f"{self.path} cannot be written", hint="run as root") from err
        except OSError as err:
            raise StockadeError(f"{self.path} cannot be written: {err.strerror}") from err
