from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.behaviours.watch import watching
from tests.support.agent import Agent


@pytest.fixture(scope="package")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """It goes on, whatever a test does; what is told is told apart by its container."""
    with watching(tmp_path_factory.mktemp("rules")) as agent:
        yield agent
