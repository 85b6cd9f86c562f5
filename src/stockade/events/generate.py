"""Write events/_records.py from the BTF of the BPF object.

    python -m stockade.events.generate OBJECT [--check]

--check writes nothing and exits with 1 when the committed file differs.
"""

from __future__ import annotations

import sys
from pathlib import Path

from stockade.events import layout
from stockade.events.btf import Btf, Member, Type, is_array, is_struct

TARGET = Path(__file__).with_name("_records.py")

_PREAMBLE = '''\
"""Record layouts and fields. Generated from bpf/include by stockade.events.generate; not edited."""

from __future__ import annotations

import struct
from collections.abc import Callable
from enum import IntEnum, IntFlag

import msgspec

from stockade.errors import RecordError
from stockade.events.text import Text, fixed_text, read_text
'''


_DISPATCH = '''\
Record = {union}

_DECODERS: dict[int, Callable[[memoryview], Record]] = {{
{table}}}
_HEAD = struct.Struct("{head}")


def decode(record: memoryview) -> Record:
    """The record in these bytes, which may be followed by padding to a multiple of 8.

    Raises:
        RecordError: they hold none.
    """
    try:
        size, kind = _HEAD.unpack_from(record)
        decoder = _DECODERS.get(kind)
        if decoder is None:
            raise RecordError(f"record of unknown kind {{kind}}")
        if not size <= len(record) < size + 8:
            raise RecordError(f"record of {{len(record)}} bytes says it has {{size}}")
        return decoder(record[:size])
    except struct.error as err:
        raise RecordError(f"record of {{len(record)}} bytes is cut short") from err
'''


def class_name(struct_name: str) -> str:
    """open_record -> OpenRecord."""
    return "".join(part.capitalize() for part in struct_name.split("_"))


def _doc(member: Member) -> str:
    for tag in member.tags:
        kind, _, rest = tag.partition(":")
        if kind == "doc":
            return rest
        if kind == "field":
            return rest.split(":", 2)[2]
    return ""


