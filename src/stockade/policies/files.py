"""Policy files into policies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from stockade.errors import Place, RuleError, RuleErrors
from stockade.policies.policy import Clause, Exemption, Limits, Mode, Policy, PolicySet
from stockade.policies.selectors import (
    SELECTORS,
    Selection,
    any_container,
    names_host,
    read_exception,
    read_scope,
)
from stockade.rules import RuleSet
from stockade.rules.keys import Unknown, flowing, one_of
from stockade.rules.report import Report
from stockade.rules.snippet import SourceFile
from stockade.rules.source import Item, Node, read_files, read_items, suggest
from stockade.rules.vocabulary import ConditionReader

_KINDS = ("exception", "policy")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NEVER = "never"
_LIMIT_MAX = 1_000_000

read_mode: Callable[[Node], Mode] = one_of(Mode)
_unknown_scope: Callable[[Node], Unknown] = one_of(Unknown)

# Every key, with what it means, for the reference.
POLICY_KEYS: Mapping[str, str] = {
    "policy": "its name",
    "desc": "what it is for",
    "packs": "packs whose rules it is about",
    "rules": "names of rules that it is about",
    "mode": "audit: what rules would do is told; enforce: it is done",
    "scope": "whose acts it is about, by the keys below, or a list of such; without it, any"
    " container's. `host: true`, alone in an element of the list, is the host",
    "modes": "other modes for some of its `rules` or `packs`, in a `scope` within its own; of those"
    " about the same, the last counts",
    "exceptions": "names of exceptions, of any of the files",
    "unknown_scope": "allow (the default) or deny: what an act gets while it is not known whether"
    " its container is in scope",
    "brake": "when it is dropped to audit: `containers`, in more than how many a rule acts"
    " (default 5), `actions`, how often it acts in one (default 0: no limit), within `window`"
    " seconds (default 60)",
}
EXCEPTION_KEYS: Mapping[str, str] = {
    "exception": "its name",
    "reason": "why it is there",
    "expires": "until when it holds: a day, which is the last, a time with its zone, or never",
    "condition": "when it holds, in the language of rules, beside the keys below",
}
_CLAUSE_KEYS = ("mode", "rules", "packs", "scope")
_BRAKE_KEYS = ("containers", "actions", "window")


@dataclass(frozen=True, slots=True)
class _Names:
    """What there is to name."""

    rules: frozenset[str]
    packs: Mapping[str, frozenset[str]]
    exemptions: Mapping[str, Exemption]


def load_policies(paths: Iterable[Path], rules: RuleSet) -> PolicySet:
    """Read policy files, and directories of them, in order.

    Args:
        paths: of files and directories.
        rules: what they can be about.

    Raises:
        RuleErrors: with everything that was found in every file.
    """
    report = Report()
    return build_policies(read_files(paths, report), rules, report)


def build_policies(
    sources: Iterable[SourceFile], rules: RuleSet, report: Report | None = None
) -> PolicySet:
    """The policies of some files, in the order they are to be read.

    Args:
        sources: the files.
        rules: what they can be about.
        report: what was found before.

    Raises:
        RuleErrors: with everything that was found in every file.
    """
    report = report or Report()
    reader = ConditionReader(rules.vocabulary, report)
    items = [item for source in sources for item in read_items(source, report, _KINDS)]
    exemptions: dict[str, Exemption] = {}
    policies: dict[str, Policy] = {}
    for item in items:
        with report.collect():
            if item.kind == "exception":
                _add(exemptions, _exemption(item, reader), "exception")
            elif item.kind not in _KINDS:
                hint = suggest(item.kind, _KINDS)
                raise RuleError(f"unknown kind of entry {item.kind}", item.place, hint=hint)
    names = _Names(frozenset(rule.name for rule in rules.rules), _packs(rules), exemptions)
    for item in items:
        with report.collect():
            if item.kind == "policy":
                _add(policies, _policy(item, names, reader), "policy")
    used = {each.name for policy in policies.values() for each in policy.exemptions}
    for exemption in exemptions.values():
        if exemption.name not in used:
            report.warn(f"exception {exemption.name!r} is not used", exemption.place)
    if report.failed:
        raise RuleErrors(report.diagnostics, "policies")
    return PolicySet(rules.rules, tuple(policies.values()), report.diagnostics)


def _add(found: dict[str, Any], new: Policy | Exemption, what: str) -> None:
    if other := found.get(new.name):
        raise RuleError(f"{what} {new.name!r} is there already, at {other.place}", new.place)
    found[new.name] = new


def _packs(rules: RuleSet) -> dict[str, frozenset[str]]:
    packs = {rule.pack for rule in rules.rules if rule.pack is not None}
    return {
        pack: frozenset(rule.name for rule in rules.rules if rule.pack == pack) for pack in packs
    }


def _policy(item: Item, names: _Names, reader: ConditionReader) -> Policy:
    _check(item, POLICY_KEYS, ("mode",))
    keys = item.keys
    rules = _rules(keys, names)
    if rules is None:
        raise RuleError(f"policy {item.name!r} names no rules and no packs", item.place)
    mode = read_mode(keys["mode"])
    scope = (
        read_scope(keys["scope"], reader)
        if "scope" in item
        else Selection(reader.checked(any_container(item.place)), "any container")
    )
    nodes = keys["modes"].items() if "modes" in item else []
    return Policy(
        name=item.name,
        desc=flowing(keys["desc"]) if "desc" in item else "",
        rules=rules,
        scope=scope,
        covers_containers="scope" not in item,
        covers_host="scope" in item and names_host(keys["scope"]),
        clauses=(
            Clause(mode, None, None, str(item.place)),
            *(_clause(node, rules, names, reader) for node in nodes),
        ),
        exemptions=_named_exemptions(keys["exceptions"], names) if "exceptions" in item else (),
        unknown_scope=(
            _unknown_scope(keys["unknown_scope"]) if "unknown_scope" in item else Unknown.ALLOW
        ),
        limits=_limits(keys["brake"]) if "brake" in item else Limits(),
        place=item.place,
    )


def _check(item: Item, known: Iterable[str], required: Iterable[str]) -> None:
    if not item.name:
        raise RuleError(f"{item.kind} needs a name", item.place)
    _check_keys(item.keys, known, f"{item.kind} {item.name!r}")
    for key in required:
        if key not in item:
            raise RuleError(f"{item.kind} {item.name!r} has no {key}", item.place)


def _check_keys(keys: Mapping[str, Node], known: Iterable[str], where: str) -> None:
    names = list(known)
    for key, node in keys.items():
        if key not in names:
            hint = suggest(key, names) or f"one of {', '.join(names)}"
            raise RuleError(f"unknown key {key} in {where}", node.place, hint=hint)


def _rules(keys: Mapping[str, Node], names: _Names) -> frozenset[str] | None:
    """The rules that are named, by themselves and by packs; None where neither key is there."""
    if not keys.keys() & {"rules", "packs"}:
        return None
    found: set[str] = set()
    for node in _listed(keys.get("packs")):
        found |= names.packs[_known(node, names.packs, "pack")]
    found |= {_known(node, names.rules, "rule") for node in _listed(keys.get("rules"))}
    return frozenset(found)


def _listed(node: Node | None) -> list[Node]:
    if node is None:
        return []
    return node.items() if node.is_list else [node]


def _known(node: Node, names: Iterable[str], what: str) -> str:
    name, known = node.text(), list(names)
    if name not in known:
        raise RuleError(f"unknown {what} {name}", node.place, hint=suggest(name, known))
    return name


def _clause(node: Node, rules: frozenset[str], names: _Names, reader: ConditionReader) -> Clause:
    keys = node.mapping()
    _check_keys(keys, _CLAUSE_KEYS, "one of the modes")
    if "mode" not in keys:
        raise RuleError("one of the modes has no mode", node.place)
    about = _rules(keys, names)
    others = (about or frozenset()) - rules
    if others:
        message = f"the policy is not about rule {min(others)!r}"
        raise RuleError(message, node.place, hint="add it to the policy's rules or packs")
    scope = read_scope(keys["scope"], reader) if "scope" in keys else None
    return Clause(read_mode(keys["mode"]), about, scope, str(node.place))


def _named_exemptions(node: Node, names: _Names) -> tuple[Exemption, ...]:
    known = names.exemptions
    return tuple(known[_known(each, known, "exception")] for each in _listed(node))


def _limits(node: Node) -> Limits:
    keys = node.mapping()
    _check_keys(keys, _BRAKE_KEYS, "a brake")
    numbers = {key: _number(value) for key, value in keys.items()}
    if numbers.get("window") == 0:
        raise RuleError("a window has at least a second", keys["window"].place)
    default = Limits()
    return Limits(
        containers=numbers.get("containers", default.containers),
        actions=numbers.get("actions", default.actions),
        window_s=numbers.get("window", default.window_s),
    )


def _number(node: Node) -> int:
    text = node.text()
    if not text.isascii() or not text.isdecimal() or int(text[:8]) > _LIMIT_MAX:
        raise RuleError(f"{text!r} is no number up to {_LIMIT_MAX}", node.place)
    return int(text)


def _exemption(item: Item, reader: ConditionReader) -> Exemption:
    _check(item, (*EXCEPTION_KEYS, *SELECTORS), ("reason", "expires"))
    selection = {
        name: node
        for name, node in item.keys.items()
        if name not in EXCEPTION_KEYS or name == "condition"
    }
    reason = flowing(item.keys["reason"])
    if not reason:
        raise RuleError(f"exception {item.name!r} has no reason", item.keys["reason"].place)
    return Exemption(
        name=item.name,
        reason=reason,
        expires=_expiry(item.keys["expires"]),
        condition=read_exception(selection, item.place, reader),
        place=item.place,
    )


def _expiry(node: Node) -> datetime | None:
    text = node.text()
    if text == _NEVER:
        return None
    try:
        if _DAY.fullmatch(text):
            return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), UTC)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as err:
        raise _no_time(text, node.place) from err
    if found.tzinfo is None:
        raise _no_time(text, node.place)
    return found.astimezone(UTC)


def _no_time(text: str, place: Place) -> RuleError:
    hint = f"a day such as 2027-01-31, a time such as 2027-01-31T18:00:00Z, or {_NEVER}"
    return RuleError(f"{text!r} is no day and no time with a zone", place, hint=hint)
