"""Parts of the kernel that most workloads do without: one use of each."""

from __future__ import annotations

from tests.behaviours.act import ADMIN, MOUNTING, Act
from tests.support.runc import Options

SURFACE = (
    Act("SH", "User namespace not for this workload", "unshare -U true"),
    Act("SH", "io_uring not for this workload", "calls io_uring_setup"),
    Act("SH", "userfaultfd not for this workload", "calls userfaultfd"),
    Act("SH", "BPF not for this workload", "calls bpf", Options(capabilities=(*ADMIN, "CAP_BPF"))),
    Act("SH", "Keyring not for this workload", "calls add_key keyctl"),
    Act("SH", "Rare socket family not for this workload", "calls socket@alg socket@vsock"),
    Act(
        "SH",
        "Performance events not for this workload",
        "calls perf_event_open",
        Options(capabilities=(*ADMIN, "CAP_PERFMON")),
    ),
    Act("SH", "New mount calls not for this workload", "calls fsopen open_tree", MOUNTING),
)
