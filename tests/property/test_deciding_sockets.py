"""What decides about sockets before they act agrees with the evaluator on the event of the act."""

from __future__ import annotations

import random
from ipaddress import ip_address

import pytest

from stockade.events import EventType
from stockade.events._records import OFFSETS, CallRecord, View
from stockade.rules import values_of
from stockade.rules.evaluate import evaluate
from stockade.rules.lowering.deciding import Decider, scope_parts, settled
from stockade.rules.lowering.formulas import Number, Text, holds
from stockade.rules.lowering.generated import RawRecord
from stockade.rules.lowering.parts import Whose
from stockade.rules.lowering.reading import NOTHING_KNOWN, Frame, reads
from tests.support.judged import events_of
from tests.support.rules import made, one, rule_text

INET, INET6 = 2, 10
ADDRESSES = (
    "127.0.0.1 127.0.0.2 10.1.2.3 169.254.169.254 192.168.7.7 0.0.0.0 255.255.255.255 ::1 ::"
    " fe80::7 2001:db8::1 2001:db8:0:1::1 ::7f00:1 ::ffff:0:1"
).split()
CONDITIONS = """
fd.sip = 127.0.0.1
fd.rip in (169.254.169.254, '2001:db8::1', 10.0.0.0/8)
fd.snet in (127.0.0.0/8, '::1')
fd.rnet = '2001:db8::/33'
fd.snet = 0.0.0.0/0 and fd.sport != 443
fd.snet = '::/0' or fd.rport < 80
not fd.snet in (10.0.0.0/9, '2001:db8::/49', 192.168.0.0/17)
fd.sip != 127.0.0.1 and fd.type = ipv6
fd.sockfamily = ip and fd.typechar = 4
fd.l4proto = udp and fd.is_server = false and proc.name in (cat, bash)
""".strip().splitlines()
TRIES = 300


def _put(raw: RawRecord, member: str, value: int) -> None:
    offset, code = OFFSETS[CallRecord][member]
    raw.set_number(Number(offset, {"h": 2, "i": 4, "q": 8}[code.lower()]), value)


def acting(kind: EventType, rng: random.Random) -> bytes:
    """A record as the hook makes it: the address in the socket, and as it is given."""
    raw = RawRecord(kind, rng)
    raw.rewind()
    address = ip_address(rng.choice(ADDRESSES))
    family = INET6 if address.version == 6 or rng.random() < 0.5 else INET
    packed = address.packed if address.version == 6 else b"\0" * 10 + b"\xff\xff" + address.packed
    port = rng.choice([22, 80, 443, 8080])
    words = (packed[:8], packed[8:]) if family == INET6 else (b"", packed[12:])
    given = port.to_bytes(2, "big")
    if packed.startswith(b"\0" * 10 + b"\xff\xff"):
        given = b"\2\0" + given + packed[12:] + bytes(8)
    else:
        given = b"\n\0" + given + bytes(4) + packed + bytes(4)
    _put(raw, "socket.family", family)
    _put(raw, "socket.type", rng.choice([1, 2]))
    _put(raw, "socket.protocol", rng.choice([6, 17]))
    side = "local" if kind is EventType.BIND else "remote"
    _put(raw, f"socket.{side}_port", port)
    for half, value in zip(("high", "low"), words, strict=True):
        _put(raw, f"socket.{side}_{half}", int.from_bytes(value, "little"))
    raw.set_string(Text(OFFSETS[CallRecord]["address.offset"][0]), given)
    return raw.bytes()


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("kind", [EventType.CONNECT, EventType.BIND, EventType.SENDTO])
def test_decisions_about_sockets_are_exact(kind: EventType, condition: str) -> None:
    rng = random.Random(condition)  # noqa: S311 - the same events every time
    if kind is EventType.BIND:
        condition = condition.replace("fd.r", "fd.l").replace("= false", "= true")
    asked = f"evt.type = {kind.name.lower()} and fd.l4proto in (tcp, udp) and ({condition})"
    if kind is EventType.SENDTO:
        asked = asked.replace("= sendto", "in (sendto, sendmsg)")
        asked += " and fd.l4proto = udp and evt.arg.addr exists"
    rule = one(made(rule_text(asked, action="deny")))
    parts = scope_parts([rule])
    fires = Decider(rule, kind, parts, certain=True).fires()
    seen = set()
    for _ in range(TRIES):
        raw = acting(kind, rng)
        event = events_of(raw, View.SAME, rng)
        assert isinstance(event.record, CallRecord)
        # The hook knows it in any case.
        if event.container is None or not event.record.address.known:
            continue
        words = dict(NOTHING_KNOWN.words)
        may_hold, may_fail = parts.words(Whose.CONTAINER, values_of(event))
        words[Whose.CONTAINER] = may_hold, settled(may_fail)
        acts = holds(fires, lambda probe: reads(probe, raw, Frame(View.SAME, words)))  # noqa: B023
        assert acts == evaluate(rule.condition, values_of(event)), event.record
        seen.add(acts)
    assert seen == {True, False}
