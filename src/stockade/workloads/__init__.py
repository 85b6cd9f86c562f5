"""Containers: what they are called, what their runtimes say of them, what they were given."""

from stockade.workloads.containers import Containers
from stockade.workloads.runtimes import STATE_ROOTS, state_roots
from stockade.workloads.unusual import unusual

__all__ = ["STATE_ROOTS", "Containers", "state_roots", "unusual"]
