"""Values as they are written, and the places of mistakes in every style of YAML."""

from __future__ import annotations

import pytest

from tests.unit.rules.helpers import diagnostics, errors, holds, indented, only, outcome, rule


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('"two words"', "two words"),
        ("'two words'", "two words"),
        ('""', ""),
        ('"it\'s"', "it's"),
        ("'say \"x\"'", 'say "x"'),
        (r'"say \"x\""', 'say "x"'),
        (r"'it\'s'", "it's"),
        (r'"\b\f\n\r\t\\\/"', "\b\f\n\r\t\\/"),
        (r'"\x41\x7e"', "A~"),
        (r'"\xc3\xa9"', "é"),
        (r'"\xff\xc3"', "\udcff\udcc3"),
        (r'"\\x41"', r"\x41"),
        ('"a\nb"', "a\nb"),
        ('"(a, b)"', "(a, b)"),
        ('"a = b and"', "a = b and"),
        ("/usr/bin/[a-z]*", "/usr/bin/[a-z]*"),
        ("a.b-c_d/e:f@g#h+i|j!k~l%m^n&o;p{q}r?s*t$u`v<w>x", None),
        ("<", "<"),
        (">x", ">x"),
        (r"a\b", r"a\b"),
        (r"c:\x41", r"c:\x41"),
        ("é", "é"),
        ("not", "not"),
        ("in", "in"),
        ("proc.name", "proc.name"),
        ("-", "-"),
        ("0x10", "0x10"),
    ],
)
def test_values(written: str, value: str | None) -> None:
    wanted = written if value is None else value
    assert holds(f"proc.name = {written}", {"proc.name": wanted}) is True
    assert holds(f"proc.name in (x, {written})", {"proc.name": wanted}) is True
    assert holds(f"proc.name = {written}", {"proc.name": f"{wanted}_"}) is False


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('"open', "not closed"),
        ("'open", "not closed"),
        (r'"open\"', "not closed"),
        (r'"\q"', "unknown escape"),
        (r'"\x4"', "unknown escape"),
        (r'"\xg0"', "unknown escape"),
        (r'"\u0041"', "unknown escape"),
        (r'"\x00"', "NUL"),
        ('"\\\'"', "unknown escape"),
    ],
)
def test_mistakes_in_quotes(written: str, message: str) -> None:
    (found,) = errors(rule(indented(f"proc.name = {written}")))
    assert found.startswith("a.yaml:4:17: error:")
    assert message in found


@pytest.mark.parametrize(
    ("condition", "place", "message"),
    [
        ("proc.nme = x", "3:14", "unknown field proc.nme"),
        ("opend", "3:14", "unknown macro opend"),
        ("proc.pid contains 1", "3:14", "contains does not apply to proc.pid"),
        ("proc.pid = one", "3:25", "'one' is no int"),
        ("proc.name = x and", "3:31", "found the end"),
        ("(proc.name = x", "3:28", "closing parenthesis"),
        ("proc.name = x)", "3:27", "expected and, or, or the end"),
        ("proc.name = x proc.exe = y", "3:28", "found 'proc.exe'"),
        ("proc.name in x", "3:27", "opening parenthesis"),
        ("proc.name in (a b)", "3:30", "a comma"),
        ("proc.name in (a,)", "3:30", "a value"),
        ("proc.name in (,a)", "3:28", "a value"),
        ("proc.name in (a", "3:29", "a comma"),
        ("proc.name in ((a))", "3:28", "a value"),
        ("proc.name =", "3:25", "a value"),
        ("proc.name = =", "3:26", "a value"),
        ("proc.name", "3:23", "an operator"),
        ("proc.name is x", "3:24", "an operator"),
        ("proc.name containsx", "3:24", "an operator"),
        ("= x", "3:14", "a field or a macro"),
        ("and", "3:14", "a field or a macro"),
        ("not", "3:17", "a field or a macro"),
        ("proc.name = x or or", "3:31", "a field or a macro"),
        ("proc.name = x And proc.exe = y", "3:28", "expected and, or, or the end"),
        ("()", "3:15", "a field or a macro"),
        ("proc. = x", "3:18", "expected and, or, or the end"),
        ("1proc.name = x", "3:14", "a field or a macro"),
        ("evt.type = opne", "3:25", "unknown event opne"),
        ("evt.type in (open, opne)", "3:33", "unknown event opne"),
        ("proc.name ~ x", "3:24", "an operator"),
        ("(" * 101 + "proc.name = x" + ")" * 101, "3:114", "nested deeper"),
    ],
)
def test_mistakes_have_a_place(condition: str, place: str, message: str) -> None:
    (found,) = errors(rule(condition))
    assert found.startswith(f"a.yaml:{place}: error:")
    assert message in found


