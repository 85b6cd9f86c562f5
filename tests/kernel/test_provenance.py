"""Which task is whose: containers come and go, tasks are made and move in every way."""

from __future__ import annotations

import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from stockade.events import (
    CallRecord,
    ContainerEntry,
    ContainerRecord,
    ContainerState,
    EventType,
    ForkRecord,
    MemberFlags,
    NamespaceFlags,
    OpenRecord,
    Role,
)
from stockade.kernel import Pins, Sensor, Wanted
from stockade.kernel.cgroups import unified_cgroup
from tests.support.recorder import OPENS
from tests.support.runc import Options, Runc, delete, execute, init_pid
from tests.support.watch import WAIT_S, RecordWatch, wait_for

NAMESPACES = frozenset({EventType.SETNS, EventType.UNSHARE})
ADMIN = ("CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE")
STAY = ["sleep", "600"]


class Watch(RecordWatch):
    def born(self, form: str) -> OpenRecord:
        """The open by which a new task of the test program tells of itself."""
        path = f"/born/{form}"
        return self.find(OpenRecord, lambda record: record.argument.value == path)

    def told(self, name: str, last: EventType) -> list[str]:
        """What happened to a container, in order; the last is waited for.

        A runtime may return before the exec that it waits for has been told of.
        """
        key = self.key(name)
        self.find(
            ContainerRecord,
            lambda record: record.container.key == key and record.header.type == last,
        )
        return [
            EventType(record.header.type).name
            for record in self.records
            if isinstance(record, ContainerRecord) and record.container.key == key
        ]

    def key(self, name: str) -> int:
        """The key of a container by its cgroup's name; the test's cgroups have runc's."""
        found = self.find(ContainerRecord, lambda record: record.container.cgroup == name)
        return found.container.key

    def entry(self, name: str) -> ContainerEntry:
        """The container in the map, by its cgroup's name."""
        (found,) = (each for each in self.sensor.provenance.containers() if each.cgroup == name)
        return found

    def gone(self, name: str) -> None:
        """Wait until nothing is left of a container."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            left = [each for each in self.sensor.provenance.containers() if each.cgroup == name]
            key = self.key(name)
            # This machine's kernel runs no program while its own process 1 has the CPU.
            self.sensor.provenance.sweep()
            members = [each for each in self.sensor.provenance.members() if each.container == key]
            if not left and not members:
                return
            time.sleep(0.05)
        raise AssertionError(f"left behind: {left} {members}")

    def members(self, key: int) -> dict[int, tuple[Role, int]]:
        """Role and flags of a container's live tasks by their numbers."""
        return {
            each.pid: (Role(each.role), each.flags)
            for each in self.sensor.provenance.members()
            if each.container == key and not each.flags & MemberFlags.LEFT
        }


@pytest.fixture(scope="module")
def sensor() -> Iterator[Sensor]:
    with Sensor(Wanted(OPENS | NAMESPACES, OPENS), ring_bytes=64 << 20) as sensor:
        yield sensor


@pytest.fixture
def watch(sensor: Sensor) -> Watch:
    watch = Watch(sensor)
    watch.forget()
    return watch


def _lost(watch: Watch) -> dict[str, int]:
    """Losses of records or members; strings that exiting tasks no longer have are none."""
    return {key: count for key, count in watch.sensor.losses().items() if key != "unresolved"}


