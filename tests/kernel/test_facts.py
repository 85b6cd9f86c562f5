"""The facts of this node, against what the kernel itself says."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stockade.kernel import Sensor, Wanted
from stockade.kernel.sensor import missing_hooks
from stockade.kernel.tiers import best_tier
from tests.support.agent import STOCKADE
from tests.support.recorder import OPENS

KEYS = {
    "able",
    "tiers",
    "release",
    "architecture",
    "lsm",
    "cgroup_version",
    "libbpf",
    "not_refused",
    "findings",
    "by_tracepoint",
}
FINDINGS = (
    "privilege architecture btf libbpf ring_buffer task_iterator tp_btf programs hooks fentry fexit"
    " fmod_ret lsm cgroup_sock cgroup_connect cgroup_sysctl cgroup_device runtimes"
).split()


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    done = subprocess.run([STOCKADE, "doctor", "--json"], capture_output=True, check=True)
    return dict(json.loads(done.stdout))


def test_every_fact_has_its_key(facts: dict[str, Any]) -> None:
    assert set(facts) == KEYS
    assert list(facts["findings"]) == FINDINGS
    for name, finding in facts["findings"].items():
        assert finding["name"] == name
        assert finding["answer"] in {"yes", "no", "unclear"}
        assert finding["detail"]


def test_this_node_can_be_watched(facts: dict[str, Any]) -> None:
    assert facts["able"]
    assert facts["tiers"][-1] == "tracepoint"
    assert (facts["release"], facts["architecture"]) == (os.uname().release, os.uname().machine)


def test_a_tier_has_what_it_consists_of(facts: dict[str, Any]) -> None:
    works = {name for name, finding in facts["findings"].items() if finding["answer"] == "yes"}
    assert ("fentry" in facts["tiers"]) is works.issuperset({"fentry", "fexit", "fmod_ret"})
    assert ("lsm" in facts["tiers"]) is works.issuperset({"lsm", "fexit"})


def test_the_active_modules_are_the_kernels(facts: dict[str, Any]) -> None:
    listed = Path("/sys/kernel/security/lsm")
    expected = listed.read_text().strip().split(",") if listed.exists() else None
    assert facts["lsm"] == expected
    # A program that attaches and never fires is no tier.
    if expected is not None and "bpf" not in expected:
        assert "lsm" not in facts["tiers"]


def test_cgroup_programs_fire_in_a_cgroup(facts: dict[str, Any]) -> None:
    answers = {name: facts["findings"][name]["answer"] for name in FINDINGS if "cgroup_" in name}
    assert answers == dict.fromkeys(answers, "yes")


def test_a_missing_hook_is_a_finding(facts: dict[str, Any]) -> None:
    missing = missing_hooks(best_tier())
    finding = facts["findings"]["hooks"]
    assert (finding["answer"] == "no") is bool(missing)
    for unseen in missing.values():
        assert unseen in finding["detail"]


def test_the_verifier_counts_every_program() -> None:
    with Sensor(Wanted(OPENS), measured=True) as sensor:
        verified = sensor.verified()
    assert {"on_calls", "on_functions"} & set(verified)
    assert not set(verified) & set(sensor.missing)
    assert all(0 < count < 1_000_000 for count in verified.values())
