"""Lists, macros and rules by name, as the files define, change and extend them in their order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from stockade.errors import Place, RuleError
from stockade.rules.keys import LIST_KEYS, MACRO_KEYS, REQUIRED, RULE_KEYS, Key
from stockade.rules.literals import literal
from stockade.rules.report import Report
from stockade.rules.requirements import check_engine, check_plugins
from stockade.rules.snippet import Snippet, SourceFile
from stockade.rules.source import Item, read_items, suggest
from stockade.rules.syntax import Literal

D = TypeVar("D", bound="Definition")

# What the deprecated `append: true` extends.
_APPENDABLE = ("condition", "exceptions")
_MACRO_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_LIST_NAME = re.compile(r"""[^()"'\s=,]+""")


@dataclass(slots=True)
class Definition:
    """What lists, macros and rules have in common.

    Attributes:
        index: the order of first definitions.
        visibility: the order of the last change: what was first defined before it can be named.
        pack: the pack it belongs to; None outside packs.
    """

    name: str
    place: Place
    index: int
    visibility: int
    pack: str | None


@dataclass(slots=True)
class ListDef(Definition):
    """A list and its items as written."""

    items: tuple[Literal, ...] = ()


@dataclass(slots=True)
class MacroDef(Definition):
    """A macro and the texts of its condition, original and appended."""

    condition: tuple[Snippet, ...] = ()


@dataclass(slots=True)
class RuleDef(Definition):
    """A rule: the values of its keys, of the types that RULE_KEYS read."""

    values: dict[str, Any] = field(default_factory=dict)


