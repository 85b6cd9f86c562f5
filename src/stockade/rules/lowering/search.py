"""Search trees: all that is asked of one value, answered by one walk down a tree.

A value is a sequence of 64-bit words, compared from the first on: of a string its bytes, padded
with zeros. A leaf is the set of probes that hold there.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from stockade.rules.lowering.formulas import Probe

Leaf: TypeAlias = frozenset[Probe]
WORD = 8
_M64 = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Node:
    """One word's ranges.

    Attributes:
        word: its number.
        ranges: (first value, what follows), in order; the first begins at 0.
    """

    word: int
    ranges: tuple[tuple[int, Node | Leaf], ...]


@dataclass(frozen=True, slots=True)
class Span:
    """A range of one word, after which a probe holds, or asks for more words.

    Attributes:
        low, high: the range, its ends included.
        rest: what the next words have to begin with.
    """

    low: int
    high: int
    rest: bytes
    probe: Probe


def prefix_tree(patterns: Iterable[tuple[bytes, Probe]]) -> Node:
    """The tree of what strings begin with."""
    return _tree([_span(pattern, probe) for pattern, probe in patterns], 0, frozenset())


def number_tree(ranges: Iterable[tuple[int, int, Probe]]) -> Node:
    """The tree of the ranges that a number lies in."""
    return _tree([Span(low, high, b"", probe) for low, high, probe in ranges], 0, frozenset())


def leaves(node: Node) -> Iterator[Leaf]:
    """Every leaf, from left to right."""
    for _, following in node.ranges:
        if isinstance(following, Node):
            yield from leaves(following)
        else:
            yield following


def find(node: Node, words: list[int]) -> Leaf:
    """The leaf of a value; words beyond its last are zero."""
    word = words[node.word] if node.word < len(words) else 0
    following = next(each for low, each in reversed(node.ranges) if low <= word)
    return find(following, words) if isinstance(following, Node) else following


def _span(pattern: bytes, probe: Probe) -> Span:
    head = pattern[:WORD]
    low = int.from_bytes(head.ljust(WORD, b"\0"), "big")
    high = int.from_bytes(head.ljust(WORD, b"\xff"), "big")
    return Span(low, high, pattern[WORD:], probe)


def _tree(spans: list[Span], word: int, above: Leaf) -> Node:
    starts = sorted({0, *(s.low for s in spans), *(s.high + 1 for s in spans if s.high < _M64)})
    holding: list[list[Span]] = [[] for _ in starts]
    for span in spans:
        end = bisect_left(starts, span.high + 1)
        for at in range(bisect_left(starts, span.low), end):
            holding[at].append(span)
    ranges: list[tuple[int, Node | Leaf]] = []
    for start, found in zip(starts, holding, strict=True):
        leaf = above.union(span.probe for span in found if not span.rest)
        further = [_span(span.rest, span.probe) for span in found if span.rest]
        following = _tree(further, word + 1, leaf) if further else leaf
        if not ranges or ranges[-1][1] != following:
            ranges.append((start, following))
    return Node(word, tuple(ranges))
