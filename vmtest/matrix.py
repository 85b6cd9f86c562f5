"""make kernels: the tests on every tier of every kernel, one after the other; with names, on those.

What each kernel said is kept under build/kernels; what was seen on those where all went well,
under vmtest/recorded, which docs/kernels.md is made from.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from vmtest import guest, kernels, results, roots
from vmtest.results import Outcome

LOGS = guest.PROJECT / "build/kernels"
_BEST = "best"


def command(booted: kernels.Booted, tests: Sequence[str] = (), tier: str = "") -> str:
    """What the guest runs: look, then test, if only some tests; on the best tier or another."""
    root = roots.of(booted.kernel)
    chosen = [f"tests/{test}" for test in tests] or booted.selection(best=not tier)
    pytest = [root.python, "-B", "-m", "pytest", "-p", "no:cacheprovider", "-p", "vmtest.report"]
    pytest += ["--tier", tier] if tier else []
    return "\n".join(
        (
            f"cd {shlex.quote(str(guest.PROJECT))} || exit",
            root.prepare,
            f"export STOCKADE_REPORT={guest.OUT}/tests",
            f"{root.python} -B -m vmtest.seen {tier} >{guest.OUT}/seen",
            shlex.join([*pytest, "-v", "--no-header", "--color=no", "--durations=20", *chosen]),
        )
    )


def run(
    booted: kernels.Booted,
    show: Callable[[str], object],
    *,
    tier: str = "",
    tests: Sequence[str] = (),
    accept_growth: bool = False,
) -> Outcome:
    """One kernel's tests.

    Args:
        booted: from kernels.prepare.
        show: called with what the tests print, as they print it.
        tier: by which to watch, instead of the best.
        tests: instead of all that are for it, below tests/.
        accept_growth: whether it is fine that the verifier has more to look at than before.
    """
    root = roots.of(booted.kernel)
    line = command(booted, tests, tier)
    result = guest.run(booted, line, root=root.directory, show=show)
    name = named(booted, tier)
    log = log_of(name)
    log.parent.mkdir(parents=True, exist_ok=True)
    parts = {"output": result.stdout, "errors": result.stderr, "console": result.console}
    log.write_text("".join(f"==== {name}\n{text}\n" for name, text in parts.items()))
    before = None if accept_growth else results.recorded(name)
    return _outcome(name, booted.release, result, before)


def named(booted: kernels.Booted, tier: str = "") -> str:
    """What a run is called: without a tier it is the best one's."""
    return f"{booted.name} {tier}".strip()


def log_of(name: str) -> Path:
    """Where a run's log is kept."""
    return LOGS / f"{name.replace(' ', '-')}.log"


def _outcome(name: str, release: str, result: guest.Result, before: Outcome | None) -> Outcome:
    tests = [json.loads(line) for line in result.files.get("tests", "").splitlines()]
    seen = json.loads(result.files.get("seen") or "{}")
    verified = seen.get("verified", {})
    trouble = results.growth(before, verified)
    if not seen:
        trouble.append("what the kernel can do could not be found out")
    failed = [test["test"] for test in tests if test["outcome"] == "failed"]
    if result.code is None:
        trouble.append("the guest died or ran out of time")
    elif result.code and not failed:
        trouble.append(f"pytest ended with {result.code}")
    return Outcome(
        name=name,
        release=release,
        passed=sum(test["outcome"] == "passed" for test in tests),
        failed=tuple(failed),
        skipped={test["test"]: test["reason"] for test in tests if test["outcome"] == "skipped"},
        facts=seen.get("facts", {}),
        verified=verified,
        trouble=tuple(trouble),
    )


def main(arguments: list[str]) -> int:
    """Run, record and sum up; returns 1 when something went wrong."""
    parser = argparse.ArgumentParser(prog="make kernels", description=__doc__)
    parser.add_argument("--accept-growth", action="store_true", help="record what has grown")
    parser.add_argument(
        "--only", action="append", default=[], help="a test below tests/; nothing is recorded then"
    )
    parser.add_argument(
        "--again", action="store_true", help="only what failed last; what passed then counts"
    )
    parser.add_argument("--tier", help="only on this one, or on the best; otherwise on each")
    parser.add_argument("--preempt", help="only booted so: default or full; otherwise in each way")
    parser.add_argument("kernels", nargs="*", metavar="KERNEL")
    options = parser.parse_args(arguments)
    names = options.kernels or [kernel.name for kernel in kernels.KERNELS]
    outcomes: list[Outcome] = []
    for name in names:
        for booted in kernels.modes(kernels.prepare(kernels.find(name))):
            if options.preempt in {None, booted.preempt.partition("=")[2] or "default"}:
                outcomes += _run_all(booted, options)
    print(summary(outcomes))
    return 0 if all(outcome.good for outcome in outcomes) else 1


def _run_all(booted: kernels.Booted, options: argparse.Namespace) -> Iterator[Outcome]:
    """On the best tier, then on the others; how a kernel preempts makes no difference to those."""
    tiers = ["" if options.tier in {None, _BEST} else options.tier]
    for tier in tiers:
        name = named(booted, tier)
        print(f"==== {name}: {booted.release}, log {log_of(name)}", flush=True)
        outcome = _run_one(booted, tier, options)
        if options.tier is None and not tier and not booted.preempt:
            tiers += outcome.facts.get("tiers", [])[1:]
        yield outcome


def _run_one(booted: kernels.Booted, tier: str, options: argparse.Namespace) -> Outcome:
    """A run; unless it is of some tests only, its outcome is kept, and recorded when it is good."""
    kept = log_of(named(booted, tier)).with_suffix(".json")
    before = results.load(kept) if options.again else None
    if before and before.good:
        return before
    if before and before.trouble:
        before = None  # nobody knows what would have passed
    tests = [test.removeprefix("tests/") for test in before.failed] if before else options.only
    outcome = run(booted, _show, tier=tier, tests=tests, accept_growth=options.accept_growth)
    if before:
        outcome = results.merged(before, outcome)
    if not options.only:
        results.save(outcome, kept)
        if outcome.good:
            results.record(outcome)
    return outcome


def _show(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def summary(outcomes: Iterable[Outcome]) -> str:
    """A table, and below it why tests were skipped and what went wrong."""
    lines = [f"{'kernel':<22}{'release':<26}{'passed':>7}{'skipped':>9}{'failed':>8}"]
    below = []
    for outcome in outcomes:
        counts = f"{outcome.passed:>7}{len(outcome.skipped):>9}{len(outcome.failed):>8}"
        lines.append(f"{outcome.name:<22}{outcome.release:<26}{counts}")
        below += [f"{outcome.name}: skipped {test}: {why}" for test, why in outcome.skipped.items()]
        below += [f"{outcome.name}: FAILED {test}" for test in outcome.failed]
        below += [f"{outcome.name}: FAILED {what}" for what in outcome.trouble]
    return "\n".join((*lines, "", *below))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
