"""An agent with all the rules that are shipped, those of policies too.

It also says when a container has ended: nothing comes from it after that.
"""

from __future__ import annotations

from pathlib import Path

from tests.support.agent import Agent

_SHIPPED = Path(__file__).parents[2] / "rules"
_END = "End of a container"
_RULE = f"""
- rule: {_END}
  desc: d
  condition: evt.type = container_stop
  output: "%container.id"
  priority: NOTICE
"""
# What is off by default is at work: patches everywhere, hardening where the name says so.
HARDENED = "-hardened"
_POLICY = f"""
- policy: patches
  packs: [runtime_patches]
  mode: audit
  brake: {{containers: 0}}
- policy: hardening
  packs: [hardening]
  mode: audit
  scope: {{container: "*{HARDENED}"}}
  brake: {{containers: 0}}
"""


def watching(directory: Path, more: str = "") -> Agent:
    """An agent, not yet entered, with the shipped rules and more, which directory will hold."""
    path = directory / "more.yaml"
    path.write_text(more + _RULE)
    policy = directory / "policy"
    policy.write_text(_POLICY)
    options = ("--policy", str(policy), "--state", str(directory / "modes"))
    return Agent(_SHIPPED, path, options=options)


def told_until_its_end(agent: Agent, name: str) -> dict[str, str]:
    """The rules that told of a container that has ended, with their priorities."""
    agent.alert(_END, name)
    return {
        alert["rule"]: alert["priority"]
        for alert in agent.alerts()
        if alert["container"]["id"] == name and alert["rule"] != _END
    }
