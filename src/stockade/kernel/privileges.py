"""What the agent keeps of root's power: what its programs and maps ask for, and reading /proc."""

from __future__ import annotations

import ctypes
import os
from enum import IntEnum
from pathlib import Path

_PR_SET_NO_NEW_PRIVS = 38
_PR_CAPBSET_DROP = 24
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_VERSION = 0x20080522  # _LINUX_CAPABILITY_VERSION_3
_HALF = 32
_LAST = Path("/proc/sys/kernel/cap_last_cap")


class Capability(IntEnum):
    """Those that are kept, and what stands in for two of them."""

    DAC_OVERRIDE = 1  # its state, where it was told to keep it
    DAC_READ_SEARCH = 2  # what runtimes write about containers
    SETPCAP = 8  # to let go of others
    NET_BIND_SERVICE = 10  # to answer at the port that it was told
    NET_ADMIN = 12  # programs of cgroups
    SYS_PTRACE = 19  # programs, arguments and files of processes, by /proc
    SYS_ADMIN = 21  # what BPF and PERFMON are a part of
    SYS_RESOURCE = 24  # maps are locked memory, before v5.11
    SYSLOG = 34  # addresses in the kernel
    PERFMON = 38
    BPF = 39


_PARTS = frozenset({Capability.PERFMON, Capability.BPF})
_KEPT = frozenset(Capability) - {Capability.SYS_ADMIN, Capability.SETPCAP}


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Sets(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


def lessen() -> None:
    """Keep what is needed, for good. Threads have their own: call it while there is only one.

    Raises:
        OSError: the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    header, sets = _Header(_VERSION, 0), (_Sets * 2)()
    _check(libc.capget(ctypes.byref(header), sets))
    had = sets[0].permitted | sets[1].permitted << _HALF
    kept = had & _mask(_KEPT if had & _mask(_PARTS) == _mask(_PARTS) else frozenset(Capability))
    if had & _mask(frozenset({Capability.SETPCAP})):
        for number in range(int(_LAST.read_text()) + 1):
            if not kept >> number & 1:
                _check(libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0))
    _check(libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
    for half in range(2):
        word = kept >> _HALF * half & (1 << _HALF) - 1
        sets[half] = _Sets(word, word, 0)
    _check(libc.capset(ctypes.byref(header), sets))


def _mask(capabilities: frozenset[Capability]) -> int:
    return sum(1 << number for number in capabilities)


def _check(result: int) -> None:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"privileges cannot be given up: {os.strerror(error)}")
