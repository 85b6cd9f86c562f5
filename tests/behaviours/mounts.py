"""Mounts, roots, cgroups and runtimes."""

from __future__ import annotations

from pathlib import Path

from tests.behaviours.act import ADMIN, MOUNTING, Act
from tests.support.runc import Mount, Options

# A hierarchy of cgroup v1 without controllers, which a kernel of any age has.
V1 = "mount -t cgroup -o none,name=stockade-test c /mnt"
# A hierarchy can be made in the host's cgroup namespace only.
HIERARCHIES = Options(capabilities=ADMIN, namespaces={"cgroup": None})

MOUNTS = (
    Act("PM", "Kernel filesystem mounted in a container", "mount -t cgroup2 none /mnt", MOUNTING),
    Act("PM", "Mounts changed in a container", "mount -t tmpfs none /mnt", MOUNTING, severe=False),
    Act("PM", "Device node made in a container", "mknod /tmp/node b 8 0; rm /tmp/node", MOUNTING),
    Act(
        "PM",
        "Protection of kernel files taken away in a container",
        "umount /proc/timer_list",
        MOUNTING,
    ),
    Act(
        "CG",
        "Kernel control file opened for writing in a container",
        f"{V1}; exec 3>>/mnt/release_agent",
        HIERARCHIES,
    ),
    Act(
        "CG",
        "Cgroup's device list or release opened for writing in a container",
        f"{V1}; exec 3>>/mnt/notify_on_release",
        HIERARCHIES,
    ),
    Act(
        "CG",
        "Cgroup's member list opened for writing in a container",
        f"{V1}; exec 3>>/mnt/cgroup.procs",
        HIERARCHIES,
        severe=False,
    ),
    Act(
        "CG",
        "Process born into another cgroup in a container",
        "mount -t cgroup2 none /mnt; births into /mnt",
        MOUNTING,
        severe=False,
    ),
    Act(
        "CG",
        "Container process outside its cgroup",
        "mount -t cgroup2 none /mnt && echo 0 >/mnt/cgroup.procs && true; umount /mnt",
        Options(capabilities=ADMIN, namespaces={"cgroup": None}),
    ),
    Act(
        "SM",
        "Root directory changed in a container",
        "mkdir -p /tmp/new; cp /bin/busybox /tmp/new/true; chroot /tmp/new /true",
        MOUNTING,
        severe=False,
    ),
    Act(
        "SM",
        "Host's root entered in a container",
        "chroot /mnt /bin/true",
        Options(mounts=(Mount(Path("/"), "/mnt", ("bind", "ro")),), capabilities=ADMIN),
    ),
    Act(
        "RV",
        "Standard device replaced in a container",
        "rm /dev/full; ln -s /proc/self/mounts /dev/full",
    ),
    Act(
        "RV",
        "Kernel's files covered by a mount in a container",
        "mount -o bind /dev/null /proc/uptime",
        MOUNTING,
    ),
    Act(
        "RV",
        "Paths exchanged at one stroke in a container",
        "calls renameat2@exchange",
        severe=False,
    ),
)
