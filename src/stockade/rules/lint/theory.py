"""What tests of one operand have to do with each other, whatever its value is.

A test has one of three truths, or in a question one of several: they are bits. A group has all
tests of an operand, and worlds: the operand is absent, is unknown, is one of the values that some
test names, or, in the open world, is anything else. In every world but the open one the evaluator
says what each test comes to. Of the open one it is known which test implies or excludes which.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import TypeAlias

from stockade.events.field import FieldType, Many
from stockade.events.values import Value
from stockade.rules.evaluate import evaluate
from stockade.rules.functions import apply
from stockade.rules.patterns import lower
from stockade.rules.syntax import Bound, Condition, Constant, Test, tests_of

TRUE, FALSE, NEITHER = 1, 2, 4
ANY = TRUE | FALSE | NEITHER
_TRUTH = {True: TRUE, False: FALSE, None: NEITHER}

# A test by what it says, not by where it stands.
Key: TypeAlias = tuple[Bound, str, tuple[Constant, ...], Bound | None, str | None]

_POSITIVE = {"=", "in", "intersects"}
_EQUALITY = {*_POSITIVE, "!="}
_PRESENT = {"exists"}
# What is said of a value, by what that says, too, of the same text or of a part of it.
_INSIDE = {
    "startswith": {"contains", "icontains"},
    "endswith": {"contains", "icontains"},
    "contains": {"contains", "icontains"},
    "icontains": {"icontains"},
}
# Applied again, they change nothing.
_IDEMPOTENT = {"tolower", "toupper", "basename"}
_RELATED_MAX = 500


def truth(result: bool | None) -> int:  # noqa: FBT001 - its only operand
    """What the evaluator says, as a bit."""
    return _TRUTH[result]


def given(test: Test, value: Value) -> int:
    """The truth of a test whose operand has a value."""
    return truth(evaluate(test, lambda _: value))


@dataclass(slots=True)
class Group:
    """The tests of one operand.

    Attributes:
        possible: by test and truth, the worlds where the test can have it.
        worlds: all; each is a bit.
        absent: the world where the operand is absent.
        open: the world of all other values; 0 where there are none.
        implied: by test, those that hold in the open world when it does.
        excluded: by test, those that do not.
    """

    possible: dict[int, dict[int, int]] = field(default_factory=dict)
    worlds: int = 0
    absent: int = 0
    open: int = 0
    implied: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    excluded: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))


class Theory:
    """Everything that is known of the tests of some conditions.

    Args:
        conditions: checked ones; no others can be asked about.
    """

    def __init__(self, conditions: Iterable[Condition]) -> None:
        self.tests: list[Test] = []
        self._by_key: dict[Key, int] = {}
        # By identity: a macro's tests are shared by the rules that use it.
        self._known: dict[int, tuple[Test, int]] = {}
        members: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for condition in conditions:
            for test in tests_of(condition):
                number = self._add(test)
                if number is not None:
                    members[_operand(test, number)].append(number)
        self.groups: dict[int, Group] = {}
        for numbers in members.values():
            group = _group({number: self.tests[number] for number in numbers})
            self.groups |= dict.fromkeys(numbers, group)

    def number(self, test: Test) -> int:
        """Of a test; those that say the same have the same."""
        return self._known[id(test)][1]

    def _add(self, test: Test) -> int | None:
        if id(test) in self._known:
            return None
        key = test.left, test.operator, test.values, test.right, test.modifier
        known = self._by_key.get(key)
        number = len(self.tests) if known is None else known
        self._known[id(test)] = test, number
        if known is not None:
            return None
        self._by_key[key] = number
        self.tests.append(test)
        return number


def _operand(test: Test, number: int) -> tuple[object, ...]:
    """What tests have in common that are told from one value; the others stand alone."""
    if test.right is not None:
        return (number,)
    return test.left.field.name, test.left.subscript, test.left.functions


def _group(tests: dict[int, Test]) -> Group:
    first = next(iter(tests.values()))
    group = Group({number: {TRUE: 0, FALSE: 0, NEITHER: 0} for number in tests})
    group.absent = _world(group, dict.fromkeys(tests, FALSE))
    _world(group, dict.fromkeys(tests, NEITHER))
    if first.right is not None:
        _world(group, dict.fromkeys(tests, TRUE | FALSE))
        return group
    if first.left.many is not None:
        # Some of several values may be unknown.
        group.open = _world(group, dict.fromkeys(tests, ANY))
        _relate(group, tests, first.left)
        return group
    for value in _values(tests.values(), first.left):
        _world(group, {number: _at(test, value) for number, test in tests.items()})
    if first.left.type not in {FieldType.INT, FieldType.BOOL}:
        group.open = _world(group, {number: _elsewhere(test) for number, test in tests.items()})
        _relate(group, tests, first.left)
    return group


def _world(group: Group, truths: dict[int, int]) -> int:
    world = group.worlds + 1
    group.worlds |= world
    for number, allowed in truths.items():
        for each in (TRUE, FALSE, NEITHER):
            if allowed & each:
                group.possible[number][each] |= world
    return world


def _values(tests: Iterable[Test], left: Bound) -> Iterator[Constant]:
    """The values that tell tests apart: of numbers all, of other types those that are named."""
    named = {value: None for test in tests for value in test.values}
    match left.type:
        case FieldType.BOOL:
            yield from (True, False)
        case FieldType.INT:
            near = {
                value + step for value in named if isinstance(value, int) for step in (-1, 0, 1)
            }
            # Of no number there would be no world.
            yield from sorted(near or {0})
        case FieldType.IP | FieldType.NET:
            return
        case _:
            yield from (value for value in named if _comes_out(value, left.functions))


def _comes_out(value: Constant, functions: tuple[str, ...]) -> bool:
    """Whether functions can have a value as their result, as far as the last of them tells."""
    if not functions or functions[-1] not in _IDEMPOTENT or not isinstance(value, str):
        return True
    return apply(functions[-1], value) == value


def _at(test: Test, value: Constant) -> int:
    """The truth of a test whose operand comes to a value, functions included."""
    if test.operator in {"=", "in"} and test.modifier is None:
        return TRUE if value in test.values else FALSE
    plain = Bound(test.left.field, test.left.subscript, (), test.left.type, test.left.many)
    bare = Test(plain, test.operator, test.values, None, test.modifier, test.place)
    return given(bare, value)  # type: ignore[arg-type]


def _elsewhere(test: Test) -> int:
    """The truths of a test whose operand has a value that no test names."""
    if test.operator in _PRESENT:
        return TRUE
    if test.operator not in _EQUALITY or test.left.type in {FieldType.IP, FieldType.NET}:
        return TRUE | FALSE
    differs = test.operator == "!="
    if test.modifier == "oneof" and len(test.values) > 1:
        return FALSE
    return TRUE if differs else FALSE


# ---- implications and exclusions ----


def _relate(group: Group, tests: dict[int, Test], left: Bound) -> None:
    """Compare tests in pairs, where there are not too many."""
    plain = [
        (number, test)
        for number, test in tests.items()
        if test.modifier in {None, "anyof"}
        and test.operator not in _PRESENT
        and not (left.many is Many.SET and test.operator == "in")
    ]
    if len(plain) > _RELATED_MAX:
        return
    for number, test in plain:
        for other, against in plain:
            if number == other:
                continue
            if all(any(_implies(test, a, against, b) for b in against.values) for a in test.values):
                group.implied[number].append(other)
            elif left.many is None and all(
                _excludes(test, a, against, b) for a in test.values for b in against.values
            ):
                group.excluded[number].append(other)


def _implies(test: Test, a: Constant, against: Test, b: Constant) -> bool:
    """Whether a value that fits the one fits the other."""
    if isinstance(a, IPv4Network | IPv6Network) and isinstance(b, IPv4Network | IPv6Network):
        return _compares_equal(test, against) and type(a) is type(b) and a.subnet_of(b)  # type: ignore[arg-type]
    if test.operator in _POSITIVE:
        bare = Test(against.left, against.operator, (b,), None, None, against.place)
        return _at(bare, a) == TRUE
    if isinstance(a, str) and isinstance(b, str) and test.left.type is not FieldType.FLAGS:
        return _says_more(test.operator, a, against.operator, b)
    # contains asks for a whole name of FLAGS.
    return test.operator == against.operator and a == b


def _says_more(operator: str, a: str, other: str, b: str) -> bool:
    """Whether a string that fits the one fits the other."""
    if other in _INSIDE.get(operator, ()):
        fold = lower if other == "icontains" else str
        return fold(b) in fold(a)
    if operator != other:
        return False
    ends = {"startswith": str.startswith, "endswith": str.endswith}
    return a == b or (operator in ends and ends[operator](a, b))


def _compares_equal(test: Test, against: Test) -> bool:
    return {test.operator, against.operator} <= _POSITIVE


def _excludes(test: Test, a: Constant, against: Test, b: Constant) -> bool:
    """Whether no value fits both."""
    if isinstance(a, IPv4Network | IPv6Network) and isinstance(b, IPv4Network | IPv6Network):
        return _compares_equal(test, against) and (type(a) is not type(b) or not a.overlaps(b))
    if not isinstance(a, str) or not isinstance(b, str):
        return False
    match test.operator, against.operator:
        case "startswith", "startswith":
            return not (a.startswith(b) or b.startswith(a))
        case "endswith", "endswith":
            return not (a.endswith(b) or b.endswith(a))
        case _:
            return False
