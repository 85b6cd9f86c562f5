"""Which fields of an event its record tells of, and how: the views of every event type.

A field that is not here is user space's to know. What is here says the same as the field's own
resolver, of which tests make sure record by record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, partial

from stockade.events import (
    VIEW_DIRECTORIES,
    call_names,
    calls,
    container_fields,
    flags,
    socket_fields,
)
from stockade.events import _records as records
from stockade.events._records import (
    OFFSETS,
    SLOT,
    BoundaryFlags,
    EventType,
    NeedFlags,
    PathFlags,
    Role,
    TargetFlags,
)
from stockade.events._records import View as HostView
from stockade.events.calls import CALLS, FORMATS
from stockade.events.entities import HOST
from stockade.events.fields import KIND_OF, result_name
from stockade.events.file_fields import (
    ANY_EXEC,
    FILE_TYPES,
    FMODE_READ,
    FMODE_WRITE,
    O_CREAT,
    RAW_PATHS,
    TYPE_CHARACTERS,
)
from stockade.rules.lowering import views
from stockade.rules.lowering.formulas import (
    OPEN,
    Among,
    Bits,
    Buffer,
    Formula,
    Missing,
    Not,
    Number,
    Outcome,
    Same,
    Starts,
    Text,
    Unreadable,
    all_of,
    any_of,
    chosen,
    opposite,
    places,
)
from stockade.rules.lowering.parts import Part, Whose
from stockade.rules.lowering.views import View
from stockade.rules.syntax import Test

Views = Mapping[str, View]

_ERRORS = {-number: result_name(-number) for number in range(1, 4096)}
_NAMED_HOST = {
    "container.id",
    "container.full_id",
    "container.name",
    "container.type",
    "container.image",
}


class Layout:
    """Where things are in one kind of record."""

    def __init__(self, record: type[records.Record]) -> None:
        self._offsets = OFFSETS[record]

    def number(self, path: str, *, bits: int = 64, shift: int = 0, signed: bool = False) -> Number:
        """An integer; signed where it is so itself, too."""
        offset, code = self._offsets[path]
        size = {"b": 1, "h": 2, "i": 4, "q": 8}[code.lower()]
        return Number(offset, size, signed or code.islower(), bits, shift)

    def buffer(self, path: str) -> Buffer:
        """A string in the record itself."""
        offset, code = self._offsets[path]
        return Buffer(offset, int(code[:-1]))

    def text(self, path: str, skip: str | None = None) -> Text:
        """A string in its tail."""
        start = -1 if skip is None else self._offsets[skip][0]
        return Text(self._offsets[f"{path}.offset"][0], start)

    def is_buffer(self, path: str) -> bool:
        """Whether there is a string in the record itself."""
        return self._offsets[path][1].endswith("s")

    def is_string(self, path: str) -> bool:
        """Whether there is a string_ref."""
        return f"{path}.offset" in self._offsets


_TASK_FLAGS = {
    "boundary.host_ns": BoundaryFlags.HOST_NS,
    "boundary.host_root": BoundaryFlags.HOST_ROOT,
    "boundary.caps_gained": BoundaryFlags.CAPS_GAINED,
    "boundary.cred_tampered": BoundaryFlags.CRED_TAMPERED,
    "boundary.ns_tampered": BoundaryFlags.NS_TAMPERED,
    "boundary.seccomp_dropped": BoundaryFlags.SECCOMP_DROPPED,
    "boundary.nnp_cleared": BoundaryFlags.NNP_CLEARED,
}
_FILE_FLAGS = {
    "boundary.disconnected": PathFlags.OUTSIDE,
    "boundary.new_superblock": PathFlags.NEW_DISK,
}


@cache
def views_of(kind: EventType) -> Views:
    """The views of the fields of an event type, by their names."""
    family = KIND_OF[kind]
    record = records.OpenRecord if family == "open" else records.CallRecord
    layout = Layout(record)
    found = _of_every(layout, kind) | _generated(layout, record)
    return found | (_of_open(layout, kind) if family == "open" else of_call(layout, kind))


def has_bit(number: Number, bit: int) -> Formula:
    """That a number has a bit."""
    return Not(Bits(number, bit, 0))


# ---- what is known beforehand ----

# By whose a part is: which parts may hold, and which may fail; in the frame, before the record.
WORDS = {
    whose: (
        Number(SLOT[f"frame.{whose.value}.holds"] - SLOT["record"], 8),
        Number(SLOT[f"frame.{whose.value}.fails"] - SLOT["record"], 8),
    )
    for whose in Whose
}


def part_outcome(part: Part) -> Outcome:
    """Of a part of which the frame says what it came to; where nothing is known, both are so."""
    mask = 1 << part.bit
    holds, fails = (Bits(word, mask, mask) for word in WORDS[part.whose])
    told = Outcome(holds, fails)
    if part.whose is not Whose.CONTAINER:
        return told
    return chosen(views.is_zero(scope_key()), views.known(part.of_host()), told)


def scope_key() -> Number:
    """The key of the container of who acts; the same place in every record."""
    return Layout(records.CallRecord).number("header.task.container")


# ---- every record ----


def constants_of(kind: EventType) -> Views:
    """The views of fields that are the same in every event of a type, or nearly."""
    name = kind.name.lower()
    return {
        "evt.num": views.at_least(1),
        "evt.type": views.constant(name),
        "syscall.type": views.constant(name),
        "evt.dir": views.constant("<"),
        "evt.source": views.constant("syscall"),
        "evt.is_async": views.constant(value=False),
    }


def _of_every(layout: Layout, kind: EventType) -> dict[str, View]:
    result, uid = layout.number("header.result"), layout.number("header.task.uid")
    pid, tgid = layout.number("header.task.pid"), layout.number("header.task.process.tgid")
    failed = views.is_negative(result)
    return {
        **constants_of(kind),
        "evt.failed": views.truth(failed),
        "evt.res": views.guarded(failed, views.named(result, _ERRORS), views.constant("SUCCESS")),
        "proc.pid": views.integer(tgid),
        "proc.ppid": views.integer(layout.number("header.task.ancestors.0.tgid")),
        "thread.ismain": views.truth(Same(pid, tgid)),
        "proc.is_vpgid_leader": views.truth(
            Same(layout.number("header.task.ns_pgid"), layout.number("header.task.ns_tgid"))
        ),
        "user.name": views.guarded(views.is_zero(uid), views.constant("root"), views.unknown),
        **_of_container(layout),
        **of_boundary(layout),
    }


def _of_container(layout: Layout) -> dict[str, View]:
    """Of the host's tasks. What looks like a container's may turn out to be the host's, too."""
    key = layout.number("header.task.container")
    role = layout.number("header.task.role")
    is_host = views.is_zero(key)
    found = {
        field.name: views.guarded(is_host, views.absent, views.unknown)
        for field in container_fields.FIELDS
    }
    for name in _NAMED_HOST:
        found[name] = views.guarded(is_host, views.constant(HOST), views.unknown)
    roles: View = views.unknown
    for each in Role:
        roles = views.guarded(equals(role, each), partial(_role_or_host, each), roles)
    found["container.role"] = views.guarded(is_host, views.constant(HOST), roles)
    return found


