"""What is remembered of a container's tasks, changed in place of the tasks themselves."""

from __future__ import annotations

import struct

from stockade.events import Btf, decode_member_entry
from stockade.events.layout import slots
from stockade.kernel.bpf import Map
from stockade.kernel.images import object_image


def remember(members: Map, pid: int, name: str, value: int) -> None:
    """Have a task's entry say something else.

    Args:
        members: the members map.
        pid: of the task, in the initial pid namespace.
        name: a member of struct member_entry.
    """
    btf = Btf(object_image("stockade"))
    slot = next(s for s in slots(btf, btf.struct("member_entry")) if s.path == (name,))
    key, entry = next(
        (key, entry)
        for key, entry in members.items().items()
        if decode_member_entry(entry).pid == pid
    )
    raw = bytearray(entry)
    struct.pack_into(f"<{slot.code}", raw, slot.offset, value)
    members.update(key, bytes(raw))
