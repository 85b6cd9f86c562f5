"""A rule, ready to be evaluated."""

from __future__ import annotations

from dataclasses import dataclass

from stockade.errors import Place
from stockade.events import Action, Priority, RuleKey
from stockade.rules.keys import Maturity, Scope, Unknown
from stockade.rules.syntax import Condition
from stockade.rules.template import Template
from stockade.rules.trial import Trial


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with everything resolved and checked.

    Attributes:
        condition: made of And, Or, Not and Test alone; the scope is part of it.
        text: the condition as written, appended parts included.
        pack: the pack it belongs to; None for rules outside packs.
        enabled: whether it is to be loaded.
        action: what the rule asks for.
        effective: what is done for now: that, or less.
        decided: whether it acts, and the kernel can decide it.
        unknown_scope: what an act comes to while it is not known whose container it is.
        on_host: whether it acts on the host's tasks, too.
        maturity, false_positives, tuning: empty for rules that do not say.
        policy: the policy that governs it; None for none.
    """

    name: str
    desc: str
    condition: Condition
    text: str
    output: Template
    priority: Priority
    tags: tuple[str, ...]
    technique: tuple[str, ...]
    action: Action
    unknown: Unknown
    scope: Scope
    maturity: Maturity | None
    false_positives: str
    tuning: str
    tests: tuple[Trial, ...]
    enabled: bool
    pack: str | None
    place: Place
    effective: Action = Action.AUDIT
    decided: bool = False
    unknown_scope: Unknown = Unknown.ALLOW
    on_host: bool = False
    policy: str | None = None

    @property
    def key(self) -> RuleKey:
        """What names it among the rules at work."""
        return RuleKey(self.name, self.policy, self.effective)
