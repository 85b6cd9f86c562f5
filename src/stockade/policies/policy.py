"""Policies: which rules act, where, and on what they do not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from stockade.errors import Diagnostic, Place
from stockade.policies.selectors import Selection
from stockade.rules import Rule
from stockade.rules.keys import Unknown
from stockade.rules.syntax import Condition


class Mode(Enum):
    """What becomes of what rules would do.

    AUDIT: it is told.
    ENFORCE: it is done.
    """

    AUDIT = "audit"
    ENFORCE = "enforce"


@dataclass(frozen=True, slots=True)
class Exemption:
    """An exception: with what rules stay quiet, why, and until when.

    Attributes:
        expires: None for one that says never.
    """

    name: str
    reason: str
    expires: datetime | None
    condition: Condition
    place: Place

    def holds_at(self, now: datetime) -> bool:
        """Whether it has not expired."""
        return self.expires is None or now < self.expires


@dataclass(frozen=True, slots=True)
class Limits:
    """When a policy brakes: what acts more often is dropped to audit. 0 is no limit.

    Attributes:
        containers: in how many containers a rule may act within the window.
        actions: how often the policy may act in one container within it.
        window_s: in seconds.
    """

    containers: int = 5
    actions: int = 0
    window_s: int = 60


@dataclass(frozen=True, slots=True)
class Clause:
    """A mode for some of a policy's rules, in a part of its scope.

    Attributes:
        rules: names; None for all of the policy's.
        scope: None for all of the policy's.
        why: where that was said, for people.
    """

    mode: Mode
    rules: frozenset[str] | None
    scope: Selection | None
    why: str

    def is_about(self, rule: str) -> bool:
        """Whether it says anything of a rule."""
        return self.rules is None or rule in self.rules


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as it was read.

    Attributes:
        rules: names, those of its packs among them.
        scope: whose acts it is about.
        covers_containers: whether those of every container are.
        covers_host: whether those of the host are, too.
        clauses: modes; of those about the same, the last counts. The first is about all.
        exemptions: what it excepts.
    """

    name: str
    desc: str
    rules: frozenset[str]
    scope: Selection
    covers_containers: bool
    covers_host: bool
    clauses: tuple[Clause, ...]
    exemptions: tuple[Exemption, ...]
    unknown_scope: Unknown
    limits: Limits
    place: Place


@dataclass(frozen=True, slots=True)
class PolicySet:
    """The policies of a set of files, with the rules that they are about.

    Attributes:
        rules: all that there are, those that are switched off included.
        warnings: what does not stop them from being used.
    """

    rules: tuple[Rule, ...]
    policies: tuple[Policy, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
