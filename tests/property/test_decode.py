"""No bytes, however hostile or cut, do more than raise RecordError."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.errors import RecordError
from stockade.events import Btf, OpenRecord, decode
from stockade.events.text import NO_TEXT, read_text
from stockade.kernel.images import object_image

BTF = Btf(object_image("stockade"))
KINDS = {
    1: BTF.struct("open_record").size,
    2: BTF.struct("exec_record").size,
    3: BTF.struct("fork_record").size,
    4: BTF.struct("exit_record").size,
    5: BTF.struct("call_record").size,
    6: BTF.struct("container_record").size,
}
SIZE_AT, KIND_AT = 8, 12


def framed(kind: int, body: bytes) -> bytes:
    """A record of a kind, with its true size, of random bytes otherwise."""
    raw = bytearray(body)
    struct.pack_into("<IH", raw, SIZE_AT, len(raw), kind)
    return bytes(raw)


@given(st.binary(max_size=2048))
def test_any_bytes(raw: bytes) -> None:
    try:
        decode(memoryview(raw))
    except RecordError:
        return
    assert len(raw) >= min(KINDS.values())


@given(st.data(), st.sampled_from(sorted(KINDS)))
def test_hostile_fields_in_a_true_frame(data: st.DataObject, kind: int) -> None:
    size = KINDS[kind]
    raw = framed(kind, data.draw(st.binary(min_size=size, max_size=size + 512)))
    try:
        record = decode(memoryview(raw))
    except RecordError:
        return
    if isinstance(record, OpenRecord):
        assert len(record.file.path.value.encode("utf-8", "surrogateescape")) <= len(raw)


@given(st.sampled_from(sorted(KINDS)), st.integers(0, 2000))
def test_cut_records(kind: int, length: int) -> None:
    raw = framed(kind, bytes(KINDS[kind]))
    if length < len(raw):
        with pytest.raises(RecordError):
            decode(memoryview(raw)[:length])


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_empty_record_is_one(kind: int) -> None:
    record = decode(memoryview(framed(kind, bytes(KINDS[kind]))))
    assert record.header.kind == kind
    assert record.header.task.cgroup == NO_TEXT
    assert record.header.task.ancestors == ()


@pytest.mark.parametrize("kind", [0, 7, 0xFFFF])
def test_unknown_kinds(kind: int) -> None:
    with pytest.raises(RecordError, match="unknown kind"):
        decode(memoryview(framed(kind, bytes(2000))))


def test_a_size_that_is_not_true() -> None:
    raw = bytearray(framed(4, bytes(KINDS[4])))
    struct.pack_into("<I", raw, SIZE_AT, len(raw) + 1)
    with pytest.raises(RecordError, match="says it has"):
        decode(memoryview(raw))


@given(st.binary(max_size=64), st.integers(0, 80), st.integers(0, 80))
def test_strings_stay_in_their_record(raw: bytes, offset: int, length: int) -> None:
    if offset + length > len(raw):
        with pytest.raises(RecordError):
            read_text(memoryview(raw), offset, length, 1, 0, 0)
    else:
        text = read_text(memoryview(raw), offset, length, 1, 0, 0)
        assert text.value.encode("utf-8", "surrogateescape") == raw[offset : offset + length]


@given(st.binary(max_size=4096))
def test_objects_that_are_none(raw: bytes) -> None:
    with pytest.raises(RecordError):
        Btf(raw)


@given(st.data())
def test_objects_that_are_cut_or_changed(data: st.DataObject) -> None:
    image = bytearray(object_image("probes"))
    if data.draw(st.booleans()):
        del image[data.draw(st.integers(0, len(image) - 1)) :]
    else:
        for at in data.draw(st.lists(st.integers(0, len(image) - 1), min_size=1, max_size=8)):
            image[at] ^= data.draw(st.integers(1, 255))
    try:
        Btf(bytes(image))
    except RecordError:
        return
