"""Tells the kernel's filters where the host sees what containers open."""

from __future__ import annotations

from stockade.agent.mounts import HostMounts
from stockade.events import OpenRecord, Record
from stockade.kernel.filters import Filters


class HostViews:
    """Learns from the records that come, one filesystem after the other.

    What it says counts until something is mounted anywhere: then the next open of each filesystem
    comes up again.

    Args:
        filters: which ask.
        mounts: the host's mount table.
    """

    def __init__(self, filters: Filters, mounts: HostMounts) -> None:
        self._filters = filters
        self._mounts = mounts
        self._known: set[int] = set()
        self._count = -1

    def new_batch(self) -> None:
        """Look whether something was mounted."""
        count = self._filters.mount_count()
        if count != self._count:
            self._known.clear()
            self._count = count

    def learn(self, record: Record) -> None:
        """Take in the filesystem of an opened file."""
        if not isinstance(record, OpenRecord) or not record.file.fs_type:
            return
        dev = record.file.dev
        if dev not in self._known:
            self._known.add(dev)
            self._filters.set_host_view(dev, self._mounts.view(dev), self._count)
