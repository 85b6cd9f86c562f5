"""Sockets that lead out of the container's own business."""

from __future__ import annotations

from tests.behaviours.act import LINKED, Act
from tests.support.runc import Options

HOST_NETWORK = Options(namespaces={"network": None}, capabilities=("CAP_NET_RAW",))
# Nobody else's: the address is on the container's own loopback.
OWN = "ip link set lo up; ip addr add {address} dev lo; nc -w 1 {address} {port}"


def contact(family: str, rule: str, address: str, port: int, *, severe: bool = True) -> Act:
    """A connection to where nobody listens."""
    script = OWN.format(address=address, port=port)
    return Act(family, rule, script, LINKED, severe=severe, fails=True)


NETWORK = (
    contact("NW", "Instance metadata contacted from a container", "169.254.169.254", 80),
    contact("NW", "Node service contacted from a container", "198.51.100.1", 10250),
    contact(
        "NW",
        "Remote login or cluster API contacted from a container",
        "198.51.100.1",
        22,
        severe=False,
    ),
    contact(
        "PX", "Mining pool's port contacted from a container", "198.51.100.1", 3333, severe=False
    ),
    Act(
        "CA",
        "Raw packets from a container",
        "ip link set lo up; arping -c 1 -w 1 -I lo 127.0.0.1",
        Options(capabilities=("CAP_NET_ADMIN", "CAP_NET_RAW")),
        severe=False,
        fails=True,
    ),
    Act("NS", "Host's packets captured from a container", "calls socket@packet", HOST_NETWORK),
    Act(
        "NS",
        "Host's loopback contacted from a container",
        "nc -w 1 127.0.0.1 9",
        HOST_NETWORK,
        severe=False,
        fails=True,
    ),
    Act(
        "NS",
        "Privileged port of the host bound from a container",
        "timeout 1 nc -l -p 997; false",
        HOST_NETWORK,
        severe=False,
        fails=True,
    ),
    Act(
        "RS",
        "Container runtime's socket tried in a container",
        "calls connect@engine",
        severe=False,
    ),
    Act("KE", "Unusual socket family used in a container", "calls socket@vsock socket@alg"),
)
