"""Falco's rule language: files, checks, a plain evaluator. Needs neither root nor a kernel."""

from stockade.rules.engine import Engine, field_value
from stockade.rules.ruleset import Rule, load_rules

__all__ = ["Engine", "Rule", "field_value", "load_rules"]
