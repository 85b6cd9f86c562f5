"""Rule files as YAML nodes, every part with its place.

YAML can make little text into much (aliases) and nest without end: depth and
size are checked before anything is built of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import yaml

from stockade.errors import Place, RuleError
from stockade.rules.report import Report
from stockade.rules.snippet import Snippet, SourceFile

KINDS = ("required_engine_version", "required_plugin_versions", "pack", "list", "macro", "rule")

_SUFFIXES = (".yaml", ".yml")
_BYTES_MAX = 16 << 20
_DEPTH_MAX = 16
# Scalars read from one file, those behind aliases counted each time.
_SCALARS_MAX = 1 << 18
_WRONG_MAX = 80  # what is longer resembles nothing
_NULLS = {"", "~", "null", "Null", "NULL"}


@dataclass(slots=True)
class Budget:
    """How much more may be read of a file: what is behind aliases counts each time."""

    left: int = _SCALARS_MAX

    def spend(self, place: Place) -> None:
        """Count one value. Raises RuleError when there were too many."""
        self.left -= 1
        if self.left < 0:
            raise RuleError(f"more than {_SCALARS_MAX} values in one file", place)


@dataclass(slots=True)
class Node:
    """A YAML node with its file; the accessors raise RuleError for the wrong kind."""

    source: SourceFile
    yaml: yaml.Node
    budget: Budget

    @property
    def place(self) -> Place:
        """Where it begins."""
        return self.source.place(_start(self.yaml))

    @property
    def is_null(self) -> bool:
        """Whether nothing is written there."""
        node = self.yaml
        return isinstance(node, yaml.ScalarNode) and not node.style and node.value in _NULLS

    @property
    def is_scalar(self) -> bool:
        """Whether it is a single value."""
        return isinstance(self.yaml, yaml.ScalarNode)

    @property
    def is_list(self) -> bool:
        """Whether it is a sequence."""
        return isinstance(self.yaml, yaml.SequenceNode)

    def text(self) -> str:
        """A scalar's value, whatever type YAML would give it."""
        return self.snippet().value

    def snippet(self) -> Snippet:
        """A scalar's value with where it stands."""
        if not isinstance(self.yaml, yaml.ScalarNode):
            raise RuleError("expected a single value", self.place)
        self.budget.spend(self.place)
        start, end = self.yaml.start_mark.index, self.yaml.end_mark.index
        return Snippet(self.yaml.value, self.source, start, end)

    def items(self) -> list[Node]:
        """The elements of a sequence."""
        if not isinstance(self.yaml, yaml.SequenceNode):
            raise RuleError("expected a list", self.place)
        nodes = [Node(self.source, each, self.budget) for each in self.yaml.value]
        for each in nodes:
            self.budget.spend(each.place)
        return nodes

    def entries(self) -> list[tuple[Snippet, Node]]:
        """The keys and values of a mapping."""
        if not isinstance(self.yaml, yaml.MappingNode):
            raise RuleError("expected keys and values", self.place)
        return [
            (Node(self.source, key, self.budget).snippet(), Node(self.source, value, self.budget))
            for key, value in self.yaml.value
        ]

    def mapping(self) -> dict[str, Node]:
        """The entries of a mapping, in order. A key that comes twice is an error."""
        entries: dict[str, Node] = {}
        for key, value in self.entries():
            if key.value in entries:
                raise RuleError(f"duplicate key {key.value}", key.place(0))
            entries[key.value] = value
        return entries


@dataclass(slots=True)
class Item:
    """One entry of a rule file.

    Attributes:
        kind: rule, macro, list ...; the first key where it is none of these.
        name: that key's value, or its text where it is no name.
        place: where the entry begins.
        keys: the values of all keys, the first included.
    """

    kind: str
    name: str
    place: Place
    keys: dict[str, Node] = field(default_factory=dict)

    def __contains__(self, key: str) -> bool:
        return key in self.keys and not self.keys[key].is_null


