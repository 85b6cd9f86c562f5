"""Honest work: nothing of it is worth more than a notice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.behaviours.act import SEVERE
from tests.behaviours.jobs import JOBS, PROGRAMS, Job
from tests.behaviours.watch import told_until_its_end
from tests.support.agent import Agent
from tests.support.runc import Runc, delete, execute

# The host's, where /usr has everything.
_MERGED = ("bin", "sbin", "lib", "lib64")


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root in which the host's programs find each other."""
    root = tmp_path_factory.mktemp("bare")
    for name in ("usr", "etc/alternatives", "proc", "sys", "dev", "tmp", "run", "root", "var/log"):
        (root / name).mkdir(parents=True)
    for name in _MERGED:
        (root / name).symlink_to(f"usr/{name}")
    (root / "tmp").chmod(0o1777)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
    return root


def severe(agent: Agent, name: str) -> list[str]:
    """The rules of WARNING or above that told of a container that has ended."""
    told = told_until_its_end(agent, name)
    return [rule for rule, priority in told.items() if priority in SEVERE]


@pytest.mark.parametrize("job", JOBS, ids=str)
def test_a_job_is_not_severe(agent: Agent, runc: Runc, bare: Path, job: Job) -> None:
    missing = [each for each in job.needs if shutil.which(each) is None]
    if missing:
        pytest.skip(f"this machine has no {' '.join(missing)}")
    with_programs = PROGRAMS[0] in job.options.mounts
    root = bare if with_programs else None
    name, done = runc.run(["sh", "-c", job.script], job.options, rootfs=root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert severe(agent, name) == [], done.stderr


def test_probes_and_commands_by_the_runtime(agent: Agent, runc: Runc) -> None:
    with runc.running(["sleep", "600"]) as name:
        for _ in range(5):
            execute(name, "sh", "-c", "cat /etc/passwd; ps; test -e /tmp")
        delete(name)
        assert severe(agent, name) == []
