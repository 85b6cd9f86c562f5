"""The brake, with outcomes made by hand."""

from __future__ import annotations

import pytest

from stockade.agent.brake import Act, Brake
from stockade.events import Action
from stockade.policies import Limits, Target


class Clock:
    """Seconds that pass when they are told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def brake(clock: Clock, **limits: int) -> Brake:
    return Brake(lambda _policy: Limits(**limits), clock)


def act(container: str, rule: str = "r", policy: str = "p", action: Action = Action.DENY) -> Act:
    return Act.of(policy, rule, container, action)


def boxes(number: int) -> list[str]:
    return [f"c{each}" for each in range(number)]


@pytest.mark.parametrize("action", [Action.DENY, Action.KILL])
def test_more_containers_than_allowed_trip_it(clock: Clock, action: Action) -> None:
    of = brake(clock)
    for name in boxes(5):
        assert of.count(act(name, action=action)) == []
    (trip,) = of.count(act("c5", action=action))
    assert (trip.target, trip.enforced) == (Target("p", "r"), True)
    assert trip.containers == tuple(boxes(6))
    assert trip.reason == "more than 5 containers in 60 s"


def test_one_container_alone_cannot_trip_it(clock: Clock) -> None:
    """Who is refused could switch off what refuses it."""
    of = brake(clock)
    assert [of.count(act("c0")) for _ in range(1000)] == [[]] * 1000


def test_the_window_slides(clock: Clock) -> None:
    of = brake(clock, containers=2)
    for name in boxes(2):
        of.count(act(name))
    clock.now += 60
    assert of.count(act("c2")) == []
    clock.now += 59
    assert of.count(act("c3")) == []
    assert len(of.count(act("c4"))) == 1


def test_a_containers_last_act_counts(clock: Clock) -> None:
    of = brake(clock, containers=1)
    of.count(act("c0"))
    clock.now += 40
    of.count(act("c0"))
    clock.now += 40
    assert len(of.count(act("c1"))) == 1


def test_rules_and_policies_are_counted_apart(clock: Clock) -> None:
    of = brake(clock, containers=1)
    acts = [act("c0"), act("c1", rule="other"), act("c2", policy="q"), act("c0")]
    assert [of.count(each) for each in acts] == [[]] * 4


def test_what_is_only_told_is_counted_apart(clock: Clock) -> None:
    of = brake(clock, containers=1)
    of.count(act("c0", action=Action.AUDIT))
    assert of.count(act("c1")) == []
    (trip,) = of.count(act("c2", action=Action.AUDIT))
    assert not trip.enforced


def test_what_goes_on_is_said_once(clock: Clock) -> None:
    of = brake(clock, containers=1)
    trips = 0
    for number in range(200):
        clock.now += 1
        trips += len(of.count(act(f"c{number}", action=Action.AUDIT)))
    assert trips == 1
    clock.now += 61
    of.count(act("c0", action=Action.AUDIT))
    assert len(of.count(act("c1", action=Action.AUDIT))) == 1


def test_actions_in_one_container_where_a_policy_limits_them(clock: Clock) -> None:
    of = brake(clock, actions=3)
    # By whichever rule.
    assert [of.count(act("c0", rule=str(each))) for each in range(3)] == [[]] * 3
    assert of.count(act("c1")) == []
    (trip,) = of.count(act("c0"))
    assert (trip.target, trip.enforced) == (Target("p", None, "c0"), True)
    assert trip.reason == "more than 3 times in one container in 60 s"


def test_actions_within_the_window_alone(clock: Clock) -> None:
    of = brake(clock, actions=2)
    for _ in range(50):
        clock.now += 30
        assert of.count(act("c0")) == []


def test_no_limit(clock: Clock) -> None:
    of = brake(clock, containers=0)
    assert [of.count(act(name)) for name in boxes(100)] == [[]] * 100


def test_other_policies_begin_anew(clock: Clock) -> None:
    of = brake(clock, containers=1)
    of.count(act("c0"))
    of.take(lambda _policy: Limits(containers=1))
    assert of.count(act("c1")) == []


def test_what_is_over_is_forgotten(clock: Clock) -> None:
    of = brake(clock, actions=5)
    for number in range(500):
        clock.now += 1
        of.count(act(f"c{number}", rule=str(number)))
    assert len(of) <= 2 * 62