def test_a_container_from_create_to_stop(watch: Watch, runc: Runc) -> None:
    with runc.running(STAY) as name:
        assert watch.told(name, EventType.CONTAINER) == ["CONTAINER_CREATE", "CONTAINER"]
        entry = watch.entry(name)
        pid = init_pid(name)
        assert (entry.init.tgid, entry.tasks, entry.state) == (pid, 1, ContainerState.RUNNING)
        assert entry.ns.mnt == os.stat(f"/proc/{pid}/ns/mnt").st_ino
        assert entry.ns.pid == os.stat(f"/proc/{pid}/ns/pid").st_ino
        assert entry.ns.net == os.stat(f"/proc/{pid}/ns/net").st_ino
        assert entry.ns.time == os.stat(f"/proc/{pid}/ns/time").st_ino
        assert entry.no_new_privs == 1
        status = Path(f"/proc/{pid}/status").read_text()
        assert f"CapBnd:\t{entry.cap_bounding:016x}" in status
        assert f"CapEff:\t{entry.cap_effective:016x}" in status
        shared = NamespaceFlags(entry.host_ns)
        for flag, kind in (
            (NamespaceFlags.PID, "pid"),
            (NamespaceFlags.NET, "net"),
            (NamespaceFlags.USER, "user"),
            (NamespaceFlags.CGROUP, "cgroup"),
        ):
            own = os.stat(f"/proc/self/ns/{kind}").st_ino
            assert bool(shared & flag) is (own == os.stat(f"/proc/{pid}/ns/{kind}").st_ino)
        assert watch.members(entry.key) == {pid: (Role.MEMBER, MemberFlags.ENTERED)}
    watch.gone(name)
    told = watch.told(name, EventType.CONTAINER_STOP)
    assert told == ["CONTAINER_CREATE", "CONTAINER", "CONTAINER_STOP"]


def test_until_its_start_a_container_is_the_runtimes(watch: Watch, runc: Runc) -> None:
    with runc.running(["true"], command=["create"]) as name:
        entry = watch.entry(name)
        assert entry.state == ContainerState.CREATED
        roles = {role for role, _ in watch.members(entry.key).values()}
        assert roles == {Role.SETUP}
        assert watch.told(name, EventType.CONTAINER_CREATE) == ["CONTAINER_CREATE"]
        subprocess.run(["runc", "start", name], check=True)
        watch.gone(name)
    told = watch.told(name, EventType.CONTAINER_STOP)
    assert told == ["CONTAINER_CREATE", "CONTAINER", "CONTAINER_STOP"]


def test_exec_makes_a_member_and_nsenter_a_visitor(watch: Watch, runc: Runc) -> None:
    with runc.running(STAY) as name:
        execute(name, "cat", "/etc/passwd")
        command = ["cat", "/etc/passwd"]
        subprocess.run(
            ["nsenter", "-t", str(init_pid(name)), "-a", *command],
            stdout=subprocess.DEVNULL,
            check=True,
        )
        key = watch.key(name)
        told = watch.told(name, EventType.CONTAINER_VISIT)
        assert told[2:] == ["CONTAINER_EXEC", "CONTAINER_VISIT"]
    cats = [
        Role(record.header.task.role)
        for record in watch.records
        if isinstance(record, OpenRecord)
        and record.header.task.comm == "cat"
        and record.header.task.container == key
    ]
    assert cats == [Role.MEMBER, Role.VISITOR]
    setns = [record for record in watch.records if isinstance(record, CallRecord)]
    assert any(record.header.type == EventType.SETNS for record in setns)
    watch.gone(name)


@pytest.mark.parametrize("form", ["thread", "fork", "vfork", "double", "parent", "newns"])
def test_whoever_is_born_in_a_container_is_its_member(watch: Watch, runc: Runc, form: str) -> None:
    name, done = runc.run(["sh", "-c", f"births {form}; true"], Options(capabilities=ADMIN))
    assert done.stdout == "ready\ndone\n", done.stderr
    assert done.stderr == ""
    task = watch.born(form).header.task
    assert (task.container, task.role) == (watch.key(name), Role.MEMBER)
    watch.gone(name)


def test_a_kernel_made_worker_is_a_member(watch: Watch, runc: Runc) -> None:
    name, done = runc.run(["births", "worker"])
    if "io_uring_setup" in done.stderr:
        pytest.skip(f"no io_uring here: {done.stderr.strip()}")
    task = watch.born("worker").header.task
    made = [
        record
        for record in watch.records
        if isinstance(record, ForkRecord)
        and record.header.task.process == task.process
        and record.header.task.comm == "births"
    ]
    assert len(made) == 1
    assert made[0].header.task.container == watch.key(name) != 0
    watch.gone(name)


