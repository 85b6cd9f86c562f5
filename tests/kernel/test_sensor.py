"""Loading, losing and leaving."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from stockade.errors import LoadError, MissingFeature, RecordError
from stockade.events import Btf, EventType, ExecRecord, ExitRecord, decode
from stockade.kernel import Sensor, Wanted
from stockade.kernel.bpf import Object
from stockade.kernel.images import object_image
from stockade.kernel.sensor import check_layout
from tests.support.recorder import OPENS, Recorder
from tests.support.runc import Runc
from tests.support.watch import RecordWatch

NONE: frozenset[EventType] = frozenset()


def _held() -> Counter[str]:
    """What this process holds in the kernel: descriptors of programs, maps, links."""
    held = Counter[str]()
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:
            continue  # the listing's own descriptor
        if target.startswith("anon_inode:bpf"):
            held[target] += 1
    return held


def test_nothing_is_left_behind() -> None:
    before = _held()
    with Sensor(Wanted(OPENS)) as sensor:
        held = _held() - before
        # At least the life of processes and the exit of calls.
        assert held["anon_inode:bpf_link"] >= 5
        # The small programs at functions are held by their links.
        links = held["anon_inode:bpf_link"] - sum("_sys_" in hook for hook in sensor.hooks())
        assert held["anon_inode:bpf-prog"] > links
    assert _held() == before


def test_a_full_ring_is_counted(acts: Path) -> None:
    with Sensor(Wanted(OPENS, OPENS), ring_bytes=4096) as sensor:
        recorder = Recorder(sensor, acts)
        recorder.act(
            "openat", "/etc/passwd", prepare="for i in 1 2 3 4 5 6 7 8; do : </dev/null; done"
        )
        lost = sensor.losses()
        assert lost["ring_full"] > 0
        recorder.drain()
        assert recorder.records


def test_a_flood_of_opens_hides_no_exec() -> None:
    flood = "i=0; while [ $i -lt 400 ]; do : </dev/null; i=$((i+1)); done; exec true after"
    with Sensor(Wanted(OPENS, OPENS), ring_bytes=1 << 17) as sensor:
        subprocess.run(["sh", "-c", flood], check=True)
        lost = sensor.losses_by_type()
        watch = RecordWatch(sensor)
        watch.find(ExecRecord, lambda record: record.args.value == "true\0after\0")
        watch.find(ExitRecord, lambda record: record.header.task.comm == "true")
    assert {kind for reason, kind in lost if reason == "ring_full"} == {"openat"}


def test_unwanted_events_stay_in_the_kernel(acts: Path) -> None:
    with Sensor(Wanted(frozenset({EventType.EXECVE}))) as sensor:
        recorder = Recorder(sensor, acts)
        act = recorder.act("openat", "/etc/passwd")
        recorder.drain()
        ours = [each for each in recorder.records if each.header.task.process.tgid == act.pid]
        assert ours
        assert EventType.OPENAT not in {each.header.type for each in ours}


def test_the_hosts_own_opens_only_when_wanted(acts: Path, runc: Runc) -> None:
    for host, expected in ((NONE, False), (OPENS, True)):
        with Sensor(Wanted(OPENS, host)) as sensor:
            recorder = Recorder(sensor, acts)
            subprocess.run([acts, "openat", "/proc/version"], stdout=subprocess.DEVNULL, check=True)
            # Private mounts make no container.
            recorder.act("openat", "/proc/loadavg")
            runc.run(["acts", "openat", "/proc/uptime"])
            recorder.drain()
            paths = {each.file.path.value for each in recorder.records if hasattr(each, "file")}
            assert "/proc/uptime" in paths
            assert ("/proc/version" in paths) is expected
            assert ("/proc/loadavg" in paths) is expected


def test_the_agents_own_opens_are_not_reported(sensor: Sensor, acts: Path) -> None:
    del sensor
    with Sensor(Wanted(OPENS, OPENS)) as own:
        Path("/proc/version").read_text()
        recorder = Recorder(own, acts)
        recorder.act("openat", "/etc/passwd")
        recorder.drain()
        opens = [each for each in recorder.records if hasattr(each, "file")]
        assert os.getpid() not in {each.header.task.process.tgid for each in opens}


def test_an_object_of_another_version_is_refused() -> None:
    image = object_image("stockade")
    check_layout(image)
    # A member by another name: the layout is not the decoder's any more.
    other = image.replace(b"\0cap_ambient\0", b"\0cap_ambiguo\0")
    assert other != image
    with pytest.raises(LoadError, match="different versions"):
        check_layout(other)
    with pytest.raises(RecordError, match="BTF"):
        Btf(image[:100])


def test_a_refused_program_is_named_with_the_reason() -> None:
    with Object(object_image("probes"), "probes") as probe:
        for name in probe.programs():
            probe.set_autoload(name, on=name == "probe_tp_btf")
        probe.set_max_entries("hits", 0)
        with pytest.raises(MissingFeature, match="Invalid argument"):
            probe.load()


def test_garbage_is_no_object() -> None:
    with pytest.raises(LoadError, match="cannot open"):
        Object(b"not an ELF file" * 10, "garbage")


def test_variables_are_checked() -> None:
    with Object(object_image("stockade"), "stockade") as unloaded:
        with pytest.raises(MissingFeature, match="set nothing"):
            unloaded.set_variable("nothing", b"1234")
        with pytest.raises(MissingFeature, match="set config"):
            unloaded.set_variable("config", b"1")


def test_every_record_has_the_size_it_says(recorder: Recorder, sensor: Sensor) -> None:
    subprocess.run(["/bin/true"], check=True)
    sizes = [(len(raw), decode(raw).header.size) for raw in sensor.ring.drain()]
    assert sizes
    assert all(size <= length < size + 8 for length, size in sizes)
    del recorder


def test_no_byte_of_the_kernel_leaks_into_padding() -> None:
    # The fixed part is zeroed and filled; a stale slot would show an older record's bytes.
    long_name = "leak" * 60
    with Sensor(Wanted(OPENS, OPENS)) as sensor:
        subprocess.run(["/bin/true", long_name], check=True)
        list(sensor.ring.drain())
        subprocess.run(["/bin/true"], check=True)
        later = b"".join(bytes(raw) for raw in sensor.ring.drain())
    assert later
    assert b"leakleak" not in later.replace(long_name.encode() + b"\0", b"")