def of_boundary(layout: Layout, file_member: str | None = "file") -> dict[str, View]:
    """The views of what is told of broken boundaries.

    Args:
        layout: of the record.
        file_member: the file object that tells of the file; None where there is none.
    """
    task = layout.number("header.task.boundary")
    found = {name: views.truth(has_bit(task, flag)) for name, flag in _TASK_FLAGS.items()}

    def of_file(flag: PathFlags) -> Formula:
        if file_member is None:
            return False
        member = equals(layout.number("header.task.role"), Role.MEMBER)
        return all_of([member, has_bit(layout.number(f"{file_member}.path_flags"), flag)])

    found |= {name: views.truth(of_file(flag)) for name, flag in _FILE_FLAGS.items()}
    foreign = [of_file(PathFlags.FOREIGN), has_bit(task, BoundaryFlags.FOREIGN_MOUNT)]
    return {**found, "boundary.foreign_mount": views.truth(any_of(foreign))}


def equals(number: Number, value: int) -> Formula:
    """That a number is a value."""
    return Among(number, ((value, value),))


def _role_or_host(role: Role, test: Test) -> Outcome:
    """Of a role that counts unless the container turns out to be none."""
    results = [views.constant(name)(test) for name in (role.name.lower(), HOST)]
    return results[0] if results[0] == results[1] else OPEN


