"""System call numbers of both ABIs of each architecture (arch/*/entry/syscalls/*.tbl)."""

from __future__ import annotations

from collections.abc import Container

from stockade.events import EventType as Type

SYSCALL_COUNT = 1024

_AMD64 = {
    2: Type.OPEN,
    59: Type.EXECVE,
    85: Type.CREAT,
    257: Type.OPENAT,
    304: Type.OPEN_BY_HANDLE_AT,
    322: Type.EXECVEAT,
    437: Type.OPENAT2,
    # x32's own, where that is configured.
    520: Type.EXECVE,
    545: Type.EXECVEAT,
    272: Type.UNSHARE,
    308: Type.SETNS,
}
_I386 = {
    5: Type.OPEN,
    8: Type.CREAT,
    11: Type.EXECVE,
    295: Type.OPENAT,
    342: Type.OPEN_BY_HANDLE_AT,
    358: Type.EXECVEAT,
    437: Type.OPENAT2,
    310: Type.UNSHARE,
    346: Type.SETNS,
}
_ARM64 = {
    56: Type.OPENAT,
    221: Type.EXECVE,
    265: Type.OPEN_BY_HANDLE_AT,
    281: Type.EXECVEAT,
    437: Type.OPENAT2,
    97: Type.UNSHARE,
    268: Type.SETNS,
}
_ARM = {
    5: Type.OPEN,
    8: Type.CREAT,
    11: Type.EXECVE,
    322: Type.OPENAT,
    371: Type.OPEN_BY_HANDLE_AT,
    387: Type.EXECVEAT,
    437: Type.OPENAT2,
    337: Type.UNSHARE,
    375: Type.SETNS,
}
# The kernel's own ABI, then the 32-bit one.
TABLES = {"x86_64": (_AMD64, _I386), "aarch64": (_ARM64, _ARM)}


def pack_table(machine: str, wanted: Container[Type]) -> bytes:
    """The bytes of syscall_types[]: the event types of each number, where they are wanted.

    Args:
        machine: as os.uname() names it.
        wanted: the event types that some rule asks for.

    Raises:
        KeyError: an unsupported architecture.
    """
    packed = bytearray(2 * SYSCALL_COUNT)
    for byte, table in enumerate(TABLES[machine]):
        for number, kind in table.items():
            if kind in wanted:
                packed[2 * number + byte] = kind
    return bytes(packed)
