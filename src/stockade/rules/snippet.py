"""Text taken out of a file, that still knows where each character stood."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence

from stockade.errors import Place

# In a double-quoted scalar: what stands for a character, and a line break that stands for none.
_ESCAPE = re.compile(r"\\(?:x.{2}|u.{4}|U.{8}|[^\n])")
_FOLDED = re.compile(r"(?:\\\n\s*)*")
_BLANK = re.compile(r"(?:\s|\\\n)*")


class SourceFile:
    """A rule file's name and text."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._lines = array("Q", [0])
        self._lines.extend(at + 1 for at, char in enumerate(text) if char == "\n")

    def place(self, offset: int) -> Place:
        """Where a character is."""
        line = bisect_right(self._lines, offset) - 1
        return Place(self.name, line + 1, offset - self._lines[line] + 1)


class Snippet:
    """A YAML scalar: its value, and the part of the file that it was written as.

    The two differ by folded lines, indentation, quotes and escapes.
    """

    def __init__(self, value: str, source: SourceFile, start: int, end: int) -> None:
        self.value = value
        self._source = source
        self._start = start
        self._end = end
        self._offsets: array[int] | None = None

    def place(self, offset: int) -> Place:
        """Where the value's character at an offset stands in the file."""
        if self._offsets is None:
            self._offsets = self._align()
        return self._source.place(self._offsets[offset])

    def _align(self) -> array[int]:
        """The place of each character, and of the end."""
        raw, at = self._source.text, self._start
        offsets = array("Q")
        if raw[at : at + 1] in {"|", ">"}:
            # What follows on the line is about the block, or a comment.
            at = raw.find("\n", at) + 1 or self._end
        escapes = raw.startswith('"', at)
        at += escapes
        for char in self.value:
            if escapes:
                passed = (_FOLDED if char.isspace() else _BLANK).match(raw, at)
                at = passed.end() if passed else at
                if escape := _ESCAPE.match(raw, at):
                    offsets.append(at)
                    at = escape.end()
                    continue
            # One space may stand for a line break and indentation, which are passed over here.
            while not char.isspace() and at < self._end and raw[at] != char:
                at += 1
            offsets.append(at)
            # White space that was written as an escape has no place of its own.
            if at < self._end and raw[at].isspace() == char.isspace():
                at += 1
        offsets.append(at)
        return offsets


class Text:
    """Snippets read as one, with a space between them: an original and what was appended."""

    def __init__(self, snippets: Sequence[Snippet]) -> None:
        self._snippets = tuple(snippets)
        self._start = 0
        self.value = " ".join(snippet.value for snippet in snippets)

    def part(self, start: int, end: int) -> Text:
        """A piece of it, whose characters have the same places."""
        piece = Text(self._snippets)
        piece._start = self._start + start
        piece.value = self.value[start:end]
        return piece

    def place(self, offset: int) -> Place:
        """Where the character at an offset of the value stands."""
        offset += self._start
        for snippet in self._snippets[:-1]:
            if offset <= len(snippet.value):
                return snippet.place(offset)
            offset -= len(snippet.value) + 1
        return self._snippets[-1].place(offset)
