"""The kernel: what governs it, capabilities over it, and looking for what it can be made to do."""

from __future__ import annotations

from pathlib import Path

from tests.behaviours.act import ADMIN, MOUNTING, UNMASKED, Act
from tests.support.runc import Mount, Options

KERNEL = (
    Act(
        "PM",
        "Kernel control file opened for writing in a container",
        "exec 3<>/proc/sys/kernel/core_pattern",
        UNMASKED,
    ),
    Act(
        "PM",
        "Security setting of the kernel opened for writing in a container",
        "exec 3<>/proc/sys/kernel/randomize_va_space",
        UNMASKED,
    ),
    Act(
        "PM",
        "Setting of the whole machine opened for writing in a container",
        "exec 3<>/proc/sys/vm/max_map_count",
        UNMASKED,
        severe=False,
    ),
    Act(
        "PM",
        "Device setting opened for writing in a container",
        "exec 3<>/mnt/kernel/mm/transparent_hugepage/enabled",
        Options(mounts=(Mount(Path("/sys"), "/mnt"),)),
        severe=False,
    ),
    Act(
        "PM",
        "Kernel's debugging or firmware files opened for writing in a container",
        "mount -t tracefs t /mnt && exec 3>>/mnt/trace_marker",
        MOUNTING,
    ),
    Act("CA", "I/O ports opened from a container", "calls iopl"),
    Act(
        "CA",
        "BPF program loaded or attached in a container",
        "calls bpf@load",
        Options(capabilities=(*ADMIN, "CAP_BPF")),
    ),
    Act(
        "CA",
        "Another kernel prepared from a container",
        "calls kexec_file_load",
        Options(capabilities=("CAP_SYS_BOOT",)),
    ),
    Act(
        "CA",
        "Kernel module loaded or removed from a container",
        "rmmod nothing",
        Options(capabilities=("CAP_SYS_MODULE",)),
        fails=True,
    ),
    Act(
        "CA",
        "Whole machine profiled from a container",
        "calls perf_event_open@all",
        Options(capabilities=(*ADMIN, "CAP_PERFMON")),
    ),
    Act(
        "CA",
        "File opened by handle in a container",
        "mount -t tmpfs t /mnt; echo >/mnt/f; acts handle /mnt/f",
        Options(capabilities=(*ADMIN, "CAP_DAC_READ_SEARCH")),
    ),
    Act(
        "EV",
        "Page faults handled by a process in a container",
        "calls userfaultfd@kernel",
        Options(capabilities=("CAP_SYS_PTRACE",)),
    ),
    Act("EV", "Keyring of another used in a container", "calls request_key", severe=False),
    Act(
        "EV",
        "Kernel's events listened to from a container",
        "uevent true & sleep 0.5; kill -KILL $!",
        severe=False,
    ),
    Act("EV", "io_uring made in a container", "calls io_uring_setup", severe=False),
    Act(
        "EV",
        "System calls answered by a process in a container",
        "calls seccomp@listener",
        severe=False,
    ),
    Act("RC", "Kernel log read from a container", "dmesg", severe=False, fails=True),
    Act("RC", "Kernel's inventory read in a container", "head -c 1 /proc/kallsyms", severe=False),
    Act(
        "RC",
        "Privileged call refused in a container",
        "mount -t tmpfs none /mnt",
        severe=False,
        fails=True,
    ),
)
