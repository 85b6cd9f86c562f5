"""The claims of docs/threat-model/claims.yaml, held against rules, tests and what came of those."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from pathlib import Path

import msgspec
import yaml

from stockade.rules import Rule, load_rules

ROOT = Path(__file__).parents[1]
ROOM = ROOT / "docs/threat-model"
CLAIMS = ROOM / "claims.yaml"
RESULTS = ROOM / "results.json"
_ACTS_OF_TESTS = ROOT / "tests/behaviours"


class Level(Enum):
    """How far a claim goes, from the most to the least.

    PREVENTS: the effect does not happen.
    DETECTS: an alert names it.
    BEST_EFFORT: mostly it does; the limits say when not.
    OUT_OF_SCOPE: nothing is claimed.
    """

    PREVENTS = "prevents"
    DETECTS = "detects"
    BEST_EFFORT = "best effort"
    OUT_OF_SCOPE = "out of scope"


class Stage(Enum):
    """Where in an attack it is."""

    START = "start"
    RECONNAISSANCE = "reconnaissance"
    PREPARATION = "preparation"
    ESCAPE = "escape"
    HOST = "host"
    KERNEL = "kernel"
    AGENT = "agent"


class Attacker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A degree of the scale.

    Attributes:
        means: what such an attacker can do.
    """

    name: str
    means: str


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One claim.

    Attributes:
        id: of the catalogue, or our own.
        technique: what the attacker does.
        attack: ids of ATT&CK techniques.
        holds: the most able attacker against whom it holds: L1 to L5.
        needs: of the kernel, beyond what every supported one has.
        rules: that tell of it.
        tests: pytest's ids.
        limits: what is not seen.
    """

    id: str
    technique: str
    attack: tuple[str, ...]
    stage: Stage
    level: Level
    holds: str = ""
    needs: str = ""
    rules: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    limits: str = ""


class Bypass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A known way around.

    Attributes:
        claims: ids of those that it goes around; none for all.
        attacker: who can.
    """

    what: str
    attacker: str
    claims: tuple[str, ...] = ()


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file.

    Attributes:
        scale: attackers by degree.
        rating: where all of it stands, and why.
        outside: against what nothing is claimed at all.
    """

    scale: dict[str, Attacker]
    rating: str
    outside: tuple[str, ...]
    claims: tuple[Claim, ...]
    bypasses: tuple[Bypass, ...]


class Result(msgspec.Struct, frozen=True):
    """What became of a test when it last ran.

    Attributes:
        outcome: passed, failed or skipped.
        kernel: uname -r.
        tier: by which it was watched.
        day: when.
    """

    outcome: str
    kernel: str
    tier: str
    day: str


def read() -> Model:
    """The claims. Raises msgspec.ValidationError."""
    return msgspec.convert(yaml.safe_load(CLAIMS.read_text()), Model)


def results() -> dict[str, Result]:
    """What was recorded, by test."""
    if not RESULTS.exists():
        return {}
    return msgspec.json.decode(RESULTS.read_bytes(), type=dict[str, Result])


def keep(found: Mapping[str, Result]) -> None:
    """Record what became of tests."""
    rows = msgspec.to_builtins(dict(found))
    RESULTS.write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n")


@cache
def shipped() -> dict[str, Rule]:
    """The shipped rules by name, those that are off included."""
    return {rule.name: rule for rule in load_rules([ROOT / "rules"]).rules}


def tests_there() -> frozenset[str]:
    """The ids of all tests that start an agent or load programs."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "tests/e2e", "tests/kernel"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return frozenset(line for line in done.stdout.splitlines() if "::" in line)


def faults(model: Model, tests: frozenset[str], found: Mapping[str, Result]) -> Iterator[str]:
    """What is claimed and not shown.

    Args:
        model: the claims.
        tests: that there are.
        found: what became of them.
    """
    seen: set[str] = set()
    for claim in model.claims:
        if claim.id in seen:
            yield f"{claim.id}: claimed twice"
        seen.add(claim.id)
        for fault in _faults_of(claim, model, tests, found):
            yield f"{claim.id}: {fault}"
    for bypass in model.bypasses:
        for name in set(bypass.claims) - seen:
            yield f"a bypass names {name}, which nobody claims"
        if bypass.attacker not in model.scale:
            yield f"a bypass names attacker {bypass.attacker}, who is not on the scale"


def _faults_of(
    claim: Claim, model: Model, tests: frozenset[str], found: Mapping[str, Result]
) -> Iterator[str]:
    if claim.level is Level.OUT_OF_SCOPE:
        if claim.rules or claim.tests or claim.holds:
            yield "out of scope, with rules, tests or an attacker"
        if not claim.limits:
            yield "out of scope, and does not say why"
        return
    if claim.holds not in model.scale:
        yield f"attacker {claim.holds!r} is not on the scale"
    if claim.level is Level.BEST_EFFORT and not claim.limits:
        yield "best effort, and does not say when it fails"
    yield from _faults_of_rules(claim)
    yield from _faults_of_tests(claim, tests, found)


def _faults_of_tests(
    claim: Claim, tests: frozenset[str], found: Mapping[str, Result]
) -> Iterator[str]:
    if not claim.tests:
        yield "no test shows it"
    for test in claim.tests:
        if test not in tests:
            yield f"there is no test {test}"
        elif test not in found:
            yield f"{test} was never recorded; make threat-model does"
        elif found[test].outcome != "passed":
            yield f"{test} was {found[test].outcome} when it was last recorded"


def _faults_of_rules(claim: Claim) -> Iterator[str]:
    if not claim.rules:
        yield "no rule tells of it"
    for name in claim.rules:
        rule = shipped().get(name)
        if rule is None:
            yield f"there is no rule {name!r}"
        elif claim.level is Level.PREVENTS and not rule.decided:
            yield f"prevents, and rule {name!r} ({rule.action.value}) is only told"
        elif not any(name in test or name in _source(test) for test in claim.tests):
            yield f"none of its tests is about rule {name!r}"


@cache
def _source(test: str) -> str:
    """The text of a test's file, with the acts that it may be about."""
    files = [ROOT / test.partition("::")[0], *_ACTS_OF_TESTS.glob("*.py")]
    return "\n".join(path.read_text() for path in files if path.is_file())
