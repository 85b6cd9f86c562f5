"""What rules come to on nodes that this machine is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stockade.cli.main import call
from stockade.errors import ExitCode

RULES = """
- rule: links
  desc: d
  condition: evt.type = symlink
  output: o
  priority: NOTICE
- rule: rings
  desc: d
  condition: evt.type = io_uring
  output: o
  priority: NOTICE
"""
CONNECTS = """
- rule: called out
  desc: d
  condition: evt.type = connect and fd.l4proto in (tcp, udp) and fd.sport = 443
  output: o
  priority: NOTICE
  scope: container
  action: deny
"""
FACTS: dict[str, Any] = {
    "able": True,
    "tiers": ["tracepoint"],
    "release": "5.10.0",
    "architecture": "x86_64",
    "lsm": ["capability"],
    "cgroup_version": 2,
    "libbpf": "v1.1",
    "findings": {},
}
BEST = FACTS | {"tiers": ["lsm", "fentry", "tracepoint"]}
NO_RINGS = {
    "name": "hooks",
    "answer": "no",
    "detail": "not seen here: requests of io_uring: its tracepoints do not name them before v6.0",
    "remedy": None,
}


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return path


def policy(rules: Path, mode: str, *names: str) -> Path:
    path = rules.with_name("policy.yaml")
    path.write_text(f"- policy: p\n  mode: {mode}\n  rules: [{', '.join(names)}]\n")
    return path


def _plan(
    rules: Path, facts: dict[str, Any], capsys: pytest.CaptureFixture[str], *options: str
) -> dict[str, dict[str, str]]:
    path = rules.with_name("facts.json")
    path.write_text(json.dumps(facts))
    command = ["plan", "--json", "--rules", str(rules), "--for", str(path), *options]
    assert call(command) == ExitCode.OK
    return {row["rule"]: row for row in json.loads(capsys.readouterr().out)}


def test_the_tracepoint_tier(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = _plan(rules, FACTS, capsys)
    assert (rows["links"]["label"], rows["links"]["hook"]) == ("detect", "tp_btf/sys_exit")
    assert rows["rings"]["hook"] == "tp_btf/io_uring_complete"
    assert "trampolines" in rows["links"]["needs"]
    assert set(rows["links"]) == {"rule", "policy", "action", "label", "hook", "needs"}


def test_better_tiers(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fentry = _plan(rules, FACTS | {"tiers": ["fentry", "tracepoint"]}, capsys)
    assert fentry["links"]["hook"] == "fexit/symlink"
    assert "lsm=" in fentry["links"]["needs"]
    lsm = _plan(rules, FACTS | {"tiers": ["lsm", "fentry", "tracepoint"]}, capsys)
    assert lsm["links"]["needs"] == ""


def test_a_call_without_a_function(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = FACTS | {"tiers": ["fentry", "tracepoint"], "by_tracepoint": ["symlink"]}
    assert _plan(rules, facts, capsys)["links"]["hook"] == "tp_btf/sys_exit"


def test_what_the_kernel_has_no_hook_for_is_blind(
    rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = _plan(rules, FACTS | {"findings": {"hooks": NO_RINGS}}, capsys)
    assert (rows["rings"]["label"], rows["rings"]["hook"]) == ("blind", "")
    assert rows["links"]["label"] == "detect"


def test_where_the_agent_cannot_run_all_is_blind(
    rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = _plan(rules, FACTS | {"able": False, "tiers": []}, capsys)
    assert {row["label"] for row in rows.values()} == {"blind"}
    assert "doctor" in rows["links"]["needs"]


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_connections_are_refused_where_cgroups_have_programs(
    rules: Path, capsys: pytest.CaptureFixture[str], answer: str
) -> None:
    rules.write_text(CONNECTS)
    found = {"name": "cgroup_connect", "answer": answer, "detail": "", "remedy": None}
    facts = FACTS | {"findings": {"cgroup_connect": found}}
    enforced = str(policy(rules, "enforce", "called out"))
    row = _plan(rules, facts, capsys, "--policy", enforced)["called out"]
    refused = ("prevent", "cgroup/connect4, cgroup/connect6")
    assert (row["label"], row["hook"]) == (
        refused if answer == "yes" else ("detect", "tp_btf/sys_exit")
    )


@pytest.mark.parametrize("text", ["", "{", "[]", '{"able": 1}'])
def test_facts_that_are_none(rules: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    path = rules.with_name("facts.json")
    path.write_text(text)
    assert call(["plan", "--rules", str(rules), "--for", str(path)]) != ExitCode.OK
    err = capsys.readouterr().err
    assert str(path) in err.replace("\n", "")
    assert "stockade doctor --json" in err


ACTING = """
- rule: refused
  desc: d
  condition: evt.type in (open, openat) and fd.name = /x
  output: o
  priority: NOTICE
  scope: container
  action: deny
