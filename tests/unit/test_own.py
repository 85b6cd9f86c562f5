"""What the agent says of itself, for the rules that guard it."""

from __future__ import annotations

import sys
from pathlib import Path

import stockade
from stockade.agent import own_lists
from stockade.agent.own import cgroup_files


def test_the_files_that_govern_a_cgroup() -> None:
    found = set(cgroup_files("4:memory:/a/b\n1:name=x:/\n0::/system.slice/s:t.service\n"))
    assert {
        "/a/b/memory.limit_in_bytes",
        "/a/freezer.state",
        "/system.slice/cgroup.kill",
        "/system.slice/s:t.service/cgroup.freeze",
    } <= found
    assert "/cgroup.freeze" not in found


def test_in_the_root_nothing_governs() -> None:
    assert list(cgroup_files("0::/\n")) == []


def test_what_the_agent_is_made_of(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (tmp_path / "link").symlink_to(rules)
    found = own_lists([tmp_path / "link"])["agent_files"]
    program = Path(stockade.__file__).resolve().parent
    assert {str(rules), str(program), str(Path(sys.executable).resolve())} <= set(found)
