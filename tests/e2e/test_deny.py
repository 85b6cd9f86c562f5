"""What rules deny, before it happens: the effect is what counts, then what is said of it."""

from __future__ import annotations

import errno
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.agent import STOCKADE, Agent
from tests.support.guard import attempt, require_refusal
from tests.support.runc import Mount, Options, Runc

RULE = """
- rule: {name}
  desc: d
  condition: {condition}
  output: "%proc.name %fd.name"
  priority: WARNING
  action: {action}
"""
POLICY = """
- policy: p
  rules: [refuse]
  mode: enforce
  scope: {container: ["*-scoped", "*-canary"]}
  modes: [{mode: audit, scope: {container: "*-canary"}}]
  exceptions: [e]
- exception: e
  reason: r
  expires: never
  file: /mnt/excepted
"""
OPENED = "evt.type in (open, openat, openat2) and fd.name startswith /mnt/"
SECRET = "treasure\n"  # noqa: S105 - what is to be found in a file
SETTLE_S = 10.0
PLAIN = Options()
# The port of the form "connect".
CONNECTED = (
    "evt.type = connect and fd.l4proto in (tcp, udp) and fd.sip = 127.0.0.1 and fd.sport = 4011"
)
EPERM = -errno.EPERM


@pytest.fixture(autouse=True)
def removed() -> Iterator[None]:
    """What stays in force when an agent has gone does not do so beyond a test."""
    yield
    subprocess.run([STOCKADE, "uninstall"], capture_output=True, check=False)


class Files:
    """A rule that refuses opens, under a policy; and what containers have as /mnt."""

    def __init__(self, directory: Path) -> None:
        shared = directory / "shared"
        shared.mkdir()
        for name in ("secret", "other", "excepted"):
            (shared / name).write_text(SECRET)
        self.options = Options(mounts=(Mount(shared, "/mnt"),))
        self.policy = directory / "policy.yaml"
        self.policy.write_text(POLICY)
        self._rules = directory / "deny.yaml"
        self._rules.write_text(RULE.format(name="refuse", condition=OPENED, action="deny"))
        self._state = directory / "modes.json"

    def agent(self) -> Agent:
        options = ("--policy", str(self.policy), "--state", str(self._state), "--no-fold")
        return Agent(self._rules, options=options)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    require_refusal()
    return Files(tmp_path)


def stockade(*arguments: str) -> str:
    return subprocess.check_output([STOCKADE, *arguments], text=True)


def refused(container: str, *command: str) -> subprocess.CompletedProcess[str]:
    """The same until it fails: it takes a while until it is known whose container it is."""
    end = time.monotonic() + SETTLE_S
    while True:
        done = attempt(container, *command)
        if done.returncode or time.monotonic() > end:
            return done


@contextmanager
def scoped(runc: Runc, options: Options = PLAIN) -> Iterator[tuple[str, str]]:
    """A container that a rule is about, and one that looks like it."""
    name = f"{runc.name()}-scoped"
    with (
        runc.running(["sleep", "600"], options, name=name),
        runc.running(["sleep", "600"], options) as other,
    ):
        yield name, other


def test_an_open_is_refused_in_scope_alone(runc: Runc, files: Files) -> None:
    with files.agent() as agent, scoped(runc, files.options) as (inside, other):
        done = refused(inside, "cat", "/mnt/secret")
        assert SECRET not in done.stdout
        assert "Operation not permitted" in done.stderr
        assert attempt(inside, "cat", "/etc/passwd").returncode == 0
        assert attempt(inside, "cat", "/mnt/excepted").stdout == SECRET
        assert attempt(other, "cat", "/mnt/secret").stdout == SECRET
        alert = agent.wait(
            lambda message: message.get("rule") == "refuse" and message.get("action") == "deny"
        )
        assert alert["container"]["id"] == inside
        assert (alert["would"], alert["policy"]) == (None, "p")
        assert alert["output_fields"]["fd.name"] == "/mnt/secret"
        beside = agent.alert("refuse", other)
        assert (beside["action"], beside["would"], beside["policy"]) == ("audit", None, None)


def connected(container: str) -> int:
    """What a connection to a server in the same container comes to."""
    return int(attempt(container, "calls", "connect").stdout.split()[2])


class Connections:
    """A rule that refuses a connection, under a policy, on every tier."""

    def __init__(self, directory: Path) -> None:
        self._rules, self._policy = directory / "rules.yaml", directory / "policy.yaml"
        self._rules.write_text(RULE.format(name="refuse", condition=CONNECTED, action="deny"))
        self._policy.write_text(POLICY.partition("  exceptions")[0])
        self._state = directory / "modes.json"

    def agent(self, *options: str) -> Agent:
        options = (*options, "--policy", str(self._policy), "--state", str(self._state))
        return Agent(self._rules, options=(*options, "--no-fold"))


def comes_to(container: str, result: int) -> None:
    """Connect until that is what it comes to."""
    end = time.monotonic() + SETTLE_S
    while connected(container) != result:
        assert time.monotonic() < end


def test_a_connection_is_refused_in_scope_alone_on_every_tier(runc: Runc, tmp_path: Path) -> None:
    with Connections(tmp_path).agent() as agent, scoped(runc) as (inside, other):
        comes_to(inside, EPERM)
        assert connected(other) == 0
        alert = agent.wait(
            lambda message: message.get("rule") == "refuse" and message.get("action") == "deny"
        )
        assert (alert["container"]["id"], alert["policy"]) == (inside, "p")
        assert alert["output_fields"]["fd.name"] == "127.0.0.1:4011"
        beside = agent.alert("refuse", other)
        assert (beside["action"], beside["would"], beside["policy"]) == ("audit", None, None)
        agent.stop()
    # The containers that it was about have gone with their scope.
    assert "removed" in stockade("uninstall")


