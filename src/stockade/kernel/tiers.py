"""Tiers: by which hooks the kernel is watched, found out by attaching and firing."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

from stockade.errors import MissingFeature, StockadeError
from stockade.events import DECIDED, HOOKS, KILLED, KILLED_BEFORE, EventType, Points
from stockade.kernel import syscalls
from stockade.kernel.bpf import Object
from stockade.kernel.cgroups import unified_cgroup
from stockade.kernel.core import function_arguments, function_type, is_hookable
from stockade.kernel.filters import Hook, Way
from stockade.kernel.images import object_image


class Tier(Enum):
    """What the kernel is watched by; the best one first."""

    LSM = "lsm"
    FENTRY = "fentry"
    TRACEPOINT = "tracepoint"


# The object has programs for so many groups of functions that are alike.
GROUPS_MAX = 2

# The security hooks that tell what paths lead to: the type that a path is kept under, by hook.
_OBJECTS = {
    "path_rename": EventType.RENAME,
    "path_link": EventType.LINK,
    "path_unlink": EventType.UNLINK,
    "path_rmdir": EventType.UNLINK,
    "path_symlink": EventType.SYMLINK,
    "path_mkdir": EventType.MKDIR,
    "path_mknod": EventType.MKNOD,
    "path_truncate": EventType.TRUNCATE,
    "path_chmod": EventType.CHMOD,
    "path_chown": EventType.CHOWN,
    "path_chroot": EventType.CHROOT,
    "sb_mount": EventType.MOUNT,
    "sb_umount": EventType.UMOUNT2,
    "sb_pivotroot": EventType.PIVOT_ROOT,
    "move_mount": EventType.MOVE_MOUNT,
}


@contextmanager
def only(program: str) -> Iterator[Object]:
    """The probes, with one of them loaded: a refusal then hides no other."""
    with Object(object_image("probes"), "probes") as probe:
        for each in probe.programs():
            probe.set_autoload(each, on=each == program)
        probe.load()
        yield probe


def hits(probe: Object) -> int:
    """How often a probe has fired."""
    return int.from_bytes(probe.map("hits").lookup(bytes(4)) or b"", "little")


def _fires(program: str) -> bool:
    try:
        with only(program) as probe:
            probe.attach(program)
            Path("/proc/self/status").read_bytes()
            return hits(probe) > 0
    except StockadeError:
        return False


@functools.cache
def best_tier() -> Tier:
    """The best one that this kernel has."""
    if not _fires("probe_fexit"):
        return Tier.TRACEPOINT
    if _fires("probe_lsm"):
        return Tier.LSM
    return Tier.FENTRY if _fires("probe_fentry") else Tier.TRACEPOINT


@functools.cache
def _symbols() -> frozenset[str]:
    """What the functions of system calls are called here, as far as there are any."""
    with open("/proc/kallsyms", encoding="ascii") as symbols:
        return frozenset(line.split()[2] for line in symbols if "_sys_" in line)


def functions_of(kind: EventType) -> list[str] | None:
    """The kernel's functions behind a system call, in every ABI; None where not all can be had."""
    there = _symbols().intersection(syscalls.functions(os.uname().machine, kind))
    return sorted(there) if all(map(function_type, there)) else None


def alike(names: Iterable[str]) -> list[list[str]]:
    """Functions sorted by the type they share.

    The kernel has two for system calls: what can be configured out has an argument of another name.
    """
    groups: dict[int | None, list[str]] = {}
    for name in sorted(names):
        groups.setdefault(function_type(name), []).append(name)
    return list(groups.values())


def functions_for(
    tier: Tier, kinds: Iterable[EventType]
) -> tuple[list[list[str]], frozenset[EventType]]:
    """By which functions system calls come.

    Args:
        tier: that is to be used.
        kinds: of system calls.

    Returns:
        The functions, those that are alike together in one of GROUPS_MAX groups; and the calls
        that come by the tracepoint all the same.
    """
    found = {kind: None if tier is Tier.TRACEPOINT else functions_of(kind) for kind in kinds}
    groups = alike({name for names in found.values() for name in names or ()})
    used = {name for group in groups[:GROUPS_MAX] for name in group}
    fallen = {kind for kind, names in found.items() if names is None or not used.issuperset(names)}
    return groups[:GROUPS_MAX], frozenset(fallen)


