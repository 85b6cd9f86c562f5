"""python -m vmtest.seen [TIER]: in a guest, what its kernel can do and what its verifier says of
the programs of a tier, as JSON.
"""

from __future__ import annotations

import sys

import msgspec

from stockade.events import EventType
from stockade.kernel import Sensor, Tier, Wanted
from stockade.kernel.facts import find_facts


def main(arguments: list[str]) -> int:
    """Look and print."""
    tier = Tier(arguments[0]) if arguments else None
    everything = Wanted(frozenset(EventType) - {EventType.NONE})
    with Sensor(everything, measured=True, tier=tier) as sensor:
        verified = sensor.verified()
    seen = {"facts": find_facts(), "verified": verified}
    sys.stdout.write(msgspec.json.encode(seen).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
