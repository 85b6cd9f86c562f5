"""Rule files as YAML nodes, every part with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import yaml

from stockade.errors import Place, RuleError
from stockade.rules.lexer import Snippet

_SUFFIXES = (".yaml", ".yml")
_QUOTED = {'"', "'"}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A rule file's name and text."""

    name: str
    text: str

    def place(self, mark: yaml.Mark) -> Place:
        """Where a YAML mark is."""
        return Place(self.name, mark.line + 1, mark.column + 1)


@dataclass(slots=True)
class Item:
    """One entry of a rule file.

    Attributes:
        kind: the first key: rule, macro, list ...
        name: that key's value.
        place: where the entry begins.
        keys: the values of all keys.
    """

    source: SourceFile
    kind: str
    name: str
    place: Place
    keys: dict[str, yaml.Node] = field(default_factory=dict)

    def place_of(self, key: str) -> Place:
        """Where a key's value begins."""
        return self.source.place(self.keys[key].start_mark)

    def text(self, key: str, default: str = "") -> str:
        """A scalar's value. Raises RuleError for another kind of value."""
        if key not in self.keys:
            return default
        return scalar(self.source, self.keys[key])

    def snippet(self, key: str) -> Snippet:
        """A scalar as it stands in the file, for errors inside it."""
        return snippet(self.source, self.keys[key])

    def strings(self, key: str) -> tuple[str, ...]:
        """A sequence of scalars; empty where the key is missing."""
        if key not in self.keys:
            return ()
        node = self.keys[key]
        if not isinstance(node, yaml.SequenceNode):
            raise RuleError(f"{key} must be a list", self.place_of(key))
        return tuple(scalar(self.source, each) for each in node.value)


def rule_files(paths: list[Path]) -> Iterator[Path]:
    """The files among paths, and those of directories in the order of their names."""
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.iterdir() if each.suffix in _SUFFIXES)
        else:
            yield path


def read_items(source: SourceFile, errors: list[RuleError]) -> list[Item]:
    """The entries of a file; what is wrong goes to errors, the rest is read all the same."""
    try:
        root = yaml.compose(source.text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as err:
        mark = err.problem_mark or err.context_mark
        place = source.place(mark) if mark else Place(source.name, 1, 1)
        errors.append(RuleError(f"not YAML: {err.problem}", place))
        return []
    except yaml.reader.ReaderError as err:
        errors.append(RuleError(f"not YAML: {err.reason}", Place(source.name, 1, 1)))
        return []
    if root is None:
        return []
    if not isinstance(root, yaml.SequenceNode):
        place = source.place(root.start_mark)
        errors.append(RuleError("a rule file is a list of rules, macros and lists", place))
        return []
    items = []
    for node in root.value:
        try:
            items.append(_item(source, node))
        except RuleError as err:
            errors.append(err)
    return items


def _item(source: SourceFile, node: yaml.Node) -> Item:
    place = source.place(node.start_mark)
    if not isinstance(node, yaml.MappingNode) or not node.value:
        raise RuleError("expected an entry such as '- rule: name'", place)
    keys: dict[str, yaml.Node] = {}
    for key_node, value in node.value:
        key = scalar(source, key_node)
        if key in keys:
            raise RuleError(f"duplicate key {key}", source.place(key_node.start_mark))
        keys[key] = value
    kind = next(iter(keys))
    name = scalar(source, keys[kind])
    return Item(source, kind, name, place, keys)


def scalar(source: SourceFile, node: yaml.Node) -> str:
    """The text of a scalar, whatever type YAML would give it. Raises RuleError."""
    return str(_scalar_node(source, node).value)


def _scalar_node(source: SourceFile, node: yaml.Node) -> yaml.ScalarNode:
    if not isinstance(node, yaml.ScalarNode):
        raise RuleError("expected a single value", source.place(node.start_mark))
    return node


def snippet(source: SourceFile, node: yaml.Node) -> Snippet:
    """A scalar's characters in the file; a quoted one's value, since its escapes move them."""
    node = _scalar_node(source, node)
    start = source.place(node.start_mark)
    if node.style in _QUOTED:
        return Snippet(node.value, Place(start.file, start.line, start.column + 1))
    raw = source.text[node.start_mark.index : node.end_mark.index]
    if node.style in {"|", ">"}:
        _, _, body = raw.partition("\n")
        return Snippet(body, Place(start.file, start.line + 1, 1))
    return Snippet(raw, start)


def suggest(wrong: str, known: Iterable[str]) -> str | None:
    """A hint naming what was probably meant."""
    close = get_close_matches(wrong, list(known), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(close)}?" if close else None
