"""Namespaces, other processes, and programs that are not what they seem."""

from __future__ import annotations

from pathlib import Path

from tests.behaviours.act import ADMIN, MOUNTING, Act
from tests.support.runc import Mount, Options

HOST_PIDS = Options(capabilities=ADMIN, namespaces={"pid": None})
TOKEN = "/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - where pods have theirs

PROCESSES = (
    Act(
        "NS",
        "Namespace joined in a container",
        "nsenter -t 1 -u true",
        MOUNTING,
        severe=False,
    ),
    Act("NS", "Namespace made in a container", "unshare -u true", MOUNTING, severe=False),
    Act("NS", "Container process in a namespace of the host", "births setns {pid}", HOST_PIDS),
    Act("NS", "Container process on the host's root", "nsenter -t {pid} -m true", HOST_PIDS),
    Act(
        "NS",
        "File on another mount namespace's mount reached in a container",
        "cat /proc/{pid}/root/etc/hostname",
        HOST_PIDS,
    ),
    Act("NS", "Signal sent out of the container", "kill -USR1 {pid}", HOST_PIDS),
    Act(
        "NS",
        "Process outside the container reached into",
        "OTHER={pid} calls ptrace process_vm_readv",
        HOST_PIDS,
    ),
    Act(
        "NS",
        "Memory of a process opened where the host's are visible",
        "exec 3</proc/{pid}/mem",
        HOST_PIDS,
    ),
    Act("UN", "User namespace made in a container", "unshare -U true", severe=False),
    Act(
        "UN",
        "Layered filesystem mounted in a user namespace of a container",
        "unshare -Urm sh -c 'mount -t tmpfs t /mnt; mkdir /mnt/a /mnt/b /mnt/c;"
        " mount -t overlay -o lowerdir=/mnt/a:/mnt/b o /mnt/c'",
        # Who was root outside may be root inside.
        Options(capabilities=("CAP_SETFCAP",)),
        too_new=(
            "BPF_FUNC_get_current_task_btf",
            "overlayfs in user namespaces came with v5.11",
        ),
    ),
    Act(
        "UN",
        "Kernel's packet filter opened in a user namespace of a container",
        "unshare -U calls socket@netfilter",
    ),
    Act("PX", "Program run from memory in a container", "acts memfd /bin/busybox true"),
    Act(
        "PX",
        "Program run from a memory filesystem in a container",
        "cp /bin/busybox /dev/true; /dev/true",
        severe=False,
    ),
    Act("PX", "Kernel thread's name taken in a container", "calls prctl@name"),
    Act(
        "PX",
        "List of preloaded libraries written in a container",
        "echo >/etc/ld.so.preload; rm /etc/ld.so.preload",
    ),
    Act(
        "PX",
        "Program directory written in a container",
        "echo >/bin/own; rm /bin/own",
        severe=False,
    ),
    Act(
        "PX",
        "Environment of another process read in a container",
        "cat /proc/1/environ; true",
        severe=False,
    ),
    Act(
        "PX",
        "Service account token read in a container",
        f"cat {TOKEN}/token",
        Options(mounts=(Mount(Path("/tmp/stockade-test-token"), TOKEN),)),
        severe=False,
        files={"/tmp/stockade-test-token/token": "no token\n"},
    ),
    Act("KE", "Program crashed in a container", "sh -c 'kill -SEGV $$'; true", severe=False),
)
