"""How many formulas are decided at once: what is read, in which order, and what follows from it.

Every rule is a bit of a vector of candidates. A column is one thing that is read from the record;
what is found there, its leaf, selects a row of bits, and only the candidates that are in it stay.
What asks for several columns at once is a check: it comes last, for those candidates that are left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from stockade.rules.lowering import search
from stockade.rules.lowering.automaton import PARTS_MAX, Automaton, automaton
from stockade.rules.lowering.formulas import (
    All,
    Among,
    Any,
    Bits,
    Ends,
    Formula,
    Holds,
    Missing,
    Not,
    Number,
    Probe,
    Same,
    Starts,
    String,
    Text,
    Unreadable,
    all_of,
    any_of,
    holds,
    probes,
)
from stockade.rules.lowering.search import Leaf, Node

T = TypeVar("T")

WORD_BITS = 64
# More rules than this about one event type are not told apart: all its events go up.
RULES_MAX = 2048
# Each column has a word of the slot's scratch memory.
COLUMNS_MAX = 120


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a string begins; the words are its bytes."""

    string: String


@dataclass(frozen=True, slots=True)
class End:
    """How a string ends; the words are its bytes, the last first."""

    string: Text


@dataclass(frozen=True, slots=True)
class Value:
    """A number."""

    number: Number


@dataclass(frozen=True, slots=True)
class Switch:
    """A single probe."""

    probe: Bits | Same


@dataclass(frozen=True, slots=True)
class Inside:
    """What is in a string; its leaf is a word with a bit for each part."""

    string: Text


@dataclass(frozen=True, slots=True)
class Word:
    """A number of which each bit is a probe of its own; its leaf is itself."""

    number: Number


Source: TypeAlias = Beginning | End | Value | Switch | Inside | Word


def sources(probe: Probe) -> tuple[Source, ...]:
    """The columns that tell of a probe; the first that is there is taken."""
    match probe:
        case Starts(string):
            return (Beginning(string),)
        case Ends(string):
            return (End(string),)
        case Missing(string) | Unreadable(string):
            return Beginning(string), End(string)
        case Among(number):
            return (Value(number),)
        case Holds(string):
            return (Inside(string),)
    return (_home_of_bits(probe),)


def _is_word(source: Source) -> bool:
    return isinstance(source, Inside | Word)


def _home_of_bits(probe: Bits | Same) -> Source:
    """Bits of the frame are many, and together; of the record there are a few here and there."""
    if isinstance(probe, Bits) and probe.number.offset < 0 and probe.mask == probe.value:
        return Word(probe.number)
    return Switch(probe)


@dataclass(slots=True)
class Column:
    """What is read from one source, and what follows from it.

    Attributes:
        source: what is read.
        index: its word of scratch memory.
        clauses: by rule, what has to hold.
        pieces: parts of checks, in the order of their bits.
        leaf_ids: filled by `lay_out`; the leaves by number.
        tree: of what is searched; None for a switch, a word or an automaton.
        automaton: of an Inside.
        words: which words of the candidates the rows have.
        rows: by leaf: these words, then those of the pieces.
    """

    source: Source
    index: int
    clauses: dict[int, list[Formula]] = field(default_factory=lambda: defaultdict(list))
    pieces: dict[Formula, int] = field(default_factory=dict)
    leaf_ids: dict[Leaf, int] = field(default_factory=dict)
    tree: Node | None = None
    automaton: Automaton | None = None
    words: tuple[int, ...] = ()
    rows: list[list[int]] = field(default_factory=list)

    @property
    def is_word(self) -> bool:
        """Whether its leaf has a bit for each piece, and selects no row."""
        return _is_word(self.source)

    def probes(self) -> tuple[Probe, ...]:
        """All that is asked of it."""
        asked = [clause for clauses in self.clauses.values() for clause in clauses]
        return tuple(
            dict.fromkeys(probe for part in (*asked, *self.pieces) for probe in probes(part))
        )


