"""Which container a task belongs to, and what it is called."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from stockade.events import (
    EventType,
    Metadata,
    Process,
    ProcessId,
)
from tests.support.records import ENTRY, INIT, TASK
from tests.unit.workloads.helpers import (
    HEX,
    TICK_NS,
    TICKS,
    Clock,
    Host,
    bundle_of,
    create,
    creators,
    entry,
    process,
    write_spec,
    write_state,
    write_status,
)

CREATE, START, STOP = (
    EventType.CONTAINER_CREATE,
    EventType.CONTAINER,
    EventType.CONTAINER_STOP,
)
HOST_TASK = msgspec.structs.replace(TASK, container=0)


def test_the_hosts_tasks_are_in_no_container(host: Host) -> None:
    assert host.containers.of(HOST_TASK) is None


def test_by_its_runtimes_state(host: Host) -> None:
    write_state(host.root, "web", bundle_of(host))
    found = host.starts(entry("any"))
    assert (found.id, found.runtime, found.metadata) == ("web", "runc", Metadata.COMPLETE)


@pytest.mark.parametrize("where", ["bundle", "state"])
def test_by_cruns_status(host: Host, where: str) -> None:
    write_status(host.root, "web", bundle_of(host) if where == "bundle" else None)
    if where == "state":
        write_spec(host.root / "web")
    found = host.starts(entry("crun-web.scope"))
    assert (found.id, found.runtime, found.metadata) == ("web", "crun", Metadata.COMPLETE)


def test_a_state_of_an_earlier_process_is_anothers(host: Host) -> None:
    write_state(host.root, "old", bundle_of(host), ticks=TICKS - 1)
    found = host.starts(entry("any"))
    assert (found.id, found.metadata) == ("any", Metadata.PENDING)


def test_states_that_are_none_hide_no_other(host: Host) -> None:
    for number, content in enumerate([b"", b'{"id": "\xff"}', b'{"x":' + b"[" * 200_000]):
        (host.root / f"a{number}").mkdir()
        (host.root / f"a{number}/state.json").write_bytes(content)
    write_state(host.root, "web", bundle_of(host))
    assert host.starts(entry("any")).id == "web"


def test_what_was_there_before(host: Host) -> None:
    host.above = (process("conmon", "-c", HEX, "-b", str(bundle_of(host))), INIT)
    found = host.containers.add(entry("container", f"libpod-{HEX}.scope"))
    assert (found.id, found.metadata) == (HEX, Metadata.COMPLETE)


def test_a_pods_shim_is_not_the_containers(host: Host) -> None:
    """One shim has the pod's id, and serves all of its containers."""
    host.above = (process("containerd-shim-runc-v2", "-namespace", "k8s.io", "-id", "sandbox"),)
    write_state(host.root, HEX, bundle_of(host))
    found = host.containers.add(entry(HEX, "pod1"))
    assert (found.id, found.metadata) == (HEX, Metadata.COMPLETE)


def test_its_own_program_says_nothing_of_it(host: Host) -> None:
    forged = (process("runc", "create", "forged"), process("runc", "create", "web"))
    assert host.starts(ENTRY, forged).id == "web"


@pytest.mark.parametrize("by", [(process(name="bwrap"), INIT), (INIT, process(name="firejail"))])
def test_a_sandbox_is_the_hosts(host: Host, by: Sequence[Process]) -> None:
    assert host.happens(START, ENTRY, (process(), *by)) is None
    assert host.containers.all() == []


def test_a_service_is_the_hosts(host: Host) -> None:
    assert host.happens(START, entry("systemd-resolved.service")) is None
    claimed = host.happens(START, entry("web.service", key=8), create(bundle_of(host)))
    assert claimed is not None


def test_a_sandbox_that_a_runtime_knows_is_a_container(host: Host, clock: Clock) -> None:
    assert host.happens(START, entry("web.service")) is None
    write_state(host.root, "web", bundle_of(host))
    clock.now += 10
    (found,) = host.containers.look()
    assert host.containers.of(TASK) is found


HOSTILE = [
    ("runc", "create", "--bundle", "/userdata", "web"),
    ("runc", "create", "--bundle", "/" + "x" * 5000, "web"),
    ("crun", "create", "-b", "/b", "../" * 1000),
    ("containerd-shim", "-id", "/"),
    ("containerd-shim", "-id", "\udcff"),
    ("conmon", "-c", "\udcff", "-r", "\udcff", "-b", "/userdata"),
]


@pytest.mark.parametrize("args", HOSTILE, ids=["-".join(args)[:40] for args in HOSTILE])
def test_no_command_line_keeps_its_events_from_us(host: Host, args: tuple[str, ...]) -> None:
    assert host.happens(START, ENTRY, creators(*args)) is not None


@pytest.mark.parametrize("bundle", ["/a\0b", "/userdata", "/" + "x" * 5000])
def test_no_state_keeps_its_events_from_us(host: Host, bundle: str) -> None:
    write_status(host.root, "web", Path(bundle))
    assert host.starts().id in {"web", "box"}


def test_start_times_are_compared_by_the_clocks_tick(host: Host) -> None:
    late = ProcessId(TICKS * TICK_NS + TICK_NS - 1, TASK.process.tgid)
    write_state(host.root, "web", bundle_of(host))
    assert host.starts(entry("any", init=late)).id == "web"
