"""Filters: programs made of rules, asked before a record is copied to the ring."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import IntEnum
from operator import or_
from typing import TypeVar

from stockade.errors import LoadError
from stockade.events import ContainerEntry, EventType, Policy, Program, Verdict, View
from stockade.kernel.bpf import Map
from stockade.kernel.core import check, native, os_error
from stockade.kernel.held import Held

E = TypeVar("E", bound=IntEnum)

_LOG_BYTES = 1 << 16
_MAP_FD, _MAP_VALUE = 1, 2  # BPF_PSEUDO_*
_INSTRUCTION = 8
_NONE = -1


class Way(IntEnum):
    """How a program is attached to a hook; the numbers are the native core's."""

    TRACEPOINT = 0
    FEXIT = 1
    LSM = 2
    FMOD_RET = 3
    CGROUP = 4


@dataclass(frozen=True, slots=True)
class Hook:
    """Whose programs ask filters, each hook its own copies of them.

    Attributes:
        programs: the map that they are found in.
        name: of the tracepoint, of a security hook, of a function; or a section, cgroup/...
        way: which of these.
        kinds: the event types that it asks about; None for all.
    """

    programs: str
    name: str
    way: Way = Way.TRACEPOINT
    kinds: frozenset[EventType] | None = None


TRACEPOINT = Hook("filters_sys_exit", "sys_exit")


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of one loaded filter.

    Attributes:
        instructions: of eBPF.
        verified: how many the verifier went through; 0 on kernels that do not tell.
        machine_bytes: of machine code.
    """

    instructions: int
    verified: int
    machine_bytes: int


class LoadedPolicy(Held):
    """A policy whose programs the kernel has taken: a context manager around them.

    Args:
        policy: the compiler's.
        maps: by name, those that programs may refer to.
        hook: that asks them; None for programs that are only run by hand.

    Raises:
        LoadError: the kernel refused one.
    """

    def __init__(
        self, policy: Policy, maps: Mapping[str, Map], hook: Hook | None = TRACEPOINT
    ) -> None:
        self._lib, self._ffi = native().lib, native().ffi
        self._tables = -1
        self.programs: list[int] = []
        self.filters = policy.filters
        self.needs = policy.needs
        try:
            if policy.tables:
                made = self._lib.core_create_table(policy.tables, len(policy.tables))
                self._tables = check(made, "create the filters' tables")
            self._load_all(policy, maps, hook)
        except BaseException:
            self.close()
            raise

    def _load_all(self, policy: Policy, maps: Mapping[str, Map], hook: Hook | None) -> None:
        """Those that the hook asks, under their numbers."""
        if hook and hook.kinds is not None:
            self.filters = {kind: at for kind, at in self.filters.items() if kind in hook.kinds}
        asked = set(self.filters.values()) if hook and hook.kinds is not None else None
        for number, program in enumerate(policy.programs):
            unused = asked is not None and number not in asked
            self.programs.append(_NONE if unused else self._load(program, maps, hook))

    def close(self) -> None:
        """Let go of the programs; those that are in use stay. May be called twice."""
        for fd in self.programs:
            if fd != _NONE:
                os.close(fd)
        self.programs.clear()
        if self._tables >= 0:
            os.close(self._tables)
            self._tables = -1

    def sizes(self, kind: EventType) -> Sizes | None:
        """Of the filter of an event type; None where it has none."""
        at = self.filters.get(kind)
        if at is None:
            return None
        sizes = self._ffi.new("uint32_t[3]")
        check(self._lib.core_program_sizes(self.programs[at], sizes), "look at a program")
        return Sizes(*sizes)

    def run(self, number: int) -> None:
        """Run a program that was loaded without a hook."""
        check(self._lib.core_run_filter(self.programs[number]), "run a filter")

    def _load(self, program: Program, maps: Mapping[str, Map], hook: Hook | None) -> int:
        code = bytearray(program.instructions)
        for at, name in program.maps.items():
            _link(code, at, _MAP_FD, maps[name].fd, 0)
        for at, offset in program.places.items():
            _link(code, at, _MAP_VALUE, self._tables, offset)
        log = self._ffi.new("char[]", _LOG_BYTES)
        asked_by = hook.name.encode() if hook else self._ffi.NULL
        count = len(code) // _INSTRUCTION
        way = hook.way if hook else Way.TRACEPOINT
        arguments = asked_by, int(way), bytes(code), count, log, _LOG_BYTES
        fd = int(self._lib.core_load_filter(*arguments))
        if fd < 0:
            text = self._ffi.string(log).decode("utf-8", "replace")
            failure = os_error(fd, "load a filter")
            raise LoadError(failure.message, log=text, errno=-fd)
        return fd


def _pack_needs(loaded: Mapping[Hook, LoadedPolicy], size: int) -> bytes:
    """The bytes of filter_needs[]."""
    packed = bytearray(size)
    for policy in loaded.values():
        for kind, needs in policy.needs.items():
            packed[kind] = needs
    return bytes(packed)


def _link(code: bytearray, at: int, kind: int, fd: int, offset: int) -> None:
    """Have an instruction load the address of a map, or of what is in it."""
    place = at * _INSTRUCTION
    code[place + 1] = code[place + 1] & 0x0F | kind << 4
    struct.pack_into("<i", code, place + 4, fd)
    struct.pack_into("<i", code, place + 4 + _INSTRUCTION, offset)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a container or process, for parts of the rules.

    Attributes:
        parts: the set they belong to.
        holds, fails: which may hold, and which may fail, a bit each.
    """

    parts: int
    holds: int
    fails: int

    def pack(self) -> bytes:
        """The bytes of struct known_parts."""
        return struct.pack("<3Q", self.parts, self.holds, self.fails)


