"""Globs and regular expressions, both matched by RE2: in linear time, whatever the value is."""

from __future__ import annotations

import re
from functools import lru_cache

import re2

_MEMORY = 1 << 20
_NEVER = "[^\\x00-\\x{10FFFF}]"
_CLASS = re.compile(
    r"\[:(?:alnum|alpha|blank|cntrl|digit|graph|lower|print|punct|space|upper|xdigit):\]"
)


def lower(text: str) -> str:
    """Lower case of ASCII letters alone, as the C library has it."""
    return "".join(char.lower() if char.isascii() else char for char in text)


def upper(text: str) -> str:
    """Upper case of ASCII letters alone."""
    return "".join(char.upper() if char.isascii() else char for char in text)


def matches_glob(pattern: str, value: str) -> bool:
    r"""Whether a shell pattern matches a whole string, as fnmatch(3) without flags.

    * and ? match / too; \ escapes. Where one of the two is not UTF-8, ? matches a byte.
    """
    if _is_text(value) and _is_text(pattern):
        return _glob(pattern, latin=False).fullmatch(value) is not None
    as_bytes = value.encode("utf-8", "surrogateescape")
    return _glob(pattern, latin=True).fullmatch(as_bytes) is not None


def check_glob(pattern: str) -> None:
    """Raise re2.error for a shell pattern that is too large."""
    _glob(pattern, latin=False) if _is_text(pattern) else _glob(pattern, latin=True)


def matches_regex(pattern: str, value: str) -> bool:
    """Whether a POSIX extended expression matches a whole string; bytes that are not UTF-8 are
    replaced by U+FFFD before.
    """
    text = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return regex(pattern).fullmatch(text) is not None


def prefix_match(path: str, prefix: str) -> bool:
    """Whether a path is a prefix or lies below it, part by part; wildcards stay in a part."""
    wanted = [part for part in prefix.split("/") if part]
    parts = [part for part in path.split("/") if part]
    if prefix.startswith("/") != path.startswith("/") or len(wanted) > len(parts):
        return False
    return all(map(matches_glob, wanted, parts))


@lru_cache(maxsize=4096)
def regex(pattern: str) -> re2._Regexp:
    """A compiled POSIX extended expression. Raises re2.error."""
    options = re2.Options()
    options.posix_syntax = True
    options.longest_match = True
    options.log_errors = False
    options.max_mem = _MEMORY
    return re2.compile(pattern, options)


def _is_text(value: str) -> bool:
    return not any("\udc80" <= char <= "\udcff" for char in value)


@lru_cache(maxsize=4096)
def _glob(pattern: str, *, latin: bool) -> re2._Regexp:
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    options.max_mem = _MEMORY
    if not latin:
        return re2.compile(_translate(pattern), options)
    options.encoding = re2.Options.Encoding.LATIN1
    as_bytes = pattern.encode("utf-8", "surrogateescape")
    return re2.compile(_translate(as_bytes.decode("latin-1")).encode("latin-1"), options)


def _translate(pattern: str) -> str:
    out: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            if out[-1:] != [".*"]:
                out.append(".*")
        elif char == "?":
            out.append(".")
        elif char == "[" and (end := _bracket_end(pattern, at)):
            out.append(_bracket(pattern[at:end]))
            at = end + 1
        elif char == "\\":
            # One that escapes nothing matches nothing.
            out.append(re2.escape(pattern[at]) if at < len(pattern) else _NEVER)
            at += 1
        else:
            out.append(re2.escape(char))
    return "".join(out)


def _bracket_end(pattern: str, start: int) -> int:
    """Where a bracket expression ends; 0 where it does not, and [ is an ordinary character."""
    at = start + (pattern[start : start + 1] in {"!", "^"})
    # A closing bracket that comes first belongs to the set.
    at += pattern[at : at + 1] == "]"
    while at < len(pattern) and pattern[at] != "]":
        named = _CLASS.match(pattern, at)
        at = named.end() if named else at + 1 + (pattern[at] == "\\")
    return at if at < len(pattern) else 0


def _bracket(inside: str) -> str:
    negated = inside[:1] in {"!", "^"}
    members: list[str] = []
    rest = inside[negated:]
    while rest:
        if named := _CLASS.match(rest):
            members.append(named[0])
            rest = rest[named.end() :]
            continue
        low, rest = _member(rest)
        if rest[:1] != "-" or rest == "-":
            members.append(re2.escape(low))
            continue
        high, rest = _member(rest[1:])
        # A range that ends before it begins holds nothing.
        if low <= high:
            members.append(f"{re2.escape(low)}-{re2.escape(high)}")
    if not members:
        return "." if negated else _NEVER
    return f"[{'^' if negated else ''}{''.join(members)}]"


def _member(text: str) -> tuple[str, str]:
    """The character that begins a text in brackets, and what follows it."""
    escaped = text[0] == "\\" and len(text) > 1
    return text[escaped], text[1 + escaped :]
