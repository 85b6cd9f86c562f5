"""The reference of policy files; docs/policies.md is made of it.

    python -m stockade.policies.reference [--check]

--check writes nothing and exits with 1 when the committed page differs.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from stockade.policies.files import EXCEPTION_KEYS, POLICY_KEYS
from stockade.policies.selectors import OF_CONTAINERS, SELECTORS

TARGET = Path(__file__).parents[3] / "docs" / "policies.md"

_HEAD = """\
# Policies

A rule says what it would do about an event: `action: audit`, `deny` or `kill`. A policy says where
that is done. Without a policy everything is only told. Written by `make generate`.

```yaml
- exception: nightly backup
  reason: It reads every file of the host.
  expires: 2027-01-31
  image: registry.example/backup
  process: /usr/bin/restic

- policy: shop
  packs: [runtime_patches, hardening]
  mode: audit
  scope:
    namespace: [shop, "pay-*"]
  modes:
    - mode: enforce
      scope: {label: {canary: }}
  exceptions: [nightly backup]
```

`stockade run --policy FILE|DIR` takes it, and again when the file changes; `stockade policy check`
says what is wrong with it; `stockade mode` shows what is in force.

## What counts

- A rule acts where its policy enforces it, and never on the host unless a scope says `host: true`.
- Of policies about the same rule in the same container the last counts, in the order in which they
  are read; so it does of a policy's `modes`. What `stockade mode` and the brake have switched
  stands above all of them, until `stockade mode reset`.
- A rule that is `enabled: false` is at work where a policy names it, or its pack.
- In a policy's scope its rules are quiet about what its exceptions select. An exception that has
  expired selects nothing any more, once rules have been compiled without it, within seconds; an
  alert says so, `Exception expired`.
- What the kernel cannot tell before the act, it does not act on: with an exception by the acting
  program, a rule about opens is only told. `stockade policy check` says so, and `stockade plan`.
- While a container's metadata has not come, it is not known whether it is in a scope that asks for
  more than that it is one: what acts in it is allowed, and told of when the metadata has come,
  unless the policy says `unknown_scope: deny`.
- An alert of what would have been refused or killed says `would`, and `policy`
  ([alerts](alerts.md)).
"""
_BRAKE = """
## The brake

A rule that acts in more than five containers within a minute is more likely wrong than five are
attacked at once: it is dropped to audit, and a critical alert says so, `Brake: dropped to audit`.
One container alone does not trip it, however often something is refused there; or whoever is
refused could switch off what refuses him. `actions` limits that, where a policy asks for it. While
a policy only audits, `Brake: would drop to audit` says that it would have tripped.

## By hand

`stockade disarm` has everything only audited, `stockade disarm CONTAINER` one container: at once,
before rules have been compiled for it, and also where an agent has ended and left what it denied in
force.
`stockade mode audit` and `enforce` switch, of `--policy`, `--rule` and `--container`, what they are
given. What was switched is kept in `/var/lib/stockade/modes.json` and outlives the agent.
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD, _table("policy", POLICY_KEYS)]
    parts.append(_table("exception", EXCEPTION_KEYS))
    words = "\n## Keys that select\n\nSeveral values are alternatives, several keys must all hold; "
    words += (
        "`*`, `?` and `[..]` in a value are patterns. Policies' scopes have those of containers"
    )
    parts.append(f"{words}, exceptions all.\n\n| key | values | scope |\n|---|---|---|\n")
    for name, each in SELECTORS.items():
        parts.append(f"| `{name}` | {each.doc} | {'yes' if name in OF_CONTAINERS else ''} |\n")
    return "".join([*parts, _BRAKE])


def _table(kind: str, keys: Mapping[str, str]) -> str:
    rows = "".join(f"| `{name}` | {doc} |\n" for name, doc in keys.items())
    return f"\n## {kind}\n\n| key | meaning |\n|---|---|\n{rows}"


def main(arguments: list[str]) -> int:
    """Write or check; returns the exit code."""
    if "--check" not in arguments:
        TARGET.write_text(page())
        return 0
    if TARGET.exists() and TARGET.read_text() == page():
        return 0
    print(f"{TARGET} is not what policies can say; run make generate", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
