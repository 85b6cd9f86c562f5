"""The least that must work wherever Stockade runs: load, attach, and tell of one escape."""

from __future__ import annotations

from pathlib import Path

from tests.support.agent import Agent
from tests.support.runc import Mount, Options, Runc, make_rootfs

SECRET = "Host secret opened in a container"  # noqa: S105 - a rule's name


def test_one_alert(tmp_path: Path) -> None:
    runc = Runc(tmp_path, make_rootfs(tmp_path / "rootfs", []))
    host_etc = Options(mounts=(Mount(Path("/etc"), "/mnt/host", ("rbind", "ro")),))
    with Agent() as agent:
        name, done = runc.run(["cat", "/mnt/host/shadow"], host_etc)
        assert done.returncode == 0, done.stderr
        alert = agent.alert(SECRET, name)
        code, summary = agent.stop()
    assert code == 0
    assert summary["lost"] == {}
    assert alert["container"]["runtime"] == "runc"
    assert alert["output_fields"]["fd.name"] == "/mnt/host/shadow"
    assert alert["output_fields"]["fd.host_path"] == "/etc/shadow"
    assert alert["process"]["args"] == ["cat", "/mnt/host/shadow"]
    assert alert["process"]["vpid"] == 1
