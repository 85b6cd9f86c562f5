"""Programs that decide what is done about an act before it happens.

Other rules take the place of those that are there one event type after the other, and in between
either set decides: there is no moment without one. Each set has a map of its own that says whose
acts it is about, and that is filled before the set is asked.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from operator import or_
from pathlib import Path

from stockade.events import ContainerEntry, Decisions, EventType, Outcome
from stockade.kernel import disarmed
from stockade.kernel.bpf import Map
from stockade.kernel.core import check, native
from stockade.kernel.disarmed import Disarmed
from stockade.kernel.filters import Hook, LoadedPolicy, counts
from stockade.kernel.held import Held

_KEY, _VALUE = struct.Struct("<QQ"), struct.Struct("<QQ")
_CONTAINERS = 4096
_OPENS = "decide_file_open"


class Scopes(Held):
    """What is known of containers, for one set of rules: a context manager around a map."""

    def __init__(self) -> None:
        sizes = _KEY.size, _VALUE.size, _CONTAINERS
        made = native().lib.core_create_hash(b"scopes", *sizes)
        self.map = Map(check(made, "create a map"), *sizes)

    def close(self) -> None:
        """Let go of it; may be called twice."""
        if self.map.fd >= 0:
            os.close(self.map.fd)
            self.map.fd = -1

    def tell(self, entry: ContainerEntry, holds: int, fails: int) -> bool:
        """Say of a container, once, which parts may hold and fail; False where there is no room."""
        return self.map.add(_KEY.pack(entry.key, entry.start_ns), _VALUE.pack(holds, fails))

    def forget(self, entry: ContainerEntry) -> None:
        """Of one that has ended."""
        self.map.discard(_KEY.pack(entry.key, entry.start_ns))


class LoadedDecisions(Held):
    """Decisions whose programs the kernel has taken; none is asked yet.

    Args:
        decisions: the compiler's.
        slots: the map of slots.
        hooks: that ask.

    Raises:
        LoadError: the kernel refused a program.
    """

    def __init__(self, decisions: Decisions, slots: Map, hooks: Iterable[Hook]) -> None:
        self.decisions = decisions
        with ExitStack() as stack:
            self.scopes = stack.enter_context(Scopes())
            maps = {"slots": slots, "scopes": self.scopes.map}
            self.programs = {
                hook: stack.enter_context(LoadedPolicy(decisions.policy, maps, hook))
                for hook in hooks
            }
            self._open = stack.pop_all()

    def close(self) -> None:
        """Let go of what is not in use; may be called twice."""
        self._open.close()


class Deciders:
    """What decides, of the programs at work.

    Args:
        find: gives their maps by name.
        hooks: those that ask.

    Attributes:
        hooks: the same.
        disarmed: where nothing is refused for now.
    """

    def __init__(self, find: Callable[[str], Map], hooks: Iterable[Hook]) -> None:
        self._arrays = {hook: find(hook.programs) for hook in hooks}
        self._needs = find(".data.decisions")
        self._slots = find("slots")
        self.hooks = tuple(self._arrays)
        self._outcomes = find("outcomes")
        self.disarmed = Disarmed(find(disarmed.NAME))
        self._canaries = find("canaries")
        self._lease = find(".data.lease")
        self._installed: dict[Hook, frozenset[int]] = {}

    def load(self, decisions: Decisions) -> LoadedDecisions:
        """Have the kernel take programs. Raises LoadError."""
        return LoadedDecisions(decisions, self._slots, self._arrays)

    def install(self, loaded: LoadedDecisions) -> None:
        """Ask these from now on. What they need is filled in before."""
        old = self._needs.lookup(bytes(4)) or bytes(self._needs.value_size)
        wanted = bytearray(self._needs.value_size)
        for kind, needs in loaded.decisions.policy.needs.items():
            wanted[kind] = needs
        self._needs.update(bytes(4), bytes(map(or_, old, wanted)))
        for hook, policy in loaded.programs.items():
            for kind, at in policy.filters.items():
                program = policy.programs[at].to_bytes(4, "little")
                self._arrays[hook].update(kind.to_bytes(4, "little"), program)
            self._installed[hook] = frozenset(policy.filters)
        self._needs.update(bytes(4), bytes(wanted))

    def keep(self, kinds: Iterable[int]) -> None:
        """Ask of no other event types, which nobody decides any more."""
        kept = set(kinds)
        for hook, array in self._arrays.items():
            for kind in (hook.kinds or frozenset()) - kept:
                array.discard(kind.to_bytes(4, "little"))

    def silent(self) -> list[str]:
        """The hooks that are not asked, or have nobody to ask, though they should: none, mostly."""
        found = []
        for hook, kinds in self._installed.items():
            array = self._arrays[hook]
            gone = any(array.lookup(kind.to_bytes(4, "little")) is None for kind in kinds)
            if gone or (kinds and hook.programs == _OPENS and not self._sings()):
                found.append(hook.programs.removeprefix("decide_"))
        return found

    def _sings(self) -> bool:
        """Whether an open of this process passes the hook."""
        before = self._canaries.lookup_percpu(bytes(4))
        Path("/proc/self/stat").read_bytes()
        return self._canaries.lookup_percpu(bytes(4)) != before

    def renew(self, seconds: float) -> None:
        """Have nothing be refused any more after so long, unless this is done again before."""
        end = time.clock_gettime_ns(time.CLOCK_BOOTTIME) + int(seconds * 1e9)
        self._lease.update(bytes(4), end.to_bytes(8, "little"))

    def outcomes(self) -> dict[tuple[Outcome, EventType], int]:
        """How often there was each outcome so far."""
        return counts(self._outcomes, Outcome)
