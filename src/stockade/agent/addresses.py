"""The host's own network addresses."""

from __future__ import annotations

import re
import time
from ipaddress import IPv6Address
from pathlib import Path

# Init's network namespace is the host's.
_NET = Path("/proc/1/net")
_LOOK_S = 10.0
# Of the routing table: an address, and below it that it is the host's.
_LOCAL = re.compile(r"\|-- ([0-9.]+)\n\s+/32 host LOCAL")


class HostAddresses:
    """The host's addresses, looked up again when what is known is ten seconds old.

    Args:
        net: a directory like /proc/net.
    """

    def __init__(self, net: Path = _NET) -> None:
        self._net = net
        self._known: frozenset[str] = frozenset()
        self._looked_s: float | None = None

    def known(self) -> frozenset[str]:
        """All of them as text; none where they cannot be read."""
        now = time.monotonic()
        if self._looked_s is None or now - self._looked_s > _LOOK_S:
            self._known = frozenset({*self._v4(), *self._v6()})
            self._looked_s = now
        return self._known

    def _v4(self) -> list[str]:
        return _LOCAL.findall(self._read("fib_trie"))

    def _v6(self) -> list[str]:
        lines = self._read("if_inet6").splitlines()
        return [str(IPv6Address(bytes.fromhex(line.split()[0]))) for line in lines]

    def _read(self, name: str) -> str:
        try:
            return (self._net / name).read_text()
        except OSError:
            # A kernel without one of the protocols, or a host that hides init from us.
            return ""
