"""Policies by way of a child and a cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from stockade.events import EventType, NeedFlags
from stockade.rules import Rule
from stockade.rules.lowering import policies
from stockade.rules.lowering.modules import program
from stockade.rules.lowering.plan import plan
from stockade.rules.lowering.policies import (
    build,
    compile_all,
    find_policy,
    keep_policy,
    policy_key,
)
from tests.support.filters import Formulas
from tests.support.rules import made, rule_text

KINDS = frozenset({EventType.OPENAT, EventType.UNLINK})
CONDITION = "evt.type in (open, openat) and fd.name startswith /etc"


def rules(condition: str = CONDITION) -> tuple[Rule, ...]:
    return made(rule_text(condition)).rules


def module() -> str:
    planned = plan(Formulas(rules())[EventType.OPENAT])
    assert planned
    return program(planned)


def test_one_program_serves_event_types_with_the_same_formulas() -> None:
    built = build(rules(), [EventType.OPEN, EventType.OPENAT])
    assert built.policy.filters == {EventType.OPEN: 0, EventType.OPENAT: 0}
    assert len(built.policy.programs) == 1


@pytest.mark.parametrize(
    ("condition", "needs"),
    [
        ("fd.name startswith /etc", NeedFlags(0)),
        ("fd.host_path startswith /etc", NeedFlags.HOST_VIEW | NeedFlags.FS_PATH),
        ("container.role = member and boundary.host_ns = true", NeedFlags(0)),
        ("user.uid = 7 and container.role = member", NeedFlags.DETAILS),
        ("proc.vpid = 7", NeedFlags.WHOLE_TASK),
        ("fd.fs_path startswith /etc", NeedFlags.FS_PATH),
        ("proc.pid_ns = 7", NeedFlags.WHOLE_TASK),
        ("proc.tty = 0", NeedFlags.WHOLE_TASK),
        ("thread.cgroup startswith x", NeedFlags.WHOLE_TASK),
    ],
)
def test_what_has_to_be_there_is_said(condition: str, needs: NeedFlags) -> None:
    policy = build(rules(f"evt.type = openat and {condition}"), KINDS).policy
    assert policy.needs == {EventType.OPENAT: needs}


def test_the_same_rules_give_the_same_bytes() -> None:
    assert build(rules(), KINDS) == build(rules(), KINDS)


def test_event_types_that_the_agent_needs_have_no_filter() -> None:
    built = build(rules("evt.type in (execve, procexit, clone) and proc.name = x"), EventType)
    assert built.policy.filters == {}


def test_the_key_tells_rules_and_event_types_apart() -> None:
    assert policy_key(rules(), KINDS) == policy_key(rules(), KINDS)
    assert policy_key(rules(), KINDS) != policy_key(rules(), KINDS | {EventType.OPEN})
    assert policy_key(rules(), KINDS) != policy_key(rules(CONDITION.replace("/etc", "/usr")), KINDS)


def test_the_cache_gives_what_was_kept(tmp_path: Path) -> None:
    built = build(rules(), KINDS)
    name = policy_key(rules(), KINDS)
    assert find_policy(name, tmp_path) is None
    keep_policy(name, built, tmp_path)
    assert find_policy(name, tmp_path) == built


def test_the_cache_keeps_no_more_than_the_latest(tmp_path: Path) -> None:
    built = build((), ())
    for number in range(40):
        keep_policy(str(number), built, tmp_path)
    assert find_policy("39", tmp_path) == built
    assert len(list(tmp_path.iterdir())) < 20


def test_a_spoilt_entry_is_none(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\x93\xc0")
    assert find_policy("x", tmp_path) is None


def test_what_another_compiler_made_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = build(rules(), KINDS)
    keep_policy("x", built, tmp_path)
    monkeypatch.setattr(policies, "compiler_version", lambda: "llvmlite 0.1")
    assert find_policy("x", tmp_path) is None


def test_without_a_compiler_the_cache_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = build(rules(), KINDS)
    keep_policy("x", built, tmp_path)
    monkeypatch.setattr(policies, "compiler_version", lambda: None)
    assert find_policy("x", tmp_path) == built
    (refusal,) = build(rules(), KINDS).refusals
    assert refusal.kinds == (EventType.OPENAT,)
    assert "not installed" in refusal.reason


def test_a_module_that_ends_the_compiler_costs_itself_alone() -> None:
    # LLVM has no way to call through more arguments than registers there are.
    arguments = ", ".join(f"i64 {number}" for number in range(9))
    bad = (
        'target triple = "bpfel"\ndeclare i64 @f(...)\n'
        f'define i64 @decision() section "filter" {{\n  %x = call i64 @f({arguments})\n'
        "  ret i64 %x\n}\n"
    )
    first, second, third = compile_all([module(), bad, module()])
    assert isinstance(first, bytes)
    assert first == third
    assert isinstance(second, str)
    assert "compiler" in second


def test_a_refusal_names_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "_CHILD", "stockade.no_such_module")
    built = build(rules(), KINDS)
    (refusal,) = built.refusals
    assert refusal.rules == ("r",)
    assert "failed" in refusal.reason
    assert built.policy.filters == {}


def test_what_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "_COMPILE_S", 0.001)
    (refusal,) = build(rules(), KINDS).refusals
    assert "longer" in refusal.reason