def _generated(layout: Layout, record: type[records.Record]) -> dict[str, View]:
    """Of the fields that are members of the record."""
    found = {}
    for name, words, owner, path, _ in records.FIELDS:
        if owner in {records.RecordHeader, record}:
            view = member_view(layout, words.split()[0], path)
            if path.startswith("file."):
                view = _where_found(layout, path, view)
                view = _perhaps(view) if record is records.OpenRecord else view
            found[name] = view
    return found


def _perhaps(view: View) -> View:
    """Of an opened object that is taken for none where it has no path: namespaces' files."""

    def perhaps(test: Test) -> Outcome:
        return Outcome(view(test).may_hold, may_fail=True, told=False)

    return perhaps


def _where_found(layout: Layout, path: str, view: View) -> View:
    """Of a member of a file object. Where there is no object, all its members are zero."""
    if layout.is_buffer(path):
        empty = Starts(layout.buffer(path), b"", whole=True)
        return views.guarded(empty, views.unknown, view)
    return _where_known(layout.number(path), view)


def _where_known(number: Number, view: View) -> View:
    """Of a number of which zero may mean that there is none."""
    return views.guarded(views.is_zero(number), views.unknown, view)


def _of_object(layout: Layout, record: type[records.Record], view: View) -> View:
    """Of the file behind the descriptor, where there is one: no filesystem's device is 0."""
    empty = views.is_zero(layout.number("file.dev"))
    if record is records.CallRecord:
        return views.guarded(empty, views.absent, view)
    gone = Missing(layout.text("file.path"))
    return views.guarded(gone, views.absent, views.guarded(empty, views.unknown, view))


def member_view(layout: Layout, kind: str, path: str) -> View:  # noqa: PLR0911 - one for each kind
    """Of a member of the record, as its tag says what it is."""
    if layout.is_string(path):
        return views.text(layout.text(path))
    if kind in {"string", "path"}:
        return views.text(layout.buffer(path))
    number = layout.number(path)
    match kind:
        case "caps":
            return views.capabilities(number)
        case "open_flags":
            return views.flags(number, _open_flags(), others=False)
        case "mode":
            return views.flags(number, _mode_bits(), others=True)
        case "int" | "uint" | "dev":
            return views.integer(number)
    return views.unknown


def _open_flags() -> dict[str, tuple[int, int] | None]:
    access = {name: (3, value) for value, name in enumerate(flags.ACCESS_MODES)}
    return {**access, **{name: (bits, bits) for name, bits in flags.OPEN_FLAGS.items()}}


def _mode_bits() -> dict[str, tuple[int, int] | None]:
    return {name: (bit, bit) for name, bit in flags.MODE_BITS.items()}


# ---- opens ----


