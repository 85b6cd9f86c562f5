"""What the bytes of a record tell of a comparison: a view for each way that a field has its value.

A view turns a test into an outcome. It is exact, or leaves open what it cannot tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from ipaddress import IPv4Network, IPv6Network
from typing import TypeAlias

from stockade.events.field import FieldType
from stockade.events.flags import capability_names
from stockade.events.values import ABSENT, Value
from stockade.rules.evaluate import evaluate
from stockade.rules.lowering.formulas import (
    FAILS,
    HOLDS,
    OPEN,
    Among,
    Bits,
    Buffer,
    Ends,
    Formula,
    Holds,
    Missing,
    Not,
    Number,
    Outcome,
    Ranges,
    Starts,
    String,
    Text,
    Unreadable,
    all_of,
    any_of,
    both,
    chosen,
    either,
    exact,
    opposite,
)
from stockade.rules.operators import compare
from stockade.rules.syntax import Constant, Test

View: TypeAlias = Callable[[Test], Outcome]

# Longer patterns are compared as far as this.
PATTERN_MAX = 128
_M64 = (1 << 64) - 1
_POSITIVE = {"=", "in", "intersects"}
_SPECIAL = re.compile(r"[*?\[\\]")
_NUMERIC = re.compile(r"[-0-9]*")
_CAPABILITIES = {bit: capability_names(1 << bit)[0] for bit in range(64)}


def unknown(test: Test) -> Outcome:
    """Of a field that user space alone knows."""
    del test
    return OPEN


def constant(value: Value) -> View:
    """Of a field that has one value, or none, in every such event."""

    def view(test: Test) -> Outcome:
        if test.right is not None and value is not ABSENT:
            return OPEN
        return known(evaluate(test, lambda _: value))

    return view


def known(result: bool | None) -> Outcome:  # noqa: FBT001 - its only operand
    """Of what comes to the same in every such event."""
    return OPEN if result is None else HOLDS if result else FAILS


absent = constant(ABSENT)


def guarded(guard: Formula, then: View, otherwise: View) -> View:
    """One view where a guard holds, another elsewhere."""
    return lambda test: chosen(guard, then(test), otherwise(test))


def truth(formula: Formula) -> View:
    """Of a boolean field that is what a formula is."""

    def view(test: Test) -> Outcome:
        yes, no = constant(value=True)(test), constant(value=False)(test)
        return chosen(formula, yes, no)

    return view


def at_least(low: int) -> View:
    """Of a number of which no more is known."""

    def one(test: Test, wanted: Constant) -> Outcome:
        if not isinstance(wanted, int) or wanted >= low:
            return OPEN
        return HOLDS if test.operator in {">", ">=", "!="} else FAILS

    return partial(_each, one)


def _each(one: Callable[[Test, Constant], Outcome], test: Test) -> Outcome:
    """A test against each of its values, by the same rules as the evaluator's."""
    if test.left.functions or test.right is not None:
        return OPEN
    if test.operator == "exists":
        return HOLDS
    found = [one(test, wanted) for wanted in test.values]
    if test.modifier == "allof":
        return both(found)
    if test.modifier == "oneof" and len(found) > 1:
        return OPEN
    return either(found)


# ---- numbers ----


def integer(number: Number) -> View:
    """Of a number as it is in the record."""
    width = min(number.bits, number.size * 8)
    low = -(1 << (width - 1)) if number.signed else 0
    high = (1 << (width - number.signed)) - 1

    def one(test: Test, wanted: Constant) -> Outcome:
        if not isinstance(wanted, int):
            return OPEN
        ranges = _ranges(test.operator, wanted)
        inside = [(max(a, low), min(b, high)) for a, b in ranges]
        return exact(among(number, [each for each in inside if each[0] <= each[1]], low, high))

    return partial(_each, one)


def _ranges(operator: str, wanted: int) -> list[tuple[int, int]]:
    far = 1 << 100
    return {
        "<": [(-far, wanted - 1)],
        "<=": [(-far, wanted)],
        ">": [(wanted + 1, far)],
        ">=": [(wanted, far)],
        "!=": [(-far, wanted - 1), (wanted + 1, far)],
    }.get(operator, [(wanted, wanted)])


