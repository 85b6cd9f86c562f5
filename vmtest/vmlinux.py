"""Unpack the ELF kernel from a bzImage on the host: QEMU boots it directly (PVH), and
decompression under emulation would double the boot.
"""

from __future__ import annotations

import lzma
import struct
import subprocess
import zlib

_XZ = b"\xfd7zXZ\0"
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ELF = b"\x7fELF"


def extract_vmlinux(image: bytes) -> bytes:
    """The ELF image inside a bzImage (Documentation/arch/x86/boot.rst: payload_offset, _length).

    Raises:
        ValueError: no ELF comes out, or the compression is another one.
    """
    setup_sectors = image[0x1F1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    payload = image[start : start + length]
    if payload.startswith(_XZ):
        kernel = lzma.LZMADecompressor().decompress(payload)  # the size follows the stream
    elif payload.startswith(_GZIP):
        kernel = zlib.decompressobj(31).decompress(payload)
    elif payload.startswith(_ZSTD):
        # The size follows here, too, and zstd takes it amiss.
        kernel = subprocess.run(
            ["zstd", "-dc"], input=payload[:-4], stdout=subprocess.PIPE, check=True
        ).stdout
    else:
        raise ValueError(f"kernel compressed in an unknown way: {payload[:4].hex()}")
    if not kernel.startswith(_ELF):
        raise ValueError("the bzImage holds no ELF kernel")
    return kernel
