"""Who and where: processes and containers, as the agent knows them."""

from __future__ import annotations

import msgspec

from stockade.events._records import FileObject, ProcessId
from stockade.events.values import UNKNOWN, Missing

HOST = "host"
_RUNTIMES = ("runc", "crun", "conmon", "containerd-shim", "docker-init")


def runtime_name(command: str) -> str | None:
    """The container runtime that a command name belongs to, such as runc of runc:[2:INIT]."""
    return command.partition(":")[0] if command.startswith(_RUNTIMES) else None


class Process(msgspec.Struct):
    """What is known of one process. Whatever was not seen is UNKNOWN.

    Attributes:
        id: its number and start.
        name: the command name of its main thread.
        exe: the path of its program, from the root of its mount namespace.
        args: argv, as much of it as fitted.
        args_complete: whether all of it did.
        file: the program's inode and filesystem; None when not seen.
        runtime: the container runtime that it descends from, as seen when it was made: later
            its ancestors may have gone.
    """

    id: ProcessId
    name: str | Missing = UNKNOWN
    exe: str | Missing = UNKNOWN
    args: tuple[str, ...] | Missing = UNKNOWN
    file: FileObject | None = None
    runtime: str | None = None
    args_complete: bool = True


class Container(msgspec.Struct, frozen=True):
    """One container.

    Attributes:
        id: the runtime's own id: runc's name, docker's 64 hex digits.
        runtime: runc, crun, podman ...; None when it could not be told.
        name: the name people gave it, where the runtime has one beside the id.
        image: the image's name; None when not known.
        pid_ns: inode number of the pid namespace of its first process.
        mnt_ns: inode number of the mount namespace of its first process.
    """

    id: str
    runtime: str | None = None
    name: str | None = None
    image: str | None = None
    pid_ns: int = 0
    mnt_ns: int = 0
