"""What of BPF is attached to a cgroup, as the kernel lists it."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator
from pathlib import Path

_SYS_BPF = {"x86_64": 321, "aarch64": 280}
_GET_INFO_BY_FD, _GET_FD_BY_ID, _GET_NEXT_ID, _DETACH = 15, 30, 31, 34
_CGROUP = 3  # BPF_LINK_TYPE_CGROUP
_libc = ctypes.CDLL(None, use_errno=True)


def _bpf(command: int, attributes: ctypes.Array[ctypes.c_char]) -> int:
    number = _SYS_BPF[os.uname().machine]
    return int(_libc.syscall(number, command, attributes, len(attributes)))


def _ids() -> Iterator[int]:
    attributes = ctypes.create_string_buffer(12)
    while _bpf(_GET_NEXT_ID, attributes) == 0:
        following = attributes.raw[4:8]
        yield int.from_bytes(following, "little")
        attributes = ctypes.create_string_buffer(following, 12)


def cgroup_links(cgroup: Path) -> list[int]:
    """The attach types of the links to a cgroup of the unified hierarchy."""
    return [kind for _, kind in _links_to(cgroup)]


def detach(cgroup: Path, attached: int) -> None:
    """Take a link of this attach type off a cgroup, whoever holds it."""
    (number,) = (number for number, kind in _links_to(cgroup) if kind == attached)
    fd = _bpf(_GET_FD_BY_ID, ctypes.create_string_buffer(struct.pack("<I", number), 12))
    try:
        if _bpf(_DETACH, ctypes.create_string_buffer(struct.pack("<I", fd), 4)) < 0:
            raise OSError(ctypes.get_errno(), "cannot detach")
    finally:
        os.close(fd)


def _links_to(cgroup: Path) -> Iterator[tuple[int, int]]:
    """Their ids and attach types."""
    inode = cgroup.stat().st_ino
    for number, cgroup_id, kind in _cgroup_links():
        if cgroup_id == inode:
            yield number, kind


def _cgroup_links() -> Iterator[tuple[int, int, int]]:
    for number in _ids():
        fd = _bpf(_GET_FD_BY_ID, ctypes.create_string_buffer(struct.pack("<I", number), 12))
        if fd < 0:
            continue
        info = ctypes.create_string_buffer(64)
        request = struct.pack("<IIQ", fd, len(info), ctypes.addressof(info))
        _bpf(_GET_INFO_BY_FD, ctypes.create_string_buffer(request, len(request)))
        os.close(fd)
        # struct bpf_link_info: type, id, prog_id; of a cgroup its id and how it is attached.
        kind, cgroup_id, attached = struct.unpack_from("<I12xQI", info)
        if kind == _CGROUP:
            yield number, cgroup_id, attached
