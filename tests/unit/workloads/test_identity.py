"""What cgroups and creators call a container."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from stockade.events import UNKNOWN, Process, ProcessId
from stockade.workloads.identity import (
    claim_among,
    engine_of,
    is_sandbox,
    is_storage_bundle,
    name_of,
)
from stockade.workloads.runtimes import Claim
from tests.support.records import FILE, INIT
from tests.unit.workloads.helpers import HEX, entry, process

SHORT = HEX[:12]


@pytest.mark.parametrize(
    ("cgroup", "parent", "name"),
    [
        (f"docker-{HEX}.scope", "system.slice", (HEX, "docker")),
        (HEX, "docker", (HEX, "docker")),
        (f"libpod-{HEX}.scope", "machine.slice", (HEX, "podman")),
        (f"libpod-{HEX}", "libpod_parent", (HEX, "podman")),
        (f"libpod-payload-{HEX}.scope", "machine.slice", (HEX, "podman")),
        (f"libpod-payload-{HEX}", "web.service", (HEX, "podman")),
        ("container", f"libpod-{HEX}.scope", (HEX, "podman")),
        (f"cri-containerd-{HEX}.scope", "kubepods-pod1.slice", (HEX, "containerd")),
        (f"crio-{HEX}.scope", "kubepods-besteffort-pod1.slice", (HEX, "cri-o")),
        (f"crio-{HEX}", "pod1", (HEX, "cri-o")),
        (f"nerdctl-{HEX}.scope", "system.slice", (HEX, "containerd")),
        (HEX, "pod0f1e", (HEX, None)),
        (HEX, "kubepods", (HEX, None)),
        ("runc-web-1.scope", "system.slice", ("web-1", "runc")),
        ("crun-web.scope", "user.slice", ("web", "crun")),
        ("machine-web.scope", "machine.slice", ("web", None)),
        ("lxc.payload.web", "", ("web", "lxc")),
        ("init.scope", "lxc.payload.web", ("web", "lxc")),
        (f"other-{HEX}.scope", "system.slice", (f"other-{HEX}.scope", None)),
        (f"docker-{HEX}.service", "system.slice", (f"docker-{HEX}.service", None)),
        ("docker-.scope", "system.slice", ("docker-.scope", None)),
        ("web", "box", ("web", None)),
        ("", "", ("mnt-21", None)),
    ],
)
def test_names_of_cgroups(cgroup: str, parent: str, name: tuple[str, str | None]) -> None:
    assert name_of(entry(cgroup, parent), "") == name
    assert name_of(entry(cgroup, parent), cgroup) == name


def test_a_name_that_was_cut_is_made_whole() -> None:
    whole = f"runc-{'w' * 150}.scope"
    assert name_of(entry(whole[:127]), whole) == ("w" * 150, "runc")
    assert name_of(entry(whole[:127]), "other") == (whole[:127], None)


@pytest.mark.parametrize("leaf", ["box2", "box-docker", "other", ""])
def test_a_name_that_was_not_cut_stays(leaf: str) -> None:
    """In a container anyone may make cgroups below its own, and call them so."""
    assert name_of(entry("box"), leaf) == ("box", None)


def test_the_first_creator_that_says_so() -> None:
    shell = process("sh", "-c", "runc create no")
    lost = Process(ProcessId(1, 2), args=UNKNOWN)
    chain = (lost, shell, process("runc", "create", "web"), process("conmon", "-c", HEX), INIT)
    assert claim_among(chain) == Claim("web", "runc")
    assert claim_among(chain[3:]) == Claim(HEX)
    assert claim_among(chain[:2]) is None
    assert claim_among(()) is None


@pytest.mark.parametrize("name", ["bwrap", "firejail", "flatpak", "nsjail", "snap-confine"])
def test_sandboxes(name: str) -> None:
    assert is_sandbox(entry("app"), (process(), process(name=name)))


def test_services_confine_themselves() -> None:
    assert is_sandbox(entry("systemd-resolved.service"), ())
    assert not is_sandbox(entry("box"), (process(), INIT, Process(ProcessId(1, 2))))


TASKS = "/run/containerd/io.containerd.runtime.v2.task"


@pytest.mark.parametrize(
    ("claim", "engine"),
    [
        (Claim("c", "runc"), "runc"),
        (Claim("c"), None),
        (Claim("c", None, None, Path(f"{TASKS}/moby/c")), "docker"),
        (Claim("c", "runc", None, Path(f"{TASKS}/k8s.io/c")), "containerd"),
        (Claim("c", "runc", Path("/run/docker/runtime-runc/moby")), "docker"),
        (Claim("c", "crun", None, Path("/s/overlay-containers/c/userdata")), "podman"),
        (Claim("c", "crun", None, Path("/s/overlay/c/userdata")), "crun"),
        (Claim("c", "runc", None, Path("/b")), "runc"),
    ],
)
def test_engines(claim: Claim, engine: str | None) -> None:
    assert engine_of(claim, {}) == engine


def test_cri_o_uses_podmans_storage() -> None:
    claim = Claim("c", "crun", None, Path("/s/overlay-containers/c/userdata"))
    assert engine_of(claim, {"io.kubernetes.cri-o.ImageName": "i"}) == "cri-o"


@pytest.mark.parametrize("bundle", ["/userdata", "/c/userdata", "/", "userdata", "/x/y/z"])
def test_bundles_that_are_no_storages(bundle: str) -> None:
    assert not is_storage_bundle(Path(bundle))


def test_who_only_calls_itself_a_runtime_is_none() -> None:
    runc = process("runc", "create", "web")
    assert claim_among((runc,)) is not None
    copied = msgspec.structs.replace(runc, exe="/memfd:runc_cloned:/proc/self/exe")
    assert claim_among((copied,)) is not None
    for other in (
        msgspec.structs.replace(runc, exe="/bin/bash"),
        msgspec.structs.replace(runc, exe=UNKNOWN),
        msgspec.structs.replace(runc, file=msgspec.structs.replace(FILE, uid=1000)),
        msgspec.structs.replace(runc, file=None),
    ):
        assert claim_among((other,)) is None
