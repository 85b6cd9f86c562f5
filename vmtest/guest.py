"""Run one command in a guest and get its output and exit code back."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vmtest.kernels import Booted
from vmtest.memory import Memory

PROJECT = Path(__file__).parents[1]

# A boot costs 5 to 10 CPU seconds, all tests on one tier some 2000; a hang must not eat a shared
# machine.
CPU_BUDGET_S = 3600
_POLL_S = 0.05
# QEMU's, for who reads and writes the guest's memory.
_STUB = "stub"
# Where a command leaves files for us.
OUT = "/vm/ctl/out"

_COMMAND_LINE = (
    "quiet loglevel=3 panic=-1 oops=panic reboot=t mitigations=off nokaslr"
    " tsc=reliable no_timer_check random.trust_cpu=on audit=0 apparmor=0"
    " lsm=lockdown,capability,landlock,yama,bpf"
)


@dataclass(frozen=True, slots=True)
class Machine:
    """What QEMU is told of an architecture; it has no KVM, which is taken to be missing."""

    program: str
    options: tuple[str, ...]
    console: str


MACHINES = {
    "amd64": Machine(
        "qemu-system-x86_64",
        (
            "-M",
            "q35,usb=off,smbus=off,sata=off,i8042=off,vmport=off,hpet=off,graphics=off",
            "-cpu",
            "max",
        ),
        "ttyS0",
    ),
    "arm64": Machine(
        "qemu-system-aarch64",
        ("-M", "virt,gic-version=3", "-cpu", "cortex-a72"),
        "ttyAMA0",
    ),
}


@dataclass(frozen=True, slots=True)
class Result:
    """What a guest's command did.

    Attributes:
        code: its exit code; None when the guest died or ran out of time.
        stdout: what it printed.
        stderr: the same.
        console: what the kernel and QEMU said.
        files: what it left in OUT, by name.
        cpu_s: what the guest took of this machine.
        wall_s: how long it took.
    """

    code: int | None
    stdout: str
    stderr: str
    console: str
    files: dict[str, str]
    cpu_s: float
    wall_s: float


def run(
    kernel: Booted,
    command: str,
    *,
    root: Path = Path("/"),
    memory_mib: int = 2048,
    show: Callable[[str], object] | None = None,
) -> Result:
    """Boot, run a shell command as root, and shut down.

    Args:
        kernel: from kernels.prepare.
        command: a shell script.
        root: the guest's root file system, which it sees writable but private.
        memory_mib: the guest's memory.
        show: called with what the command prints, as it comes.
    """
    work = Path(tempfile.mkdtemp(prefix="stockade-vm-"))
    try:
        control = work / "ctl"
        (control / "out").mkdir(parents=True)
        (control / "cmd").write_text(command)
        before, started = _children_cpu(), time.monotonic()
        with (work / "qemu.log").open("wb") as log:
            process = subprocess.Popen(
                _arguments(kernel, work, root, memory_mib),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            _wait(process, Memory(kernel.image, work / _STUB, control), control, show)
        return _result(work, _children_cpu() - before, time.monotonic() - started)
    finally:
        shutil.rmtree(work)


def _arguments(kernel: Booted, work: Path, root: Path, memory_mib: int) -> list[str]:
    machine = MACHINES[kernel.kernel.architecture]
    arguments = [machine.program, *machine.options]
    # With a thread for each CPU, QEMU 7.2 may run code for ever that another CPU has changed:
    # the kernel changes the first instruction of a function that something is attached to.
    arguments += ["-accel", "tcg,thread=single,tb-size=512", "-smp", "2"]
    arguments += ["-m", str(memory_mib), "-nodefaults", "-no-user-config", "-nographic"]
    arguments += ["-no-reboot", "-nic", "none", "-kernel", str(kernel.image)]
    line = f"console={machine.console} {_COMMAND_LINE} {kernel.preempt}"
    arguments += ["-initrd", str(kernel.initramfs)]
    arguments += ["-append", f"{line} stockade.project={PROJECT}"]
    # A disk that reads as zeros, for what needs a block device.
    arguments += ["-blockdev", "driver=null-co,node-name=disk,size=1048576,read-zeroes=on"]
    arguments += ["-device", "virtio-blk-pci,drive=disk"]
    arguments += ["-chardev", f"file,id=console,path={work / 'console'}"]
    arguments += ["-serial", "chardev:console"]
    stub = f"socket,id=stub,path={work / _STUB},server=on,wait=off"
    arguments += ["-chardev", stub, "-gdb", "chardev:stub"]
    shares = (
        ("root", root, True),
        ("project", PROJECT, True),
        ("modules", kernel.modules, True),
        ("ctl", work / "ctl", False),
    )
    for tag, path, readonly in shares:
        mode = ",readonly=on" if readonly else ""
        share = f"local,id={tag},path={path},security_model=none,multidevs=remap{mode}"
        arguments += ["-fsdev", share, "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]
    return arguments


def _wait(
    process: subprocess.Popen[bytes],
    memory: Memory,
    control: Path,
    show: Callable[[str], object] | None,
) -> None:
    """Until the command's exit code is there: the guest has nothing left to say."""
    (control / "stdout").touch()
    with open(control / "stdout", encoding="utf-8", errors="replace") as output:
        while process.poll() is None:
            if show:
                show(output.read())
            if (control / "rc").exists() or _cpu_of(process.pid) > CPU_BUDGET_S:
                process.kill()
            memory.serve()
            time.sleep(_POLL_S)
        if show:
            show(output.read())


def _cpu_of(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _result(work: Path, cpu_s: float, wall_s: float) -> Result:
    def text(name: str) -> str:
        path = work / name
        return path.read_bytes().decode("utf-8", "replace") if path.exists() else ""

    code = text("ctl/rc").strip()
    return Result(
        code=int(code) if code else None,
        stdout=text("ctl/stdout"),
        stderr=text("ctl/stderr"),
        console=text("console") + text("qemu.log"),
        files={path.name: text(f"ctl/out/{path.name}") for path in (work / "ctl/out").iterdir()},
        cpu_s=cpu_s,
        wall_s=wall_s,
    )
