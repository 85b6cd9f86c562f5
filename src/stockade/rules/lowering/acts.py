"""What the record of an act tells when it is decided: the views that decisions are made by.

They say the same as the fields do of the record when the act has happened and has not failed. What
is known only then, or only to user space, is not here, or open; so is what the caller says.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

from stockade.events import BETWEEN_PROCESSES, BY_DESCRIPTOR, BY_REQUEST, HOOKS, VIEW_DIRECTORIES
from stockade.events import _records as records
from stockade.events._records import EventType, FdFlags, PathFlags, Role
from stockade.events._records import View as HostView
from stockade.events.calls import CALLS
from stockade.events.entities import HOST
from stockade.events.fields import KIND_OF
from stockade.events.file_fields import FMODE_READ, FMODE_WRITE
from stockade.rules.lowering import sockets, views
from stockade.rules.lowering.formulas import (
    NOT_LEARNT,
    UNSURE,
    Bits,
    Missing,
    Outcome,
    Same,
    Starts,
    Unreadable,
    all_of,
    any_of,
)
from stockade.rules.lowering.gaps import gaps
from stockade.rules.lowering.knowledge import (
    HOST_VIEW,
    Layout,
    Views,
    constants_of,
    equals,
    file_type,
    fs_path,
    has_bit,
    member_view,
    of_boundary,
    of_call,
    of_target,
    type_character,
)
from stockade.rules.lowering.views import View
from stockade.rules.syntax import Test

_RECORDS: dict[str, type[records.Record]] = {
    "open": records.OpenRecord,
    "exec": records.ExecRecord,
    "fork": records.ForkRecord,
}
# The file that is told of, other than that of opens and calls.
_FILES = {"exec": "exe", "fork": None}
# Arguments that are in the caller's memory: what it says is no ground to act on.
_SAID = {"path", "text", "address", "caps", "message"}
# Known when the call has ended.
_RESULTS = ("evt.rawres", "evt.num", "fd.num")
_MEMFD = b"/memfd:"
_SOCKET = 0o14  # S_IFSOCK >> 12


@cache
def views_at(kind: EventType, *, before: bool, certain: bool) -> Views:
    """The views of an event type whose acts are decided.

    Args:
        kind: the type.
        before: whether that is before the act, or when it has happened.
        certain: whether what the agent has not found out yet neither holds nor fails; or may.
    """
    family = KIND_OF[kind]
    layout = Layout(_RECORDS.get(family, records.CallRecord))
    found = _of_every(layout, kind, family)
    match family:
        case "open":
            return found | _of_open(layout, certain=certain)
        case "exec":
            return found | _of_exec(layout)
        case "fork":
            # No other flag is known to the hook.
            return found | {"evt.arg.flags": views.with_flag("CLONE_NEWUSER")}
    if before and kind in sockets.ASKED:
        return found | sockets.of_socket(layout, kind)
    return found | (_of_call_before(layout, kind) if before else _of_call(layout, kind))


def gaps_at(kind: EventType) -> Iterator[tuple[str, Views]]:
    """The acts of a type that are not decided where others are: why, and their views."""
    layout = Layout(records.CallRecord)
    for why, found in gaps(kind):
        yield why, {**_of_every(layout, kind, KIND_OF[kind]), **found}


def _of_every(layout: Layout, kind: EventType, family: str) -> dict[str, View]:
    uid, key = layout.number("header.task.uid"), layout.number("header.task.container")
    role = layout.number("header.task.role")
    found = dict(constants_of(kind))
    for name, words, owner, path, _ in records.FIELDS:
        if owner is records.RecordHeader:
            found[name] = member_view(layout, words.split()[0], path)
    found |= {
        "evt.failed": views.constant(value=False),
        "evt.res": views.constant("SUCCESS"),
        "proc.pid": views.integer(layout.number("header.task.process.tgid")),
        "proc.ppid": views.integer(layout.number("header.task.ancestors.0.tgid")),
        "thread.ismain": views.truth(
            Same(layout.number("header.task.pid"), layout.number("header.task.process.tgid"))
        ),
        "proc.is_vpgid_leader": views.truth(
            Same(layout.number("header.task.ns_pgid"), layout.number("header.task.ns_tgid"))
        ),
        "user.name": views.guarded(views.is_zero(uid), views.constant("root"), views.unknown),
        "container.role": views.guarded(
            views.is_zero(key),
            views.constant(HOST),
            views.named(role, {each.value: each.name.lower() for each in Role}),
        ),
        **of_boundary(layout, _FILES.get(family, "file")),
    }
    for name in _RESULTS:
        found.pop(name, None)
    return found


def _of_file(layout: Layout, record: type[records.Record]) -> dict[str, View]:
    """Of the file that an act is about."""
    path, mode = layout.text("file.path"), layout.number("file.mode", bits=4, shift=12)
    found: dict[str, View] = {}
    for name, words, owner, member, _ in records.FIELDS:
        if owner is record and member.startswith("file."):
            found[name] = member_view(layout, words.split()[0], member)
    return found | {
        "fd.name": views.text(path, walked=True),
        "fd.directory": views.directory(path),
        "fd.filename": views.last_part(path),
        "fd.type": file_type(mode),
        "fd.typechar": type_character(mode),
        "fd.fs_path": fs_path(layout),
    }


def _of_descriptor(layout: Layout) -> dict[str, View]:
    """Of the file that a call is about by its descriptor; what sockets are called is not known."""
    flags, deleted = layout.number("file.path_flags"), PathFlags.DELETED
    found = _of_file(layout, records.CallRecord)
    found["fd.deleted"] = views.truth(Bits(flags, deleted | PathFlags.DISCONNECTED, deleted))
    socket = equals(layout.number("file.mode", bits=4, shift=12), _SOCKET)
    return {name: views.guarded(socket, _always(UNSURE), view) for name, view in found.items()}


def _of_open(layout: Layout, *, certain: bool) -> dict[str, View]:
    path = layout.text("file.path")
    placed = partial(views.guarded, Missing(path), views.absent)
    f_mode, flags = layout.number("f_mode"), layout.number("file.path_flags")
    # Namespaces have no place in any tree: rules take their files for none.
    found = {name: placed(view) for name, view in _of_file(layout, records.OpenRecord).items()}
    return found | {
        "evt.arg.flags": member_view(layout, "open_flags", "flags"),
        "evt.is_open_read": views.truth(has_bit(f_mode, FMODE_READ)),
        "evt.is_open_write": views.truth(has_bit(f_mode, FMODE_WRITE)),
        "fs.path.name": views.text(path, walked=True),
        "fd.dev.major": placed(views.integer(layout.number("file.dev", bits=12, shift=8))),
        "fd.host_path": placed(_host_path(layout, certain=certain)),
        "fd.replaced": views.truth(has_bit(layout.number("fd_flags"), FdFlags.REPLACED)),
        "fd.deleted": placed(views.truth(has_bit(flags, PathFlags.DELETED))),
        **of_target(layout),
    }


def _host_path(layout: Layout, *, certain: bool) -> View:
    """Where the host sees the file.

    Of its root filesystem the kernel knows that itself; where the agent has to find it out, and has
    not, nothing is certain. That something is mounted over the path is not taken into account.
    """
    own = layout.text("file.fs_path")
    placed = Bits(layout.number("file.path_flags"), PathFlags.DISCONNECTED, 0)
    derived = all_of([Missing(own), placed, Unreadable(layout.text("file.path"))])
    lost = any_of([Unreadable(own), derived])
    found = _always(NOT_LEARNT if certain else UNSURE)
    for view, directory in VIEW_DIRECTORIES.items():
        found = views.guarded(equals(HOST_VIEW, view), views.below(directory), found)
    found = views.guarded(equals(HOST_VIEW, HostView.NOWHERE), views.absent, found)
    found = views.guarded(equals(HOST_VIEW, HostView.SAME), fs_path(layout), found)
    return views.guarded(lost, _always(UNSURE), found)


def _always(outcome: Outcome) -> View:
    def view(test: Test) -> Outcome:
        del test
        return outcome

    return view


def _of_exec(layout: Layout) -> dict[str, View]:
    """Of the program that is about to run, by the name that it will have."""
    path, flags = layout.text("exe.path"), layout.number("exe.path_flags")
    memfd = all_of(
        [
            has_bit(flags, PathFlags.DISCONNECTED),
            Starts(layout.buffer("exe.fs_type"), b"tmpfs", whole=True),
            Starts(path, _MEMFD),
        ]
    )
    return {
        "proc.exepath": views.text(path, walked=True),
        "proc.exe_ino": views.integer(layout.number("exe.inode")),
        "proc.exe_fs_type": views.text(layout.buffer("exe.fs_type")),
        "proc.is_exe_from_memfd": views.truth(memfd),
        "proc.cwd": views.text(layout.text("cwd"), walked=True),
    }


def _of_call(layout: Layout, kind: EventType) -> dict[str, View]:
    """Of a call that has happened."""
    said = {f"evt.arg.{name}" for name, form in CALLS[kind].arguments if form in _SAID}
    return {name: view for name, view in of_call(layout, kind).items() if name not in said}


def _of_call_before(layout: Layout, kind: EventType) -> dict[str, View]:
    """Of a call that is about to happen: what its paths lead to, and numbers in registers."""
    arguments = {
        name: view
        for name, view in _of_call(layout, kind).items()
        if name.startswith("evt.arg.") and kind not in BY_REQUEST
    }
    old, new = (views.text(layout.text(f"{each}.object"), walked=True) for each in ("old", "new"))
    paths = sum(form == "path" for _, form in CALLS[kind].arguments)
    found = dict.fromkeys(("fs.path.name", "fs.path.source", "fs.path.target"), views.absent)
    if kind in BETWEEN_PROCESSES:
        found |= of_target(layout)
    elif kind in BY_DESCRIPTOR:
        found |= _of_descriptor(layout)
    elif kind in HOOKS["setxattr"]:
        # The kernel has copied it, and no path comes to the hook.
        found |= {"evt.arg.name": views.text(layout.text("text")), "fs.path.name": views.unknown}
    elif kind is EventType.TRUNCATE:
        # Of the 32-bit call half of it is told.
        found |= {"fs.path.name": old, "evt.arg.length": views.unknown}
    elif kind in {EventType.SYMLINK, EventType.SYMLINKAT}:
        found |= {"fs.path.source": views.unknown, "fs.path.target": old}
    elif paths == 1:
        found["fs.path.name"] = old
    elif paths:
        # The source of a mount is what the caller says.
        source = views.unknown if kind is EventType.MOUNT else old
        found |= {"fs.path.source": source, "fs.path.target": new}
    return arguments | found
