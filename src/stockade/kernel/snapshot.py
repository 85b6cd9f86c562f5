"""Who belongs where now, without an agent, or as the running one knows it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from stockade.events import Config, pack_config
from stockade.kernel.bpf import Object
from stockade.kernel.core import require_btf, require_privilege
from stockade.kernel.images import object_image
from stockade.kernel.pins import Pins
from stockade.kernel.provenance import Provenance, find_host, settle
from stockade.kernel.sensor import check_layout


@contextmanager
def snapshot(pins: Pins) -> Iterator[Provenance]:
    """The maps of the agent that runs; where none does, maps that are filled by one look.

    Args:
        pins: what a running agent holds, or the last one left.

    Raises:
        MissingPrivilege, MissingFeature, LoadError: BPF cannot be used here.
    """
    require_privilege()
    require_btf()
    pinned = pins.open() if pins.in_use() else []
    if pinned:
        containers, members = pinned
        with containers, members:
            yield Provenance(containers, members)
        return
    image = object_image("stockade")
    check_layout(image)
    with Object(image, "stockade") as looking:
        for program in looking.programs():
            looking.set_autoload(program, on=looking.is_iterator(program))
        config = Config(
            agent_tgid=os.getpid(),
            counts_activity=0,
            keeps_objects=0,
            opaque_registers=0,
            cgroups_signal=0,
            bpf_has_more=0,
            perf_has_more=0,
            flood_bytes=0,
        )
        looking.set_variable("config", pack_config(config))
        pins.hand_over(looking)
        looking.load()
        find_host(looking)
        settle(looking)
        yield Provenance(looking.map("containers"), looking.map("members"))
