"""What rules deny, before it happens: the effect is what counts, then what is said of it."""

from __future__ import annotations

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
SETTLE_S = 10.0
PLAIN = Options()


@pytest.fixture(autouse=True)
def refusing() -> Iterator[None]:
    require_refusal()
    yield
    subprocess.run([STOCKADE, "uninstall"], capture_output=True, check=False)


def rules(tmp_path: Path, condition: str, action: str = "deny", name: str = "refuse") -> Path:
    path = tmp_path / "deny.yaml"
    path.write_text(RULE.format(name=name, condition=condition, action=action))
    return path


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


def test_an_open_is_refused_in_scope_alone(runc: Runc, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("treasure\n")
    shared = Options(mounts=(Mount(tmp_path, "/mnt"),))
    condition = "evt.type in (open, openat, openat2) and fd.name = /mnt/secret"
    with (
        Agent(rules(tmp_path, f"{condition} and container.name endswith -scoped")) as agent,
        scoped(runc, shared) as (inside, other),
    ):
        done = refused(inside, "cat", "/mnt/secret")
        assert "treasure" not in done.stdout
        assert "Operation not permitted" in done.stderr
        assert attempt(inside, "cat", "/etc/passwd").returncode == 0
        assert attempt(other, "cat", "/mnt/secret").stdout == "treasure\n"
        alert = agent.wait(
            lambda message: message.get("rule") == "refuse" and message.get("action") == "deny"
        )
        assert alert["container"]["id"] == inside
        assert alert["would"] is None
        assert alert["output_fields"]["fd.name"] == "/mnt/secret"
        assert not agent.alerted("refuse", other, within_s=1.0)


def uninstall() -> str:
    return subprocess.check_output([STOCKADE, "uninstall"], text=True)


def test_what_is_denied_outlives_the_agent(runc: Runc, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("treasure\n")
    shared = Options(mounts=(Mount(tmp_path, "/mnt"),))
    opened = "evt.type in (open, openat, openat2) and fd.name = /mnt/secret"
    path = rules(tmp_path, f"{opened} and container.name endswith -scoped")
    loop = "while :; do read x </mnt/secret && echo $x; sleep 0.1; done 2>/dev/null"
    with scoped(runc, shared) as (inside, other):
        with Agent(path) as agent:
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
        assert attempt(other, "cat", "/mnt/secret").stdout == "treasure\n"
        with Agent(path) as agent:
            agent.wait(lambda message: message.get("action") == "deny")
            time.sleep(3)
            agent.stop()
        assert attempt(inside, "cat", "/mnt/secret").returncode
        reader.kill()
        assert reader.communicate()[0] == ""
        assert "removed" in uninstall()
        assert attempt(inside, "cat", "/mnt/secret").stdout == "treasure\n"
        assert not Path("/sys/fs/bpf/stockade").exists()
        assert "nothing" in uninstall()
