"""Conditions outside of rules, in the words of rule files: their lists, their macros."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stockade.rules.check import Checker
from stockade.rules.library import ListDef, MacroDef
from stockade.rules.lists import Lists
from stockade.rules.macros import Macros
from stockade.rules.parser import parse
from stockade.rules.report import Report
from stockade.rules.snippet import Snippet, Text
from stockade.rules.syntax import Condition


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The lists and macros of a set of files, by their names."""

    lists: Mapping[str, ListDef] = field(default_factory=dict)
    macros: Mapping[str, MacroDef] = field(default_factory=dict)


class ConditionReader:
    """Turns conditions into those of rules.

    Args:
        vocabulary: what they may name.
        report: takes what is wrong with them.
    """

    def __init__(self, vocabulary: Vocabulary, report: Report) -> None:
        self._macros = Macros(vocabulary.macros, report)
        self._checker = Checker(Lists(vocabulary.lists, report), report)

    def read(self, snippet: Snippet) -> Condition | None:
        """A condition as written; None for one that names what is broken. Raises RuleError."""
        resolved = self._macros.resolve(parse(Text([snippet])), snippet.place(0))
        return None if resolved is None else self.checked(resolved)

    def checked(self, condition: Condition) -> Condition:
        """A condition made of comparisons, with tests in their place. What is wrong is reported."""
        return self._checker.condition(condition)
