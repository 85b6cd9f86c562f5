"""Read the BTF of a BPF object: its structs, enums and declaration tags.

The format is the kernel's Documentation/bpf/btf.rst. Only what describes
layouts is kept.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from stockade.errors import RecordError

_BTF_MAGIC = 0xEB9F
_HEADER = struct.Struct("<HBBIIIII")
_TYPE = struct.Struct("<III")

(_INT, _PTR, _ARRAY, _STRUCT, _UNION, _ENUM, _FWD, _TYPEDEF, _VOLATILE, _CONST, _RESTRICT) = range(
    1, 12
)
(_FUNC, _FUNC_PROTO, _VAR, _DATASEC, _FLOAT, _DECL_TAG, _TYPE_TAG, _ENUM64) = range(12, 20)
_MODIFIERS = {_TYPEDEF, _VOLATILE, _CONST, _RESTRICT, _TYPE_TAG}
_SIGNED = 1


@dataclass(slots=True)
class Member:
    """One member of a struct; offset in bytes from its start."""

    name: str
    type_id: int
    offset: int
    tags: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Type:
    """One BTF type. size is in bytes; length counts an array's elements."""

    id: int
    kind: int
    name: str
    size: int = 0
    target: int = 0
    length: int = 0
    signed: bool = False
    members: list[Member] = field(default_factory=list)
    values: dict[str, int] = field(default_factory=dict)


class Btf:
    """The types of one object.

    Args:
        elf: the whole ELF image of a little-endian BPF object.

    Raises:
        RecordError: not an ELF image, or one without usable BTF.
    """

    def __init__(self, elf: bytes) -> None:
        try:
            self._types = _parse(_section(elf, b".BTF"))
        except (struct.error, ValueError, LookupError, OverflowError) as err:
            raise RecordError(f"no usable BTF in the BPF object ({err})") from err

    def struct(self, name: str) -> Type:
        """The struct or union of that name. Raises KeyError."""
        return self._find(name, {_STRUCT, _UNION})

    def enum(self, name: str) -> dict[str, int]:
        """The names and values of an enum. Raises KeyError."""
        return self._find(name, {_ENUM, _ENUM64}).values

    def resolve(self, type_id: int) -> Type:
        """A type without its typedefs and qualifiers."""
        found = self._types[type_id]
        while found.kind in _MODIFIERS:
            found = self._types[found.target]
        return found

    def _find(self, name: str, kinds: set[int]) -> Type:
        for candidate in self._types:
            if candidate.name == name and candidate.kind in kinds:
                return candidate
        raise KeyError(name)


def is_struct(found: Type) -> bool:
    """Whether the type has members."""
    return found.kind in {_STRUCT, _UNION}


def is_array(found: Type) -> bool:
    """Whether the type is an array."""
    return found.kind == _ARRAY


def _section(elf: bytes, wanted: bytes) -> bytes:
    if elf[:4] != b"\x7fELF":
        raise ValueError("not an ELF image")
    (table,) = struct.unpack_from("<Q", elf, 40)
    entry_size, count, names_index = struct.unpack_from("<HHH", elf, 58)
    headers = [
        struct.unpack_from("<IIQQQQ", elf, table + index * entry_size) for index in range(count)
    ]
    names = headers[names_index][4]
    for name, _, _, _, offset, size in headers:
        if elf[names + name : elf.index(b"\0", names + name)] == wanted:
            return elf[offset : offset + size]
    raise KeyError(wanted.decode())


def _parse(blob: bytes) -> list[Type]:
    magic, _, _, header, types_at, types_size, strings_at, _ = _HEADER.unpack_from(blob)
    if magic != _BTF_MAGIC:
        raise ValueError("wrong magic number")
    strings = header + strings_at

    def text(offset: int) -> str:
        return blob[strings + offset : blob.index(b"\0", strings + offset)].decode()

    types = [Type(0, 0, "void")]
    tags: list[tuple[int, int, str]] = []
    at, end = header + types_at, header + types_at + types_size
    while at < end:
        name, info, size = _TYPE.unpack_from(blob, at)
        at += _TYPE.size
        kind, count, flag = info >> 24 & 31, info & 0xFFFF, info >> 31
        found = Type(len(types), kind, text(name), size, size)
        at = _parse_body(blob, at, found, count, flag, text)
        if kind == _DECL_TAG:
            (component,) = struct.unpack_from("<i", blob, at)
            at += 4
            tags.append((found.target, component, found.name))
        types.append(found)
    for target, component, tag in tags:
        if types[target].members and component >= 0:
            types[target].members[component].tags.append(tag)
    return types


def _parse_body(
    blob: bytes, at: int, found: Type, count: int, flag: int, text: Callable[[int], str]
) -> int:
    """Read what follows a type's fixed part; return where the next type begins."""
    if found.kind == _INT:
        (encoding,) = struct.unpack_from("<I", blob, at)
        found.signed = bool(encoding >> 24 & _SIGNED)
        return at + 4
    if found.kind == _ARRAY:
        found.target, _, found.length = _TYPE.unpack_from(blob, at)
        return at + 12
    if found.kind in {_STRUCT, _UNION}:
        for _ in range(count):
            name, target, offset = _TYPE.unpack_from(blob, at)
            at += 12
            bits = offset & 0xFFFFFF if flag else offset
            found.members.append(Member(text(name), target, bits // 8))
        return at
    if found.kind == _ENUM:
        for _ in range(count):
            name, value = struct.unpack_from("<Ii", blob, at)
            at += 8
            found.values[text(name)] = value
        return at
    if found.kind == _ENUM64:
        for _ in range(count):
            name, low, high = _TYPE.unpack_from(blob, at)
            at += 12
            found.values[text(name)] = high << 32 | low
        return at
    sizes = {_FUNC_PROTO: 8 * count, _VAR: 4, _DATASEC: 12 * count}
    return at + sizes.get(found.kind, 0)
