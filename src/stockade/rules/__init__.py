"""Falco's rule language: files, checks, a plain evaluator. Needs neither root nor a kernel."""

from stockade.rules.engine import Engine, values_of
from stockade.rules.evaluate import operand_value
from stockade.rules.rule import Rule
from stockade.rules.ruleset import RuleSet, load_rules

__all__ = ["Engine", "Rule", "RuleSet", "load_rules", "operand_value", "values_of"]
