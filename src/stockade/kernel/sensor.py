"""The shipped programs, configured, loaded and attached."""

from __future__ import annotations

import functools
import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import or_
from pathlib import Path

import msgspec

from stockade.errors import LoadError, MissingFeature
from stockade.events import (
    HOOKS,
    LAYOUT,
    Activity,
    Btf,
    Config,
    Decisions,
    EventType,
    LossReason,
    Namespaces,
    WantedFlags,
    decode_activity,
    decode_host_entry,
    decode_loss_key,
    layout_digest,
    pack_call_shape,
    pack_config,
)
from stockade.events.calls import kept_under, shape
from stockade.kernel import disarmed, syscalls
from stockade.kernel.bpf import Object
from stockade.kernel.cgroups import unified_cgroup
from stockade.kernel.core import (
    has_tracepoint,
    has_type,
    is_hookable,
    require_btf,
    require_privilege,
)
from stockade.kernel.deciders import Deciders, LoadedDecisions
from stockade.kernel.filters import TRACEPOINT, Filters, Hook, Way
from stockade.kernel.held import Held
from stockade.kernel.images import object_image
from stockade.kernel.pins import MAP, Pins
from stockade.kernel.provenance import Provenance, find_host, settle
from stockade.kernel.ring import Ring
from stockade.kernel.tiers import (
    Tier,
    best_tier,
    cgroups_signal,
    deciding_hooks,
    decision_points,
    every_deciding_program,
    every_object_program,
    functions_for,
    has_more,
    missing_objects,
    object_programs,
    require,
)