def test_what_is_audited_says_exactly_what_would_be_refused(runc: Runc, files: Files) -> None:
    name = f"{runc.name()}-canary"
    with files.agent() as agent, runc.running(["sleep", "600"], files.options, name=name):
        assert attempt(name, "cat", "/mnt/secret", "/mnt/excepted").stdout == SECRET * 2
        alert = agent.alert("refuse", name)
        assert (alert["action"], alert["would"], alert["policy"]) == ("audit", "deny", "p")
        agent.stop()
        told = [each for each in agent.alerts() if each["container"]["id"] == name]
        assert {each["output_fields"]["fd.name"] for each in told} == {"/mnt/secret"}
        assert {each["would"] for each in told} == {"deny"}


def test_it_lapses_when_no_agent_has_run_for_so_long(runc: Runc, tmp_path: Path) -> None:
    connections = Connections(tmp_path)
    with scoped(runc) as (inside, _):
        with connections.agent("--fail-open-after", "8") as agent:
            comes_to(inside, EPERM)
            time.sleep(9)
            assert connected(inside) == EPERM
            agent.process.kill()
            agent.process.wait()
        assert connected(inside) == EPERM
        comes_to(inside, 0)


def test_disarming_takes_effect_at_once(runc: Runc, files: Files) -> None:
    with files.agent() as agent, scoped(runc, files.options) as (inside, _):
        assert refused(inside, "cat", "/mnt/secret").returncode
        # While no rules can be made of the files.
        files.policy.write_text("no policy")
        with subprocess.Popen([STOCKADE, "disarm"], stdout=subprocess.PIPE, text=True) as disarm:
            # Its command takes a while to start in a guest.
            end = time.monotonic() + 6 * SETTLE_S
            while (done := attempt(inside, "cat", "/mnt/other")).returncode:
                assert time.monotonic() < end
            assert done.stdout == SECRET
            assert disarm.poll() is None
            agent.wait(
                lambda message: (
                    message.get("rule") == "refuse"
                    and message["output_fields"]["fd.name"] == "/mnt/other"
                    and (message["action"], message["would"]) == ("audit", "deny")
                )
            )
            files.policy.write_text(POLICY)
            assert "has taken it" in disarm.communicate()[0]
        assert attempt(inside, "cat", "/mnt/secret").stdout == SECRET
        assert "has taken it" in stockade("mode", "reset")
        assert refused(inside, "cat", "/mnt/secret").returncode


def test_what_is_denied_outlives_the_agent(runc: Runc, files: Files) -> None:
    loop = "while :; do read x </mnt/secret && echo $x; sleep 0.1; done 2>/dev/null"
    with scoped(runc, files.options) as (inside, other):
        with files.agent() as agent:
            assert refused(inside, "cat", "/mnt/secret").returncode
            reader = subprocess.Popen(
                ["runc", "exec", inside, "sh", "-c", loop],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                text=True,
            )
            agent.process.kill()
            agent.process.wait()
        # Nobody is there, and it is refused, also to who is new in the container.
        assert attempt(inside, "cat", "/mnt/secret").returncode
        assert attempt(other, "cat", "/mnt/secret").stdout == SECRET
        with files.agent() as agent:
            agent.wait(lambda message: message.get("action") == "deny")
            time.sleep(3)
            agent.stop()
        assert attempt(inside, "cat", "/mnt/secret").returncode
        reader.kill()
        assert reader.communicate()[0] == ""
        assert "removed" in stockade("uninstall")
        assert attempt(inside, "cat", "/mnt/secret").stdout == SECRET
        assert not Path("/sys/fs/bpf/stockade").exists()
        assert "nothing" in stockade("uninstall")


def test_what_outlives_the_agent_can_be_disarmed(runc: Runc, files: Files) -> None:
    with scoped(runc, files.options) as (inside, _):
        with files.agent() as agent:
            assert refused(inside, "cat", "/mnt/secret").returncode
            agent.process.kill()
            agent.process.wait()
        assert attempt(inside, "cat", "/mnt/secret").returncode
        try:
            assert "only tells from now on" in stockade("disarm")
            assert attempt(inside, "cat", "/mnt/secret").stdout == SECRET
        finally:
            stockade("mode", "reset")


def test_a_rule_that_is_refused_in_too_many_containers_is_dropped_to_audit(
    runc: Runc, files: Files
) -> None:
    files.policy.write_text(POLICY.replace("  exceptions: [e]", "  brake: {containers: 1}"))
    with (
        files.agent() as agent,
        scoped(runc, files.options) as (first, _),
        scoped(runc, files.options) as (second, _),
    ):
        for name in (first, second):
            assert refused(name, "cat", "/mnt/secret").returncode
        alert = agent.alert("Brake: dropped to audit")
        assert alert["output_fields"]["target"] == "policy p, rule refuse"
        assert set(alert["output_fields"]["containers"]) == {first, second}
        end = time.monotonic() + 6 * SETTLE_S
        while (done := attempt(first, "cat", "/mnt/other")).returncode:
            assert time.monotonic() < end
        assert done.stdout == SECRET
