"""One automaton for all that is looked for inside a string (Aho and Corasick)."""

from __future__ import annotations

from dataclasses import dataclass

# What one 64-bit entry of the table has room for, beside the next state.
PARTS_MAX = 48
STATE_BITS = 16
_NUL, _OTHER = 0, 1


@dataclass(frozen=True, slots=True)
class Automaton:
    """A table by state and by class of byte.

    Attributes:
        classes: of each byte; NUL ends the string.
        shift: how many bits a class takes in an index.
        table: entries: the next state's first index, and above STATE_BITS a bit for each part that
            has been seen when it is reached.
    """

    classes: bytes
    shift: int
    table: tuple[int, ...]


def automaton(parts: list[bytes]) -> Automaton | None:
    """The automaton that looks for parts; None where its table would be too large."""
    chars = sorted({char for part in parts for char in part})
    classes = bytearray([_OTHER]) * 256
    classes[0] = _NUL
    for number, char in enumerate(chars):
        classes[char] = number + 2
    width = len(chars) + 2
    moves, seen = _linked(*_trie(parts, classes), width)
    shift, states = (width - 1).bit_length(), 1 << (len(moves) - 1).bit_length()
    if states << shift > 1 << STATE_BITS:
        return None
    table = [0] * (states << shift)
    for state, row in enumerate(moves):
        for char, following in enumerate(row):
            table[state << shift | char] = following << shift | seen[following] << STATE_BITS
    return Automaton(bytes(classes), shift, tuple(table))


def _trie(parts: list[bytes], classes: bytearray) -> tuple[list[dict[int, int]], list[int]]:
    """States by what leads to them, and which parts end in each."""
    trie: list[dict[int, int]] = [{}]
    seen = [0]
    for number, part in enumerate(parts):
        state = 0
        for char in part:
            if classes[char] not in trie[state]:
                trie[state][classes[char]] = len(trie)
                trie.append({})
                seen.append(0)
            state = trie[state][classes[char]]
        seen[state] |= 1 << number
    return trie, seen


def _linked(
    trie: list[dict[int, int]], seen: list[int], width: int
) -> tuple[list[list[int]], list[int]]:
    """The moves of every state, those after a mismatch included."""
    moves = [[0] * width for _ in trie]
    fallback = [0] * len(trie)
    queue = []
    for char, state in trie[0].items():
        moves[0][char] = state
        queue.append(state)
    for state in queue:
        seen[state] |= seen[fallback[state]]
        for char in range(width):
            following = trie[state].get(char)
            if following is None:
                moves[state][char] = moves[fallback[state]][char]
            else:
                fallback[following] = moves[fallback[state]][char]
                moves[state][char] = following
                queue.append(following)
        # Nothing goes on after the string's end.
        moves[state][_NUL] = 0
    return moves, seen
