"""Which events are judged in the kernel."""

from __future__ import annotations

from stockade.events.fields import KIND_OF

# Exec, fork, exit and containers' events tell the agent what it needs to know; they always go up.
FILTERED = frozenset(
    kind for kind, family in KIND_OF.items() if family not in {"exec", "fork", "exit", "container"}
)
