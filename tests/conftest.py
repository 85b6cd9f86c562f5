from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from stockade.kernel import Sensor, Tier
from tests.support.runc import Runc, make_rootfs

HERE = Path(__file__).parent
# Rooms whose tests load programs into this machine's kernel.
PRIVILEGED = ("kernel", "e2e", "vm")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--tier", help="watch by this tier, not by the best that there is")


def pytest_configure(config: pytest.Config) -> None:
    if tier := config.getoption("--tier"):
        Sensor.default_tier = Tier(tier)
        os.environ["STOCKADE_TIER"] = tier


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.geteuid() == 0:
        return
    skip = pytest.mark.skip(reason="needs root; make test asks for it")
    for item in items:
        if item.path.relative_to(HERE).parts[0] in PRIVILEGED:
            item.add_marker(skip)


def _compiled(directory: Path, name: str) -> Path:
    """A test program; static, so that it runs in any root file system."""
    source = HERE / f"support/{name}.c"
    target = directory / name
    subprocess.run(
        ["gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-static", "-pthread", "-o", target, source],
        check=True,
    )
    return target


@pytest.fixture(scope="session")
def acts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that opens files in every way."""
    return _compiled(tmp_path_factory.mktemp("acts"), "acts")


@pytest.fixture(scope="session")
def births(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that makes tasks in every way."""
    return _compiled(tmp_path_factory.mktemp("births"), "births")


@pytest.fixture(scope="session")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that makes every call."""
    return _compiled(tmp_path_factory.mktemp("calls"), "calls")


@pytest.fixture(scope="session")
def meddles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that does something to another process."""
    return _compiled(tmp_path_factory.mktemp("meddles"), "meddles")


@pytest.fixture(scope="session")
def stress(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that is hard to follow."""
    return _compiled(tmp_path_factory.mktemp("stress"), "stress")


@pytest.fixture(scope="session")
def runc(tmp_path_factory: pytest.TempPathFactory, acts: Path, births: Path, calls: Path) -> Runc:
    """A maker of containers."""
    assert shutil.which("runc"), "runc is not installed; make test-setup installs it"
    work = tmp_path_factory.mktemp("runc")
    return Runc(work, make_rootfs(work / "rootfs", [acts, births, calls]))
