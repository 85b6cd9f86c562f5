from __future__ import annotations

import select
import subprocess
import sys

CONFINED = """
import time
from stockade.rules.lowering.confined import confine
confine(memory_bytes=1 << 30)
print("confined", flush=True)
time.sleep(600)
"""
# It hands its own stdout on: that is closed when both are gone.
PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"


def test_it_ends_with_who_started_it() -> None:
    command = [sys.executable, "-c", PARENT, CONFINED]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"confined\n"
        assert not select.select([parent.stdout], [], [], 0)[0]
        parent.kill()
        ended, _, _ = select.select([parent.stdout], [], [], 60)
        assert ended
        assert parent.stdout.read() == b""


def test_it_gets_no_more_memory_than_it_may() -> None:
    code = "from stockade.rules.lowering.confined import confine\n"
    code += "confine(memory_bytes=1 << 29)\nbytearray(1 << 29)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "MemoryError" in done.stderr
