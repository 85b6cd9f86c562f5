"""Conditions into tokens, each with its place in the file."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from stockade.errors import Place, RuleError

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<symbol>==|!=|<=|>=|[=<>(),])
  | (?P<word>[^\s"'=<>(),!]+)
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, string, symbol or the end; value has a string's escapes resolved."""

    kind: str
    value: str
    place: Place


@dataclass(frozen=True, slots=True)
class Snippet:
    """Text of a file, with where it begins.

    Attributes:
        text: as it stands in the file.
        place: of its first character.
    """

    text: str
    place: Place

    def place_at(self, offset: int) -> Place:
        """Where a character of the text is in the file."""
        starts = [0, *(match.end() for match in re.finditer("\n", self.text))]
        line = bisect_right(starts, offset) - 1
        first = self.place.column if line == 0 else 1
        return Place(self.place.file, self.place.line + line, first + offset - starts[line])


def tokenize(snippet: Snippet) -> list[Token]:
    """All tokens of a condition, ending with one of kind "end".

    Raises:
        RuleError: a character that begins no token, such as an unclosed quote.
    """
    tokens, at, text = [], 0, snippet.text
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise RuleError(f"unexpected {text[at]!r}", snippet.place_at(at), hint=_hint(text[at]))
        kind, value = match.lastgroup or "", match[0]
        if kind == "string":
            value = _ESCAPE.sub(r"\1", value[1:-1])
        if kind != "space":
            tokens.append(Token(kind, value, snippet.place_at(at)))
        at = match.end()
    tokens.append(Token("end", "", snippet.place_at(len(text.rstrip()))))
    return tokens


def _hint(char: str) -> str | None:
    return "a quoted string is not closed" if char in "\"'" else None
