"""Which container a task belongs to."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest

from stockade.events import Process, Task, Text
from stockade.workloads import Containers
from stockade.workloads.runtimes import runc_states
from tests.support.recorder import boot_ticks
from tests.support.records import INIT, PARENT, TASK

HOST = 1
HEX = "0123456789abcdef" * 4
PLAIN = Process(TASK.process)


def in_cgroup(name: str, mnt_ns: int = 11) -> Task:
    return msgspec.structs.replace(TASK, cgroup=Text(name), mnt_ns=mnt_ns)


def child_of(name: str) -> tuple[Process, ...]:
    return (msgspec.structs.replace(PARENT, name=name), INIT)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def containers(root: Path) -> Containers:
    return Containers(HOST, (root, root / "missing"))


def write_state(root: Path, name: str, **keys: object) -> None:
    (root / name).mkdir()
    state = {"id": name, "init_process_pid": 0, "config": {"labels": []}} | keys
    (root / name / "state.json").write_text(json.dumps(state))


def test_the_hosts_mount_namespace_is_the_hosts(containers: Containers) -> None:
    assert containers.find(in_cgroup(HEX, HOST), PLAIN, ()) is None
    assert containers.find(in_cgroup(HEX, 0), PLAIN, ()) is None


def test_by_the_cgroup_of_the_runtimes_state(containers: Containers, root: Path) -> None:
    write_state(root, "web", cgroup_paths={"": "/sys/fs/cgroup/system.slice/runc-web.scope"})
    found = containers.find(in_cgroup("runc-web.scope"), PLAIN, ())
    assert found is not None
    assert (found.id, found.runtime, found.name) == ("web", "runc", "web")
    assert (found.pid_ns, found.mnt_ns) == (TASK.pid_ns, TASK.mnt_ns)


def test_by_the_namespace_of_the_first_process(containers: Containers, root: Path) -> None:
    own = os.stat("/proc/self/ns/mnt").st_ino
    write_state(root, "web", init_process_pid=os.getpid(), init_process_start=boot_ticks())
    found = containers.find(in_cgroup("/", own), PLAIN, ())
    assert found is not None
    assert found.id == "web"


def test_a_reused_process_number_is_another_process(containers: Containers, root: Path) -> None:
    own = os.stat("/proc/self/ns/mnt").st_ino
    write_state(root, "web", init_process_pid=os.getpid(), init_process_start=boot_ticks() + 1)
    assert containers.find(in_cgroup("/", own), PLAIN, ()) is None


@pytest.mark.parametrize(
    "leaf",
    [HEX, f"docker-{HEX}.scope", f"cri-containerd-{HEX}.scope", f"libpod-{HEX}.scope"],
)
def test_by_an_engines_name_for_the_cgroup(containers: Containers, leaf: str) -> None:
    found = containers.find(in_cgroup(leaf), PLAIN, ())
    assert found is not None
    assert found.id == HEX


@pytest.mark.parametrize("leaf", [HEX[:32], "session-1.scope", "cron.service", f"{HEX}0"])
def test_other_cgroups_are_the_hosts(containers: Containers, leaf: str) -> None:
    assert containers.find(in_cgroup(leaf), PLAIN, child_of("systemd")) is None


def test_by_a_runtime_among_the_ancestors(containers: Containers) -> None:
    found = containers.find(in_cgroup("web"), PLAIN, child_of("runc:[2:INIT]"))
    assert found is not None
    assert (found.id, found.runtime) == ("web", "runc")


def test_by_the_runtime_that_made_it_though_it_has_gone(containers: Containers) -> None:
    orphan = msgspec.structs.replace(PLAIN, runtime="runc")
    found = containers.find(in_cgroup("web"), orphan, ())
    assert found is not None
    assert (found.id, found.runtime) == ("web", "runc")


def test_what_was_found_stays_found(containers: Containers, root: Path) -> None:
    write_state(root, "web", cgroup_paths={"pids": "/x/web"})
    first = containers.find(in_cgroup("web"), PLAIN, ())
    (root / "web/state.json").unlink()
    assert containers.find(in_cgroup("web"), PLAIN, ()) is first


def test_a_container_is_found_once_its_first_program_runs(
    containers: Containers, root: Path
) -> None:
    early = msgspec.structs.replace(in_cgroup("web"), comm="runc:[2:INIT]")
    assert containers.find(early, PLAIN, ()) is None
    write_state(root, "web", cgroup_paths={"": "/web"})
    assert containers.find(in_cgroup("web"), PLAIN, ()) is not None


def test_states_that_are_no_states_are_left_out(root: Path) -> None:
    write_state(root, "good")
    (root / "bad").mkdir()
    (root / "bad/state.json").write_text("{")
    (root / "odd").mkdir()
    (root / "odd/state.json").write_text('{"id": 5}')
    assert [state.id for state in runc_states((root,))] == ["good"]
