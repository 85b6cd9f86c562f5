"""Rule files into checked rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from stockade.errors import Place, RuleError, RuleErrors
from stockade.events import Priority
from stockade.events.fields import CATALOGUE, lookup
from stockade.rules.check import check, resolve
from stockade.rules.parser import parse
from stockade.rules.source import Item, SourceFile, read_items, rule_files, suggest
from stockade.rules.syntax import Condition
from stockade.rules.template import Template, parse_template

T = TypeVar("T")

# kind: (required keys, optional keys)
_KEYS: dict[str, tuple[set[str], set[str]]] = {
    "rule": ({"desc", "condition", "output", "priority"}, {"tags", "enabled", "technique"}),
    "macro": ({"condition"}, set()),
    "list": ({"items"}, set()),
}
_PRIORITIES = {priority.value.lower(): priority for priority in Priority} | {
    "info": Priority.INFORMATIONAL
}
_BOOLEANS = {"true": True, "false": False}
_NESTING_MAX = 16


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, ready to be evaluated."""

    name: str
    desc: str
    condition: Condition
    output: Template
    priority: Priority
    tags: tuple[str, ...]
    technique: tuple[str, ...]
    place: Place


def load_rules(paths: list[Path]) -> list[Rule]:
    """Read rule files, and directories of them, in order.

    Raises:
        RuleErrors: with every mistake of every file.
    """
    errors: list[RuleError] = []
    sources = []
    for path in rule_files(paths):
        try:
            sources.append(_read(path))
        except RuleError as err:
            errors.append(err)
    return build(sources, errors)


def build(sources: list[SourceFile], errors: list[RuleError] | None = None) -> list[Rule]:
    """The enabled rules of some files.

    Args:
        sources: in the order they are to be read.
        errors: mistakes found before.

    Raises:
        RuleErrors: with every mistake of every file.
    """
    builder = _Builder(errors or [])
    for source in sources:
        builder.add_file(source)
    return builder.finish()


def _read(path: Path) -> SourceFile:
    try:
        return SourceFile(str(path), path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as err:
        raise RuleError("not UTF-8 text", Place(str(path), 1, 1)) from err
    except OSError as err:
        raise RuleError(f"cannot be read: {err.strerror}", Place(str(path), 1, 1)) from err


class _Builder:
    """Collects the entries of all files; a mistake costs only its own entry."""

    def __init__(self, errors: list[RuleError]) -> None:
        self._errors = errors
        self._items: dict[str, dict[str, Item]] = {kind: {} for kind in _KEYS}

    def add_file(self, source: SourceFile) -> None:
        for item in read_items(source, self._errors):
            try:
                self._add(item)
            except RuleError as err:
                self._errors.append(err)

    def finish(self) -> list[Rule]:
        items = self._collect("list", lambda item: item.strings("items"))
        lists = {name: tuple(_expand(each, items)) for name, each in items.items()}
        macros = self._collect("macro", lambda item: parse(item.snippet("condition"), lists))
        rules = self._collect("rule", lambda item: self._rule(item, lists, macros))
        if self._errors:
            raise RuleErrors(self._errors)
        return [rule for rule in rules.values() if rule is not None]

    def _add(self, item: Item) -> None:
        if item.kind not in _KEYS:
            hint = suggest(item.kind, _KEYS)
            raise RuleError(f"unknown kind of entry {item.kind}", item.place, hint=hint)
        required, optional = _KEYS[item.kind]
        for key in item.keys.keys() - required - optional - {item.kind}:
            hint = suggest(key, required | optional)
            self._errors.append(RuleError(f"unknown key {key}", item.place_of(key), hint=hint))
        if missing := sorted(required - item.keys.keys()):
            message = f"{item.kind} {item.name!r} lacks {', '.join(missing)}"
            raise RuleError(message, item.place)
        if item.name in self._items[item.kind]:
            raise RuleError(f"{item.kind} {item.name!r} is defined twice", item.place)
        self._items[item.kind][item.name] = item

    def _collect(self, kind: str, make: Callable[[Item], T]) -> dict[str, T]:
        made = {}
        for name, item in self._items[kind].items():
            try:
                made[name] = make(item)
            except RuleError as err:
                self._errors.append(err)
        return made

    def _rule(
        self,
        item: Item,
        lists: Mapping[str, tuple[str, ...]],
        macros: Mapping[str, Condition],
    ) -> Rule | None:
        condition = resolve(parse(item.snippet("condition"), lists), macros)
        self._errors += check(condition)
        output = parse_template(item.text("output").strip())
        for name in output.fields:
            if lookup(name) is None:
                hint = suggest(name, CATALOGUE)
                place = item.place_of("output")
                self._errors.append(RuleError(f"unknown field %{name}", place, hint=hint))
        rule = Rule(
            name=item.name,
            desc=item.text("desc").strip(),
            condition=condition,
            output=output,
            priority=_choice(item, "priority", _PRIORITIES),
            tags=item.strings("tags"),
            technique=item.strings("technique"),
            place=item.place,
        )
        enabled = "enabled" not in item.keys or _choice(item, "enabled", _BOOLEANS)
        return rule if enabled else None


def _choice(item: Item, key: str, choices: Mapping[str, T]) -> T:
    text = item.text(key)
    found = choices.get(text.lower())
    if found is None:
        hint = suggest(text.lower(), choices) or f"one of {', '.join(choices)}"
        raise RuleError(f"{text!r} is no {key}", item.place_of(key), hint=hint)
    return found


def _expand(
    items: tuple[str, ...], lists: Mapping[str, tuple[str, ...]], depth: int = 0
) -> Iterator[str]:
    """The items of a list, those of the lists named in it included."""
    for each in items:
        if each in lists and depth < _NESTING_MAX:
            yield from _expand(lists[each], lists, depth + 1)
        else:
            yield each