def _of_open(layout: Layout, kind: EventType) -> dict[str, View]:
    result = layout.number("header.result")
    failed = views.is_negative(result)
    path = layout.text("file.path")
    object_of = partial(_of_object, layout, records.OpenRecord)
    f_mode, asked = layout.number("f_mode"), layout.number("flags")
    mode = layout.number("file.mode", bits=4, shift=12)
    major = layout.number("file.dev", bits=12, shift=8)
    creates = all_of(
        [Bits(asked, O_CREAT, O_CREAT), has_bit(layout.number("mode"), ANY_EXEC)],
    )
    # A failed open has no object: what it asked for is user space's to put together.
    opened = partial(views.guarded, Missing(path), views.unknown)
    return {
        "evt.is_open_read": views.truth(access(failed, f_mode, asked, FMODE_READ)),
        "evt.is_open_write": views.truth(access(failed, f_mode, asked, FMODE_WRITE)),
        "evt.is_open_exec": views.truth(creates),
        "fd.num": views.guarded(failed, views.absent, views.integer(result)),
        "fd.name": opened(views.text(path, walked=True)),
        "fs.path.name": opened(views.text(path, walked=True)),
        "fd.directory": opened(views.directory(path)),
        "fd.filename": opened(views.last_part(path)),
        "fd.type": _perhaps(_where_known(mode, file_type(mode))),
        "fd.typechar": _perhaps(_where_known(mode, type_character(mode))),
        "fd.dev.major": _perhaps(_where_known(major, views.integer(major))),
        "fd.fs_path": object_of(fs_path(layout)),
        "fd.host_path": _host_path(layout),
        "fd.replaced": views.truth(has_bit(layout.number("fd_flags"), records.FdFlags.REPLACED)),
        "fd.deleted": object_of(
            views.truth(has_bit(layout.number("file.path_flags"), PathFlags.DELETED))
        ),
        **dict.fromkeys(RAW_PATHS, _raw_path(layout, kind)),
        **of_target(layout),
    }


def _raw_path(layout: Layout, kind: EventType) -> View:
    """As the caller gave it; told where it is known that a rule asks for it."""
    if kind is EventType.OPEN_BY_HANDLE_AT:
        return views.absent
    path = layout.text("argument")
    return views.guarded(Missing(path), views.unknown, views.text(path))


def access(failed: Formula, f_mode: Number, asked: Number, bit: int) -> Formula:
    """Opened for reading or writing; of a failed open, as it was asked for."""
    # O_RDONLY, O_WRONLY, O_RDWR are 0, 1, 2; one more makes them FMODE bits.
    wanted = any_of([Bits(asked, 3, value) for value in range(4) if value + 1 & bit])
    return any_of([all_of([failed, wanted]), all_of([opposite(failed), has_bit(f_mode, bit)])])


def file_type(mode: Number) -> View:
    """What kind of inode it is."""
    return views.named(mode, {value: FILE_TYPES.get(value, "unknown") for value in range(16)})


def type_character(mode: Number) -> View:
    """The same in a letter."""
    kinds = {value: FILE_TYPES.get(value, "unknown") for value in range(16)}
    return views.named(mode, {key: TYPE_CHARACTERS.get(kind, "f") for key, kind in kinds.items()})


def fs_path(layout: Layout) -> View:
    """Within the filesystem: said by the kernel, or what the path adds to the mount point."""
    own, rest = layout.text("file.fs_path"), layout.text("file.path", "file.mount_point_len")
    lone = has_bit(layout.number("file.path_flags"), PathFlags.DISCONNECTED)
    at_root = views.guarded(
        Starts(rest, b"", whole=True), views.constant("/"), views.text(rest, walked=True)
    )
    derived = views.guarded(lone, views.absent, at_root)
    return views.guarded(Missing(own), derived, views.text(own, walked=True))


# Relative to the record.
HOST_VIEW = Number(SLOT["frame.host_view"] - SLOT["record"], 4)


def _host_path(layout: Layout) -> View:
    """Where the host sees the file, as far as it is known of its filesystem."""
    path, own = layout.text("file.path"), layout.text("file.fs_path")
    rest = layout.text("file.path", "file.mount_point_len")
    lost = any_of([Unreadable(path), Unreadable(own)])
    same = views.guarded(
        Missing(own),
        views.guarded(Starts(rest, b"", whole=True), views.unknown, views.text(rest, walked=True)),
        views.text(own, walked=True),
    )
    found: View = views.unknown
    for view, directory in VIEW_DIRECTORIES.items():
        found = views.guarded(equals(HOST_VIEW, view), views.below(directory), found)
    found = views.guarded(equals(HOST_VIEW, HostView.SAME), _perhaps(same), found)
    found = views.guarded(equals(HOST_VIEW, HostView.NOWHERE), views.absent, found)
    return views.guarded(lost, views.unknown, found)


