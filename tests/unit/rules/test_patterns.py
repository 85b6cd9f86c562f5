"""Globs, regular expressions and path prefixes."""

from __future__ import annotations

import pytest

from tests.unit.rules.helpers import errors, holds, indented, rule


@pytest.mark.parametrize(
    ("pattern", "value", "result"),
    [
        ("/etc/*", "/etc/ssh/sshd_config", True),
        ("*", "", True),
        ("*", "a\nb", True),
        ("?", "/", True),
        ("?", "é", True),
        ("?", "", False),
        ("a?c", "abc", True),
        ("b", "abc", False),
        ("[abc]", "b", True),
        ("[a-c]x", "bx", True),
        ("[!a-c]", "b", False),
        ("[^a-c]", "d", True),
        ("[]]", "]", True),
        ("[]a]", "a", True),
        ("[a-]", "-", True),
        ("[[:digit:]]x", "5x", True),
        ("[a", "[a", True),
        ("a.c", "abc", False),
        ("a+", "aa", False),
        ("{a,b}", "a", False),
        (r"\\*", "*", True),
        (r"\\*", "a", False),
        (r"[\\]]", "]", True),
        (r"[\\]]", r"\]", False),
        (r"[\\a]", "\\", False),
        (r"[a\\-c]", "b", False),
        (r"\\xff*", "xff", True),
        (r"\xff*", "\udcffa", True),
        (r"\xff*", "abc", False),
        ("é*", "é\udcff", True),
    ],
)
def test_globs_are_those_of_fnmatch(pattern: str, value: str, *, result: bool) -> None:
    assert holds(f'proc.name glob "{pattern}"', {"proc.name": value}) is result


def test_a_glob_of_any_size_is_matched_or_refused_when_rules_are_read() -> None:
    text = rule("proc.name glob " + "ab*c" * 20_000)
    (found,) = errors(text)
    assert found.startswith("a.yaml:3:29: error:")


@pytest.mark.parametrize(
    ("pattern", "value", "result"),
    [
        ("/ETC/*", "/etc/passwd", True),
        ("[A-C]", "b", True),
        ("é", "É", False),
    ],
)
def test_iglob_ignores_the_case_of_ascii(pattern: str, value: str, *, result: bool) -> None:
    assert holds(f"proc.name iglob {pattern}", {"proc.name": value}) is result


@pytest.mark.parametrize(
    ("pattern", "value", "result"),
    [
        ("a.c", "abc", True),
        ("b", "abc", False),
        ("a|ab", "ab", True),
        (".*", "", True),
        ("[a-z]+[0-9]{2}", "ab12", True),
        ("[[:alpha:]]+", "ab", True),
        ("(a)(b)?", "a", True),
        ("a.b", "a\udcffb", True),
        ("é", "é", True),
    ],
)
def test_regular_expressions_match_everything(pattern: str, value: str, *, result: bool) -> None:
    assert holds(f'proc.name regex "{pattern}"', {"proc.name": value}) is result


@pytest.mark.parametrize("pattern", ["(", "a{2,1}", r"\\d", r"(a)\\1", "(?i)a", "[z-a]", r"\xff"])
def test_what_is_no_posix_expression_is_refused(pattern: str) -> None:
    (found,) = errors(rule(indented(f'proc.name regex "{pattern}"')))
    assert found.startswith("a.yaml:4:21: error:")
    assert "regular expression" in found


@pytest.mark.parametrize(
    ("prefixes", "path", "result"),
    [
        ("/etc", "/etc", True),
        ("/etc", "/etc/passwd", True),
        ("/etc/", "/etc/passwd", True),
        ("/etc", "/etcetera", False),
        ("/etc/passwd", "/etc", False),
        ("/", "/anything", True),
        ("etc", "/etc", False),
        ("/etc", "etc", False),
        ("/proc/*/mem", "/proc/1/mem", True),
        ("/proc/*/mem", "/proc/1/task/mem", False),
        ("/proc/*", "/proc/1/mem", True),
        ("/dev/sd?", "/dev/sda", True),
        ("/dev/sd[ab]", "/dev/sdc", False),
        ("/home, /root", "/root/.ssh", True),
        ("/home, /root", "/rooty", False),
    ],
)
def test_pmatch_compares_paths_part_by_part(prefixes: str, path: str, *, result: bool) -> None:
    assert holds(f"fd.name pmatch ({prefixes})", {"fd.name": path}) is result
