"""A guest's kernel memory, from outside: what a corruption of the kernel's data leaves behind.

For tests of what finds such a thing out. A test in the guest leaves a request in the control share
(tests/support/kernel_memory.py); the guest stands still while it is carried out over QEMU's stub
for debuggers (https://sourceware.org/gdb/current/onlinedocs/gdb.html/Remote-Protocol.html).
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stockade.events.btf import Btf, Member, Type, is_struct

REQUEST, ANSWER = "memory-request", "memory-answer"
_TIMEOUT_S = 20.0
_TASKS_MAX = 10_000
_POINTER = struct.Struct("<Q")


class _Stub:
    """A connection to QEMU's stub; the guest stands still as long as there is one."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_TIMEOUT_S)
        self._socket.connect(str(path))
        self._received = b""
        # Without it the stub asks for process numbers.
        self._ask("qSupported")

    def read(self, address: int, size: int) -> bytes:
        """Memory of the kernel, by virtual address."""
        return bytes.fromhex(self._checked(f"m{address:x},{size:x}"))

    def write(self, address: int, data: bytes) -> None:
        self._checked(f"M{address:x},{len(data):x}:{data.hex()}")

    def close(self) -> None:
        """Let the guest go on."""
        self._ask("D")
        self._socket.close()

    def _checked(self, packet: str) -> str:
        answer = self._ask(packet)
        if answer.startswith("E"):
            raise OSError(f"the stub answers {answer} to {packet}")
        return answer

    def _ask(self, packet: str) -> str:
        data = packet.encode()
        self._socket.sendall(b"$%b#%02x" % (data, sum(data) & 0xFF))
        # A client that connects is told first that the guest has stopped.
        return next(answer for answer in self._answers() if answer[:1] not in {"T", "S"})

    def _answers(self) -> Iterator[str]:
        while True:
            start = self._received.find(b"$")
            end = self._received.find(b"#", start)
            if start >= 0 and 0 <= end <= len(self._received) - 3:
                answer = self._received[start + 1 : end]
                self._received = self._received[end + 3 :]
                self._socket.sendall(b"+")
                yield answer.decode()
            else:
                more = self._socket.recv(1 << 16)
                if not more:
                    raise EOFError("the stub has gone")
                self._received += more


class Memory:
    """The kernel memory of a running guest.

    Args:
        image: the guest's kernel, with its BTF.
        stub: the socket of QEMU's stub.
        control: the directory that the guest shares.
    """

    def __init__(self, image: Path, stub: Path, control: Path) -> None:
        self._image = image
        self._path = stub
        self._control = control
        self._btf: Btf | None = None
        self._stub: _Stub

    def serve(self) -> None:
        """Carry out what a test has asked for, if it has."""
        request = self._control / REQUEST
        if not request.exists():
            return
        asked = json.loads(request.read_text())
        request.unlink()
        try:
            answer: Any = {"was": self._exchange(asked)}
        except (OSError, EOFError, LookupError) as err:
            answer = {"error": f"{type(err).__name__}: {err}"}
        unfinished = self._control / f"{ANSWER}.new"
        unfinished.write_text(json.dumps(answer))
        unfinished.rename(self._control / ANSWER)

    def _exchange(self, asked: dict[str, Any]) -> list[str]:
        """Make a task's changes; gives the bytes that were there."""
        self._stub = _Stub(self._path)
        try:
            task = self._task(asked["init_task"], asked["pid"])
            return [self._change(task, **change) for change in asked["changes"]]
        finally:
            self._stub.close()

    def _change(self, task: int, member: str, value: str = "", clear: int = 0) -> str:
        """A member's new bytes, or bits of it that are cleared."""
        address, size = self._locate(task, member)
        new = bytes.fromhex(value)
        old = self._stub.read(address, len(new) or size)
        if clear:
            new = (int.from_bytes(old, "little") & ~clear).to_bytes(size, "little")
        self._stub.write(address, new)
        return old.hex()

    def _task(self, first: int, pid: int) -> int:
        """The address of a task, by its number in the initial pid namespace."""
        link, task = self._offset("tasks"), first
        for _ in range(_TASKS_MAX):
            found = self._stub.read(task + self._offset("pid"), 4)
            if int.from_bytes(found, "little") == pid:
                return task
            task = self._pointer(task + link) - link
        raise LookupError(f"no task {pid}")

    def _offset(self, member: str) -> int:
        return self._locate(0, member)[0]

    def _locate(self, task: int, member: str) -> tuple[int, int]:
        """Where a member of a task, or of what it points to (a->b.c), is, and how large."""
        address, found = task, self._types().struct("task_struct")
        for number, part in enumerate(member.split("->")):
            if number:
                address = self._pointer(address)
                found = self._types().resolve(found.target)
            for name in part.split("."):
                offset, each = self._member(found, name)
                address, found = address + offset, self._types().resolve(each.type_id)
        return address, found.size

    def _member(self, owner: Type, name: str) -> tuple[int, Member]:
        """A member with its offset, also of a struct without a name."""
        for each in owner.members:
            if each.name == name:
                return each.offset, each
            inner = self._types().resolve(each.type_id)
            if not each.name and is_struct(inner):
                try:
                    offset, found = self._member(inner, name)
                except KeyError:
                    continue
                return each.offset + offset, found
        raise KeyError(name)

    def _pointer(self, address: int) -> int:
        (value,) = _POINTER.unpack(self._stub.read(address, _POINTER.size))
        return int(value)

    def _types(self) -> Btf:
        if self._btf is None:
            self._btf = Btf(self._image.read_bytes())
        return self._btf