@dataclass(frozen=True, slots=True)
class Piece:
    """A bit of a column; negated, where the column has no bit for that itself."""

    column: Column
    formula: Formula

    @property
    def bit(self) -> int:
        """Its number."""
        return self.column.pieces[self.formula]

    @property
    def negated(self) -> bool:
        """Whether it is what a word's bit does not say."""
        return isinstance(self.formula, Not)

    def columns(self) -> tuple[Column, ...]:
        """What it reads."""
        return (self.column,)


@dataclass(frozen=True, slots=True)
class Join:
    """Bits of columns together."""

    terms: tuple[Check, ...]
    every: bool

    def columns(self) -> tuple[Column, ...]:
        """What it reads."""
        return tuple(column for term in self.terms for column in term.columns())


Check: TypeAlias = Piece | Join


@dataclass(frozen=True, slots=True)
class Plan:
    """How formulas are decided.

    Attributes:
        rules: how many there are.
        columns: in the order in which they are read.
        late: those that are read for checks alone, each before the first check that asks for it.
        checks: with the rules that need each, as words of bits; what costs most to read comes last.
        set: of the parts that the formulas ask about.
    """

    rules: int
    columns: tuple[Column, ...]
    late: tuple[Column, ...]
    checks: tuple[tuple[Check, tuple[int, ...]], ...]
    set: int

    @property
    def words(self) -> int:
        """How many words the candidates are."""
        return -(-self.rules // WORD_BITS)


def exact_plan(formulas: Sequence[Formula]) -> Plan | None:
    """How to find out which hold; None where one always does, or too much is asked.

    Args:
        formulas: distinct.
    """
    if True in formulas or len(formulas) > RULES_MAX or _not_searched(formulas):
        return None
    return _Planner(formulas, 0).plan()


def plan(formulas: Iterable[Formula], parts: int = 0) -> Plan | None:
    """How to find out whether any holds; None where one always does, or there are too many.

    Args:
        formulas: distinct or not.
        parts: the set of parts that they ask about.
    """
    distinct = list(dict.fromkeys(formulas))
    dull = _not_searched(distinct)
    distinct = list(dict.fromkeys(_without(formula, dull) for formula in distinct))
    if True in distinct or len(distinct) > RULES_MAX:
        return None
    planner = _Planner(distinct, parts)
    return planner.plan()


def _not_searched(formulas: Sequence[Formula]) -> set[Probe]:
    """What no automaton has room for: it may be there or not."""
    parts: dict[Text, dict[Probe, None]] = defaultdict(dict)
    for formula in formulas:
        for probe in probes(formula):
            if isinstance(probe, Holds):
                parts[probe.string][probe] = None
    dull: set[Probe] = set()
    for found in parts.values():
        kept = [probe for probe in found if isinstance(probe, Holds)][:PARTS_MAX]
        while kept and automaton([probe.part for probe in kept]) is None:
            kept.pop()
        dull.update(set(found) - set(kept))
    return dull


def _without(formula: Formula, dull: Collection[Probe]) -> Formula:
    """A formula in which some probes, and their negations, are taken for true."""
    if not dull:
        return formula
    match formula:
        case All(terms):
            return all_of(_without(term, dull) for term in terms)
        case Any(terms):
            return any_of(_without(term, dull) for term in terms)
        case Not(term):
            return term in dull or formula
        case bool():
            return formula
    return formula in dull or formula


class _Planner:
    def __init__(self, formulas: Sequence[Formula], parts: int) -> None:
        self._formulas = formulas
        self._parts = parts
        self._words = -(-len(formulas) // WORD_BITS)
        self._columns: dict[Source, Column] = {}
        # A string's beginning tells of its state, too, where that is read anyway.
        self._known = {
            sources(probe)[0]
            for formula in formulas
            for probe in probes(formula)
            if not isinstance(probe, Missing | Unreadable)
        }

    def plan(self) -> Plan | None:
        wide: dict[Formula, list[int]] = {}
        for rule, formula in enumerate(self._formulas):
            for clause in _clauses(formula):
                source = self._home(clause)
                if source is None or _is_word(source):
                    mask = wide.setdefault(clause, [0] * self._words)
                    mask[rule // WORD_BITS] |= 1 << rule % WORD_BITS
                else:
                    self._column(source).clauses[rule].append(clause)
        checks = [(self._check(clause), tuple(mask)) for clause, mask in wide.items()]
        checks.sort(key=lambda each: max(map(_cost, each[0].columns())))
        if len(self._columns) > COLUMNS_MAX:
            return None
        for column in self._columns.values():
            _lay_out(column, len(self._formulas))
        early = [column for column in self._columns.values() if column.clauses]
        late = [column for column in self._columns.values() if not column.clauses]
        return Plan(
            len(self._formulas),
            tuple(sorted(early, key=_order)),
            tuple(sorted(late, key=_order)),
            tuple(checks),
            self._parts,
        )

    def _column(self, source: Source) -> Column:
        return self._columns.setdefault(source, Column(source, len(self._columns)))

    def _home(self, formula: Formula) -> Source | None:
        """The column that tells of a formula as a whole, if there is one."""
        common: list[Source] | None = None
        for probe in probes(formula):
            found = sources(probe)
            common = [each for each in found if common is None or each in common]
            if not common:
                return None
        if not common:
            return None
        return next((each for each in common if each in self._known), common[0])

    def _check(self, formula: Formula) -> Check:
        source = self._home(formula)
        if source is not None and (not _is_word(source) or _is_literal(formula)):
            column = self._column(source)
            column.pieces.setdefault(formula, len(column.pieces))
            return Piece(column, formula)
        if not isinstance(formula, All | Any):
            raise TypeError(f"{formula} has no source")
        every = isinstance(formula, All)
        together: dict[Source | int, list[Formula]] = defaultdict(list)
        for number, term in enumerate(formula.terms):
            home = self._home(term)
            alone = home is None or _is_word(home)
            together[number if alone or home is None else home].append(term)
        joined = [(all_of if every else any_of)(terms) for terms in together.values()]
        return Join(tuple(self._check(term) for term in joined), every)


def _clauses(formula: Formula) -> Iterator[Formula]:
    """What has to hold. Where that takes a look into a string, first what can be had without."""
    for clause in formula.terms if isinstance(formula, All) else (formula,):
        looks: set[Probe] = {probe for probe in probes(clause) if isinstance(probe, Holds)}
        cheaper = _without(clause, looks)
        if cheaper not in (True, clause):
            yield cheaper
        yield clause


def _is_literal(formula: Formula) -> bool:
    return not isinstance(formula, All | Any)


def _order(column: Column) -> tuple[float, int]:
    """First what costs least for each rule that it may rule out."""
    return (1 + _cost(column)) / (1 + len(column.clauses)), column.index


def _cost(column: Column) -> int:
    costs: dict[type[Source], int] = {
        Switch: 0,
        Value: 0,
        Word: 0,
        Beginning: 1,
        End: 2,
        Inside: 3,
    }
    is_text = isinstance(column.source, Beginning) and isinstance(column.source.string, Text)
    return costs[type(column.source)] + is_text


# ---- rows ----


def _lay_out(column: Column, rules: int) -> None:
    """Find a column's leaves, and fill its rows."""
    asked = column.probes()
    match column.source:
        case Inside():
            _arrange_parts(column, asked)
            return
        case Word():
            _arrange_bits(column)
            return
        case Switch():
            found: Iterator[Leaf] = iter([frozenset(), frozenset(asked)])
        case _:
            column.tree = _tree(column.source, asked)
            states = _states(column.source)
            found = iter([*states, *search.leaves(column.tree)])
    for leaf in found:
        column.leaf_ids.setdefault(leaf, len(column.leaf_ids))
    used = {rule // WORD_BITS for rule in column.clauses}
    column.words = tuple(sorted(used))
    column.rows = _rows(column, rules)


def _states(source: Source) -> list[Leaf]:
    """The leaves of a string that is not there, and of one that is not known."""
    if isinstance(source, Beginning | End) and isinstance(source.string, Text):
        text = source.string
        return [frozenset({Missing(text)}), frozenset({Unreadable(text)})]
    return []


def _tree(source: Source, asked: Iterable[Probe]) -> Node:
    if isinstance(source, Value):
        return search.number_tree(
            (low, high, probe)
            for probe in asked
            if isinstance(probe, Among)
            for low, high in probe.ranges
        )
    patterns: list[tuple[bytes, Probe]] = []
    for probe in asked:
        if isinstance(probe, Starts):
            # Behind a string that ends there is a NUL.
            patterns.append((probe.prefix + b"\0" * probe.whole, probe))
        elif isinstance(probe, Ends):
            patterns.append((probe.suffix[::-1], probe))
    return search.prefix_tree(patterns)


def _arrange_parts(column: Column, asked: Sequence[Probe]) -> None:
    """Bits of an Inside are those of its automaton; a negation shares its probe's."""
    parts = [probe for probe in asked if isinstance(probe, Holds)]
    column.automaton = automaton([probe.part for probe in parts])
    places = {probe: number for number, probe in enumerate(parts)}
    for piece in column.pieces:
        probe = piece.term if isinstance(piece, Not) else piece
        column.pieces[piece] = places[probe]  # type: ignore[index]


def _arrange_bits(column: Column) -> None:
    """Bits of a word are where their probes look for them."""
    for piece in column.pieces:
        probe = piece.term if isinstance(piece, Not) else piece
        if not isinstance(probe, Bits) or probe.mask.bit_count() != 1:
            raise TypeError(f"{piece} is no bit")
        column.pieces[piece] = probe.mask.bit_length() - 1


def _rows(column: Column, rules: int) -> list[list[int]]:
    """A row for each leaf. Most leaves differ from the empty one in little."""
    clauses = ((rule, clause) for rule, found in column.clauses.items() for clause in found)
    rules_of = _by_probe((rule, clause) for rule, clause in clauses)
    pieces_of = _by_probe((piece, piece) for piece in column.pieces)
    candidates = _all_ones(column, rules)
    for rule in column.clauses:
        _keep(candidates, column, rule, frozenset())
    bits = [0] * -(-len(column.pieces) // WORD_BITS)
    for piece in column.pieces:
        _mark(bits, column, piece, frozenset())
    rows = []
    for leaf in column.leaf_ids:
        row, extra = list(candidates), list(bits)
        for rule in set().union(*(rules_of[probe] for probe in leaf)):
            _keep(row, column, rule, leaf)
        for piece in set().union(*(pieces_of[probe] for probe in leaf)):
            _mark(extra, column, piece, leaf)
        rows.append([*row, *extra])
    return rows


def _by_probe(owned: Iterable[tuple[T, Formula]]) -> dict[Probe, set[T]]:
    """Whose formulas mention each probe."""
    found: dict[Probe, set[T]] = defaultdict(set)
    for owner, formula in owned:
        for probe in probes(formula):
            found[probe].add(owner)
    return found


def _all_ones(column: Column, rules: int) -> list[int]:
    """Every rule stays, as far as there are rules."""
    return [(1 << min(WORD_BITS, rules - word * WORD_BITS)) - 1 for word in column.words]


def _keep(row: list[int], column: Column, rule: int, leaf: Leaf) -> None:
    """Whether a rule stays a candidate."""
    stays = all(holds(clause, leaf.__contains__) for clause in column.clauses[rule])
    _set(row, column.words.index(rule // WORD_BITS), rule % WORD_BITS, value=stays)


def _mark(row: list[int], column: Column, piece: Formula, leaf: Leaf) -> None:
    """Whether a part of a check holds."""
    word, bit = divmod(column.pieces[piece], WORD_BITS)
    _set(row, word, bit, value=holds(piece, leaf.__contains__))


def _set(row: list[int], word: int, bit: int, *, value: bool) -> None:
    row[word] = row[word] & ~(1 << bit) | value << bit
