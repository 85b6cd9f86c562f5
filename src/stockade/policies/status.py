"""What an agent says of the policies that it has in force, for whoever asks on the same host."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import msgspec

from stockade.errors import StockadeError
from stockade.events import Action
from stockade.policies.govern import Governed
from stockade.policies.overrides import Override
from stockade.policies.policy import Mode

STATUS = Path("/run/stockade/policies.json")


class ClauseStatus(msgspec.Struct, frozen=True):
    """A mode that is in force.

    Attributes:
        rules: names; None for all of the policy's.
        scope: in words; None for all of the policy's.
        why: where it was said.
    """

    mode: Mode
    rules: tuple[str, ...] | None
    scope: str | None
    why: str


class ExemptionStatus(msgspec.Struct, frozen=True):
    """An exception.

    Attributes:
        expires: RFC 3339; None for never.
    """

    name: str
    reason: str
    expires: str | None
    expired: bool


class PolicyStatus(msgspec.Struct, frozen=True):
    """A policy.

    Attributes:
        rules: all that it is about.
        acting: those that say deny or kill.
        scope: in words.
        clauses: of those about the same, the last counts.
    """

    name: str
    rules: tuple[str, ...]
    acting: tuple[str, ...]
    scope: str
    clauses: tuple[ClauseStatus, ...]
    exceptions: tuple[ExemptionStatus, ...]


class Status(msgspec.Struct, frozen=True):
    """What is in force.

    Attributes:
        state: where overrides are kept.
        overrides: those that were taken.
    """

    state: str
    policies: tuple[PolicyStatus, ...]
    overrides: tuple[Override, ...]


def status_of(governed: Governed, state: Path) -> Status:
    """What there is to say of some policies."""
    acting = {rule.name for rule in governed.rules if rule.action is not Action.AUDIT}
    return Status(
        str(state),
        tuple(
            PolicyStatus(
                name=policy.name,
                rules=tuple(sorted(policy.rules)),
                acting=tuple(sorted(policy.rules & acting)),
                scope=policy.scope.text,
                clauses=tuple(
                    ClauseStatus(
                        mode=clause.mode,
                        rules=None if clause.rules is None else tuple(sorted(clause.rules)),
                        scope=clause.scope.text if clause.scope else None,
                        why=clause.why,
                    )
                    for clause in policy.clauses
                ),
                exceptions=tuple(
                    ExemptionStatus(
                        name=each.name,
                        reason=each.reason,
                        expires=each.expires.isoformat() if each.expires else None,
                        expired=each in governed.expired,
                    )
                    for each in policy.exemptions
                ),
            )
            for policy in governed.policies
        ),
        governed.overrides,
    )


def write_status(status: Status, path: Path = STATUS) -> None:
    """Say it. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(msgspec.json.encode(status))
    os.replace(file.name, path)


def read_status(path: Path = STATUS) -> Status | None:
    """What was said last; None for nothing. Raises StockadeError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Status)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as err:
        raise StockadeError(f"{path} cannot be read: {err}") from err
