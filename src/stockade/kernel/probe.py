"""What this kernel can do, found by doing it once."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from stockade.errors import MissingFeature, StockadeError
from stockade.events import EventType
from stockade.kernel import syscalls
from stockade.kernel.cgroups import unified_cgroup
from stockade.kernel.core import (
    BTF,
    check,
    libbpf_version,
    native,
    require_btf,
    require_privilege,
)
from stockade.kernel.sensor import Sensor, Wanted, missing_hooks
from stockade.kernel.tiers import best_tier, hits, only

_LSM_LIST = Path("/sys/kernel/security/lsm")


class Answer(Enum):
    """Whether a feature is there."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Finding:
    """What trying one feature showed.

    Attributes:
        name: of the feature.
        answer: whether it is there.
        detail: what was seen.
        remedy: what would bring it, where something can.
    """

    name: str
    answer: Answer
    detail: str
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class _Hook:
    """A way of attaching: its program, what makes it fire, what it is good for."""

    program: str
    purpose: str
    act: Callable[[], object]


def _open_a_file() -> None:
    Path("/proc/self/status").read_bytes()


def _make_a_socket() -> None:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()


def _connect() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.connect(("127.0.0.1", 9))


def _read_a_sysctl() -> None:
    Path("/proc/sys/kernel/ostype").read_bytes()


def _open_a_device() -> None:
    Path("/dev/zero").open("rb").close()


_TP_BTF = _Hook("probe_tp_btf", "observe on the tracepoint tier", os.getppid)
_HOOKS = {
    "fentry": _Hook("probe_fentry", "observe on the fentry tier", _open_a_file),
    "fexit": _Hook("probe_fexit", "observe results on the fentry and lsm tiers", _open_a_file),
    "fmod_ret": _Hook("probe_fmod_ret", "deny on the fentry tier", _open_a_file),
    "lsm": _Hook("probe_lsm", "observe and deny on the lsm tier", _open_a_file),
}
_CGROUP_HOOKS = {
    "cgroup_sock": _Hook("probe_sock", "deny sockets on every tier", _make_a_socket),
    "cgroup_connect": _Hook("probe_connect", "deny connections on every tier", _connect),
    "cgroup_sysctl": _Hook("probe_sysctl", "deny sysctls on every tier", _read_a_sysctl),
    "cgroup_device": _Hook("probe_device", "deny devices on every tier", _open_a_device),
}
# What each tier consists of; the first that a node has is the one to use.
_TIERS = {
    "lsm": ("programs", "lsm", "fexit"),
    "fentry": ("programs", "fentry", "fexit", "fmod_ret"),
    "tracepoint": ("programs", "tp_btf"),
}


def probe_host() -> Iterator[Finding]:
    """What the agent cannot do without, in the order in which to mend it; stops at a lack."""
    for probe in (_privilege, _architecture, _btf, _libbpf, _ring_buffer, _task_iterator):
        finding = probe()
        yield finding
        if finding.answer is not Answer.YES:
            return
    yield _probe("tp_btf", _TP_BTF)
    yield _programs()


def probe_more() -> Iterator[Finding]:
    """What it can use beyond that."""
    yield _hooks()
    for name, hook in _HOOKS.items():
        yield _probe(name, hook)
    for name, hook in _CGROUP_HOOKS.items():
        yield _probe_cgroup(name, hook)


def tiers(findings: dict[str, Finding]) -> list[str]:
    """The tiers that work, the best one first."""
    there = {name for name, finding in findings.items() if finding.answer is Answer.YES}
    return [tier for tier, needs in _TIERS.items() if there.issuperset(needs)]


def active_lsms() -> list[str] | None:
    """The active security modules in their order; None where the kernel does not say."""
    try:
        return _LSM_LIST.read_text().strip().split(",")
    except OSError:
        return None


def _privilege() -> Finding:
    return _required("privilege", "may load BPF programs", require_privilege)


def _architecture() -> Finding:
    machine = os.uname().machine
    if machine in syscalls.ARCHITECTURES:
        return Finding("architecture", Answer.YES, machine)
    supported = " or ".join(syscalls.ARCHITECTURES)
    return Finding("architecture", Answer.NO, f"{machine} is not supported", f"use {supported}")


def _btf() -> Finding:
    return _required("btf", f"the kernel describes its types in {BTF}", require_btf)


def _libbpf() -> Finding:
    return _required("libbpf", "can be used", libbpf_version)


