"""The process in which LLVM works: modules in, object files out, one at a time.

    python -m stockade.rules.lowering.child

It ends itself when it needs too much, and LLVM may end it at any module: what has been answered
stays good.
"""

from __future__ import annotations

import sys

from stockade.rules.lowering.backend import object_code
from stockade.rules.lowering.confined import confine
from stockade.rules.lowering.messages import packed, unpacked

_MEMORY_BYTES = 2 << 30
_CPU_S = 60


def main() -> None:
    """Answer everything on stdin."""
    confine(memory_bytes=_MEMORY_BYTES, cpu_s=_CPU_S)
    for message in unpacked(sys.stdin.buffer.read()):
        sys.stdout.buffer.write(packed(object_code(message.decode())))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
