"""Containers by runc, with a root file system of busybox and the test program."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_NUMBERS = itertools.count(1)
# runc leaves out a filter that allows everything.
_ONE_FILTERED = {"syscalls": [{"names": ["swapoff"], "action": "SCMP_ACT_ERRNO"}]}
_DIRECTORIES = ("bin", "dev", "etc", "mnt", "proc", "sys", "tmp", "root")


def make_rootfs(target: Path, programs: Iterable[Path]) -> Path:
    """A root file system that runs: busybox under all its names, and some programs."""
    for name in _DIRECTORIES:
        (target / name).mkdir(parents=True)
    busybox = Path(shutil.which("busybox") or "/bin/busybox")
    shutil.copy(busybox, target / "bin/busybox")
    for applet in subprocess.check_output([busybox, "--list"], text=True).split():
        if applet != "busybox":
            (target / "bin" / applet).symlink_to("busybox")
    for program in programs:
        shutil.copy(program, target / "bin")
    (target / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (target / "etc/shadow").write_text("root:*:1:0:99999:7:::\n")
    return target


@dataclass(frozen=True, slots=True)
class Mount:
    """A bind mount of the host's source at target."""

    source: Path
    target: str
    options: tuple[str, ...] = ("rbind", "rw")


@dataclass(frozen=True, slots=True)
class Options:
    """What a container is given beyond runc's defaults."""

    mounts: tuple[Mount, ...] = ()
    capabilities: tuple[str, ...] = ()
    namespaces: Mapping[str, str | None] = field(default_factory=dict)
    """None takes a namespace away; a path joins one."""
    masked: bool = True
    """Whether runc masks and write-protects parts of /proc."""
    devices: tuple[Mapping[str, Any], ...] = ()
    env: tuple[str, ...] = ()
    hooks: Mapping[str, Any] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    cwd: str = "/"
    no_new_privs: bool = True
    cgroup: str | None = None
    """Its cgroup's path, instead of one that is called after it."""
    user: int = 0
    """Another than root has no capabilities."""
    seccomp: bool = False
    """Whether its system calls are filtered; all are allowed."""


class Runc:
    """Makes and runs containers below a directory.

    Args:
        work: for bundles.
        rootfs: shared by all of them, writable.
    """

    def __init__(self, work: Path, rootfs: Path) -> None:
        self._work = work
        self.rootfs = rootfs

    def bundle(self, args: Iterable[str], options: Options, rootfs: Path | None = None) -> Path:
        """A directory that runc can run."""
        bundle = self._work / f"bundle-{next(_NUMBERS)}"
        bundle.mkdir()
        subprocess.run(["runc", "spec"], cwd=bundle, check=True)
        path = bundle / "config.json"
        spec = json.loads(path.read_text())
        spec["root"] = {"path": str(rootfs or self.rootfs), "readonly": False}
        spec["process"] |= {"terminal": False, "args": list(args)}
        spec["process"]["rlimits"] = []
        spec["process"]["env"] += options.env
        spec["process"]["cwd"] = options.cwd
        spec["process"]["noNewPrivileges"] = options.no_new_privs
        for kept in spec["process"]["capabilities"].values():
            kept.extend(options.capabilities)
        if options.user:
            spec["process"] |= {"user": {"uid": options.user, "gid": 0}, "capabilities": {}}
        spec["mounts"] += [
            {
                "type": "bind",
                "source": str(mount.source),
                "destination": mount.target,
                "options": list(mount.options),
            }
            for mount in options.mounts
        ]
        spec["linux"]["namespaces"] = list(_namespaces(spec, options.namespaces))
        if not options.masked:
            spec["linux"] |= {"maskedPaths": [], "readonlyPaths": []}
        if options.devices:
            spec["linux"]["devices"] = list(options.devices)
            spec["linux"]["resources"] = {"devices": [{"allow": True, "access": "rwm"}]}
        if options.seccomp:
            spec["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW"} | _ONE_FILTERED
        spec |= {"hooks": dict(options.hooks), "annotations": dict(options.annotations)}
        if options.cgroup is not None:
            spec["linux"]["cgroupsPath"] = options.cgroup
        path.write_text(json.dumps(spec))
        return bundle

    def name(self) -> str:
        """A container name that nothing else on this machine has."""
        return f"stockade-test-{os.getpid()}-{next(_NUMBERS)}"

    def run(
        self,
        args: Iterable[str],
        options: Options = Options(),
        *,
        name: str | None = None,
        rootfs: Path | None = None,
        timeout_s: float = 60.0,
    ) -> tuple[str, subprocess.CompletedProcess[str]]:
        """Run a container to its end; returns its name and what it printed."""
        name = name or self.name()
        bundle = self.bundle(args, options, rootfs)
        try:
            done = subprocess.run(
                ["runc", "run", "--bundle", bundle, name],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout_s,
                check=False,
            )
        finally:
            delete(name)
            shutil.rmtree(bundle)
        return name, done

    @contextmanager
    def running(
        self,
        args: Iterable[str],
        options: Options = Options(),
        *,
        command: Sequence[str] = ("run", "--detach"),
        name: str | None = None,
    ) -> Iterator[str]:
        """A container that runs meanwhile, or is only created; gives its name."""
        name = name or self.name()
        bundle = self.bundle(args, options)
        subprocess.run(
            ["runc", *command, "--bundle", bundle, name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        try:
            yield name
        finally:
            delete(name)
            shutil.rmtree(bundle)


def execute(name: str, *args: str) -> str:
    """Run a command in a running container; returns what it printed."""
    return subprocess.check_output(
        ["runc", "exec", name, *args], stdin=subprocess.DEVNULL, text=True, timeout=60
    )


def init_pid(name: str) -> int:
    """The first process of a running container, by its number on the host."""
    state = json.loads(subprocess.check_output(["runc", "state", name], text=True))
    return int(state["pid"])


def delete(name: str) -> None:
    """Remove a container, running or not; one that is gone is fine."""
    subprocess.run(["runc", "delete", "--force", name], capture_output=True, check=False)


def _namespaces(
    spec: Mapping[str, Any], changes: Mapping[str, str | None]
) -> Iterator[dict[str, str]]:
    for namespace in spec["linux"]["namespaces"]:
        kind = namespace["type"]
        if kind not in changes:
            yield namespace
        elif (path := changes[kind]) is not None:
            yield {"type": kind, "path": path}
