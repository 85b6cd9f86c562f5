"""Conditions character by character: what a token is depends on where it stands.

After `evt.dir =`, `<` is a value; after `proc.pid` it is an operator. So the
parser says what it expects, and the scanner looks whether that is there.
"""

from __future__ import annotations

import re

from stockade.errors import Place, RuleError
from stockade.rules.snippet import Text
from stockade.rules.syntax import Literal

_BLANK = re.compile(r"\s*")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*")
_BARE = re.compile(r"""[^()"'\s=,]+""")
_BARE_ARGUMENT = re.compile(r"""[^\[\]"'\s]+""")
_QUOTED = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""", re.DOTALL)
_WORD_CHARACTER = re.compile(r"[A-Za-z0-9_.]")
_ESCAPE = re.compile(r"\\(?:x(?P<hex>[0-9A-Fa-f]{2})|(?P<char>.))", re.DOTALL)
# A backslash before a space stands for itself: old rule files have it.
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", " ": "\\", "\\": "\\", "/": "/"}


class Scanner:
    """A place in a condition that moves forward."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._value = text.value
        self._at = 0

    @property
    def place(self) -> Place:
        """Where the next token begins."""
        self.skip()
        return self._text.place(min(self._at, len(self._value.rstrip())))

    def skip(self) -> bool:
        """Pass over white space; says whether there was any."""
        match = _BLANK.match(self._value, self._at)
        self._at = match.end() if match else self._at
        return bool(match and match[0])

    def at_end(self) -> bool:
        """Whether nothing is left."""
        self.skip()
        return self._at == len(self._value)

    def symbol(self, symbol: str) -> bool:
        """Take a symbol, if it comes next."""
        self.skip()
        if not self._value.startswith(symbol, self._at):
            return False
        self._at += len(symbol)
        return True

    def word(self, word: str) -> bool:
        """Take a word, if it comes next and ends there."""
        self.skip()
        end = self._at + len(word)
        if not self._value.startswith(word, self._at) or _WORD_CHARACTER.match(self._value, end):
            return False
        self._at = end
        return True

    def comes(self, symbol: str) -> bool:
        """Whether a symbol comes next."""
        self.skip()
        return self._value.startswith(symbol, self._at)

    def word_before(self, word: str, symbol: str) -> bool:
        """Take a word, if it comes next and a symbol follows it."""
        start = self._at
        if self.word(word) and self.comes(symbol):
            return True
        self._at = start
        return False

    def name(self) -> str | None:
        """Take the name of a field, a macro or a function."""
        self.skip()
        return self._take(_NAME)

    def argument(self) -> str | None:
        """Take what stands in brackets directly behind a field's name; None without brackets.

        Raises:
            RuleError: the brackets are empty or not closed.
        """
        if not self._value.startswith("[", self._at):
            return None
        self._at += 1
        place = self._text.place(self._at)
        literal = self._quoted()
        argument = literal.text if literal else self._take(_BARE_ARGUMENT)
        if argument is None or not self._value.startswith("]", self._at):
            raise RuleError("expected an argument and a closing bracket", place)
        self._at += 1
        return argument

    def literal(self) -> Literal | None:
        """Take a value: a quoted string or a bare word.

        Raises:
            RuleError: a quote that is not closed, or an unknown escape.
        """
        self.skip()
        if self._value.startswith(('"', "'"), self._at):
            return self._quoted()
        place = self._text.place(self._at)
        bare = self._take(_BARE)
        return None if bare is None else Literal(bare, quoted=False, place=place)

    def found(self) -> str:
        """What comes next, for a message."""
        self.skip()
        rest = self._value[self._at :].split(maxsplit=1)
        return repr(rest[0][:40]) if rest else "the end of the condition"

    def _take(self, pattern: re.Pattern[str]) -> str | None:
        match = pattern.match(self._value, self._at)
        if match is None:
            return None
        self._at = match.end()
        return match[0]

    def _quoted(self) -> Literal | None:
        if not self._value.startswith(('"', "'"), self._at):
            return None
        place = self._text.place(self._at)
        raw = self._take(_QUOTED)
        if raw is None:
            raise RuleError("this quote is not closed", place)
        return Literal(unquote(raw, place), quoted=True, place=place)


def unquote(raw: str, place: Place) -> str:
    r"""The text of a quoted string.

    Escapes are \b \f \n \r \t \\ \/ the string's own quote, and \xHH for a byte.

    Raises:
        RuleError: another escape.
    """
    quote = raw[0]

    def resolve(match: re.Match[str]) -> str:
        if (digits := match["hex"]) is not None:
            return bytes.fromhex(digits).decode("utf-8", "surrogateescape")
        char = match["char"]
        if char == quote:
            return quote
        if char not in _ESCAPES:
            hint = "a backslash is written twice"
            raise RuleError(f"unknown escape \\{char} in a string", place, hint=hint)
        return _ESCAPES[char]

    return _rejoin(_ESCAPE.sub(resolve, raw[1:-1]))


def _rejoin(text: str) -> str:
    """Bytes that were written one by one may together be UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
