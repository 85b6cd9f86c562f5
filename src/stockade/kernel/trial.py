"""Filters run by hand on records of our choice, and how long the kernel takes for them."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from contextlib import ExitStack

from stockade.events import Policy, Program
from stockade.kernel.bpf import Map, Object
from stockade.kernel.core import check, native
from stockade.kernel.filters import Hook, LoadedPolicy
from stockade.kernel.held import Held
from stockade.kernel.images import object_image

_FIRST = bytes(4)
_ROUNDS = 5
# It returns 0.
_NOTHING = Program(bytes.fromhex("b7000000000000009500000000000000"), {}, {})


class Trial(Held):
    """Slots that nobody else writes to, and a kernel that measures: a context manager.

    Raises:
        MissingPrivilege: this process may not use BPF.
        MissingFeature: the kernel refuses, or cannot measure.
    """

    def __init__(self) -> None:
        self._lib, self._ffi = native().lib, native().ffi
        with ExitStack() as stack:
            loaded = stack.enter_context(Object(object_image("stockade"), "stockade"))
            for program in loaded.programs():
                loaded.set_autoload(program, on=False)
            loaded.load()
            self.slots: Map = loaded.map("slots")
            stats = check(self._lib.core_enable_stats(), "measure programs")
            stack.callback(os.close, stats)
            nothing = stack.enter_context(LoadedPolicy(Policy((_NOTHING,), {}), {}, None))
            self._nothing = nothing.programs[0]
            self._open = stack.pop_all()

    def close(self) -> None:
        """Let go of the slots; may be called twice."""
        self._open.close()

    def load(self, policy: Policy, hook: Hook | None = None) -> LoadedPolicy:
        """A policy's programs; with a hook they cannot be run. Raises LoadError."""
        return LoadedPolicy(policy, {"slots": self.slots}, hook)

    def put(self, slot: bytes) -> None:
        """Have every CPU's next filter find a slot."""
        self.slots.update(_FIRST, slot * len(self.slots.lookup_percpu(_FIRST)))

    def nanoseconds(self, program: int, slots: Sequence[bytes], repeats: int) -> float:
        """Of one run of a program, without what it takes to measure one."""
        found = []
        for slot in slots:
            self.put(slot)
            # In turn, so that both see the same machine; and a median, because it has more to do.
            rounds = [
                self._run(program, repeats) - self._run(self._nothing, repeats)
                for _ in range(_ROUNDS)
            ]
            found.append(max(statistics.median(rounds), 0) / repeats)
        return statistics.fmean(found)

    def _run(self, program: int, repeats: int) -> int:
        before = self._time(program)
        for _ in range(repeats):
            check(self._lib.core_run_filter(program), "run a filter")
        return self._time(program) - before

    def _time(self, program: int) -> int:
        times = self._ffi.new("uint64_t[2]")
        check(self._lib.core_program_times(program, times), "look at a program")
        return int(times[0])
