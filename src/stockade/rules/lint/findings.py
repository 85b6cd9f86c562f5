"""The findings of a set of rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import chain

from stockade.errors import Place
from stockade.events import Action, EventType, Priority
from stockade.rules.engine import may_match
from stockade.rules.lint.scenarios import scenarios
from stockade.rules.lint.solver import Question, Space, Undecided, asks, satisfiable
from stockade.rules.lint.theory import FALSE, NEITHER, TRUE, Theory
from stockade.rules.lowering.deciding import obstacles
from stockade.rules.lowering.kinds import FILTERED
from stockade.rules.lowering.parts import Parts
from stockade.rules.lowering.staging import Stager
from stockade.rules.parser import LIST_WORDS
from stockade.rules.rule import Rule
from stockade.rules.show import condition_text
from stockade.rules.syntax import And, Condition, Not, Or, tests_of

_SHOWN_MAX = 160
_EVENTS_SHOWN = 4
_URGENCY = list(Priority)
_STRENGTH = list(Action)


class Kind(Enum):
    """What can be wrong.

    NEVER: the rule, or a part of it, never holds.
    ALWAYS: it always does.
    SHADOWED: another rule, at least as urgent, fires whenever this one does.
    REDUNDANT: another rule fires exactly when this one does.
    UNBOUNDED: the kernel has to send up every event of some type for the rule.
    UNDECIDABLE: the rule would deny or kill, and only detects: the kernel cannot tell when.
    """

    NEVER = "never"
    ALWAYS = "always"
    SHADOWED = "shadowed"
    REDUNDANT = "redundant"
    UNBOUNDED = "unbounded"
    UNDECIDABLE = "undecidable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect of one rule.

    Attributes:
        place: of the rule, or of the part that it is about.
    """

    kind: Kind
    rule: str
    message: str
    place: Place
    hint: str | None = None


def lint(rules: Iterable[Rule]) -> tuple[Finding, ...]:
    """What is wrong with rules, in their order; those that are switched off are left out."""
    enabled = [rule for rule in rules if rule.enabled]
    linter = _Linter(enabled)
    found = chain(*map(linter.alone, enabled), linter.together())
    order = {rule.name: number for number, rule in enumerate(enabled)}
    return tuple(dict.fromkeys(sorted(found, key=lambda each: order[each.rule])))