class Library:
    """Collects definitions file by file."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._count = 0
        self._pack: str | None = None
        self.lists: dict[str, ListDef] = {}
        self.macros: dict[str, MacroDef] = {}
        self.rules: dict[str, RuleDef] = {}

    def read(self, source: SourceFile) -> None:
        """Take in one file; what is wrong is reported and left out."""
        self._pack = None
        for item in read_items(source, self._report):
            with self._report.collect():
                if item.kind == "pack":
                    self._pack = _pack_name(item)
                else:
                    self._add(item)

    def extend(self, name: str, items: Iterable[str]) -> None:
        """Add to a list, if there is one of that name."""
        if found := self.lists.get(name):
            found.items += tuple(Literal(each, quoted=True, place=found.place) for each in items)

    def _add(self, item: Item) -> None:
        match item.kind:
            case "list":
                self._add_list(item)
            case "macro":
                self._add_macro(item)
            case "rule":
                self._add_rule(item)
            case "required_engine_version":
                check_engine(item)
            case "required_plugin_versions":
                check_plugins(item, self._report)
            case _:
                hint = suggest(item.kind, ("list", "macro", "rule", "pack"))
                self._report.warn(f"unknown kind of entry {item.kind}", item.place, hint=hint)

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _add_list(self, item: Item) -> None:
        _check_name(item, _LIST_NAME)
        self._warn_unknown_keys(item, LIST_KEYS)
        if "items" not in item.keys:
            raise RuleError(f"list {item.name!r} has no items", item.place)
        items = tuple(literal(each.text(), each.place) for each in item.keys["items"].items())
        previous = self.lists.get(item.name)
        if self._appends(item, "items", LIST_KEYS):
            existing = _existing(previous, item)
            existing.items += items
            existing.visibility = self._next()
            return
        if previous and _texts(previous.items) != _texts(items):
            self._warn_replaced(item, previous)
        self.lists[item.name] = ListDef(*self._identity(item, previous), items=items)

    def _add_macro(self, item: Item) -> None:
        _check_name(item, _MACRO_NAME)
        self._warn_unknown_keys(item, MACRO_KEYS)
        if "condition" not in item:
            raise RuleError(f"macro {item.name!r} has no condition", item.place)
        condition = (item.keys["condition"].snippet(),)
        previous = self.macros.get(item.name)
        if self._appends(item, "condition", MACRO_KEYS):
            existing = _existing(previous, item)
            existing.condition += condition
            existing.visibility = self._next()
            return
        if previous and _texts(previous.condition) != _texts(condition):
            self._warn_replaced(item, previous)
        self.macros[item.name] = MacroDef(*self._identity(item, previous), condition=condition)

    def _add_rule(self, item: Item) -> None:
        if not item.name:
            raise RuleError("a rule needs a name", item.place)
        self._warn_unknown_keys(item, RULE_KEYS)
        previous = self.rules.get(item.name)
        overrides = _overrides(item, RULE_KEYS)
        if _flag(item, "append"):
            if overrides:
                place = item.keys["append"].place
                raise RuleError("append and override cannot be used together", place)
            self._report.warn(
                "append is deprecated", item.keys["append"].place, hint="use override"
            )
            present = [key for key in _APPENDABLE if key in item]
            if not present:
                raise RuleError("nothing to append: no condition and no exceptions", item.place)
            for key in item.keys.keys() & RULE_KEYS.keys() - set(present):
                place = item.keys[key].place
                self._report.warn(f"{key} is ignored beside append", place, hint="use override")
            self._change(_existing(previous, item), item, dict.fromkeys(present, "append"))
        elif overrides:
            for key in item.keys.keys() & RULE_KEYS.keys() - overrides.keys():
                message = f"override does not say what to do with {key}"
                hint = f"add {key}: {' or '.join(RULE_KEYS[key].operations)} to override"
                self._report.error(RuleError(message, item.keys[key].place, hint=hint))
            self._change(_existing(previous, item), item, overrides)
        elif not any(key in item.keys for key in REQUIRED):
            self._switch(item, previous)
        else:
            self._define(item, previous)

    def _define(self, item: Item, previous: RuleDef | None) -> None:
        missing = [key for key in REQUIRED if key not in item]
        if missing:
            raise RuleError(f"rule {item.name!r} has no {' and no '.join(missing)}", item.place)
        values = {}
        for name, key in RULE_KEYS.items():
            if name in item:
                values[name] = key.read(item.keys[name])
        if previous and previous.values.get("source") != values.get("source"):
            raise RuleError(f"rule {item.name!r} exists with another source", item.place)
        if previous:
            self._warn_replaced(item, previous)
        self.rules[item.name] = RuleDef(*self._identity(item, previous), values=values)

    def _switch(self, item: Item, previous: RuleDef | None) -> None:
        """A rule with nothing but `enabled` switches an earlier one."""
        if "enabled" not in item:
            raise RuleError(f"rule {item.name!r} has no {' and no '.join(REQUIRED)}", item.place)
        existing = _existing(previous, item)
        existing.values["enabled"] = RULE_KEYS["enabled"].read(item.keys["enabled"])
        self._report.warn(
            "a rule with only 'enabled' is deprecated",
            item.place,
            hint="add override: {enabled: replace}",
        )

    def _change(self, rule: RuleDef, item: Item, overrides: dict[str, str]) -> None:
        changes = {}
        for name, operation in overrides.items():
            if name not in item:
                place = item.keys["override"].place if "override" in item else item.place
                raise RuleError(f"{name} is to be overridden and is not given", place)
            key = RULE_KEYS[name]
            value = key.read(item.keys[name])
            changes[name] = (
                key.append(rule.values.get(name, key.empty), value)
                if operation == "append" and key.append
                else value
            )
        rule.values |= changes
        rule.visibility = self._next()

    def _identity(
        self, item: Item, previous: Definition | None
    ) -> tuple[str, Place, int, int, str | None]:
        number = self._next()
        index = previous.index if previous else number
        return item.name, item.place, index, number, self._pack

    def _warn_replaced(self, item: Item, previous: Definition) -> None:
        message = f"{item.kind} {item.name!r} replaces another one, at {previous.place}"
        self._report.warn(message, item.place)

    def _appends(self, item: Item, key: str, keys: dict[str, Key]) -> bool:
        """Whether a list or a macro extends an earlier one."""
        overrides = _overrides(item, keys)
        if not _flag(item, "append"):
            return overrides.get(key) == "append"
        place = item.keys["append"].place
        if overrides:
            raise RuleError("append and override cannot be used together", place)
        self._report.warn("append is deprecated", place, hint=f"use override: {{{key}: append}}")
        return True

    def _warn_unknown_keys(self, item: Item, known: Iterable[str]) -> None:
        names = {*known, item.kind, "append", "override"}
        for key, node in item.keys.items():
            if key not in names:
                hint = suggest(key, names)
                self._report.warn(f"unknown key {key} in a {item.kind}", node.place, hint=hint)


def _check_name(item: Item, pattern: re.Pattern[str]) -> None:
    if not pattern.fullmatch(item.name):
        place = item.keys[item.kind].place
        raise RuleError(f"{item.name!r} is no name for a {item.kind}", place)


def _texts(parts: Iterable[Literal | Snippet]) -> list[str]:
    return [part.text if isinstance(part, Literal) else part.value for part in parts]


def _existing(previous: D | None, item: Item) -> D:
    if previous is None:
        hint = "the file that defines it must be read before this one"
        raise RuleError(f"no {item.kind} {item.name!r} to change", item.place, hint=hint)
    return previous


def _flag(item: Item, key: str) -> bool:
    return key in item and RULE_KEYS["enabled"].read(item.keys[key])


def _overrides(item: Item, keys: dict[str, Key]) -> dict[str, str]:
    """What an override block says of each key. Raises RuleError."""
    if "override" not in item:
        return {}
    found = {}
    for name, node in item.keys["override"].mapping().items():
        if name not in keys:
            hint = suggest(name, keys)
            raise RuleError(f"{name} of a {item.kind} cannot be overridden", node.place, hint=hint)
        operation = node.text()
        allowed = keys[name].operations
        if operation not in allowed:
            hint = f"it can be overridden by {' or '.join(allowed)}" if allowed else None
            raise RuleError(f"{name} cannot be overridden by {operation!r}", node.place, hint=hint)
        found[name] = operation
    return found


def _pack_name(item: Item) -> str:
    if not item.name:
        raise RuleError("a pack needs a name", item.place)
    return item.name