def _container_key(entry: ContainerEntry) -> bytes:
    """The bytes of struct container_key."""
    return struct.pack("<QQ", entry.key, entry.start_ns)


@dataclass(frozen=True, slots=True)
class ProcessKey:
    """A process while it runs one program, and its first thread is called so."""

    start_ns: int
    tgid: int
    exec_id: int
    name: str

    def pack(self) -> bytes:
        """The bytes of struct process_key."""
        name = self.name.encode("utf-8", "surrogateescape")
        return struct.pack("<QII16s", self.start_ns, self.tgid, self.exec_id, name)


class Filters:
    """The filters of the programs at work.

    Args:
        find: gives their maps by name.
        hooks: those that ask.
    """

    def __init__(self, find: Callable[[str], Map], hooks: Iterable[Hook]) -> None:
        self._arrays = {hook: find(hook.programs) for hook in hooks}
        self._verdicts = find("verdicts")
        self._views = find("host_views")
        self._mounts = find(".data.mounts")
        self._needs = find(".data.needs")
        self._containers = find("container_parts")
        self._processes = find("process_parts")
        self._maps = {"slots": find("slots")}
        self._installed: frozenset[int] = frozenset()

    @contextmanager
    def load(self, policy: Policy) -> Iterator[dict[Hook, LoadedPolicy]]:
        """Have the kernel take a policy's programs, for each hook; none is asked yet.

        Raises:
            LoadError: the kernel refused one.
        """
        with ExitStack() as stack:
            yield {
                hook: stack.enter_context(LoadedPolicy(policy, self._maps, hook))
                for hook in self._arrays
            }

    def install(self, loaded: Mapping[Hook, LoadedPolicy]) -> None:
        """Ask these from now on, one event type after the other.

        What they need is filled in before they are asked, and as long as others are that need it.
        """
        needs = self._needs.lookup(bytes(4)) or bytes(self._needs.value_size)
        wanted = _pack_needs(loaded, len(needs))
        self._needs.update(bytes(4), bytes(map(or_, needs, wanted)))
        self.clear(frozenset(kind for policy in loaded.values() for kind in policy.filters))
        for hook, policy in loaded.items():
            for kind, at in policy.filters.items():
                program = policy.programs[at].to_bytes(4, "little")
                self._arrays[hook].update(kind.to_bytes(4, "little"), program)
            self._installed = frozenset(policy.filters)
        self._needs.update(bytes(4), wanted)

    def clear(self, keep: frozenset[int] = frozenset()) -> None:
        """Let every record go up, but of the event types that are kept."""
        for kind in self._installed - keep:
            for array in self._arrays.values():
                array.delete(kind.to_bytes(4, "little"))
        self._installed &= keep

    def mount_count(self) -> int:
        """How often something was mounted."""
        return int.from_bytes(self._mounts.lookup(bytes(4)) or b"", "little")

    def set_host_view(self, dev: int, view: View, mounts: int) -> None:
        """Tell filters where the host sees the files of a filesystem.

        Args:
            dev: its device number.
            view: what was found.
            mounts: the count before it was looked for; it holds as long as that stays.
        """
        value = struct.pack("<II", view, mounts)
        self._views.update(dev.to_bytes(4, "little"), value)

    def tell_container(self, entry: ContainerEntry, known: Known) -> bool:
        """Tell filters of a container, once; False where there is no room."""
        return self._containers.add(_container_key(entry), known.pack())

    def tell_process(self, key: ProcessKey, own: Known, parent: Known, ancestor: Known) -> bool:
        """Tell them of a process: for itself, as a parent, and as one of several ancestors."""
        value = own.pack() + parent.pack() + ancestor.pack()
        return self._processes.add(key.pack(), value)

    def forget_container(self, entry: ContainerEntry) -> None:
        """Of one that has ended."""
        self._containers.delete(_container_key(entry))

    def forget_process(self, key: ProcessKey) -> None:
        """Of one that has ended, as it was told of."""
        self._processes.delete(key.pack())

    def forget_all(self) -> None:
        """Of every container and process. What was told may still be read until `synchronize`."""
        for told in (self._containers, self._processes):
            for key in list(told.keys()):
                told.delete(key)

    @staticmethod
    def synchronize() -> None:
        """Wait until no program reads what was forgotten before. Takes some milliseconds.

        Raises:
            MissingFeature: this kernel cannot tell.
        """
        check(native().lib.core_synchronize(), "wait for programs to end")

    def verdicts(self) -> dict[tuple[Verdict, EventType], int]:
        """How often there was each verdict so far; NONE where there was nobody to ask."""
        return counts(self._verdicts, Verdict)


def counts(counters: Map, words: type[E]) -> dict[tuple[E, EventType], int]:
    """How often there was each word about each event type, of a map that counts by both."""
    found: dict[tuple[E, EventType], int] = {}
    types = counters.max_entries // len(words)
    for key in range(counters.max_entries):
        values = counters.lookup_percpu(key.to_bytes(4, "little"))
        if count := sum(int.from_bytes(value, "little") for value in values):
            found[words(key // types), EventType(key % types)] = count
    return found