def rule_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files among paths, and those of directories in the order of their names."""
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.iterdir() if each.suffix in _SUFFIXES)
        else:
            yield path


def read_files(paths: Iterable[Path], report: Report) -> list[SourceFile]:
    """Their texts, in order; what cannot be had is reported."""
    sources = []
    for path in rule_files(paths):
        report.reading(str(path))
        with report.collect():
            sources.append(read_file(path))
    return sources


def read_file(path: Path) -> SourceFile:
    """A rule file's text. Raises RuleError where it cannot be had."""
    start = Place(str(path), 1, 1)
    try:
        with path.open("rb") as stream:
            raw = stream.read(_BYTES_MAX + 1)
    except OSError as err:
        raise RuleError(f"cannot be read: {err.strerror}", start) from err
    if len(raw) > _BYTES_MAX:
        raise RuleError(f"larger than {_BYTES_MAX >> 20} MiB", start)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = raw[: err.start].count(b"\n") + 1
        raise RuleError("not UTF-8 text", Place(str(path), line, 1)) from err
    return SourceFile(str(path), text)


def read_items(source: SourceFile, report: Report, kinds: Sequence[str] = KINDS) -> list[Item]:
    """The entries of a file; what is wrong is reported, the rest is read all the same.

    Args:
        source: the file.
        report: takes what is wrong.
        kinds: keys by which an entry says what it is; of several, the first counts.
    """
    budget = Budget()
    items: list[Item] = []
    with report.collect():
        for root in _documents(source, kinds):
            for node in Node(source, root, budget).items():
                with report.collect():
                    items += [] if node.is_null else [_item(node, kinds)]
    return items


def _documents(source: SourceFile, kinds: Sequence[str]) -> list[yaml.Node]:
    """The YAML documents of a file that are lists."""
    try:
        _check_depth(source)
        documents = list(yaml.compose_all(source.text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as err:
        mark = err.problem_mark or err.context_mark
        place = source.place(mark.index) if mark else Place(source.name, 1, 1)
        raise RuleError(f"not YAML: {err.problem}", place) from err
    except yaml.reader.ReaderError as err:
        # It counts bytes.
        before = source.text.encode()[: err.position].decode("utf-8", "ignore")
        raise RuleError(f"not YAML: {err.reason}", source.place(len(before))) from err
    found: list[yaml.Node] = []
    for document in documents:
        if document is None or Node(source, document, Budget()).is_null:
            continue
        if not isinstance(document, yaml.SequenceNode):
            place = Node(source, document, Budget()).place
            raise RuleError(f"expected a list of entries such as '- {kinds[-1]}: name'", place)
        found.append(document)
    return found


def _start(part: yaml.Node | yaml.Event) -> int:
    """Where a part of a file begins; the reader marks all of them."""
    return part.start_mark.index if part.start_mark else 0


def _check_depth(source: SourceFile) -> None:
    """Raise RuleError for YAML that nests too deep: building it would recurse as deep."""
    depth = 0
    for event in yaml.parse(source.text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEPTH_MAX:
                raise RuleError(
                    f"nested deeper than {_DEPTH_MAX} levels", source.place(_start(event))
                )
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _item(node: Node, kinds: Sequence[str]) -> Item:
    if not isinstance(node.yaml, yaml.MappingNode) or not node.yaml.value:
        raise RuleError(f"expected an entry such as '- {kinds[-1]}: name'", node.place)
    keys = node.mapping()
    kind = next((each for each in kinds if each in keys), next(iter(keys)))
    value = keys[kind]
    return Item(kind, value.text().strip() if value.is_scalar else "", node.place, keys)


def suggest(wrong: str, known: Iterable[str]) -> str | None:
    """A hint naming what was probably meant."""
    if len(wrong) > _WRONG_MAX:
        return None
    close = get_close_matches(wrong, list(known), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(close)}?" if close else None
