"""The brake: a rule that acts too often is more likely wrong than everybody is attacked at once."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from stockade.events import Action
from stockade.policies import Limits, Target

_ACTIONS = frozenset({Action.DENY, Action.KILL})
_LOOK_S = 1.0


@dataclass(frozen=True, slots=True)
class Act:
    """A rule of a policy has acted, or would have.

    Attributes:
        container: its id.
        enforced: whether it was done, and not only told.
    """

    policy: str
    rule: str
    container: str
    enforced: bool

    @classmethod
    def of(cls, policy: str, rule: str, container: str, action: Action) -> Act:
        """One that came out as some action."""
        return cls(policy, rule, container, action in _ACTIONS)


@dataclass(frozen=True, slots=True)
class Trip:
    """Somewhere there was too much.

    Attributes:
        target: what is to be dropped to audit.
        enforced: whether there is anything to be dropped.
        reason: in words.
        containers: in which it happened last, by their ids.
    """

    target: Target
    enforced: bool
    reason: str
    containers: tuple[str, ...]


@dataclass(slots=True)
class _Window:
    """Acts of one target.

    Attributes:
        times: when each container had its last one, the newest last.
        every: when each was, whatever the container.
        quiet_until: it was said before, and is not said again until then.
    """

    times: dict[str, float] = field(default_factory=dict)
    every: deque[float] = field(default_factory=deque)
    quiet_until: float = 0.0


class Brake:
    """Counts what rules do, or would do, in sliding windows.

    Enforced acts and those that are only told are counted apart.

    Args:
        limits: of a policy, by its name.
        clock: tells the time in seconds.
    """

    def __init__(
        self, limits: Callable[[str], Limits], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._windows: dict[tuple[str, Target, bool], _Window] = {}
        self._next_look = 0.0

    def __len__(self) -> int:
        return len(self._windows)

    def take(self, limits: Callable[[str], Limits]) -> None:
        """Count by other policies from now on, from the beginning."""
        self._limits = limits
        self._windows.clear()

    def count(self, act: Act) -> list[Trip]:
        """Take in an act: what it was too much for."""
        limits, now = self._limits(act.policy), self._clock()
        self._forget(now)
        found = []
        by_rule = Target(act.policy, act.rule)
        window = self._windows.setdefault((act.policy, by_rule, act.enforced), _Window())
        window.times.pop(act.container, None)
        window.times[act.container] = now
        while now - next(iter(window.times.values())) >= limits.window_s:
            del window.times[next(iter(window.times))]
        many = len(window.times)
        if limits.containers and many > limits.containers:
            reason = f"more than {limits.containers} containers in {limits.window_s} s"
            found += self._trip(window, by_rule, act, reason, limits.window_s)
        if limits.actions:
            found += self._count_container(act, limits, now)
        return found

    def _count_container(self, act: Act, limits: Limits, now: float) -> list[Trip]:
        target = Target(act.policy, None, act.container)
        window = self._windows.setdefault((act.policy, target, act.enforced), _Window())
        window.times[act.container] = now
        window.every.append(now)
        while now - window.every[0] >= limits.window_s or len(window.every) > limits.actions + 1:
            window.every.popleft()
        if len(window.every) <= limits.actions:
            return []
        reason = f"more than {limits.actions} times in one container in {limits.window_s} s"
        return self._trip(window, target, act, reason, limits.window_s)

    def _trip(
        self, window: _Window, target: Target, act: Act, reason: str, window_s: int
    ) -> list[Trip]:
        now, quiet_until = self._clock(), window.quiet_until
        window.quiet_until = now + window_s
        if now < quiet_until:
            return []
        return [Trip(target, act.enforced, reason, tuple(window.times))]

    def _forget(self, now: float) -> None:
        """Drop windows in which nothing has happened for long."""
        if now < self._next_look:
            return
        self._next_look = now + _LOOK_S
        for key, window in list(self._windows.items()):
            newest = next(reversed(window.times.values()))
            if now - newest >= self._limits(key[0]).window_s:
                del self._windows[key]