def object_programs(tier: Tier, kinds: frozenset[EventType]) -> list[str]:
    """The programs that tell what the paths of some event types lead to.

    Args:
        tier: that is to be used.
        kinds: the types that paths are kept under.
    """
    return [
        f"{tier.value}_{hook}"
        for hook, kind in _objects_of(tier).items()
        if kind in kinds and is_hookable(f"security_{hook}")
    ]


def missing_objects(tier: Tier) -> dict[str, str]:
    """The programs among them that this kernel does not take, with what is not seen without them.

    A kernel that has no such hook at all has other ways to the same calls.
    """
    return {
        f"{tier.value}_{hook}": f"what the paths of {kind.name.lower()} lead to"
        for hook, kind in _objects_of(tier).items()
        if function_type(f"security_{hook}") and not is_hookable(f"security_{hook}")
    }


def _objects_of(tier: Tier) -> dict[str, EventType]:
    return {} if tier is Tier.TRACEPOINT else _OBJECTS


def every_object_program() -> list[str]:
    """All of them, of both tiers."""
    return [f"{tier.value}_{hook}" for tier in (Tier.LSM, Tier.FENTRY) for hook in _OBJECTS]


# The security hooks where acts are decided, by their names in the object: what they are called as
# a module's hook, and as a function, and how many arguments both have.
_DECIDING = {
    "file_open": ("file_open", "security_file_open", 1),
    "exec": ("bprm_check_security", "security_bprm_check", 1),
    "rename": ("path_rename", "security_path_rename", 5),
    "link": ("path_link", "security_path_link", 3),
    "unlink": ("path_unlink", "security_path_unlink", 2),
    "rmdir": ("path_rmdir", "security_path_rmdir", 2),
    "symlink": ("path_symlink", "security_path_symlink", 3),
    "mkdir": ("path_mkdir", "security_path_mkdir", 3),
    "mknod": ("path_mknod", "security_path_mknod", 4),
    "chmod": ("path_chmod", "security_path_chmod", 2),
    "chown": ("path_chown", "security_path_chown", 3),
    "truncate": ("path_truncate", "security_path_truncate", 1),
    "setxattr": ("inode_setxattr", "security_inode_setxattr", 6),
    "chroot": ("path_chroot", "security_path_chroot", 1),
    "mount": ("sb_mount", "security_sb_mount", 5),
    "umount": ("sb_umount", "security_sb_umount", 2),
    "pivot_root": ("sb_pivotroot", "security_sb_pivotroot", 2),
    "move_mount": ("move_mount", "security_move_mount", 2),
    "bpf": ("bpf", "security_bpf", 3),
    "ptrace": ("ptrace_access_check", "security_ptrace_access_check", 2),
    "traceme": ("ptrace_traceme", "security_ptrace_traceme", 1),
    "signal": ("task_kill", "security_task_kill", 4),
    "perf_event": ("perf_event_open", "security_perf_event_open", 1),
    "read_file": ("kernel_read_file", "security_kernel_read_file", 3),
    "load_data": ("kernel_load_data", "security_kernel_load_data", 2),
    "io_uring": ("inode_init_security_anon", "security_inode_init_security_anon", 3),
    "userfaultfd": ("inode_init_security_anon", "security_inode_init_security_anon", 3),
    "keys": ("key_permission", "security_key_permission", 3),
    "alloc_key": ("key_alloc", "security_key_alloc", 3),
    "syslog": ("syslog", "security_syslog", 1),
    "new_userns": ("userns_create", "security_create_user_ns", 1),
}


# Which call comes to a hook its registers tell, by a helper of v5.15. To these comes one only.
_REGISTERS = "bpf_task_pt_regs"
_OF_ONE_CALL = {"exec"}
# io_uring asks it since v5.16 (91a9ab7c942a), which has this beside it (cdc1404a4046).
_TOGETHER_WITH = {"io_uring": "security_uring_sqpoll"}


