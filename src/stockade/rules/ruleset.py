"""Rule files into checked rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from stockade.errors import Diagnostic, RuleErrors
from stockade.rules.check import Checker
from stockade.rules.compile import Compiler
from stockade.rules.library import Definition, Library
from stockade.rules.lists import Lists
from stockade.rules.macros import Macros
from stockade.rules.report import Report
from stockade.rules.rule import Rule
from stockade.rules.snippet import SourceFile
from stockade.rules.source import read_files
from stockade.rules.vocabulary import Vocabulary

_NOTHING: Mapping[str, Iterable[str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of a set of files.

    Attributes:
        rules: in the order of their first definitions, those that are switched off included.
        warnings: what does not stop them from being used.
        vocabulary: what else may be said in the words of these files.
    """

    rules: tuple[Rule, ...]
    warnings: tuple[Diagnostic, ...] = ()
    vocabulary: Vocabulary = field(default_factory=Vocabulary)

    @property
    def enabled(self) -> tuple[Rule, ...]:
        """The rules that are not switched off."""
        return tuple(rule for rule in self.rules if rule.enabled)


def load_rules(paths: Iterable[Path], lists: Mapping[str, Iterable[str]] = _NOTHING) -> RuleSet:
    """Read rule files, and directories of them, in order.

    Args:
        paths: of files and directories.
        lists: what only this node can tell, by the names of the lists that it is added to.

    Raises:
        RuleErrors: with everything that was found in every file.
    """
    report = Report()
    return build(read_files(paths, report), report, lists)


def build(
    sources: Iterable[SourceFile],
    report: Report | None = None,
    lists: Mapping[str, Iterable[str]] = _NOTHING,
) -> RuleSet:
    """The rules of some files.

    Args:
        sources: in the order they are to be read.
        report: what was found before.
        lists: see load_rules.

    Raises:
        RuleErrors: with everything that was found in every file.
    """
    report = report or Report()
    library = Library(report)
    for source in sources:
        report.reading(source.name)
        library.read(source)
    for name, items in lists.items():
        library.extend(name, items)
    expanded = Lists(library.lists, report)
    macros = Macros(library.macros, report)
    checker = Checker(expanded, report)
    compiler = Compiler(macros, checker, report)
    rules = tuple(filter(None, map(compiler.rule, library.rules.values())))
    for macro, condition in list(macros.unused()):
        _warn_unused("macro", macro, report)
        if condition is not None:
            checker.condition(condition)
    for unused in expanded.unused():
        _warn_unused("list", unused, report)
    if report.failed:
        raise RuleErrors(report.diagnostics)
    return RuleSet(rules, report.diagnostics, Vocabulary(library.lists, library.macros))


def _warn_unused(kind: str, definition: Definition, report: Report) -> None:
    # What a pack defines is there for other files to use.
    if definition.pack is None:
        report.warn(f"{kind} {definition.name} is not used", definition.place)
