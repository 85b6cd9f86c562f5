"""What containers do, by the families of the catalogue: acts that a rule is to tell of."""

from __future__ import annotations

from tests.behaviours.act import Act
from tests.behaviours.files import FILES
from tests.behaviours.kernel import KERNEL
from tests.behaviours.mounts import MOUNTS
from tests.behaviours.network import NETWORK
from tests.behaviours.processes import PROCESSES
from tests.behaviours.self_protection import SELF_PROTECTION

ACTS: tuple[Act, ...] = (*PROCESSES, *MOUNTS, *KERNEL, *FILES, *NETWORK, *SELF_PROTECTION)

__all__ = ["ACTS", "Act"]
