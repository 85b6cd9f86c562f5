"""What this kernel can do, found by doing it once."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from stockade.errors import MissingFeature, StockadeError
from stockade.events import EventType
from stockade.kernel import syscalls
from stockade.kernel.bpf import Object
from stockade.kernel.core import BTF, libbpf_version, require_btf, require_privilege
from stockade.kernel.sensor import Sensor, Wanted, object_image

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
    act: Callable[[], None]


def _open_a_file() -> None:
    Path("/proc/self/status").read_bytes()


def _ask_for_parent() -> None:
    os.getppid()


_HOOKS = {
    "tp_btf": _Hook("probe_tp_btf", "observe on the tracepoint tier", _ask_for_parent),
    "fentry": _Hook("probe_fentry", "observe on the fentry tier", _open_a_file),
    "fmod_ret": _Hook("probe_fmod_ret", "deny on the fentry tier", _open_a_file),
    "lsm": _Hook("probe_lsm", "observe and deny on the lsm tier", _open_a_file),
}


def probe_host() -> Iterator[Finding]:
    """What the agent cannot do without, in the order in which to mend it; stops at a lack."""
    for probe in (_privilege, _architecture, _btf, _libbpf):
        finding = probe()
        yield finding
        if finding.answer is not Answer.YES:
            return
    yield _probe("tp_btf", _HOOKS["tp_btf"])
    yield _programs()


def probe_more() -> Iterator[Finding]:
    """What it can use beyond that."""
    for name, hook in _HOOKS.items():
        if name != "tp_btf":
            yield _probe(name, hook)
    yield probe_cgroup()


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


def _programs() -> Finding:
    """Load and attach what the agent does."""
    try:
        Sensor(Wanted(frozenset(EventType) - {EventType.NONE})).close()
    except StockadeError as err:
        remedy = err.hint or "needs Linux 5.17 or later"
        return Finding("programs", Answer.NO, f"the agent's own: {_refusal(err)}", remedy)
    return Finding("programs", Answer.YES, "the agent's own load and attach")


def _required(name: str, detail: str, need: Callable[[], object]) -> Finding:
    try:
        need()
    except StockadeError as err:
        return Finding(name, Answer.NO, err.message, err.hint)
    return Finding(name, Answer.YES, detail)


def _probe(name: str, hook: _Hook) -> Finding:
    try:
        with _loaded(hook.program) as probe:
            probe.attach(hook.program)
            hook.act()
            fired = _hits(probe)
    except StockadeError as err:
        return Finding(name, Answer.NO, f"{hook.purpose}: {_refusal(err)}", _remedy(name))
    if not fired:
        return Finding(name, Answer.NO, f"{hook.purpose}: attached, but never fires", _remedy(name))
    return Finding(name, Answer.YES, hook.purpose)


def _refusal(err: StockadeError) -> str:
    if isinstance(err, MissingFeature) and err.errno:
        return f"refused by this kernel ({os.strerror(err.errno)})"
    return err.message


@contextmanager
def _loaded(program: str) -> Iterator[Object]:
    """The probes, with only one of them loaded: a refusal then hides no other."""
    with Object(object_image("probes"), "probes") as probe:
        for each in probe.programs():
            probe.set_autoload(each, on=each == program)
        probe.load()
        yield probe


def _hits(probe: Object) -> int:
    return int.from_bytes(probe.map("hits").lookup(bytes(4)) or b"", "little")


def _remedy(name: str) -> str | None:
    if name == "tp_btf":
        return "needs BPF tracing programs: check kernel lockdown and seccomp of this session"
    if name != "lsm":
        return "needs a kernel that allows BPF trampolines"
    try:
        active = _LSM_LIST.read_text()
    except OSError:
        return "mount -t securityfs securityfs /sys/kernel/security, then ask again"
    if "bpf" in active.strip().split(","):
        return "needs a kernel that allows BPF trampolines"
    return f"boot with lsm={active.strip()},bpf"


def unified_cgroup() -> Path | None:
    """Where cgroup v2 is mounted."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
        for line in mounts:
            left, _, right = line.partition(" - ")
            if right.split(" ", 1)[0] == "cgroup2":
                return Path(left.split(" ")[4])
    return None


def probe_cgroup() -> Finding:
    """Attach to a cgroup of our own and make a socket in it from a child process."""
    purpose = "deny connections, devices and sysctls on every tier"
    root = unified_cgroup()
    if root is None:
        remedy = "mount -t cgroup2 none /sys/fs/cgroup/unified"
        return Finding("cgroup", Answer.NO, f"{purpose}: cgroup v2 is not mounted", remedy)
    try:
        group = Path(tempfile.mkdtemp(prefix="stockade-probe-", dir=root))
    except OSError as err:
        return Finding("cgroup", Answer.UNCLEAR, f"{purpose}: no cgroup to try in ({err.strerror})")
    try:
        fired = _fire_in(group)
    except StockadeError as err:
        return Finding("cgroup", Answer.NO, f"{purpose}: {_refusal(err)}")
    finally:
        group.rmdir()
    answer = Answer.YES if fired else Answer.NO
    return Finding("cgroup", answer, purpose if fired else f"{purpose}: never fires")


def _fire_in(group: Path) -> int:
    wait, release = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(release)  # else it would wait for itself
        os.read(wait, 1)
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
        os._exit(0)
    try:
        (group / "cgroup.procs").write_text(str(child))
        with _loaded("probe_cgroup") as probe:
            directory = os.open(group, os.O_RDONLY | os.O_DIRECTORY)
            try:
                probe.attach_cgroup("probe_cgroup", directory)
            finally:
                os.close(directory)
            os.write(release, b"x")
            os.waitpid(child, 0)
            child = 0
            return _hits(probe)
    finally:
        os.close(release)
        os.close(wait)
        if child:
            os.waitpid(child, 0)
