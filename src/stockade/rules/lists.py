"""Lists, and the values that name them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stockade.errors import RuleError
from stockade.rules.library import ListDef
from stockade.rules.report import Report
from stockade.rules.syntax import Literal

# Of one list, and of all uses of lists together: lists of lists grow fast.
_ITEMS_MAX = 100_000
_TOTAL_MAX = 4_000_000
_DEPTH_MAX = 64


class Lists:
    """The lists of a library, with those they name expanded.

    Args:
        definitions: by name; each sees those that were first defined before its last change.
        report: takes errors in the lists themselves.
    """

    def __init__(self, definitions: Mapping[str, ListDef], report: Report) -> None:
        self._definitions = definitions
        self._items: dict[str, tuple[Literal, ...]] = {}
        self._left = _TOTAL_MAX
        self._used: set[str] = set()
        for definition in definitions.values():
            with report.collect():
                self._expanded(definition, ())
            # One that cannot be expanded is empty: its error has been told.
            self._items.setdefault(definition.name, ())

    def expand(self, values: tuple[Literal, ...]) -> tuple[Literal, ...]:
        """Values, with the items of a list in place of its unquoted name.

        Raises:
            RuleError: they are too many.
        """
        found: list[Literal] = []
        for value in values:
            if value.quoted or value.text not in self._items:
                found.append(value)
            else:
                self._used.add(value.text)
                found += self._items[value.text]
            self._check_size(found, value)
        self._left -= len(found)
        return tuple(found)

    def unused(self) -> Iterator[ListDef]:
        """The lists that nothing names."""
        for name, definition in self._definitions.items():
            if name not in self._used:
                yield definition

    def _expanded(self, definition: ListDef, path: tuple[str, ...]) -> tuple[Literal, ...]:
        if definition.name in path:
            raise RuleError(f"list {definition.name} contains itself", definition.place)
        if len(path) >= _DEPTH_MAX:
            raise RuleError(f"lists nested deeper than {_DEPTH_MAX} levels", definition.place)
        if definition.name not in self._items:
            found: list[Literal] = []
            for item in definition.items:
                inner = None if item.quoted else self._definitions.get(item.text)
                if inner is None or inner.index >= definition.visibility:
                    found.append(item)
                else:
                    self._used.add(inner.name)
                    found += self._expanded(inner, (*path, definition.name))
                self._check_size(found, item)
            self._left -= len(found)
            self._items[definition.name] = tuple(found)
        return self._items[definition.name]

    def _check_size(self, found: list[Literal], value: Literal) -> None:
        if len(found) > _ITEMS_MAX or self._left < len(found):
            raise RuleError(f"more than {_ITEMS_MAX} values in one place", value.place)
