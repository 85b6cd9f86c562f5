"""Plans as whole modules of LLVM IR: filters for the kernel, functions for a process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stockade.events._records import SLOT, Outcome
from stockade.rules.lowering.emit import ATTRIBUTES, PREAMBLE, Emitter
from stockade.rules.lowering.plan import Plan

# Where the program is in the object file.
SECTION = "filter"
# How many slots a CPU has.
_SLOTS = 4

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
# What decides has bpf_get_current_task, number 35, beside it: no other helper that tells who acts
# is there for programs of every type on every kernel. Its slot is the one claimed for that task.
_DECISION = """
@slots = external global i8, section ".maps"
@scopes = external global i8, section ".maps"
{tables}
define i64 @decision(ptr %context) #0 section "filter" {{
  %key = alloca i32, align 4
  %task = call i64 inttoptr (i64 35 to ptr)()
  br label %slot0
{search}gone:
  ret i64 0
decide:
  %slot = phi ptr {found}
  br label %judge
{body}}}
"""
_SEARCH = """slot{number}:
  store i32 {number}, ptr %key, align 4
  %found{number} = call ptr inttoptr (i64 1 to ptr)(ptr @slots, ptr %key)
  %nothing{number} = icmp eq ptr %found{number}, null
  br i1 %nothing{number}, label %gone, label %look{number}
look{number}:
  %place{number} = getelementptr i8, ptr %found{number}, i64 {place}
  %decider{number} = load volatile i64, ptr %place{number}, align 8
  %own{number} = icmp eq i64 %decider{number}, %task
  br i1 %own{number}, label %decide, label %{following}
"""
_FUNCTION = """
{tables}
define i64 @{name}(ptr %slot) #0 {{
  br label %{first}
{body}}}
"""


def program(plan: Plan) -> str:
    """A filter for the kernel."""
    emitter = Emitter("t", section=".rodata")
    body = emitter.body(plan)
    text = _PROGRAM.format(tables=emitter.tables, body=body)
    return f'target triple = "bpfel"\n{PREAMBLE}{text}{ATTRIBUTES}'


def decision(plan: Plan, outcomes: Sequence[Outcome], rules: int) -> str:
    """A program that decides."""
    emitter = Emitter("t", section=".rodata")
    body = emitter.decision(plan, outcomes, rules)
    search = "".join(
        _SEARCH.format(
            number=number,
            place=SLOT["decider"],
            following=f"slot{number + 1}" if number + 1 < _SLOTS else "gone",
        )
        for number in range(_SLOTS)
    )
    found = ", ".join(f"[ %found{number}, %look{number} ]" for number in range(_SLOTS))
    text = _DECISION.format(
        tables=emitter.tables,
        search=search,
        found=found,
        body=body,
    )
    return f'target triple = "bpfel"\n{PREAMBLE}{text}{ATTRIBUTES}'


def functions(plans: Mapping[str, Plan]) -> str:
    """The same as functions that take a slot's address and return the verdict, by their names."""
    text = PREAMBLE
    for name, plan in plans.items():
        emitter = Emitter(name)
        body = emitter.body(plan)
        text += _FUNCTION.format(name=name, tables=emitter.tables, body=body, first="decide")
    return text + ATTRIBUTES


def decision_function(name: str, plan: Plan, outcomes: Sequence[Outcome], rules: int) -> str:
    """What decides as a function that takes a slot's address and returns the outcome."""
    emitter = Emitter(name)
    body = emitter.decision(plan, outcomes, rules)
    text = _FUNCTION.format(name=name, tables=emitter.tables, body=body, first="judge")
    return f"{PREAMBLE}{text}{ATTRIBUTES}"
