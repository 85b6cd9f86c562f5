"""Fields of how much a container does, against what it usually does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from stockade.events._records import Activity, ContainerRecord, EventType
from stockade.events.event import Event
from stockade.events.field import Field, FieldType
from stockade.events.values import ABSENT, Value

_NOTHING = Activity(calls=0, execs=0, forks=0)
_COUNTED = {"calls": "system calls", "execs": "programs started", "forks": "tasks made"}


def _field(name: str, doc: str, read: Callable[[ContainerRecord], Value], unit: str = "") -> Field:
    def resolve(event: Event) -> Value:
        record = event.record
        if not isinstance(record, ContainerRecord):
            return ABSENT
        told = record.header.type == EventType.CONTAINER_ACTIVITY
        return read(record) if told else ABSENT

    return Field(name, FieldType.INT, doc, resolve, events=("container",), unit=unit)


def _usual(read: Callable[[ContainerRecord], Value]) -> Callable[[ContainerRecord], Value]:
    return lambda record: ABSENT if record.usual == _NOTHING else read(record)


def _fields() -> Iterator[Field]:
    for kind, what in _COUNTED.items():

        def count(record: ContainerRecord, kind: str = kind) -> int:
            return int(getattr(record.activity, kind))

        def usual(record: ContainerRecord, kind: str = kind) -> int:
            return int(getattr(record.usual, kind))

        def factor(record: ContainerRecord, kind: str = kind) -> int:
            # What never happens counts as happening once.
            return count(record, kind) // max(usual(record, kind), 1)

        yield _field(f"activity.{kind}", f"{what} in activity.time", count)
        yield _field(
            f"activity.usual_{kind}",
            f"{what} that are usual in that time; absent until that is known",
            _usual(usual),
        )
        yield _field(
            f"activity.{kind}_factor",
            f"how many times as many {what} as usual, rounded down; absent until that is known",
            _usual(factor),
        )
    yield _field("activity.time", "the time that was counted in", lambda r: r.activity_ns, "ns")


FIELDS = tuple(_fields())
# Counting costs something at every system call: it is done where a rule names one of these.
ACTIVITY = frozenset(field.name for field in FIELDS)
