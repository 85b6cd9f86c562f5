"""What the agent does with all the rules there are: its CPU, its memory, its speed, its losses."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from bench.tools import Tools, at_work, load_now, spread
from stockade.events import EventType
from tests.support.agent import Agent
from tests.support.rules import rule_text

_RATE = 200_000
_PACED_S = 5
_RUSH_S = 3
_OPENS = 40
_PAUSE_S = 0.05
_TICK = os.sysconf("SC_CLK_TCK")
_RULE = "Opened by the bench"


def _marker(tools: Tools) -> tuple[Path, Path]:
    """A file, and a rule that fires when it is opened."""
    file, rule = tools.work / "marker", tools.work / "marker.yaml"
    file.touch()
    kinds = " ".join(f"{kind.name.lower()}," for kind in (EventType.OPEN, EventType.OPENAT))
    condition = f"evt.type in ({kinds[:-1]}) and fd.name = {file}"
    rule.write_text(rule_text(condition, name=_RULE))
    return file, rule


def _agent(tools: Tools, *options: str) -> AbstractContextManager[Agent]:
    """An agent with all rules, whose filters are at work."""
    _, rule = _marker(tools)
    return at_work(*tools.rules, rule, options=options)


def _cpu_s(pid: int) -> float:
    """The time that a process has had, in the kernel and out of it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def _rss_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def rate(tools: Tools, rounds: int) -> Iterator[str]:
    """CPU of a core at so many opens that fire nothing, and memory."""
    for contained in (False, True):
        cpu, rates, memory, lost = [], [], [], 0
        for _ in range(rounds):
            with _agent(tools) as agent:
                before, start = _cpu_s(agent.process.pid), time.monotonic()
                rates.append(tools.run("paced", str(_RATE), str(_PACED_S), contained=contained))
                spent = _cpu_s(agent.process.pid) - before
                cpu.append(100 * spent / (time.monotonic() - start))
                memory.append(_rss_mb(agent.process.pid))
                lost += sum(agent.stop()[1]["lost"].values())
        where = "a container" if contained else "the host"
        yield f"{spread(rates)} opens/s of {where}: agent {spread(cpu, '.1f')} % of a core"
        yield f"    RSS {spread(memory, '.1f')} MB, {lost} lost"


def most(tools: Tools, rounds: int) -> Iterator[str]:
    """What is lost at the highest rate that there is, every core at it."""
    rates, lost = [], []
    for _ in range(rounds):
        with _agent(tools) as agent:
            command = [str(tools.load), "most", str(_RUSH_S)]
            loads = [
                subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
                for _ in range(os.cpu_count() or 1)
            ]
            rates.append(sum(float(load.communicate()[0]) for load in loads))
            lost.append(float(sum(agent.stop()[1]["lost"].values())))
    yield f"{spread(rates)} opens/s, {spread(lost)} lost"


def delay(tools: Tools, rounds: int) -> Iterator[str]:
    """From an open to its alert's line, idle and beside a loop of opens."""
    file, _ = _marker(tools)
    cases: dict[str, list[str]] = {"idle": [], "beside a loop": [str(tools.load), "most", "600"]}
    for label, command in cases.items():
        found = []
        for _ in range(rounds):
            with _agent(tools, "--no-fold") as agent:
                beside = subprocess.Popen(command, stdout=subprocess.DEVNULL) if command else None
                try:
                    found += [_delay_ms(agent, file) for _ in range(_OPENS)]
                finally:
                    if beside:
                        beside.kill()
                        beside.wait()
        late = sorted(found)[len(found) * 95 // 100]
        yield f"open to alert, {label}: {spread(found, '.2f')} ms, 95 of 100 within {late:.2f}"


def _delay_ms(agent: Agent, file: Path) -> float:
    time.sleep(_PAUSE_S)
    seen = {message.get("id") for message in agent.alerts()}
    start = time.perf_counter()
    os.close(os.open(file, os.O_RDONLY))
    agent.wait(lambda message: message.get("rule") == _RULE and message["id"] not in seen)
    return (time.perf_counter() - start) * 1000


def start(tools: Tools, rounds: int) -> Iterator[str]:
    """From the exec of an agent whose rules are compiled to its first alert."""
    file, rule = _marker(tools)
    stop = threading.Event()

    def touch() -> None:
        while not stop.wait(0.005):
            os.close(os.open(file, os.O_RDONLY))

    thread = threading.Thread(target=touch)
    with _agent(tools):
        pass  # It compiles what has not been compiled.
    thread.start()
    found, ready = [], []
    try:
        for _ in range(rounds):
            begin = time.perf_counter()
            with Agent(*tools.rules, rule) as agent:
                ready.append(time.perf_counter() - begin)
                agent.alert(_RULE)
                found.append(time.perf_counter() - begin)
    finally:
        stop.set()
        thread.join()
    yield f"exec to ready {spread(ready, '.2f')} s, to the first alert {spread(found, '.2f')} s"


def show(tools: Tools, rounds: int) -> Iterator[str]:
    """All of it."""
    for part in (start, rate, most, delay):
        yield from part(tools, rounds)
        yield f"    {load_now()}"
