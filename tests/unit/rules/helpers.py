"""Rules from texts, and what is found in them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from stockade.errors import Diagnostic, RuleErrors, Severity
from stockade.events import Value
from stockade.rules.evaluate import Lookup, evaluate
from stockade.rules.rule import Rule
from stockade.rules.ruleset import RuleSet, build
from stockade.rules.snippet import SourceFile
from stockade.rules.syntax import Bound


def indented(text: str, width: int = 4) -> str:
    """A YAML block scalar that holds exactly this condition, on its third line in rule()."""
    return "|\n" + "\n".join(" " * width + line for line in text.splitlines())


def rule(condition: str, name: str = "r", **keys: str) -> str:
    """One rule; the condition and the keys are YAML. The condition begins at 3:14."""
    values = {"output": "o", "priority": "WARNING"} | keys
    lines = [f"- rule: {name}", "  desc: d", f"  condition: {condition}"]
    lines += [f"  {key.replace('__', '-')}: {value}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


def macro(name: str, condition: str, extra: str = "") -> str:
    """One macro."""
    return f"- macro: {name}\n  condition: {condition}\n{extra}"


def items(name: str, values: str, extra: str = "") -> str:
    """One list."""
    return f"- list: {name}\n  items: {values}\n{extra}"


def made(*texts: str) -> RuleSet:
    """The rules of files a.yaml, b.yaml ..."""
    return build(
        SourceFile(f"{chr(ord('a') + number)}.yaml", text) for number, text in enumerate(texts)
    )


def only(*texts: str) -> Rule:
    """The only rule of the files."""
    (found,) = made(*texts).rules
    return found


def lookup(values: Mapping[str, Value]) -> Lookup:
    """The values of fields by their names with brackets."""

    def find(bound: Bound) -> Value:
        if bound.subscript is None:
            return values[bound.field.name]
        return values[f"{bound.field.name}[{bound.subscript}]"]

    return find


def outcome(of: Rule, values: Mapping[str, Value]) -> bool | None:
    """What a rule's condition comes to."""
    return evaluate(of.condition, lookup(values))


def holds(condition: str, values: Mapping[str, Value]) -> bool | None:
    """What a condition comes to; it is taken as it is, free of YAML's quoting."""
    return outcome(only(rule(indented(condition))), values)


def diagnostics(*texts: str) -> tuple[Diagnostic, ...]:
    """Everything that is said of files that cannot be used."""
    with pytest.raises(RuleErrors) as caught:
        made(*texts)
    return caught.value.diagnostics


def errors(*texts: str) -> list[str]:
    """The errors among that, as file:line:column: error: message."""
    return [str(each) for each in diagnostics(*texts) if each.severity is Severity.ERROR]


def warnings(*texts: str) -> list[str]:
    """The warnings about files that can be used."""
    return [str(each) for each in made(*texts).warnings]
