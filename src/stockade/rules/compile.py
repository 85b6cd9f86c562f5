"""One rule's definition, resolved and checked."""

from __future__ import annotations

from dataclasses import replace

from stockade.errors import Place, RuleError, UnknownField
from stockade.events import HOST, UNKNOWN, Action, Value
from stockade.rules.check import Checker
from stockade.rules.evaluate import evaluate
from stockade.rules.exceptions import operands_of, with_exceptions
from stockade.rules.keys import PACK_REQUIRED, Scope, Undecidable, Unknown
from stockade.rules.library import RuleDef
from stockade.rules.lowering.deciding import obstacles
from stockade.rules.macros import Macros
from stockade.rules.parser import parse
from stockade.rules.report import Report
from stockade.rules.rule import Rule
from stockade.rules.snippet import Text
from stockade.rules.syntax import And, Bound, Compare, Condition, FieldRef, Literal, Not, operands
from stockade.rules.template import parse_template
from stockade.rules.trial import make_trial

_SOURCE = "syscall"
_SETUP = "setup"
# No event has this name.
_NO_EVENT = "\0"


class Compiler:
    """Makes rules of definitions.

    Args:
        macros, checker: of the same files.
        report: takes what is wrong with a rule, and what is odd about it.
    """

    def __init__(self, macros: Macros, checker: Checker, report: Report) -> None:
        self._macros = macros
        self._checker = checker
        self._report = report

    def rule(self, definition: RuleDef) -> Rule | None:
        """The rule; None for one that has errors, or is left out with a warning."""
        source = definition.values.get("source", _SOURCE)
        if source != _SOURCE:
            message = f"rule {definition.name!r} is left out: no events of source {source}"
            self._report.warn(message, definition.place)
            return None
        if definition.pack is not None:
            self._check_pack(definition)
        mark = self._report.mark()
        rule = None
        with self._report.collect():
            rule = self._checked(definition)
        errors = self._report.errors_since(mark)
        if (
            errors
            and definition.values.get("skip-if-unknown-filter")
            and all(isinstance(error, UnknownField) for error in errors)
        ):
            self._report.forget(mark)
            message = f"rule {definition.name!r} is left out: {errors[0].message}"
            self._report.warn(message, definition.place)
        return rule

    def _checked(self, definition: RuleDef) -> Rule | None:
        values, mark = definition.values, self._report.mark()
        text = Text(values["condition"])
        resolved = self._macros.resolve(parse(text), definition.place)
        if resolved is None:
            return None
        exceptions = values.get("exceptions", [])
        excepted = with_exceptions(resolved, exceptions)
        for exception in exceptions:
            for operand in operands_of(exception):
                self._checker.bind(operand)
        scope = values.get("scope", Scope.ANY)
        condition = self._checker.condition(_scoped(excepted, scope, definition.place))
        output = parse_template(Text(values["output"]), self._checker, self._report)
        tests = tuple(
            make_trial(each, self._checker, self._report) for each in values.get("tests", ())
        )
        if self._report.errors_since(mark):
            return None
        rule = Rule(
            name=definition.name,
            desc=Text(values["desc"]).value.strip(),
            condition=condition,
            text=text.value.strip(),
            output=output,
            priority=values["priority"],
            tags=values.get("tags", ()),
            technique=values.get("technique", ()),
            action=values.get("action", Action.AUDIT),
            unknown=values.get("unknown", Unknown.DENY),
            scope=scope,
            maturity=values.get("maturity"),
            false_positives=values.get("false_positives", ""),
            tuning=values.get("tuning", ""),
            tests=tests,
            enabled=values.get("enabled", True),
            pack=definition.pack,
            place=definition.place,
        )
        self._warn(rule, of_any_event=values.get("warn_evttypes", True))
        if rule.action is Action.AUDIT:
            return rule
        return self._acting(rule, values.get("undecidable", Undecidable.ERROR))

    def _acting(self, rule: Rule, undecidable: Undecidable) -> Rule | None:
        """A rule that denies or kills, if the kernel can decide it."""
        rule = replace(rule, on_host=rule.scope is Scope.HOST)
        found = obstacles(rule)
        if not found:
            return replace(rule, decided=True)
        if undecidable is Undecidable.DETECT:
            return rule
        for each in found:
            hint = "with undecidable: detect, the rule only detects"
            self._report.error(RuleError(each.message, each.place, hint=hint))
        return None

    def _check_pack(self, definition: RuleDef) -> None:
        for key in PACK_REQUIRED:
            if not definition.values.get(key):
                message = f"rule {definition.name!r} belongs to a pack and has no {key}"
                self._report.error(RuleError(message, definition.place))

    def _warn(self, rule: Rule, *, of_any_event: bool) -> None:
        if of_any_event and rule.enabled and _takes_any_event(rule.condition):
            self._report.warn(
                f"rule {rule.name!r} does not say which events it is about",
                rule.place,
                hint="a condition that begins with evt.type costs less",
            )
        unfilled = sorted({b.field.name for b in operands(rule.condition) if not b.field.resolve})
        if unfilled:
            message = f"rule {rule.name!r} needs what nothing fills yet: {', '.join(unfilled)}"
            self._report.warn(message, rule.place)


def _scoped(condition: Condition, scope: Scope, place: Place) -> Condition:
    def compare(field: str, operator: str, value: str) -> Condition:
        literal = Literal(value, quoted=True, place=place)
        return Compare(FieldRef(field, None, place), operator, (literal,), None, place)

    match scope:
        case Scope.HOST:
            return And((compare("container.id", "=", HOST), condition))
        case Scope.CONTAINER:
            # Until its first program runs inside, it is the runtime that acts.
            setup = compare("container.role", "=", _SETUP)
            return And((compare("container.id", "!=", HOST), Not(setup), condition))
        case Scope.ANY:
            return condition


def _takes_any_event(condition: Condition) -> bool:
    def known(bound: Bound) -> Value:
        return _NO_EVENT if bound.field.name in {"evt.type", "syscall.type"} else UNKNOWN

    return evaluate(condition, known) is not False