def test_new_namespaces_change_nothing(watch: Watch, runc: Runc) -> None:
    name, done = runc.run(["births", "unshare"], Options(capabilities=ADMIN))
    assert done.stderr == ""
    record = watch.born("unshare")
    task, entry = record.header.task, watch.key(name)
    assert (task.container, task.role) == (entry, Role.MEMBER)
    start = watch.find(
        ContainerRecord,
        lambda each: each.container.key == entry and each.header.type == EventType.CONTAINER,
    )
    own = start.container.ns
    assert {task.ns.mnt, task.ns.pid, task.ns.net, task.ns.ipc}.isdisjoint(
        {own.mnt, own.pid, own.net, own.ipc}
    )
    watch.gone(name)


@contextmanager
def _elsewhere(name: str) -> Iterator[Path]:
    """A cgroup of the test's own in the unified hierarchy."""
    root = unified_cgroup()
    assert root is not None
    directory = root / f"stockade-test-{os.getpid()}-{name}"
    directory.mkdir()
    try:
        yield directory
    finally:
        _remove_cgroup(directory)


def _remove_cgroup(directory: Path) -> None:
    """Once the last task has gone from it."""
    end = time.monotonic() + WAIT_S
    while (directory / "cgroup.procs").read_text() and time.monotonic() < end:
        time.sleep(0.02)
    directory.rmdir()


@pytest.mark.parametrize("form", ["move", "into"])
def test_who_leaves_its_cgroup_stays_a_member(watch: Watch, runc: Runc, form: str) -> None:
    # With the host's view of the hierarchy: cgroup v2 would not let it see the way out.
    options = Options(namespaces={"cgroup": None})
    with _elsewhere(form) as directory, runc.running(STAY, options) as name:
        pid = init_pid(name)
        runc_exec = ["runc", "exec", "--cap", "CAP_SYS_ADMIN", "--cap", "CAP_DAC_OVERRIDE"]
        command = f"mkdir /tmp/cg-{form}; mount -t cgroup2 none /tmp/cg-{form}"
        command += f" && births {form} /tmp/cg-{form}/{directory.name}"
        subprocess.run(
            [*runc_exec, name, "unshare", "-m", "sh", "-c", command],
            stdin=subprocess.DEVNULL,
            check=True,
        )
        task = watch.born(form).header.task
        key = watch.key(name)
        assert (task.container, task.role) == (key, Role.MEMBER)
        assert task.cgroup_id == directory.stat().st_ino
        assert pid in watch.members(key)
    watch.gone(name)


def test_who_joins_the_hosts_namespaces_stays_a_member(watch: Watch, runc: Runc) -> None:
    options = Options(capabilities=ADMIN, namespaces={"pid": None})
    name, done = runc.run(["births", "setns", str(os.getpid())], options)
    assert done.stderr == ""
    task = watch.born("setns").header.task
    assert (task.container, task.role) == (watch.key(name), Role.MEMBER)
    assert task.ns.mnt == os.stat("/proc/self/ns/mnt").st_ino
    watch.gone(name)


