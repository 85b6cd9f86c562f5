"""Without its rule no act is told of: what the other tests see is that rule's doing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.behaviours import ACTS, Act
from tests.behaviours.watch import told_until_its_end, watching
from tests.support.agent import Agent
from tests.support.runc import Runc


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """It has the shipped rules, without those that the acts are about."""
    off = [
        f'- rule: "{rule}"\n  enabled: false\n  override: {{enabled: replace}}\n'
        for rule in sorted({act.rule for act in ACTS})
    ]
    with watching(tmp_path_factory.mktemp("rules"), "".join(off)) as agent:
        yield agent


@pytest.mark.parametrize("act", ACTS, ids=str)
def test_nothing_tells_in_its_place(agent: Agent, runc: Runc, act: Act) -> None:
    name = act.do(runc, agent.process.pid)
    assert act.rule not in told_until_its_end(agent, name)
