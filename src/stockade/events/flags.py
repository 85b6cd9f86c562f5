"""Names of the bits in flag words, from uapi headers."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping

ACCESS_MODES = ("O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE")
# The values differ between architectures; os has the host's.
OPEN_FLAGS = {
    name: getattr(os, name)
    for name in (
        "O_CREAT O_EXCL O_NOCTTY O_TRUNC O_APPEND O_NONBLOCK O_DSYNC O_SYNC O_DIRECT"
        " O_DIRECTORY O_NOFOLLOW O_NOATIME O_CLOEXEC O_PATH O_TMPFILE"
    ).split()
}
MODE_BITS = {
    name: getattr(stat, name)
    for name in (
        "S_ISUID S_ISGID S_ISVTX S_IRUSR S_IWUSR S_IXUSR S_IRGRP S_IWGRP S_IXGRP S_IROTH S_IWOTH"
        " S_IXOTH"
    ).split()
}
CLONE_FLAGS = {
    0x100: "CLONE_VM",
    0x200: "CLONE_FS",
    0x400: "CLONE_FILES",
    0x800: "CLONE_SIGHAND",
    0x1000: "CLONE_PIDFD",
    0x2000: "CLONE_PTRACE",
    0x4000: "CLONE_VFORK",
    0x8000: "CLONE_PARENT",
    0x10000: "CLONE_THREAD",
    0x20000: "CLONE_NEWNS",
    0x40000: "CLONE_SYSVSEM",
    0x80000: "CLONE_SETTLS",
    0x100000: "CLONE_PARENT_SETTID",
    0x200000: "CLONE_CHILD_CLEARTID",
    0x800000: "CLONE_UNTRACED",
    0x1000000: "CLONE_CHILD_SETTID",
    0x2000000: "CLONE_NEWCGROUP",
    0x4000000: "CLONE_NEWUTS",
    0x8000000: "CLONE_NEWIPC",
    0x10000000: "CLONE_NEWUSER",
    0x20000000: "CLONE_NEWPID",
    0x40000000: "CLONE_NEWNET",
    0x80000000: "CLONE_IO",
    0x200000000: "CLONE_INTO_CGROUP",
}
_CAPABILITIES = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE"
    " NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO"
    " SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME"
    " SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG"
    " WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
).split()


def capability_names(mask: int) -> list[str]:
    """CAP_* of a capability set; a bit without a name is CAP_<number>."""
    names = [f"CAP_{name}" for bit, name in enumerate(_CAPABILITIES) if mask >> bit & 1]
    rest = range(len(_CAPABILITIES), mask.bit_length())
    return names + [f"CAP_{bit}" for bit in rest if mask >> bit & 1]


def open_flags(flags: int) -> list[str]:
    """O_* of an open, access mode first."""
    return [
        ACCESS_MODES[flags & 3],
        *(name for name, bits in OPEN_FLAGS.items() if flags & bits == bits),
    ]


def mode_names(mode: int) -> list[str]:
    """S_* of permission bits; none are 0."""
    return [name for name, bit in MODE_BITS.items() if mode & bit] or ["0"]


def clone_flags(flags: int) -> list[str]:
    """CLONE_* of a clone; the low byte, the exit signal, is left out."""
    return [name for bit, name in CLONE_FLAGS.items() if flags & bit]


def flag_names(table: Mapping[int, str], flags: int) -> list[str]:
    """The names of the bits that are set; none are 0, and bits without a name are their number."""
    found = [name for bit, name in table.items() if flags & bit]
    rest = flags & ~sum(bit for bit in table if flags & bit)
    return [*found, *([hex(rest)] if rest else [])] or ["0"]
