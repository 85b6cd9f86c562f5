"""How the agent ends, and what people see of it and of the doctor."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.agent import STOCKADE, Agent
from tests.support.rules import rule_text
from tests.support.runc import Mount, Options, Runc

SECRET = "Host secret opened in a container"  # noqa: S105 - a rule's name
HOST_ETC = Options(mounts=(Mount(Path("/etc"), "/mnt/host", ("rbind", "ro")),))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(number: signal.Signals) -> None:
    with Agent() as agent:
        code, summary = agent.stop(number)
        assert code == 0
        assert summary["lost"] == {}
        assert agent.stderr() == ""


@pytest.mark.parametrize("delay_ms", [50, 150, 300, 450, 600])
def test_a_signal_at_any_time_is_no_error(delay_ms: int) -> None:
    process = subprocess.Popen([STOCKADE, "run"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(delay_ms / 1000)
    process.terminate()
    _, err = process.communicate(timeout=20)
    # Before Python runs our first line, the signal ends it as it ends any process.
    assert process.returncode in {0, -signal.SIGTERM}, err
    assert b"Traceback" not in err


def test_rules_that_take_long_do_not_deafen_it(tmp_path: Path) -> None:
    """What there was no time to judge is counted, and a signal ends it all the same."""
    globs = " or ".join(f"fd.name glob *a{at}*b{at}*c*d*e*" for at in range(3000))
    rules = tmp_path / "rules.yaml"
    rules.write_text(rule_text(f"evt.type in (open, openat) and ({globs})"))
    with Agent(rules) as agent:
        for _ in range(5000):
            Path("/etc/passwd").open(encoding="ascii").close()
        code, summary = agent.stop()
        assert code == 0
        assert summary["lost"]["unjudged"] > 0


@contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[None]:
    """Whatever happens in the block, the process does not outlive it."""
    with process:
        try:
            yield
        finally:
            process.kill()


def test_a_reader_that_stalls_does_not_keep_it(runc: Runc) -> None:
    process = subprocess.Popen(
        [STOCKADE, "run", "-o", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with ended(process):
        assert process.stdout is not None
        assert '"ready"' in process.stdout.readline()
        script = "for i in $(seq 300); do cat /mnt/host/shadow; done"
        runc.run(["sh", "-c", script], HOST_ETC)
        process.terminate()
        assert process.wait(20) == 0


def test_people_get_one_line(runc: Runc) -> None:
    process = subprocess.Popen(
        [STOCKADE, "run"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with ended(process):
        assert process.stdout is not None
        assert process.stderr is not None
        assert "watching with" in process.stderr.readline()
        name, _ = runc.run(["cat", "/mnt/host/shadow"], HOST_ETC)
        line = next(line for line in process.stdout if SECRET in line)
        process.terminate()
        assert process.wait(20) == 0
    assert f"Warning  {name} {SECRET}: cat" in line
    assert "/etc/shadow" in line
    assert "\x1b" not in line


def test_it_ends_when_nobody_reads(runc: Runc) -> None:
    process = subprocess.Popen(
        [STOCKADE, "run", "-o", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with ended(process):
        assert process.stdout is not None
        assert process.stderr is not None
        assert '"ready"' in process.stdout.readline()
        process.stdout.close()
        runc.run(["cat", "/mnt/host/shadow"], HOST_ETC)
        assert process.wait(20) == 1
        assert process.stderr.read() == ""


def test_the_doctors_words_and_facts_agree() -> None:
    done = subprocess.run([STOCKADE, "doctor", "--json"], capture_output=True, check=True)
    facts = json.loads(done.stdout)
    said = subprocess.run([STOCKADE, "doctor"], capture_output=True, text=True, check=True).stdout
    assert facts["release"] in said
    assert f"tiers that work here: {', '.join(facts['tiers'])}" in said
    for finding in facts["findings"].values():
        assert finding["detail"] in said
