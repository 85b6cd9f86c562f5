"""stockade ps: the containers of this host, and what is unusual about them."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stockade.agent import ProcessTable
from stockade.cli.state_roots import state_roots_option
from stockade.events import (
    Container,
    ContainerEntry,
    ContainerState,
    Device,
    MemberEntry,
    Missing,
    Mount,
    NamespaceFlags,
    Namespaces,
    Pod,
    Role,
    printable,
)
from stockade.events.flags import capability_names
from stockade.events.times import boot_offset_ns, rfc3339
from stockade.kernel import Pins
from stockade.kernel.snapshot import snapshot
from stockade.sinks.terminal import visible
from stockade.workloads import STATE_ROOTS, Containers, unusual

_SHORT_ID = 12  # of 64 hex digits
_HEX_ID = 64


class Baseline(msgspec.Struct, frozen=True):
    """What a container started with, as the kernel saw it.

    Attributes:
        namespaces: inode numbers.
        host_namespaces: those that are the host's.
        cgroup: the names of its own cgroup and of the one above.
        cap_bounding, cap_effective: CAP_*.
        seccomp: off, strict or filter.
    """

    namespaces: Namespaces
    host_namespaces: list[str]
    cgroup: list[str]
    cap_bounding: list[str]
    cap_effective: list[str]
    seccomp: str
    no_new_privs: bool
    uid: int


class Member(msgspec.Struct, frozen=True):
    """A process of a container."""

    pid: int
    role: str
    started: str
    name: str | None


class Listed(msgspec.Struct, frozen=True):
    """A container; null is absent or unknown. One that has not run has no baseline."""

    id: str
    name: str | None
    runtime: str | None
    image: str | None
    image_id: str | None
    image_digest: str | None
    labels: dict[str, str] | None
    pod: Pod | None
    state: str
    started: str
    privileged: bool | None
    user: str | None
    seccomp: str | None
    apparmor: str | None
    mounts: tuple[Mount, ...] | None
    devices: tuple[Device, ...] | None
    metadata: str
    unusual: list[str]
    baseline: Baseline | None
    members: list[Member]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.option("-m", "--members", is_flag=True, help="List the processes of each container.")
@state_roots_option
def ps(*, as_json: bool, members: bool, state_roots: tuple[str, ...]) -> None:
    """List the containers of this host, and what is unusual in what they were given.

    Asks the running agent's maps; without an agent, looks once for itself.
    """
    if sys.stdout is None:
        raise click.UsageError("stdout is closed: nobody would see the list")
    listed = _look([*STATE_ROOTS, *state_roots])
    if as_json:
        click.echo(msgspec.json.encode(listed).decode())
    else:
        _print(listed, members=members)


def _look(roots: list[str]) -> list[Listed]:
    processes = ProcessTable()
    tasks: defaultdict[int, list[MemberEntry]] = defaultdict(list)
    offset = boot_offset_ns()
    with snapshot(Pins()) as provenance:
        containers = Containers(provenance.container, processes.lineage, roots)
        found = sorted(provenance.containers(), key=lambda each: each.start_ns)
        for member in provenance.members():
            tasks[member.container].append(member)
        for each in found:
            containers.add(each)
    containers.give_up()
    return [
        _listed(container, entry, tasks[entry.key], offset)
        for container in containers.all()
        if (entry := container.entry) is not None
    ]


def _listed(
    container: Container, entry: ContainerEntry, tasks: Iterable[MemberEntry], offset: int
) -> Listed:
    workload = container.workload
    labels = workload.labels
    return Listed(
        id=printable(container.id),
        name=_text(workload.name),
        runtime=container.runtime,
        image=_text(workload.image),
        image_id=_text(workload.image_id),
        image_digest=_text(workload.image_digest),
        labels=None if isinstance(labels, Missing) else dict(labels),
        pod=workload.pod,
        state=ContainerState(entry.state).name.lower(),
        started=rfc3339(entry.start_ns + offset),
        privileged=None if isinstance(workload.privileged, Missing) else workload.privileged,
        user=_text(workload.user),
        seccomp=_text(workload.seccomp),
        apparmor=_text(workload.apparmor),
        mounts=None if isinstance(workload.mounts, Missing) else workload.mounts,
        devices=None if isinstance(workload.devices, Missing) else workload.devices,
        metadata=container.metadata.value,
        unusual=[printable(each) for each in unusual(container)],
        baseline=_baseline(entry) if entry.state == ContainerState.RUNNING else None,
        members=[_member(task, offset) for task in tasks if _is_alive(task)],
    )


def _text(value: str | Missing) -> str | None:
    return None if isinstance(value, Missing) else printable(value)


def _baseline(entry: ContainerEntry) -> Baseline:
    return Baseline(
        namespaces=entry.ns,
        host_namespaces=[flag.name.lower() for flag in NamespaceFlags(entry.host_ns) if flag.name],
        cgroup=[printable(name) for name in (entry.cgroup, entry.cgroup_parent) if name],
        cap_bounding=capability_names(entry.cap_bounding),
        cap_effective=capability_names(entry.cap_effective),
        seccomp=("off", "strict", "filter")[min(entry.seccomp, 2)],
        no_new_privs=bool(entry.no_new_privs),
        uid=entry.uid,
    )


def _is_alive(task: MemberEntry) -> bool:
    """Processes, without their threads and those that nobody has waited for."""
    return task.pid == task.tgid and Path(f"/proc/{task.pid}/stat").exists()


def _member(task: MemberEntry, offset: int) -> Member:
    name = None
    with suppress(OSError):  # it may just have gone
        name = Path(f"/proc/{task.pid}/comm").read_text("utf-8", "surrogateescape").rstrip("\n")
    return Member(
        pid=task.pid,
        role=Role(task.role).name.lower(),
        started=rfc3339(task.start_ns + offset),
        name=name and printable(name),
    )


def _print(listed: list[Listed], *, members: bool) -> None:
    console = Console(highlight=False)
    if not listed:
        console.print("no containers")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("ID", "NAME", "RUNTIME", "IMAGE", "POD", "UP", "PROCS", "UNUSUAL"):
        table.add_column(title, overflow="fold", no_wrap=title in {"ID", "UP"})
    for each in listed:
        pod = each.pod
        table.add_row(
            *map(
                Text,
                (
                    _short(visible(each.id)),
                    visible(each.name or each.id) if each.name != each.id else "",
                    each.runtime or "?",
                    visible(each.image or ""),
                    visible(f"{pod.namespace}/{pod.name}") if pod and pod.name else "",
                    _age(each),
                    str(len(each.members)),
                    visible("; ".join(each.unusual)),
                ),
            )
        )
    console.print(table)
    for each in listed if members else ():
        console.print(Text(f"\n{visible(each.name or each.id)}", style="bold"))
        for member in each.members:
            line = f"{member.pid:>9} {member.role:<8} {visible(member.name or '?')}"
            console.print(Text(line), soft_wrap=True)


def _short(identity: str) -> str:
    whole = len(identity) != _HEX_ID or not set(identity) <= set("0123456789abcdef")
    return identity if whole else identity[:_SHORT_ID]


def _age(each: Listed) -> str:
    """Time since the start, in the largest unit."""
    if each.state == "created":
        return "created"
    seconds = int(time.time() - datetime.fromisoformat(each.started).timestamp())
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{max(seconds, 0)}s"