class Generator:
    """Turns the shared structs of one object into Python source."""

    def __init__(self, btf: Btf) -> None:
        self._btf = btf
        self._written: set[str] = set()

    def source(self) -> str:
        """The whole module."""
        parts = [_PREAMBLE, f'LAYOUT = "{layout.digest(self._btf)}"\n']
        parts.append(self._lengths(self._btf.struct("task")))
        parts += [self._enum(name) for name in layout.ENUMS]
        for name in layout.SHARED:
            parts += self._classes(self._btf.struct(name))
        parts += [self._decoder(name) for name in layout.RECORDS]
        parts += [self._value_decoder(name) for name in layout.VALUES]
        parts += [self._packer(name) for name in layout.SETTINGS]
        parts += [self._dispatch(), self._offsets(), self._fields()]
        return "\n\n".join(parts)

    def _lengths(self, found: Type) -> str:
        """How many elements its arrays of structs have."""
        lines = []
        for member in found.members:
            target = self._btf.resolve(member.type_id)
            if is_array(target) and is_struct(self._btf.resolve(target.target)):
                lines.append(f"{member.name.upper()}_MAX = {target.length}\n")
        return "".join(lines)

    def _enum(self, name: str) -> str:
        base = "IntFlag" if name.endswith("_flags") else "IntEnum"
        values = self._btf.enum(name)
        prefix = f"{name.split('_', maxsplit=1)[0].upper()}_"
        lines = [f"class {class_name(name)}({base}):", f'    """enum {name}."""', ""]
        lines += [
            f"    {key.removeprefix(prefix)} = {value}"
            for key, value in values.items()
            if not key.endswith("_MAX")
        ]
        return "\n".join(lines) + "\n"

    def _classes(self, found: Type) -> list[str]:
        """The class of a struct, after those of the structs in it."""
        if found.name in self._written or found.name == "string_ref":
            return []
        self._written.add(found.name)
        parts: list[str] = []
        lines = [
            f"class {class_name(found.name)}(msgspec.Struct, frozen=True, gc=False):",
            f'    """struct {found.name}."""',
            "",
        ]
        for member in self._members(found):
            target = self._btf.resolve(member.type_id)
            if is_array(target):
                target = self._btf.resolve(target.target)
            if is_struct(target):
                parts += self._classes(target)
            lines.append(f"    {member.name}: {self._annotation(member)}")
            if doc := _doc(member):
                lines.append(f'    """{doc}"""')
        return [*parts, "\n".join(lines) + "\n"]

    @staticmethod
    def _members(found: Type) -> list[Member]:
        return [member for member in found.members if member.name != "reserved"]

    def _annotation(self, member: Member) -> str:
        found = self._btf.resolve(member.type_id)
        if is_struct(found):
            return "Text" if found.name == "string_ref" else class_name(found.name)
        if is_array(found):
            element = self._btf.resolve(found.target)
            if is_struct(element):
                return f"tuple[{class_name(element.name)}, ...]"
            return "str" if element.size == 1 else "tuple[int, ...]"
        return "int"

    def _format(self, name: str) -> tuple[str, dict[tuple[str, ...], int]]:
        """The struct-module format, and where each leaf lands in the unpacked tuple."""
        found = self._btf.struct(name)
        out, at = "<", 0
        places: dict[tuple[str, ...], int] = {}
        for slot in layout.slots(self._btf, found):
            out += f"{slot.offset - at}x" if slot.offset > at else ""
            out += slot.code
            places[slot.path] = len(places)
            at = slot.offset + _size(slot.code)
        if found.size > at:
            out += f"{found.size - at}x"
        return out, places

    def _decoder(self, name: str) -> str:
        form, places = self._format(name)
        expression = self._construct(self._btf.struct(name), (), places)
        constant = f"_{name.upper()}"
        return (
            f'{constant} = struct.Struct(\n    "{form}"\n)\n\n\n'
            f"def _decode_{name}(record: memoryview) -> {class_name(name)}:\n"
            f"    v = {constant}.unpack_from(record)\n"
            f"    return {expression}\n"
        )

    def _value_decoder(self, name: str) -> str:
        form, places = self._format(name)
        return (
            f'_{name.upper()} = struct.Struct("{form}")\n\n\n'
            f"def decode_{name}(value: bytes) -> {class_name(name)}:\n"
            f'    """A struct {name} from its bytes in a map."""\n'
            f"    v = _{name.upper()}.unpack(value)\n"
            f"    return {self._construct(self._btf.struct(name), (), places)}\n"
        )

    def _construct(
        self, found: Type, path: tuple[str, ...], places: dict[tuple[str, ...], int]
    ) -> str:
        parts = [
            self._value(member, (*path, member.name), places) for member in self._members(found)
        ]
        return f"{class_name(found.name)}({', '.join(parts)})"

    def _value(
        self, member: Member, path: tuple[str, ...], places: dict[tuple[str, ...], int]
    ) -> str:
        found = self._btf.resolve(member.type_id)
        if is_struct(found):
            if found.name == "string_ref":
                first = places[(*path, "offset")]
                return f"read_text(record, {', '.join(f'v[{first + i}]' for i in range(5))})"
            return self._construct(found, path, places)
        if is_array(found):
            element = self._btf.resolve(found.target)
            if is_struct(element):
                return self._array(found.length, element, path, places)
            if element.size == 1:
                return f"fixed_text(v[{places[path]}])"
            first = places[(*path, "0")]
            return f"v[{first}:{first + found.length}]"
        return f"v[{places[path]}]"

    def _array(
        self, length: int, element: Type, path: tuple[str, ...], places: dict[tuple[str, ...], int]
    ) -> str:
        """Structs up to the first that is all zero."""
        members = [member.name for member in self._members(element)]
        first = [places[(*path, "0", name)] for name in members]
        stride = places[(*path, "1", members[0])] - first[0]
        values = ", ".join(f"v[i + {at - first[0]}]" for at in first)
        return (
            f"tuple({class_name(element.name)}({values})"
            f" for i in range({first[0]}, {first[0] + length * stride}, {stride}) if v[i])"
        )

    def _packer(self, name: str) -> str:
        form, places = self._format(name)
        values = ", ".join(
            "0" if path[-1] == "reserved" else f"value.{'.'.join(path)}" for path in places
        )
        return (
            f'_{name.upper()} = struct.Struct("{form}")\n\n\n'
            f"def pack_{name}(value: {class_name(name)}) -> bytes:\n"
            f'    """The bytes of a struct {name}."""\n'
            f"    return _{name.upper()}.pack({values})\n"
        )

    def _dispatch(self) -> str:
        kinds = {name: name.removesuffix("_record").upper() for name in layout.RECORDS}
        union = " | ".join(class_name(name) for name in layout.RECORDS)
        table = "".join(f"    RecordKind.{kind}: _decode_{name},\n" for name, kind in kinds.items())
        places = {
            slot.path[0]: slot.offset
            for slot in layout.slots(self._btf, self._btf.struct("record_header"))
        }
        gap = places["kind"] - places["size"] - 4
        head = f"<{places['size']}xI{f'{gap}x' if gap else ''}H"
        return _DISPATCH.format(union=union, table=table, head=head)

    def _fields(self) -> str:
        """The fields of every record (RecordHeader), then those of each kind."""
        rows = self._field_rows(self._btf.struct("record_header"), "record_header", "", ("header",))
        for name in layout.RECORDS:
            own = self._btf.struct(name)
            own.members = [member for member in own.members if member.name != "header"]
            rows += self._field_rows(own, name, "", ())
        lines = "".join(f"    {row},\n" for row in rows)
        return (
            "# Field, type, record, where in it, meaning.\n"
            "FIELDS: tuple[tuple[str, str, type[msgspec.Struct], str, str], ...] = (\n"
            f"{lines})\n"
        )

    def _offsets(self) -> str:
        """Where compiled rules find things: in each record, and in the slot that holds it."""
        tables = "".join(
            f"    {class_name(name)}: {layout.offsets(self._btf, name)},\n"
            for name in layout.RECORDS
        )
        return (
            "# By the path of a member: its offset, and its struct-module code.\n"
            "OFFSETS: dict[type[msgspec.Struct], dict[str, tuple[int, str]]] = {\n"
            f"{tables}}}\n"
            "# Where the parts of a slot are.\n"
            f"SLOT: dict[str, int] = {layout.slot_places(self._btf)}\n"
        )

    def _field_rows(
        self, found: Type, record: str, prefix: str, path: tuple[str, ...]
    ) -> list[str]:
        rows = []
        for member in self._members(found):
            target = self._btf.resolve(member.type_id)
            here = (*path, member.name)
            tag = next(iter(member.tags), "")
            kind, _, rest = tag.partition(":")
            if kind == "field":
                field, type_name, doc = rest.split(":", 2)
                cells = [f'"{prefix}{field}"', f'"{type_name}"', class_name(record)]
                rows.append(f'({", ".join(cells)}, "{".".join(here)}", "{doc}")')
            elif is_struct(target) and target.name != "string_ref" and kind != "doc":
                inner = prefix + rest if kind == "prefix" else prefix
                rows += self._field_rows(target, record, inner, here)
        return rows


def _size(code: str) -> int:
    count, letter = code[:-1] or "1", code[-1].upper()
    return int(count) * {"S": 1, "B": 1, "H": 2, "I": 4, "Q": 8}[letter]


def main(arguments: list[str]) -> int:
    """Generate or check; returns the exit code."""
    source = Generator(Btf(Path(arguments[0]).read_bytes())).source()
    if "--check" in arguments:
        return _check(source)
    TARGET.write_text(source)
    return 0


def _check(source: str) -> int:
    if TARGET.exists() and TARGET.read_text() == source:
        return 0
    print(f"{TARGET} is not what bpf/include says; run make generate", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
