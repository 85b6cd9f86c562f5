"""The kinds of events that there are, and what each leaves of the truths of tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from stockade.events import ABSENT, HOST, UNKNOWN, EventType, Value, container_fields
from stockade.events.fields import KIND_OF, possible
from stockade.rules.engine import EVENT_NAMES, OF_CONTAINER
from stockade.rules.lint.solver import Space
from stockade.rules.lint.theory import ANY, FALSE, NEITHER, TRUE, Theory, given
from stockade.rules.lowering.formulas import OPEN
from stockade.rules.lowering.knowledge import constants_of
from stockade.rules.lowering.staging import Stager
from stockade.rules.syntax import Bound, Test

_OF_CONTAINERS_ALONE = {field.name for field in container_fields.FIELDS} - OF_CONTAINER


class Scenario:
    """Events of one type, of the host or of containers.

    Args:
        kind: the type.
        host: whose.
        theory: of the tests that are asked about.
        stager: of the type; None where the kernel judges no such events.
    """

    def __init__(
        self, kind: EventType, theory: Theory, stager: Stager | None, *, host: bool
    ) -> None:
        self.kind = kind
        self.host = host
        self._theory = theory
        self._stager = stager
        self._truths = cache(self._looked_up)

    def space(self, everywhere: int = ANY) -> Space:
        """All such events."""
        return Space(self._theory, self._truths, everywhere)

    def _looked_up(self, number: int) -> int:
        test = self._theory.tests[number]
        if test.right is not None:
            values = [self._value(test.left), self._value(test.right)]
            return FALSE if ABSENT in values else NEITHER | FALSE if UNKNOWN in values else ANY
        value = self._value(test.left)
        if value is not None:
            return given(test, value)
        return self._named(test) & self._staged(test)

    def _value(self, bound: Bound) -> Value | None:
        """The value that an operand has in all of them; None where they differ."""
        field = bound.field
        if field.name in EVENT_NAMES:
            return self.kind.name.lower()
        if not possible(field, KIND_OF[self.kind]):
            return ABSENT
        if field.resolve is None:
            return UNKNOWN
        if self.host and field.name in OF_CONTAINER:
            return HOST
        return ABSENT if self.host and field.name in _OF_CONTAINERS_ALONE else None

    def _named(self, test: Test) -> int:
        """No container has the host's name."""
        of_host = test.values == (HOST,) and not test.left.functions
        if self.host or not of_host or test.left.field.name not in OF_CONTAINER:
            return ANY
        names = {"=": FALSE | NEITHER, "in": FALSE | NEITHER, "!=": TRUE | NEITHER}
        return names.get(test.operator, ANY)

    def _staged(self, test: Test) -> int:
        """What is known when rules are compiled."""
        if self._stager is not None:
            outcome = self._stager.outcome(test)
        else:
            view = constants_of(self.kind).get(test.left.field.name)
            outcome = OPEN if view is None else view(test)
        if outcome.may_hold is False:
            return FALSE
        return TRUE if outcome.may_fail is False else ANY


def scenarios(theory: Theory, stagers: Mapping[EventType, Stager]) -> Iterator[Scenario]:
    """All of them."""
    for kind in KIND_OF:
        for host in (True, False):
            yield Scenario(kind, theory, stagers.get(kind), host=host)
