"""The addresses of the hosts that rules name: fd.sip.name and the like."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from stockade.agent.addresses import HostAddresses
from stockade.events import HostNames
from stockade.events.socket_fields import NAMES
from stockade.rules import Rule
from stockade.rules.syntax import tests_of

_REFRESH_S = 60.0


def hosts_in(rules: Iterable[Rule]) -> frozenset[str]:
    """The names that addresses are compared with."""
    return frozenset(
        value
        for rule in rules
        for test in tests_of(rule.condition)
        if test.left.field.name in NAMES
        for value in test.values
        if isinstance(value, str)
    )


@dataclass(frozen=True, slots=True)
class Addresses:
    """What is known of addresses.

    Attributes:
        host: which are the host's.
        names: which are those of hosts that rules name.
    """

    host: HostAddresses
    names: NameTable


class NameTable:
    """Asks the resolver for the names in rules, again every minute; no event waits for it.

    Args:
        rules: those that are there now.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._hosts = hosts_in(rules)
        self._addresses: dict[str, frozenset[str]] = {}
        self._changed = asyncio.Event()
        self._known = HostNames()
        self._tell()

    def known(self) -> HostNames:
        """What has been found out."""
        return self._known

    def take_rules(self, rules: Iterable[Rule]) -> None:
        """Ask for other names from now on."""
        self._hosts = hosts_in(rules)
        self._tell()
        self._changed.set()

    async def work(self) -> None:
        """Keep the table; ends when cancelled."""
        while True:
            for host in sorted(self._hosts):
                await self._resolve(host)
            self._tell()
            try:
                await asyncio.wait_for(self._changed.wait(), _REFRESH_S)
            except TimeoutError:
                continue
            self._changed.clear()

    async def _resolve(self, host: str) -> None:
        """What does not resolve now keeps the addresses that it had."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        self._addresses[host] = frozenset(str(address[0]) for *_, address in found)

    def _tell(self) -> None:
        names: dict[str, tuple[str, ...]] = {}
        for host in sorted(self._hosts):
            for address in self._addresses.get(host, ()):
                names[address] = (*names.get(address, ()), host)
        self._known = HostNames(names, complete=self._addresses.keys() >= self._hosts)
