"""Rules made of text."""

from __future__ import annotations

from dataclasses import replace

from stockade.events import Action
from stockade.rules import Rule, RuleSet
from stockade.rules.ruleset import build
from stockade.rules.snippet import SourceFile


def rule_text(condition: str, name: str = "r", **keys: str) -> str:
    """One rule with this condition, in the middle of its own line."""
    extra = "".join(f"  {key}: {value}\n" for key, value in keys.items())
    return (
        f"- rule: {name}\n  desc: d\n  condition: {condition}\n  output: o\n"
        f"  priority: WARNING\n{extra}"
    )


def made(text: str) -> RuleSet:
    """What one file has; raises RuleErrors."""
    return build([SourceFile("rules.yaml", text)])


def one(rules: RuleSet) -> Rule:
    """The only rule."""
    (rule,) = rules.rules
    return rule


def enforced(rule: Rule) -> Rule:
    """A rule that does what it asks for, as under a policy that enforces it everywhere."""
    return replace(rule, effective=rule.action)


def acting(condition: str, action: Action = Action.DENY, **keys: str) -> Rule:
    """A rule that does something about what it is about."""
    return enforced(one(made(rule_text(condition, action=action.value, **keys))))
