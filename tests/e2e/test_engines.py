"""Whose container is it: every engine's own name for it, and what its files say."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.agent import STOCKADE, Agent, Message
from tests.support.engines import IMAGE, Crun, Docker, Podman, docker_is_cached, in_guest
from tests.support.runc import Mount, Options, Runc, execute

RULES = """
- rule: Container event
  desc: d
  condition: evt.type startswith container
  output: "%evt.type %container.image %container.labels"
  priority: NOTICE

- rule: Program
  desc: d
  condition: evt.type in (execve, execveat) and evt.failed = false and container.id != host
  output: "%proc.cmdline"
  priority: NOTICE
"""

# One rule tells of much in a container.
EVERY_ONE = ("--no-fold",)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return path


@pytest.fixture(scope="module")
def docker() -> Iterator[Docker]:
    if in_guest() and not docker_is_cached():
        pytest.skip("the guest has no network to fetch Docker by; the same tests outside do")
    # Sockets have short names.
    work = Path("/tmp") / f"stockade-docker-{os.getpid()}"
    work.mkdir()
    engine = Docker(work)
    try:
        with engine.running():
            yield engine
    finally:
        subprocess.run(["umount", "-R", "-q", work / "exec"], check=False, capture_output=True)
        shutil.rmtree(work, ignore_errors=True)


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    engine = Podman(tmp_path_factory.mktemp("podman"))
    yield engine
    engine.close()


def told(agent: Agent, event: str, identity: str) -> Message:
    """The alert on a container's event."""
    return agent.wait(
        lambda message: (
            message["type"] == "alert"
            and message["rule"] == "Container event"
            and message["output_fields"]["evt.type"] == event
            and message["container"]["id"] == identity
        )
    )


