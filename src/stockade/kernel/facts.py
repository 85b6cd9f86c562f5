"""The facts of this node: what its kernel is and what it can do, for machines and for people.

Keys stay as they are; new ones may come.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from stockade.events import DECIDED
from stockade.kernel import syscalls
from stockade.kernel.cgroups import cgroup_version
from stockade.kernel.core import libbpf_version
from stockade.kernel.probe import (
    Answer,
    Finding,
    active_lsms,
    probe_host,
    probe_more,
    tiers,
)
from stockade.kernel.tiers import best_tier, decision_points, functions_for


@dataclass(frozen=True, slots=True)
class Facts:
    """What `stockade doctor --json` prints.

    Attributes:
        able: whether the agent can run.
        tiers: those that work, found by attaching and firing; the best one first.
        release: uname -r.
        architecture: uname -m.
        lsm: the active security modules in their order; None where the kernel does not say.
        cgroup_version: 2 where only the unified hierarchy is mounted, 1 where others are.
        libbpf: its version; None where it is not installed.
        findings: what trying each feature showed, by its name.
        by_tracepoint: system calls that come by the tracepoint on the best tier, too.
        not_refused: acts that other kernels' hooks are asked about, on the same tier.
    """

    able: bool
    tiers: list[str]
    release: str
    architecture: str
    lsm: list[str] | None
    cgroup_version: int | None
    libbpf: str | None
    findings: dict[str, Finding]
    by_tracepoint: list[str] = field(default_factory=list)
    not_refused: list[str] = field(default_factory=list)


def _by_tracepoint() -> list[str]:
    _, fallen = functions_for(best_tier(), syscalls.NUMBERS)
    return sorted(kind.name.lower() for kind in fallen)


def _not_refused() -> list[str]:
    return sorted(kind.name.lower() for kind in DECIDED - decision_points(best_tier()).before)


def find_facts() -> Facts:
    """Try everything."""
    required = list(probe_host())
    able = all(finding.answer is Answer.YES for finding in required)
    found = {each.name: each for each in (*required, *(probe_more() if able else ()))}
    has_libbpf = "libbpf" in found and found["libbpf"].answer is Answer.YES
    host = os.uname()
    return Facts(
        able=able,
        tiers=tiers(found),
        release=host.release,
        architecture=host.machine,
        lsm=active_lsms(),
        cgroup_version=cgroup_version(),
        libbpf=libbpf_version() if has_libbpf else None,
        findings=found,
        by_tracepoint=_by_tracepoint() if able else [],
        not_refused=_not_refused() if able else [],
    )
