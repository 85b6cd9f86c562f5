"""What a run of the matrix is judged by, and what the support page says of it."""

from __future__ import annotations

import json
import struct
import subprocess
from pathlib import Path

import pytest

from vmtest import guest, kernels, matrix, page, results
from vmtest.archive import newest
from vmtest.results import Outcome
from vmtest.vmlinux import extract_vmlinux

BEFORE = Outcome("6.1", "6.1.0", passed=3, verified={"sys_exit": 1000, "task_free": 10})


def test_half_as_much_again_is_still_fine() -> None:
    assert results.growth(BEFORE, {"sys_exit": 1500, "task_free": 10}) == []


def test_more_than_that_is_said_with_both_numbers() -> None:
    (said,) = results.growth(BEFORE, {"sys_exit": 1501, "task_free": 10})
    assert "sys_exit" in said
    assert "1501" in said
    assert "1000" in said


def test_what_was_never_seen_has_not_grown() -> None:
    assert results.growth(BEFORE, {"new": 10**6}) == []
    assert results.growth(None, {"sys_exit": 10**6}) == []


def test_what_went_wrong_is_not_good() -> None:
    assert BEFORE.good
    assert not Outcome("6.1", "6.1.0", failed=("a",)).good
    assert not Outcome("6.1", "6.1.0", trouble=("the guest died",)).good


def test_an_outcome_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "RECORDED", tmp_path / "recorded")
    outcome = Outcome("6.12 preempt=full", "6.12.1", passed=1, skipped={"a": "too old"})
    assert results.recorded(outcome.name) is None
    results.record(outcome)
    assert results.recorded(outcome.name) == outcome
    assert results.recorded("6.12") is None


def test_what_failed_runs_again_and_the_rest_counts(tmp_path: Path) -> None:
    kept = tmp_path / "logs/6.1.json"
    before = Outcome("6.1", "6.1.0", 7, ("tests/x::y",), {"tests/a::b": "too old"}, trouble=("t",))
    results.save(before, kept)
    assert results.load(kept) == before
    again = Outcome("6.1", "6.1.0", 1, skipped={"tests/a::c": "older"}, verified={"sys_exit": 9})
    whole = results.merged(before, again)
    assert whole.good
    assert (whole.passed, whole.verified) == (8, {"sys_exit": 9})
    assert whole.skipped == {"tests/a::b": "too old", "tests/a::c": "older"}


def test_other_tiers_are_on_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "RECORDED", tmp_path)
    facts = {"tiers": ["lsm", "tracepoint"], "by_tracepoint": ["bpf"], "findings": {}}
    results.record(Outcome("6.1", "6.1.0", 3, verified={"on_functions": 7000}, facts=facts))
    tracepoint = {"on_functions": 1, "sys_exit": 8000}
    results.record(Outcome("6.1 tracepoint", "6.1.0", 2, verified=tracepoint, facts=facts))
    text = page.page()
    assert "| 6.1 | 6.1.0 |" in text
    assert "| 6.1 tracepoint | 6.1.0 |" in text
    assert "| `on_functions` | 7,000 |" in text
    assert "| `sys_exit` | 8,000 |" in text
    assert text.count("functions of these calls: bpf") == 1


def test_a_summary_names_skips_and_failures() -> None:
    outcome = Outcome("5.10", "5.10.1", 7, ("tests/x::y",), {"tests/a::b": "too old"})
    said = matrix.summary([BEFORE, outcome])
    assert "5.10: skipped tests/a::b: too old" in said
    assert "5.10: FAILED tests/x::y" in said


def _ran(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sys_exit: int, *, accept: bool = False
) -> Outcome:
    """A run in a guest that passes one test and whose verifier looks at so much."""
    seen = {"facts": {"tiers": ["tracepoint"]}, "verified": {"sys_exit": sys_exit}}
    passed = {"test": "tests/x::y", "outcome": "passed", "reason": ""}
    files = {"seen": json.dumps(seen), "tests": json.dumps(passed) + "\n"}
    result = guest.Result(0, "", "", "", files, cpu_s=1, wall_s=1)
    monkeypatch.setattr(guest, "run", lambda *_, **__: result)
    monkeypatch.setattr(matrix, "LOGS", tmp_path / "logs")
    monkeypatch.setattr(results, "RECORDED", tmp_path / "recorded")
    results.record(BEFORE)
    return matrix.run(_booted("6.1"), print, accept_growth=accept)


def test_a_program_that_grows_by_half_fails_a_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert _ran(monkeypatch, tmp_path, 1400).good
    outcome = _ran(monkeypatch, tmp_path, 1600)
    assert (outcome.passed, outcome.failed, outcome.good) == (1, (), False)
    assert "6.1: FAILED sys_exit: the verifier looks at 1600" in matrix.summary([outcome])
    assert _ran(monkeypatch, tmp_path, 1600, accept=True).good


def test_names_are_unique_and_found() -> None:
    assert len({kernel.name for kernel in kernels.KERNELS}) == len(kernels.KERNELS)
    assert kernels.find("6.1").architecture == "amd64"
    with pytest.raises(KeyError):
        kernels.find("2.4")


def _booted(name: str, preempt: str = "") -> kernels.Booted:
    nowhere = Path("/nonexistent")
    return kernels.Booted(kernels.find(name), "r", nowhere, nowhere, nowhere, preempt)


def test_each_tier_runs_the_behaviours_and_the_best_more() -> None:
    best = set(_booted("5.10").selection(best=True))
    other = set(_booted("5.10").selection(best=False))
    assert {f"tests/{each}" for each in kernels.BEHAVIOURS} == best & other
    assert {f"tests/{each}" for each in kernels.ONCE} == best - other
    assert {f"--ignore=tests/{each}" for each in kernels.ONCE} == other - best


def test_collectors_run_when_a_kernel_preempts_itself() -> None:
    chosen = _booted("6.12", "preempt=full").selection(best=True)
    assert [each for each in chosen if not each.startswith("--ignore")] == ["tests/kernel"]


def test_what_runs_is_there() -> None:
    tests = Path(__file__).parents[1]
    for kernel in kernels.KERNELS:
        for test in (*kernel.tests, *kernel.once):
            assert (tests / test.partition("::")[0]).exists(), test


def test_versions_in_names_are_ordered_as_debian_orders_them() -> None:
    names = ["linux-image-6.9.7-amd64", "linux-image-6.18.15+deb13-amd64", "linux-image-6.10-amd64"]
    assert newest(names) == "linux-image-6.18.15+deb13-amd64"


@pytest.mark.parametrize("packer", ["xz", "gzip", "zstd"])
def test_a_kernel_is_unpacked(packer: str) -> None:
    kernel = b"\x7fELF" + bytes(1000)
    packed = subprocess.run([packer, "-c"], input=kernel, stdout=subprocess.PIPE, check=True).stdout
    payload = packed + struct.pack("<I", len(kernel))
    header = bytearray(1024)
    header[0x1F1] = 1
    struct.pack_into("<II", header, 0x248, 0, len(payload))
    assert extract_vmlinux(bytes(header) + payload) == kernel