def among(
    number: Number, ranges: Iterable[tuple[int, int]], low: int = 0, high: int = _M64
) -> Formula:
    """That a number lies in ranges of signed or unsigned numbers."""
    merged = _merged(ranges)
    if not merged or merged == ((low, high),):
        return bool(merged)
    return Among(number, _unsigned(merged))


def _merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], high)
        else:
            found.append((low, high))
    return tuple(found)


def _unsigned(ranges: Ranges) -> Ranges:
    """Negative numbers are the highest."""
    parts = []
    for low, high in ranges:
        if low < 0:
            parts.append((low & _M64, min(high, -1) & _M64))
        if high >= 0:
            parts.append((max(low, 0), high))
    return tuple(sorted(parts))


def is_negative(number: Number) -> Formula:
    """That a signed number is below zero."""
    return Among(number, ((1 << 63, _M64),))


def is_zero(number: Number) -> Formula:
    """That a number, or the first byte of a buffer, is zero."""
    return Among(number, ((0, 0),))


def named(number: Number, table: Mapping[int, str]) -> View:
    """Of a number that is told by its name, or else in decimal."""
    keys = tuple(sorted(table.items()))

    def one(test: Test, wanted: Constant) -> Outcome:
        operator = "=" if test.operator == "!=" else test.operator
        holding, others = _of_names(keys, test.left.type, operator, str(wanted))
        low = -(1 << 63) if number.signed else 0
        if others is None:
            failing = [(key, key) for key in table if key not in holding]
            return Outcome(_opposite_among(number, failing), may_fail=True, told=False)
        ranges = [(key, key) for key in (*holding, *others)]
        found = exact(among(number, ranges, low, _M64))
        return found.negated() if test.operator == "!=" else found

    return partial(_each, one)


def _opposite_among(number: Number, failing: list[tuple[int, int]]) -> Formula:
    formula = among(number, failing)
    return not formula if isinstance(formula, bool) else Not(formula)  # type: ignore[arg-type]


@lru_cache(maxsize=4096)
def _of_names(
    keys: tuple[tuple[int, str], ...], kind: FieldType, operator: str, wanted: str
) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
    """The named numbers that match, and the others: None when that is not told."""
    holding = tuple(key for key, name in keys if compare(kind, operator, name, wanted))
    numeric = _NUMERIC.fullmatch(wanted)
    if not numeric and operator in {*_POSITIVE, "contains", "startswith", "endswith"}:
        return holding, ()
    if operator in _POSITIVE and _is_decimal(wanted) and int(wanted) not in dict(keys):
        return holding, (int(wanted),)
    return holding, () if operator in _POSITIVE else None


def _is_decimal(text: str) -> bool:
    return bool(_NUMERIC.fullmatch(text)) and text.lstrip("-") != "" and str(int(text)) == text


def flags(number: Number, names: Mapping[str, tuple[int, int] | None], *, others: bool) -> View:
    """Of names with | between them.

    Args:
        number: that they tell of.
        names: by name, which bits of the number have which value; None where that does not say it.
        others: other bits are told in hexadecimal, and none as 0.
    """

    def one(test: Test, wanted: Constant) -> Outcome:
        if test.operator != "contains" or test.left.type is not FieldType.FLAGS:
            return OPEN
        if wanted in names:
            bits = names[str(wanted)]
            return OPEN if bits is None else exact(Bits(number, *bits))
        return OPEN if others and str(wanted)[:1] == "0" else FAILS

    return partial(_each, one)


def capabilities(number: Number) -> View:
    """Of a set of capabilities, told as names with blanks between them."""

    def one(test: Test, wanted: Constant) -> Outcome:
        text = str(wanted)
        if test.operator != "contains" or " " in text or not text:
            return OPEN
        mask = sum(1 << bit for bit, name in _CAPABILITIES.items() if text in name)
        return exact(Not(Bits(number, mask, 0))) if mask else FAILS

    return partial(_each, one)


def present(test: Test) -> Outcome:
    """Of a field that is there, and of which no more is told."""
    return HOLDS if test.operator == "exists" and not test.left.functions else OPEN


def other_than(*values: str) -> View:
    """Of a field that has another value than these, or none."""

    def view(test: Test) -> Outcome:
        plain = not test.left.functions and test.right is None
        if plain and test.operator in _POSITIVE and set(values).issuperset(test.values):
            return FAILS
        return OPEN

    return view


