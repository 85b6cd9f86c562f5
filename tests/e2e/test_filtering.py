"""Events that match nothing stay in the kernel, and rules change while the watch goes on."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.test_metrics import scrape
from tests.support.agent import STOCKADE, Agent
from tests.support.rules import rule_text
from tests.support.runc import Runc

WAIT_S = 240.0
DROPPED = 'stockade_filtered_total{event="openat",verdict="drop"}'


@pytest.fixture
def port() -> int:
    return 20_000 + os.getpid() % 10_000


def opens_below(directory: Path, name: str) -> str:
    return rule_text(f"evt.type in (open, openat) and fd.name startswith {directory}/", name=name)


def touch(path: Path) -> None:
    """Open a file once."""
    os.close(os.open(path, os.O_RDONLY))


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, "it has not come to that"
        time.sleep(0.05)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A file in each of two directories."""
    found = tmp_path / "a" / "x", tmp_path / "b" / "x"
    for path in found:
        path.parent.mkdir()
        path.touch()
    return found


def test_what_matches_nothing_stays_in_the_kernel(
    tmp_path: Path, files: tuple[Path, Path], port: int
) -> None:
    first, second = files
    rules = tmp_path / "rules.yaml"
    rules.write_text(opens_below(first.parent, "first"))
    options = ("--metrics-listen", str(port))
    with Agent(rules, options=options) as agent:

        def is_filtered() -> bool:
            touch(second)
            return scrape(port).get(DROPPED, 0) > 0

        until(is_filtered)
        before = scrape(port)
        for _ in range(5000):
            touch(second)
        touch(first)
        agent.wait(lambda message: message.get("rule") == "first")
        after = scrape(port)
        assert after[DROPPED] - before[DROPPED] >= 5000
        assert after["stockade_events_total"] - before["stockade_events_total"] < 2500
        assert agent.stop()[0] == 0


def test_rules_change_under_load_and_no_event_is_missed(
    tmp_path: Path, files: tuple[Path, Path], port: int
) -> None:
    first, second = files
    rules = tmp_path / "rules.yaml"
    old = opens_below(first.parent, "first")
    rules.write_text(old)
    stop = threading.Event()
    count = 0

    def load() -> None:
        nonlocal count
        while not stop.is_set():
            touch(first)
            count += 1
            time.sleep(0.01)

    options = ("--metrics-listen", str(port), "--no-fold")
    with Agent(rules, options=options) as agent:
        thread = threading.Thread(target=load)
        thread.start()
        try:
            for number in range(1, 4):
                rules.write_text(old + opens_below(second.parent, f"second {number}"))
                agent.process.send_signal(signal.SIGHUP)
                done = 'stockade_reloads_total{outcome="done"}'
                until(lambda: scrape(port)[done] >= number)  # noqa: B023 - waited for here
                touch(second)
                name = f"second {number}"
                agent.wait(lambda message: message.get("rule") == name)  # noqa: B023
        finally:
            stop.set()
            thread.join()
        code, summary = agent.stop()
    assert code == 0
    assert summary["lost"] == {}
    seen = sum(message.get("rule") == "first" for message in agent.seen)
    assert seen == count


