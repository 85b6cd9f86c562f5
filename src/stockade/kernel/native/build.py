"""Describe the native extension to cffi (API mode, limited API); setup.py has it built."""

from __future__ import annotations

from pathlib import Path

import cffi

HERE = Path(__file__).parent


def _cdef() -> str:
    header = (HERE / "core.h").read_text()
    return header.split("/* cdef */")[1].split("/* end */")[0]


ffibuilder = cffi.FFI()
ffibuilder.cdef(_cdef())
ffibuilder.set_source(
    "stockade.kernel._native",
    '#include "core.h"',
    sources=[str(HERE / name) for name in ("object.c", "filter.c", "ring.c", "log.c")],
    include_dirs=[str(HERE)],
    libraries=["bpf"],
    extra_compile_args=["-O2", "-Wall", "-Wextra"],
    py_limited_api=True,
)
