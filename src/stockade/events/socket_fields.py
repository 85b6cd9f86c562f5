"""Fields of the sockets that calls are about: both ends, families and protocols."""

from __future__ import annotations

import socket as sockets
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address

from stockade.events import call_names
from stockade.events._records import CallRecord, EventType, SocketObject
from stockade.events.calls import of_call
from stockade.events.event import Event
from stockade.events.field import Field, FieldType, Many, Origin, Resolver
from stockade.events.values import ABSENT, UNKNOWN, Value

_UNIX, _INET, _INET6, NETLINK = 1, 2, 10, 16
INTERNET = {_INET, _INET6}
# Of struct sockaddr_in and sockaddr_in6.
_PORT, _ADDRESS, _ADDRESS6 = slice(2, 4), slice(4, 8), slice(8, 24)
# What fd.type and fd.typechar call a socket, by its family.
KINDS = {_UNIX: ("unix", "u"), _INET: ("ipv4", "4"), _INET6: ("ipv6", "6")}
OTHER_KIND = ("socket", "o")
PROTOCOLS = {6: "tcp", 17: "udp", 1: "icmp", 58: "icmpv6", 255: "raw"}
_SERVERS = {EventType.BIND, EventType.LISTEN, EventType.ACCEPT, EventType.ACCEPT4}

Reader = Callable[[CallRecord], Value]


def kind_of(record: CallRecord) -> tuple[str, str]:
    """What fd.type and fd.typechar call a socket."""
    return KINDS.get(record.socket.family, OTHER_KIND)


def name_of(record: CallRecord) -> Value:
    """Both ends of a socket, or the path of a unix one."""
    if record.socket.family == _UNIX:
        return _unix_path(record)
    return _tuple(record) if record.socket.family in INTERNET else ABSENT


def is_path(record: CallRecord) -> bool:
    """Whether a socket's name is a path."""
    return record.socket.family == _UNIX


def address_text(record: CallRecord) -> Value:
    """The socket address that the caller gave."""
    if not record.address.present:
        return ABSENT
    if not record.address.known:
        return UNKNOWN
    given = _given(record)
    return f"{given[0]}:{given[1]}" if given else _unix_path(record)


Endpoint = tuple[str, int]


def _address(socket: SocketObject, high: int, low: int) -> str:
    if socket.family == _INET:
        return str(IPv4Address((low & 0xFFFFFFFF).to_bytes(4, "little")))
    return _plain(IPv6Address(high.to_bytes(8, "little") + low.to_bytes(8, "little")))


def _plain(address: IPv6Address) -> str:
    """An IPv4 address that an IPv6 socket uses is one."""
    return str(address.ipv4_mapped or address)


def _raw_address(record: CallRecord) -> bytes:
    known = record.address.present and record.address.known
    return record.address.value.encode("utf-8", "surrogateescape") if known else b""


def _given(record: CallRecord) -> Endpoint | None:
    """The address that the caller gave."""
    raw = _raw_address(record)
    if len(raw) < _ADDRESS.stop:
        return None
    family, port = int.from_bytes(raw[:2], "little"), int.from_bytes(raw[_PORT], "big")
    if family == _INET:
        return str(IPv4Address(raw[_ADDRESS])), port
    if family == _INET6 and len(raw) >= _ADDRESS6.stop:
        return _plain(IPv6Address(raw[_ADDRESS6])), port
    return None


def _local(record: CallRecord) -> Endpoint | None:
    socket = record.socket
    if socket.family not in INTERNET:
        return None
    if record.header.type == EventType.BIND and record.header.result < 0:
        return _given(record)
    # Where a raw socket's port would be is its protocol.
    port = 0 if socket.type == sockets.SOCK_RAW else socket.local_port
    if not port and not socket.local_low and not socket.local_high:
        return None
    return _address(socket, socket.local_high, socket.local_low), port


def _remote(record: CallRecord) -> Endpoint | None:
    """The other end: what was asked for, where the kernel's socket has none (any more)."""
    socket = record.socket
    if record.header.type in {EventType.CONNECT, EventType.SENDTO, EventType.SENDMSG} and (
        given := _given(record)
    ):
        return given
    if socket.family not in INTERNET or not socket.remote_port:
        return None
    return _address(socket, socket.remote_high, socket.remote_low), socket.remote_port


def _is_server(record: CallRecord) -> bool:
    return record.header.type in _SERVERS


def _server(record: CallRecord) -> Endpoint | None:
    return _local(record) if _is_server(record) else _remote(record)


def _client(record: CallRecord) -> Endpoint | None:
    return _remote(record) if _is_server(record) else _local(record)


def _ip(end: Callable[[CallRecord], Endpoint | None]) -> Resolver:
    def read(record: CallRecord) -> Value:
        found = end(record)
        return ABSENT if found is None else found[0]

    return of_call(read)


def _name(end: Callable[[CallRecord], Endpoint | None]) -> Resolver:
    """The names that rules have for an end: another one may still turn out to be its."""

    def resolve(event: Event) -> Value:
        if not isinstance(event.record, CallRecord) or (found := end(event.record)) is None:
            return ABSENT
        names = event.names.of.get(found[0], ())
        return names if event.names.complete else (*names, UNKNOWN)

    return resolve


