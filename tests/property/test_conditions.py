"""Any text is a condition or an error with a place; evaluation follows Kleene."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stockade.errors import Place, RuleError
from stockade.events import ABSENT, UNKNOWN, Value
from stockade.events.fields import CATALOGUE
from stockade.rules import syntax
from stockade.rules.evaluate import evaluate
from stockade.rules.parser import parse
from stockade.rules.snippet import Snippet, SourceFile, Text
from stockade.rules.syntax import And, Bound, Condition, Not, Or

START = Place("f", 1, 1)
WORDS = st.sampled_from(
    "and or not ( ) = != < in , contains exists proc.name 'q' \"a b\" x 1 \n val( oneof".split(" ")
)


def is_placed(text: str) -> None:
    """The text parses, or its error lies in it."""
    place = START
    try:
        parse(Text([Snippet(text, SourceFile("f", text), 0, len(text))]))
    except RuleError as err:
        place = err.place
    lines = text.split("\n")
    assert 1 <= place.line <= len(lines)
    assert 1 <= place.column <= len(lines[place.line - 1]) + 1


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    is_placed(text)


@given(st.lists(WORDS, max_size=40).map(" ".join))
def test_any_words(text: str) -> None:
    is_placed(text)


NAMES = {"a": "proc.name", "b": "proc.pname", "c": "fd.name"}


def leaf(name: str) -> syntax.Test:
    """A comparison of a field with 1."""
    field = CATALOGUE[NAMES[name]]
    return syntax.Test(Bound(field, None, (), field.type, None), "=", ("1",), None, None, START)


CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    st.sampled_from(["a", "b", "c"]).map(leaf),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda terms: And(tuple(terms))),
        st.lists(inner, min_size=1, max_size=3).map(lambda terms: Or(tuple(terms))),
        inner.map(Not),
    ),
    max_leaves=8,
)
VALUES = st.fixed_dictionaries(
    dict.fromkeys(NAMES.values(), st.sampled_from(["1", "2", ABSENT, UNKNOWN]))
)


def outcome(condition: Condition, values: dict[str, Value]) -> bool | None:
    """What the condition comes to."""
    return evaluate(condition, lambda bound: values[bound.field.name])


def by_completion(condition: Condition, values: dict[str, Value]) -> set[bool | None]:
    """What the condition can come to when every unknown is replaced by a value, or absent."""
    for name, value in values.items():
        if value is UNKNOWN:
            return set().union(
                *(by_completion(condition, values | {name: each}) for each in ("1", "2", ABSENT))
            )
    return {outcome(condition, values)}


@given(CONDITIONS, VALUES)
def test_a_known_answer_is_every_completions_answer(
    condition: Condition, values: dict[str, Value]
) -> None:
    answer = outcome(condition, values)
    if answer is not None:
        assert by_completion(condition, values) == {answer}


@given(CONDITIONS, VALUES.filter(lambda values: UNKNOWN not in values.values()))
def test_without_unknowns_there_is_always_an_answer(
    condition: Condition, values: dict[str, Value]
) -> None:
    assert outcome(condition, values) is not None
