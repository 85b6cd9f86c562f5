"""The host's files by the mounts that a container was given, and traces."""

from __future__ import annotations

from pathlib import Path

from tests.behaviours.act import Act
from tests.support.runc import Mount, Options

ETC = Options(mounts=(Mount(Path("/etc"), "/mnt"),))
SHARE = "/tmp/stockade-test-share"
LOGS = "/var/log/stockade-test"
PODS = "/var/lib/kubelet/pods"
HALVES = "/tmp/stockade-test-halves"
SHARED = Options(mounts=(Mount(Path(SHARE), "/mnt"),))

FILES = (
    Act(
        "EV",
        "File outside its mount reached in a container",
        "acts handle /mnt/b/f 0 /mnt/a",
        Options(
            mounts=tuple(Mount(Path(HALVES, half), f"/mnt/{half}") for half in "ab"),
            capabilities=("CAP_DAC_READ_SEARCH",),
        ),
        files={f"{HALVES}/{half}/f": "text\n" for half in "ab"},
    ),
    Act("SM", "Host secret opened in a container", "cat /mnt/shadow", ETC),
    Act(
        "SM",
        "Host start-up file written in a container",
        ": >/mnt/cron.d/stockade-test",
        ETC,
        files={"/etc/cron.d/stockade-test": ""},
    ),
    Act(
        "SM",
        "Host start-up file replaced in a container",
        "mv /mnt/cron.d/.stockade-test /mnt/cron.d/stockade-test",
        ETC,
        files={"/etc/cron.d/stockade-test": "", "/etc/cron.d/.stockade-test": ""},
    ),
    Act(
        "SM",
        "Link out of the host's logs made in a container",
        "ln -sf /etc/shadow /mnt/app.log",
        Options(mounts=(Mount(Path(LOGS), "/mnt"),)),
        files={f"{LOGS}/app.log": ""},
    ),
    Act(
        "SM",
        "Another pod's files read in a container",
        "cat /mnt/stockade-test/volumes/kubernetes.io~secret/db/password",
        Options(mounts=(Mount(Path(PODS), "/mnt"),)),
        files={f"{PODS}/stockade-test/volumes/kubernetes.io~secret/db/password": "none\n"},
    ),
    Act(
        "SM",
        "Set-user-id program made on the host's files in a container",
        "chmod 4755 /mnt/program",
        SHARED,
        files={f"{SHARE}/program": ""},
    ),
    Act(
        "SM",
        "Set-user-id program made in a container",
        "cp /bin/busybox /tmp/s; chmod 4755 /tmp/s",
        severe=False,
    ),
    Act(
        "SM",
        "File capability set in a container",
        "calls setxattr@capability",
        Options(capabilities=("CAP_SETFCAP",)),
        severe=False,
    ),
    Act(
        "SM",
        "Symbolic link to a host's path made in a container",
        "rm -f /tmp/host; ln -s /proc/1/root /tmp/host",
    ),
    Act(
        "PX",
        "Log or shell history removed in a container",
        "mkdir -p /var/log; echo x >/var/log/auth.log; rm /var/log/auth.log",
        severe=False,
    ),
)
