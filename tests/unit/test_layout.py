"""The decoder and the object it was generated from."""

from __future__ import annotations

from stockade.events import LAYOUT, Btf, Config, EventType, layout_digest, pack_config
from stockade.events.generate import TARGET, Generator, class_name
from stockade.kernel.sensor import object_image
from stockade.kernel.syscalls import SYSCALL_COUNT, TABLES, pack_table


def test_the_committed_decoder_is_the_objects() -> None:
    btf = Btf(object_image("stockade"))
    assert layout_digest(btf) == LAYOUT
    assert Generator(btf).source() == TARGET.read_text()


def test_class_names() -> None:
    assert class_name("open_record") == "OpenRecord"


def test_the_configuration_is_packed_as_the_object_has_it() -> None:
    btf = Btf(object_image("stockade"))
    packed = pack_config(Config(wanted=1, wanted_host=2, raw_paths=3, agent_tgid=4))
    assert len(packed) == btf.struct("config").size
    assert packed[:9] == bytes([1, 0, 0, 0, 0, 0, 0, 0, 2])
    assert packed[24:] == bytes([4, 0, 0, 0, 0, 0, 0, 0])


def test_the_system_call_table_is_the_objects_size() -> None:
    for machine, (native, compat) in TABLES.items():
        packed = pack_table(machine, frozenset(EventType))
        assert len(packed) == 2 * SYSCALL_COUNT
        for number, kind in native.items():
            assert packed[2 * number] == kind
        for number, kind in compat.items():
            assert packed[2 * number + 1] == kind
        assert sum(map(bool, packed)) == len(native) + len(compat)


def test_what_is_not_wanted_is_not_in_the_table() -> None:
    packed = pack_table("x86_64", {EventType.OPENAT})
    assert sum(map(bool, packed)) == 2
