"""System calls of both ABIs of each architecture: their numbers, and the functions behind them."""

from __future__ import annotations

from collections.abc import Container, Iterator

from stockade.events import EventType
from stockade.events.calls import CALLS, Numbers, parse_numbers

SYSCALL_COUNT = 1024
# The kernel's own ABI, then the 32-bit one; columns of Numbers.
ARCHITECTURES = {"x86_64": (0, 1), "aarch64": (2, 3)}

# What is told of by records of its own, or as something else.
_OTHERS = """
    open 2:5:-:5
    openat 257:295:56:322
    openat2 437:437:437:437
    creat 85:8:-:8
    open_by_handle_at 304:342:265:371
    execve 59/520:11:221:11
    execveat 322/545:358:281:387
    recvmsg 47/519:372:212:297
    recvmmsg 299/537:337/417:243:365/417
    socketcall -:102:-:-
"""


def _of_others() -> Iterator[tuple[EventType, Numbers]]:
    for line in _OTHERS.strip().split("\n"):
        name, numbers = line.split()
        yield EventType[name.upper()], parse_numbers(numbers)


NUMBERS = dict(_of_others()) | {kind: call.numbers for kind, call in CALLS.items() if call.numbers}


def pack_table(machine: str, wanted: Container[EventType]) -> bytes:
    """The bytes of syscall_types[]: the event types of each number, where they are wanted.

    Args:
        machine: as os.uname() names it.
        wanted: the event types that some rule asks for.

    Raises:
        KeyError: an unsupported architecture.
    """
    packed = bytearray(2 * SYSCALL_COUNT)
    columns = ARCHITECTURES[machine]
    for kind, numbers in NUMBERS.items():
        if kind not in wanted:
            continue
        for byte, column in enumerate(columns):
            for number in numbers[column]:
                packed[2 * number + byte] = kind
    return bytes(packed)


# What the kernel's functions are called after the prefixes of an ABI, where that is not the call's
# own name; i386's variants come first.
_STEMS = {EventType.UMOUNT2: ("umount", "oldumount")}
_PREFIXES = {
    "x86_64": (("__x64_sys_", "__x64_compat_sys_"), ("__ia32_compat_sys_", "__ia32_sys_")),
    # Most of the 32-bit calls are the kernel's own.
    "aarch64": (("__arm64_sys_",), ("__arm64_compat_sys_", "__arm64_sys_")),
}


def functions(machine: str, kind: EventType) -> list[str]:
    """What the functions behind a call may be called, in the kernel's own ABI and the 32-bit one.

    Args:
        machine: as os.uname() names it.
        kind: the call.

    Raises:
        KeyError: an unsupported architecture, or no call.
    """
    native, compat = ARCHITECTURES[machine]
    name, numbers = kind.name.lower(), NUMBERS[kind]
    stems = _STEMS.get(kind, (name,))
    old = (f"{name}16", f"ia32_{name}64", f"{name}_time32", f"{name}_time64")
    of_native, of_compat = _PREFIXES[machine]
    found = []
    if numbers[native]:
        found += [prefix + stem for prefix in of_native for stem in stems]
    if numbers[compat]:
        found += [prefix + stem for prefix in of_compat for stem in (*stems, *old)]
    return found
