"""Every operator, on every type of field that has it."""

from __future__ import annotations

import pytest

from stockade.events import ABSENT, UNKNOWN, Value
from stockade.events.field import FieldType
from stockade.events.fields import CATALOGUE
from stockade.rules.operators import OPERATORS_OF
from stockade.rules.parser import HEX_WORDS, LIST_WORDS, OPERATORS
from tests.unit.rules.helpers import errors, holds, rule


@pytest.mark.parametrize(
    ("comparison", "value", "result"),
    [
        ("= cat", "cat", True),
        ("= cat", "Cat", False),
        ("== cat", "cat", True),
        ("=cat", "cat", True),
        ("!= cat", "cat", False),
        ("!= cat", "dog", True),
        ("= ''", "", True),
        ("< b", "a", True),
        ("< b", "b", False),
        ("<= b", "b", True),
        ("> b", "ba", True),
        (">= b", "a", False),
        ("> '\\xff'", "z", False),
        ("in (cat, dog)", "dog", True),
        ("in (cat, dog)", "cow", False),
        ("in ()", "", False),
        ("in(cat)", "cat", True),
        ("intersects (cat, dog)", "dog", True),
        ("intersects (cat, dog)", "cow", False),
        ("exists", "", True),
        ("contains at", "cats", True),
        ("contains AT", "cats", False),
        ("contains ''", "cats", True),
        ("icontains AT", "cats", True),
        ("icontains É", "é", False),
        ("startswith ca", "cat", True),
        ("startswith at", "cat", False),
        ("endswith at", "cat", True),
        ("endswith ca", "cat", False),
    ],
)
def test_text(comparison: str, value: str, *, result: bool) -> None:
    assert holds(f"proc.name {comparison}", {"proc.name": value}) is result


@pytest.mark.parametrize(
    ("comparison", "value", "result"),
    [
        ("= 10", 10, True),
        ("= 0xA", 10, True),
        ("= 010", 10, True),
        ("= -5", -5, True),
        ("= -0x5", -5, True),
        ("!= 10", 11, True),
        ("< 10", 9, True),
        ("<10", 10, False),
        ("<= 10", 10, True),
        (">-2", -1, True),
        (">= 10", 9, False),
        ("in (1, 0xa)", 10, True),
        ("in (1, 2)", 10, False),
        ("intersects (1, 10)", 10, True),
        ("exists", 0, True),
        ("= 18446744073709551615", (1 << 64) - 1, True),
    ],
)
def test_numbers(comparison: str, value: int, *, result: bool) -> None:
    assert holds(f"proc.pid {comparison}", {"proc.pid": value}) is result


@pytest.mark.parametrize("text", ["one", "1.5", "0x", "1e3", "''", "1_000", "٣", "9" * 99])
def test_what_is_no_number_is_refused(text: str) -> None:
    assert "3:25" in errors(rule(f"proc.pid = {text}"))[0]


@pytest.mark.parametrize(
    ("comparison", "value", "result"),
    [
        ("= true", True, True),
        ("= false", True, False),
        ("!= false", True, True),
        ("in (true, false)", False, True),
        ("exists", False, True),
    ],
)
def test_booleans(comparison: str, *, value: bool, result: bool) -> None:
    assert holds(f"evt.failed {comparison}", {"evt.failed": value}) is result


@pytest.mark.parametrize("text", ["yes", "True", "1", "''"])
def test_what_is_no_boolean_is_refused(text: str) -> None:
    assert "is no bool" in errors(rule(f"evt.failed = {text}"))[0]


@pytest.mark.parametrize(
    ("comparison", "value", "result"),
    [
        ("contains O_CREAT", "O_WRONLY|O_CREAT", True),
        ("contains O_CREA", "O_WRONLY|O_CREAT", False),
        ("contains O_RDONLY", "O_RDONLY", True),
        ("= O_RDONLY", "O_RDONLY|O_CLOEXEC", False),
        ("icontains o_crea", "O_WRONLY|O_CREAT", True),
        ("startswith O_WR", "O_WRONLY|O_CREAT", True),
    ],
)
def test_flags_contain_whole_names(comparison: str, value: str, *, result: bool) -> None:
    assert holds(f"evt.arg.flags {comparison}", {"evt.arg.flags": value}) is result


@pytest.mark.parametrize(
    ("comparison", "value", "result"),
    [
        ("= foo", b"foo", True),
        ("contains oo", b"foo", True),
        ("startswith fo", b"foo", True),
        ("endswith oo", b"foo", True),
        ("bcontains 6F6f", b"foo", True),
        ("bcontains 666f", b"of", False),
        ("bstartswith 666f", b"foo", True),
        ("bstartswith 6f", b"foo", False),
        (r'contains "\x00\xff"', b"a\x00\xffb", True),
    ],
)
def test_buffers(comparison: str, value: bytes, *, result: bool) -> None:
    assert holds(f"evt.buffer {comparison}", {"evt.buffer": value}) is result


@pytest.mark.parametrize("text", ["6", "6g", "0x66", "'66 6f'"])
def test_what_is_not_hexadecimal_is_refused(text: str) -> None:
    assert "3:35" in errors(rule(f"evt.buffer bcontains {text}"))[0]


@pytest.mark.parametrize("field", ["fd.sip", "fd.snet"])
@pytest.mark.parametrize(
    ("comparison", "value", "result"),
    [
        ("= 10.0.0.1", "10.0.0.1", True),
        ("= 10.0.0.0/8", "10.9.8.7", True),
        ("= 10.0.0.1/8", "10.9.8.7", True),
        ("= 10.0.0.0/255.0.0.0", "10.9.8.7", True),
        ("!= 10.0.0.0/8", "11.0.0.1", True),
        ("in (127.0.0.1, '10.0.0.0/8')", "10.0.0.1", True),
        ("in (127.0.0.1, '10.0.0.0/8')", "11.0.0.1", False),
        ("= ::1", "::1", True),
        ("= 0:0:0:0:0:0:0:1", "::1", True),
        ("= fe80::/10", "fe80::1", True),
        ("= 0.0.0.0/0", "::1", False),
        ("exists", "::1", True),
    ],
)
def test_addresses(field: str, comparison: str, value: str, *, result: bool) -> None:
    assert holds(f"{field} {comparison}", {field: value}) is result


@pytest.mark.parametrize("text", ["10.0.0", "10.0.0.0/33", "localhost", "''", "::g"])
def test_what_is_no_address_is_refused(text: str) -> None:
    assert "3:23" in errors(rule(f"fd.sip = {text}"))[0]


FIELDS = {
    kind: next(
        each.name
        for each in CATALOGUE.values()
        if each.type is kind and each.many is None and each.subscript is None
    )
    for kind in OPERATORS_OF
}
PATTERNS = dict.fromkeys(("regex", "glob", "iglob", *HEX_WORDS), "61")
RIGHT = {"exists": "", **dict.fromkeys(LIST_WORDS, "()"), **PATTERNS}


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("kind", OPERATORS_OF, ids=lambda kind: kind.value)
def test_what_is_missing_is_not_compared(operator: str, kind: FieldType) -> None:
    field = FIELDS[kind]
    condition = f"{field} {operator} {RIGHT.get(operator, f'val({field})')}"
    if {"==": "="}.get(operator, operator) not in OPERATORS_OF[kind]:
        assert "does not apply" in errors(rule(condition))[0]
        return
    missing: list[Value] = [ABSENT, UNKNOWN]
    assert [holds(condition, {field: each}) for each in missing] == [False, None]
    assert [holds(f"not {condition}", {field: each}) for each in missing] == [True, None]
