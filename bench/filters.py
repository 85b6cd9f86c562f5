"""What many rules add to an open: the same collector with so many, and with one that is nothing.

Half of the files that are opened are such as nearly fire a rule. None fires one, so that nothing
is sent up.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack

from bench.rules import SEED, rules
from bench.tools import Tools, spread
from stockade.events import EventType, Verdict, decode
from stockade.kernel import Sensor, Wanted
from stockade.kernel.filters import Hook, LoadedPolicy
from stockade.rules import Rule
from stockade.rules.lowering import build
from stockade.rules.lowering.generated import chosen, directed
from stockade.rules.lowering.parts import Parts
from stockade.rules.lowering.staging import staged
from tests.support.rules import made, rule_text

_SIZES = (10, 30, 100, 300, 1000)
_FILES = 16
_OPENS = 100_000
_KIND = EventType.OPENAT
# A rule that costs what a rule costs at least: one comparison of a number.
_NOTHING = "evt.type = openat and fd.num = 123456"


def _near(found: tuple[Rule, ...], rng: random.Random) -> Iterator[str]:
    """Paths of records that nearly fire some rule, and that a file could have."""
    formulas = [each.may_fire for each in staged(found, _KIND, Parts(found))]
    while True:
        raw = directed(_KIND, chosen(rng.choice(formulas), rng), rng)
        path = getattr(decode(memoryview(raw)), "file").path.value  # noqa: B009 - of an open
        if path.isprintable() and path.startswith(("/etc/", "/usr/", "/root/", "/var/", "/opt/")):
            yield path.rstrip("/") + "~"


class _Bench:
    """A collector at work, and the policies of so many rules."""

    def __init__(self, tools: Tools, stack: ExitStack) -> None:
        self._tools = tools
        self._sensor = stack.enter_context(Sensor(Wanted(frozenset({_KIND}))))
        self._stack = stack

    def load(self, found: tuple[Rule, ...]) -> dict[Hook, LoadedPolicy]:
        """The filters of rules."""
        return self._stack.enter_context(self._sensor.filters.load(build(found, [_KIND]).policy))

    def time(self, loaded: dict[Hook, LoadedPolicy], paths: list[str]) -> float:
        """Nanoseconds of an open for writing and a close, in a container."""
        self._sensor.filters.install(loaded)
        return self._tools.run("write", str(_OPENS), *paths, contained=True)

    def sent_up(self, loaded: dict[Hook, LoadedPolicy], path: str) -> bool:
        """Whether some rule may be fired by an open."""
        self._sensor.filters.install(loaded)
        before = self._sent()
        self._tools.run("write", "100", path, contained=True)
        return self._sent() - before >= 100

    def _sent(self) -> int:
        return self._sensor.filters.verdicts().get((Verdict.SUBMIT, _KIND), 0)

    def paths(self, loaded: dict[Hook, LoadedPolicy], found: tuple[Rule, ...]) -> list[str]:
        """Files that fire nothing, half of them nearly."""
        near = _near(found, random.Random(SEED))  # noqa: S311 - always the same ones
        paths = [f"/tmp/{number}" for number in range(_FILES // 2)]  # noqa: S108 - the container's
        for path in paths:
            self._touch(path)
        while len(paths) < _FILES:
            path = next(near)
            self._touch(path)
            if not self.sent_up(loaded, path):
                paths.append(path)
        return paths

    def _touch(self, path: str) -> None:
        file = self._tools.runc.rootfs / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def show(tools: Tools, rounds: int) -> Iterator[str]:
    """The table."""
    with ExitStack() as stack:
        bench = _Bench(tools, stack)
        nothing = bench.load(made(rule_text(_NOTHING)).rules)
        yield f"{'rules':>6}{'open + close, none':>28}{'all':>28}{'added ns':>24}"
        for size in _SIZES:
            found = rules(size, random.Random(SEED))  # noqa: S311 - always the same ones
            loaded = bench.load(found)
            paths = bench.paths(loaded, found)
            turns = [(bench.time(nothing, paths), bench.time(loaded, paths)) for _ in range(rounds)]
            none, every = ([turn[at] for turn in turns] for at in (0, 1))
            added = [after - before for before, after in turns]
            yield f"{size:>6}{spread(none):>28}{spread(every):>28}{spread(added):>24}"