def test_ten_thousand_forks(watch: Watch, runc: Runc) -> None:
    count = int(os.environ.get("STOCKADE_TEST_FORKS", "10000"))
    before, lost = len(watch.sensor.provenance.members()), _lost(watch)
    with runc.running(STAY) as name:
        done = execute(name, "births", "storm", str(count // 2))
        assert done == "ready\ndone\n"
        watch.born("storm")
        key = watch.key(name)
        born = [
            record
            for record in watch.records
            if isinstance(record, ForkRecord) and record.header.task.comm == "births"
        ]
        assert len(born) == count // 2 * 2
        assert {record.header.task.container for record in born} == {key}
        assert {record.header.task.role for record in born} == {Role.MEMBER}
    watch.gone(name)
    assert _lost(watch) == lost
    assert len(watch.sensor.provenance.members()) <= before


def test_containers_that_run_already(runc: Runc) -> None:
    hold = "while :; do sleep 0.01; done & sleep 600"
    shared = Options(namespaces={"pid": None, "network": None, "ipc": None})
    with (
        runc.running(["sh", "-c", hold]) as busy,
        runc.running(STAY, shared) as host,
        runc.running(["true"], command=["create"]) as created,
    ):
        executed = subprocess.Popen(
            ["runc", "exec", busy, "sleep", "600"], stdin=subprocess.DEVNULL
        )
        visited = subprocess.Popen(["nsenter", "-t", str(init_pid(busy)), "-a", *STAY])
        try:
            time.sleep(0.5)
            with Sensor(Wanted(OPENS, OPENS)) as sensor:
                watch = Watch(sensor)
                entry = watch.entry(busy)
                assert entry.init.tgid == init_pid(busy)
                # Those that fork meanwhile are found whenever they were made, and some come and go.
                time.sleep(0.3)

                def roles() -> Counter[Role]:
                    return Counter(role for role, _ in watch.members(entry.key).values())

                wait_for(lambda: roles()[Role.MEMBER] >= 4 or None, lambda: str(roles()))
                assert roles()[Role.VISITOR] >= 1
                assert roles()[Role.SETUP] == 0
                watch.drain()
                assert not any(
                    record.header.task.container == 0 and record.header.task.comm == "sleep"
                    for record in watch.records
                    if isinstance(record, ForkRecord)
                )
                flags = NamespaceFlags(watch.entry(host).host_ns)
                wanted = NamespaceFlags.PID | NamespaceFlags.NET | NamespaceFlags.IPC
                assert wanted in flags
                assert watch.entry(created).state == ContainerState.CREATED
                subprocess.run(["runc", "start", created], check=True)
                assert watch.told(created, EventType.CONTAINER)[0] == "CONTAINER"
        finally:
            visited.kill()
            visited.wait()
            delete(busy)
            executed.wait()


def test_what_one_agent_knew_the_next_knows(runc: Runc, tmp_path: Path) -> None:
    """A member that has left its cgroup and namespaces is one to the next agent too."""
    # It waits for a file that does not come.
    options = Options(capabilities=ADMIN, namespaces={"pid": None}, env=("HOLD=/never",))
    pins = Pins(Path("/sys/fs/bpf/stockade-test"), tmp_path / "lock")
    assert pins.acquire()
    try:
        with ExitStack() as stack:
            first = Watch(stack.enter_context(Sensor(Wanted(OPENS, OPENS), pins=pins)))
            name = stack.enter_context(runc.running(["births", "setns", str(os.getpid())], options))
            stray = first.born("setns").header.task
            key = first.key(name)
            before = first.members(key)
            assert stray.pid in before
            first.sensor.close()

            with Sensor(Wanted(OPENS, OPENS)) as ignorant:
                assert stray.pid not in Watch(ignorant).members(key)
            with Sensor(Wanted(OPENS, OPENS), pins=pins) as later:
                assert Watch(later).members(key) == before
                entry = later.provenance.container(key)
                assert entry is not None
                assert entry.tasks == len(before)
    finally:
        pins.release()
        pins.remove()


def _children(pid: int, count: int) -> list[int]:
    """A process's children, once it has so many."""
    file = Path(f"/proc/{pid}/task/{pid}/children")

    def look() -> list[int] | None:
        found = [int(child) for child in file.read_text().split()]
        return found if len(found) == count else None

    return wait_for(look, lambda: f"{file}: {file.read_text()}")


def test_one_too_many_is_counted_and_found_again(watch: Watch, runc: Runc) -> None:
    watch.sensor.provenance.sweep()
    room = len(watch.sensor.provenance.members()) + 8
    with Sensor(Wanted(OPENS, OPENS), max_members=room) as sensor:
        watch = Watch(sensor)
        script = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 600 & done; wait"
        with runc.running(["sh", "-c", script]) as name:
            key = watch.key(name)
            pids = _children(init_pid(name), 12)
            assert sensor.losses()["members_full"] > 0
            assert len(watch.members(key)) <= room
            kept = watch.members(key)
            lost = next(pid for pid in pids if pid not in kept)
            for pid in pids:
                if pid in kept:
                    os.kill(pid, 9)
            end = time.monotonic() + WAIT_S
            while lost not in watch.members(key) and time.monotonic() < end:
                time.sleep(0.05)
                sensor.provenance.sweep()
                sensor.settle()
            assert watch.members(key)[lost][0] == Role.MEMBER


def test_what_is_no_container_is_the_hosts(watch: Watch) -> None:
    before = {each.key for each in watch.sensor.provenance.containers()}
    service = ["unshare", "-m", "cat", "/etc/hostname"]
    private_pids = ["unshare", "-mpf", "--mount-proc", "cat", "/etc/hostname"]
    with _elsewhere("unit") as directory:
        # As a service manager does: a cgroup of its own, then private mounts.
        script = f"echo 0 > {directory}/cgroup.procs; exec unshare -m cat /etc/hostname"
        for command in (service, private_pids, ["sh", "-c", script]):
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        watch.drain()
        opened = [
            record
            for record in watch.records
            if isinstance(record, OpenRecord) and record.file.path.value == "/etc/hostname"
        ]
        assert len(opened) >= 3
        assert {record.header.task.container for record in opened} == {0}
    assert {each.key for each in watch.sensor.provenance.containers()} <= before


def test_an_unknown_runtime_has_a_stable_identity(watch: Watch, runc: Runc) -> None:
    """Made by hand: a cgroup, namespaces and another root, without any runtime."""
    with _elsewhere("homemade") as directory:
        script = (
            f"echo 0 > {directory}/cgroup.procs\n"
            f"exec unshare -mpf sh -c 'mount --bind {runc.rootfs} {runc.rootfs}; cd {runc.rootfs};"
            " mkdir -p old; pivot_root . old; exec births fork'"
        )
        subprocess.run(["sh", "-c", script], check=True, stdout=subprocess.DEVNULL)
        task = watch.born("fork").header.task
        assert task.role == Role.MEMBER
        assert task.container == watch.key(directory.name)
        assert task.container & (1 << 60) - 1 == directory.stat().st_ino
        watch.gone(directory.name)
    (runc.rootfs / "old").rmdir()


def test_a_container_within_a_container_is_the_outer_ones(watch: Watch, runc: Runc) -> None:
    """A container that makes cgroups, namespaces and roots of its own makes no new identity."""
    inner = (
        "mkdir -p /tmp/inner; mount -t tmpfs none /tmp/inner; cp -a /bin /tmp/inner/;"
        " mkdir -p /tmp/cg; mount -t cgroup2 none /tmp/cg; mkdir /tmp/cg/$1;"
        " echo 0 > /tmp/cg/$1/cgroup.procs;"
        " exec unshare -mpf sh -c 'cd /tmp/inner; mkdir old; pivot_root . old;"
        " exec /bin/births fork'"
    )
    group = f"stockade-test-{os.getpid()}-inner"
    root = unified_cgroup()
    assert root is not None
    options = Options(capabilities=(*ADMIN, "CAP_DAC_OVERRIDE", "CAP_MKNOD"), masked=False)
    name, done = runc.run(["unshare", "-m", "sh", "-c", inner, "sh", group], options)
    assert done.stdout == "ready\ndone\n", done.stderr
    task = watch.born("fork").header.task
    assert (task.container, task.role) == (watch.key(name), Role.MEMBER)
    watch.gone(name)
    for directory in (root / group, root / name / group):
        if directory.exists():
            directory.rmdir()


def test_a_container_may_be_called_anything(watch: Watch, runc: Runc) -> None:
    """Its cgroup's path, not its name, is what the kernel has."""
    group = f"/stockade-test-{os.getpid()}/" + "x" * 200
    with runc.running(STAY, Options(cgroup=group)) as name:
        started = watch.find(
            ContainerRecord,
            lambda record: (
                record.header.type == EventType.CONTAINER
                and record.container.cgroup.startswith("xxx")
            ),
        )
        assert started.container.init.tgid == init_pid(name)
        assert started.container.cgroup_parent == f"stockade-test-{os.getpid()}"
        assert started.header.task.cgroup.value == "x" * 200


def test_containers_in_one_cgroup_or_below_are_each_their_own(watch: Watch, runc: Runc) -> None:
    if unified_cgroup() == Path("/sys/fs/cgroup"):
        pytest.skip("cgroup v2 allows no processes in an inner cgroup")
    lab = f"/stockade-test-{os.getpid()}"
    with (
        runc.running(STAY, Options(cgroup=f"{lab}/A")) as first,
        runc.running(STAY, Options(cgroup=f"{lab}/A/B")) as below,
        runc.running(STAY, Options(cgroup=f"{lab}/A")) as same,
    ):
        pids = [init_pid(name) for name in (first, below, same)]
        execute(same, "true")
        with Sensor(Wanted(OPENS)) as later:
            for sensor in (watch.sensor, later):
                keys = {each.pid: each.container for each in sensor.provenance.members()}
                assert len({keys[pid] for pid in pids}) == 3
                roles = {each.pid: each.role for each in sensor.provenance.members()}
                assert {roles[pid] for pid in pids} == {Role.MEMBER}


def test_a_hook_is_not_the_containers_first_process(watch: Watch, runc: Runc) -> None:
    hook = {"path": "/bin/births", "args": ["births", "fork"]}
    with runc.running(STAY, Options(hooks={"startContainer": [hook]})) as name:
        assert watch.told(name, EventType.CONTAINER) == ["CONTAINER_CREATE", "CONTAINER"]
        entry = watch.entry(name)
        assert entry.init.tgid == init_pid(name)
        task = watch.born("fork").header.task
        assert (task.container, task.role) == (entry.key, Role.MEMBER)


def test_a_start_that_nobody_saw(runc: Runc, tmp_path: Path) -> None:
    """Created under one agent, started under none, found running by the next."""
    pins = Pins(Path("/sys/fs/bpf/stockade-test"), tmp_path / "lock")
    assert pins.acquire()
    try:
        with runc.running(["sh", "-c", "sleep 600 & wait"], command=["create"]) as name:
            with Sensor(Wanted(OPENS), pins=pins) as sensor:
                assert Watch(sensor).entry(name).state == ContainerState.CREATED
            subprocess.run(["runc", "start", name], check=True)
            time.sleep(0.3)
            with Sensor(Wanted(OPENS), pins=pins) as later:
                entry = Watch(later).entry(name)
                assert entry.state == ContainerState.RUNNING
                assert entry.init.tgid == init_pid(name)
                members = Watch(later).members(entry.key)
                assert len(members) == 2
                assert {role for role, _ in members.values()} == {Role.MEMBER}
    finally:
        pins.release()
        pins.remove()


def test_the_containers_of_a_pod_are_each_their_own(watch: Watch, runc: Runc) -> None:
    """They share network, IPC and process numbers; none of that makes them one."""
    with runc.running(STAY) as sandbox:
        shared = {
            kind: f"/proc/{init_pid(sandbox)}/ns/{name}"
            for kind, name in (("network", "net"), ("ipc", "ipc"), ("pid", "pid"))
        }
        with runc.running(STAY, Options(namespaces=shared)) as app:
            execute(app, "cat", "/etc/passwd")
            told = watch.told(app, EventType.CONTAINER_EXEC)
            assert told == ["CONTAINER_CREATE", "CONTAINER", "CONTAINER_EXEC"]
            keys = watch.key(sandbox), watch.key(app)
            assert keys[0] != keys[1]
            for name, key in zip((sandbox, app), keys, strict=True):
                assert watch.members(key)[init_pid(name)][0] == Role.MEMBER
            one, other = (watch.sensor.provenance.container(key) for key in keys)
            assert one is not None
            assert other is not None
            assert (one.ns.net, one.ns.pid) == (other.ns.net, other.ns.pid)
            with Sensor(Wanted(OPENS)) as later:
                found = {each.pid: each.container for each in later.provenance.members()}
                assert (found[init_pid(sandbox)], found[init_pid(app)]) == keys
