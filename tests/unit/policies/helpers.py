"""Policies from texts, over three small rules."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stockade.errors import RuleErrors
from stockade.events import Container, Event, Metadata, Workload
from stockade.policies import Governed, Override, PolicySet, govern
from stockade.policies.files import build_policies
from stockade.rules import Engine
from stockade.rules.ruleset import RuleSet
from stockade.rules.snippet import SourceFile
from tests.support.records import ENTRY, event
from tests.unit.rules.helpers import made, rule

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RULES = (
    "- macro: reads\n  condition: proc.name = cat\n"
    + rule("evt.type = openat and reads", "Denying", action="deny")
    + rule("evt.type = openat", "Killing", action="kill", scope="container")
    + rule("evt.type = openat", "Telling")
)
# As a pack has them: with all that packs need, and one of them off by default.
PACKED = """
- pack: hard
- rule: Hard
  desc: d
  condition: evt.type = openat
  output: o
  priority: WARNING
  action: deny
  enabled: false
  maturity: stable
  technique: [T1611]
  false_positives: none
  tuning: none
  tests:
    - fires: x
      event: {evt.type: openat}
"""


def rules() -> RuleSet:
    """What policies can be about."""
    return made(RULES, PACKED)


def read(*texts: str) -> PolicySet:
    """The policies of files p0.yaml, p1.yaml ..."""
    sources = [SourceFile(f"p{number}.yaml", text) for number, text in enumerate(texts)]
    return build_policies(sources, rules())


def governed(*texts: str, overrides: tuple[Override, ...] = (), now: datetime = NOW) -> Governed:
    """The rules with the policies of some files."""
    return govern(read(*texts), overrides, now)


def errors(*texts: str) -> list[str]:
    """What is wrong with files, each with its hint."""
    with pytest.raises(RuleErrors) as caught:
        read(*texts)
    found = caught.value.diagnostics
    return [f"{each}{f' ({each.hint})' if each.hint else ''}" for each in found]


def box(name: str = "web", **workload: object) -> Container:
    """A container whose metadata has come."""
    container = Container(id=f"id-{name}", runtime="runc", entry=ENTRY)
    container.metadata = Metadata.COMPLETE
    values = {"name": name, "image": "registry/app:1", "labels": {}, "privileged": False}
    container.workload = Workload(**{**values, **workload})  # type: ignore[arg-type]
    return container


def opens(container: Container | None) -> Event:
    """An open by cat in a container, or on the host."""
    return event(container=container)


def told(of: Governed, container: Container | None) -> dict[str, tuple[str, str | None]]:
    """What an open fires: by the rule's name, the action and the policy."""
    engine = Engine(of.rules)
    found: dict[str, tuple[str, str | None]] = {}
    for each, verdict in engine.judged(opens(container)):
        if verdict:
            assert each.name not in found, "fires twice"
            found[each.name] = each.effective.value, each.policy
    return found
