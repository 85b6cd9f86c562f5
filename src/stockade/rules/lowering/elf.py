"""A program out of the object file that LLVM makes of it: code, tables, and who refers to what."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from stockade.errors import StockadeError

_HEADER = struct.Struct("<40xQ10xHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_RELOCATION = struct.Struct("<QQ")
_INSTRUCTION = 8
_PROGBITS, _SYMTAB, _REL = 1, 2, 9
_R_BPF_64_64 = 1
# Constants that LLVM moves to sections of their own want this much.
_ALIGNMENT = 32


@dataclass(frozen=True, slots=True)
class Code:
    """A program before it is linked.

    Attributes:
        instructions: eBPF.
        tables: what it reads.
        maps: by the number of an instruction that loads an address, the map it is of.
        places: by that number, the offset in the tables.
    """

    instructions: bytes
    tables: bytes
    maps: dict[int, str]
    places: dict[int, int]


@dataclass(frozen=True, slots=True)
class _Section:
    name: str
    kind: int
    data: bytes
    link: int
    info: int


def read(image: bytes, section: str) -> Code:
    """The program in one section.

    Raises:
        StockadeError: it is not what this compiler makes.
    """
    sections = _sections(image)
    at = next(number for number, each in enumerate(sections) if each.name == section)
    tables, bases = _tables(sections)
    maps: dict[int, str] = {}
    places: dict[int, int] = {}
    for each in sections:
        if each.kind != _REL or each.info != at:
            continue
        symbols = sections[each.link]
        names = sections[symbols.link].data
        for offset, info in _RELOCATION.iter_unpack(each.data):
            if info & 0xFFFFFFFF != _R_BPF_64_64:
                raise StockadeError(f"relocation of type {info & 0xFFFFFFFF}")
            name, _, _, target, value, _ = _SYMBOL.unpack_from(
                symbols.data, (info >> 32) * _SYMBOL.size
            )
            if target in bases:
                addend = int.from_bytes(sections[at].data[offset + 4 : offset + 8], "little")
                places[offset // _INSTRUCTION] = bases[target] + value + addend
            else:
                maps[offset // _INSTRUCTION] = _string(names, name)
    return Code(sections[at].data, tables, maps, places)


def _sections(image: bytes) -> list[_Section]:
    start, _, count, names_at = _HEADER.unpack_from(image)
    raw = [_SECTION.unpack_from(image, start + number * _SECTION.size) for number in range(count)]
    names = image[raw[names_at][4] :]
    return [
        _Section(_string(names, each[0]), each[1], image[each[4] : each[4] + each[5]], *each[6:8])
        for each in raw
    ]


def _tables(sections: list[_Section]) -> tuple[bytes, dict[int, int]]:
    """All constants one after another, and where each section's begin."""
    tables, bases = b"", {}
    for number, each in enumerate(sections):
        if each.name.startswith(".rodata") and each.kind == _PROGBITS:
            tables += b"\0" * (-len(tables) % _ALIGNMENT)
            bases[number] = len(tables)
            tables += each.data
    return tables, bases


def _string(names: bytes, at: int) -> str:
    return names[at : names.index(b"\0", at)].decode()
