"""Sorted rows of one width in one run of bytes: looked up where they lie, and merged by copying what stays.

Rules of this module:

- Rows rise as bytes do, so every number in them is big-endian and instants are moved to begin at 0.
- Nothing is read but what is asked for: a file of hundreds of megabytes is mapped and costs a few pages.
- Rows are never changed in place. What changed is merged into a new run.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

LEAST, MOST = -(2**63), 2**63 - 1
"""What a number in a row may be."""


class Octets(Protocol):
    """``bytes``, or a file that is mapped into memory."""

    def __len__(self) -> int: ...

    def __getitem__(self, at: slice, /) -> bytes: ...


def fits(one: int, other: int = 0) -> bool:
    """Whether a row can hold both."""
    return LEAST <= one <= MOST and LEAST <= other <= MOST


def moved(number: int) -> int:
    """``number`` so that it begins at 0: its bytes rise as it does."""
    return number - LEAST


def moved_back(number: int) -> int:
    """What :func:`moved` moved."""
    return number + LEAST


@dataclass(frozen=True, slots=True)
class Changes:
    """What becomes of rows, by what they begin with.

    Those that begin with a key of ``instead`` are replaced by its rows (none: they go); those of ``beside`` are added.
    """

    instead: Mapping[bytes, Sequence[bytes]]
    beside: Mapping[bytes, Sequence[bytes]] = field(default_factory=dict)


class Rows:
    """``length`` bytes of ``octets`` from ``start`` on, as rows of ``width`` bytes; ValueError where they are none."""

    __slots__ = ("_octets", "_start", "count", "width")

    def __init__(self, octets: Octets, start: int, length: int, width: int) -> None:
        if length % width or start + length > len(octets):
            raise ValueError(f"{length} bytes from {start} on are no rows of {width}")
        self._octets = octets
        self._start = start
        self.width = width
        self.count = length // width

    def __getitem__(self, i: int) -> bytes:
        """Row ``i`` of ``count``."""
        at = self._start + i * self.width
        return self._octets[at : at + self.width]

    def copied(self, first: int, last: int) -> bytes:
        """Rows ``first`` to just before ``last``, in one piece."""
        return self._octets[self._start + first * self.width : self._start + last * self.width]

    def below(self, prefix: bytes, at_least: int = 0) -> int:
        """How many rows come before every one that begins with ``prefix``; ``at_least`` so many, it is known."""
        octets, start, width, size = self._octets, self._start, self.width, len(prefix)
        return bisect_left(
            range(self.count), prefix, at_least, key=lambda i: octets[start + i * width : start + i * width + size]
        )

    def up_to(self, prefix: bytes) -> int:
        """How many rows come before those, or are among them."""
        octets, start, width, size = self._octets, self._start, self.width, len(prefix)
        return bisect_right(
            range(self.count), prefix, key=lambda i: octets[start + i * width : start + i * width + size]
        )

    def get(self, key: bytes) -> bytes | None:
        """What stands behind ``key`` in the first row that begins with it."""
        at = self.below(key)
        if at == self.count:
            return None
        row = self[at]
        return row[len(key) :] if row.startswith(key) else None

    def __contains__(self, key: bytes) -> bool:
        return self.get(key) is not None

    def with_prefix(self, prefix: bytes) -> Iterator[bytes]:
        """The rows that begin with ``prefix``, rising."""
        for i in range(self.below(prefix), self.count):
            row = self[i]
            if not row.startswith(prefix):
                return
            yield row

    def merged(self, changes: Changes) -> bytes:
        """These rows with ``changes``: see there."""
        pieces: list[bytes] = []
        done = first = 0
        for key in sorted({**changes.instead, **changes.beside}):
            if first < self.count:  # else all the rest comes behind
                first = self.below(key, done)
                if first > done:
                    pieces.append(self.copied(done, first))
                done = first
                if key in changes.instead and first < self.count and self[first].startswith(key):
                    done = self.up_to(key)
            pieces.extend(changes.instead.get(key, ()))
            pieces.extend(changes.beside.get(key, ()))
        pieces.append(self.copied(done, self.count))
        return b"".join(pieces)
