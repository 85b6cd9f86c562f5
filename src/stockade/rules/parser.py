"""Conditions in Falco's language, by recursive descent: or < and < not < comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stockade.errors import RuleError
from stockade.rules.lexer import Snippet, Token, tokenize
from stockade.rules.syntax import And, Compare, Condition, Macro, Not, Or

SYMBOLS = ("=", "==", "!=", "<", "<=", ">", ">=")
WORDS = ("contains", "startswith", "endswith", "in", "exists")
_RESERVED = {*WORDS, "and", "or", "not"}
_DEPTH_MAX = 64


def parse(snippet: Snippet, lists: Mapping[str, tuple[str, ...]]) -> Condition:
    """The condition in a piece of a file.

    Args:
        snippet: the condition's text and place.
        lists: the known lists; an unquoted name in `in (...)` stands for its items.

    Raises:
        RuleError: at the first token that does not fit.
    """
    return _Parser(tokenize(snippet), lists).condition()


class _Parser:
    def __init__(self, tokens: list[Token], lists: Mapping[str, tuple[str, ...]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._lists = lists

    def condition(self) -> Condition:
        found = self._or()
        if self._next.kind != "end":
            raise self._unexpected("and, or, or the end")
        return found

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._next
        self._at += 1
        return token

    def _accept(self, kind: str, value: str) -> bool:
        if (self._next.kind, self._next.value) != (kind, value):
            return False
        self._at += 1
        return True

    def _unexpected(self, wanted: str) -> RuleError:
        found = repr(self._next.value) if self._next.kind != "end" else "the end of the condition"
        return RuleError(f"expected {wanted}, found {found}", self._next.place)

    def _or(self) -> Condition:
        return self._chain("or", self._and, Or)

    def _and(self) -> Condition:
        return self._chain("and", self._not, And)

    def _chain(self, word: str, term: Callable[[], Condition], node: type[And | Or]) -> Condition:
        terms = [term()]
        while self._accept("word", word):
            terms.append(term())
        return terms[0] if len(terms) == 1 else node(tuple(terms))

    def _not(self) -> Condition:
        place = self._next.place
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise RuleError(f"nested deeper than {_DEPTH_MAX} levels", place)
        try:
            if self._accept("word", "not"):
                return Not(self._not())
            if self._accept("symbol", "("):
                inner = self._or()
                if not self._accept("symbol", ")"):
                    raise self._unexpected("a closing parenthesis")
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Condition:
        if self._next.kind != "word" or self._next.value in _RESERVED:
            raise self._unexpected("a field or a macro")
        name = self._take()
        operator = self._next
        if operator.kind == "symbol" and operator.value in SYMBOLS:
            self._take()
            canonical = "=" if operator.value == "==" else operator.value
            return Compare(name.value, canonical, (self._value(),), name.place)
        if operator.kind == "word" and operator.value in WORDS:
            self._take()
            return Compare(name.value, operator.value, self._operands(operator.value), name.place)
        return Macro(name.value, name.place)

    def _operands(self, operator: str) -> tuple[str, ...]:
        if operator == "exists":
            return ()
        return self._items() if operator == "in" else (self._value(),)

    def _value(self) -> str:
        if self._next.kind not in {"word", "string"}:
            raise self._unexpected("a value")
        return self._take().value

    def _items(self) -> tuple[str, ...]:
        if not self._accept("symbol", "("):
            raise self._unexpected("an opening parenthesis")
        items: list[str] = []
        while not self._accept("symbol", ")"):
            bare = self._next.kind == "word"
            value = self._value()
            items += self._lists.get(value, (value,)) if bare else (value,)
            if not self._accept("symbol", ",") and self._next.value != ")":
                raise self._unexpected("a comma or a closing parenthesis")
        return tuple(items)