def _port(end: Callable[[CallRecord], Endpoint | None]) -> Resolver:
    def read(record: CallRecord) -> Value:
        found = end(record)
        return ABSENT if found is None else found[1]

    return of_call(read)


def _is_hosts(event: Event) -> Value:
    if not isinstance(event.record, CallRecord) or (server := _server(event.record)) is None:
        return ABSENT
    host = event.host_namespaces
    if ip_address(server[0]).is_loopback:
        # Every network has a loopback of its own.
        return UNKNOWN if host is None else event.record.header.task.ns.net == host.net
    return server[0] in event.host_addresses


def _both(part: int) -> Resolver:
    def read(record: CallRecord) -> Value:
        ends = [end for end in (_client(record), _server(record)) if end]
        return tuple(end[part] for end in ends)

    return of_call(read)


def _tuple(record: CallRecord) -> Value:
    ends = [end for end in (_client(record), _server(record)) if end]
    return "->".join(f"{address}:{port}" for address, port in ends) or ABSENT


def _unix_path(record: CallRecord) -> Value:
    """The name of a unix socket; an abstract one begins with @."""
    raw = _raw_address(record)[2:]
    if not raw:
        if not record.socket.path.known or not record.socket.path.present:
            return ABSENT
        raw = record.socket.path.value.encode("utf-8", "surrogateescape")
    if raw.startswith(b"\0"):
        return "@" + raw[1:].decode("utf-8", "surrogateescape")
    return raw.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _family(record: CallRecord) -> Value:
    family = record.socket.family
    if not family:
        return ABSENT
    return {_UNIX: "unix", _INET: "ip", _INET6: "ip"}.get(family) or call_names.DOMAINS.get(
        family, str(family)
    )


def _protocol(record: CallRecord) -> Value:
    socket = record.socket
    if socket.family not in INTERNET:
        return ABSENT
    if socket.type == sockets.SOCK_RAW:
        return "raw"
    return PROTOCOLS.get(socket.protocol, str(socket.protocol))


def _netlink(record: CallRecord) -> Value:
    if record.socket.family != NETLINK:
        return ABSENT
    protocol = record.socket.protocol
    return call_names.NETLINK_FAMILIES.get(protocol, str(protocol))


_S, _I, _B = FieldType.STRING, FieldType.INT, FieldType.BOOL
_IP = FieldType.IP


def _socket(name: str, kind: FieldType, doc: str, resolve: Resolver) -> Field:
    return Field(name, kind, doc, resolve, events=("network",))


_NAMED = {
    "fd.sip.name": ("server", _server),
    "fd.cip.name": ("client", _client),
    "fd.lip.name": ("local", _local),
    "fd.rip.name": ("remote", _remote),
}
NAMES = frozenset(_NAMED)
FIELDS = (
    *(
        Field(
            name,
            _S,
            f"the names, of those in rules, that lead to the {which} address",
            _name(end),
            events=("network",),
            many=Many.ANY,
            origin=Origin.METADATA,
        )
        for name, (which, end) in _NAMED.items()
    ),
    _socket("fd.sockfamily", _S, "ip, unix or AF_*", of_call(_family)),
    _socket("fd.l4proto", _S, "tcp, udp, icmp, raw, or a number", of_call(_protocol)),
    _socket("fd.netlink", _S, "NETLINK_* of a netlink socket", of_call(_netlink)),
    _socket("fd.sip", _IP, "address of the server", _ip(_server)),
    _socket("fd.cip", _IP, "address of the client", _ip(_client)),
    _socket("fd.lip", _IP, "local address", _ip(_local)),
    _socket("fd.rip", _IP, "remote address", _ip(_remote)),
    _socket("fd.snet", FieldType.NET, "address of the server, in a network", _ip(_server)),
    _socket("fd.cnet", FieldType.NET, "address of the client, in a network", _ip(_client)),
    _socket("fd.lnet", FieldType.NET, "local address, in a network", _ip(_local)),
    _socket("fd.rnet", FieldType.NET, "remote address, in a network", _ip(_remote)),
    _socket("fd.sport", _I, "port of the server", _port(_server)),
    _socket("fd.cport", _I, "port of the client", _port(_client)),
    _socket("fd.lport", _I, "local port", _port(_local)),
    _socket("fd.rport", _I, "remote port", _port(_remote)),
    Field("fd.ip", _IP, "either address", _both(0), events=("network",), many=Many.ANY),
    Field(
        "fd.server_is_host",
        _B,
        "the server's address is one of the host's",
        _is_hosts,
        events=("network",),
        origin=Origin.METADATA,
    ),
    Field(
        "fd.net",
        FieldType.NET,
        "either, in a network",
        _both(0),
        events=("network",),
        many=Many.ANY,
    ),
    Field("fd.port", _I, "either port", _both(1), events=("network",), many=Many.ANY),
    _socket(
        "fd.is_server",
        _B,
        "it waits for others",
        of_call(lambda record: _is_server(record) if record.socket.family else ABSENT),
    ),
)
