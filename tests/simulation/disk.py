"""A disk that honours sync and nothing more: what was written and not synced is kept, lost or torn when power fails.

Rules of this module:

- A record is one transaction. It is there for good once ``sync`` has returned.
- Power fails before a write, behind it, or behind a sync, as a :class:`Cut` says: the k-th of these instants from now.
- A torn record is recognised when the disk is read again (a transaction's log carries sums) and counts as not written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class PowerCut(BaseException):
    """Power failed. Not an ``Exception``: nothing in the program under test can live through it."""


class DiskFullError(Exception):
    """The disk takes no more."""


@dataclass(slots=True)
class Cut:
    """Power fails at the instant ``at`` (0: the next one); of an unsynced record is left what ``leaves`` says."""

    at: int
    leaves: str  # "kept" | "lost" | "torn"


@dataclass
class Disk:
    """Records in order. ``cut`` is set by whoever plans a power failure, ``full`` by whoever fills the disk."""

    synced: list[Any] = field(default_factory=list)
    unsynced: list[Any] = field(default_factory=list)
    cut: Cut | None = None
    full: bool = False
    faults: dict[str, int] = field(default_factory=dict)

    def write(self, record: Any) -> None:
        """Write one record; it is not there for good yet."""
        self._instant()
        if self.full:
            self._count("disk full")
            raise DiskFullError
        self.unsynced.append(record)
        self._instant()

    def sync(self) -> None:
        """All that was written is there for good when this returns."""
        self.synced += self.unsynced
        self.unsynced.clear()
        self._instant()

    def power_on(self) -> list[Any]:
        """What is read after a failure."""
        self.cut = None
        return self.synced

    def image(self) -> list[Any]:
        """A copy of the disk as it is."""
        return list(self.synced)

    def _instant(self) -> None:
        if self.cut is None:
            return
        if self.cut.at > 0:
            self.cut.at -= 1
            return
        leaves, self.cut = self.cut.leaves, None
        if leaves == "kept":
            self.synced += self.unsynced
        if self.unsynced:
            self._count(f"unsynced write {leaves}")
        self.unsynced.clear()
        self._count("power cut")
        raise PowerCut

    def _count(self, name: str) -> None:
        self.faults[name] = self.faults.get(name, 0) + 1
