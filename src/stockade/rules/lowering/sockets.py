"""What is told of internet sockets before they act; and the acts of the same event types that
nobody is asked about.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import TypeAlias

from stockade.events._records import EventType
from stockade.events.socket_fields import PROTOCOLS
from stockade.rules.lowering import views
from stockade.rules.lowering.formulas import Among
from stockade.rules.lowering.knowledge import Layout, Views, equals, of_any, of_call

# By event type, the protocols whose sockets are asked about: of internet families, and not raw.
ASKED: Mapping[EventType, tuple[str, ...]] = {EventType.CONNECT: ("tcp", "udp")}
_FROM_CALLS = ("fd.sockfamily", "fd.netlink")
_ADDRESSES = ("ip", "net")
_SERVER, _REMOTE = "s", "r"
Gap: TypeAlias = tuple[str, Views]


def of_socket(layout: Layout, kind: EventType) -> dict[str, views.View]:
    """The views of an act of a socket that is about to happen."""
    family, port = layout.number("socket.family"), layout.number("socket.remote_port")
    raw = equals(layout.number("socket.type"), socket.SOCK_RAW)
    protocol = views.named(layout.number("socket.protocol"), PROTOCOLS)
    found = {name: view for name, view in of_call(layout, kind).items() if name in _FROM_CALLS}
    inet = Among(family, ((socket.AF_INET, socket.AF_INET), (socket.AF_INET6, socket.AF_INET6)))
    by_protocol = views.guarded(raw, views.constant("raw"), protocol)
    for which, name in enumerate(("fd.type", "fd.typechar")):
        found[name] = of_any(family, which, views.absent)
    found["fd.l4proto"] = views.guarded(inet, by_protocol, views.absent)
    found["fd.is_server"] = views.constant(value=False)
    address = views.address(
        family, layout.number("socket.remote_high"), layout.number("socket.remote_low")
    )
    for end in (_SERVER, _REMOTE):
        found[f"fd.{end}port"] = views.integer(port)
        found |= {f"fd.{end}{each}": address for each in _ADDRESSES}
    return found


def gaps(kind: EventType) -> tuple[Gap, ...]:
    """The acts of a type that nothing refuses: what they are, and what of their fields differs."""
    if kind not in ASKED:
        return ()
    names = " and ".join(ASKED[kind])
    elsewhere = dict.fromkeys(
        (f"fd.{end}{each}" for end in "sclr" for each in (*_ADDRESSES, "port")), views.absent
    )
    elsewhere["fd.l4proto"] = views.absent
    elsewhere["fd.sockfamily"] = views.other_than("ip")
    elsewhere["fd.type"] = views.other_than("ipv4", "ipv6")
    elsewhere["fd.typechar"] = views.other_than("4", "6")
    others = {"fd.l4proto": views.other_than(*ASKED[kind])}
    why = f"only sockets of {names} are decided: say fd.l4proto in ({', '.join(ASKED[kind])})"
    return (why, elsewhere), (why, others)
