"""Each shipped rule: what it is for fires it, its look-alike does not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.behaviours.watch import told_until_its_end
from tests.support.agent import Agent
from tests.support.runc import Mount, Options, Runc, execute

CONTROL = "Kernel control file opened for writing in a container"
DEVICE = "Raw device opened in a container"
MEMORY = "Program run from memory in a container"
START_UP = "Host start-up file written in a container"
SECRET = "Host secret opened in a container"  # noqa: S105 - a rule's name


def told(agent: Agent, container: str) -> list[str]:
    """The rules that told of what was done in a container, not of what it was given."""
    rules = told_until_its_end(agent, container)
    return [rule for rule in rules if not rule.startswith("Container started")]


def test_a_host_cron_table_is_opened_for_writing(agent: Agent, runc: Runc) -> None:
    target = Path("/etc/cron.d/stockade-test")
    target.parent.mkdir(exist_ok=True)
    options = Options(mounts=(Mount(Path("/etc"), "/mnt/etc"),))
    try:
        script = "cat /mnt/etc/cron.d/* /mnt/etc/passwd; : >/mnt/etc/cron.d/stockade-test"
        name, done = runc.run(["sh", "-c", script], options)
        assert target.exists(), done.stderr
        alert = agent.alert(START_UP, name)
        assert alert["output_fields"]["fd.host_path"] == str(target)
        assert alert["priority"] == "Critical"
        assert told(agent, name) == [START_UP]
    finally:
        target.unlink(missing_ok=True)


def test_core_pattern_through_another_mount_of_procfs(agent: Agent, runc: Runc) -> None:
    options = Options(mounts=(Mount(Path("/proc"), "/mnt/p"),))
    # Opened for writing and closed: the host's setting stays as it is.
    name, done = runc.run(["sh", "-c", "exec 3<>/mnt/p/sys/kernel/core_pattern"], options)
    assert done.returncode == 0, done.stderr
    assert agent.alert(CONTROL, name)["output_fields"]["fd.name"].startswith("/mnt/p/sys")
    reader, _ = runc.run(["cat", "/mnt/p/sys/kernel/core_pattern"], options)
    assert CONTROL not in told(agent, reader)


def test_a_block_device_under_any_name(agent: Agent, runc: Runc) -> None:
    disk = next(Path("/sys/block").glob("*/dev"), None)
    if disk is None:
        pytest.skip("this machine has no block device")
    major, minor = map(int, disk.read_text().split(":"))
    options = Options(
        capabilities=("CAP_MKNOD",),
        devices=(
            {
                "path": "/dev/innocent",
                "type": "b",
                "major": major,
                "minor": minor,
                "fileMode": 0o600,
                "uid": 0,
                "gid": 0,
            },
        ),
    )
    quiet, _ = runc.run(["sh", "-c", "head -c1 /dev/zero /dev/urandom; : >/dev/null"])
    name, done = runc.run(["head", "-c", "1", "/dev/innocent"], options)
    alert = agent.alert(DEVICE, name)
    assert alert["output_fields"]["fd.type"] == "block", done.stderr
    assert told(agent, quiet) == []


def test_a_program_from_a_memfd(agent: Agent, runc: Runc) -> None:
    quiet, _ = runc.run(["sh", "-c", "cp /bin/busybox /tmp/true; /tmp/true"])
    name, done = runc.run(["acts", "memfd", "/bin/busybox", "true"])
    assert done.returncode == 0, done.stderr
    alert = agent.alert(MEMORY, name)
    assert alert["process"]["exe"] == "/memfd:payload"
    assert told(agent, quiet) == []


def test_a_secret_in_every_form_of_open(agent: Agent, runc: Runc, acts: Path) -> None:
    options = Options(
        mounts=(Mount(Path("/etc"), "/mnt/etc"),), capabilities=("CAP_DAC_READ_SEARCH",)
    )
    forms = ["open", "openat", "openat2", "handle", "thread", "open32"]
    # Not every filesystem has handles, nor every architecture every call.
    forms = [form for form in forms if not subprocess.call([acts, form, "/etc/shadow"])]
    assert "openat" in forms
    for form in forms:
        name, done = runc.run(["acts", form, "/mnt/etc/shadow"], options)
        assert done.returncode == 0, (form, done.stdout, done.stderr)
        alert = agent.alert(SECRET, name)
        assert alert["output_fields"]["fd.host_path"] == "/etc/shadow", form


def test_links_and_renamed_mounts_change_nothing(agent: Agent, runc: Runc) -> None:
    (runc.rootfs / "tmp/innocent").unlink(missing_ok=True)
    (runc.rootfs / "tmp/innocent").symlink_to("/mnt/a/../a/./etc/shadow")
    options = Options(mounts=(Mount(Path("/"), "/mnt/a", ("bind", "ro")),))
    name, done = runc.run(["cat", "/tmp/innocent"], options)
    assert done.returncode == 0, done.stderr
    alert = agent.alert(SECRET, name)
    assert alert["output_fields"]["fd.name"] == "/mnt/a/etc/shadow"


def test_a_failed_attempt_is_no_opening(agent: Agent, runc: Runc) -> None:
    options = Options(mounts=(Mount(Path("/etc"), "/mnt/etc", ("rbind", "ro")),))
    name, done = runc.run(["sh", "-c", ": >/mnt/etc/crontab"], options)
    assert done.returncode != 0
    assert told(agent, name) == []


def test_the_containers_own_files_are_quiet(agent: Agent, runc: Runc) -> None:
    name, done = runc.run(["sh", "-c", "cat /etc/shadow; cat /proc/self/status; ls -R /dev"])
    assert done.returncode == 0, done.stderr
    assert told_until_its_end(agent, name) == {}


def test_runc_exec_belongs_to_the_container(agent: Agent, runc: Runc) -> None:
    options = Options(mounts=(Mount(Path("/etc"), "/mnt/host", ("rbind", "ro")),))
    with runc.running(["sleep", "60"], options) as name:
        execute(name, "cat", "/mnt/host/shadow")
        alert = agent.alert(SECRET, name)
        assert alert["container"]["runtime"] == "runc"
        assert alert["process"]["vpid"] > 1
