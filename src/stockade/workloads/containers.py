"""The containers of this host: by the kernel's keys, with their runtimes' ids and metadata.

Which task belongs to which container is the kernel's to say; here it gets a
name. The id is known at once, from the runtime's command line, its state or
the cgroup's name. Metadata is read from files that runtimes leave, which may be
written later than the container's first events: until it comes it is pending.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import msgspec

from stockade.events import (
    ABSENT,
    UNKNOWN,
    Container,
    ContainerEntry,
    ContainerRecord,
    ContainerState,
    EventType,
    Metadata,
    Process,
    ProcessId,
    Task,
    Workload,
)
from stockade.workloads import docker, podman
from stockade.workloads.identity import (
    claim_among,
    engine_of,
    is_sandbox,
    is_storage_bundle,
    name_of,
)
from stockade.workloads.runtimes import (
    STATE_ROOTS,
    Claim,
    all_states,
    is_init,
    lives_in,
    read_state,
    state_roots,
)
from stockade.workloads.spec import Spec, describe, read_spec

# When to look again for metadata that was not there, seconds after the first look.
_LOOKS_S = (0.005, 0.02, 0.1, 0.5, 2.0, 5.0)
_MAX = 8192
# Of struct container_entry.key.
_KEY_SHIFT, _KEY_OF_MNT_NS = 60, 15
_HEX_ID = re.compile(r"[0-9a-f]{64}")

# A process and who made it: itself, its parent and so on.
Lineage = Callable[[ProcessId], Sequence[Process]]


@dataclass(slots=True)
class _Known:
    container: Container
    entry: ContainerEntry
    claim: Claim | None
    first_look_s: float
    looks: int = 0
    sandbox: bool = False


class Containers:
    """Names containers, and finds out what they are.

    Args:
        find_entry: the kernel's entry of a key; None when it has none.
        lineage: a process with its ancestors.
        roots: where runtimes keep their state; * stands for any name.
    """

    def __init__(
        self,
        find_entry: Callable[[int], ContainerEntry | None],
        lineage: Lineage,
        roots: Sequence[str] = STATE_ROOTS,
    ) -> None:
        self._find_entry = find_entry
        self._lineage = lineage
        self._roots = roots
        self._known: dict[int, _Known] = {}
        self._pending: dict[int, _Known] = {}
        self._settled: list[Container] = []

    def __len__(self) -> int:
        return len(self._known)

    def by_key(self, key: int) -> Container | None:
        """A container that some task belongs to; None for the host, and for what looks like one."""
        known = self._known.get(key)
        return None if known is None or known.sandbox else known.container

    def of(self, task: Task) -> Container | None:
        """The container of a task; None for the host's, and for what only looks like one."""
        if not task.container:
            return None
        known = self._known.get(task.container) or self._adopt(task)
        if known is None:
            # Its start was lost, and it has ended: not the host's, all the same.
            return Container(_unknown(task.container), metadata=Metadata.UNAVAILABLE)
        return None if known.sandbox else known.container

    def add(self, entry: ContainerEntry) -> Container:
        """Take in a container that was there before."""
        return self._take(entry, self._creators(entry), "").container

    def update(self, record: ContainerRecord, creators: Sequence[Process]) -> None:
        """Take in what has happened to a container, before the event is made of it.

        Args:
            record: the kernel's.
            creators: the acting process and its ancestors.
        """
        entry, task = record.container, record.header.task
        known = self._known.get(entry.key)
        match record.header.type:
            case EventType.CONTAINER_CREATE:
                if known is None:
                    self._take(entry, creators, task.cgroup.value)
            case EventType.CONTAINER:
                if known is None:
                    # What acts is its own program already, which may call itself anything.
                    self._take(entry, creators[1:], task.cgroup.value)
                elif known.entry.state == ContainerState.CREATED:
                    self._start(known, entry, task.cgroup.value)

    def forget(self, record: ContainerRecord) -> None:
        """After the event of a container's end: nothing more comes from it."""
        key = record.container.key
        match record.header.type:
            case EventType.CONTAINER_STOP:
                self._known.pop(key, None)
            case EventType.CONTAINER_DISCARD:
                known = self._known.pop(key, None)
                if known and known.container.pending:
                    self._settle(known.container, Metadata.UNAVAILABLE)

    @property
    def next_look_s(self) -> float | None:
        """When to call look, on the monotonic clock; None when nothing is to be expected."""
        if self._settled:
            return 0.0
        times = [each.first_look_s + _LOOKS_S[each.looks] for each in self._pending.values()]
        return min(times, default=None)

    def look(self) -> list[Container]:
        """Look again for what is pending and due; returns those that are not pending any more."""
        now = time.monotonic()
        for key, known in list(self._pending.items()):
            if known.first_look_s + _LOOKS_S[known.looks] > now:
                continue
            known.looks += 1
            if not self._load(known):
                if known.looks < len(_LOOKS_S):
                    continue
                self._settle(known.container, Metadata.UNAVAILABLE)
            del self._pending[key]
        done, self._settled = self._settled, []
        return done

    def give_up(self) -> list[Container]:
        """No one will look again: what is pending is unavailable. Returns those."""
        for known in (*self._known.values(), *self._pending.values()):
            if known.container.pending:
                self._settle(known.container, Metadata.UNAVAILABLE)
        self._pending.clear()
        done, self._settled = self._settled, []
        return done

    def all(self) -> list[Container]:
        """Every container that is known."""
        return [each.container for each in self._known.values() if not each.sandbox]

    def _adopt(self, task: Task) -> _Known | None:
        """A container whose start was not seen, or was lost."""
        entry = self._find_entry(task.container)
        if entry is None:
            return None
        return self._take(entry, self._creators(entry), task.cgroup.value)

    def _creators(self, entry: ContainerEntry) -> Sequence[Process]:
        """Who is above a container's first process."""
        return self._lineage(entry.init)[1:]

    def _take(self, entry: ContainerEntry, creators: Sequence[Process], leaf: str) -> _Known:
        if len(self._known) >= _MAX:
            self._forget_ended()
        identity, runtime = name_of(entry, leaf)
        container = Container(id=identity, runtime=runtime, entry=entry)
        known = _Known(container, entry, claim_among(creators), time.monotonic())
        if known.claim and known.claim.shared:
            known.claim = self._own_claim(known, known.claim)
        claim = known.claim
        self._known[entry.key] = known
        self._name(known)
        if entry.state == ContainerState.RUNNING:
            self._start(known, entry, leaf)
        else:
            self._load(known)
        if claim is None and container.metadata is not Metadata.COMPLETE:
            known.sandbox = is_sandbox(entry, creators)
        return known

    def _start(self, known: _Known, entry: ContainerEntry, leaf: str) -> None:
        """Its first program runs."""
        known.entry = known.container.entry = entry
        if known.claim is None:
            known.container.id, known.container.runtime = name_of(entry, leaf)
        if known.container.pending and not self._load(known):
            known.first_look_s = time.monotonic()
            self._pending[entry.key] = known

    def _own_claim(self, known: _Known, shared: Claim) -> Claim:
        """What a pod's helper says, for this container of the pod."""
        state = self._state(known)
        named = _HEX_ID.fullmatch(known.container.id)
        identity = state.id if state else known.container.id if named else shared.id
        bundle = shared.bundle.with_name(identity) if shared.bundle else None
        if state is None:
            return Claim(identity, bundle=bundle)
        return replace(state, bundle=state.bundle or bundle)

    def _name(self, known: _Known) -> None:
        if claim := known.claim:
            known.container.id = claim.id
            known.container.runtime = engine_of(claim, None) or known.container.runtime

    def _settle(self, container: Container, metadata: Metadata) -> None:
        """Whoever waits for a container is told at the next look."""
        container.metadata = metadata
        self._settled.append(container)

    def _load(self, known: _Known) -> bool:
        """Read its metadata; False when there is none yet."""
        container = known.container
        claim = known.claim or self._state(known)
        if claim is None:
            return False
        container.id = claim.id
        spec = self._spec(claim)
        if spec is None:
            return False
        container.runtime = engine_of(claim, spec.annotations or {}) or container.runtime
        workload = _complete(claim, spec, container.runtime)
        if workload is None:
            return False
        container.workload = workload
        self._settle(container, Metadata.COMPLETE)
        known.sandbox = False
        return True

    def _spec(self, claim: Claim) -> Spec | None:
        """A container's configuration: in its bundle, or crun's copy of it beside its state."""
        roots = [claim.root] if claim.root else state_roots(self._roots)
        bundles = [claim.bundle] if claim.bundle else []
        if claim.runtime == "crun":
            bundles += [root / claim.id for root in roots]
        return next(filter(None, map(read_spec, bundles)), None)

    def _state(self, known: _Known) -> Claim | None:
        """The state of the container whose first process is the one we know.

        Its cgroup is mostly called after it, and may be called anything.
        """
        entry, roots = known.entry, state_roots(self._roots)
        named = [read_state(root, known.container.id) for root in roots]
        states = [*filter(None, named), *all_states(roots)]
        for state in states:
            if is_init(state, entry.init.tgid, entry.init.start_ns):
                return state
        # Until it runs, its first process is the runtime's, which forks once more; and that of one
        # that has run for long may have gone.
        return next((state for state in states if lives_in(state, entry.ns.mnt)), None)

    def _forget_ended(self) -> None:
        """Drop those whose end was lost."""
        for key in [key for key in self._known if self._find_entry(key) is None]:
            del self._known[key]


def _unknown(key: int) -> str:
    """What a container is called of which only the key is known."""
    low = key & (1 << _KEY_SHIFT) - 1
    return f"mnt-{low}" if key >> _KEY_SHIFT == _KEY_OF_MNT_NS else f"cgroup-{low}"


def _complete(claim: Claim, spec: Spec, runtime: str | None) -> Workload | None:
    """Everything that is to be had of a container; None when a part of it is not there yet."""
    workload, bundle = describe(spec), claim.bundle
    if workload.name is ABSENT:
        workload = msgspec.structs.replace(workload, name=claim.id)
    if runtime == "docker":
        directory = docker.directory_of(claim.id, spec)
        return docker.complete(directory, workload) if directory else None
    if runtime == "podman" and bundle and is_storage_bundle(bundle):
        return podman.complete(bundle, claim.id, spec, workload)
    if runtime == "containerd" and workload.image is ABSENT:
        # In its database only.
        return msgspec.structs.replace(
            workload, image=UNKNOWN, image_id=UNKNOWN, image_digest=UNKNOWN
        )
    return workload
