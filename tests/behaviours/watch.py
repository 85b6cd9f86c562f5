"""An agent that also says when a container has ended: nothing comes from it after that."""

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


def watching(directory: Path, more: str = "") -> Agent:
    """An agent, not yet entered, with the shipped rules and more, which directory will hold."""
    path = directory / "more.yaml"
    path.write_text(more + _RULE)
    return Agent(_SHIPPED, path)


def told_until_its_end(agent: Agent, name: str) -> dict[str, str]:
    """The rules that told of a container that has ended, with their priorities."""
    agent.alert(_END, name)
    return {
        alert["rule"]: alert["priority"]
        for alert in agent.alerts()
        if alert["container"]["id"] == name and alert["rule"] != _END
    }