def with_flag(name: str) -> View:
    """Of flags of which one is known to be there, and no other."""
    return lambda test: HOLDS if _asks_for(test, name) else OPEN


def without_flag(name: str) -> View:
    """Of flags of which one is known not to be there, and no other."""
    return lambda test: FAILS if _asks_for(test, name) else OPEN


def _asks_for(test: Test, name: str) -> bool:
    plain = not test.left.functions and test.right is None and test.modifier is None
    return plain and test.operator == "contains" and test.values == (name,)


# ---- addresses ----

_MAPPED = 0xFFFF0000  # the third word of an IPv6 address that stands for an IPv4 one
_INET, _INET6 = 2, 10
_V4 = 4


def address(family: Number, high: Number, low: Number) -> View:
    """Of an internet address: of an IPv4 one the first four bytes of low; as they are sent."""

    def one(test: Test, wanted: Constant) -> Outcome:
        if not isinstance(wanted, IPv4Network | IPv6Network):
            return OPEN
        formula = (_in_v4 if wanted.version == _V4 else _in_v6)(wanted, family, high, low)
        found = exact(formula)
        return found.negated() if test.operator == "!=" else found

    return partial(_each, one)


def _in_v4(
    network: IPv4Network | IPv6Network, family: Number, high: Number, low: Number
) -> Formula:
    mask, value = _little(network.netmask.packed), _little(network.network_address.packed)
    plain = [_is(family, _INET), _has(low, mask, value)]
    third = Bits(low, 0xFFFFFFFF | mask << 32, _MAPPED | value << 32)
    return any_of([all_of(plain), all_of([_is(family, _INET6), is_zero(high), third])])


def _in_v6(
    network: IPv4Network | IPv6Network, family: Number, high: Number, low: Number
) -> Formula:
    """One that stands for an IPv4 address is none of these."""
    mask, value = network.netmask.packed, network.network_address.packed
    halves = [
        _has(number, _little(mask[part]), _little(value[part]))
        for number, part in ((high, slice(8)), (low, slice(8, 16)))
    ]
    mapped = all_of([is_zero(high), Bits(low, 0xFFFFFFFF, _MAPPED)])
    return all_of([_is(family, _INET6), opposite(mapped), *halves])


def _is(number: Number, value: int) -> Formula:
    return Among(number, ((value, value),))


def _has(number: Number, mask: int, value: int) -> Formula:
    return Bits(number, mask, value) if mask else True


def _little(packed: bytes) -> int:
    return int.from_bytes(packed, "little")


# ---- strings ----


def text(string: String, *, walked: bool = False) -> View:
    """Of a string in the record.

    Args:
        string: where.
        walked: it is a path that begins with / and has no empty parts.
    """

    def view(test: Test) -> Outcome:
        if test.operator == "exists" and not test.left.functions:
            return _exists(string)
        return _each(partial(_string, string, walked), test)

    return view


def _exists(string: String) -> Outcome:
    if isinstance(string, Buffer):
        return HOLDS
    gone = Missing(string)
    return Outcome(Not(gone), any_of([gone, Unreadable(string)]))


def _unreadable(string: String) -> Formula:
    return Unreadable(string) if isinstance(string, Text) else False


def _string(string: String, walked: bool, test: Test, wanted: Constant) -> Outcome:  # noqa: FBT001 - partial's
    pattern = _pattern(wanted)
    if pattern is None:
        return OPEN
    if test.operator == "!=":
        equal = _equal(string, pattern)
        gone = Missing(string) if isinstance(string, Text) else False
        lost = _unreadable(string)
        if len(pattern) > PATTERN_MAX:
            return OPEN
        return Outcome(
            all_of([Not(equal), not gone if isinstance(gone, bool) else Not(gone)]),
            any_of([equal, gone, lost]),
        )
    match test.operator:
        case "=" | "in" | "intersects":
            found: Formula = _equal(string, pattern)
            whole = len(pattern) <= PATTERN_MAX
        case "startswith":
            found, whole = _starts(string, pattern), len(pattern) <= PATTERN_MAX
        case "endswith" | "contains" if isinstance(string, Text) and len(pattern) <= PATTERN_MAX:
            kind = Ends if test.operator == "endswith" else Holds
            found, whole = kind(string, pattern) if pattern else _starts(string, b""), True
        case "glob":
            found, whole = _glob(string, pattern)
        case "pmatch" if walked:
            found, whole = _below(string, pattern)
        case _:
            return OPEN
    return _matching(string, found, whole=whole)


