"""From rules to a policy, in a child process and by way of a cache.

What is in the cache is named after everything that it depends on: rules, layout and compiler. A
start that finds it needs no LLVM.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path

import msgspec

from stockade import events
from stockade.events import LAYOUT, NOWHERE, Decisions, EventType, Points, Policy
from stockade.rules.lowering.assemble import Refusal, assemble
from stockade.rules.lowering.decisions import decide, rules_text
from stockade.rules.lowering.messages import packed, unpacked
from stockade.rules.rule import Rule
from stockade.rules.show import condition_text

CACHE = Path("/var/cache/stockade/policies")
_CHILD = "stockade.rules.lowering.child"
_COMPILE_S = 120.0
_KEPT = 16
_LAST_WORDS = 300


class Built(msgspec.Struct, frozen=True):
    """A policy, and what it lacks.

    Attributes:
        policy: the kernel's part of the rules.
        refusals: what had to be left to user space altogether.
        compiler: whose code it is.
        decisions: what is decided before it happens.
        undecided: what should be, and cannot.
    """

    policy: Policy
    refusals: tuple[Refusal, ...]
    compiler: str
    decisions: Decisions = Decisions()
    undecided: tuple[Refusal, ...] = ()


def compiler_version() -> str | None:
    """Of what compiles; None where it is not installed."""
    try:
        return f"llvmlite {metadata.version('llvmlite')}"
    except metadata.PackageNotFoundError:
        return None


def policy_key(rules: Iterable[Rule], kinds: Iterable[EventType], points: Points = NOWHERE) -> str:
    """The name of the policy of some rules for some event types."""
    of_points = sorted(map(int, points.before)), sorted(map(int, points.after))
    types = f"{sorted(map(int, kinds))} {of_points}"
    digest = hashlib.sha256(f"{LAYOUT} {_sources()} {types}".encode())
    rules = list(rules)
    digest.update(rules_text(rules).encode("utf-8", "surrogateescape"))
    for rule in rules:
        text = f"{tuple(rule.key)!r} {condition_text(rule.condition)}\n"
        digest.update(text.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


@cache
def _sources() -> str:
    """A hash of all that has a say in what comes out."""
    digest = hashlib.sha256()
    for room in (Path(__file__).parents[1], Path(events.__file__).parent):
        for path in sorted(room.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def find_policy(name: str, directory: Path = CACHE) -> Built | None:
    """What is in the cache under a name; None for nothing that is of use."""
    try:
        built = msgspec.msgpack.decode((directory / name).read_bytes(), type=Built)
    except (OSError, msgspec.DecodeError):
        return None
    return built if compiler_version() in {None, built.compiler} else None


def keep_policy(name: str, built: Built, directory: Path = CACHE) -> None:
    """Have the cache keep it, in place of what is oldest. Raises OSError."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    old = sorted(directory.iterdir(), key=lambda path: path.stat().st_mtime)
    for path in old[: max(len(old) - _KEPT + 1, 0)]:
        path.unlink(missing_ok=True)
    with tempfile.NamedTemporaryFile(dir=directory, delete=False) as file:
        file.write(msgspec.msgpack.encode(built))
    os.replace(file.name, directory / name)


def build(rules: Sequence[Rule], kinds: Iterable[EventType], points: Points = NOWHERE) -> Built:
    """Compile. Takes a second or so, and some more for thousands of rules.

    Args:
        rules: checked ones.
        kinds: the event types that are collected.
        points: where acts can be decided.
    """
    policy, refusals = assemble(rules, kinds, compile_all, points.before)
    decisions, undecided = decide(rules, points, compile_all)
    return Built(policy, refusals, compiler_version() or "none", decisions, undecided)


def compile_all(modules: Sequence[str]) -> list[bytes | str]:
    """The object files of modules; in place of one that cannot be compiled, why that is."""
    if compiler_version() is None:
        return ["llvmlite is not installed"] * len(modules)
    return list(_compiled(modules))


def _compiled(modules: Sequence[str]) -> Iterator[bytes | str]:
    left = list(modules)
    while left:
        objects, reason = _run_child(left)
        yield from objects
        left = left[len(objects) :]
        if left:
            # It is the module at which the child ended that it could not do.
            yield reason
            left.pop(0)


def _run_child(modules: Sequence[str]) -> tuple[list[bytes], str]:
    """The object files up to the first failure, and what that was."""
    data = b"".join(packed(module.encode()) for module in modules)
    command = [sys.executable, "-m", _CHILD]
    try:
        done = subprocess.run(
            command, input=data, capture_output=True, timeout=_COMPILE_S, check=False
        )
    except subprocess.TimeoutExpired as err:
        return list(unpacked(err.stdout or b"")), f"it took longer than {_COMPILE_S:.0f} s"
    objects = list(unpacked(done.stdout))
    return objects[: len(modules)], _why(done)


def _why(done: subprocess.CompletedProcess[bytes]) -> str:
    words = done.stderr.decode("utf-8", "replace").strip().split("\n")
    said = words[-1][:_LAST_WORDS]
    if done.returncode < 0:
        return f"the compiler ended by {signal.Signals(-done.returncode).name}: {said}"
    return f"the compiler failed: {said}"
