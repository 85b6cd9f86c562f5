"""What holes in runtimes come to, once in a container: the acts alone, without the holes."""

from __future__ import annotations

from pathlib import Path

from tests.behaviours.act import MOUNTING, Act
from tests.behaviours.mounts import HIERARCHIES, V1
from tests.support.runc import Mount, Options

VOLUME = "/tmp/stockade-test-volume"

PATCHES = (
    Act(
        "CVE-2022-0492",
        "Release agent of a cgroup opened for writing",
        f"{V1}; exec 3>>/mnt/release_agent",
        HIERARCHIES,
    ),
    Act(
        "CVE-2022-0492",
        "Cgroup filesystem mounted in a user namespace",
        "unshare -Urm mount -t cgroup -o memory c /mnt; true",
        Options(capabilities=("CAP_SETFCAP",)),
    ),
    Act(
        "CVE-2021-30465",
        "Paths exchanged on a mount that the container was given",
        "calls renameat2@exchange; rm -r /mnt/exchange.* /mnt/d",
        Options(mounts=(Mount(Path(VOLUME), "/mnt"),)),
        files={f"{VOLUME}/none": ""},
    ),
    Act(
        "CVE-2025-31133",
        "Device that a runtime mounts replaced",
        "rm /dev/full; ln -s /proc/sys/kernel/core_pattern /dev/full",
    ),
    Act(
        "CVE-2025-52565",
        "Device that a runtime mounts replaced",
        "rm -f /dev/console; ln -s /proc/sysrq-trigger /dev/console",
    ),
    Act(
        "CVE-2025-52881",
        "Place where runtimes write covered by a mount",
        "mount -t tmpfs none /proc/self/attr",
        MOUNTING,
    ),
)
