"""Run one command in a guest and get its output and exit code back."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from vmtest.kernels import Booted

PROJECT = Path(__file__).parents[1]

# A boot costs 5 to 10 CPU seconds; a hang must not eat a shared machine.
CPU_BUDGET_S = 1500
_POLL_S = 0.05

_COMMAND_LINE = (
    "console=ttyS0 quiet loglevel=3 panic=-1 oops=panic reboot=t mitigations=off nokaslr"
    " tsc=reliable no_timer_check random.trust_cpu=on audit=0 apparmor=0"
    " lsm=lockdown,capability,landlock,yama,bpf"
)
_MACHINE = "q35,usb=off,smbus=off,sata=off,i8042=off,vmport=off,hpet=off,graphics=off"


@dataclass(frozen=True, slots=True)
class Result:
    """What a guest's command did. code is None when the guest died or ran out of time."""

    code: int | None
    stdout: str
    stderr: str
    console: str
    cpu_s: float
    wall_s: float


def run(kernel: Booted, command: str, *, memory_mib: int = 2048, extra: str = "") -> Result:
    """Boot, run a shell command as root, and shut down.

    Args:
        kernel: from kernels.prepare.
        command: a shell script; it sees the host's root file system, writable but private.
        memory_mib: the guest's memory.
        extra: more words for the kernel's command line.
    """
    work = Path(tempfile.mkdtemp(prefix="stockade-vm-"))
    try:
        control = work / "ctl"
        control.mkdir()
        (control / "cmd").write_text(command)
        before, started = _children_cpu(), time.monotonic()
        with (work / "qemu.log").open("wb") as log:
            process = subprocess.Popen(
                _arguments(kernel, work, memory_mib, extra),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            _wait(process, control / "rc")
        return _result(work, _children_cpu() - before, time.monotonic() - started)
    finally:
        shutil.rmtree(work)


def _arguments(kernel: Booted, work: Path, memory_mib: int, extra: str) -> list[str]:
    arguments = ["qemu-system-x86_64", "-M", _MACHINE]
    arguments += ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max", "-smp", "2"]
    arguments += ["-m", str(memory_mib), "-nodefaults", "-no-user-config", "-nographic"]
    arguments += ["-no-reboot", "-nic", "none", "-kernel", str(kernel.vmlinux)]
    arguments += [
        "-initrd",
        str(kernel.initramfs),
        "-append",
        f"{_COMMAND_LINE} stockade.project={PROJECT} {extra}",
    ]
    # A disk that reads as zeros, for what needs a block device.
    arguments += ["-blockdev", "driver=null-co,node-name=disk,size=1048576,read-zeroes=on"]
    arguments += ["-device", "virtio-blk-pci,drive=disk"]
    arguments += ["-chardev", f"file,id=console,path={work / 'console'}"]
    arguments += ["-serial", "chardev:console"]
    shares = (
        ("root", Path("/"), True),
        ("project", PROJECT, True),
        ("modules", kernel.modules, True),
        ("ctl", work / "ctl", False),
    )
    for tag, path, readonly in shares:
        mode = ",readonly=on" if readonly else ""
        share = f"local,id={tag},path={path},security_model=none,multidevs=remap{mode}"
        arguments += ["-fsdev", share, "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]
    return arguments


def _wait(process: subprocess.Popen[bytes], code: Path) -> None:
    """Until the command's exit code is there: the guest has nothing left to say."""
    while process.poll() is None:
        if code.exists() or _cpu_of(process.pid) > CPU_BUDGET_S:
            process.kill()
        time.sleep(_POLL_S)


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
        cpu_s=cpu_s,
        wall_s=wall_s,
    )
