"""Plans as whole modules of LLVM IR: filters for the kernel, functions for a process."""

from __future__ import annotations

from collections.abc import Mapping

from stockade.rules.lowering.emit import ATTRIBUTES, PREAMBLE, Emitter
from stockade.rules.lowering.plan import Plan

# Where the program is in the object file.
SECTION = "filter"

# A filter's only helper is bpf_map_lookup_elem, number 1.
_PROGRAM = """
@slots = external global i8, section ".maps"
{tables}
define i64 @decision(ptr %context) #0 section "filter" {{
  %key = alloca i32, align 4
  store i32 0, ptr %key, align 4
  %slot = call ptr inttoptr (i64 1 to ptr)(ptr @slots, ptr %key)
  %nothing = icmp eq ptr %slot, null
  br i1 %nothing, label %gone, label %decide
gone:
  ret i64 0
{body}}}
"""
_FUNCTION = """
{tables}
define i64 @{name}(ptr %slot) #0 {{
  br label %decide
{body}}}
"""


def program(plan: Plan) -> str:
    """A filter for the kernel."""
    emitter = Emitter("t", section=".rodata")
    body = emitter.body(plan)
    text = _PROGRAM.format(tables=emitter.tables, body=body)
    return f'target triple = "bpfel"\n{PREAMBLE}{text}{ATTRIBUTES}'


def functions(plans: Mapping[str, Plan]) -> str:
    """The same as functions that take a slot's address and return the verdict, by their names."""
    text = PREAMBLE
    for name, plan in plans.items():
        emitter = Emitter(name)
        body = emitter.body(plan)
        text += _FUNCTION.format(name=name, tables=emitter.tables, body=body)
    return text + ATTRIBUTES
