"""Any text is a condition or an error with a place; evaluation follows Kleene."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stockade.errors import Place, RuleError
from stockade.events import ABSENT, UNKNOWN, Value
from stockade.rules.evaluate import evaluate
from stockade.rules.lexer import Snippet
from stockade.rules.parser import parse
from stockade.rules.syntax import And, Compare, Condition, Not, Or

START = Place("f", 1, 1)
WORDS = st.sampled_from(
    "and or not ( ) = != < in , contains exists proc.name 'q' \"a b\" x 1 \n".split(" ")
)


def mistake(text: str) -> Place | None:
    try:
        parse(Snippet(text, START), {})
    except RuleError as err:
        return err.place
    return None


def is_placed(text: str) -> None:
    place = mistake(text)
    if place is not None:
        lines = text.split("\n")
        assert 1 <= place.line <= len(lines)
        assert 1 <= place.column <= len(lines[place.line - 1]) + 1


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    is_placed(text)


@given(st.lists(WORDS, max_size=40).map(" ".join))
def test_any_words(text: str) -> None:
    is_placed(text)


LEAVES = st.sampled_from(["a", "b", "c"]).map(lambda name: Compare(name, "=", ("1",), START))
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda terms: And(tuple(terms))),
        st.lists(inner, min_size=1, max_size=3).map(lambda terms: Or(tuple(terms))),
        inner.map(Not),
    ),
    max_leaves=8,
)
VALUES = st.fixed_dictionaries(dict.fromkeys("abc", st.sampled_from(["1", "2", ABSENT, UNKNOWN])))


def by_completion(condition: Condition, values: dict[str, Value]) -> set[bool | None]:
    """What the condition can come to when every unknown is replaced by a value, or absent."""
    for name, value in values.items():
        if value is UNKNOWN:
            return set().union(
                *(by_completion(condition, values | {name: each}) for each in ("1", "2", ABSENT))
            )
    return {evaluate(condition, values.__getitem__)}


@given(CONDITIONS, VALUES)
def test_a_known_answer_is_every_completions_answer(
    condition: Condition, values: dict[str, Value]
) -> None:
    answer = evaluate(condition, values.__getitem__)
    if answer is not None:
        assert by_completion(condition, values) == {answer}


@given(CONDITIONS, VALUES.filter(lambda values: UNKNOWN not in values.values()))
def test_without_unknowns_there_is_always_an_answer(
    condition: Condition, values: dict[str, Value]
) -> None:
    assert evaluate(condition, values.__getitem__) in {True, False}
