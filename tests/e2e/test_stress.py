"""A minute of what is hardest to follow: nothing breaks, and what is lost is said."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from stockade.events.fields import KIND_OF
from tests.support.agent import Agent
from tests.support.runc import Mount, Options, Runc

SECONDS = 60
ATTEMPTS = 10
# Every event of every container comes to the agent, and none fires.
EVERYTHING = """
- rule: Everything
  desc: Whatever containers do.
  condition: proc.name = nobody-is-called-so and fd.name != nothing
  scope: container
  output: "%proc.name"
  priority: NOTICE
- rule: The last word
  desc: What comes after the stress is seen.
  condition: evt.type = openat and fd.name = /etc/passwd
  scope: container
  output: "%fd.name"
  priority: NOTICE
"""


def test_a_minute_of_stress(runc: Runc, stress: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(EVERYTHING)
    shutil.copy(stress, tmp_path)
    mounts = (Mount(tmp_path, "/mnt"),)
    try:
        with Agent(rules) as agent:
            name = runc.name()
            script = f"cd /mnt && ./stress {SECONDS}"
            _, done = runc.run(
                ["sh", "-c", script], Options(mounts), name=name, timeout_s=SECONDS + 60
            )
            assert done.stdout == "done\n", done.stderr
            # The first of them may come while the ring is still full, and is then a loss.
            containers = (runc.run(["cat", "/etc/passwd"])[0] for _ in range(ATTEMPTS))
            assert any(agent.alerted("The last word", container) for container in containers)
            code, summary = agent.stop()
    finally:
        subprocess.run(["rm", "-rf", *tmp_path.iterdir()], check=True)
    assert code == 0
    assert summary["events"] > 10_000
    lost, families = summary["lost"], summary["lost_by_family"]
    assert set(families) <= set(KIND_OF.values()) | {"other"}
    # All that the kernel lost is somebody's.
    assert sum(summary["lost_by_container"].values()) == sum(families.values())
    assert sum(families.values()) == sum(lost.values()) - lost.get("recursion", 0)
    assert lost.keys() <= {
        "members_full",
        "recursion",
        "replaced",
        "ring_full",
        "scratch_busy",
        "truncated",
        "unresolved",
    }
