"""What Podman's storage keeps of a container, beside what it tells its runtime."""

from __future__ import annotations

from pathlib import Path

import msgspec

from stockade.events import ABSENT, UNKNOWN, Missing, Workload
from stockade.workloads.files import read_json
from stockade.workloads.spec import Spec

_PRIVILEGED = "io.podman.annotations.privileged"
_SECCOMP = "io.podman.annotations.seccomp"


class _Container(msgspec.Struct):
    """An entry of containers.json; its metadata is JSON in a string."""

    id: str
    names: list[str] | None = None
    image: str = ""
    metadata: str = "{}"
    created: str = ""


class _Metadata(msgspec.Struct, rename="kebab"):
    image_name: str = ""
    name: str = ""


class _Image(msgspec.Struct):
    """An entry of images.json."""

    id: str
    digest: str = ""


def complete(bundle: Path, identity: str, spec: Spec, workload: Workload) -> Workload | None:
    """Metadata with what the storage adds; None when its files cannot be read."""
    directory = bundle.parents[1]
    known = read_json(directory / "containers.json", list[_Container]) or []
    found = next((each for each in known if each.id == identity), None)
    if found is None:
        return None
    try:
        metadata = msgspec.json.decode(found.metadata, type=_Metadata)
    except (ValueError, RecursionError):
        return None
    annotations = spec.annotations or {}
    name = next(iter(found.names or ()), metadata.name)
    # Older versions note what differs from their defaults, newer ones what was asked for.
    privileged = annotations[_PRIVILEGED] == "TRUE" if _PRIVILEGED in annotations else None
    return msgspec.structs.replace(
        workload,
        name=name or ABSENT,
        image=metadata.image_name or ABSENT,
        image_id=found.image or ABSENT,
        image_digest=_digest(directory, found.image),
        labels=UNKNOWN,  # in its database only
        privileged=workload.privileged if privileged is None else privileged,
        seccomp=annotations.get(_SECCOMP, workload.seccomp),
        created=found.created or UNKNOWN,
    )


def _digest(containers: Path, image: str) -> str | Missing:
    path = containers.with_name(containers.name.replace("-containers", "-images")) / "images.json"
    images = read_json(path, list[_Image])
    if images is None:
        return UNKNOWN
    return next((each.digest for each in images if each.id == image and each.digest), ABSENT)