# ---- what has to be there ----

_TASK = [at for name, (at, _) in OFFSETS[records.OpenRecord].items() if name.startswith("header.")]
# The members of struct task that are filled in late; the header is the same in all records.
_LATE = range(OFFSETS[records.OpenRecord]["header.task.ancestors.0.start_ns"][0], max(_TASK) + 1)


# So is an opened file's path within its filesystem.
_FS_PATH = {
    at for name, (at, _) in OFFSETS[records.OpenRecord].items() if name.startswith("file.fs_path.")
}

# And what tells of who acts, beyond whose it is and whether it keeps to its boundary; and of an
# opened file, beyond its path and filesystem.
_OF_INODE = tuple(f"file.{name}" for name in ("inode", "rdev", "mode", "uid", "links", "fs_type"))
_ALWAYS = tuple(f"header.task.{name}" for name in ("container", "role", "boundary"))
_DETAILS = {
    at
    for name, (at, _) in OFFSETS[records.OpenRecord].items()
    if name in _OF_INODE
    or (name.startswith("header.task.") and at < _LATE.start and name not in _ALWAYS)
}

_BEGUN_WITH = SLOT["needs"] - SLOT["record"]


def is_without(need: NeedFlags) -> Formula:
    """Whether a record was begun when nothing asked for this: what asks now finds nothing there."""
    return equals(Number(_BEGUN_WITH, 4, bits=1, shift=need.bit_length() - 1), 0)


_NEEDED = {whose: NeedFlags[whose.name] for whose in Whose}


def needs(formulas: Iterable[Formula]) -> NeedFlags:
    """What has to be filled in before formulas are asked."""
    found = NeedFlags(0)
    for place in {place for formula in formulas for place in places(formula)}:
        if place in _LATE:
            found |= NeedFlags.WHOLE_TASK
        if place in _DETAILS:
            found |= NeedFlags.DETAILS
        if place in _FS_PATH:
            found |= NeedFlags.FS_PATH
        if place == HOST_VIEW.offset:
            found |= NeedFlags.HOST_VIEW
        for whose, words in WORDS.items():
            if any(place == word.offset for word in words):
                found |= _NEEDED[whose]
    return found


# ---- calls ----


def of_call(layout: Layout, kind: EventType) -> dict[str, View]:
    """The views of what only calls have."""
    call = CALLS[kind]
    found: dict[str, View] = {}
    for at, (name, form) in enumerate(call.arguments):
        found[f"evt.arg.{name}"] = _argument(layout, call, at, form)
    for name in _argument_names() - {name for name, _ in call.arguments}:
        found[f"evt.arg.{name}"] = views.absent
    if call.position("message"):
        found["evt.arg.addr"] = views.unknown
    if kind is EventType.CAPSET:
        found |= dict.fromkeys(_CAPSET, views.unknown)
    object_of = partial(_of_object, layout, records.CallRecord)
    socket = layout.number("socket.family")
    path_flags = layout.number("file.path_flags")
    nameless = PathFlags.DELETED | PathFlags.DISCONNECTED
    named = views.guarded(
        views.is_zero(socket), object_of(views.text(layout.text("file.path"))), views.unknown
    )
    mode = layout.number("file.mode", bits=4, shift=12)
    found |= {
        "fd.name": named,
        "fd.type": of_any(socket, 0, _where_known(mode, file_type(mode))),
        "fd.typechar": of_any(socket, 1, _where_known(mode, type_character(mode))),
        "fd.fs_path": object_of(fs_path(layout)),
        "fd.deleted": object_of(views.truth(Bits(path_flags, nameless, PathFlags.DELETED))),
        "fd.sockfamily": _socket_family(socket),
        "fd.netlink": views.guarded(
            equals(socket, socket_fields.NETLINK),
            views.named(layout.number("socket.protocol"), call_names.NETLINK_FAMILIES),
            views.absent,
        ),
    }
    return found | of_target(layout)