# These have one argument more on some kernels.
_OR_ONE_MORE = {"bpf", "perf_event"}


def has_more(name: str) -> bool:
    """Whether a hook has one argument more on this kernel than on others."""
    _, function, arguments = _DECIDING[name]
    return name in _OR_ONE_MORE and function_arguments(function) == arguments + 1


def _has_hook(tier: Tier, name: str) -> bool:
    """Whether this kernel has a hook as its program knows it: the result is the last argument."""
    hook, function, arguments = _DECIDING[name]
    if name not in _OF_ONE_CALL and function_type(_REGISTERS) is None:
        return False
    if name in _TOGETHER_WITH and function_type(_TOGETHER_WITH[name]) is None:
        return False
    called = f"bpf_lsm_{hook}" if tier is Tier.LSM else function
    return function_arguments(called) == arguments + has_more(name) and is_hookable(function)


# The hooks of cgroups, likewise: every tier has them.
_IN_CGROUPS = ("connect4", "connect6", "sendmsg4", "sendmsg6", "bind4", "bind6", "sock_create")


@functools.cache
def cgroups_signal() -> bool:
    """Whether this kernel lets programs of cgroups send signals."""
    try:
        with only("probe_signal"):
            return True
    except StockadeError:
        return False


@functools.cache
def deciding_hooks(tier: Tier) -> Mapping[str, Hook]:
    """Who asks what is done about an act before it happens, by the program in the object."""
    found = {}
    for name in _IN_CGROUPS if unified_cgroup() else ():
        place = Hook(f"decide_{name}", f"cgroup/{name}", Way.CGROUP, kinds=HOOKS[name])
        found[f"deny_{name}"] = place
    for name, (hook, function, _) in _DECIDING.items():
        if tier is not Tier.TRACEPOINT and _has_hook(tier, name):
            by = (hook, Way.LSM) if tier is Tier.LSM else (function, Way.FMOD_RET)
            program = f"{tier.value}_deny_{name}"
            found[program] = Hook(f"decide_{name}", *by, kinds=HOOKS[name])
    return found


def in_cgroups(kind: EventType) -> bool:
    """Whether acts of a type are refused by programs of cgroups, where at all."""
    return any(kind in HOOKS[name] for name in _IN_CGROUPS)


def hook_before(tier: Tier, kind: EventType) -> str | None:
    """What a tier refuses an act by, as programs name it; None where it does not."""
    if in_cgroups(kind):
        return ", ".join(f"cgroup/{each}" for each in _IN_CGROUPS if kind in HOOKS[each])
    names = [name for name, kinds in HOOKS.items() if kind in kinds]
    if not names or tier is Tier.TRACEPOINT:
        return None
    found = (_DECIDING[name] for name in names)
    return ", ".join(
        f"lsm/{hook}" if tier is Tier.LSM else f"fmod_ret/{function}" for hook, function, _ in found
    )


def every_deciding_program() -> list[str]:
    """All of them, of every tier."""
    both = (Tier.LSM, Tier.FENTRY)
    found = [f"{tier.value}_deny_{name}" for tier in both for name in _DECIDING]
    return found + [f"deny_{name}" for name in _IN_CGROUPS]


def decision_points(tier: Tier) -> Points:
    """Where a tier decides: before acts that can be refused, after the others."""
    there = {hook.programs for hook in deciding_hooks(tier).values()}
    gone = (kinds for name, kinds in HOOKS.items() if f"decide_{name}" not in there)
    before = DECIDED.difference(*gone)
    return Points(before, KILLED - before - KILLED_BEFORE)


def require(tier: Tier) -> None:
    """Raise MissingFeature where the kernel does not have a tier."""
    order = list(Tier)
    if order.index(tier) < order.index(best_tier()):
        raise MissingFeature(
            f"the tier {tier.value} does not work on this kernel",
            hint="stockade doctor shows which do",
        )
