"""What the Docker engine keeps of a container, beside what it tells runc."""

from __future__ import annotations

from pathlib import Path

import msgspec

from stockade.events import ABSENT, UNKNOWN, Missing, Workload
from stockade.workloads.files import read_json
from stockade.workloads.spec import Spec, pod_of

DATA_ROOT = Path("/var/lib/docker")
# Files of a container's own directory, which the engine mounts into it.
_OWN_FILES = ("resolv.conf", "hostname", "hosts")


class _Config(msgspec.Struct, rename="pascal"):
    image: str = ""
    labels: dict[str, str] | None = None
    user: str = ""


class _State(msgspec.Struct):
    """config.v2.json."""

    name: str = msgspec.field(name="Name", default="")
    id: str = msgspec.field(name="ID", default="")
    image: str = msgspec.field(name="Image", default="")
    created: str = msgspec.field(name="Created", default="")
    config: _Config | None = msgspec.field(name="Config", default=None)


class _HostConfig(msgspec.Struct, rename="pascal"):
    privileged: bool = False
    security_opt: list[str] | None = None


class _Repositories(msgspec.Struct, rename="pascal"):
    """Names of images; those with a digest are name@sha256:..."""

    repositories: dict[str, dict[str, str]] = {}


def directory_of(identity: str, spec: Spec) -> Path | None:
    """The engine's directory of a container, which its mounts give away; None: not Docker's."""
    for mount in spec.mounts or ():
        source = Path(mount.source)
        if source.name in _OWN_FILES and source.parent.name == identity:
            return source.parent
    usual = DATA_ROOT / "containers" / identity
    return usual if usual.is_dir() else None


def complete(directory: Path, workload: Workload) -> Workload | None:
    """Metadata with what the engine adds; None when its files cannot be read."""
    state = read_json(directory / "config.v2.json", _State)
    host = read_json(directory / "hostconfig.json", _HostConfig)
    if state is None or host is None:
        return None
    config = state.config or _Config()
    labels = config.labels or {}
    return msgspec.structs.replace(
        workload,
        name=state.name.lstrip("/") or ABSENT,
        image=config.image or ABSENT,
        image_id=state.image.removeprefix("sha256:") or ABSENT,
        image_digest=_digest(directory.parents[1], state.image),
        labels=labels,
        pod=pod_of(labels),
        privileged=host.privileged,
        user=config.user or workload.user,
        seccomp=_seccomp(host, workload),
        created=state.created or UNKNOWN,
    )


def _digest(data_root: Path, image: str) -> str | Missing:
    """Images that were built here, or loaded, have none."""
    for path in data_root.glob("image/*/repositories.json"):
        known = read_json(path, _Repositories)
        for names in known.repositories.values() if known else ():
            for name, target in names.items():
                if target == image and "@" in name:
                    return name.partition("@")[2]
    return ABSENT


def _seccomp(host: _HostConfig, workload: Workload) -> str | Missing:
    for option in host.security_opt or ():
        key, _, value = option.replace(":", "=", 1).partition("=")
        if key == "seccomp" and not value.lstrip().startswith("{"):
            return value
    return "default" if workload.seccomp == "filter" else workload.seccomp