@pytest.mark.parametrize(
    ("scalar", "place"),
    [
        ("proc.nme = x", "3:14"),
        ("'proc.nme = x'", "3:15"),
        ('"proc.nme = x"', "3:15"),
        ("\n    proc.name = x and\n    proc.nme = x", "5:5"),
        ("|\n    proc.name = cat\n    and proc.nme = x", "5:9"),
        (">\n    proc.name = cat\n    and proc.nme = x", "5:9"),
        (">-\n    proc.name = cat\n\n    and proc.nme = x", "6:9"),
        (">\n    proc.name = cat\n      and proc.nme = x", "5:11"),
        ("|2\n    proc.nme = x", "4:5"),
        ("'proc.name = ''x'' and proc.nme = x'", "3:37"),
        ('"proc.name = \\"x\\" and proc.nme = x"', "3:37"),
        ('"proc.name = x\n\n    and proc.nme = x"', "5:9"),
        ('"proc.name = x \\\n    and proc.nme = x"', "4:9"),
        ('"proc.name = x\\tand proc.nme = x"', "3:34"),
        ("proc.name = é and proc.nme = x", "3:32"),
        ("proc.name = \U0001f600 and proc.nme = x", "3:32"),
        ("!!str proc.nme = x", "3:20"),
        ("&a proc.nme = x", "3:17"),
        ("# comment\n    proc.nme = x", "4:5"),
        ("| # proc.nme\n    proc.nme = x", "4:5"),
    ],
)
def test_places_are_the_files_own(scalar: str, place: str) -> None:
    (found,) = errors(rule(scalar))
    assert found.startswith(f"a.yaml:{place}: error: unknown field proc.nme")


def test_places_with_lines_that_end_as_in_windows() -> None:
    text = rule("|\n    proc.name = x\n    and proc.nme = x").replace("\n", "\r\n")
    assert errors(text)[0].startswith("a.yaml:5:9: error:")


def test_places_behind_an_escape_of_yaml() -> None:
    text = rule('"proc.name = \\x41 and proc.nme = x"')
    assert errors(text)[0].startswith("a.yaml:3:36: error:")


@pytest.mark.parametrize(
    "scalar",
    [
        'proc.name = "a  b" and proc.exe = c',
        "'proc.name = \"a  b\" and proc.exe = c'",
        '"proc.name = \\"a  b\\" and proc.exe = c"',
        '>\n    proc.name = "a  b"\n    and proc.exe = c',
        "|\n    proc.name = 'a  b'\n    and\n    proc.exe = c",
        "\n    proc.name = 'a  b'\n    and proc.exe = c # comment",
    ],
)
def test_styles_of_yaml(scalar: str) -> None:
    of = only(rule(scalar))
    assert outcome(of, {"proc.name": "a  b", "proc.exe": "c"}) is True
    assert outcome(of, {"proc.name": "a b", "proc.exe": "c"}) is False


def test_hints_name_what_was_probably_meant() -> None:
    hints = [
        diagnostics(rule(condition))[0].hint
        for condition in ("proc.nme = x", "evt.type = opne", "proc.name is x")
    ]
    assert [("proc.name" in (h or ""), "open" in (h or "")) for h in hints[:2]] == [
        (True, False),
        (False, True),
    ]
    assert hints[2]
    assert "startswith" in hints[2]
