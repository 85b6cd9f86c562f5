"""How much a container does, against what it usually does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from stockade.events import (
    NO_TEXT,
    Activity,
    ContainerEntry,
    ContainerRecord,
    EventType,
    Outcome,
    RecordHeader,
    Role,
    Task,
    Text,
)
from stockade.kernel import Sensor

INTERVAL_S = 10.0
# What counts as usual is the mean of about so many intervals; until there were some, nothing does.
_MEMORY = 30
_LEARNING = 6
_NONE = Activity(calls=0, execs=0, forks=0)


@dataclass(slots=True)
class _Container:
    """The counters when they were last read, and the means so far, in counts an interval."""

    counted: Activity
    intervals: int = 0
    calls: float = 0.0
    execs: float = 0.0
    forks: float = 0.0

    @property
    def usual(self) -> Activity:
        """What it did in an interval so far; nothing while that is being learnt."""
        if self.intervals < _LEARNING:
            return _NONE
        return Activity(calls=round(self.calls), execs=round(self.execs), forks=round(self.forks))

    def learn(self, found: Activity) -> None:
        """One more interval."""
        self.intervals += 1
        weight = 1 / min(self.intervals, _MEMORY)
        self.calls += (found.calls - self.calls) * weight
        self.execs += (found.execs - self.execs) * weight
        self.forks += (found.forks - self.forks) * weight


class ActivityMeter:
    """Makes an event of every interval of every container.

    Args:
        sensor: it counts.
    """

    def __init__(self, sensor: Sensor) -> None:
        self._sensor = sensor
        self._containers: dict[int, _Container] = {}
        self._read_s = time.monotonic()

    def records(self) -> Iterator[ContainerRecord]:
        """What the containers have done since the last call."""
        now = time.monotonic()
        elapsed_ns, self._read_s = round((now - self._read_s) * 1e9), now
        entries = {entry.key: entry for entry in self._sensor.provenance.containers()}
        counts = self._sensor.activity()
        self._containers = {key: at for key, at in self._containers.items() if key in entries}
        for key, counted in counts.items():
            if key not in entries:
                continue
            known = self._containers.get(key)
            if known is None:
                self._containers[key] = _Container(counted)
                continue
            found = Activity(
                calls=counted.calls - known.counted.calls,
                execs=counted.execs - known.counted.execs,
                forks=counted.forks - known.counted.forks,
            )
            known.counted = counted
            yield _record(entries[key], found, known.usual, elapsed_ns)
            known.learn(found)


def _record(
    entry: ContainerEntry, found: Activity, usual: Activity, elapsed_ns: int
) -> ContainerRecord:
    """As the kernel would tell it; the container's first process stands for all."""
    task = Task(
        container=entry.key,
        process=entry.init,
        ancestors=(),
        cap_effective=entry.cap_effective,
        cap_permitted=entry.cap_effective,
        cap_inheritable=0,
        cap_bounding=entry.cap_bounding,
        cap_ambient=0,
        cgroup_id=next((each for each in entry.cgroups if each), 0),
        pid=entry.init.tgid,
        ns_tgid=1,
        ns_pid=1,
        sid=entry.init.tgid,
        pgid=entry.init.tgid,
        ns_pgid=1,
        tty=0,
        uid=entry.uid,
        euid=entry.uid,
        gid=0,
        egid=0,
        loginuid=0xFFFFFFFF,
        exec_id=0,
        role=Role.MEMBER,
        boundary=0,
        ns=entry.ns,
        cgroup=Text(entry.cgroup) if entry.cgroup else NO_TEXT,
        comm="",
    )
    header = RecordHeader(
        time_ns=time.clock_gettime_ns(time.CLOCK_BOOTTIME),
        size=0,
        kind=0,
        type=EventType.CONTAINER_ACTIVITY,
        result=0,
        rules=0,
        fired=(),
        outcome=Outcome.ALLOW,
        task=task,
    )
    return ContainerRecord(
        header=header, container=entry, activity=found, usual=usual, activity_ns=elapsed_ns
    )
