"""The decoder and the object it was generated from."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from stockade.events import (
    LAYOUT,
    Btf,
    Config,
    Decisions,
    EventType,
    layout_digest,
    pack_config,
)
from stockade.events.calls import CALLS, OBSERVED
from stockade.events.fields import KIND_OF
from stockade.events.generate import TARGET, Generator, class_name
from stockade.kernel.images import object_image
from stockade.kernel.sensor import Wanted, pack_wishes
from stockade.kernel.syscalls import ARCHITECTURES, NUMBERS, SYSCALL_COUNT, pack_table


def test_the_committed_decoder_is_the_objects() -> None:
    btf = Btf(object_image("stockade"))
    assert layout_digest(btf) == LAYOUT
    assert Generator(btf).source() == TARGET.read_text()


def test_class_names() -> None:
    assert class_name("open_record") == "OpenRecord"


def test_the_configuration_is_packed_as_the_object_has_it() -> None:
    btf = Btf(object_image("stockade"))
    packed = pack_config(
        Config(
            agent_tgid=5,
            counts_activity=1,
            keeps_objects=1,
            opaque_registers=1,
            cgroups_signal=1,
            bpf_has_more=1,
            perf_has_more=1,
            flood_bytes=7 << 8,
        )
    )
    assert len(packed) == btf.struct("config").size
    words = [5, 1, 1, 1, 1, 1, 1, 0, 7 << 8, 0]
    assert packed == b"".join(word.to_bytes(4, "little") for word in words)


def test_wishes_are_packed_as_the_object_has_them() -> None:
    wanted = Wanted(frozenset({EventType.RENAME}), raw_paths=True)
    packed = pack_wishes(wanted, "x86_64", frozenset({EventType.RENAME}))
    assert len(packed) == Btf(object_image("stockade")).struct("wishes").size
    assert packed[2 * 82] == EventType.RENAME
    hooked = pack_wishes(wanted, "x86_64", frozenset())
    assert hooked[2 * (1024 + 82)] == EventType.RENAME
    assert hooked[2 * 82] == 0
    assert packed[-2 * 1024 - 8 : -2 * 1024] == bytes([1, 0, 0, 0, 0, 0, 0, 0])
    decided = Decisions(containers=frozenset({EventType.OPENAT}), host=frozenset({EventType.OPEN}))
    acting = pack_wishes(wanted, "x86_64", frozenset(), decided)
    assert acting[-2 * 1024 - 8 : -2 * 1024] == bytes([1, 0, 0, 0, 1, 0, 0, 0])
    assert acting[-2 * 1024 + 2 * 257] == EventType.OPENAT
    assert len(packed) == len(acting)


def test_the_system_call_table_is_the_objects_size() -> None:
    for machine, (native, compat) in ARCHITECTURES.items():
        packed = pack_table(machine, frozenset(EventType))
        assert len(packed) == 2 * SYSCALL_COUNT
        for kind, numbers in NUMBERS.items():
            for byte, column in enumerate((native, compat)):
                for number in numbers[column]:
                    assert packed[2 * number + byte] == kind
        assert sum(map(bool, packed)) == sum(
            len(numbers[native]) + len(numbers[compat]) for numbers in NUMBERS.values()
        )


def test_what_is_not_wanted_is_not_in_the_table() -> None:
    packed = pack_table("x86_64", {EventType.OPENAT})
    assert sum(map(bool, packed)) == 2


def test_every_call_has_a_shape_and_a_number() -> None:
    others = {kind for kind in EventType if KIND_OF.get(kind) in {"open", "exec"}}
    told_as_others = {EventType.SOCKETCALL, EventType.RECVMSG, EventType.RECVMMSG}
    assert set(NUMBERS) == set(CALLS) - OBSERVED | others | told_as_others
    for kind, call in CALLS.items():
        assert len(call.arguments) <= 6, kind
        assert sum(each == "path" for _, each in call.arguments) <= 2, kind


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the headers are this machine's")
def test_the_numbers_are_those_of_the_headers() -> None:
    native, x32, compat = (_numbers_of(abi) for abi in ("64", "x32", "32"))
    for kind, numbers in NUMBERS.items():
        name = kind.name.lower()
        if name not in x32:
            continue  # younger than the headers
        # A program of the x32 ABI must not get past by a number of its own.
        assert set(numbers[0]) == {each[name] for each in (native, x32) if name in each}, name
        variants = (
            name,
            f"{name}32",
            f"{name}64",
            f"{name}_time64",
            *(["umount"] if name == "umount2" else []),
        )
        assert set(numbers[1]) == {compat[each] for each in variants if each in compat}, name


def _numbers_of(abi: str) -> dict[str, int]:
    text = Path(f"/usr/include/x86_64-linux-gnu/asm/unistd_{abi}.h").read_text()
    found = re.findall(r"#define __NR_(\w+) (?:\(__X32_SYSCALL_BIT \+ )?(\d+)", text)
    return {name: int(number) for name, number in found}
