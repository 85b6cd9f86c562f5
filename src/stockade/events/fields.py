"""The field catalogue: every name that a rule may use, with its type, meaning and source.

Fields that come straight from a record are generated from the C headers; the
others are computed from the event, or not filled yet. Names are Falco's where
Falco has one.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from dataclasses import replace
from operator import attrgetter
from typing import TypeAlias

import msgspec

from stockade.events import _records as records
from stockade.events import (
    activity_fields,
    boundary_fields,
    call_fields,
    container_fields,
    file_fields,
    given_fields,
    planned,
    process_fields,
)
from stockade.events.calls import CALLS, FAMILIES, OBSERVED
from stockade.events.event import Event
from stockade.events.field import Field, FieldType, Origin, Resolver, Subscript, text_value
from stockade.events.flags import capability_names, clone_flags, mode_names, open_flags
from stockade.events.text import Text
from stockade.events.times import datetime_text, rfc3339, time_text
from stockade.events.values import ABSENT, UNKNOWN, Value

_NS = 1_000_000_000
_NAME_MAX = 256  # with what may follow a dot
Rendering: TypeAlias = tuple[FieldType, Callable[[int], str] | None]

# The types that tags in the headers use.
_RENDERINGS: dict[str, Rendering] = {
    "string": (FieldType.STRING, None),
    "path": (FieldType.PATH, None),
    "int": (FieldType.INT, None),
    "uint": (FieldType.INT, None),
    "dev": (FieldType.INT, None),
    "caps": (FieldType.STRING, lambda mask: " ".join(capability_names(mask))),
    "open_flags": (FieldType.FLAGS, lambda flags: "|".join(open_flags(flags))),
    "clone_flags": (FieldType.FLAGS, lambda flags: "|".join(clone_flags(flags))),
    "mode": (FieldType.FLAGS, lambda mode: "|".join(mode_names(mode))),
}
# The kernel's own: an interrupted call that is restarted, or becomes EINTR, afterwards.
_RESTARTS = {
    512: "ERESTARTSYS",
    513: "ERESTARTNOINTR",
    514: "ERESTARTNOHAND",
    516: "ERESTART_RESTARTBLOCK",
}
_KINDS: dict[type[msgspec.Struct], tuple[str, ...]] = {
    records.RecordHeader: ("all",),
    records.OpenRecord: ("open",),
    records.ExecRecord: ("exec",),
    records.ForkRecord: ("fork",),
    records.ExitRecord: ("exit",),
    records.CallRecord: FAMILIES,
    records.ContainerRecord: ("container",),
}


# By the kind of record that tells of them.
KIND_OF: dict[records.EventType, str] = {
    records.EventType.OPEN: "open",
    records.EventType.OPENAT: "open",
    records.EventType.OPENAT2: "open",
    records.EventType.CREAT: "open",
    records.EventType.OPEN_BY_HANDLE_AT: "open",
    records.EventType.EXECVE: "exec",
    records.EventType.EXECVEAT: "exec",
    records.EventType.CLONE: "fork",
    records.EventType.PROCEXIT: "exit",
    records.EventType.CONTAINER: "container",
    records.EventType.CONTAINER_CREATE: "container",
    records.EventType.CONTAINER_EXEC: "container",
    records.EventType.CONTAINER_VISIT: "container",
    records.EventType.CONTAINER_STOP: "container",
    records.EventType.CONTAINER_DISCARD: "container",
    records.EventType.CONTAINER_ACTIVITY: "container",
    **{kind: call.family for kind, call in CALLS.items()},
}


def possible(field: Field, kind: str) -> bool:
    """Whether events of a kind (open, exec, fork, exit ...) can have a field."""
    return "all" in field.events or kind in field.events


def find(name: str, argument: str | None = None) -> tuple[Field | None, str | None]:
    """The catalogue's entry for a field, and what is in its brackets.

    Entries with a name may be written with a dot, and arguments in brackets: container.label.app
    is container.label[app], evt.arg[flags] is evt.arg.flags.
    """
    if len(name) > _NAME_MAX:
        return None, None
    if argument is not None and name == "evt.arg" and not argument.isdecimal():
        return CATALOGUE.get(f"{name}.{argument}"), None
    if field := CATALOGUE.get(name):
        return field, argument
    stem = name
    while argument is None and "." in stem:
        stem = stem.rpartition(".")[0]
        field = CATALOGUE.get(stem)
        if field and field.subscript is Subscript.NAME:
            return field, name[len(stem) + 1 :]
    return None, None


def field_value(field: Field, subscript: str | None, event: Event) -> Value:
    """A field of an event; of one that nothing fills, whether it could be there."""
    if field.resolve is None:
        return UNKNOWN if possible(field, KIND_OF[event.type]) else ABSENT
    if subscript is not None and field.index is not None:
        return field.index(event, subscript)
    return field.resolve(event)


def _generated() -> list[Field]:
    rows: dict[str, list[tuple[type[msgspec.Struct], str, list[str], str]]] = {}
    for name, words, record, path, doc in records.FIELDS:
        rows.setdefault(name, []).append((record, path, words.split(), doc))
    return [_merged(name, sources) for name, sources in rows.items()]


def _merged(name: str, sources: list[tuple[type[msgspec.Struct], str, list[str], str]]) -> Field:
    """One field of all the records that have it."""
    _, _, words, doc = sources[0]
    units = [word.removeprefix("unit=") for word in words if word.startswith("unit=")]
    readers = [
        (record, _attribute(path, _RENDERINGS[kinds[0]])) for record, path, kinds, _ in sources
    ]
    return Field(
        name,
        _RENDERINGS[words[0]][0],
        doc if len(sources) == 1 else "; ".join(source[3] for source in sources),
        _reader(readers),
        events=tuple(kind for record, *_ in sources for kind in _KINDS[record]),
        unit=units[0] if units else "",
        origin=Origin.ARGUMENT if "argument" in words else Origin.OBJECT,
    )


def _reader(
    readers: list[tuple[type[msgspec.Struct], Callable[[records.Record], Value]]],
) -> Resolver:
    def resolve(event: Event) -> Value:
        for kind, read in readers:
            if kind is records.RecordHeader or isinstance(event.record, kind):
                return read(event.record)
        return ABSENT

    return resolve


def _attribute(path: str, rendering: Rendering) -> Callable[[records.Record], Value]:
    get, convert = attrgetter(path), rendering[1]
    of_object = path.startswith("file.")

    def read(record: records.Record) -> Value:
        if of_object and isinstance(record, records.OpenRecord):
            missing = file_fields.missing_object(record)
            if missing is not None:
                return missing
        if of_object and isinstance(record, records.CallRecord) and not record.file.fs_type:
            return ABSENT
        value: Text | str | int = get(record)
        if isinstance(value, Text):
            return text_value(value)
        return convert(value) if convert and isinstance(value, int) else value

    return read


def result_name(result: int) -> str:
    """SUCCESS, or the name of an error."""
    if result >= 0:
        return "SUCCESS"
    return _RESTARTS.get(-result) or errno.errorcode.get(-result, str(result))


def _result(event: Event) -> Value:
    return result_name(event.record.header.result)


def _type(event: Event) -> Value:
    return event.type.name.lower()


def _syscall_type(event: Event) -> Value:
    called = (
        event.type is not records.EventType.PROCEXIT
        and event.type not in OBSERVED
        and KIND_OF[event.type] != "container"
    )
    return _type(event) if called else ABSENT


_S, _I, _B = FieldType.STRING, FieldType.INT, FieldType.BOOL
_EVENT_FIELDS = (
    Field("evt.num", _I, "how many events the agent has seen", lambda e: e.number),
    Field(
        "evt.type",
        _S,
        "what happened: the system call's name, procexit, or one of our own: cgroup_*, container_*",
        _type,
    ),
    Field("syscall.type", _S, "the system call's name", _syscall_type),
    Field("evt.dir", _S, "always <: events are reported when calls return", lambda _: "<"),
    Field("evt.source", _S, "always syscall", lambda _: "syscall"),
    Field("evt.is_async", _B, "always false", lambda _: False),
    Field("evt.hostname", _S, "name of the host", lambda _: socket.gethostname()),
    Field("evt.time", _S, "local time of day with nanoseconds", lambda e: time_text(e.time_ns)),
    Field("evt.time.s", _S, "local time of day", lambda e: time_text(e.time_ns)[:8]),
    Field("evt.time.iso8601", _S, "time in UTC, RFC 3339", lambda e: rfc3339(e.time_ns)),
    Field("evt.datetime", _S, "local date and time", lambda e: datetime_text(e.time_ns)),
    Field("evt.datetime.s", _S, "the same to a second", lambda e: datetime_text(e.time_ns)[:19]),
    Field("evt.rawtime", _I, "time since the epoch", lambda e: e.time_ns, unit="ns"),
    Field("evt.rawtime.s", _I, "seconds of it", lambda e: e.time_ns // _NS, unit="s"),
    Field("evt.rawtime.ns", _I, "the rest of it", lambda e: e.time_ns % _NS, unit="ns"),
    Field("evt.res", _S, "SUCCESS or the name of the error", _result),
    Field("evt.failed", _B, "the call failed", lambda e: e.record.header.result < 0),
)

_FILLED = [*_generated(), *_EVENT_FIELDS, *file_fields.FIELDS, *process_fields.FIELDS]
_FILLED += [*container_fields.FIELDS, *activity_fields.FIELDS, *given_fields.FIELDS]
_FILLED += boundary_fields.FIELDS


def _with_calls(filled: dict[str, Field]) -> dict[str, Field]:
    """Fields that other events have too get what calls say."""
    found = dict(filled)
    for field in call_fields.FIELDS:
        other = filled.get(field.name)
        found[field.name] = field if other is None else _either(other, field)
    return found


def _either(other: Field, call: Field) -> Field:
    def resolve(event: Event) -> Value:
        chosen = call if isinstance(event.record, records.CallRecord) else other
        return chosen.resolve(event) if chosen.resolve else UNKNOWN

    return replace(other, resolve=resolve, events=(*other.events, *call.events))


CATALOGUE: dict[str, Field] = {field.name: field for field in planned.FIELDS}
CATALOGUE |= _with_calls({field.name: field for field in _FILLED})
CATALOGUE = dict(sorted(CATALOGUE.items()))
