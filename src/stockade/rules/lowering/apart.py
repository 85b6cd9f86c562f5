"""A policy, made in a process of its own: planning takes memory, and time that events need.

    python -m stockade.rules.lowering.apart

Rules go there as text, which is what a policy's key is made of, too: what is read back has to have
the same key.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace

import msgspec

from stockade.errors import StockadeError
from stockade.events import NOWHERE, Action, EventType, Points, Policy, RuleKey
from stockade.rules.keys import Unknown
from stockade.rules.lowering.assemble import Refusal
from stockade.rules.lowering.confined import confine
from stockade.rules.lowering.policies import Built, build, policy_key
from stockade.rules.rule import Rule
from stockade.rules.ruleset import build as make_rules
from stockade.rules.show import condition_text
from stockade.rules.snippet import SourceFile

_BUILD_S = 300.0
_MEMORY_BYTES = 4 << 30
_NICE = 5
_LAST_WORDS = 300


class Sent(msgspec.Struct, frozen=True):
    """A rule as text, with all else that has a say in what comes of it."""

    condition: str
    key: RuleKey
    action: Action
    decided: bool
    unknown: Unknown
    unknown_scope: Unknown
    on_host: bool


def build_apart(
    rules: Sequence[Rule], kinds: Iterable[EventType], points: Points = NOWHERE
) -> Built:
    """What `build` makes of rules. Where that fails as a whole, everything is left to user space.

    Args:
        rules: checked rules.
        kinds: the event types that are collected.
        points: where acts can be decided.
    """
    wanted, acted = sorted(kinds), sorted(points.before | points.after)
    acting = tuple(dict.fromkeys(rule.name for rule in rules if rule.decided))
    order = {
        "rules": msgspec.to_builtins(list(map(sent, rules))),
        "kinds": wanted,
        "before": sorted(points.before),
        "after": sorted(points.after),
        "key": policy_key(rules, wanted, points),
    }
    command = [sys.executable, "-m", __name__]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(order).encode(),
            capture_output=True,
            timeout=_BUILD_S,
            check=True,
        )
        return msgspec.msgpack.decode(done.stdout, type=Built)
    except subprocess.TimeoutExpired:
        reason = f"it took longer than {_BUILD_S:.0f} s"
    except subprocess.CalledProcessError as err:
        words = err.stderr.decode("utf-8", "replace").strip().split("\n")[-1]
        reason = f"the compiler failed: {words[-_LAST_WORDS:]}"
    undecided = (Refusal(tuple(acted), acting, reason),) if acting else ()
    return Built(Policy((), {}), (Refusal(tuple(wanted), (), reason),), "none", undecided=undecided)


def main() -> None:
    """Answer the order on stdin."""
    os.nice(_NICE)
    confine(memory_bytes=_MEMORY_BYTES)
    order = json.loads(sys.stdin.buffer.read())
    kinds = [EventType(kind) for kind in order["kinds"]]
    points = Points(*(frozenset(map(EventType, order[each])) for each in ("before", "after")))
    rules = received(msgspec.convert(order["rules"], list[Sent]))
    if policy_key(rules, kinds, points) != order["key"]:
        raise StockadeError("the rules are not the same when they are read again")
    sys.stdout.buffer.write(msgspec.msgpack.encode(build(rules, kinds, points)))


def sent(rule: Rule) -> Sent:
    """A rule as it goes there."""
    return Sent(
        condition=condition_text(rule.condition),
        key=rule.key,
        action=rule.action,
        decided=rule.decided,
        unknown=rule.unknown,
        unknown_scope=rule.unknown_scope,
        on_host=rule.on_host,
    )


def received(several: Sequence[Sent]) -> list[Rule]:
    """The rules that were sent. What they are written as has numbers for names: JSON is YAML."""
    rest = {"desc": "-", "output": "-", "priority": "NOTICE"}
    items = [
        {"rule": str(number), "condition": each.condition, **rest}
        for number, each in enumerate(several)
    ]
    made = make_rules([SourceFile("rules", json.dumps(items))]).rules if items else ()
    return [_as_it_was(rule, each) for rule, each in zip(made, several, strict=True)]


def _as_it_was(rule: Rule, sent: Sent) -> Rule:
    return replace(
        rule,
        name=sent.key.name,
        policy=sent.key.policy,
        effective=sent.key.effective,
        action=sent.action,
        decided=sent.decided,
        unknown=sent.unknown,
        unknown_scope=sent.unknown_scope,
        on_host=sent.on_host,
    )


if __name__ == "__main__":
    main()
