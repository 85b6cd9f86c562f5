"""What the record of an act tells when it is decided: the views that decisions are made by.

They say the same as the fields do of the record when the act has happened and has not failed. What
is known only then, or only to user space, is not here, or open; so is what the caller says.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

from stockade.events import BY_REQUEST, VIEW_DIRECTORIES
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
}
# Arguments that are in the caller's memory: what it says is no ground to act on.
_SAID = {"path", "text", "address", "caps", "message"}
# Known when the call has ended.
_RESULTS = ("evt.rawres", "evt.num", "fd.num")
_MEMFD = b"/memfd:"


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
    if before and kind in sockets.ASKED:
        return found | sockets.of_socket(layout, kind)
    return found | (_of_call_before(layout, kind) if before else _of_call(layout, kind))


def gaps_at(kind: EventType) -> Iterator[tuple[str, Views]]:
    """The acts of a type that are not decided where others are: why, and their views."""
    layout = Layout(records.CallRecord)
    for why, found in sockets.gaps(kind):
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
        **of_boundary(layout, "exe" if family == "exec" else "file"),
    }
    for name in _RESULTS:
        found.pop(name, None)
    return found


def _of_open(layout: Layout, *, certain: bool) -> dict[str, View]:
    path = layout.text("file.path")
    # Namespaces have no place in any tree: rules take their files for none.
    placed = partial(views.guarded, Missing(path), views.absent)
    found: dict[str, View] = {}
    for name, words, owner, member, _ in records.FIELDS:
        if owner is records.OpenRecord and member.startswith("file."):
            found[name] = placed(member_view(layout, words.split()[0], member))
    f_mode, flags = layout.number("f_mode"), layout.number("file.path_flags")
    mode = layout.number("file.mode", bits=4, shift=12)
    return found | {
        "evt.arg.flags": member_view(layout, "open_flags", "flags"),
        "evt.is_open_read": views.truth(has_bit(f_mode, FMODE_READ)),
        "evt.is_open_write": views.truth(has_bit(f_mode, FMODE_WRITE)),
        "fd.name": views.text(path, walked=True),
        "fs.path.name": views.text(path, walked=True),
        "fd.directory": views.directory(path),
        "fd.filename": views.last_part(path),
        "fd.type": placed(file_type(mode)),
        "fd.typechar": placed(type_character(mode)),
        "fd.dev.major": placed(views.integer(layout.number("file.dev", bits=12, shift=8))),
        "fd.fs_path": placed(fs_path(layout)),
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
    if kind in {EventType.SYMLINK, EventType.SYMLINKAT}:
        found |= {"fs.path.source": views.unknown, "fs.path.target": old}
    elif paths == 1:
        found["fs.path.name"] = old
    elif paths:
        # The source of a mount is what the caller says.
        source = views.unknown if kind is EventType.MOUNT else old
        found |= {"fs.path.source": source, "fs.path.target": new}
    return arguments | found
