"""The native core, or a clear word on why it cannot be used."""

from __future__ import annotations

import errno
import functools
import importlib
import os
from pathlib import Path
from typing import Any

from stockade.errors import MissingFeature, MissingPrivilege, StockadeError

BTF = Path("/sys/kernel/btf/vmlinux")

_LOG_BYTES = 1 << 20
# PROC_USER_INIT_INO of linux/proc_ns.h: the same on every kernel.
_INITIAL_USER_NS = 0xEFFFFFFD
_CAP_BPF = 39
_CAP_SYS_ADMIN = 21


@functools.cache
def native() -> Any:
    """The extension module; its ffi and lib are cffi's.

    Raises:
        MissingFeature: libbpf is not installed, or the extension was not built.
    """
    try:
        # Not at the top: whoever only asks for --help needs no libbpf.
        return importlib.import_module("stockade.kernel._native")
    except ImportError as err:
        if "libbpf" in str(err):
            raise MissingFeature("libbpf is not installed", hint="apt-get install libbpf1") from err
        raise MissingFeature(
            f"the native core cannot be loaded: {err}", hint="build it with: make setup"
        ) from err


def libbpf_version() -> str:
    """Such as v1.1."""
    core = native()
    return str(core.ffi.string(core.lib.core_libbpf_version()).decode())


def take_log() -> str:
    """What libbpf and the verifier said on this thread since the last call."""
    core = native()
    buffer = core.ffi.new("char[]", _LOG_BYTES)
    length = core.lib.core_take_log(buffer, _LOG_BYTES)
    return bytes(core.ffi.buffer(buffer, length)).decode("utf-8", "replace")


def may_use_bpf() -> bool:
    """Whether this process has CAP_SYS_ADMIN, or CAP_BPF, which is part of it."""
    with open("/proc/self/status", encoding="ascii") as status:
        effective = next(line.split()[1] for line in status if line.startswith("CapEff:"))
    return bool(int(effective, 16) & (1 << _CAP_BPF | 1 << _CAP_SYS_ADMIN))


def require_btf() -> None:
    """Raise MissingFeature where the kernel does not describe its types."""
    if not BTF.exists():
        raise MissingFeature(
            f"the kernel has no BTF ({BTF} is missing)",
            hint="use a kernel built with CONFIG_DEBUG_INFO_BTF, as distributions do since 5.10",
        )


@functools.cache
def has_tracepoint(name: str) -> bool:
    """Whether this kernel was built with a tracepoint; its BTF has a type for each."""
    return has_type(f"btf_trace_{name}")


@functools.cache
def has_type(name: str) -> bool:
    """Whether this kernel's BTF names something so."""
    return f"\0{name}\0".encode() in BTF.read_bytes()


@functools.cache
def function_type(name: str) -> int | None:
    """A number that functions of this kernel with equal arguments share.

    None where trampolines cannot know the function.
    """
    found = int(native().lib.core_function_type(name.encode()))
    return found if found >= 0 else None


@functools.cache
def function_arguments(name: str) -> int:
    """How many arguments a function of this kernel has; negative where it has no such function."""
    return int(native().lib.core_function_arguments(name.encode()))


@functools.cache
def is_hookable(function: str, *, reads: bool = False) -> bool:
    """Whether a trampoline program for a function of this kernel loads.

    Structs as arguments are refused before v6.1 (720e6a435194).

    Args:
        function: of this kernel.
        reads: whether the program reads the first argument.
    """
    return int(native().lib.core_try_function(function.encode(), reads)) == 0


def require_privilege() -> None:
    """Raise MissingPrivilege for a process that may not use BPF."""
    if os.stat("/proc/self/ns/user").st_ino != _INITIAL_USER_NS:
        raise MissingPrivilege(
            "root of a user namespace may not use BPF", hint="run in the initial user namespace"
        )
    if not may_use_bpf():
        raise MissingPrivilege("this needs root, or CAP_BPF with CAP_PERFMON", hint="run as root")


def os_error(code: int, what: str) -> StockadeError:
    """The error for a negative errno of a BPF operation."""
    if -code == errno.EPERM and not may_use_bpf():
        return MissingPrivilege(f"not allowed to {what}", hint="run as root")
    return MissingFeature(f"cannot {what}: {os.strerror(-code)}", errno=-code)


def check(result: int, what: str) -> int:
    """Pass on a result that is no error.

    Raises:
        MissingPrivilege: EPERM for lack of a capability.
        MissingFeature: any other errno.
    """
    if result < 0:
        raise os_error(result, what)
    return result
