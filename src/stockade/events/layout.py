"""The layout of the shared structs, as an object's BTF has it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from stockade.events.btf import Btf, Member, Type, is_array, is_struct

RECORDS = (
    "open_record",
    "exec_record",
    "fork_record",
    "exit_record",
    "call_record",
    "container_record",
)
# What maps hold.
VALUES = ("container_entry", "member_entry", "host_entry", "activity", "loss_key")
# What the agent writes before load.
SETTINGS = ("config", "call_shape")
SHARED = (*RECORDS, *VALUES, *SETTINGS)
ENUMS = (
    "event_type",
    "record_kind",
    "string_state",
    "string_flags",
    "path_flags",
    "target_flags",
    "fd_flags",
    "outcome",
    "loss_reason",
    "role",
    "container_state",
    "member_flags",
    "boundary_flags",
    "namespace_flags",
    "wanted_flags",
    "need_flags",
    "verdict",
    "view",
)
_INTEGERS = {1: "B", 2: "H", 4: "I", 8: "Q"}


@dataclass(frozen=True, slots=True)
class Slot:
    """One leaf of a struct: its struct-module code, its offset and the members that lead to it."""

    code: str
    offset: int
    path: tuple[str, ...]


def code_of(found: Type) -> str:
    """The struct-module code of an integer or of a string buffer."""
    if is_array(found):
        return f"{found.length}s"
    code = _INTEGERS[found.size]
    return code.lower() if found.signed else code


def slots(btf: Btf, found: Type, base: int = 0, path: tuple[str, ...] = ()) -> Iterator[Slot]:
    """Every leaf of a struct, in order."""
    for member in found.members:
        yield from _member_slots(btf, member, base + member.offset, (*path, member.name))


def _member_slots(btf: Btf, member: Member, offset: int, path: tuple[str, ...]) -> Iterator[Slot]:
    found = btf.resolve(member.type_id)
    if is_struct(found):
        yield from slots(btf, found, offset, path)
    elif is_array(found) and (element := btf.resolve(found.target)).size > 1:
        for index in range(found.length):
            at, inner = offset + index * element.size, (*path, str(index))
            if is_struct(element):
                yield from slots(btf, element, at, inner)
            else:
                yield Slot(code_of(element), at, inner)
    else:
        yield Slot(code_of(found), offset, path)


def slot_places(btf: Btf) -> dict[str, int]:
    """Where the parts of a slot are, and its size."""
    found = btf.struct("slot")
    frame = btf.struct("filter_frame")
    places = {member.name or "record": member.offset for member in found.members}
    for member in frame.members:
        places[f"frame.{member.name}"] = places["frame"] + member.offset
    for member in btf.struct("known_parts").members:
        for whose in ("container", "process", "parent", "ancestors"):
            place = places[f"frame.{whose}"] + member.offset
            places[f"frame.{whose}.{member.name}"] = place
    return {**places, "size of it": found.size}


def offsets(btf: Btf, name: str) -> dict[str, tuple[int, str]]:
    """The leaves of a struct by their paths: offset, and struct-module code."""
    return {
        ".".join(slot.path): (slot.offset, slot.code)
        for slot in slots(btf, btf.struct(name))
        if slot.path[-1] != "reserved"
    }


def digest(btf: Btf) -> str:
    """A hash of every shared struct and enum: equal exactly when the decoder fits the object."""
    lines = []
    for name in SHARED:
        found = btf.struct(name)
        lines.append(f"{name} {found.size}")
        lines += [f"{slot.code} {slot.offset} {slot.path}" for slot in slots(btf, found)]
    lines += [f"{name} {btf.enum(name)}" for name in ENUMS]
    lines.append(f"slot {slot_places(btf)}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