def listed(identity: str, *options: str) -> dict[str, Any]:
    """A container as stockade ps has it."""
    done = subprocess.run(
        [STOCKADE, "ps", "--json", *options], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = next(each for each in json.loads(done.stdout) if each["id"] == identity)
    return found


def test_podman(podman: Podman, rules: Path) -> None:
    with Agent(rules, options=EVERY_ONE) as agent:
        identity = podman.run("-d", "--name", "web", "--cap-add=NET_ADMIN", IMAGE, "sleep", "600")
        try:
            container = told(agent, "container", identity)["container"]
            assert (container["runtime"], container["name"]) == ("podman", "web")
            assert container["image"] == f"localhost/{IMAGE}"
            assert container["image_digest"].startswith("sha256:")
            assert (container["privileged"], container["metadata"]) == (False, "complete")
            assert container["unknown"] == ["labels"]
            row = listed(identity)
            assert "CAP_NET_ADMIN" in " ".join(row["unusual"])
            assert row["baseline"]["cap_bounding"]
            assert row["image_digest"] == container["image_digest"]
        finally:
            podman.remove("web")
        told(agent, "container_stop", identity)


def test_podman_with_everything(podman: Podman, rules: Path) -> None:
    with Agent(rules, options=EVERY_ONE) as agent:
        arguments = ("-d", "--name", "all", "--privileged", "--pid=host", "-v", "/etc:/mnt:ro")
        identity = podman.run(*arguments, IMAGE, "sleep", "600")
        try:
            container = told(agent, "container", identity)["container"]
            assert container["privileged"] is True
            unusual = listed(identity)["unusual"]
        finally:
            podman.remove("all")
        assert {"privileged", "host PID namespace", "mount of /etc (read-only)"} <= set(unusual)


def test_docker(docker: Docker, rules: Path) -> None:
    with Agent(rules, options=EVERY_ONE) as agent:
        identity = docker.docker(
            *("run", "-d", "--network=none", "--name=shop", "--label=team=red", "--pid=host"),
            *(IMAGE, "sleep", "600"),
        )
        try:
            assert len(identity) == 64
            container = told(agent, "container", identity)["container"]
            assert (container["runtime"], container["name"]) == ("docker", "shop")
            assert (container["image"], container["labels"]) == (IMAGE, {"team": "red"})
            assert (container["privileged"], container["metadata"]) == (False, "complete")
            docker.docker("exec", "shop", "ls", "/")
            entered = told(agent, "container_exec", identity)
            assert entered["container"]["role"] == "member"
            assert entered["process"]["name"] == "ls"
            row = listed(identity)
            assert row["seccomp"] == "default"
            assert "host PID namespace" in row["unusual"]
            assert row["baseline"]["host_namespaces"].count("pid") == 1
        finally:
            docker.docker("rm", "-f", "shop")
        told(agent, "container_stop", identity)


def test_docker_and_podman_before_the_agent(docker: Docker, podman: Podman, rules: Path) -> None:
    identity = docker.docker("run", "-d", "--network=none", "--name=old", IMAGE, "sleep", "600")
    other = podman.run("-d", "--name", "older", IMAGE, "sleep", "600")
    try:
        with Agent(rules, options=EVERY_ONE) as agent:
            docker.docker("exec", "old", "ls", "/")
            container = told(agent, "container_exec", identity)["container"]
            assert (container["runtime"], container["name"]) == ("docker", "old")
            row = listed(other)
            assert (row["runtime"], row["name"], row["state"]) == ("podman", "older", "running")
    finally:
        docker.docker("rm", "-f", "old")
        podman.remove("older")


def test_containerd(docker: Docker, rules: Path) -> None:
    image = docker.import_into_containerd()
    with Agent(rules, options=EVERY_ONE) as agent:
        docker.ctr("run", "--rm", "--snapshotter=native", image, "ctweb", "true")
        container = told(agent, "container", "ctweb")["container"]
        assert (container["runtime"], container["name"]) == ("containerd", "ctweb")
        assert container["unknown"] == ["image", "image_digest"]


def test_crun_without_cgroups_and_with_a_root_of_its_own(
    runc: Runc, rules: Path, tmp_path: Path
) -> None:
    crun = Crun(tmp_path, runc.rootfs)
    with Agent(rules, options=EVERY_ONE) as agent:
        for number, options in enumerate(((), ("--root", str(tmp_path / "state")))):
            name = f"stockade-crun-{os.getpid()}-{number}"
            crun.run(name, "true", options=options)
            container = told(agent, "container", name)["container"]
            assert (container["runtime"], container["name"]) == ("crun", name)
            assert container["metadata"] == "complete"
            told(agent, "container_stop", name)


def test_runc_with_another_cgroup_and_a_root_of_its_own(
    runc: Runc, rules: Path, tmp_path: Path
) -> None:
    """Neither its cgroup nor the usual places say what it is called."""
    root, name = tmp_path / "state", runc.name()
    bundle = runc.bundle(["sleep", "600"], Options(cgroup="/stockade-test/elsewhere"))
    command = ["runc", "--root", str(root)]
    with Agent(rules, options=EVERY_ONE) as agent:
        start = [*command, "run", "-d", "--bundle", str(bundle), name]
        subprocess.run(start, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            container = told(agent, "container", name)["container"]
            assert (container["runtime"], container["metadata"]) == ("runc", "complete")
            # Who comes later has to be told where to look.
            row = listed(name, "--state-root", str(root))
            assert row["metadata"] == "complete"
        finally:
            subprocess.run([*command, "delete", "-f", name], check=True)
            shutil.rmtree(bundle)


def test_metadata_that_comes_late_is_followed_by_an_update(runc: Runc, tmp_path: Path) -> None:
    """The configuration is hidden until the container runs."""
    late = tmp_path / "late.yaml"
    late.write_text(
        RULES
        + """
- rule: Not privileged
  desc: d
  condition: evt.type = container and container.privileged = false
  output: "%container.mounts"
  priority: NOTICE
"""
    )
    name = runc.name()
    bundle = runc.bundle(["sleep", "600"], Options(mounts=(Mount(Path("/etc"), "/mnt"),)))
    config, hidden = bundle / "config.json", bundle / "hidden"
    # Created with its configuration, which is gone when the agent looks.
    create = ["runc", "create", "--bundle", str(bundle), name]
    subprocess.run(create, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    config.rename(hidden)
    try:
        with Agent(late) as agent:
            subprocess.run(["runc", "start", name], check=True)
            first = told(agent, "container", name)
            assert first["container"]["metadata"] == "pending"
            assert "privileged" in first["container"]["unknown"]
            assert "Not privileged" not in {alert["rule"] for alert in agent.alerts()}
            hidden.rename(config)
            update = agent.wait(
                lambda message: message["type"] == "update" and message["alert"] == first["id"]
            )
            assert update["container"]["metadata"] == "complete"
            assert update["container"]["unknown"] == []
            decided = agent.alert("Not privileged", name)
            assert decided["time"] == first["time"]
    finally:
        subprocess.run(["runc", "delete", "-f", name], check=True)
        shutil.rmtree(bundle)


def test_five_hundred_short_lived_containers(runc: Runc, rules: Path) -> None:
    count = 30 if in_guest() else 500
    names = set()
    with Agent(rules, options=EVERY_ONE) as agent:
        for _ in range(count):
            name, done = runc.run(["/bin/true"])
            assert done.returncode == 0, done.stderr
            names.add(name)
        agent.wait(
            lambda message: (
                message["type"] == "alert"
                and message["output_fields"].get("evt.type") == "container_stop"
                and message["container"]["id"] == name
            )
        )
        _, summary = agent.stop()
    assert summary["lost"] == {}
    ours = [each for each in agent.alerts() if each["container"]["id"] in names]
    by_event: dict[str, list[str]] = {}
    for alert in ours:
        if alert["rule"] == "Container event":
            event = alert["output_fields"]["evt.type"]
            by_event.setdefault(event, []).append(alert["container"]["id"])
    assert set(by_event) == {"container_create", "container", "container_stop"}
    for event, told_of in by_event.items():
        assert sorted(told_of) == sorted(names), event
    programs = [each for each in ours if each["rule"] == "Program"]
    assert sorted(each["container"]["id"] for each in programs) == sorted(names)
    assert {each["container"]["role"] for each in programs} == {"member"}
    others = [each for each in agent.alerts() if each["container"]["id"] not in names]
    assert [each for each in others if each["process"]["args"] == ["/bin/true"]] == []
    assert {each["container"]["metadata"] for each in programs} == {"complete"}


def test_an_agent_that_starts_while_containers_do(runc: Runc, rules: Path) -> None:
    count = 8 if in_guest() else 30
    with ExitStack() as stack:
        starting = threading.Thread(
            target=lambda: names.extend(
                stack.enter_context(runc.running(["sleep", "600"])) for _ in range(count)
            )
        )
        names: list[str] = []
        starting.start()
        with Agent(rules, options=EVERY_ONE) as agent:
            starting.join()
            assert len(names) == count
            for name in names:
                execute(name, "cat", "/etc/passwd")
            told(agent, "container_exec", names[-1])
            for name in names:
                entered = told(agent, "container_exec", name)
                assert entered["process"]["args"] == ["cat", "/etc/passwd"]
                assert entered["container"]["name"] == name
            cats = [
                alert["container"]["id"]
                for alert in agent.alerts()
                if alert["rule"] == "Program" and alert["process"]["name"] == "cat"
            ]
            assert cats == names


def test_more_tasks_than_there_is_room_for(runc: Runc, rules: Path) -> None:
    script = "for i in $(seq 100); do sleep 600 & done; wait"
    with Agent(rules, options=("--max-members", "64")) as agent:
        with runc.running(["sh", "-c", script]):
            alert = agent.alert("Container tasks not tracked")
            assert alert["source"] == "internal"
            assert alert["priority"] == "Critical"
            assert alert["output_fields"]["reason"] == "members_full"
        _, summary = agent.stop()
        assert summary["lost"]["members_full"] > 0


def test_ps_without_an_agent(runc: Runc) -> None:
    with runc.running(["sh", "-c", "sleep 600 & sleep 601"]) as name:
        time.sleep(0.2)
        row = listed(name)
        assert (row["runtime"], row["state"]) == ("runc", "running")
        members = {member["name"]: member["role"] for member in row["members"]}
        assert members.pop("sleep") == "member"
        assert members in ({}, {"sh": "member"})
        done = subprocess.run(
            [STOCKADE, "ps", "-m"], capture_output=True, text=True, check=True
        ).stdout
        assert name in done
        assert "member" in done


def test_ps_of_a_pod_and_of_a_created_container(runc: Runc) -> None:
    pod = Options(
        annotations={
            "io.kubernetes.cri.sandbox-name": "shop-0",
            "io.kubernetes.cri.sandbox-namespace": "prod",
        }
    )
    with runc.running(["true"], pod, command=["create"]) as name:
        row = listed(name)
        assert row["pod"]["name"] == "shop-0"
        assert (row["state"], row["baseline"], row["metadata"]) == ("created", None, "complete")
        assert row["unusual"] == []


def test_what_any_user_can_put_into_the_usual_places() -> None:
    directory = Path("/run/user/4242")
    directory.mkdir(parents=True)
    try:
        (directory / "runc").symlink_to("a" * 300)
        done = subprocess.run([STOCKADE, "ps"], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
    finally:
        shutil.rmtree(directory)


@pytest.mark.parametrize("root", ["", "state", "./x"])
def test_a_state_root_is_an_absolute_path(root: str) -> None:
    done = subprocess.run(
        [STOCKADE, "ps", "--state-root", root], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "absolute" in done.stderr