class _Linter:
    def __init__(self, rules: list[Rule]) -> None:
        self._rules = rules
        self._theory = Theory(rule.condition for rule in rules)
        self._stagers = {kind: Stager(kind) for kind in FILTERED}
        # As filters are made: with what the kernel is told of containers and processes.
        parts = Parts(rules)
        self._filters = {kind: Stager(kind, parts) for kind in FILTERED}
        self._scenarios = list(scenarios(self._theory, self._stagers))
        self._pure = Space(self._theory)
        self._known_parts = Space(self._theory, everywhere=TRUE | FALSE, present=True)
        # By rule: the scenarios in which it may fire.
        self._fires: dict[str, frozenset[int]] = {}

    def alone(self, rule: Rule) -> Iterator[Finding]:
        """What is wrong with a rule by itself."""
        fires = asks(self._theory, rule.condition, TRUE)
        self._fires[rule.name] = frozenset(
            number
            for number, each in enumerate(self._scenarios)
            if may_match(rule, each.kind, host=each.host) and not _impossible(each.space(), [fires])
        )
        if not self._fires[rule.name]:
            yield self._never(rule)
            return
        yield from self._always(rule)
        yield from self._parts(rule, rule.condition)
        yield from self._unbounded(rule)
        if rule.action in {Action.DENY, Action.KILL} and not rule.decided:
            for each in obstacles(rule):
                yield Finding(Kind.UNDECIDABLE, rule.name, each.message, each.place)

    # ---- never and always ----

    def _never(self, rule: Rule) -> Finding:
        """Why a rule never fires: no more of its terms than it takes."""
        terms = _conjuncts(rule.condition)
        whatever = self._contradict(terms, [self._pure])
        spaces = [self._pure] if whatever else [each.space() for each in self._scenarios]
        for term in list(terms):
            rest = [each for each in terms if each is not term]
            if rest and self._contradict(rest, spaces):
                terms = rest
        return Finding(
            Kind.NEVER,
            rule.name,
            f"rule {rule.name!r} never fires: {_why(terms, whatever=whatever)}",
            _place(terms[-1]),
        )

    def _contradict(self, terms: Iterable[Condition], spaces: Iterable[Space]) -> bool:
        questions = [asks(self._theory, term, TRUE) for term in terms]
        return all(_impossible(space, questions) for space in spaces)

    def _always(self, rule: Rule) -> Iterator[Finding]:
        fails = asks(self._theory, rule.condition, FALSE)
        if all(_impossible(each.space(TRUE | FALSE), [fails]) for each in self._scenarios):
            message = f"rule {rule.name!r} fires on every event"
            yield Finding(Kind.ALWAYS, rule.name, message, rule.place)

    def _parts(self, rule: Rule, condition: Condition) -> list[Finding]:
        """The smallest parts of a condition that come to the same whatever the event is."""
        found = [each for term in _terms(condition) for each in self._parts(rule, term)]
        if found or isinstance(condition, Not):
            return found
        kind = self._same(condition)
        if kind is None:
            return []
        verb = "never holds" if kind is Kind.NEVER else "holds whatever the value is"
        message = f"rule {rule.name!r}: {_shown(condition)} {verb}"
        return [Finding(kind, rule.name, message, _place(condition))]

    def _same(self, part: Condition) -> Kind | None:
        tests = list(tests_of(part))
        # An empty list is a place for others to fill.
        if any(
            test.operator in LIST_WORDS and not test.values and not test.right for test in tests
        ):
            return None
        if _impossible(self._pure, [asks(self._theory, part, TRUE)]):
            return Kind.NEVER
        # Whether there is a value is the question of exists.
        asked = any(test.operator == "exists" for test in tests)
        if not asked and _impossible(self._known_parts, [asks(self._theory, part, FALSE)]):
            return Kind.ALWAYS
        return None

    # ---- what the kernel can tell ----

    def _kinds(self, rule: Rule) -> list[EventType]:
        """The event types that may fire a rule."""
        return sorted({self._scenarios[number].kind for number in self._fires[rule.name]})

    def _unbounded(self, rule: Rule) -> Iterator[Finding]:
        open_ = []
        for kind in FILTERED.intersection(self._kinds(rule)):
            outcome = self._filters[kind].outcome(rule.condition)
            # Where it never fails, every such event is what the rule is after.
            if outcome.may_hold is True and outcome.may_fail is not False:
                open_.append(kind)
        if open_:
            message = (
                f"rule {rule.name!r} has every {_listed(open_)} of the host sent up: of its"
                f" condition, the kernel can tell nothing there"
            )
            hint = "narrow it by what the kernel knows; stockade rules explain shows what that is"
            yield Finding(Kind.UNBOUNDED, rule.name, message, rule.place, hint)

    # ---- rules beside each other ----

    def together(self) -> Iterator[Finding]:
        """Rules that add nothing to another."""
        told: set[str] = set()
        for later, rule in enumerate(self._rules):
            for earlier, other in enumerate(self._rules):
                if rule is other or rule.name in told or not self._follows(rule, other):
                    continue
                same = self._follows(other, rule)
                if same and later > earlier:
                    told.add(rule.name)
                    message = f"rule {rule.name!r} fires exactly when rule {other.name!r} does"
                    yield Finding(Kind.REDUNDANT, rule.name, message, rule.place, _at(other))
                elif not same and _covers(other, rule):
                    told.add(rule.name)
                    message = (
                        f"rule {rule.name!r} is shadowed: whenever it fires, rule {other.name!r},"
                        f" at least as urgent, does too"
                    )
                    yield Finding(Kind.SHADOWED, rule.name, message, rule.place, _at(other))

    def _follows(self, rule: Rule, other: Rule) -> bool:
        """Whether another rule fires whenever a rule does."""
        cases = self._fires[rule.name]
        if not cases or not cases <= self._fires[other.name]:
            return False
        questions = [
            asks(self._theory, rule.condition, TRUE),
            asks(self._theory, other.condition, FALSE | NEITHER),
        ]
        return all(_impossible(self._scenarios[each].space(), questions) for each in sorted(cases))


def _impossible(space: Space, questions: list[Question]) -> bool:
    """Whether it is certain that no event answers all."""
    try:
        return not satisfiable(space, questions)
    except Undecided:
        return False


def _covers(other: Rule, rule: Rule) -> bool:
    urgent = _URGENCY.index(other.priority) <= _URGENCY.index(rule.priority)
    return urgent and _STRENGTH.index(other.action) >= _STRENGTH.index(rule.action)


def _terms(condition: Condition) -> tuple[Condition, ...]:
    match condition:
        case And(terms) | Or(terms):
            return terms
        case Not(term):
            return (term,)
    return ()


def _conjuncts(condition: Condition) -> list[Condition]:
    if isinstance(condition, And):
        return [part for term in condition.terms for part in _conjuncts(term)]
    return [condition]


# ---- words ----


def _why(terms: list[Condition], *, whatever: bool) -> str:
    shown = "; ".join(map(_shown, terms))
    if whatever:
        return f"{shown}: {'these exclude each other' if len(terms) > 1 else 'that never holds'}"
    missing = {
        bound.field.name
        for term in terms
        for test in tests_of(term)
        for bound in (test.left, test.right)
        if bound is not None and bound.field.resolve is None
    }
    if missing:
        return f"nothing fills {', '.join(sorted(missing))} yet"
    verb = "do these hold together" if len(terms) > 1 else "does this hold"
    return f"of no event that is collected {verb}: {shown}"


def _shown(condition: Condition) -> str:
    text = condition_text(condition)
    return text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}..."


def _listed(kinds: Iterable[EventType]) -> str:
    names = [kind.name.lower() for kind in sorted(kinds)]
    more = len(names) - _EVENTS_SHOWN
    return " ".join(names[:_EVENTS_SHOWN]) + (f" (and {more} more event types)" if more > 0 else "")


def _place(condition: Condition) -> Place:
    return next(tests_of(condition)).place


def _at(other: Rule) -> str:
    return f"the other is at {other.place}"
