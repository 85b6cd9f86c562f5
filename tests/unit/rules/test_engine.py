"""Rules at work: which events they want, and which of them an event fires."""

from __future__ import annotations

import msgspec
import pytest

from stockade.events import Container, Event, EventType, Role, Text
from stockade.events.calls import CALLS
from stockade.rules import Engine, Rule
from tests.support.records import FILE, TASK, event, exec_record, header, open_record
from tests.unit.rules.helpers import macro, made, rule

OPENS = {
    EventType.OPEN,
    EventType.OPENAT,
    EventType.OPENAT2,
    EventType.CREAT,
    EventType.OPEN_BY_HANDLE_AT,
}
EXECS = {EventType.EXECVE, EventType.EXECVEAT}
ALL = set(EventType) - {
    EventType.NONE,
    EventType.SOCKETCALL,
    EventType.RECVMSG,
    EventType.RECVMMSG,
}


def fired(engine: Engine, judged: Event) -> list[Rule]:
    """The rules that the event fires; one that cannot be known does not."""
    return [rule for rule, verdict in engine.judged(judged) if verdict]


# Whatever may be about a descriptor.
FILES = OPENS | set(CALLS)
NETWORK = {kind for kind, call in CALLS.items() if call.family == "network"}


def engine(*conditions: str, **keys: str) -> Engine:
    """An engine of rules named by their numbers."""
    texts = [rule(each, str(number), **keys) for number, each in enumerate(conditions)]
    return Engine(made("".join(texts)).enabled)


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("evt.type = open", {EventType.OPEN}),
        ("evt.type in (open, execve)", {EventType.OPEN, EventType.EXECVE}),
        ("evt.type = open or evt.type = execve", {EventType.OPEN, EventType.EXECVE}),
        ("evt.type = open and evt.type = execve", set()),
        ("evt.type != open", ALL - {EventType.OPEN}),
        ("not evt.type in (open, openat)", ALL - {EventType.OPEN, EventType.OPENAT}),
        ("evt.type startswith exec", EXECS),
        ("evt.type = procexit", {EventType.PROCEXIT}),
        ("evt.type = ptrace", {EventType.PTRACE}),
        ("evt.type = read", set()),
        ("proc.name = x", ALL),
        ("fd.name = x", FILES),
        ("fd.host_path = x", FILES),
        ("fd.name startswith /etc and evt.type = openat", {EventType.OPENAT}),
        ("fd.name = x or proc.name = y", ALL),
        ("not fd.name = x", ALL),
        ("fd.name exists", FILES),
        ("not fd.name exists", ALL),
        ("fd.name = x and evt.type = execve", set()),
        ("fd.sip = ::1", NETWORK),
        ("fd.connected = true", NETWORK),
        ("evt.type = open and (fd.sip = ::1 or fd.name = x)", {EventType.OPEN}),
        ("tolower(fd.name) = x", FILES),
        ("proc.name = val(fd.filename)", FILES),
    ],
)
def test_only_what_rules_ask_for_is_wanted(condition: str, wanted: set[EventType]) -> None:
    of = engine(condition)
    assert of.wanted(host=False) == wanted
    assert of.wanted(host=True) == wanted


@pytest.mark.parametrize(
    ("condition", "scope", "of_host", "of_container"),
    [
        ("evt.type = open", "any", True, True),
        ("evt.type = open", "container", False, True),
        ("evt.type = open and container.id != host", "any", False, True),
        ("evt.type = open and not container.id = host", "any", False, True),
        ("evt.type = open and container.image = nginx", "any", False, True),
    ],
)
def test_hosts_and_containers(
    condition: str, scope: str, *, of_host: bool, of_container: bool
) -> None:
    of = engine(condition, scope=scope)
    assert (of.wanted(host=True) == {EventType.OPEN}) is of_host
    assert (of.wanted(host=False) == {EventType.OPEN}) is of_container


def test_a_rule_that_is_switched_off_wants_nothing() -> None:
    found = made(rule("evt.type = open", enabled="false"))
    assert Engine(found.enabled).wanted(host=False) == set()
    assert Engine(found.rules).wanted(host=False) == {EventType.OPEN}


@pytest.mark.parametrize(
    ("condition", "fires"),
    [
        ("evt.type = openat", True),
        ("evt.type = open", False),
        ("proc.name = cat and proc.pname = sh", True),
        ("proc.aname[2] = init", True),
        ("proc.aname = init", True),
        ("proc.aname[3] exists", False),
        ("proc.cmdline = 'cat -n file'", True),
        ("evt.is_open_read = true", True),
        ("evt.is_open_write = true", False),
        ("fd.name pmatch (/mnt)", True),
        ("fd.sip = ::1", False),
        ("not fd.sip = ::1", True),
        ("container.id = box", True),
        ("container.image = x", False),
        ("not container.image = x", False),
        ("container.image = x or proc.name = cat", True),
        ("evt.type = openat and k8s.ns.name = x", False),
        ("evt.type = openat and not k8s.ns.name = x", False),
    ],
)
def test_an_event_fires_what_holds_for_it(condition: str, *, fires: bool) -> None:
    of = engine(condition)
    assert [each.name for each in fired(of, event())] == (["0"] if fires else [])


@pytest.mark.parametrize(
    ("scope", "container", "fires"),
    [
        ("host", None, True),
        ("host", Container(id="box"), False),
        ("container", None, False),
        ("container", Container(id="box"), True),
        ("container", Container(id="host"), True),
        ("host", Container(id="host"), False),
        ("any", None, True),
    ],
)
def test_scopes(scope: str, container: Container | None, *, fires: bool) -> None:
    of = engine("evt.type = openat", scope=scope)
    assert bool(list(fired(of, event(container=container)))) is fires


@pytest.mark.parametrize(
    ("scope", "role", "fires"),
    [
        ("container", Role.SETUP, False),
        ("container", Role.MEMBER, True),
        ("container", Role.VISITOR, True),
        ("any", Role.SETUP, True),
        ("host", Role.SETUP, False),
    ],
)
def test_a_runtime_at_work_is_not_yet_the_containers(
    scope: str, role: Role, *, fires: bool
) -> None:
    task = msgspec.structs.replace(TASK, role=role)
    record = msgspec.structs.replace(open_record(), header=header(EventType.OPENAT, 3, task))
    of = engine("evt.type = openat", scope=scope)
    assert bool(list(fired(of, event(record)))) is fires


def test_rules_fire_in_their_order() -> None:
    of = engine("evt.type = execve", "proc.name = cat", "evt.type = openat", "proc.name = x")
    assert [each.name for each in fired(of, event())] == ["1", "2"]
    assert [each.name for each in fired(of, event(exec_record()))] == ["0", "1"]


def test_what_did_not_fit_is_unknown_and_fires_nothing() -> None:
    file = msgspec.structs.replace(FILE, path=Text("shadow", truncated=True))
    of = engine("fd.name endswith shadow", "not fd.name endswith shadow", "evt.type = openat")
    assert [each.name for each in fired(of, event(open_record(file)))] == ["2"]


def test_the_fields_of_conditions_and_outputs_are_known() -> None:
    text = macro("m", "tolower(proc.name) = val(proc.exe)")
    text += rule("m and evt.type = open", output="'%proc.aname[1] %fd.name'", scope="container")
    of = Engine(made(text).rules)
    assert of.fields_of("exec") == frozenset()
    assert of.fields_of("open") == {
        "proc.name",
        "proc.exe",
        "evt.type",
        "container.id",
        "container.role",
        "proc.aname",
        "fd.name",
    }