def test_bad_rules_leave_the_old_ones_at_work(
    tmp_path: Path, files: tuple[Path, Path], port: int
) -> None:
    first, second = files
    rules = tmp_path / "rules.yaml"
    rules.write_text(opens_below(first.parent, "first"))
    with Agent(rules, options=("--metrics-listen", str(port))) as agent:
        rules.write_text("- rule: broken\n")
        until(lambda: scrape(port)['stockade_reloads_total{outcome="failed"}'] >= 1)
        (error,) = [name for name in scrape(port) if name.startswith("stockade_reload_error")]
        assert "rules.yaml:1:" in error
        touch(first)
        agent.wait(lambda message: message.get("rule") == "first")
        rules.write_text(opens_below(second.parent, "second"))
        done = subprocess.run([STOCKADE, "reload"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        until(lambda: scrape(port)['stockade_reloads_total{outcome="done"}'] >= 1)
        assert not any(name.startswith("stockade_reload_error{") for name in scrape(port))
        touch(second)
        agent.wait(lambda message: message.get("rule") == "second")
        assert agent.stop()[0] == 0


def of_busybox(condition: str, name: str) -> str:
    opened = "evt.type in (open, openat) and fd.name = /bin/busybox"
    return rule_text(f"{opened} and {condition}", name=name)


def test_what_is_known_of_a_container_keeps_its_events_back(
    tmp_path: Path, runc: Runc, port: int
) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(of_busybox("container.name = elsewhere", "elsewhere"))
    submitted = DROPPED.replace("drop", "submit")
    script = "while :; do : < /bin/busybox; done"
    name = runc.name()
    with (
        Agent(rules, options=("--metrics-listen", str(port))) as agent,
        runc.running(["sh", "-c", script], name=name),
    ):
        until(lambda: scrape(port).get(DROPPED, 0) > 1000)
        before = scrape(port)
        until(lambda: scrape(port)[DROPPED] > before[DROPPED] + 1000)
        after = scrape(port)
        assert after.get(submitted, 0) - before.get(submitted, 0) < 100
        # The same container by other rules: what it was known for means nothing to them.
        rules.write_text(of_busybox(f"container.name = {name}", "here"))
        agent.process.send_signal(signal.SIGHUP)
        agent.alert("here", name)
        assert not any(message.get("rule") == "elsewhere" for message in agent.alerts())


def test_each_event_of_the_container_meant_is_seen(tmp_path: Path, runc: Runc, port: int) -> None:
    name = runc.name()
    rules = tmp_path / "rules.yaml"
    rules.write_text(of_busybox(f"container.name = {name}", "here"))
    script = "for n in $(seq 300); do : < /bin/busybox; usleep 5000; done"
    options = ("--metrics-listen", str(port), "--no-fold")
    with Agent(rules, options=options) as agent:
        with runc.running(["sh", "-c", "while :; do : < /bin/busybox; usleep 5000; done"]):
            until(lambda: scrape(port).get(DROPPED, 0) > 0)
        runc.run(["sh", "-c", script], name=name)
        code, summary = agent.stop()
    assert (code, summary["lost"]) == (0, {})
    assert sum(message["rule"] == "here" for message in agent.alerts()) == 300


def test_what_is_known_of_a_process_keeps_its_events_back(
    tmp_path: Path, files: tuple[Path, Path], port: int
) -> None:
    first, _ = files
    rules = tmp_path / "rules.yaml"
    opened = f"evt.type in (open, openat) and fd.name = {first}"
    rules.write_text(
        rule_text(f"{opened} and proc.cmdline contains no-such-word", name="none")
        + rule_text(f"{opened} and proc.exepath endswith /cat", name="cat")
    )
    submitted = DROPPED.replace("drop", "submit")
    options = ("--metrics-listen", str(port), "--no-fold")
    with Agent(rules, options=options) as agent:

        def is_known() -> bool:
            before = scrape(port).get(DROPPED, 0)
            for _ in range(100):
                touch(first)
            return scrape(port).get(DROPPED, 0) >= before + 100

        until(is_known)
        before = scrape(port)
        for _ in range(2000):
            touch(first)
        for _ in range(20):
            subprocess.run(["cat", first], check=True)
        after = scrape(port)
        assert after[DROPPED] - before[DROPPED] >= 2000
        # Failed opens, of any process of this host, have no file, and come up in any case.
        assert after.get(submitted, 0) - before.get(submitted, 0) < 1500
        assert agent.stop()[0] == 0
    assert [message["rule"] for message in agent.alerts()] == ["cat"] * 20


def test_what_is_known_of_ancestors_keeps_events_back(
    tmp_path: Path, files: tuple[Path, Path], port: int
) -> None:
    first, second = files
    rules = tmp_path / "rules.yaml"
    opened = f"evt.type in (open, openat) and fd.name = {first}"
    rules.write_text(
        rule_text(f"{opened} and proc.pname = wanted", name="parent")
        + rule_text(f"{opened} and proc.aname = wanted and not proc.pname = wanted", name="above")
    )
    options = ("--metrics-listen", str(port), "--no-fold")
    shells = {name: tmp_path / name for name in ("wanted", "other")}
    for path in shells.values():
        path.symlink_to("/bin/sh")

    def below(*names: str) -> None:
        """Have a child of the last of these shells, each a child of the one before, open it."""
        *outer, last = names
        script = f"cat {first} {second}; true"
        for name in (last, *reversed(outer)):
            script = shlex.join([str(shells[name]), "-c", script]) + "; true"
        subprocess.run(["sh", "-c", script], check=True)

    with Agent(rules, timeout_s=WAIT_S, options=options) as agent:

        def is_known() -> bool:
            before = scrape(port).get(DROPPED, 0)
            for _ in range(100):
                touch(first)
            return scrape(port).get(DROPPED, 0) >= before + 100

        # The rules' opens by a process of which nothing is meant, once that is known.
        until(is_known)
        for _ in range(10):
            below("other", "wanted")
            below("wanted", "other")
            below("other", "other")
        # One that gets its name when its child is there already.
        script = f"(sleep 1; exec cat {first}) & exec -a x {shells['wanted']} -c 'sleep 3; true'"
        subprocess.run(["bash", "-c", script], check=True)
        assert agent.stop()[0] == 0
    rules_seen = Counter(message["rule"] for message in agent.alerts())
    assert rules_seen == {"parent": 11, "above": 10}
