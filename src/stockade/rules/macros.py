"""Macros replaced by what they stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stockade.errors import Place, RuleError
from stockade.rules.library import MacroDef
from stockade.rules.parser import parse
from stockade.rules.report import Report
from stockade.rules.snippet import Text
from stockade.rules.source import suggest
from stockade.rules.syntax import And, Condition, MacroRef, Not, Or

# Macros in macros make much of little: of one condition, and of all together. Conditions are
# evaluated, like here, by recursion.
_DEPTH_MAX = 150
_SIZE_MAX = 20_000
_TOTAL_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class _Resolved:
    """A condition without macros, the comparisons in it, and how deep it is nested."""

    condition: Condition
    size: int
    depth: int


@dataclass(frozen=True, slots=True)
class _Inside:
    """Where a condition stands: in which macro, within which others, named at which place."""

    macro: MacroDef | None
    path: tuple[str, ...]
    place: Place


class Macros:
    """The macros of a library, parsed, and resolved as they are asked for.

    Args:
        definitions: by name.
        report: takes errors in the macros themselves.
    """

    def __init__(self, definitions: Mapping[str, MacroDef], report: Report) -> None:
        self._definitions = definitions
        self._resolved: dict[str, _Resolved] = {}
        self._parsed: dict[str, Condition] = {}
        self._broken: set[str] = set()
        self._report = report
        self._left = _TOTAL_MAX
        self.used: set[str] = set()
        for name, definition in definitions.items():
            try:
                self._parsed[name] = parse(Text(definition.condition))
            except RuleError as err:
                report.error(err)
                self._broken.add(name)

    def resolve(self, condition: Condition, place: Place) -> Condition | None:
        """A condition of a rule without macros; None where one of them is broken.

        Raises:
            RuleError: an unknown macro, one that contains itself, or too much of it.
        """
        resolved = self._resolve(condition, _Inside(None, (), place))
        if resolved is None:
            return None
        if resolved.size > min(_SIZE_MAX, self._left):
            message = f"more than {_SIZE_MAX} comparisons, with those in its macros"
            raise RuleError(message, place)
        self._left -= resolved.size
        return resolved.condition

    def unused(self) -> Iterator[tuple[MacroDef, Condition | None]]:
        """The macros that nothing names, resolved; None for one that is broken.

        What is wrong with them is reported.
        """
        for name, definition in self._definitions.items():
            if name in self.used:
                continue
            with self._report.collect():
                reference = MacroRef(name, definition.place)
                yield definition, self.resolve(reference, definition.place)

    def _resolve(self, condition: Condition, inside: _Inside, level: int = 0) -> _Resolved | None:
        if level > _DEPTH_MAX:
            raise RuleError(f"macros nested deeper than {_DEPTH_MAX} levels", inside.place)
        match condition:
            case And(terms) | Or(terms):
                parts = [self._resolve(term, inside, level + 1) for term in terms]
                known = [part for part in parts if part is not None]
                if len(known) < len(parts):
                    return None
                node = type(condition)(tuple(part.condition for part in known))
                size = sum(part.size for part in known)
                return _Resolved(node, size, 1 + max(part.depth for part in known))
            case Not(term):
                part = self._resolve(term, inside, level + 1)
                return part and _Resolved(Not(part.condition), part.size, part.depth + 1)
            case MacroRef(name, place):
                found = self._macro(name, _Inside(inside.macro, inside.path, place), level)
                if found and found.depth + level > _DEPTH_MAX:
                    raise RuleError(f"macros nested deeper than {_DEPTH_MAX} levels", place)
                return found
        return _Resolved(condition, 1, 0)

    def _macro(self, name: str, inside: _Inside, level: int) -> _Resolved | None:
        definition = self._definitions.get(name)
        if definition is None:
            hint = suggest(name, self._definitions)
            raise RuleError(f"unknown macro {name}", inside.place, hint=hint)
        if name in inside.path:
            raise RuleError(f"macro {name} contains itself", inside.place)
        if inside.macro is not None and definition.index >= inside.macro.visibility:
            hint = "a macro can name those before it; a rule any"
            message = f"macro {name} is defined later, at {definition.place}"
            raise RuleError(message, inside.place, hint=hint)
        self.used.add(name)
        if name not in self._broken and name not in self._resolved:
            within = _Inside(definition, (*inside.path, name), inside.place)
            found = self._resolve(self._parsed[name], within, level + 1)
            if found is None:
                self._broken.add(name)
            else:
                self._resolved[name] = _Resolved(found.condition, found.size, found.depth + 1)
        return self._resolved.get(name)
