"""Names of addresses: those that rules name, by a resolver of the test's."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from stockade.agent.names import NameTable, hosts_in
from stockade.events import HostNames
from tests.support.rules import made, one, rule_text

API = "api.test"
OTHER = "other.test"
RULE = one(made(rule_text(f"evt.type = connect and fd.sip.name in ({API}, {OTHER})")))
PLAIN = one(made(rule_text("evt.type = connect and fd.sip = 10.0.0.1")))


def test_only_names_of_addresses_are_asked_for() -> None:
    assert hosts_in([RULE, PLAIN]) == {API, OTHER}
    assert hosts_in([PLAIN]) == frozenset()


async def _resolved(table: NameTable, rounds: int = 20) -> HostNames:
    work = asyncio.ensure_future(table.work())
    for _ in range(rounds):
        await asyncio.sleep(0)
    work.cancel()
    await asyncio.wait({work})
    return table.known()


def _resolver(known: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    async def getaddrinfo(_loop: object, host: str, _port: None, **_: Any) -> list[Any]:
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0)) for each in known[host]]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)


def test_an_address_has_the_names_that_lead_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _resolver({API: ["10.0.0.1", "10.0.0.2"], OTHER: ["10.0.0.2"]}, monkeypatch)

    async def known() -> HostNames:
        return await _resolved(NameTable([RULE]))

    found = asyncio.run(known())
    assert found.complete
    assert found.of == {"10.0.0.1": (API,), "10.0.0.2": (API, OTHER)}


def test_what_does_not_resolve_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    _resolver({API: ["10.0.0.1"]}, monkeypatch)

    async def known() -> tuple[HostNames, HostNames]:
        table = NameTable([RULE])
        before = table.known()
        return before, await _resolved(table)

    before, found = asyncio.run(known())
    assert not before.complete
    assert not found.complete
    assert found.of == {"10.0.0.1": (API,)}


def test_other_rules_have_other_names(monkeypatch: pytest.MonkeyPatch) -> None:
    _resolver({API: ["10.0.0.1"], OTHER: ["10.0.0.2"]}, monkeypatch)

    async def known() -> HostNames:
        table = NameTable([RULE])
        await _resolved(table)
        table.take_rules([PLAIN])
        return await _resolved(table)

    assert asyncio.run(known()) == HostNames({}, complete=True)
