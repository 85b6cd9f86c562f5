"""The keys of rules, macros and lists: how each is read, and how it may be overridden."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from stockade.errors import RuleError
from stockade.events import Action, Priority
from stockade.rules.exceptions import append as append_exceptions
from stockade.rules.exceptions import read_exceptions
from stockade.rules.fixtures import read_fixtures
from stockade.rules.snippet import Snippet
from stockade.rules.source import Node, suggest

T = TypeVar("T")

_TECHNIQUE = re.compile(r"T[0-9]{4}(?:\.[0-9]{3})?")


class Maturity(Enum):
    """How far a rule has proven itself; Falco's levels."""

    STABLE = "stable"
    INCUBATING = "incubating"
    SANDBOX = "sandbox"
    DEPRECATED = "deprecated"


class Scope(Enum):
    """Whose acts a rule is about."""

    ANY = "any"
    CONTAINER = "container"
    HOST = "host"


class Unknown(Enum):
    """What a deny or kill rule does when its condition cannot be known."""

    DENY = "deny"
    ALLOW = "allow"


class Undecidable(Enum):
    """What becomes of a deny or kill rule that the kernel cannot decide before the act."""

    ERROR = "error"
    DETECT = "detect"


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    Attributes:
        read: its value from a node; raises RuleError.
        doc: what it means, for the reference.
        replace: whether an override may replace it.
        append: how an override extends it; None where it may not.
        empty: what is extended where the rule had none.
        falco: whether Falco has it.
    """

    read: Callable[[Node], Any]
    doc: str
    replace: bool = True
    append: Callable[[Any, Any], Any] | None = None
    empty: Any = ()
    falco: bool = True

    @property
    def operations(self) -> tuple[str, ...]:
        """What an override may say of it."""
        return ("append",) * (self.append is not None) + ("replace",) * self.replace


def _snippets(node: Node) -> tuple[Snippet, ...]:
    snippet = node.snippet()
    if not snippet.value.strip():
        raise RuleError("must not be empty", node.place)
    return (snippet,)


def flowing(node: Node) -> str:
    """Reads text in which line breaks mean nothing."""
    return " ".join(node.text().split())


def _strings(node: Node) -> tuple[str, ...]:
    return tuple(each.text() for each in node.items())


def choice(choices: Mapping[str, T]) -> Callable[[Node], T]:
    """Reads one of some words, in any case. What it gives raises RuleError."""

    def read(node: Node) -> T:
        text = node.text()
        found = choices.get(text.lower())
        if found is None:
            hint = suggest(text.lower(), choices) or f"one of {', '.join(choices)}"
            raise RuleError(f"{text!r} is not allowed here", node.place, hint=hint)
        return found

    return read


def one_of(choices: type[Enum]) -> Callable[[Node], Any]:
    """Reads one of an enumeration's values."""
    return choice({each.value.lower(): each for each in choices})


def _techniques(node: Node) -> tuple[str, ...]:
    found = _strings(node)
    for each, item in zip(found, node.items(), strict=True):
        if not _TECHNIQUE.fullmatch(each):
            hint = "T and four digits, such as T1611 or T1552.001"
            raise RuleError(f"{each!r} is no ATT&CK technique", item.place, hint=hint)
    return found


def _concatenate(old: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[Any, ...]:
    return old + new


def _union(old: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(old + new))


_priority = choice(
    {each.value.lower(): each for each in Priority} | {"info": Priority.INFORMATIONAL}
)
# As YAML 1.1 spells them.
boolean = choice({"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False})
_actions = choice({each.value: each for each in Action if each is not Action.ALLOW})

REQUIRED = ("condition", "desc", "output", "priority")

RULE_KEYS: dict[str, Key] = {
    "condition": Key(_snippets, "when the rule fires", append=_concatenate),
    "desc": Key(_snippets, "what it detects and why that matters", append=_concatenate),
    "output": Key(_snippets, "the alert's text, with %fields", append=_concatenate),
    "priority": Key(_priority, "Emergency, Alert, Critical ... Debug"),
    "tags": Key(_strings, "words to select rules by", append=_union),
    "exceptions": Key(
        read_exceptions,
        "named combinations of values with which it stays quiet",
        append=append_exceptions,
        empty=[],
    ),
    "enabled": Key(boolean, "false: the rule is not loaded"),
    "source": Key(flowing, "the event source; only syscall has events here", replace=False),
    "warn_evttypes": Key(boolean, "false: no warning about a condition without evt.type"),
    "skip-if-unknown-filter": Key(boolean, "true: leave the rule out where a field is unknown"),
    "capture": Key(boolean, "accepted and ignored"),
    "capture_duration": Key(flowing, "accepted and ignored"),
    "action": Key(_actions, "audit (the default), deny or kill", falco=False),
    "unknown": Key(
        one_of(Unknown),
        "deny (the default) or allow: what an unknown condition does to a deny or kill",
        falco=False,
    ),
    "undecidable": Key(
        one_of(Undecidable),
        "error (the default) or detect: what becomes of a deny or kill that the kernel cannot"
        " decide before the act",
        falco=False,
    ),
    "scope": Key(
        one_of(Scope),
        "any (the default), container (once it runs; its runtime acts before) or host",
        falco=False,
    ),
    "maturity": Key(one_of(Maturity), "stable, incubating, sandbox or deprecated", falco=False),
    "technique": Key(_techniques, "ids of ATT&CK techniques", append=_union, falco=False),
    "false_positives": Key(flowing, "what else does this legitimately", falco=False),
    "tuning": Key(flowing, "how to fit the rule to a place", falco=False),
    "tests": Key(
        read_fixtures, "events with which it fires or stays quiet", append=_concatenate, falco=False
    ),
}
MACRO_KEYS = {"condition": Key(_snippets, "what the macro stands for", append=_concatenate)}
LIST_KEYS = {"items": Key(_strings, "the values, or names of other lists", append=_concatenate)}

# What a rule of a pack must have beside REQUIRED.
PACK_REQUIRED = ("maturity", "technique", "false_positives", "tuning", "tests")
