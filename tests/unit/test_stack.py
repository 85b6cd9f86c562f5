"""The stack of the programs: older kernels count what newer ones never get to, and refuse late."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from stockade.kernel.images import object_image

# check_max_stack_depth of kernel/bpf/verifier.c: what a chain of calls may take, each rounded up.
STACK_MAX = 512
FRAME = 32
CALLS_MAX = 8

_INSN = 8
_CALL, _MOV, _ADD, _LOAD_IMM64 = 0x85, 0xBF, 0x07, 0x18
_MEMORY_CLASSES = {1, 2, 3}  # BPF_LDX, BPF_ST, BPF_STX
_PSEUDO_CALL = 1
_FRAME_POINTER = 10
_FUNC = 2  # STT_FUNC
_R_BPF_64_32 = 10


@dataclass(slots=True)
class Function:
    """One of the object's: what it has on its stack, and whom it calls by section and place."""

    name: str
    stack: int = 0
    calls: set[tuple[int, int]] = field(default_factory=set)


class Elf:
    """Sections, symbols and relocations of an object."""

    def __init__(self, image: bytes) -> None:
        self.image = image
        start, count = struct.unpack_from("<Q", image, 0x28)[0], struct.unpack_from("<H", image, 60)
        self.sections = [
            struct.unpack_from("<IIQQQQIIQQ", image, start + 64 * number)
            for number in range(count[0])
        ]
        table = next(section for section in self.sections if section[1] == 2)
        names = self.sections[table[6]]
        self.symbols = [
            (self._name(names[4], name), info & 15, section, value, size)
            for name, info, _, section, value, size in struct.iter_unpack(
                "<IBBHQQ", self.content(table)
            )
        ]

    def content(self, section: tuple[int, ...]) -> bytes:
        """The bytes of a section."""
        return self.image[section[4] : section[4] + section[5]]

    def relocations(self) -> Iterator[tuple[int, int, int]]:
        """Calls that the loader resolves: section, offset, symbol."""
        for section in self.sections:
            if section[1] == 9:
                for offset, info in struct.iter_unpack("<QQ", self.content(section)):
                    if info & 0xFFFFFFFF == _R_BPF_64_32:
                        yield section[7], offset, info >> 32

    def _name(self, table: int, at: int) -> str:
        return self.image[table + at : self.image.index(b"\0", table + at)].decode()


def functions() -> dict[tuple[int, int], Function]:
    """All of the object, by section and place."""
    elf = Elf(object_image("stockade"))
    resolved = {(section, offset): symbol for section, offset, symbol in elf.relocations()}
    found = {}
    for name, kind, section, start, size in elf.symbols:
        if kind == _FUNC and size:
            function = found[section, start] = Function(name)
            code = elf.content(elf.sections[section])
            pointers: dict[int, bool] = defaultdict(bool)
            for at in range(start, start + size, _INSN):
                opcode, registers, offset, value = struct.unpack_from("<BBhi", code, at)
                target, source = registers & 15, registers >> 4
                _look(function, pointers, opcode, target, source, offset, value)
                if opcode == _CALL and source == _PSEUDO_CALL:
                    symbol = resolved.get((section, at))
                    place = _callee(elf, section, at, value, symbol)
                    function.calls.add(place)
    return found


def _callee(elf: Elf, section: int, at: int, value: int, symbol: int | None) -> tuple[int, int]:
    if symbol is None:
        return section, at + (value + 1) * _INSN
    _, kind, target, start, _ = elf.symbols[symbol]
    return target, start if kind == _FUNC else (value + 1) * _INSN


def _look(
    function: Function,
    pointers: dict[int, bool],
    opcode: int,
    target: int,
    source: int,
    offset: int,
    value: int,
) -> None:
    """What one instruction does to the stack; pointers: the registers that lead to its top."""
    base = source if opcode & 7 == 1 else target
    if opcode & 7 in _MEMORY_CLASSES and base == _FRAME_POINTER:
        function.stack = max(function.stack, -offset)
    if opcode == _ADD and pointers[target]:
        function.stack = max(function.stack, -value)
    if opcode & 7 in {1, 4, 7} or opcode == _LOAD_IMM64:
        pointers[target] = opcode == _MOV and source == _FRAME_POINTER


def deepest(
    found: dict[tuple[int, int], Function], place: tuple[int, int]
) -> tuple[int, list[str]]:
    """The chain of calls from a function that takes the most."""
    function = found[place]
    own = -(-max(function.stack, 1) // FRAME) * FRAME
    chains = [deepest(found, callee) for callee in function.calls if callee in found]
    below, names = max(chains, default=(0, []))
    return own + below, [f"{function.name} ({function.stack})", *names]


def longest(found: dict[tuple[int, int], Function], place: tuple[int, int]) -> int:
    """The most functions that are in one another."""
    return 1 + max(
        (longest(found, callee) for callee in found[place].calls if callee in found), default=0
    )


@pytest.fixture(scope="module")
def found() -> dict[tuple[int, int], Function]:
    return functions()


def test_functions_are_found(found: dict[tuple[int, int], Function]) -> None:
    by_name = {function.name: function for function in found.values()}
    assert {"on_calls", "on_functions", "append_path", "walk_steps"} <= set(by_name)
    called = {found[place].name for place in by_name["append_path"].calls if place in found}
    assert "walk_steps" in called
    assert 0 < by_name["fill_file"].stack < STACK_MAX


def test_every_chain_of_calls_has_room(found: dict[tuple[int, int], Function]) -> None:
    for place in found:
        depth, names = deepest(found, place)
        assert depth <= STACK_MAX, " > ".join(names)


def test_no_chain_of_calls_is_too_long(found: dict[tuple[int, int], Function]) -> None:
    for place, function in found.items():
        assert longest(found, place) <= CALLS_MAX, function.name
