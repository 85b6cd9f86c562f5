"""LLVM, by llvmlite: from IR to eBPF, and to native code. Needed to compile only.

LLVM aborts its process when it meets what it cannot do: for what rules are made of, this module is
loaded in a child (child.py).
"""

from __future__ import annotations

import llvmlite.binding as llvm

_CPU = "v2"
# Of instruction selection; the IR itself is written as it is wanted.
_OPTIMIZE = 2


def object_code(text: str) -> bytes:
    """The object file of a module of eBPF."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    module = llvm.parse_assembly(text)
    module.verify()
    machine = llvm.Target.from_triple("bpfel").create_target_machine(cpu=_CPU, opt=_OPTIMIZE)
    return bytes(machine.emit_object(module))


class Native:
    """A module as functions of this process.

    Args:
        text: its IR.
    """

    def __init__(self, text: str) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        module = llvm.parse_assembly(text)
        module.verify()
        machine = llvm.Target.from_default_triple().create_target_machine(
            cpu=llvm.get_host_cpu_name(),
            features=llvm.get_host_cpu_features().flatten(),
            opt=_OPTIMIZE,
            jit=True,
        )
        self._engine = llvm.create_mcjit_compiler(module, machine)
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Of a function."""
        return int(self._engine.get_function_address(name))
