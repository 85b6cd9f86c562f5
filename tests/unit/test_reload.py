"""Other rules while the watch goes on: taken as a whole, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from stockade.agent import Loaded, Reloader
from stockade.errors import LoadError, StockadeError
from stockade.events import Action, EventType, Points
from stockade.kernel import Wanted
from stockade.policies import Governed, govern
from stockade.rules import Engine, Rule
from tests.unit.policies.helpers import read

OPENS = Points(frozenset({EventType.OPENAT}))
POLICY = "- policy: p\n  mode: enforce\n  rules: [Denying]\n  exceptions: [e]\n"
EXCEPTION = "- exception: e\n  reason: r\n  expires: 2026-01-02\n  file: /mnt/shadow\n"
OTHER = POLICY.replace("policy: p", "policy: q")
UNTIL_NOW = POLICY.replace("  exceptions: [e]\n", "")


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[EventDict]]:
    """What the agent would write of it."""
    with capture_logs() as found:
        yield found


class Works:
    """All that is at work, as far as a reload asks for it: the order in which it did.

    Attributes:
        refusals: how many sets of rules the kernel will not take.
        deciding: the rules by which acts are decided; empty for those that were there before.
    """

    def __init__(self, refusals: int = 0, *, lacks: Sequence[str] = ()) -> None:
        self.sensor = self.parts = self
        self.refusals = refusals
        self.lacks = list(lacks)
        self.deciding: Sequence[Rule] = ()
        self.done: list[str] = []

    async def built(self, *_: object) -> None:
        """As a filterer."""

    async def apply(self, *_: object) -> None:
        self.done.append("filter")

    def load(self, _built: None) -> None:
        """As an enforcer."""
        if self.refusals:
            self.refusals -= 1
            raise LoadError("the kernel refuses it")

    def install(self, _loaded: None, rules: Sequence[Rule]) -> None:
        self.done.append("decide")
        self.deciding = rules

    def want(self, wanted: Wanted) -> None:
        """As a sensor."""
        assert EventType.OPENAT in wanted.decides

    def unloaded(self, _wanted: Wanted) -> list[str]:
        return self.lacks

    def withdraw(self) -> None:
        self.done.append("withdraw")

    def synchronize(self) -> bool:
        return True

    def take_rules(self, rules: Engine | list[Rule]) -> None:
        if isinstance(rules, Engine):
            self.done.append("judge")


def loaded(*texts: str) -> Loaded:
    """What was at work while the exception held."""
    found = read(*texts)
    governed = govern(found, (), datetime(2026, 1, 1, tzinfo=UTC))
    return Loaded(found, governed, Engine(governed.rules, OPENS))


class Scene:
    """A reload, and what has come of it."""

    def __init__(self, works: Works, new: Loaded | None, *old: str) -> None:
        self._new = new
        self.works = works
        self.taken: list[Governed] = []
        self.reloader = Reloader(
            self._load,
            (),
            works,  # type: ignore[arg-type]
            works,  # type: ignore[arg-type]
            loaded(*old),
            works,  # type: ignore[arg-type]
        )
        self.reloader.taken = self.taken.append

    def reload(self) -> None:
        asyncio.run(self.reloader.reload())

    def _load(self) -> Loaded:
        if self._new is None:
            raise StockadeError("the files are wrong")
        return self._new


def excepted(rules: Sequence[Rule]) -> bool:
    """Whether the exception holds for those that act."""
    (found,) = (rule for rule in rules if rule.effective is Action.DENY)
    return "/mnt/shadow" in str(found.condition)


def test_what_decides_changes_before_what_is_told() -> None:
    of = Scene(Works(), Loaded.of(read(OTHER, EXCEPTION), (), OPENS), UNTIL_NOW)
    of.reload()
    assert of.works.done == ["decide", "withdraw", "withdraw", "judge", "filter"]
    assert [governed.policies[0].name for governed in of.taken] == ["q"]
    assert (of.reloader.state.done, of.reloader.state.failed) == (1, 0)


@pytest.mark.parametrize("works", [Works(1), Works(lacks=["decide_exec"])])
def test_what_cannot_be_enforced_changes_nothing(works: Works) -> None:
    of = Scene(works, Loaded.of(read(OTHER, EXCEPTION), (), OPENS), UNTIL_NOW)
    of.reload()
    assert (works.done, of.taken) == ([], [])
    assert (of.reloader.state.done, of.reloader.state.failed) == (0, 1)


@pytest.mark.parametrize("refusals", [0, 1])
def test_no_mistake_makes_an_exception_last_longer(refusals: int) -> None:
    new = loaded(OTHER, EXCEPTION) if refusals else None
    of = Scene(Works(refusals), new, POLICY, EXCEPTION)
    of.reload()
    assert not excepted(of.works.deciding)
    (governed,) = of.taken
    assert [each.name for each in governed.expired] == ["e"]
    assert governed.policies[0].name == "p"
    assert of.reloader.state.failed == 1


def test_what_the_kernel_refuses_is_tried_again(logged: list[EventDict]) -> None:
    of = Scene(Works(1), None, POLICY, EXCEPTION)
    of.reload()
    assert (of.taken, of.reloader.state.failed) == ([], 2)
    assert [each["event"] for each in logged] == [
        "rules not reloaded; the old ones stay",
        "an exception that has expired still holds",
    ]
    of.reload()
    assert not excepted(of.works.deciding)
    assert excepted(loaded(POLICY, EXCEPTION).engine.rules)
