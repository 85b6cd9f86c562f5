"""Rules into a policy: what the kernel's part of them is, and how much of it there is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from stockade.events import EventType, NeedFlags, Policy, Program
from stockade.events.fields import KIND_OF
from stockade.rules.engine import fires_on_told
from stockade.rules.lowering import elf
from stockade.rules.lowering.formulas import Formula, probes
from stockade.rules.lowering.kinds import FILTERED
from stockade.rules.lowering.knowledge import is_without, needs
from stockade.rules.lowering.modules import SECTION, program
from stockade.rules.lowering.parts import Parts
from stockade.rules.lowering.plan import Plan, plan
from stockade.rules.lowering.staging import staged
from stockade.rules.rule import Rule

_ALIGNMENT = 32

# Where one record's formulas are those of another event type, one program does for both.
Unit: TypeAlias = tuple[str, tuple[Formula, ...]]
Compiler: TypeAlias = Callable[[Sequence[str]], list[bytes | str]]


def units(
    rules: Sequence[Rule],
    kinds: Iterable[EventType],
    parts: Parts,
    decided: Collection[EventType] = (),
) -> dict[Unit, list[EventType]]:
    """What is to be compiled, with the event types that it is for."""
    found: dict[Unit, list[EventType]] = {}
    for kind in sorted(FILTERED.intersection(kinds)):
        told = [rule for rule in rules if not rule.decided or _is_told(rule, kind, decided)]
        formulas = tuple(dict.fromkeys(each.may_fire for each in staged(told, kind, parts)))
        layout = "open" if KIND_OF[kind] == "open" else "call"
        late = needs(formulas) & (NeedFlags.WHOLE_TASK | NeedFlags.DETAILS)
        # What else would be judged by what is not there goes up.
        formulas += tuple(map(is_without, late))
        if formulas and True not in formulas:
            found.setdefault((layout, formulas), []).append(kind)
    return found


def _is_told(rule: Rule, kind: EventType, decided: Collection[EventType]) -> bool:
    return any(fires_on_told(rule, kind, decided, host=host) for host in (False, True))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Event types that have no filter, though rules would allow one.

    Attributes:
        kinds: which.
        rules: the names of the rules about them, the largest first.
        reason: why.
    """

    kinds: tuple[EventType, ...]
    rules: tuple[str, ...]
    reason: str


def assemble(
    rules: Sequence[Rule],
    kinds: Iterable[EventType],
    compile_all: Compiler,
    decided: Collection[EventType] = (),
) -> tuple[Policy, tuple[Refusal, ...]]:
    """The policy of a set of rules.

    Args:
        rules: checked rules.
        kinds: the event types that are collected.
        compile_all: makes object files of modules; in place of one, why there is none.
        decided: the event types of which acts are decided before they happen.
    """
    refused: list[Refusal] = []
    planned: list[tuple[list[EventType], NeedFlags, Plan]] = []
    parts = Parts(rules)
    for (_, formulas), types in units(rules, kinds, parts, decided).items():
        found = plan(formulas, parts.set)
        if found is None:
            refused.append(_refusal(rules, types, "too much is asked of one event type"))
        else:
            planned.append((types, needs(formulas), found))
    objects = compile_all([program(each) for *_, each in planned])
    builder = Builder()
    for (types, needed, _), made in zip(planned, objects, strict=True):
        if isinstance(made, bytes):
            builder.add(types, needed, elf.read(made, SECTION))
        else:
            refused.append(_refusal(rules, types, made))
    return builder.policy(), tuple(refused)


def _refusal(rules: Sequence[Rule], types: list[EventType], reason: str) -> Refusal:
    about = list(staged(rules, types[0]))
    about.sort(key=lambda each: -sum(1 for _ in probes(each.may_fire)))
    return Refusal(tuple(types), tuple(each.rule.name for each in about), reason)


class Builder:
    """Programs and their tables, one after another."""

    def __init__(self) -> None:
        self._programs: list[Program] = []
        self._filters: dict[int, int] = {}
        self._needs: dict[int, int] = {}
        self._tables = bytearray()

    def add(self, types: Sequence[EventType], needed: NeedFlags, code: elf.Code) -> None:
        """Take in a program."""
        self._tables += b"\0" * (-len(self._tables) % _ALIGNMENT)
        places = {at: offset + len(self._tables) for at, offset in code.places.items()}
        self._tables += code.tables
        self._filters |= dict.fromkeys(map(int, types), len(self._programs))
        self._needs |= dict.fromkeys(map(int, types), int(needed))
        self._programs.append(Program(code.instructions, code.maps, places))

    def policy(self) -> Policy:
        """What has been taken in."""
        return Policy(tuple(self._programs), self._filters, bytes(self._tables), self._needs)
