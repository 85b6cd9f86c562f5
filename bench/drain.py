"""What it costs to take every record out of the ring, at a rate that somebody else sets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

from bench.objects import GETPPID, compiled
from stockade.kernel.bpf import Object
from stockade.kernel.ring import Ring

PER_CALL = 1000  # RECORDS of produce.bpf.c
_SECONDS = 3.0
_PAUSE_S = 0.002
_PRODUCER = """
import os, signal, sys, time
os.kill(os.getpid(), signal.SIGSTOP)
pause, end = float(sys.argv[1]), time.monotonic() + float(sys.argv[2])
due = time.monotonic()
while due < end:
    os.getppid()
    due += pause
    time.sleep(max(due - time.monotonic(), 0))
"""


@dataclass(frozen=True, slots=True)
class Drained:
    """Records a second that came, what part of a core that took, and how many did not come."""

    rate: float
    cpu: float
    lost: int


def measure(rate: int) -> Drained:
    """Drain while another process has records made at a rate.

    Args:
        rate: records a second.
    """
    arguments = [sys.executable, "-c", _PRODUCER, str(PER_CALL / rate), str(_SECONDS)]
    with (
        subprocess.Popen(arguments) as producer,
        Object(compiled("produce"), "produce") as loaded,
    ):
        loaded.set_variable("tgid", producer.pid.to_bytes(4, "little"))
        loaded.set_variable("getppid_nr", GETPPID)
        loaded.load()
        loaded.attach("on_exit")
        ring = Ring(loaded.map("events"))
        os.waitid(os.P_PID, producer.pid, os.WSTOPPED)
        producer.send_signal(signal.SIGCONT)
        before, started, count = os.times(), time.monotonic(), 0
        while producer.poll() is None:
            while taken := sum(1 for _ in ring.drain()):
                count += taken
            time.sleep(_PAUSE_S)
        elapsed, after = time.monotonic() - started, os.times()
        lost = int.from_bytes(loaded.map("lost").lookup(bytes(4)) or b"", "little")
        ring.close()
    cpu = after.user + after.system - before.user - before.system
    return Drained(count / elapsed, cpu / elapsed, lost)
