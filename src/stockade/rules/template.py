"""Output texts with %fields, as Falco writes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from stockade.errors import RuleError
from stockade.events import Missing, Value
from stockade.events.fields import find
from stockade.rules.check import Checker
from stockade.rules.parser import FUNCTIONS, parse_operand
from stockade.rules.report import Report
from stockade.rules.snippet import Text
from stockade.rules.syntax import Bound

_NAME_MAX = 256
# What Falco prints for a field without a value.
NOT_AVAILABLE = "<NA>"
# It stood for what is now in every alert.
_OBSOLETE = "%container.info"

_NAME = r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)+(?:\[[^\]\n]*\])?"
_CALL = rf"(?:(?:{'|'.join(FUNCTIONS)})\()+{_NAME}\)+"
_FIELD = re.compile(rf"%(?P<operand>{_CALL}|{_NAME})")


@dataclass(frozen=True, slots=True)
class Template:
    """An output text, split at its fields.

    Attributes:
        parts: literal texts, one more than there are operands.
        operands: what stands between them.
    """

    parts: tuple[str, ...]
    operands: tuple[Bound, ...]

    def render(self, values: Callable[[Bound], Value]) -> str:
        """The text for one event."""
        out = [self.parts[0]]
        for operand, literal in zip(self.operands, self.parts[1:], strict=True):
            out += [as_text(values(operand)), literal]
        return "".join(out)


def parse_template(text: Text, checker: Checker, report: Report) -> Template:
    """Find the %fields of an output; those that are unknown are reported."""
    parts, operands = [""], []
    at = 0
    value = text.value.rstrip()
    if _OBSOLETE in value:
        report.warn(
            f"{_OBSOLETE} is not needed: every alert has its container",
            text.place(value.index(_OBSOLETE)),
        )
    for match in _FIELD.finditer(value):
        name = match["operand"]
        end = match.end()
        if "(" not in name and "[" not in name:
            # In "%proc.name." the last dot ends a sentence.
            known = _longest_known(name)
            end -= len(name) - len(known)
            name = known
        literal = value[at : match.start()]
        at = end
        if f"%{name}" == _OBSOLETE:
            parts[-1] += literal
            continue
        with report.collect():
            operands.append(_bound(name, text, match.start() + 1, checker))
            parts[-1] += literal
            parts.append("")
    parts[-1] += value[at:]
    return Template(tuple(" ".join(part.split("\n")) for part in parts), tuple(operands))


def _longest_known(name: str) -> str:
    candidate = name[:_NAME_MAX]
    while "." in candidate:
        if find(candidate)[0] is not None or f"%{candidate}" == _OBSOLETE:
            return candidate
        candidate = candidate.rpartition(".")[0]
    return name


def _bound(name: str, text: Text, start: int, checker: Checker) -> Bound:
    try:
        return checker.bind(parse_operand(text.part(start, start + len(name))))
    except RuleError as err:
        raise type(err)(f"in the output: {err.message}", err.place, hint=err.hint) from err


def as_text(value: Value) -> str:
    """A value as it is printed."""
    if isinstance(value, Missing):
        return NOT_AVAILABLE
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return " ".join(map(as_text, value)) if isinstance(value, tuple) else str(value)
