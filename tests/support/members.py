"""What is remembered of a container's tasks, changed in place of the tasks themselves."""

from __future__ import annotations

import struct
import time

from stockade.events import Btf, decode_member_entry
from stockade.events.layout import slots
from stockade.kernel.bpf import Map
from stockade.kernel.images import object_image

_WAIT_S = 20.0


def remember(members: Map, pid: int, name: str, value: int) -> None:
    """Have a task's entry say something else.

    Args:
        members: the members map.
        pid: of the task, in the initial pid namespace.
        name: a member of struct member_entry, or of a struct in it after a dot.
    """
    btf = Btf(object_image("stockade"))
    path = tuple(name.split("."))
    slot = next(s for s in slots(btf, btf.struct("member_entry")) if s.path == path)
    key, entry = _entered(members, pid)
    raw = bytearray(entry)
    struct.pack_into(f"<{slot.code}", raw, slot.offset, value)
    members.update(key, bytes(raw))


def _entered(members: Map, pid: int) -> tuple[bytes, bytes]:
    """A task's key and entry, once it has run its program: a runtime does not wait for that."""
    end = time.monotonic() + _WAIT_S
    while time.monotonic() < end:
        for key, entry in members.items().items():
            task = decode_member_entry(entry)
            if task.pid == pid and task.at.mnt:
                return key, entry
        time.sleep(0.01)
    raise AssertionError(f"no member {pid}")
