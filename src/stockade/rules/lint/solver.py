"""Whether some event gives conditions the truths that are asked for.

A search over the truths of tests, with the theory of their operands. It finds no event; where it
says that there is none, there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from stockade.rules.lint.theory import ANY, FALSE, NEITHER, TRUE, Group, Theory
from stockade.rules.syntax import And, Condition, Not, Or, Test

_STEPS_MAX = 20_000


class Undecided(Exception):
    """The search would take too long."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A test has one of some truths."""

    test: int
    truths: int


@dataclass(frozen=True, slots=True)
class Joined:
    """Every part holds, or some."""

    parts: tuple[Question, ...]
    every: bool


Question: TypeAlias = Literal | Joined


def asks(theory: Theory, condition: Condition, truths: int) -> Question:
    """That a condition has one of some truths: TRUE or FALSE, NEITHER with it or not."""
    match condition:
        case And(terms):
            return Joined(tuple(asks(theory, term, truths) for term in terms), bool(truths & TRUE))
        case Or(terms):
            return Joined(tuple(asks(theory, term, truths) for term in terms), bool(truths & FALSE))
        case Not(term):
            other = truths & NEITHER | (FALSE if truths & TRUE else TRUE)
            return asks(theory, term, other)
        case Test():
            return Literal(theory.number(condition), truths)
    raise TypeError(f"{condition} was not checked")


class Space:
    """The events that a search is about: which truths each test can have among them.

    Args:
        theory: of the tests.
        given: by test, the truths that are to be looked at.
        everywhere: truths that no test goes beyond.
        present: whether every operand has a value, or may have.
    """

    def __init__(
        self,
        theory: Theory,
        given: Callable[[int], int] = lambda _: ANY,
        everywhere: int = ANY,
        *,
        present: bool = False,
    ) -> None:
        self.theory = theory
        self.given = given
        self.everywhere = everywhere
        self.present = present


class _State:
    """What is settled so far."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._truths: dict[int, int] = {}
        self._worlds: dict[int, int] = {}

    def copy(self) -> _State:
        other = _State(self._space)
        other._truths, other._worlds = dict(self._truths), dict(self._worlds)
        return other

    def truths(self, test: int) -> int:
        """Those that a test can have."""
        group = self._space.theory.groups[test]
        worlds = self._alive(group)
        known = self._truths.get(test)
        if known is None:
            known = self._space.given(test) & self._space.everywhere
        possible = group.possible[test]
        return sum(
            each for each in (TRUE, FALSE, NEITHER) if known & each and possible[each] & worlds
        )

    def restrict(self, test: int, truths: int) -> bool:
        """Settle that a test has one of some truths; False where it cannot."""
        left = self.truths(test) & truths
        if not left:
            return False
        group = self._space.theory.groups[test]
        possible = group.possible[test]
        worlds = 0
        for each in (TRUE, FALSE, NEITHER):
            if left & each:
                worlds |= possible[each]
        self._truths[test] = left
        self._worlds[id(group)] = self._alive(group) & worlds
        if self._worlds[id(group)] & group.open and not self._is_open(group):
            self._worlds[id(group)] &= ~group.open
        return self._worlds[id(group)] != 0

    def _alive(self, group: Group) -> int:
        known = self._worlds.get(id(group))
        if known is not None:
            return known
        return group.worlds & ~group.absent if self._space.present else group.worlds

    def _is_open(self, group: Group) -> bool:
        """Whether what is settled can be so in the open world."""
        for test in group.possible:
            if self._truths.get(test) != TRUE:
                continue
            if any(self._truths.get(other, ANY) & TRUE == 0 for other in group.implied[test]):
                return False
            if any(self._truths.get(other, ANY) == TRUE for other in group.excluded[test]):
                return False
        return True


def satisfiable(space: Space, questions: Iterable[Question]) -> bool:
    """Whether all may be so of one event; False only if none can be so.

    Raises:
        Undecided: the search was given up.
    """
    return _Search().search(_State(space), list(questions))


class _Search:
    def __init__(self) -> None:
        self._steps = 0

    def search(self, state: _State, pending: list[Question]) -> bool:
        open_: list[list[Question]] = []
        changed = True
        while pending or changed:
            self._count()
            if pending:
                found = self._settle(state, pending.pop(), pending, open_)
                if not found:
                    return False
                changed = True
                continue
            # What has been settled since may decide what was left open.
            changed = False
            again, open_ = open_, []
            before = len(again), sum(map(len, again))
            for parts in again:
                if not self._settle(state, Joined(tuple(parts), every=False), pending, open_):
                    return False
            changed = bool(pending) or (len(open_), sum(map(len, open_))) != before
        if not open_:
            return True
        open_.sort(key=len)
        rest: list[Question] = [Joined(tuple(parts), every=False) for parts in open_[1:]]
        return any(self.search(state.copy(), [part, *rest]) for part in open_[0])

    def _settle(
        self,
        state: _State,
        question: Question,
        pending: list[Question],
        open_: list[list[Question]],
    ) -> bool:
        """Do what a question asks for, as far as there is no choice; False for none."""
        if isinstance(question, Literal):
            return state.restrict(question.test, question.truths)
        if question.every:
            pending.extend(question.parts)
            return True
        possible = []
        for part in question.parts:
            answer = _looked_at(state, part)
            if answer is True:
                return True
            if answer is None:
                possible.append(part)
        if len(possible) > 1:
            open_.append(possible)
        else:
            pending.extend(possible)
        return bool(possible)

    def _count(self) -> None:
        self._steps += 1
        if self._steps > _STEPS_MAX:
            raise Undecided


def _looked_at(state: _State, question: Question) -> bool | None:
    """Whether a question is settled already; None where it is not."""
    if isinstance(question, Literal):
        truths = state.truths(question.test)
        if not truths & question.truths:
            return False
        return None if truths & ~question.truths else True
    answers = {_looked_at(state, part) for part in question.parts}
    if question.every:
        return False if False in answers else None if None in answers else True
    return True if True in answers else None if None in answers else False