def _ring_buffer() -> Finding:
    def make() -> None:
        check(native().lib.core_try_ring(), "make a ring buffer")

    return _required("ring_buffer", "events come through a ring buffer", make)


def _task_iterator() -> Finding:
    def iterate() -> None:
        with only("probe_iter") as probe:
            probe.run_iterator("probe_iter")
            if not hits(probe):
                raise MissingFeature("an iterator saw no task")

    return _required("task_iterator", "tasks that run already are found", iterate)


def _programs() -> Finding:
    """Load and attach what the agent does."""
    try:
        Sensor(Wanted(frozenset(EventType) - {EventType.NONE})).close()
    except StockadeError as err:
        remedy = err.hint or "needs Linux 5.10 or later"
        return Finding("programs", Answer.NO, f"the agent's own: {_refusal(err)}", remedy)
    return Finding("programs", Answer.YES, "the agent's own load and attach")


def _hooks() -> Finding:
    missing = missing_hooks(best_tier())
    if not missing:
        return Finding("hooks", Answer.YES, "every hook of the agent's programs is there")
    unseen = "; ".join(dict.fromkeys(missing.values()))
    return Finding("hooks", Answer.NO, f"not seen here: {unseen}", "needs a newer kernel")


def _required(name: str, detail: str, need: Callable[[], object]) -> Finding:
    try:
        need()
    except StockadeError as err:
        return Finding(name, Answer.NO, err.message, err.hint)
    return Finding(name, Answer.YES, detail)


def _probe(name: str, hook: _Hook) -> Finding:
    try:
        with only(hook.program) as probe:
            probe.attach(hook.program)
            hook.act()
            fired = hits(probe)
    except StockadeError as err:
        return Finding(name, Answer.NO, f"{hook.purpose}: {_refusal(err)}", _remedy(name))
    if not fired:
        return Finding(name, Answer.NO, f"{hook.purpose}: attached, but never fires", _remedy(name))
    return Finding(name, Answer.YES, hook.purpose)


def _refusal(err: StockadeError) -> str:
    if isinstance(err, MissingFeature) and err.errno:
        return f"refused by this kernel ({os.strerror(err.errno)})"
    return err.message


def _remedy(name: str) -> str | None:
    if name == "tp_btf":
        return "needs BPF tracing programs: check kernel lockdown and seccomp of this session"
    if name != "lsm":
        return "needs a kernel that allows BPF trampolines"
    active = active_lsms()
    if active is None:
        return "mount -t securityfs securityfs /sys/kernel/security, then ask again"
    if "bpf" in active:
        return "needs a kernel that allows BPF trampolines"
    return f"boot with lsm={','.join(active)},bpf"


def _probe_cgroup(name: str, hook: _Hook) -> Finding:
    """Attach to a cgroup of our own and act in it from a child process."""
    root = unified_cgroup()
    if root is None:
        remedy = "mount -t cgroup2 none /sys/fs/cgroup/unified"
        return Finding(name, Answer.NO, f"{hook.purpose}: cgroup v2 is not mounted", remedy)
    try:
        group = Path(tempfile.mkdtemp(prefix="stockade-probe-", dir=root))
    except OSError as err:
        why = f"no cgroup to try in ({err.strerror})"
        return Finding(name, Answer.UNCLEAR, f"{hook.purpose}: {why}")
    try:
        fired = _fire_in(group, hook)
    except StockadeError as err:
        return Finding(name, Answer.NO, f"{hook.purpose}: {_refusal(err)}")
    finally:
        group.rmdir()
    if not fired:
        return Finding(name, Answer.NO, f"{hook.purpose}: attached, but never fires")
    return Finding(name, Answer.YES, hook.purpose)


def _fire_in(group: Path, hook: _Hook) -> int:
    wait, release = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(release)  # else it would wait for itself
        os.read(wait, 1)
        try:
            hook.act()
        finally:
            os._exit(0)  # what fired tells; nothing of the parent's is to be cleaned up here
    try:
        (group / "cgroup.procs").write_text(str(child))
        with only(hook.program) as probe:
            directory = os.open(group, os.O_RDONLY | os.O_DIRECTORY)
            try:
                probe.attach_cgroup(hook.program, directory)
            finally:
                os.close(directory)
            os.write(release, b"x")
            os.waitpid(child, 0)
            child = 0
            return hits(probe)
    finally:
        os.close(release)
        os.close(wait)
        if child:
            os.waitpid(child, 0)
