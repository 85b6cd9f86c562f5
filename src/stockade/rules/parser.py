"""Conditions in Falco's language, by recursive descent: or < and < not < comparison."""

from __future__ import annotations

from collections.abc import Callable

from stockade.errors import Place, RuleError
from stockade.rules.scanner import Scanner
from stockade.rules.snippet import Text
from stockade.rules.syntax import (
    And,
    Compare,
    Condition,
    FieldRef,
    Literal,
    MacroRef,
    Not,
    Operand,
    Or,
    Right,
    Transform,
)

SYMBOLS = ("<=", "<", ">=", ">", "==", "=", "!=")
TEXT_WORDS = (
    "glob",
    "iglob",
    "contains",
    "icontains",
    "bcontains",
    "startswith",
    "bstartswith",
    "endswith",
    "regex",
)
LIST_WORDS = ("intersects", "in", "pmatch")
HEX_WORDS = ("bcontains", "bstartswith")
WORDS = ("exists", *TEXT_WORDS, *LIST_WORDS)
OPERATORS = (*SYMBOLS, *WORDS)
FUNCTIONS = ("tolower", "toupper", "b64", "basename", "len")
MODIFIERS = ("oneof", "anyof", "allof")

_KEYWORDS = {"and", "or", "not"}
_DEPTH_MAX = 100
_LENGTH_MAX = 1 << 20


def parse(text: Text) -> Condition:
    """The condition in a piece of text.

    Raises:
        RuleError: at the first token that does not fit.
    """
    if len(text.value) > _LENGTH_MAX:
        raise RuleError(f"a condition has at most {_LENGTH_MAX} characters", text.place(0))
    return _Parser(Scanner(text)).condition()


def parse_operand(text: Text) -> Operand:
    """A field, or a function of one, alone. Raises RuleError."""
    return _Parser(Scanner(text)).operand()


def parse_list(text: Text) -> tuple[Literal, ...]:
    """Values in parentheses, alone. Raises RuleError."""
    return _Parser(Scanner(text)).values()


class _Parser:
    def __init__(self, scanner: Scanner) -> None:
        self._scan = scanner
        self._depth = 0

    def condition(self) -> Condition:
        found = self._or()
        if not self._scan.at_end():
            raise self._expected("and, or, or the end")
        return found

    def values(self) -> tuple[Literal, ...]:
        found = self._list()
        if not self._scan.at_end():
            raise self._expected("the end of the list")
        return found

    def operand(self) -> Operand:
        place = self._scan.place
        name = self._scan.name()
        if name is None:
            raise self._expected("a field")
        found = self._operand(name, place)
        if not self._scan.at_end():
            raise self._expected("the end of the field")
        return found

    def _expected(self, wanted: str, hint: str | None = None) -> RuleError:
        message = f"expected {wanted}, found {self._scan.found()}"
        return RuleError(message, self._scan.place, hint=hint)

    def _or(self) -> Condition:
        return self._chain("or", self._and, Or)

    def _and(self) -> Condition:
        return self._chain("and", self._not, And)

    def _chain(self, word: str, term: Callable[[], Condition], node: type[And | Or]) -> Condition:
        terms = [term()]
        while self._scan.word(word):
            terms.append(term())
        return terms[0] if len(terms) == 1 else node(tuple(terms))

    def _not(self) -> Condition:
        negated = False
        while self._scan.word("not"):
            negated = not negated
        place = self._scan.place
        if not self._scan.symbol("("):
            inner = self._comparison()
        else:
            self._depth += 1
            if self._depth > _DEPTH_MAX:
                raise RuleError(f"parentheses nested deeper than {_DEPTH_MAX} levels", place)
            inner = self._or()
            self._close()
            self._depth -= 1
        return Not(inner) if negated else inner

    def _close(self) -> None:
        if not self._scan.symbol(")"):
            raise self._expected("a closing parenthesis")

    def _comparison(self) -> Condition:
        place = self._scan.place
        name = self._scan.name()
        if name is None or name in _KEYWORDS:
            raise RuleError(
                f"expected a field or a macro, found {repr(name) if name else self._scan.found()}",
                place,
            )
        called = name in FUNCTIONS and self._scan.comes("(")
        if "." not in name and not called:
            return MacroRef(name, place)
        left = self._operand(name, place)
        operator = self._operator()
        if operator == "exists":
            return Compare(left, operator, (), None, place)
        canonical = "=" if operator == "==" else operator
        if operator in LIST_WORDS:
            return Compare(left, canonical, self._list_or_operand(), None, place)
        if modifier := self._modifier():
            return Compare(left, canonical, self._list(), modifier, place)
        return Compare(left, canonical, self._value_or_operand(), None, place)

    def _operand(self, name: str, place: Place) -> Operand:
        """A field, or a function of one, whose name has been read."""
        if name not in FUNCTIONS:
            return FieldRef(name, self._scan.argument(), place)
        if not self._scan.symbol("("):
            raise self._expected(f"an opening parenthesis after {name}")
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise RuleError(f"functions nested deeper than {_DEPTH_MAX} levels", place)
        operand = self._inner_operand()
        self._depth -= 1
        return Transform(name, operand, place)

    def _inner_operand(self) -> Operand:
        """What stands in a function's parentheses, and the closing one."""
        place = self._scan.place
        name = self._scan.name()
        if name is None:
            raise self._expected("a field")
        operand = self._operand(name, place)
        self._close()
        return operand

    def _operator(self) -> str:
        for symbol in SYMBOLS:
            if self._scan.symbol(symbol):
                return symbol
        for word in WORDS:
            if self._scan.word(word):
                return word
        raise self._expected("an operator", hint=f"one of {' '.join(OPERATORS)}")

    def _modifier(self) -> str | None:
        """oneof, anyof or allof before a list; elsewhere these are ordinary values."""
        return next((word for word in MODIFIERS if self._scan.word_before(word, "(")), None)

    def _right_operand(self) -> Operand | None:
        """val(field), or a function of a field, where such a thing stands instead of a value."""
        for function in ("val", *FUNCTIONS):
            place = self._scan.place
            if not self._scan.word_before(function, "("):
                continue
            if function != "val":
                return self._operand(function, place)
            self._scan.symbol("(")
            return self._inner_operand()
        return None

    def _value_or_operand(self) -> Right:
        operand = self._right_operand()
        return (self._literal(),) if operand is None else operand

    def _list_or_operand(self) -> Right:
        operand = self._right_operand()
        return self._list() if operand is None else operand

    def _literal(self) -> Literal:
        literal = self._scan.literal()
        if literal is None:
            raise self._expected("a value")
        return literal

    def _list(self) -> tuple[Literal, ...]:
        if not self._scan.symbol("("):
            raise self._expected("an opening parenthesis", hint="write a list's name as (name)")
        items: list[Literal] = []
        while not self._scan.symbol(")"):
            if items and not self._scan.symbol(","):
                raise self._expected("a comma or a closing parenthesis")
            items.append(self._literal())
        return tuple(items)
