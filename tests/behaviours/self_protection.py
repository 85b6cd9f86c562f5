"""What is done against the agent: it goes on afterwards, or the act is one that changes nothing."""

from __future__ import annotations

from pathlib import Path

from tests.behaviours.act import ADMIN, MOUNTING, UNMASKED, Act
from tests.behaviours.jobs import UNIFIED
from tests.behaviours.processes import HOST_PIDS
from tests.support.runc import Mount, Options

BPF = Options(capabilities=(*ADMIN, "CAP_BPF"))
LOCK = Options(mounts=(Mount(Path("/run/stockade"), "/mnt"),))
PINS = Options(mounts=(Mount(Path("/sys/fs/bpf"), "/mnt"),))
# With the host's view of the hierarchy, in which the agent's cgroup has a place.
CGROUPS = Options(
    capabilities=(*ADMIN, "CAP_DAC_OVERRIDE"),
    mounts=(Mount(UNIFIED, "/mnt"),),
    namespaces={"pid": None, "cgroup": None},
)
# Where a path leads on the host is said by what the container was given: who has ended at once has
# none that could still be read.
STAY = "sleep 1"
MEMORY = "Agent's memory or settings in procfs opened in a container"

SELF_PROTECTION = (
    Act(
        "SP",
        "Agent signalled from a container",
        "kill -STOP {agent}; kill -CONT {agent}",
        HOST_PIDS,
    ),
    Act(
        "SP",
        "Agent reached into from a container",
        "OTHER={agent} calls process_vm_readv",
        HOST_PIDS,
    ),
    Act("SP", MEMORY, "exec 3</proc/{agent}/mem", HOST_PIDS),
    Act("SP", MEMORY, "exec 3<>/proc/{agent}/oom_score_adj", HOST_PIDS),
    Act(
        "SP",
        "Agent's private files in procfs read in a container",
        "head -c 1 /proc/{agent}/maps; ls /proc/{agent}/fd",
        HOST_PIDS,
    ),
    Act("SP", "Agent's pinned maps reached in a container", "ls /mnt/stockade", PINS),
    Act(
        "SP",
        "Agent's pinned maps reached in a container",
        f"unlink /mnt/stockade/none; {STAY}",
        PINS,
    ),
    Act("SP", "BPF objects of others looked for from a container", "calls bpf@next", BPF),
    Act("SP", "BPF program detached or exchanged from a container", "calls bpf@detach", BPF),
    Act(
        "SP",
        "Kernel's tracing switched in a container",
        "exec 3<>/proc/sys/kernel/perf_event_paranoid",
        UNMASKED,
    ),
    Act(
        "SP",
        "Kernel's tracing switched in a container",
        "mount -t tracefs t /mnt && exec 3<>/mnt/tracing_on",
        MOUNTING,
    ),
    Act("SP", "Agent's files changed in a container", "exec 3>>/mnt/lock", LOCK),
    Act(
        "SP",
        "Agent's files changed in a container",
        f"mkfifo /mnt/none.new; mv /mnt/none.new /mnt/none; rm /mnt/none; {STAY}",
        LOCK,
    ),
    Act(
        "SP",
        "Agent's cgroup changed in a container",
        # And back to where it was.
        "own=/mnt$(sed -n s/^0:://p /proc/{agent}/cgroup); mkdir $own/none;"
        " echo {agent} >$own/none/cgroup.procs; echo {agent} >$own/cgroup.procs;"
        " rmdir $own/none",
        CGROUPS,
    ),
)
