"""Events of records, as the agent could make them."""

from __future__ import annotations

import random

import msgspec

from stockade.events import (
    ABSENT,
    UNKNOWN,
    VIEW_DIRECTORIES,
    Container,
    Event,
    Missing,
    OpenRecord,
    Record,
    View,
    decode,
)
from stockade.events.file_fields import fs_path
from tests.support.records import CONTAINER, INIT, PARENT, PROCESS

HOST_PATHS: tuple[str | Missing, ...] = (ABSENT, UNKNOWN, "/etc/shadow", "/root/.ssh/x")


def host_path(record: Record, view: View) -> str | Missing:
    """Where a host could see the file of a record, when it has this view of its filesystem."""
    if not isinstance(record, OpenRecord) or not record.file.fs_type:
        return ABSENT
    path = fs_path(record.file)
    if isinstance(path, Missing) or view is View.SAME:
        return path
    directory = VIEW_DIRECTORIES.get(view)
    return ABSENT if directory is None else f"{directory}/x{path}"


def events_of(raw: bytes, view: View, rng: random.Random) -> Event:
    """An event of a record, of which user space knows this or that."""
    record = decode(memoryview(raw))
    names = ("sh", "sshd", "systemd", UNKNOWN)
    parent = msgspec.structs.replace(PARENT, name=rng.choice(names), exe=UNKNOWN)
    container: Container | None = rng.choice([None, CONTAINER, CONTAINER])
    return Event(
        record=record,
        process=rng.choice([PROCESS, msgspec.structs.replace(PROCESS, args=UNKNOWN)]),
        ancestors=rng.choice([(), (parent, INIT)]),
        container=container if record.header.task.container else None,
        host_path=host_path(record, view) if view else rng.choice(HOST_PATHS),
        number=rng.choice([1, 99]),
    )
