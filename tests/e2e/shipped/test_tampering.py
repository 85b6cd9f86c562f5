"""What a corruption of the kernel's data leaves behind is found, whatever did it.

The data is overwritten from outside the guest: no kernel has a door for that.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from stockade.kernel.core import has_type
from tests.support.agent import Agent
from tests.support.engines import in_guest
from tests.support.kernel_memory import Change, corrupted, symbol
from tests.support.runc import Options, Runc, init_pid

CREDENTIALS = "Credentials overwritten in a container"
NAMESPACES = "Namespaces overwritten in a container"
CAPABILITIES = "Capabilities gained in a container"
UNFILTERED = "System call filter taken off in a container"
# The ids of struct cred, from uid to fsgid; two sets of capabilities.
ROOT = bytes(32).hex()
EVERYTHING = struct.pack("<QQ", (1 << 38) - 1, (1 << 38) - 1).hex()
# Whether calls are looked at: a flag of the thread until v5.11 gave calls flags of their own.
UNSEEN = (
    {"member": "thread_info.syscall_work", "clear": 1}
    if has_type("syscall_work")
    else {"member": "thread_info.flags", "clear": 1 << 8}
)

pytestmark = pytest.mark.skipif(
    not in_guest(), reason="only a guest's kernel memory can be written from outside"
)


@dataclass(frozen=True)
class Corruption:
    """What is overwritten in a container's process, and the rules that tell of it."""

    changes: tuple[Change, ...]
    rules: frozenset[str]


def pointing(member: str, name: str) -> Change:
    """A pointer to one of the kernel's own objects."""
    return {"member": member, "value": struct.pack("<Q", symbol(name)).hex()}


def cred_in_place() -> Corruption:
    return Corruption(({"member": "real_cred->uid", "value": ROOT},), frozenset({CREDENTIALS}))


def cred_of_init() -> Corruption:
    changes = (pointing("real_cred", "init_cred"), pointing("cred", "init_cred"))
    return Corruption(changes, frozenset({CREDENTIALS}))


def capabilities() -> Corruption:
    change = {"member": "cred->cap_permitted", "value": EVERYTHING}
    return Corruption((change,), frozenset({CREDENTIALS, CAPABILITIES}))


def namespaces() -> Corruption:
    return Corruption((pointing("nsproxy", "init_nsproxy"),), frozenset({NAMESPACES}))


def seccomp() -> Corruption:
    off = {"member": "seccomp.mode", "value": bytes(4).hex()}
    return Corruption((UNSEEN, off), frozenset({UNFILTERED}))


CORRUPTIONS = (cred_in_place, cred_of_init, capabilities, namespaces, seccomp)
IDLE = ["sleep", "600"]
# Nothing is ever written to the pipe: it opens a file a second, in the same process.
BUSY = [
    "sh",
    "-c",
    "mkfifo /dev/shm/f; exec 3<>/dev/shm/f; while :; do read -t 1 x <&3; read x </etc/passwd; done",
]


@pytest.mark.parametrize("command", [IDLE, BUSY], ids=["idle", "busy"])
@pytest.mark.parametrize("make", CORRUPTIONS, ids=lambda make: make.__name__)
def test_is_found(
    agent: Agent, runc: Runc, make: Callable[[], Corruption], command: list[str]
) -> None:
    corruption = make()
    options = Options(user=1000, seccomp=True)
    with runc.running(IDLE, options) as other, runc.running(command, options) as name:
        with corrupted(init_pid(name), corruption.changes):
            for rule in corruption.rules:
                assert agent.alert(rule, name)["priority"] == "Critical"
        accused = {alert["container"]["id"] for alert in agent.alerts()}
    assert other not in accused