- rule: only detected
  desc: d
  condition: evt.type = openat and fd.nameraw contains ..
  output: o
  priority: NOTICE
  scope: container
  action: kill
  undecidable: detect
"""
NAMES = ("refused", "only detected")


@pytest.mark.parametrize(
    ("tiers", "label", "hook"),
    [
        (["lsm", "fentry", "tracepoint"], "prevent", "lsm/file_open"),
        (["fentry", "tracepoint"], "prevent", "fmod_ret/security_file_open"),
        (["tracepoint"], "detect", "tp_btf/sys_exit"),
        ([], "blind", ""),
    ],
)
def test_prevent_is_said_where_an_act_is_refused(
    rules: Path, capsys: pytest.CaptureFixture[str], tiers: list[str], label: str, hook: str
) -> None:
    rules.write_text(ACTING)
    facts = FACTS | {"able": bool(tiers), "tiers": tiers}
    rows = _plan(rules, facts, capsys, "--policy", str(policy(rules, "enforce", *NAMES)))
    assert (rows["refused"]["label"], rows["refused"]["hook"]) == (label, hook)
    assert rows["refused"]["needs"] == "" or label != "prevent"
    assert rows["only detected"]["label"] == ("detect" if tiers else "blind")
    assert "before the act" in rows["only detected"]["needs"] or not tiers


def test_what_a_kernel_has_no_hook_for_is_not_prevented(
    rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules.write_text(ACTING)
    enforced = str(policy(rules, "enforce", *NAMES))
    row = _plan(rules, BEST | {"not_refused": ["openat"]}, capsys, "--policy", enforced)["refused"]
    assert (row["label"], row["hook"]) == ("detect", "fexit/open, fexit/openat")


@pytest.mark.parametrize(
    ("condition", "hook"),
    [
        ("evt.type = userfaultfd", "lsm/inode_init_security_anon"),
        (
            "evt.type = ptrace and evt.arg.request = PTRACE_SEIZE",
            "lsm/ptrace_access_check, lsm/ptrace_traceme",
        ),
        (
            "evt.type in (unshare, clone) and evt.arg.flags contains CLONE_NEWUSER",
            "lsm/userns_create",
        ),
    ],
)
def test_every_hook_that_is_asked_is_named(
    rules: Path, capsys: pytest.CaptureFixture[str], condition: str, hook: str
) -> None:
    rules.write_text(ACTING.replace("evt.type in (open, openat) and fd.name = /x", condition))
    row = _plan(rules, BEST, capsys, "--policy", str(policy(rules, "enforce", *NAMES)))["refused"]
    assert (row["label"], row["hook"]) == ("prevent", hook)


@pytest.mark.parametrize("mode", ["", "audit"])
def test_nothing_is_prevented_where_no_policy_enforces_it(
    rules: Path, capsys: pytest.CaptureFixture[str], mode: str
) -> None:
    rules.write_text(ACTING)
    options = ("--policy", str(policy(rules, mode, *NAMES))) if mode else ()
    row = _plan(rules, BEST, capsys, *options)["refused"]
    assert (row["policy"], row["action"]) == ("p" if mode else None, "audit")
    assert (row["label"], row["needs"]) == ("detect", "a policy that enforces it")


def test_a_rule_has_a_row_for_each_mode(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules.write_text(ACTING)
    path = policy(rules, "enforce", *NAMES)
    path.write_text(f"{path.read_text()}  modes: [{{mode: audit, scope: {{container: x}}}}]\n")
    facts = rules.with_name("facts.json")
    facts.write_text(json.dumps(BEST))
    options = ("--rules", str(rules), "--policy", str(path), "--for", str(facts))
    assert call(["plan", "--json", *options]) == ExitCode.OK
    rows = [row for row in json.loads(capsys.readouterr().out) if row["rule"] == "refused"]
    assert [(row["action"], row["label"]) for row in rows] == [
        ("deny", "prevent"),
        ("audit", "detect"),
    ]
