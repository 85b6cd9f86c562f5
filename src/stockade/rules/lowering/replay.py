"""Native code over records that lie in slots, one after another, on one core."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Mapping, Sequence

from stockade.rules.lowering.backend import Native
from stockade.rules.lowering.modules import functions
from stockade.rules.lowering.plan import Plan

_LOOP = """
define i64 @{name}_of_all(ptr %slots, i64 %count, i64 %size) {{
entry:
  br label %loop
loop:
  %number = phi i64 [ 0, %entry ], [ %next, %loop ]
  %offset = mul i64 %number, %size
  %slot = getelementptr i8, ptr %slots, i64 %offset
  %verdict = call i64 @{name}(ptr %slot)
  %next = add i64 %number, 1
  %more = icmp ult i64 %next, %count
  br i1 %more, label %loop, label %done
done:
  ret i64 %next
}}
"""


class Replay:
    """Plans as native code.

    Args:
        plans: by their names.
    """

    def __init__(self, plans: Mapping[str, Plan]) -> None:
        loops = "".join(_LOOP.format(name=name) for name in plans)
        self._native = Native(functions(plans) + loops)

    def verdict(self, name: str, slot: bytes) -> int:
        """What a plan says of the record in a slot."""
        judge = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_char_p)(self._native.address(name))
        return int(judge(slot))

    def nanoseconds(self, name: str, slots: Sequence[bytes], repeats: int) -> float:
        """A record's share of this process's time, when all are judged so many times."""
        address = self._native.address(f"{name}_of_all")
        judge_all = ctypes.CFUNCTYPE(
            ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64
        )(address)
        raw = b"".join(slots)
        held = ctypes.create_string_buffer(raw, len(raw))
        start = time.process_time_ns()
        for _ in range(repeats):
            judge_all(ctypes.addressof(held), len(slots), len(slots[0]))
        return (time.process_time_ns() - start) / (len(slots) * repeats)
