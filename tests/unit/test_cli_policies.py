"""stockade policy, mode and disarm, as far as they need no kernel."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from stockade.cli import mode as mode_command
from stockade.cli.main import call
from stockade.policies import Mode, Overrides
from stockade.policies.status import Status, read_status, status_of, write_status
from tests.unit.policies.helpers import PACKED, RULES, governed

POLICY = "- policy: shop\n  mode: enforce\n  rules: [Denying, Telling]\n"
EXCEPTED = f"""{POLICY}  exceptions: [e]
- exception: e
  reason: r
  expires: never
  process: /x
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(RULES + PACKED)
    (tmp_path / "policy.yaml").write_text(POLICY)
    return tmp_path


def checked(files: Path, *more: str) -> int:
    rules = ["--rules", str(files / "rules.yaml")]
    return call(["policy", "check", str(files / "policy.yaml"), *rules, *more])


def test_check(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(files) == 0
    assert capsys.readouterr().out == "stockade: 1 policy, 0 errors, 0 warnings\n"
    (files / "policy.yaml").write_text(EXCEPTED)
    assert checked(files) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].endswith(
        "policy.yaml:8:12: warning: policy 'shop' only audits: rule 'Denying' cannot deny:"
        " of openat the kernel cannot tell whether proc.exepath = /x"
    )
    assert out[-1] == "stockade: 1 policy, 0 errors, 1 warning"
    wrong = files / "wrong.yaml"
    wrong.write_text(POLICY.replace("Denying", "Denyng"))
    assert call(["policy", "check", str(wrong), "--rules", str(files / "rules.yaml")]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"{wrong}:3:11: error: unknown rule Denyng"
    assert out[1:4] == [
        "      rules: [Denyng, Telling]",
        "              ^",
        "    did you mean Denying?",
    ]


def test_check_for_editors(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "policy.yaml").write_text(EXCEPTED)
    assert checked(files, "--json") == 0
    answer = msgspec.json.decode(capsys.readouterr().out)
    assert (answer["ok"], answer["policies"]) == (True, ["shop"])
    assert answer["diagnostics"][0]["severity"] == "warning"


def test_shipped_rules_have_packs_to_name(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "policy.yaml").write_text("- policy: p\n  mode: audit\n  packs: [boundary]\n")
    assert call(["policy", "check", str(files / "policy.yaml")]) == 0
    assert "1 policy, 0 errors, 0 warnings" in capsys.readouterr().out


def test_run_refuses_policies_with_mistakes(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (files / "policy.yaml").write_text(POLICY.replace("Denying", "Denyng"))
    rules, policy = str(files / "rules.yaml"), str(files / "policy.yaml")
    assert call(["run", "--rules", rules, "--policy", policy]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "stockade: 1 error in the policies"


class Host:
    """A host as the commands see it; its agent, if there is one, is this process."""

    def __init__(self, directory: Path) -> None:
        self.status = directory / "status.json"
        self.overrides = Overrides(directory / "modes.json")
        self.agent: int | None = None
        self.deaf = False

    def start(self) -> None:
        self.agent = os.getpid()
        self.take()

    def take(self, *_signal: object) -> None:
        if not self.deaf:
            found = governed(POLICY, overrides=self.overrides.load())
            write_status(status_of(found, self.overrides.path), self.status)

    def in_force(self) -> Status:
        found = read_status(self.status)
        assert found is not None
        return found


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    of = Host(tmp_path)
    previous = signal.signal(signal.SIGHUP, of.take)
    monkeypatch.setattr(mode_command, "running_agent", lambda: of.agent)
    monkeypatch.setattr(mode_command, "read_status", lambda: read_status(of.status))
    monkeypatch.setattr(mode_command, "STATE", of.overrides.path)
    monkeypatch.setattr(mode_command, "_TAKEN_S", 0.2)
    yield of
    signal.signal(signal.SIGHUP, previous)


Said = Callable[[], list[str]]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    return lambda: "".join(capsys.readouterr()).splitlines()


def test_modes_are_kept_for_an_agent_that_does_not_run_yet(host: Host, said: Said) -> None:
    assert call(["mode", "audit", "--rule", "Denying"]) == 0
    assert said() == [
        "stockade: rule Denying: audit",
        "stockade: no agent runs here; the next one takes it",
    ]
    assert call(["mode"]) == 0
    assert said()[1].startswith("audit: rule Denying (operator, 2")
    host.start()
    assert host.in_force().overrides == host.overrides.load() != ()


def test_a_running_agent_takes_them_at_once(host: Host, said: Said) -> None:
    host.start()
    assert call(["disarm"]) == 0
    assert said()[-1] == f"stockade: the agent (pid {os.getpid()}) has taken it"
    (override,) = host.in_force().overrides
    assert (override.mode, str(override.target)) == (Mode.AUDIT, "everything")
    assert call(["disarm", "web"]) == 0
    assert call(["mode", "enforce", "--policy", "shop", "--rule", "Denying"]) == 0
    assert [str(each.target) for each in host.in_force().overrides] == [
        "everything",
        "container web",
        "policy shop, rule Denying",
    ]
    assert call(["mode", "reset", "--container", "web"]) == 0
    assert call(["mode", "reset", "--rule", "Denying"]) == 0
    assert [str(each.target) for each in host.in_force().overrides] == ["everything"]
    assert call(["mode", "reset"]) == 0
    assert host.in_force().overrides == ()


def test_an_agent_that_does_not_take_it_is_told_of(host: Host, said: Said) -> None:
    host.start()
    host.deaf = True
    assert call(["disarm"]) == 1
    assert "stockade: the agent has not taken it yet" in said()
    assert len(host.overrides.load()) == 1


def test_what_is_in_force_is_shown(host: Host, said: Said) -> None:
    host.start()
    call(["mode", "audit", "--container", "web"])
    said()
    assert call(["mode"]) == 0
    heading, *rows = (line.split() for line in said())
    assert heading == ["POLICY", "MODE", "RULES", "WHERE", "SAID", "BY"]
    assert rows[0][:2] == ["shop", "enforce"]
    assert any(row[0] == "audit" and "container web" in " ".join(row) for row in rows)
    assert call(["mode", "--json"]) == 0
    answer = msgspec.json.decode("".join(said()))
    assert (answer["agent"], answer["policies"][0]["acting"]) == (True, ["Denying"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["mode", "audit", "--policy", "shp"], "no policy 'shp'; did you mean shop?"),
        (["mode", "audit", "--rule", "Denyng"], "'Denyng'; did you mean Denying?"),
        (["mode", "audit", "--policy", "shop", "--rule", "Killing"], "no rule that a policy is"),
        (["mode", "--rule", "Denying"], "say audit, enforce or reset"),
        (["mode", "of"], "Invalid value"),
    ],
)
def test_wrong_usage(host: Host, said: Said, arguments: list[str], words: str) -> None:
    host.start()
    assert call(arguments) == 2
    assert any(words in line for line in said())
    assert host.overrides.load() == ()
