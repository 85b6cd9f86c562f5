"""Which network addresses are the host's, and what leads to them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from stockade.agent import HostAddresses
from stockade.events import ABSENT, UNKNOWN, EventType, Text, Value
from stockade.events.event import Event
from tests.support.records import NAMESPACES, NO_SOCKET, call_record, event
from tests.unit.test_fields import value

TRIE = """Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 192.0.2.0
        /24 link UNICAST
     |-- 192.0.2.2
        /32 host LOCAL
     |-- 192.0.2.255
        /32 link BROADCAST
Local:
     |-- 127.0.0.0
        /8 host LOCAL
     |-- 127.0.0.1
        /32 host LOCAL
"""
INET6 = """fd000000000000000000000000000002 02 40 00 80     eth0
00000000000000000000000000000001 01 80 10 80       lo
"""


def test_what_the_kernel_lists(tmp_path: Path) -> None:
    (tmp_path / "fib_trie").write_text(TRIE)
    (tmp_path / "if_inet6").write_text(INET6)
    addresses = HostAddresses(tmp_path)
    assert addresses.known() == {"192.0.2.2", "127.0.0.1", "fd00::2", "::1"}
    (tmp_path / "fib_trie").unlink()
    assert "192.0.2.2" in addresses.known()


def test_a_kernel_without_networks(tmp_path: Path) -> None:
    assert HostAddresses(tmp_path).known() == frozenset()


def connecting(address: bytes, *, known: bool = True, net: int = NAMESPACES.net) -> Event:
    """A connect over IPv4, from the network namespace 13."""
    raw = (2).to_bytes(2, "little") + (22).to_bytes(2, "big") + address
    record = msgspec.structs.replace(
        call_record(EventType.CONNECT),
        socket=msgspec.structs.replace(NO_SOCKET, family=2, type=1, protocol=6),
        address=Text(raw.decode("utf-8", "surrogateescape"), argument=True),
    )
    return msgspec.structs.replace(
        event(record),
        host_addresses=frozenset({"192.0.2.2", "127.0.0.1"}),
        host_namespaces=msgspec.structs.replace(NAMESPACES, net=net) if known else None,
    )


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (connecting(bytes([192, 0, 2, 2])), True),
        (connecting(bytes([192, 0, 2, 3])), False),
        (connecting(bytes([127, 0, 0, 1])), True),
        (connecting(bytes([127, 0, 0, 9]), net=99), False),
        (connecting(bytes([127, 0, 0, 1]), known=False), UNKNOWN),
        (event(call_record(EventType.CONNECT)), ABSENT),
    ],
)
def test_whether_a_server_is_the_host(made: Event, expected: Value) -> None:
    assert value("fd.server_is_host", made) == expected
