"""A BPF object from its file to its links: open, configure, load, attach, close."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator

from stockade.errors import LoadError
from stockade.kernel.core import check, native, os_error, take_log
from stockade.kernel.held import Held

_BPF_NOEXIST = 1
_FAILED = re.compile(r"prog '(?P<program>[^']+)': (?:BPF program load failed|failed to load)")
_NOISE = ("processed ", "-- END", "verification time", "stack depth", "libbpf: ")


class Map:
    """A loaded map; keys and values are bytes."""

    def __init__(self, fd: int, key_size: int, value_size: int, max_entries: int) -> None:
        self._ffi, self._lib = native().ffi, native().lib
        self.fd = fd
        self.key_size = key_size
        self.value_size = value_size
        self.max_entries = max_entries

    def lookup(self, key: bytes) -> bytes | None:
        """The value of a key; None where there is none."""
        return self._lookup(key, self.value_size)

    def lookup_percpu(self, key: bytes) -> list[bytes]:
        """One value per possible CPU, each padded to a multiple of 8 bytes."""
        size = (self.value_size + 7) & ~7
        raw = self._lookup(key, size * self._lib.core_possible_cpus()) or b""
        return [raw[at : at + size] for at in range(0, len(raw), size)]

    def update(self, key: bytes, value: bytes) -> None:
        """Set a key."""
        check(self._lib.core_map_update(self.fd, key, value, 0), "update a map")

    def add(self, key: bytes, value: bytes) -> bool:
        """Set a key that is not there yet; False where it is, or where there is no room."""
        result = self._lib.core_map_update(self.fd, key, value, _BPF_NOEXIST)
        if result in {-errno.EEXIST, -errno.E2BIG}:
            return False
        check(result, "add to a map")
        return True

    def delete(self, key: bytes) -> None:
        """Remove a key."""
        check(self._lib.core_map_delete(self.fd, key), "delete from a map")

    def discard(self, key: bytes) -> None:
        """Remove a key, if it is there."""
        result = self._lib.core_map_delete(self.fd, key)
        if result != -errno.ENOENT:
            check(result, "delete from a map")

    def keys(self) -> Iterator[bytes]:
        """Every key; those removed meanwhile may appear."""
        key, following = self._ffi.NULL, self._ffi.new("char[]", self.key_size)
        while self._lib.core_map_next_key(self.fd, key, following) == 0:
            found = bytes(self._ffi.buffer(following))
            yield found
            key = self._ffi.from_buffer(found)

    def items(self) -> dict[bytes, bytes]:
        """Every entry; those added or removed meanwhile may be there or not."""
        values = {key: self.lookup(key) for key in self.keys()}
        return {key: value for key, value in values.items() if value is not None}

    def pin(self, path: str) -> None:
        """Give it a name in a BPF file system, under which it outlives us."""
        check(self._lib.core_pin_map(self.fd, path.encode()), f"pin {path}")

    def _lookup(self, key: bytes, size: int) -> bytes | None:
        value = self._ffi.new("char[]", size)
        if self._lib.core_map_lookup(self.fd, key, value) < 0:
            return None
        return bytes(self._ffi.buffer(value))


class PinnedMap(Map, Held):
    """A map under its name in a BPF file system: a context manager around its descriptor.

    Args:
        path: its name.

    Raises:
        OSError: there is none.
    """

    def __init__(self, path: str) -> None:
        core = native()
        sizes = core.ffi.new("uint32_t[3]")
        fd = core.lib.core_open_pinned(path.encode(), sizes)
        if fd < 0:
            raise OSError(-fd, os.strerror(-fd), path)
        super().__init__(fd, *sizes)

    def close(self) -> None:
        """Let go of it; may be called twice."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class Object(Held):
    """One BPF object; everything it holds in the kernel ends with close, unless pinned.

    Args:
        image: the ELF file's bytes.
        name: what its maps are called after.

    Raises:
        LoadError: the image is no BPF object.
    """

    def __init__(self, image: bytes, name: str) -> None:
        self._ffi, self._lib = native().ffi, native().lib
        error = self._ffi.new("int *")
        self._object = self._lib.core_open(image, len(image), name.encode(), error)
        if self._object == self._ffi.NULL:
            raise LoadError(f"cannot open the BPF object {name}", log=take_log())
        self._name = name

    def close(self) -> None:
        """Detach and unload; may be called twice."""
        if self._object != self._ffi.NULL:
            self._lib.core_close(self._object)
            self._object = self._ffi.NULL

    def programs(self) -> list[str]:
        """The names of its programs, in the order of the file."""
        names: list[str] = []
        while (name := self._lib.core_program_name(self._object, len(names))) != self._ffi.NULL:
            names.append(self._ffi.string(name).decode())
        return names

    def set_variable(self, name: str, value: bytes) -> None:
        """Set a global before load."""
        check(
            self._lib.core_set_variable(self._object, name.encode(), value, len(value)),
            f"set {name}",
        )

    def set_autoload(self, program: str, *, on: bool) -> None:
        """Say whether load takes a program along."""
        check(self._lib.core_set_autoload(self._object, program.encode(), on), f"find {program}")

    def set_max_entries(self, name: str, entries: int) -> None:
        """Set a map's size before load; a ring buffer's in bytes."""
        check(self._lib.core_set_max_entries(self._object, name.encode(), entries), f"size {name}")

    def use_map(self, name: str, existing: Map) -> None:
        """Before load: take a map that is there already, instead of a new one."""
        check(self._lib.core_use_map(self._object, name.encode(), existing.fd), f"use {name}")

    def measure(self) -> None:
        """Before load: have the verifier count. Its reasons are then lost where it refuses."""
        check(self._lib.core_measure(self._object), "measure")

    def verified(self, program: str) -> int:
        """How many instructions the verifier looked at, once a measured load is over."""
        return check(self._lib.core_verified(self._object, program.encode()), f"ask of {program}")

    def load(self) -> None:
        """Create the maps and have the programs verified.

        Raises:
            MissingPrivilege: CAP_BPF is lacking.
            LoadError: the kernel refused a program or a map.
        """
        take_log()
        result = self._lib.core_load(self._object)
        if result < 0:
            log = take_log()
            failure = os_error(result, f"load the BPF object {self._name}")
            if not isinstance(failure, LoadError) and _FAILED.search(log):
                failure = LoadError(f"{failure.message}{_summary(log)}", log=log, errno=-result)
            raise failure

    def is_iterator(self, program: str) -> bool:
        """Whether a program is run over the kernel's objects, not attached."""
        return bool(
            check(self._lib.core_is_iterator(self._object, program.encode()), f"find {program}")
        )

    def is_loaded(self, program: str) -> bool:
        """Whether load took a program along."""
        return int(self._lib.core_program_fd(self._object, program.encode())) >= 0

    def misses(self, program: str) -> int:
        """How often the kernel left a program out, because it ran already on that CPU."""
        return int(
            check(self._lib.core_program_misses(self._object, program.encode()), f"find {program}")
        )

    def run_iterator(self, program: str) -> int:
        """Run an iterator once; returns how many bytes it wrote."""
        return check(self._lib.core_run_iterator(self._object, program.encode()), f"run {program}")

    def attach(self, program: str) -> int:
        """Attach a program to the hook its section names; returns the link's number."""
        return check(self._lib.core_attach(self._object, program.encode()), f"attach {program}")

    def set_target(self, program: str, function: str) -> None:
        """Before load: say which function of the kernel a trampoline program is for."""
        check(
            self._lib.core_set_target(self._object, program.encode(), function.encode()),
            f"find {program}",
        )

    def lead_to(self, jumps: str, program: str) -> None:
        """Have what jumps through a map of programs get to a program."""
        names = jumps.encode(), program.encode()
        check(self._lib.core_lead_to(self._object, *names), f"find {program}")

    def pin(self, link: int, path: str) -> None:
        """Have what `attach` attached stay so when we are gone."""
        check(self._lib.core_pin_link(self._object, link, path.encode()), f"pin {path}")

    def pin_function(self, number: int, path: str) -> None:
        """The same of `attach_function`."""
        check(self._lib.core_pin_function(self._object, number, path.encode()), f"pin {path}")

    def attach_function(self, jumps: str, function: str) -> int:
        """Have a program called at the end of a function of the kernel; returns its number.

        Args:
            jumps: a map that leads to a program for functions with the same arguments.
            function: of the kernel.
        """
        names = jumps.encode(), function.encode()
        number = self._lib.core_attach_function(self._object, *names)
        return check(number, f"attach to {function}")

    def attach_cgroup(self, program: str, cgroup_fd: int) -> int:
        """Attach a cgroup program to a cgroup v2 directory; returns the link's number."""
        link = self._lib.core_attach_cgroup(self._object, program.encode(), cgroup_fd)
        return check(link, f"attach {program}")

    def is_attached(self, link: int) -> bool:
        """Whether what `attach` or `attach_cgroup` attached is there, and no other in its place."""
        return bool(check(self._lib.core_is_attached(self._object, link), "look at a link"))

    def map(self, name: str) -> Map:
        """A map of the loaded object."""
        sizes = self._ffi.new("uint32_t[3]")
        check(self._lib.core_map_sizes(self._object, name.encode(), sizes), f"find the map {name}")
        fd = check(self._lib.core_map_fd(self._object, name.encode()), f"find the map {name}")
        return Map(fd, *sizes)


def _summary(log: str) -> str:
    """The program that failed and the verifier's last word on it, as the end of a sentence."""
    failed = _FAILED.search(log)
    lines = [line.strip() for line in log.splitlines()]
    words = [line for line in lines if line and not line.startswith(_NOISE)]
    return "".join(f": {part}" for part in (failed and failed["program"], *words[-1:]) if part)
