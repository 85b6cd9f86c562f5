"""What calls' paths lead to, as security hooks tell it: not what the caller's memory says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from stockade.events import ABSENT, Event, EventType
from stockade.events.calls import CALLS
from stockade.events.fields import CATALOGUE, field_value
from stockade.kernel import Sensor, Tier, Wanted
from tests.support.runc import Options, Runc
from tests.support.watch import EventWatch

ADMIN = Options(capabilities=("CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_MKNOD", "CAP_FOWNER"))


@dataclass(frozen=True, slots=True)
class Act:
    """A command, by a path through a symbolic link; how its call ends, and what it was about."""

    command: str
    calls: str
    result: str = "SUCCESS"
    name: str = ""
    source: str = ""
    target: str = ""


# /tmp/via leads to /tmp/real.
ACTS = (
    Act("mv via/a via/b", "rename renameat2", source="/tmp/real/a", target="/tmp/real/b"),
    Act("ln via/a via/b", "link linkat", source="/tmp/real/a", target="/tmp/real/b"),
    Act("ln -s x via/s", "symlink symlinkat", source="x", target="/tmp/real/s"),
    Act("rm via/a", "unlink unlinkat", name="/tmp/real/a"),
    Act("mkdir via/d", "mkdir mkdirat", name="/tmp/real/d"),
    Act("rmdir via/../via/e", "rmdir unlinkat", name="/tmp/real/e"),
    Act("rmdir real || true", "rmdir unlinkat", "ENOTEMPTY", name="/tmp/real"),
    Act("mknod via/p p", "mknod mknodat", name="/tmp/real/p"),
    Act("mknod via/a p || true", "mknod mknodat", "EEXIST", name="/tmp/via/a"),
    Act("chmod 600 via/a", "chmod fchmodat fchmodat2", name="/tmp/real/a"),
    Act("chown 0:0 via/a", "chown fchownat", name="/tmp/real/a"),
    Act("chroot via/e true || true", "chroot", name="/tmp/real/e"),
    Act(
        "mount -t tmpfs none via/e && umount real/e",
        "mount",
        source="/tmp/none",
        target="/tmp/real/e",
    ),
    Act("mount -t tmpfs none real/e && umount via/e", "umount2", name="/tmp/real/e"),
    Act("rmdir via/none || true", "rmdir unlinkat", "ENOENT", name="/tmp/via/none"),
    Act(
        "chroot real sh -c true || true; mv via/a via/e/f",
        "rename renameat2",
        source="/tmp/real/a",
        target="/tmp/real/e/f",
    ),
)
SET_UP = "cd /tmp; rm -rf real via; mkdir -p real/e; echo x >real/a; ln -s real via; "


@pytest.fixture(scope="module")
def watch() -> Iterator[EventWatch]:
    with Sensor(Wanted(frozenset(CALLS))) as sensor:
        if sensor.tier is Tier.TRACEPOINT:
            pytest.skip("the tracepoint tier hooks no functions and keeps no objects")
        watch = EventWatch(sensor)
        yield watch
        watch.close()


def _calls(watch: EventWatch, container: str, kinds: set[EventType]) -> list[Event]:
    """Those of a container, once there are any."""
    watch.find(container, lambda event: event.type in kinds)
    return [event for event in watch.of(container) if event.type in kinds]


def _value(event: Event, name: str) -> str:
    value = field_value(CATALOGUE[name], None, event)
    return "" if value is ABSENT else str(value)


def _unseen(sensor: Sensor, act: Act) -> str:
    """What the kernel has no hook for, of an act; empty where it has all."""
    hooks = (f"{sensor.tier.value}_path_{call}" for call in act.calls.split())
    return "".join(sensor.missing.get(hook, "") for hook in hooks)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.command)
def test_objects_not_arguments(watch: EventWatch, runc: Runc, act: Act) -> None:
    if unseen := _unseen(watch.sensor, act):
        pytest.skip(f"this kernel's trampolines do not pass on structs: {unseen}")
    name, done = runc.run(["sh", "-ec", SET_UP + act.command], ADMIN)
    assert done.returncode == 0, done.stderr
    kinds = {EventType[call.upper()] for call in act.calls.split()}
    found = [
        (
            _value(event, "evt.res"),
            _value(event, "fs.path.name"),
            _value(event, "fs.path.source"),
            _value(event, "fs.path.target"),
        )
        for event in _calls(watch, name, kinds)
    ]
    assert (act.result, act.name, act.source, act.target) in found


def test_arguments_are_still_told(watch: EventWatch, runc: Runc) -> None:
    name, done = runc.run(["sh", "-ec", SET_UP + "rm via/a"])
    assert done.returncode == 0, done.stderr
    (event,) = (
        each
        for each in _calls(watch, name, {EventType.UNLINK, EventType.UNLINKAT})
        if _value(each, "fs.path.name") == "/tmp/real/a"
    )
    raw = _value(event, "evt.arg.path") or _value(event, "evt.arg.name")
    assert raw == "via/a"


def test_calls_that_nobody_asks_for_are_not_hooked() -> None:
    with Sensor(Wanted(frozenset({EventType.MKDIR}))) as sensor:
        if sensor.tier is Tier.TRACEPOINT:
            pytest.skip("the tracepoint tier hooks no functions and keeps no objects")
        hooked = set(sensor.hooks())
        assert {name for name in hooked if name.endswith("_sys_mkdir")}
        assert not {name for name in hooked if name.endswith(("_sys_rename", "_sys_openat"))}
        assert "sys_exit" not in hooked
