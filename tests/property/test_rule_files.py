"""Any rule file is taken or refused, with a place: nothing crashes, hangs or grows."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from stockade.errors import Diagnostic, RuleErrors
from stockade.events import Value
from stockade.rules.evaluate import evaluate
from stockade.rules.ruleset import RuleSet, build
from stockade.rules.show import condition_text
from stockade.rules.snippet import SourceFile
from stockade.rules.syntax import Bound
from tests.support.rules import made, one, rule_text
from tests.support.values import value_of

FIELDS = (
    "proc.name proc.pid proc.aname proc.aname[1] evt.failed fd.sip fd.net fd.types evt.buffer"
    " evt.arg.flags evt.arg[flags] container.id fd.nme proc.env[A] evt.type proc.name[1]"
).split()
OPERATORS = (
    "= == != < <= > >= contains icontains bcontains startswith bstartswith endswith glob iglob"
    " regex in intersects pmatch exists"
).split()
VALUES = [
    *"x 1 -1 0x10 true 10.0.0.0/8 ::1/64 names (names) (x) (1,2) () [a-z]* a* (( open | \\".split(),
    *('""', "'q r'", '"a\\"b"', '"\\x41\\xff"', "''", "oneof (a,b)", "allof ()", "val(proc.exe)"),
    *(
        "tolower(proc.exe)",
        "basename(fd.name)",
        "(0xff, 1)",
        '("a b", c)',
        "4142",
        "!",
        "]",
        "\u00e9",
    ),
]
FUNCTIONS = ["", "", "", "tolower(", "toupper(", "b64(", "len(", "basename("]


@st.composite
def comparisons(draw: st.DrawFn) -> str:
    function = draw(st.sampled_from(FUNCTIONS))
    field = draw(st.sampled_from(FIELDS))
    closing = ")" if function else ""
    operator, value = draw(st.sampled_from(OPERATORS)), draw(st.sampled_from(VALUES))
    return f"{function}{field}{closing} {operator} {value}"


CONDITIONS = st.recursive(
    st.one_of(comparisons(), st.sampled_from(["m", "n", "missing"])),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map("".join),
        inner.map("not {}".format),
        inner.map("({})".format),
    ),
    max_leaves=6,
)
SCALARS = st.one_of(
    st.sampled_from(
        "append replace true false WARNING x y names m 'q' ~ 0.50.0 3 [] {} T1611 deny".split()
    ),
    st.text(max_size=12).map(repr),
    CONDITIONS.map(repr),
)
KEYS = st.sampled_from(
    "rule macro list items condition desc output priority tags enabled append override exceptions"
    " name fields comps values source tests event fires quiet pack required_engine_version"
    " required_plugin_versions scope action unknown technique maturity skip-if-unknown-filter"
    " warn_evttypes proc.name bogus".split()
)
YAML = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(st.tuples(KEYS, inner), max_size=5).map(
            lambda items: "{" + ", ".join(f"{key}: {value}" for key, value in items) + "}"
        ),
    ),
    max_leaves=12,
)
FILES = st.lists(YAML, max_size=5).map(lambda items: "".join(f"- {item}\n" for item in items))


def found(text: str) -> RuleSet | tuple[Diagnostic, ...]:
    """What the front end makes of a file; each diagnostic has a place in it."""
    outcome: RuleSet | tuple[Diagnostic, ...]
    try:
        outcome = build([SourceFile("rules.yaml", text)])
        diagnostics = outcome.warnings
    except RuleErrors as err:
        outcome = diagnostics = err.diagnostics
        assert diagnostics
    lines = text.split("\n")
    for each in diagnostics:
        assert 1 <= each.place.line <= len(lines), each
        assert 1 <= each.place.column <= len(lines[each.place.line - 1]) + 1, each
        assert each.message
    return outcome


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    found(text)


@given(FILES)
def test_any_structure(text: str) -> None:
    found(text)


HEAD = "- list: names\n  items: [a, 'b c', 1]\n- macro: m\n  condition: proc.pid > 1\n"


@given(CONDITIONS, st.randoms(use_true_random=False))
def test_any_condition(condition: str, random: Random) -> None:
    """One that is taken can be evaluated, and shown, and means the same when read again."""
    outcome = found(HEAD + rule_text(repr(condition)))
    if not isinstance(outcome, RuleSet):
        return
    before = outcome.rules[0].condition
    shown = condition_text(before)
    after = one(made(rule_text(">\n    " + shown.replace("\n", " ")))).condition
    seed = random.random()

    def lookup(bound: Bound) -> Value:
        return value_of(bound, seed)

    assert evaluate(before, lookup) is evaluate(after, lookup)
