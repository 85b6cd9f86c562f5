"""Runtimes as they leave traces: their command lines, and their state on disk."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeGuard

import msgspec

from stockade.workloads.files import read_json

_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_START_FIELD = 19  # of /proc/PID/stat, after the command name

# Where runc-like runtimes keep their state: each container has a directory there.
STATE_ROOTS = (
    "/run/runc",
    "/run/crun",
    "/run/docker/runtime-runc/*",
    "/run/containerd/runc/*",
    "/run/user/*/runc",
    "/run/user/*/crun",
)
# Programs with runc's command line.
_OCI = ("runc", "crun", "youki", "docker-runc", "kata-runtime", "nvidia-container-runtime")
_COMMANDS = ("create", "run", "start", "restore")
_ID = re.compile(r"[\w+.][\w+.-]*", re.ASCII)
# How many directories of a root are looked into: some roots are any user's to fill.
_ENTRIES_MAX = 4096
_VALUE_OPTIONS = ("--root", "--log", "--log-format", "--criu", "--rootless", "--cgroup-manager")


@dataclass(frozen=True, slots=True)
class Claim:
    """A container that a runtime's process is about, or that its state tells of.

    Attributes:
        id: the runtime's own id.
        runtime: such as runc; None for an engine's helper that does not say.
        root: where the runtime keeps its state, where that is said.
        bundle: the directory with its configuration.
        init: number and start (clock ticks) of its first process.
        shared: it may be about another container of the same pod.
    """

    id: str
    runtime: str | None = None
    root: Path | None = None
    bundle: Path | None = None
    init: tuple[int, int] | None = None
    shared: bool = False


def _is_id(text: str | None) -> TypeGuard[str]:
    """Whether runtimes would take it: an id is the name of a directory, too."""
    return text is not None and _ID.fullmatch(text) is not None and text not in {".", ".."}


def claim_of(pid: int, args: Sequence[str]) -> Claim | None:
    """What a process is about, if it is a runtime's.

    Args:
        pid: of the process.
        args: its argv.
    """
    if not args:
        return None
    program = os.path.basename(args[0])
    if program in _OCI:
        return _oci_claim(program, pid, args)
    if program == "conmon":
        return _conmon_claim(args)
    if program.startswith("containerd-shim"):
        return _shim_claim(pid, args)
    return None


def _option(args: Sequence[str], *names: str) -> str | None:
    """The value of an option, as --name value or --name=value."""
    for index, arg in enumerate(args):
        name, equals, value = arg.partition("=")
        if name in names:
            if equals:
                return value
            return args[index + 1] if index + 1 < len(args) else None
    return None


def _path(text: str | None) -> Path | None:
    return Path(text) if text and text.startswith("/") else None


def _oci_claim(program: str, pid: int, args: Sequence[str]) -> Claim | None:
    at = 1
    while at < len(args) and args[at].startswith("-"):
        at += 2 if args[at] in _VALUE_OPTIONS else 1
    if at >= len(args) - 1 or args[at] not in _COMMANDS or not _is_id(args[-1]):
        return None
    return Claim(
        id=args[-1],
        runtime="runc" if program == "docker-runc" else program,
        root=_path(_option(args[:at], "--root")),
        bundle=_below_cwd(pid, _option(args[at:], "--bundle", "-b") or ""),
    )


def _below_cwd(pid: int, path: str) -> Path | None:
    """A path as the process means it, while it runs."""
    if path.startswith("/"):
        return Path(path)
    with suppress(OSError):
        return Path(os.readlink(f"/proc/{pid}/cwd"), path)
    return None


def _conmon_claim(args: Sequence[str]) -> Claim | None:
    identity = _option(args, "-c", "--cid")
    if not _is_id(identity):
        return None
    runtime = _option(args, "-r", "--runtime")
    return Claim(
        id=identity,
        runtime=os.path.basename(runtime) if runtime else None,
        bundle=_path(_option(args, "-b", "--bundle")),
    )


def _shim_claim(pid: int, args: Sequence[str]) -> Claim | None:
    identity = _option(args, "-id", "--id")
    if not _is_id(identity):
        return None
    # A shim works in a bundle; a pod's serves several containers, whose bundles lie side by side.
    return Claim(id=identity, bundle=_below_cwd(pid, f"../{identity}"), shared=True)


class _RuncConfig(msgspec.Struct):
    labels: list[str] | None = None


class _RuncState(msgspec.Struct):
    """state.json of runc."""

    id: str
    init_process_pid: int = 0
    init_process_start: int = 0
    config: _RuncConfig | None = None


class _CrunStatus(msgspec.Struct, rename="kebab"):
    """Status of crun."""

    pid: int
    process_start_time: int = 0
    bundle: str | None = None


def read_state(root: Path, identity: str) -> Claim | None:
    """The state of one container under a root; None where there is none, or it is not readable."""
    directory = root / identity
    if state := read_json(directory / "state.json", _RuncState):
        labels = (state.config and state.config.labels) or []
        bundle = next((each[7:] for each in labels if each.startswith("bundle=")), None)
        init = (state.init_process_pid, state.init_process_start)
        return Claim(state.id, "runc", root, _path(bundle), init)
    if status := read_json(directory / "status", _CrunStatus):
        init = (status.pid, status.process_start_time)
        return Claim(identity, "crun", root, _path(status.bundle), init)
    return None


def state_roots(patterns: Sequence[str] = STATE_ROOTS) -> list[Path]:
    """The roots that exist now.

    Args:
        patterns: absolute paths, in which * stands for any name.
    """
    # Of what any user may make there, these say no to all that cannot be looked at.
    return [
        Path(root)
        for pattern in patterns
        for root in sorted(glob.glob(pattern))
        if os.path.isdir(root)
    ]


def all_states(roots: Sequence[Path]) -> Iterator[Claim]:
    """The containers that runtimes know of now. One that goes away meanwhile is left out."""
    for root in roots:
        names: list[str] = []
        with suppress(OSError), os.scandir(root) as entries:
            names = [entry.name for entry in islice(entries, _ENTRIES_MAX)]
        for name in names:
            if (state := read_state(root, name)) is not None:
                yield state


def is_init(claim: Claim, tgid: int, start_ns: int) -> bool:
    """Whether a claim is about the container of that first process, not of one that had its number.

    Args:
        claim: from a runtime's state.
        tgid: the process's number.
        start_ns: its start, ns since boot.
    """
    return claim.init == (tgid, start_ns // _TICK_NS)


def lives_in(claim: Claim, mnt_ns: int) -> bool:
    """Whether the first process that a runtime's state names is in a mount namespace, now.

    Args:
        claim: from a runtime's state.
        mnt_ns: the namespace's inode number.
    """
    if claim.init is None:
        return False
    pid, start = claim.init
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
        found = int(stat.rpartition(b")")[2].split()[_START_FIELD])
        return found == start and os.stat(f"/proc/{pid}/ns/mnt").st_ino == mnt_ns
    except (OSError, IndexError):
        return False
