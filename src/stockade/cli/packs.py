"""Where the shipped rules are."""

from __future__ import annotations

from pathlib import Path

PACKS = Path(__file__).parents[1] / "packs"
