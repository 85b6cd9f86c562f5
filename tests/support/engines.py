"""Containers by Podman, crun, Docker and containerd: real ones, with private directories.

Docker's Debian packages are unpacked, not installed: no service starts, and nothing of the
machine's own is touched.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.runc import make_rootfs

CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "stockade/engines"
_PACKAGES = ("docker.io", "containerd")
_START_S = 60.0
# This machine's limits are lower than what engines ask for.
_LIMITS = ("--ulimit=nofile=10000:10000", "--ulimit=nproc=10000:10000")
IMAGE = "stockade-test:1"


def run(*command: str | Path, env: dict[str, str] | None = None) -> str:
    """Run a command to its end; returns what it printed."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=env,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout.strip()


def tarball(work: Path) -> Path:
    """A root file system as engines import it."""
    rootfs = make_rootfs(work / "image", [])
    target = work / "image.tar"
    run("tar", "-C", rootfs, "-cf", target, ".")
    return target


def in_guest() -> bool:
    """Whether this is the virtual machine, which has no network."""
    return Path("/vm/ctl").exists()


def docker_is_cached() -> bool:
    """Whether Docker's programs need not be fetched."""
    return (CACHE / "complete").exists()


def docker_programs() -> Path:
    """Where Docker's programs are, unpacked from Debian's packages, which apt has verified."""
    if not docker_is_cached():
        shutil.rmtree(CACHE, ignore_errors=True)
        CACHE.mkdir(parents=True)
        if not _download():
            # The lists may be older than the archive.
            run("apt-get", "-q", "update")
            assert _download(), f"apt-get cannot download {_PACKAGES}"
        for archive in CACHE.glob("*.deb"):
            run("dpkg-deb", "-x", archive, CACHE)
            archive.unlink()
        (CACHE / "complete").touch()
    return CACHE / "usr"


def _download() -> bool:
    command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *_PACKAGES]
    return subprocess.run(command, cwd=CACHE, capture_output=True, check=False).returncode == 0


class Podman:
    """Podman with a storage of its own.

    Args:
        work: for the storage.
        runtime: what it has make containers.
    """

    def __init__(self, work: Path, runtime: str = "runc") -> None:
        self._work = work
        driver = "overlay" if _is_disk(work) else "vfs"
        self._command = ["podman", "--root", str(work / "storage"), "--runroot"]
        self._command += [str(work / "run"), f"--storage-driver={driver}"]
        self._command += ["--cgroup-manager=cgroupfs", "--events-backend=file"]
        self._command += [f"--runtime={runtime}"]
        run(*self._command, "import", "-q", tarball(work), IMAGE)

    def run(self, *options: str) -> str:
        """Run a container; returns what it printed, or its id when detached."""
        return run(*self._command, "run", "--network=none", *_LIMITS, *options)

    def remove(self, name: str) -> None:
        """Remove a container, running or not."""
        run(*self._command, "rm", "-f", "-t", "0", name)

    def close(self) -> None:
        """Leave no mount and no file."""
        overlay = self._work / "storage/overlay"
        # It mounts the directory on itself, each time.
        while _is_mounted(overlay):
            run("umount", overlay)
        shutil.rmtree(self._work)


class Docker:
    """The Docker engine and its containerd, which run meanwhile.

    Args:
        work: for everything they keep.
    """

    def __init__(self, work: Path) -> None:
        self.work = work
        self._usr = docker_programs()
        path = f"{self._usr}/bin:{self._usr}/sbin:{os.environ['PATH']}"
        self._env = {**os.environ, "PATH": path, "DOCKER_HOST": f"unix://{work}/docker.sock"}

    @contextmanager
    def running(self) -> Iterator[None]:
        """The daemon, with the test's image; both daemons end with the block."""
        options = ["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"]
        options += ["--ip-masq=false", "--default-ulimit=nofile=10000:10000"]
        options += [f"--storage-driver={'overlay2' if _is_disk(self.work) else 'vfs'}"]
        options += [f"--data-root={self.work}/data", f"--exec-root={self.work}/exec"]
        options += [f"--pidfile={self.work}/pid", f"--host={self._env['DOCKER_HOST']}"]
        with open(self.work / "log", "wb") as log:
            daemon = subprocess.Popen(
                [self._usr / "sbin/dockerd", *options], stdout=log, stderr=log, env=self._env
            )
        try:
            self._wait(daemon)
            self.docker("import", str(tarball(self.work)), IMAGE)
            yield
        finally:
            daemon.send_signal(signal.SIGTERM)
            try:
                daemon.wait(_START_S)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    def docker(self, *arguments: str) -> str:
        """The docker client."""
        return run(self._usr / "bin/docker", *arguments, env=self._env)

    def ctr(self, *arguments: str) -> str:
        """The containerd client."""
        socket = self.work / "exec/containerd/containerd.sock"
        return run(self._usr / "bin/ctr", "-a", socket, *arguments, env=self._env)

    def import_into_containerd(self) -> str:
        """Bring the image to containerd; returns its name there."""
        self.docker("save", IMAGE, "-o", f"{self.work}/saved.tar")
        self.ctr("images", "import", "--snapshotter=native", f"{self.work}/saved.tar")
        return f"docker.io/library/{IMAGE}"

    def _wait(self, daemon: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + _START_S
        while time.monotonic() < end and daemon.poll() is None:
            done = subprocess.run(
                [self._usr / "bin/docker", "version"],
                capture_output=True,
                env=self._env,
                check=False,
            )
            if done.returncode == 0:
                return
            time.sleep(0.1)
        raise AssertionError((self.work / "log").read_text())


class Crun:
    """crun without cgroups, in a mount namespace that shows cgroup v2 alone: it refuses others.

    Args:
        work: for bundles.
        rootfs: of its containers.
    """

    def __init__(self, work: Path, rootfs: Path) -> None:
        self._work = work
        self._rootfs = rootfs

    def run(self, name: str, *args: str, options: tuple[str, ...] = ()) -> None:
        """Run a container to its end."""
        bundle = self._work / f"bundle-{name}"
        bundle.mkdir()
        run("crun", "spec", "--bundle", bundle)
        path = bundle / "config.json"
        spec = json.loads(path.read_text())
        spec["root"] = {"path": str(self._rootfs), "readonly": False}
        spec["process"] |= {"terminal": False, "args": list(args), "rlimits": []}
        path.write_text(json.dumps(spec))
        only_v2 = "[ -f /sys/fs/cgroup/cgroup.controllers ]"
        script = (
            f'{only_v2} || mount -t cgroup2 none /sys/fs/cgroup; cd "$1"; shift; exec crun "$@"'
        )
        run(
            *("unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", bundle),
            *("--cgroup-manager=disabled", *options, "run", name),
        )


def _is_mounted(path: Path) -> bool:
    mounts = Path("/proc/self/mountinfo").read_text()
    return any(line.split(" ")[4] == str(path) for line in mounts.splitlines())


def _is_disk(work: Path) -> bool:
    """Whether overlayfs takes a directory as its upper one: not on another overlayfs."""
    kind = run("stat", "-f", "-c", "%T", work)
    return kind not in {"overlayfs", "tmpfs"}
