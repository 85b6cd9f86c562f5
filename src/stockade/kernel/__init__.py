"""The kernel's side: objects, probes, maps and rings."""

from stockade.kernel.pins import Pins
from stockade.kernel.provenance import Provenance
from stockade.kernel.sensor import Sensor, Wanted
from stockade.kernel.tiers import Tier

__all__ = ["Pins", "Provenance", "Sensor", "Tier", "Wanted"]
