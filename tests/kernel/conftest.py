from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stockade.kernel import Sensor, Wanted
from tests.support.recorder import EXECS, OPENS, Recorder


@pytest.fixture(scope="session")
def sensor() -> Iterator[Sensor]:
    with Sensor(Wanted(OPENS | EXECS, OPENS | EXECS)) as sensor:
        yield sensor


@pytest.fixture
def recorder(sensor: Sensor, acts: Path) -> Recorder:
    recorder = Recorder(sensor, acts)
    recorder.forget()
    return recorder
