"""Filters tried in this kernel, on events that are made for them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from stockade.errors import StockadeError
from stockade.events import EventType
from stockade.kernel.filters import TRACEPOINT, Hook, Way
from stockade.kernel.tiers import functions_of
from stockade.kernel.trial import Trial
from stockade.rules import Rule
from stockade.rules.lowering import Built
from stockade.rules.lowering.generated import chosen, directed
from stockade.rules.lowering.staging import staged

# The same events every time.
_SEED = 20_260_423
_EVENTS = 32
KERNEL_REPEATS = 200


@contextmanager
def trial_or_reason() -> Iterator[tuple[Trial | None, str]]:
    """A place to try filters in the kernel; where there is none, why not."""
    try:
        trial = Trial()
    except StockadeError as err:
        yield None, err.message
        return
    with trial:
        yield trial, ""


def records_of(rules: Sequence[Rule], kind: EventType) -> list[bytes]:
    """Records that fire one of the rules about them, or miss it by little."""
    rng = random.Random(_SEED)  # noqa: S311 - nothing is to be kept secret
    formulas = [each.may_fire for each in staged(rules, kind)]
    return [directed(kind, chosen(rng.choice(formulas), rng), rng) for _ in range(_EVENTS)]


def verified(built: Built, trial: Trial | None) -> Mapping[str, Mapping[EventType, int]]:
    """By hook and event type, how many instructions the verifier went through.

    There is nothing of a hook that this kernel refuses.
    """
    found: dict[str, dict[EventType, int]] = {}
    if trial is None:
        return found
    functions = functions_of(EventType.OPENAT)
    hooks = [TRACEPOINT, *(Hook("", name, Way.FEXIT) for name in (functions or ())[:1])]
    for hook in hooks:
        name = "functions" if hook.way is Way.FEXIT else hook.name
        found[name] = {}
        try:
            with trial.load(built.policy, hook) as loaded:
                for kind in map(EventType, built.policy.filters):
                    if sizes := loaded.sizes(kind):
                        found[name][kind] = sizes.verified
        except StockadeError:
            # A kernel without trampolines: the table says so.
            continue
    return found


def verified_text(count: int | None) -> str:
    """One of these numbers, in words where there is none."""
    return "refused" if count is None else str(count or "not told")