def _matching(string: String, found: Formula, *, whole: bool) -> Outcome:
    """Of a string that matches, where it is known."""
    may_hold = any_of([found, _unreadable(string)])
    return Outcome(may_hold, exact(found).may_fail if whole else True, whole)


def _pattern(wanted: Constant) -> bytes | None:
    """Its bytes; None for what is no UTF-8: part of a character could match it."""
    try:
        return str(wanted).encode()
    except UnicodeEncodeError:
        return None


def _equal(string: String, pattern: bytes) -> Starts:
    if len(pattern) > PATTERN_MAX:
        return _starts(string, pattern)
    return Starts(string, pattern, whole=True)


def _starts(string: String, pattern: bytes) -> Starts:
    return Starts(string, pattern[:PATTERN_MAX])


def _glob(string: String, pattern: bytes) -> tuple[Formula, bool]:
    """What a shell pattern asks for at least, and whether that is all."""
    shell = pattern.decode()
    special = _SPECIAL.search(shell)
    if special is None:
        return _equal(string, pattern), len(pattern) <= PATTERN_MAX
    head = _starts(string, pattern[: len(shell[: special.start()].encode())])
    if len(pattern) > PATTERN_MAX or not set("[\\").isdisjoint(shell) or isinstance(string, Buffer):
        return head, False
    *middle, tail = [part.encode() for part in _SPECIAL.split(shell)[1:]]
    terms: list[Formula] = [head] if special.start() else []
    terms += [Holds(string, part) for part in middle if part]
    terms += [Ends(string, tail)] if tail else []
    # One part of it alone, with stars around.
    simple = "?" not in shell and len(terms) == 1 and (not tail or not special.start())
    return all_of(terms) if terms else _starts(string, b""), simple


def _below(string: String, pattern: bytes) -> tuple[Formula, bool]:
    """A path, or what lies below it."""
    path = pattern.rstrip(b"/")
    if not _is_plain(path.decode()) or not pattern.startswith(b"/") or len(path) >= PATTERN_MAX:
        return True, False
    if not path:
        return _starts(string, b"/"), True
    return any_of([_equal(string, path), _starts(string, path + b"/")]), True


def _is_plain(path: str) -> bool:
    """Whether it stands for itself."""
    return not _SPECIAL.search(path) and "//" not in path and ":" not in path


def directory(string: Text) -> View:
    """Of all of a walked path but its last part."""

    def one(test: Test, wanted: Constant) -> Outcome:
        pattern = _pattern(wanted)
        if pattern is None or not pattern.startswith(b"/"):
            return OPEN
        if test.operator in _POSITIVE:
            found = _starts(string, pattern.rstrip(b"/") + b"/")
        elif test.operator == "startswith":
            found = _starts(string, pattern)
        else:
            return OPEN
        return _matching(string, found, whole=False)

    return partial(_each, one)


def last_part(string: Text) -> View:
    """Of the last part of a walked path."""

    def one(test: Test, wanted: Constant) -> Outcome:
        pattern = _pattern(wanted)
        if not pattern or b"/" in pattern or len(pattern) >= PATTERN_MAX:
            return OPEN
        match test.operator:
            case "=" | "in" | "intersects":
                return _matching(string, Ends(string, b"/" + pattern), whole=True)
            case "endswith":
                return _matching(string, Ends(string, pattern), whole=True)
            case "startswith":
                return _matching(string, Holds(string, b"/" + pattern), whole=False)
            case "contains":
                return _matching(string, Holds(string, pattern), whole=False)
        return OPEN

    return partial(_each, one)


def below(directory: str) -> View:
    """Of a path of which no more is known than what it begins with."""

    def one(test: Test, wanted: Constant) -> Outcome:
        path = str(wanted)
        if test.operator == "pmatch" and not _is_plain(path):
            return OPEN
        if test.operator not in {*_POSITIVE, "startswith", "pmatch"}:
            return OPEN
        fits = path.startswith(directory)
        if test.operator not in _POSITIVE:
            fits = fits or directory.startswith(path)
        return OPEN if fits else FAILS

    # There may be no path at all.
    return lambda test: OPEN if test.operator == "exists" else _each(one, test)
