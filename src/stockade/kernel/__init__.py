"""The kernel's side: objects, probes, maps and rings."""

from stockade.kernel.sensor import Sensor, Wanted, host_mnt_ns

__all__ = ["Sensor", "Wanted", "host_mnt_ns"]
