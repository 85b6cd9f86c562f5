"""Containers: which one a task belongs to, and what its runtime says of it."""

from stockade.workloads.containers import Containers
from stockade.workloads.runtimes import known_roots

__all__ = ["Containers", "known_roots"]
