"""python -m vmtest.seen: in a guest, what its kernel can do and what its verifier says, as JSON."""

from __future__ import annotations

import sys

import msgspec

from stockade.events import EventType
from stockade.kernel import Sensor, Wanted
from stockade.kernel.facts import find_facts


def main() -> int:
    """Look and print."""
    everything = Wanted(frozenset(EventType) - {EventType.NONE})
    with Sensor(everything, measured=True) as sensor:
        verified = sensor.verified()
    seen = {"facts": find_facts(), "verified": verified}
    sys.stdout.write(msgspec.json.encode(seen).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
