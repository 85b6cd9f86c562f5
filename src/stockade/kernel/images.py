"""The shipped BPF objects, as files."""

from __future__ import annotations

from importlib import resources

from stockade.errors import MissingFeature


def object_image(name: str) -> bytes:
    """A shipped BPF object's bytes. Raises MissingFeature where it was not built."""
    path = resources.files("stockade.kernel") / "objects" / f"{name}.bpf.o"
    try:
        return path.read_bytes()
    except FileNotFoundError as err:
        raise MissingFeature(
            f"the BPF object {name}.bpf.o was not built", hint="build it with: make setup"
        ) from err