_CAPSET = tuple(f"evt.arg.{name}" for name in ("cap_effective", "cap_permitted", "cap_inheritable"))


@cache
def _argument_names() -> frozenset[str]:
    return frozenset(name for call in CALLS.values() for name, _ in call.arguments)


def _argument(  # noqa: PLR0911 - one for each kind
    layout: Layout, call: calls.Call, at: int, form: str
) -> View:
    if form == "path":
        return views.text(
            layout.text("old.text" if call.position("path") == at + 1 else "new.text")
        )
    if form == "text":
        return views.text(layout.text("text"))
    if form in {"address", "caps"}:
        return views.unknown
    register = f"args.{at}"
    lower = layout.number(register, bits=32, signed=True)
    match FORMATS.get(form):
        case calls.Named(table):
            return views.named(lower, table)
        case calls.Flagged(table):
            names = {name: (bit, bit) if _is_single(bit) else None for bit, name in table.items()}
            return views.flags(layout.number(register, bits=32), names, others=True)
        case None:
            return views.named(lower, {})
    match form:
        case "mode":
            return views.flags(layout.number(register, bits=16), _mode_bits(), others=True)
        case "long":
            return views.named(layout.number(register, signed=True), {})
        case "socktype":
            return views.named(layout.number(register, bits=4), call_names.SOCKET_TYPES)
    return views.unknown


def _is_single(bit: int) -> bool:
    return bit & (bit - 1) == 0


def of_any(family: Number, which: int, of_file: View) -> View:
    """What a descriptor is of: kinds of sockets have names, and characters, of their own.

    Args:
        family: of the socket; 0 where it is none.
        which: of the two that socket_fields.KINDS has.
        of_file: the view of what is no socket.
    """
    kinds = {number: names[which] for number, names in socket_fields.KINDS.items()}
    view = views.constant(socket_fields.OTHER_KIND[which])
    for number, name in kinds.items():
        view = views.guarded(equals(family, number), views.constant(name), view)
    return views.guarded(views.is_zero(family), of_file, view)


def _socket_family(family: Number) -> View:
    named = {
        1: "unix",
        2: "ip",
        10: "ip",
    }
    others = {key: name for key, name in call_names.DOMAINS.items() if key not in named}
    return views.guarded(
        views.is_zero(family), views.absent, views.named(family, {**others, **named})
    )


def of_target(layout: Layout) -> dict[str, View]:
    """The views of who is acted on."""
    tgid, key = layout.number("target.process.tgid"), layout.number("target.container")
    nobody = views.is_zero(tgid)
    flags = layout.number("target.flags")
    crosses = all_of(
        [
            opposite(nobody),
            opposite(has_bit(flags, TargetFlags.PUBLIC)),
            equals(layout.number("header.task.role"), Role.MEMBER),
            Not(Same(key, layout.number("header.task.container"))),
        ]
    )
    whose = views.guarded(views.is_zero(key), views.constant(HOST), views.unknown)
    found: dict[str, View] = {
        "target.pid": views.integer(tgid),
        "target.name": views.text(layout.buffer("target.comm")),
        "target.container.id": whose,
        "target.exepath": views.unknown,
        "target.is_agent": views.truth(has_bit(flags, TargetFlags.AGENT)),
        "target.is_self": views.truth(has_bit(flags, TargetFlags.SELF)),
    }
    found = {name: views.guarded(nobody, views.absent, view) for name, view in found.items()}
    return {**found, "boundary.crosses_container": views.truth(crosses)}
