"""What Docker's and Podman's files add to a configuration."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from stockade.events import ABSENT, UNKNOWN, Pod, Workload
from stockade.workloads import docker, podman
from stockade.workloads.spec import Spec
from tests.unit.workloads.helpers import HEX, write
from tests.unit.workloads.test_runtimes import BAD

SPEC_ONLY = Workload(user="0:0", seccomp="filter", privileged=False, labels={})
IMAGE, DIGEST = f"sha256:{HEX[::-1]}", f"sha256:{HEX}"
STATE = {
    "ID": HEX,
    "Name": "/web",
    "Image": IMAGE,
    "Created": "2026-01-02T03:04:05.6Z",
    "Config": {"Image": "registry:5000/team/app:1", "Labels": {"app": "web"}, "User": "web"},
    "Unknown": {"Deep": [1]},
}
NOT_JSON = {key: BAD[key] for key in ("empty", "cut", "null", "deep")}
NOT_JSON["types"] = b'{"Name": [], "Privileged": 1}'
NOT_JSON["not UTF-8"] = b'{"Name": "\xff", "SecurityOpt": ["\xff"], "Repositories": {"\xff": {}}}'


def docker_files(root: Path, state: object = STATE, host: object = None) -> Path:
    directory = root / "containers" / HEX
    write(directory / "config.v2.json", state)
    write(directory / "hostconfig.json", host or {"Privileged": False, "SecurityOpt": None})
    return directory


def test_what_docker_keeps(tmp_path: Path) -> None:
    directory = docker_files(tmp_path)
    names = {
        "registry:5000/team/app:1": IMAGE,
        f"other@sha256:{'0' * 64}": "sha256:other",
        f"registry:5000/team/app@{DIGEST}": IMAGE,
    }
    write(tmp_path / "image/bad/repositories.json", b"{")
    write(tmp_path / "image/overlay2/repositories.json", {"Repositories": {"app": names}})
    found = docker.complete(directory, SPEC_ONLY)
    assert found is not None
    assert (found.name, found.image) == ("web", "registry:5000/team/app:1")
    assert (found.image_id, found.image_digest) == (HEX[::-1], DIGEST)
    assert (found.labels, found.pod, found.user) == ({"app": "web"}, None, "web")
    assert (found.privileged, found.seccomp) == (False, "default")
    assert found.created == "2026-01-02T03:04:05.6Z"


def test_an_image_that_was_built_here_has_no_digest(tmp_path: Path) -> None:
    found = docker.complete(docker_files(tmp_path), SPEC_ONLY)
    assert found is not None
    assert found.image_digest is ABSENT


def test_what_docker_leaves_out(tmp_path: Path) -> None:
    directory = docker_files(tmp_path, {"Config": None}, {})
    found = docker.complete(directory, SPEC_ONLY)
    assert found is not None
    assert (found.name, found.image, found.image_id) == (ABSENT, ABSENT, ABSENT)
    assert (found.user, found.labels, found.created) == ("0:0", {}, UNKNOWN)


def test_docker_under_kubernetes(tmp_path: Path) -> None:
    labels = {"io.kubernetes.pod.name": "p", "io.kubernetes.pod.namespace": "n"}
    found = docker.complete(docker_files(tmp_path, {"Config": {"Labels": labels}}), SPEC_ONLY)
    assert found is not None
    assert found.pod == Pod("p", "n")


@pytest.mark.parametrize(
    ("options", "spec", "seccomp"),
    [
        (None, "filter", "default"),
        (None, "unconfined", "unconfined"),
        (["seccomp=unconfined"], "unconfined", "unconfined"),
        (["seccomp:unconfined"], "unconfined", "unconfined"),
        (["no-new-privileges", "seccomp=builtin"], "filter", "builtin"),
        (['seccomp={"defaultAction": "SCMP_ACT_ALLOW"}'], "filter", "default"),
    ],
)
def test_seccomp_profiles(
    tmp_path: Path, options: list[str] | None, spec: str, seccomp: str
) -> None:
    directory = docker_files(tmp_path, host={"Privileged": True, "SecurityOpt": options})
    found = docker.complete(directory, Workload(seccomp=spec))
    assert found is not None
    assert (found.privileged, found.seccomp) == (True, seccomp)


@pytest.mark.parametrize("name", ["config.v2.json", "hostconfig.json"])
@pytest.mark.parametrize("content", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_files_of_dockers_that_cannot_be_read(tmp_path: Path, name: str, content: bytes) -> None:
    directory = docker_files(tmp_path)
    write(directory / name, content)
    assert docker.complete(directory, SPEC_ONLY) is None
    (directory / name).unlink()
    assert docker.complete(directory, SPEC_ONLY) is None


@pytest.mark.parametrize("content", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_repositories_that_cannot_be_read(tmp_path: Path, content: bytes) -> None:
    write(tmp_path / "image/overlay2/repositories.json", content)
    found = docker.complete(docker_files(tmp_path), SPEC_ONLY)
    assert found is not None
    assert found.name == "web"


def test_where_docker_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "DATA_ROOT", tmp_path)
    assert docker.directory_of(HEX, Spec()) is None
    directory = docker_files(tmp_path)
    assert docker.directory_of(HEX, Spec()) == directory
    assert docker.directory_of(HEX, mounting(f"/x/{HEX}/hostname")) == Path(f"/x/{HEX}")
    assert docker.directory_of(HEX, mounting("/x/other/hostname", "")) == directory


def mounting(*sources: str) -> Spec:
    text = json.dumps({"mounts": [{"destination": "/d", "source": each} for each in sources]})
    return msgspec.json.decode(text, type=Spec)


def podman_files(root: Path, known: object, images: object = None) -> Path:
    write(root / "overlay-containers/containers.json", known)
    if images is not None:
        write(root / "overlay-images/images.json", images)
    return root / "overlay-containers" / HEX / "userdata"


def stored(**keys: object) -> list[dict[str, object]]:
    metadata = json.dumps({"image-name": "docker.io/library/app:1", "name": "inner"})
    entry = {"id": HEX, "names": ["web"], "image": "cfg", "metadata": metadata, "created": "now"}
    return [{"id": "other"}, entry | keys]


def test_what_podman_keeps(tmp_path: Path) -> None:
    images = [{"id": "other", "digest": "sha256:1"}, {"id": "cfg", "digest": DIGEST}]
    bundle = podman_files(tmp_path, stored(), images)
    found = podman.complete(bundle, HEX, Spec(), SPEC_ONLY)
    assert found is not None
    assert (found.name, found.image, found.created) == ("web", "docker.io/library/app:1", "now")
    assert (found.image_id, found.image_digest) == ("cfg", DIGEST)
    assert (found.labels, found.privileged, found.seccomp) == (UNKNOWN, False, "filter")


@pytest.mark.parametrize(
    ("images", "digest"), [([], ABSENT), ([{"id": "cfg"}], ABSENT), (None, UNKNOWN), ({}, UNKNOWN)]
)
def test_podmans_images(tmp_path: Path, images: object, digest: object) -> None:
    found = podman.complete(podman_files(tmp_path, stored(), images), HEX, Spec(), SPEC_ONLY)
    assert found is not None
    assert found.image_digest is digest


@pytest.mark.parametrize(("value", "privileged"), [("TRUE", True), ("FALSE", False)])
def test_what_podman_annotates(tmp_path: Path, value: str, *, privileged: bool) -> None:
    annotations = {
        "io.podman.annotations.privileged": value,
        "io.podman.annotations.seccomp": "/p.json",
    }
    bundle = podman_files(tmp_path, stored(names=None))
    found = podman.complete(bundle, HEX, Spec(annotations=annotations), SPEC_ONLY)
    assert found is not None
    assert (found.name, found.privileged, found.seccomp) == ("inner", privileged, "/p.json")


@pytest.mark.parametrize(
    "known",
    [
        *NOT_JSON.values(),
        [],
        [{"id": "other"}],
        [{"name": "no id"}],
        stored(names="web"),
        b'[{"id": "\xff"}]',
        stored(metadata=""),
        stored(metadata="[]"),
        stored(metadata={}),
        stored(metadata='{"name": "\\ud800"}'),
        stored(metadata='{"x": ' + "[" * 200_000),
    ],
)
def test_files_of_podmans_that_cannot_be_read(tmp_path: Path, known: object) -> None:
    bundle = podman_files(tmp_path, known)
    assert podman.complete(bundle, HEX, Spec(), SPEC_ONLY) is None
    assert podman.complete(tmp_path / "none/x/userdata", HEX, Spec(), SPEC_ONLY) is None