_EVENT_TYPES = 256  # of call_shapes[]
_UNDECIDED = Decisions()
# Only for those who listen.
_OWN = {"count_calls", "cgroup_mkdir", "uring_submit", "uring_submit_sqe", "uring_complete"}
# Calls with which a task can come into a container.
_JOINING = ("setns", "unshare")
_EXECS = frozenset({EventType.EXECVE, EventType.EXECVEAT})
# Maps of programs, each for functions that are alike; the program behind one is called on_*.
_JUMPS = ("functions", "more_functions")
# Likewise for the tracepoint of all system calls.
_CALLS = "calls"
_BEHIND_JUMPS = tuple(f"on_{jump}" for jump in (*_JUMPS, _CALLS))
_MOUNTS = {EventType.MOUNT, EventType.MOVE_MOUNT, EventType.PIVOT_ROOT, EventType.UMOUNT2}
# With these a task can come into a container.
_ALWAYS = frozenset({EventType.SETNS, EventType.UNSHARE, *_MOUNTS})
# With these it changes its own credentials, which are compared with what they were.
_ALWAYS |= {
    EventType.CAPSET,
    EventType.PRCTL,
    EventType.SETFSGID,
    EventType.SETFSUID,
    EventType.SETGID,
    EventType.SETREGID,
    EventType.SETRESGID,
    EventType.SETRESUID,
    EventType.SETREUID,
    EventType.SETUID,
}
# Calls that are told of as something else.
_STANDS_FOR = {
    EventType.RECVMSG: (EventType.RECEIVE_FD,),
    EventType.RECVMMSG: (EventType.RECEIVE_FD,),
    # i386 has one for all of these.
    EventType.SOCKETCALL: (
        EventType.SOCKET,
        EventType.BIND,
        EventType.CONNECT,
        EventType.LISTEN,
        EventType.ACCEPT,
        EventType.ACCEPT4,
        EventType.SENDTO,
        EventType.SENDMSG,
        EventType.RECEIVE_FD,
    ),
}
# Programs whose hook a kernel may lack, or that only some rules need: the tracepoint, and the
# events that come by it.
_REQUESTS = (
    EventType.RENAMEAT2,
    EventType.UNLINKAT,
    EventType.MKDIRAT,
    EventType.SYMLINKAT,
    EventType.LINKAT,
)
_OPTIONAL = {
    "cgroup_mkdir": ("cgroup_mkdir", (EventType.CGROUP_MKDIR,)),
    "uring_submit": ("io_uring_submit_req", _REQUESTS),
    "uring_submit_sqe": ("io_uring_submit_sqe", _REQUESTS),
    "uring_complete": (
        "io_uring_complete",
        (
            *_REQUESTS,
            EventType.ACCEPT4,
            EventType.BIND,
            EventType.CONNECT,
            EventType.IO_URING,
            EventType.LISTEN,
            EventType.OPENAT,
            EventType.OPENAT2,
            EventType.RECEIVE_FD,
            EventType.SOCKET,
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to report.

    Attributes:
        containers: event types of tasks in containers.
        host: event types of the host's own tasks.
        raw_paths: whether opens also tell the path as the caller gave it.
        activity: whether it is counted how much containers do; that costs at every system call.
        decides: the event types of which acts are decided.
    """

    containers: frozenset[EventType]
    host: frozenset[EventType] = frozenset()
    raw_paths: bool = False
    activity: bool = False
    decides: frozenset[EventType] = frozenset()

    @property
    def types(self) -> frozenset[EventType]:
        """Those that are wanted at all."""
        return self.containers | self.host

    def __or__(self, other: Wanted) -> Wanted:
        """What either asks for."""
        return Wanted(
            self.containers | other.containers,
            self.host | other.host,
            raw_paths=self.raw_paths or other.raw_paths,
            activity=self.activity or other.activity,
            decides=self.decides or other.decides,
        )

    def flags(self, kind: EventType) -> WantedFlags:
        """Of whom an event type is wanted."""
        if kind in _STANDS_FOR:
            return functools.reduce(or_, map(self.flags, _STANDS_FOR[kind]))
        return _whose(kind, self.containers, self.host)


def check_layout(image: bytes) -> None:
    """Refuse an object whose records the decoder was not made for.

    Raises:
        LoadError: the layouts differ.
    """
    if layout_digest(Btf(image)) != LAYOUT:
        raise LoadError(
            "the BPF object and the decoder come from different versions",
            hint="rebuild both with: make setup",
        )


def names_requests() -> bool:
    """Whether io_uring's tracepoints name the request: since v6.0 (48863ffd3e81)."""
    return has_type("io_cmd_data")


def missing_hooks(tier: Tier) -> dict[str, str]:
    """The programs of a tier that this kernel has no hook for, with what is not seen then."""
    return missing_objects(tier) | _missing_requests()


def _missing_requests() -> dict[str, str]:
    if has_tracepoint("io_uring_complete") and not names_requests():
        unseen = "requests of io_uring: its tracepoints do not name them before v6.0"
        return {program: unseen for program in _OPTIONAL if program.startswith("uring_")}
    return {}


def _needed_hooks(tier: Tier, wanted: Wanted) -> dict[str, Hook]:
    """The programs that decide what is wanted, and where they are asked."""
    return {
        program: hook
        for program, hook in deciding_hooks(tier).items()
        if hook.kinds and not hook.kinds.isdisjoint(wanted.decides)
    }


def _unneeded(wanted: Wanted) -> set[str]:
    """The programs that no rule needs, or whose tracepoint belongs to what is not there."""
    return {
        program
        for program, (tracepoint, events) in _OPTIONAL.items()
        if wanted.types.isdisjoint(events) or not has_tracepoint(tracepoint)
    }


def _collected(wanted: Wanted) -> set[EventType]:
    """The system calls that are looked at."""
    return {kind for kind in syscalls.NUMBERS if kind in _ALWAYS or wanted.flags(kind)}


class Sensor(Held):
    """The programs at work: a context manager around the object, its links and its ring.

    Attributes:
        missing: programs without a hook on this kernel, and what is not seen without them.
        tier: by what the kernel is watched.
        sweeps: whether some rule asks for what a sweep finds.
        fallen: event types that come by the tracepoint tier all the same.

    Args:
        wanted: what is to be reported.
        ring_bytes: the size of the ring buffer, a power of two.
        max_members: how many tasks of containers can be kept track of.
        pins: owned; what was known before is taken over, and is left to who comes next.
        measured: whether the verifier is to count; its reasons are then lost where it refuses.
        tier: instead of the best that there is.
        cgroup: below which programs of cgroups decide, instead of everywhere.

    Raises:
        MissingPrivilege, MissingFeature, LoadError: it cannot run here.
    """

    # What is taken where nobody says which; None for the best that there is.
    default_tier: Tier | None = None

    def __init__(
        self,
        wanted: Wanted,
        *,
        ring_bytes: int = 8 << 20,
        max_members: int = 1 << 16,
        pins: Pins | None = None,
        measured: bool = False,
        tier: Tier | None = None,
        cgroup: Path | None = None,
    ) -> None:
        require_privilege()
        require_btf()
        tier = tier or self.default_tier
        if tier:
            require(tier)
        self.tier = tier or best_tier()
        self.sweeps = EventType.BOUNDARY_SWEEP in wanted.types
        self._wanted, self._decisions = wanted, _UNDECIDED
        image = object_image("stockade")
        check_layout(image)
        self._object = Object(image, "stockade")
        try:
            self._configure(wanted, ring_bytes)
            self._object.set_max_entries("members", max_members)
            if pins:
                pins.hand_over(self._object)
            self.missing = missing_hooks(self.tier)
            for program in self.missing.keys() | _unneeded(wanted) | self._unused(wanted):
                self._object.set_autoload(program, on=False)
            if measured:
                self._object.measure()
            self._object.load()
            self.ring = Ring(self._object.map("events"))
            self._losses = self._object.map("losses")
            self._container_losses = self._object.map("container_losses")
            self._activity = self._object.map("activity")
            self.filters = Filters(self._object.map, self._asking())
            hooks = [*self._deciding.values(), *(self._killing() if wanted.decides else ())]
            self.deciders = Deciders(self._object.map, hooks)
            maps = self._object.map("containers"), self._object.map("members")
            self.provenance = Provenance(*maps)
            find_host(self._object)
            self._attach(cgroup or unified_cgroup())
            self.settle()
            if pins:
                pins.replace(maps)
        except BaseException:
            self._object.close()
            raise

    def close(self) -> None:
        """Detach and unload; may be called twice."""
        self.ring.close()
        self._object.close()

    def hooks(self) -> list[str]:
        """What is attached: programs by their names, and functions of system calls by theirs."""
        functions = (name for names in self._functions.values() for name in names)
        return [*self._programs(), *functions]

    def _programs(self) -> list[str]:
        """Those that are attached, in the order of the object."""
        return [
            program
            for program in self._loaded
            if not self._object.is_iterator(program) and program not in _BEHIND_JUMPS
        ]

    def host_namespaces(self) -> Namespaces:
        """The host's, as the programs compare with them."""
        value = self._object.map(".bss").lookup(bytes(4)) or b""
        return decode_host_entry(value).ns

    def detached(self) -> list[str]:
        """The programs that somebody has detached, or put another in the place of."""
        return [name for name, link in self._links.items() if not self._object.is_attached(link)]

    def verified(self) -> dict[str, int]:
        """How many instructions the verifier looked at, by program; of a measured sensor."""
        loaded = filter(self._object.is_loaded, self._object.programs())
        return {program: self._object.verified(program) for program in loaded}

    def want(self, wanted: Wanted) -> None:
        """Report something else from now on, as far as the programs that are loaded see it."""
        self._wanted = wanted
        self._wish()
        self.sweeps = EventType.BOUNDARY_SWEEP in wanted.types

    def decide(self, loaded: LoadedDecisions) -> None:
        """Have acts decided by these from now on, instead of by what does so now."""
        self.deciders.install(loaded)
        self._decisions = loaded.decisions
        self._wish()
        self.deciders.keep(loaded.decisions.policy.filters)

    def hold(self, pins: Pins) -> Path | None:
        """Have what is decided stay in force when this process has gone, beside what does already.

        That takes what decides, and what knows whose a task is.

        Returns:
            Where that is; None where nothing is decided before it happens: then nothing stays.
        """
        place = None
        if self._deciding and self._decisions.policy.filters:
            place = pins.begin_force()
            for program, link in self._links.items():
                if program not in _OWN:
                    self._object.pin(link, str(place / program))
            for function, number in self._function_links.items():
                self._object.pin_function(number, str(place / function))
            arrays = [hook.programs for hook in self.deciders.hooks]
            calls = [_CALLS] if self.fallen else []
            for name in [*arrays, *self._functions, *calls, disarmed.NAME]:
                self._object.map(name).pin(str(place / f"{MAP}{name}"))
        return place

    def _wish(self) -> None:
        packed = pack_wishes(self._wanted, os.uname().machine, self.fallen, self._decisions)
        self._object.map(".data.wishes").update(bytes(4), packed)

    def unloaded(self, wanted: Wanted) -> list[str]:
        """The programs that would have to be loaded to report something."""
        found = [
            program
            for program, (tracepoint, events) in _OPTIONAL.items()
            if not wanted.types.isdisjoint(events)
            and not self._object.is_loaded(program)
            and has_tracepoint(tracepoint)
        ]
        found += sorted(_needed_hooks(self.tier, wanted).keys() - self._deciding.keys())
        if wanted.decides and not self._wanted.decides:
            found.append("what kills")
        return found + (
            ["the count of activity"] if wanted.activity > self._counts_activity else []
        )

    def settle(self) -> None:
        """Find the containers of tasks that were there before, or could not be kept."""
        settle(self._object)

    def sweep(self) -> bool:
        """Look at every member for what is broken, and have it told by events.

        Returns:
            Whether something is to be looked at again: only what is seen twice is told.
        """
        return bool(self._object.run_iterator("sweep_tasks"))

    def losses(self) -> dict[str, int]:
        """How much did not arrive so far, by reason; reasons without a loss are left out."""
        totals: dict[str, int] = {}
        for (reason, _), count in self.losses_by_type().items():
            totals[reason] = totals.get(reason, 0) + count
        if misses := sum(map(self._object.misses, self._loaded)):
            totals["recursion"] = misses
        return totals

    def losses_by_type(self) -> dict[tuple[str, str], int]:
        """The same by reason and event type."""
        found: dict[tuple[str, str], int] = {}
        types = self._losses.max_entries // len(LossReason)
        for key in range(self._losses.max_entries):
            values = self._losses.lookup_percpu(key.to_bytes(4, "little"))
            if count := sum(int.from_bytes(value, "little") for value in values):
                reason = LossReason(key // types).name.lower()
                found[reason, EventType(key % types).name.lower()] = count
        return found

    def losses_by_container(self) -> dict[tuple[int, str, str], int]:
        """The same by key of the container (0: the host), reason and event type.

        A detail: of very many containers, those that lost last.
        """
        found = {}
        for key, value in self._container_losses.items().items():
            loss = decode_loss_key(key)
            names = LossReason(loss.reason).name.lower(), EventType(loss.type).name.lower()
            found[(loss.container, *names)] = int.from_bytes(value, "little")
        return found

    def activity(self) -> dict[int, Activity]:
        """What containers have done so far, by key, where that is counted."""
        found = {}
        keys = self._activity.keys()
        for key in keys:
            each = list(map(decode_activity, self._activity.lookup_percpu(key)))
            found[int.from_bytes(key, "little")] = Activity(
                calls=sum(cpu.calls for cpu in each),
                execs=sum(cpu.execs for cpu in each),
                forks=sum(cpu.forks for cpu in each),
            )
        return found

    def _asking(self) -> list[Hook]:
        """The hooks whose records are judged by filters."""
        hooks = [
            Hook(f"filters_{jump}", names[0], Way.FEXIT) for jump, names in self._functions.items()
        ]
        return [*hooks, TRACEPOINT] if self.fallen else hooks

    def _killing(self) -> Iterator[Hook]:
        """Who asks whether an act ends its process, when it has happened."""
        after = decision_points(self.tier).after
        for jump, names in self._functions.items():
            yield Hook(f"decide_kill_{jump}", names[0], Way.FEXIT, after - _EXECS)
        if self.fallen:
            yield Hook("decide_kill_sys_exit", "sys_exit", kinds=after - _EXECS)
        yield Hook("decide_kill_exec", "sched_process_exec", kinds=after & _EXECS)

    def _attach(self, cgroup: Path | None) -> None:
        self._loaded = list(filter(self._object.is_loaded, self._object.programs()))
        for jump in [*self._functions, *([_CALLS] if self.fallen else [])]:
            self._object.lead_to(jump, f"on_{jump}")
        in_cgroups = {name for name, hook in self._deciding.items() if hook.way is Way.CGROUP}
        others = (each for each in self._programs() if each not in in_cgroups)
        self._links = {program: self._object.attach(program) for program in others}
        if cgroup and in_cgroups:
            self._attach_cgroup(sorted(in_cgroups), cgroup)
        self._function_links = {}
        for jump, functions in self._functions.items():
            for function in functions:
                number = self._object.attach_function(jump, function)
                if any(f"sys_{name}" in function for name in _JOINING):
                    self._function_links[function] = number

    def _attach_cgroup(self, programs: Iterable[str], cgroup: Path) -> None:
        directory = os.open(cgroup, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for program in programs:
                self._links[program] = self._object.attach_cgroup(program, directory)
        finally:
            os.close(directory)

    def _unused(self, wanted: Wanted) -> set[str]:
        """The programs that belong to other tiers, or to what nobody asked for."""
        unused = set(every_object_program()) - set(self._objects)
        unused |= set(every_deciding_program()) - set(self._deciding)
        unused |= {f"on_{jump}" for jump in _JUMPS if jump not in self._functions}
        if not self.fallen:
            unused |= {"sys_exit", f"on_{_CALLS}"}
        if not wanted.activity:
            unused.add("count_calls")
        return unused

    def _plan(self, wanted: Wanted) -> None:
        """Which hooks are used for which events."""
        groups, self.fallen = functions_for(self.tier, _collected(wanted))
        self._functions = dict(zip(_JUMPS[: len(groups)], groups, strict=True))
        kept = frozenset(kind for kind in map(kept_under, wanted.types) if kind)
        self._objects = object_programs(self.tier, kept)
        self._deciding = _needed_hooks(self.tier, wanted)

    def _configure(self, wanted: Wanted, ring_bytes: int) -> None:
        machine = os.uname().machine
        if machine not in syscalls.ARCHITECTURES:
            raise MissingFeature(f"the architecture {machine} is not supported")
        self._plan(wanted)
        config = Config(
            agent_tgid=os.getpid(),
            counts_activity=wanted.activity,
            cgroups_signal=bool(wanted.decides) and cgroups_signal(),
            bpf_has_more=has_more("bpf"),
            perf_has_more=has_more("perf_event"),
            keeps_objects=bool(self._objects),
            opaque_registers=not all(
                is_hookable(names[0], reads=True) for names in self._functions.values()
            ),
            flood_bytes=ring_bytes // 8 * 7,
        )
        self._object.set_variable("config", pack_config(config))
        self._counts_activity = wanted.activity
        for jump, functions in self._functions.items():
            self._object.set_target(f"on_{jump}", functions[0])
        self._object.set_variable("wishes", pack_wishes(wanted, machine, self.fallen))
        self._object.set_max_entries("events", ring_bytes)


def pack_wishes(
    wanted: Wanted,
    machine: str,
    fallen: frozenset[EventType],
    decisions: Decisions = _UNDECIDED,
) -> bytes:
    """The bytes of struct wishes.

    Args:
        wanted: what the rules ask for.
        machine: as os.uname() names it.
        fallen: the calls that come by the tracepoint; all others by their functions.
        decisions: what is decided.
    """
    collected = _collected(wanted)
    tables = (
        syscalls.pack_table(machine, collected & fallen),
        syscalls.pack_table(machine, collected - fallen),
    )
    types = decisions.containers | decisions.host
    # Which of several calls it is can only be told where all of them are known.
    alike = (kinds for kinds in HOOKS.values() if not kinds.isdisjoint(types))
    decided = frozenset().union(*alike)
    return (
        b"".join(tables)
        + _pack_shapes(wanted, decisions)
        + struct.pack("<II", wanted.raw_paths, bool(decisions.host))
        + syscalls.pack_table(machine, decided & syscalls.NUMBERS.keys())
    )


def _pack_shapes(wanted: Wanted, decisions: Decisions) -> bytes:
    """The bytes of call_shapes[]."""
    packed = b""
    for kind in EventType:
        found = shape(kind, wanted.flags(kind), _kept(kind, wanted))
        packed += pack_call_shape(
            msgspec.structs.replace(
                found,
                decided=_whose(kind, decisions.containers, decisions.host),
                killed=_whose(kind, decisions.killed_containers, decisions.killed_host),
                closed=kind in decisions.closed,
            )
        )
    return packed.ljust(len(packed) // len(EventType) * _EVENT_TYPES, b"\0")


def _whose(kind: int, containers: frozenset[int], host: frozenset[int]) -> WantedFlags:
    """Whose a type is, of two sets of types."""
    return (WantedFlags.CONTAINERS if kind in containers else WantedFlags(0)) | (
        WantedFlags.HOST if kind in host else WantedFlags(0)
    )


def _kept(kind: EventType, wanted: Wanted) -> WantedFlags:
    """Of whom paths' objects are kept under an event type."""
    family = (each for each in wanted.types if kept_under(each) is kind)
    return functools.reduce(or_, map(wanted.flags, family), WantedFlags(0))
