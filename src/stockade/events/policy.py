"""What the rule compiler hands to the loader: programs, and the tables that they read."""

from __future__ import annotations

import msgspec

from stockade.events._records import View

# Where the files of a filesystem are, of which the host sees no more than that.
VIEW_DIRECTORIES = {
    View.VAR_LIB: "/var/lib",
    View.RUN: "/run",
    View.TMP: "/tmp",  # noqa: S108 - where containers are, not where we write
    View.HOME: "/home",
    View.MNT: "/mnt",
}
_INSTRUCTION = 8  # bytes


class Program(msgspec.Struct, frozen=True):
    """A filter before it is linked.

    Attributes:
        instructions: eBPF.
        maps: by the number of an instruction that loads an address, the map it is of.
        places: by that number, the offset in the policy's tables.
    """

    instructions: bytes
    maps: dict[int, str]
    places: dict[int, int]

    @property
    def size(self) -> int:
        """How many instructions it has."""
        return len(self.instructions) // _INSTRUCTION


class Policy(msgspec.Struct, frozen=True):
    """The kernel's part of a set of rules.

    Attributes:
        programs: the filters; one may serve several event types.
        filters: by event type, which program is its filter. Those without one go up unjudged.
        tables: what programs read, one after another.
        needs: by event type, NeedFlags: what has to be filled in before the filter is asked.
    """

    programs: tuple[Program, ...] = ()
    filters: dict[int, int] = {}
    tables: bytes = b""
    needs: dict[int, int] = {}
