"""Where lint says that no event answers, none does: the solver against the evaluator."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from stockade.events import ABSENT, UNKNOWN, Value, View
from stockade.rules import Rule, values_of
from stockade.rules.evaluate import evaluate
from stockade.rules.lint.scenarios import scenarios
from stockade.rules.lint.solver import Space, asks, satisfiable
from stockade.rules.lint.theory import FALSE, NEITHER, TRUE, Theory, truth
from stockade.rules.lowering.generated import RawRecord
from stockade.rules.lowering.kinds import FILTERED
from stockade.rules.lowering.staging import Stager
from stockade.rules.syntax import Bound
from tests.support.filters import packs, stock
from tests.support.judged import events_of
from tests.support.rules import made, rule_text

SEED = 20_260_422
TEXTS = ("a", "b", "ab", "ba", "A", "aXb", "/a", "/a/b", "a|b", '""')
NUMBERS = ("0", "1", "2", "5")
NETS = ("10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "fd00::/8")
VALUES: dict[str, tuple[Value, ...]] = {
    "proc.name": ("a", "b", "ab", "ba", "A", "aXb", "abXab", "/a/b", ""),
    "fd.filename": ("a", "b", "abba", "a/b", "/a/b"),
    "evt.arg.flags": ("a", "a|b", "b|A", "ab"),
    "user.uid": (-1, 0, 1, 2, 3, 4, 5, 6, 1 << 31),
    "evt.failed": (True, False),
    "fd.cip": ("10.1.2.3", "10.1.9.9", "10.9.9.9", "fd00::1", "192.0.2.1"),
    "proc.aname": (("a",), ("b", "ab"), (), ("a", UNKNOWN), (ABSENT, "ba")),
    "container.labels": (("a",), ("b", "ab"), (), ("a", UNKNOWN)),
}
# Not every field can be in every type's events: what matters here is the operand.
PLAIN = "= != startswith endswith contains icontains glob regex <".split()


def joined(words: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(words), min_size=1, max_size=3).map(
        lambda some: f"({', '.join(some)})"
    )


def of_text(field: str) -> st.SearchStrategy[str]:
    plain = st.tuples(st.sampled_from(PLAIN), st.sampled_from(TEXTS)).map(" ".join)
    listed = st.tuples(
        st.sampled_from(["in", "= oneof", "startswith allof", "!= anyof"]), joined(TEXTS)
    )
    operand = st.sampled_from([field, field, f"tolower({field})", f"basename({field})"])
    return st.tuples(operand, st.one_of(plain, listed.map(" ".join), st.just("exists"))).map(
        " ".join
    )


def simple(field: str, operators: str, words: tuple[str, ...]) -> st.SearchStrategy[str]:
    pair = st.tuples(st.sampled_from(operators.split()), st.sampled_from(words))
    return pair.map(lambda found: f"{field} {found[0]} {found[1]}")


LEAVES = st.one_of(
    of_text("proc.name"),
    of_text("fd.filename"),
    st.tuples(st.just("evt.arg.flags contains"), st.sampled_from(("a", "b", "A"))).map(" ".join),
    simple("user.uid", "= != < <= > >=", NUMBERS),
    simple("len(proc.name)", "= != < >", NUMBERS),
    simple("evt.failed", "= !=", ("true", "false")),
    simple("fd.cip", "= !=", NETS),
    simple("proc.aname", "= != startswith contains", TEXTS[:6]),
    st.tuples(
        st.sampled_from(["container.labels in", "container.labels intersects"]), joined(TEXTS)
    ).map(" ".join),
    st.just("proc.name = val(fd.filename)"),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map(lambda terms: f"({' and '.join(terms)})"),
        st.lists(inner, min_size=2, max_size=4).map(lambda terms: f"({' or '.join(terms)})"),
        inner.map(lambda term: f"not ({term})"),
    ),
    max_leaves=8,
)
TRUTHS = st.sampled_from([TRUE, FALSE, TRUE | NEITHER, FALSE | NEITHER])


def rules_of(*conditions: str) -> tuple[Rule, ...]:
    text = "".join(rule_text(f"{each}", name=f"r{at}") for at, each in enumerate(conditions))
    return made(text).rules


def chosen(seed: int) -> dict[str, Value]:
    rng = random.Random(seed)  # noqa: S311 - a test's choice
    return {field: rng.choice((*values, ABSENT, UNKNOWN)) for field, values in VALUES.items()}


@given(CONDITIONS, TRUTHS, CONDITIONS, TRUTHS, st.integers(0, 1 << 32))
def test_what_cannot_be_is_not(first: str, one: int, second: str, other: int, seed: int) -> None:
    a, b = rules_of(first, second)
    theory = Theory([a.condition, b.condition])
    questions = [asks(theory, a.condition, one), asks(theory, b.condition, other)]
    if satisfiable(Space(theory), questions):
        return
    for attempt in range(300):
        values = chosen(seed + attempt)

        def lookup(bound: Bound, values: dict[str, Value] = values) -> Value:
            return values[bound.field.name]

        found = [truth(evaluate(each.condition, lookup)) for each in (a, b)]
        assert not (found[0] & one and found[1] & other), values


def test_no_event_goes_beyond_its_scenario() -> None:
    rules = (*packs(), *stock())
    theory = Theory(rule.condition for rule in rules)
    stagers = {kind: Stager(kind) for kind in FILTERED}
    found = {(each.kind, each.host): each.space().given for each in scenarios(theory, stagers)}
    rng = random.Random(SEED)  # noqa: S311 - always the same ones
    for kind in sorted(FILTERED):
        for _ in range(4):
            raw = RawRecord(kind, rng).bytes()
            event = events_of(raw, rng.choice(list(View)), rng)
            truths = found[kind, event.container is None]
            for number, test in enumerate(theory.tests):
                answer = truth(evaluate(test, values_of(event)))
                assert answer & truths(number), (event, test)
