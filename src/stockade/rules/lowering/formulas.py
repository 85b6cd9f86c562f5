"""Two-valued formulas over probes: what can be read off a record, without doubt.

A condition has three values; it is described by two formulas, whether it may hold and whether it
may fail. Both are true of a condition that cannot be known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

Ranges: TypeAlias = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, order=True)
class Number:
    """An integer of a record, as 64 bits: (loaded >> shift) & mask, then sign-extended.

    Attributes:
        offset, size: bytes in the record; before it, in the slot, lies the filter's frame.
        signed: of its own width, bits says which.
        bits: how many of the lower bits count.
        shift: how many below them are left out.
    """

    offset: int
    size: int
    signed: bool = False
    bits: int = 64
    shift: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Text:
    """A string in a record's tail.

    Attributes:
        ref: offset of its string_ref.
        skip: offset of a 16-bit number: how many bytes of it are left out; -1 for none.
    """

    ref: int
    skip: int = -1


@dataclass(frozen=True, slots=True, order=True)
class Buffer:
    """A string of up to size bytes in the record itself, with a NUL behind a shorter one."""

    offset: int
    size: int


String: TypeAlias = Text | Buffer


@dataclass(frozen=True, slots=True)
class Among:
    """A number lies in one of some ranges, whose ends belong to them; as unsigned 64 bits."""

    number: Number
    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Bits:
    """number & mask == value."""

    number: Number
    mask: int
    value: int


@dataclass(frozen=True, slots=True)
class Same:
    """Two numbers are equal."""

    first: Number
    second: Number


@dataclass(frozen=True, slots=True)
class Starts:
    """A string is known, and begins with something; or is it, as a whole."""

    string: String
    prefix: bytes
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Ends:
    """A string is known, and ends with something."""

    string: Text
    suffix: bytes


@dataclass(frozen=True, slots=True)
class Holds:
    """A string is known, and something is in it."""

    string: Text
    part: bytes


@dataclass(frozen=True, slots=True)
class Unreadable:
    """There is a string, and it is not known, or not all of it."""

    string: Text


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no such string."""

    string: Text


Probe: TypeAlias = Among | Bits | Same | Starts | Ends | Holds | Unreadable | Missing


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a probe."""

    term: Probe


@dataclass(frozen=True)
class _Joined:
    terms: tuple[Formula, ...]

    @cached_property
    def _hash(self) -> int:
        """Large ones are looked up often."""
        return hash((type(self), self.terms))


@dataclass(frozen=True)
class All(_Joined):
    """Every term holds; there are two at least, and none is an All."""

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True)
class Any(_Joined):
    """Some term holds; there are two at least, and none is an Any."""

    def __hash__(self) -> int:
        return self._hash


# Negations stand before probes only.
Formula: TypeAlias = bool | Probe | Not | All | Any


def all_of(terms: Iterable[Formula]) -> Formula:
    """A conjunction, as simple as it can be told at once."""
    return _joined(All, terms, neutral=True)


def any_of(terms: Iterable[Formula]) -> Formula:
    """A disjunction, likewise."""
    return _joined(Any, terms, neutral=False)


def _joined(kind: type[All | Any], terms: Iterable[Formula], *, neutral: bool) -> Formula:
    found: dict[Formula, None] = {}
    for term in terms:
        if isinstance(term, bool):
            if term is not neutral:
                return term
            continue
        for part in term.terms if isinstance(term, kind) else (term,):
            if not isinstance(part, _Joined) and opposite(part) in found:
                return not neutral
            found[part] = None
    if not found:
        return neutral
    return next(iter(found)) if len(found) == 1 else kind(tuple(found))


def opposite(formula: Formula) -> Formula:
    """The negation, with the negations moved down to the probes."""
    match formula:
        case bool():
            return not formula
        case Not(term):
            return term
        case All(terms):
            return any_of(map(opposite, terms))
        case Any(terms):
            return all_of(map(opposite, terms))
    return Not(formula)


def probes(formula: Formula) -> Iterator[Probe]:
    """Every probe, as often as it is there."""
    match formula:
        case bool():
            return
        case Not(term):
            yield term
        case All(terms) | Any(terms):
            for each in terms:
                yield from probes(each)
        case _:
            yield formula


def places(formula: Formula) -> Iterator[int]:
    """Offsets in the record of all that its probes read."""
    for probe in probes(formula):
        match probe:
            case Among(source) | Bits(source):
                yield source.offset
            case Same(first, second):
                yield first.offset
                yield second.offset
            case _ if isinstance(probe.string, Text):
                yield probe.string.ref
            case _:
                yield probe.string.offset


def holds(formula: Formula, probe: Callable[[Probe], bool]) -> bool:
    """What a formula comes to, where it is known what its probes do."""
    match formula:
        case bool():
            return formula
        case Not(term):
            return not probe(term)
        case All(terms):
            return all(holds(term, probe) for term in terms)
        case Any(terms):
            return any(holds(term, probe) for term in terms)
    return probe(formula)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A condition by its two formulas.

    Attributes:
        told: whether all that an event tells is in them: where both hold, nobody knows.
    """

    may_hold: Formula
    may_fail: Formula
    told: bool = True

    def negated(self) -> Outcome:
        """Of the condition's opposite."""
        return Outcome(self.may_fail, self.may_hold, self.told)

    def certain(self) -> Outcome:
        """What is left of it where what may be otherwise does not count."""
        return Outcome(opposite(self.may_fail), opposite(self.may_hold), self.told)


HOLDS = Outcome(may_hold=True, may_fail=False)
FAILS = Outcome(may_hold=False, may_fail=True)
OPEN = Outcome(may_hold=True, may_fail=True, told=False)
# Nobody knows, or nobody has found out yet.
UNSURE = Outcome(may_hold=True, may_fail=True)
NOT_LEARNT = Outcome(may_hold=False, may_fail=False)


def exact(formula: Formula) -> Outcome:
    """Of a condition that is known to be what a formula is."""
    return Outcome(formula, opposite(formula))


def both(outcomes: Iterable[Outcome]) -> Outcome:
    """Of a conjunction; what follows a term that never holds is not looked at."""
    found = []
    for each in outcomes:
        if each == FAILS:
            return FAILS
        found.append(each)
    return Outcome(
        all_of(each.may_hold for each in found),
        any_of(each.may_fail for each in found),
        all(each.told for each in found),
    )


def either(outcomes: Iterable[Outcome]) -> Outcome:
    """Of a disjunction."""
    return both(each.negated() for each in outcomes).negated()


def chosen(guard: Formula, then: Outcome, otherwise: Outcome) -> Outcome:
    """Of what is one thing where a guard holds, and another elsewhere."""
    return Outcome(
        _either(guard, then.may_hold, otherwise.may_hold),
        _either(guard, then.may_fail, otherwise.may_fail),
        then.told and otherwise.told,
    )


def _either(guard: Formula, then: Formula, otherwise: Formula) -> Formula:
    other = opposite(guard)
    # Shorter forms of the same, where one of the two is known.
    if then is True:
        return any_of([guard, otherwise])
    if otherwise is True:
        return any_of([other, then])
    return any_of([all_of([guard, then]), all_of([other, otherwise])])
