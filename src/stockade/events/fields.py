"""The field catalogue: every name that a rule may use, with its type, meaning and source.

Fields that come straight from a record are generated from the C headers; the
others are computed from the event. Names are Falco's where Falco has one.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from operator import attrgetter

import msgspec

from stockade.events import _records as records
from stockade.events import file_fields, process_fields
from stockade.events.event import Event
from stockade.events.field import Field, Resolver, text_value
from stockade.events.flags import capability_names, clone_flags, open_flags
from stockade.events.text import Text
from stockade.events.times import rfc3339
from stockade.events.values import ABSENT, Value

_INDEXED = re.compile(r"(?P<name>[a-z0-9_.]+)\[(?P<index>\d{1,3})\]")
# The kernel's own: an interrupted call that is restarted, or becomes EINTR, afterwards.
_RESTARTS = {
    512: "ERESTARTSYS",
    513: "ERESTARTNOINTR",
    514: "ERESTARTNOHAND",
    516: "ERESTART_RESTARTBLOCK",
}
_CONVERTERS: dict[str, Callable[[int], str]] = {
    "caps": lambda mask: " ".join(capability_names(mask)),
    "open_flags": lambda flags: "|".join(open_flags(flags)),
    "clone_flags": lambda flags: "|".join(clone_flags(flags)),
}


def lookup(name: str) -> Resolver | None:
    """How to read a field by the name a rule uses, index included; None for no such field."""
    if field := CATALOGUE.get(name):
        return field.resolve
    match = _INDEXED.fullmatch(name)
    field = CATALOGUE.get(match["name"]) if match else None
    if match is None or field is None or (read := field.index) is None:
        return None
    position = int(match["index"])
    return lambda event: read(event, position)


def find(name: str) -> Field | None:
    """The catalogue's entry for a name that may carry an index."""
    match = _INDEXED.fullmatch(name)
    return CATALOGUE.get(match["name"] if match else name)


def _generated() -> list[Field]:
    rows: dict[str, list[tuple[type[msgspec.Struct], str, str]]] = {}
    docs: dict[str, tuple[str, str]] = {}
    for name, type_name, record, path, doc in records.FIELDS:
        rows.setdefault(name, []).append((record, path, type_name))
        docs.setdefault(name, (type_name, doc))
    return [Field(name, *docs[name], _reader(sources)) for name, sources in rows.items()]


def _reader(sources: list[tuple[type[msgspec.Struct], str, str]]) -> Resolver:
    """Read a field from whichever kinds of record have it."""
    readers = [(kind, _attribute(path, type_name)) for kind, path, type_name in sources]

    def resolve(event: Event) -> Value:
        for kind, read in readers:
            if kind is records.RecordHeader or isinstance(event.record, kind):
                return read(event.record)
        return ABSENT

    return resolve


def _attribute(path: str, type_name: str) -> Callable[[records.Record], Value]:
    get, convert = attrgetter(path), _CONVERTERS.get(type_name)
    of_object = path.startswith("file.")

    def read(record: records.Record) -> Value:
        if of_object and isinstance(record, records.OpenRecord):
            missing = file_fields.missing_object(record)
            if missing is not None:
                return missing
        value: Text | str | int = get(record)
        if isinstance(value, Text):
            return text_value(value)
        return convert(value) if convert and isinstance(value, int) else value

    return read


def _result(event: Event) -> Value:
    result = event.record.header.result
    if result >= 0:
        return "SUCCESS"
    return _RESTARTS.get(-result) or errno.errorcode.get(-result, str(result))


_EVENT_FIELDS = (
    Field(
        "evt.type",
        "string",
        "what happened: the system call's name, or procexit",
        lambda event: event.type.name.lower(),
    ),
    Field("evt.time", "string", "time of the event, RFC 3339", lambda e: rfc3339(e.time_ns)),
    Field("evt.rawtime", "uint", "time of the event, ns since the epoch", lambda e: e.time_ns),
    Field("evt.res", "string", "SUCCESS or the name of the error", _result),
    Field("evt.failed", "bool", "the call failed", lambda e: e.record.header.result < 0),
)

_ALL = [*_generated(), *_EVENT_FIELDS, *file_fields.FIELDS, *process_fields.FIELDS]
CATALOGUE: dict[str, Field] = {
    field.name: field for field in sorted(_ALL, key=lambda field: field.name)
}
