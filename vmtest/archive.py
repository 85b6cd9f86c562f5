"""Packages of Debian's archive, without touching this machine's own apt; apt checks signatures
and sums.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from functools import cmp_to_key
from pathlib import Path

MIRROR = "http://deb.debian.org"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Archive:
    """Suites of one architecture, with lists and a cache of their own.

    Args:
        root: for everything that is kept.
        suites: such as "debian trixie-backports".
        architecture: as Debian calls it.
    """

    def __init__(self, root: Path, suites: Iterable[str], architecture: str) -> None:
        self._root = root
        for name in ("lists/partial", "cache/archives/partial", "debs"):
            (root / name).mkdir(parents=True, exist_ok=True)
        (root / "status").touch()
        options = f"[arch={architecture} signed-by={KEYRING}]"
        sources = root / "sources.list"
        sources.write_text("".join(f"deb {options} {MIRROR}/{suite} main\n" for suite in suites))
        self._options = [
            f"-oDir::State::Lists={root}/lists",
            f"-oDir::State::status={root}/status",
            f"-oDir::Cache={root}/cache",
            f"-oDir::Etc::SourceList={sources}",
            "-oDir::Etc::SourceParts=/dev/null",
            f"-oAPT::Architecture={architecture}",
            f"-oAPT::Architectures={architecture}",
            "-oAPT::Sandbox::User=root",
            "-oAcquire::Languages=none",
        ]
        self._run("apt-get", "-q", "update")

    def newest(self, pattern: str) -> str:
        """The package whose name has the highest version, of those that match as a whole.

        Raises:
            LookupError: none does.
        """
        names = [
            name
            for name in self._run("apt-cache", "pkgnames").split()
            if re.fullmatch(pattern, name)
        ]
        if not names:
            raise LookupError(f"no package is called {pattern}")
        return newest(names)

    def depends(self, package: str) -> list[str]:
        """What a package depends on."""
        return re.findall(r"Depends: (\S+)", self._run("apt-cache", "depends", package))

    def closure(self, packages: Iterable[str]) -> list[str]:
        """Packages with everything that they depend on, of which each alternative's first."""
        said = self._run(
            "apt-get", "-q", "install", "--print-uris", "--no-install-recommends", "-y", *packages
        )
        return sorted(
            set(re.findall(r"/([a-z0-9][a-z0-9.+-]*)_[^/ ]*\.deb'", said.replace("%2b", "+")))
        )

    def unpack(self, package: str, target: Path) -> None:
        """Fetch one package and unpack it; none of its scripts run."""
        debs = self._root / "debs"
        self._run("apt-get", "-q", "download", package, cwd=debs)
        (deb,) = debs.glob(f"{package}_*.deb")
        subprocess.run(["dpkg", "-x", deb, target], check=True)
        deb.unlink()

    def _run(self, command: str, *arguments: str, cwd: Path | None = None) -> str:
        done = subprocess.run(
            [command, *self._options, *arguments],
            cwd=cwd,
            check=True,
            text=True,
            stdout=subprocess.PIPE,
        )
        return done.stdout


def newest(names: Iterable[str]) -> str:
    """The name with the highest version in it."""
    return max(names, key=cmp_to_key(_compare))


def _compare(left: str, right: str) -> int:
    """Names by the versions in them, as Debian orders those."""
    old, new = (re.sub(r"^\D+", "", name) for name in (left, right))
    if old == new:
        return 0
    before = subprocess.run(["dpkg", "--compare-versions", old, "lt", new], check=False)
    return -1 if before.returncode == 0 else 1
