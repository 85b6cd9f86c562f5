"""Records that satisfy probes of rules, or nearly: to try filters on, and to measure them."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence

from stockade.events import EventType, NeedFlags, OpenRecord, Role
from stockade.events._records import OFFSETS, SLOT, CallRecord, RecordKind
from stockade.events.fields import KIND_OF
from stockade.rules.lowering.formulas import (
    All,
    Among,
    Any,
    Bits,
    Buffer,
    Ends,
    Formula,
    Holds,
    Missing,
    Not,
    Number,
    Probe,
    Same,
    Starts,
    String,
    Text,
    Unreadable,
)
from stockade.rules.lowering.reading import NOTHING_KNOWN, Frame
from stockade.rules.lowering.reading import number as read_number

_REF = struct.Struct("<HHBBH")
_SOCKET_MODE = 0o140777
ALL_NEEDS = ~NeedFlags(0)
_PATHS = [b"/etc/passwd", b"/usr/lib/x.so", b"/", b"/proc/self/stat", b"/tmp/a b/\xffc"]


class RawRecord:
    """A record of an event type, made member by member.

    Args:
        kind: of an open or a call.
        rng: what it is filled from.
    """

    def __init__(self, kind: EventType, rng: random.Random) -> None:
        self._rng = rng
        self.is_open = is_open = KIND_OF[kind] == "open"
        self._offsets = OFFSETS[OpenRecord if is_open else CallRecord]
        self.size = -(-max(at + _width(code) for at, code in self._offsets.values()) // 8) * 8
        self.fixed = bytearray(self.size)
        self._strings: dict[int, bytes | None] = {}
        self._put("header.kind", RecordKind.OPEN if is_open else RecordKind.CALL)
        self._put("header.type", kind)
        self._fill(is_open=is_open)
        if KIND_OF[kind] == "network" and _chance(rng, 0.5):
            self._fill_socket()

    def _fill(self, *, is_open: bool) -> None:
        rng = self._rng
        self._put("header.result", rng.choice([0, 3, 3, 3, 7, -2, -13, -512]))
        self._put("header.task.container", rng.choice([0, 7, 7]))
        self._put("header.task.role", rng.choice([0, 1, 2, 2, 2, 3]))
        self._put("header.task.uid", rng.choice([0, 0, 1000, (1 << 32) - 1]))
        for path in ("header.task.pid", "header.task.process.tgid", "header.task.ns_pgid"):
            self._put(path, rng.choice([1, 100]))
        self._put("header.task.cap_effective", rng.getrandbits(64) & rng.getrandbits(64))
        self._buffer("header.task.comm", rng.choice([b"cat", b"bash", b"", b"x" * 15]))
        if is_open or _chance(rng, 0.7):
            self._buffer("file.fs_type", rng.choice([b"ext4", b"overlay", b"proc", b"tmpfs"]))
        self._put("file.mode", rng.choice([0o100644, 0o020600, 0o040755, 0o010600, 0]))
        self._put("file.path_flags", rng.choice([0, 0, 0, 1, 2, 3]))
        self._put("f_mode" if is_open else "args.0", rng.choice([1, 2, 3, 0x8000]))
        self._put("flags" if is_open else "args.1", rng.choice([0, 1, 2, 0o101, 0x80000]))
        for path in self._offsets:
            if path.endswith(".state") and _chance(rng, 0.8):
                self.set_string(Text(self._offsets[path][0] - 4), rng.choice(_PATHS))
        if _chance(rng, 0.3):
            at, _ = self._offsets["file.path.offset"]
            self._put("file.mount_point_len", min(4, len(self._strings.get(at) or b"")))

    def _fill_socket(self) -> None:
        rng = self._rng
        self._put("file.mode", _SOCKET_MODE)
        self._buffer("file.fs_type", b"sockfs")
        self._put("socket.family", rng.choice([1, 2, 2, 10, 16, 17]))
        self._put("socket.type", rng.choice([1, 2, 3]))
        self._put("socket.protocol", rng.choice([0, 1, 6, 17]))
        for path in ("socket.local_port", "socket.remote_port"):
            self._put(path, rng.choice([0, 22, 443]))
        for path in ("socket.local_low", "socket.remote_low"):
            self._put(path, rng.choice([0, 1, 0x0100007F]))

    def _put(self, path: str, value: int) -> None:
        if path in self._offsets:
            at, code = self._offsets[path]
            size = _width(code)
            self.fixed[at : at + size] = (value & (1 << 8 * size) - 1).to_bytes(size, "little")

    def _buffer(self, path: str, value: bytes) -> None:
        at, code = self._offsets[path]
        self.set_string(Buffer(at, _width(code)), value)

    def set_number(self, number: Number, value: int) -> None:
        """Give a number a value, in as many bits as it has; the frame's is not the record's."""
        if number.offset < 0:
            return
        bits = min(number.bits, number.size * 8)
        raw = int.from_bytes(self.fixed[number.offset : number.offset + number.size], "little")
        mask = (1 << bits) - 1 << number.shift
        raw = raw & ~mask | value << number.shift & mask
        self.fixed[number.offset : number.offset + number.size] = (
            raw & (1 << number.size * 8) - 1
        ).to_bytes(number.size, "little")

    def set_string(self, string: String, value: bytes | None) -> None:
        """Give a string a value; None makes it absent."""
        if isinstance(string, Text):
            self._strings[string.ref] = value
            return
        # What follows the NUL is left over from another.
        padded = (value or b"")[: string.size - 1] + b"\0" + b"\xee" * string.size
        self.fixed[string.offset : string.offset + string.size] = padded[: string.size]

    def bytes(self) -> bytes:
        """The record, its strings behind it, some of them unknown or cut off."""
        self._make_consistent()
        raw = bytearray(self.fixed)
        for ref, value in self._strings.items():
            if value is None:
                _REF.pack_into(raw, ref, 0, 0, 0, 0, 0)
            elif _chance(self._rng, 0.03):
                _REF.pack_into(raw, ref, 0, 0, 2, 0, 14)
            else:
                flags = self._rng.choice([0] * 30 + [1])
                _REF.pack_into(raw, ref, len(raw), len(value), 1, flags, 0)
                raw += value
        at, _ = self._offsets["header.size"]
        struct.pack_into("<I", raw, at, len(raw))
        return bytes(raw)

    def _make_consistent(self) -> None:
        """What is not there is zero: the object of a failed open, and of a call without a file."""
        at, _ = self._offsets["header.result"]
        failed = self.is_open and self.fixed[at + 7] >> 7
        where = self._strings.get(self._offsets["file.path.offset"][0])
        if self.is_open and where is None:
            self._strings[self._offsets["file.fs_path.offset"][0]] = None
        length, _ = self._offsets["file.mount_point_len"]
        if self.fixed[length] > len(where or b""):
            self._put("file.mount_point_len", len(where or b""))
        at, _ = self._offsets["file.fs_type"]
        device, _ = self._offsets["file.dev"]
        if failed:
            self._strings[self._offsets["file.path.offset"][0]] = None
        if failed or not self.fixed[at]:
            for path in self._offsets:
                if path.startswith("file.") and ".path." not in path and "fs_path." not in path:
                    self._put(path, 0)
        elif not self.fixed[device]:
            self._put("file.dev", 1)

    def rewind(self) -> None:
        """Make it one of an act that is about to happen."""
        self._put("header.result", 0)
        at, _ = self._offsets["file.fs_type"]
        if not self.fixed[at]:
            self._buffer("file.fs_type", b"ext4")

    def satisfy(self, probe: Probe, *, nearly: bool) -> None:
        """Make a probe hold, or miss by as little as can be."""
        rng = self._rng
        match probe:
            case Among(number, ranges):
                low, high = rng.choice(ranges)
                edges = [low - 1, high + 1] if nearly else [low, high, min(low + 1, high)]
                if number.offset == self._offsets["header.task.role"][0]:
                    edges = [edge % len(Role) for edge in edges]
                self.set_number(number, rng.choice(edges))
            case Bits(number, mask, value):
                others = read_number(number, bytes(self.fixed)) & ~mask
                self.set_number(number, others | (value ^ (mask & -mask) if nearly else value))
            case Same(first, second):
                self.set_number(first, 5)
                self.set_number(second, 6 if nearly else 5)
            case Starts(string, prefix, whole):
                exact, longer = prefix, prefix + rng.choice([b"x", b"/", b"/y.conf"])
                self.set_string(
                    string,
                    rng.choice([longer if whole else prefix[:-1], prefix[:-1] + b"~"])
                    if nearly
                    else exact
                    if whole
                    else rng.choice([exact, longer]),
                )
            case Ends(string, suffix):
                head = rng.choice([b"", b"/a", b"/some/longer/directory"])
                self.set_string(string, head + (suffix[1:] + b"~" if nearly else suffix))
            case Holds(string, part):
                tail = rng.choice([b"", b"/z", b"_and_more_of_it"])
                self.set_string(string, b"/q" + (part[:-1] if nearly else part) + tail)
            case Missing(string) | Unreadable(string):
                self.set_string(string, b"/" if nearly else None)


def directed(
    kind: EventType,
    wanted: Sequence[tuple[Probe, bool]],
    rng: random.Random,
    *,
    before: bool = False,
) -> bytes:
    """A record in which these probes are what they are to be, but for one of them at times.

    Args:
        kind: of an open or a call.
        wanted: the probes.
        rng: what all else is made of.
        before: whether it is of an act that has not happened: its object is there, and no result.
    """
    record = RawRecord(kind, rng)
    if before:
        record.rewind()
    spoilt = rng.randrange(len(wanted) * 2 + 1)
    for at, (probe, positive) in enumerate(wanted):
        record.satisfy(probe, nearly=positive == (at == spoilt))
    return record.bytes()


def _chance(rng: random.Random, share: float) -> bool:
    return rng.random() < share


def _width(code: str) -> int:
    return int(code[:-1]) if code.endswith("s") else struct.calcsize(f"<{code}")


def chosen(formula: Formula, rng: random.Random) -> list[tuple[Probe, bool]]:
    """What probes have to be for a formula to hold, most likely: one choice of many."""
    match formula:
        case bool():
            return []
        case Not(term):
            return [(term, False)]
        case All(terms):
            return [each for term in terms for each in chosen(term, rng)]
        case Any(terms):
            return chosen(rng.choice(terms), rng)
    return [(formula, True)]


def slot_of(
    raw: bytes, frame: Frame = NOTHING_KNOWN, parts: int = 0, needs: NeedFlags = ALL_NEEDS
) -> bytearray:
    """A slot with a record in it, and with leftovers everywhere else.

    Args:
        raw: the record.
        frame: what is beside it.
        parts: the set of parts that the frame's words are about.
        needs: what was asked for when it was begun.
    """
    slot = bytearray(b"\xaa" * SLOT["size of it"])
    struct.pack_into("<I", slot, SLOT["needs"], needs)
    struct.pack_into("<I", slot, SLOT["frame.host_view"], frame.view)
    for whose, words in frame.words.items():
        struct.pack_into("<3Q", slot, SLOT[f"frame.{whose.value}"], parts, *words)
    slot[SLOT["record"] : SLOT["record"] + len(raw)] = raw
    return slot
