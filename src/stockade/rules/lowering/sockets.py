"""What is told of internet sockets before they act; and the acts of the same event types that
nobody is asked about.
"""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterable, Mapping
from typing import TypeAlias

from stockade.events._records import EventType
from stockade.events.socket_fields import PROTOCOLS
from stockade.rules.lowering import views
from stockade.rules.lowering.formulas import all_of
from stockade.rules.lowering.knowledge import Layout, Views, equals, of_any, of_call
from stockade.rules.lowering.views import View

_BOTH, _DATAGRAMS = ("tcp", "udp"), ("udp",)
# By event type, the protocols whose sockets are asked about, of internet families; none for all.
ASKED: Mapping[EventType, tuple[str, ...]] = {
    EventType.CONNECT: _BOTH,
    EventType.BIND: _BOTH,
    EventType.SENDTO: _DATAGRAMS,
    EventType.SENDMSG: _DATAGRAMS,
    EventType.SOCKET: (),
}
_SENDS = {EventType.SENDTO, EventType.SENDMSG}
_FROM_CALLS = ("fd.sockfamily", "fd.netlink")
# Numbers that the kernel has taken from its caller's registers for good.
_FROM_REGISTERS = ("evt.arg.domain", "evt.arg.type")
_ADDRESSES = ("ip", "net", "port")
_SERVER, _CLIENT, _LOCAL, _REMOTE = "sclr"
_OF_SENDS = (
    "only messages of udp that name their receiver are decided, by whichever call:"
    " say evt.type in (sendto, sendmsg) and fd.l4proto = udp and evt.arg.addr exists"
)
Gap: TypeAlias = tuple[str, Views]


def of_socket(layout: Layout, kind: EventType) -> dict[str, View]:
    """The views of an act of a socket that is about to happen."""
    family = layout.number("socket.family")
    raw = equals(layout.number("socket.type"), socket.SOCK_RAW)
    protocol = views.named(layout.number("socket.protocol"), PROTOCOLS)
    names = (*_FROM_CALLS, *(_FROM_REGISTERS if kind is EventType.SOCKET else ()))
    known = of_call(layout, kind)
    found = {name: known[name] for name in names}
    for which, name in enumerate(("fd.type", "fd.typechar")):
        found[name] = of_any(family, which, views.absent)
    found["fd.l4proto"] = views.guarded(raw, views.constant("raw"), protocol)
    found["fd.is_server"] = views.constant(value=kind is EventType.BIND)
    if kind in _SENDS:
        found["evt.arg.addr"] = views.present
    return found | _ends(layout, kind)


def _ends(layout: Layout, kind: EventType) -> dict[str, View]:
    """Of the addresses of an act: its server is the remote end, or the local one of a bind."""
    if kind is EventType.SOCKET:
        return _at((_SERVER, _CLIENT, _LOCAL, _REMOTE), views.absent, views.absent)
    local = kind is EventType.BIND
    side = "local" if local else "remote"
    port, high, low = (layout.number(f"socket.{side}_{part}") for part in ("port", "high", "low"))
    address: View = views.address(layout.number("socket.family"), high, low)
    number: View = views.integer(port)
    if local:
        # What is bound to nothing in particular.
        nowhere = all_of(map(views.is_zero, (port, high, low)))
        address, number = (views.guarded(nowhere, views.absent, each) for each in (address, number))
    return _at((_SERVER, _LOCAL if local else _REMOTE), address, number)


def _at(ends: Iterable[str], address: View, port: View) -> dict[str, View]:
    return {
        f"fd.{end}{name}": port if name == "port" else address
        for end in ends
        for name in _ADDRESSES
    }


def confusion(kinds: Collection[EventType]) -> tuple[str, ...]:
    """Why acts would be missed that can be told of as another type than those of a rule.

    Not every ABI and kernel says before the act which call a message is sent by.
    """
    return () if len(_SENDS.intersection(kinds)) in {0, len(_SENDS)} else (_OF_SENDS,)


def gaps(kind: EventType) -> tuple[Gap, ...]:
    """The acts of a type that nothing refuses: what they are, and what of their fields differs."""
    if kind not in ASKED:
        return ()
    elsewhere = _at((_SERVER, _CLIENT, _LOCAL, _REMOTE), views.absent, views.absent) | {
        "fd.l4proto": views.absent,
        "fd.sockfamily": views.other_than("ip"),
        "fd.type": views.other_than("ipv4", "ipv6"),
        "fd.typechar": views.other_than("4", "6"),
    }
    if kind is EventType.SOCKET:
        elsewhere["evt.arg.domain"] = views.other_than("AF_INET", "AF_INET6")
        why = "only internet sockets are decided: say evt.arg.domain in (AF_INET, AF_INET6)"
        return ((why, elsewhere),)
    others = {"fd.l4proto": views.other_than(*ASKED[kind])}
    if kind in _SENDS:
        unnamed = {"evt.arg.addr": views.absent}
        return (_OF_SENDS, elsewhere), (_OF_SENDS, others), (_OF_SENDS, unnamed)
    why = "only sockets of tcp and udp are decided: say fd.l4proto in (tcp, udp)"
    return (why, elsewhere), (why, others)
