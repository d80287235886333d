"""Making a mapped file of listed codes out of chunks, and out of the files there are.

Rules of this module:

- A file is written beside its place, synced, and then renamed: under its own name it is there whole or not at all.
- Memory stays small whatever the number of codes: rows are sorted into buckets one range of buckets at a time,
  each a pass over the sources, which the disk's cache holds by then.
"""

from __future__ import annotations

import itertools
import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kiosk.code_lists.segment import (
    CHUNK_BITS,
    HEAD,
    IN_CHUNK,
    POSITION_BYTES,
    Segment,
    bucket_bytes_for,
    directory_bytes,
    row_bytes,
    seal_head,
)
from kiosk.core.code_lists import CODE_BYTES
from kiosk.durable import sync_folder

ROWS_IN_PASS = 500_000
_KEYS = 1 << 16

Progress = Callable[[int, int], None]
"""Told how many codes are done, out of how many."""
Codes = NDArray[np.uint8]  # of shape (n, 9)
Positions = NDArray[np.uint32]


class Source(Protocol):
    """Where codes come from: a chunk, or a file made before."""

    def between(self, low: int, high: int) -> Iterator[tuple[Codes, Positions]]:
        """The codes whose first two bytes are from ``low`` up to, not with, ``high``, and their new positions."""
        ...


class ChunkSource:
    """A chunk on disk that becomes number ``number`` of the new file."""

    def __init__(self, path: Path, number: int) -> None:
        self._path = path
        self._base = number << CHUNK_BITS

    def between(self, low: int, high: int) -> Iterator[tuple[Codes, Positions]]:
        """Its codes in that range; withdrawn ones are left out."""
        codes = np.fromfile(self._path, np.uint8).reshape(-1, CODE_BYTES)
        mask = _in_range(codes, low, high)
        if low == 0:
            mask &= codes.any(axis=1)
        (places,) = np.nonzero(mask)
        yield codes[places], (places + self._base).astype(np.uint32)


class SegmentSource:
    """A file made before, of which some chunks go along under new numbers."""

    def __init__(self, segment: Segment, numbers: Mapping[int, int]) -> None:
        """``numbers``: which chunks, by their old number, and their new one."""
        self._segment = segment
        self._bases = np.full(len(segment.chunks), -1, np.int64)
        for old, new in numbers.items():
            self._bases[old] = new << CHUNK_BITS

    def between(self, low: int, high: int) -> Iterator[tuple[Codes, Positions]]:
        """Its codes in that range; raises ``SegmentDamagedError`` where it is not as it was written."""
        width = self._segment.bucket_bytes
        shift = 8 * (2 - width)
        first, last = low >> shift, (high - 1) >> shift
        blocks = [self._segment.bucket(number) for number in range(first, last + 1)]
        rows = np.frombuffer(b"".join(blocks), np.uint8).reshape(-1, row_bytes(width))
        counts = [len(block) // row_bytes(width) for block in blocks]
        buckets = np.repeat(np.arange(first, last + 1, dtype=np.uint32), counts)
        codes = np.empty((len(rows), CODE_BYTES), np.uint8)
        for at in range(width):
            codes[:, at] = buckets >> (8 * (width - 1 - at)) & 0xFF
        codes[:, width:] = rows[:, :-POSITION_BYTES]
        old = rows[:, -POSITION_BYTES:].copy().view("<u4").reshape(-1)
        bases = self._bases[old >> CHUNK_BITS]
        mask = _in_range(codes, low, high) & (bases >= 0)
        yield codes[mask], (bases[mask] + (old[mask] & IN_CHUNK)).astype(np.uint32)


def _in_range(codes: Codes, low: int, high: int) -> NDArray[np.bool_]:
    keys = _keys(codes)
    return (keys >= low) & (keys < high)


def _keys(codes: Codes) -> NDArray[np.uint32]:
    """The first two bytes of each code, as a number."""
    return (codes[:, 0].astype(np.uint32) << 8 | codes[:, 1]).astype(np.uint32)


def build(path: Path, chunks: Sequence[bytes], sources: Sequence[Source], rows: int, progress: Progress) -> None:
    """Write the file at ``path``: ``sources`` give the codes of ``chunks`` (SHA-256, by number), ``rows`` at most.

    Durable when this returns; where it raises, or the power fails, there is no file of that name.
    """
    beside = path.with_suffix(".new")
    width = bucket_bytes_for(rows)
    table = b"".join(chunks)
    with beside.open("wb") as file:
        file.seek(HEAD.size + len(table) + directory_bytes(width))
        counts, crcs = _write_rows(file.write, sources, width, rows, progress)
        written = int(counts.sum())
        begins = np.concatenate([np.zeros(1, "<u4"), np.cumsum(counts, dtype="<u4")])
        directory = begins.astype("<u4").tobytes() + crcs.tobytes()
        file.seek(0)
        file.write(seal_head(width, written, table, directory) + table + directory)
        file.flush()
        # Power fails before the rename: the name does not exist, or is still another file. After it: the bytes
        # were synced before, and the folder is synced below; a journal that speaks of them is written later.
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def _write_rows(
    write: Callable[[bytes], object], sources: Sequence[Source], width: int, rows: int, progress: Progress
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Write all rows in the order of their buckets; how many each bucket has, and the CRC-32 of each."""
    buckets = 256**width
    counts = np.zeros(buckets, "<u4")
    crcs = np.zeros(buckets, "<u4")
    passes = max(1, -(-rows // ROWS_IN_PASS))
    edges = [_KEYS * k // passes >> 8 << 8 for k in range(passes)] + [_KEYS]
    done = 0
    progress(0, rows)
    for low, high in itertools.pairwise(edges):
        block, (numbers, many) = _sorted_rows(sources, low, high, width)
        size, at = row_bytes(width), 0
        for number, count in zip(numbers.tolist(), many.tolist(), strict=True):
            piece = block[at : at + count * size]
            counts[number], crcs[number] = count, zlib.crc32(piece)
            write(piece)
            at += count * size
        done += at // size
        progress(done, rows)
    return counts, crcs


def _sorted_rows(
    sources: Sequence[Source], low: int, high: int, width: int
) -> tuple[bytes, tuple[NDArray[np.uint32], NDArray[np.int64]]]:
    """The rows of a range of buckets, sorted by bucket, and which buckets have how many."""
    found = [pair for source in sources for pair in source.between(low, high)]
    codes = np.concatenate([codes for codes, _ in found]) if found else np.empty((0, CODE_BYTES), np.uint8)
    positions = np.concatenate([positions for _, positions in found]) if found else np.empty(0, np.uint32)
    del found
    buckets = _keys(codes) >> (8 * (2 - width))
    order = np.argsort(buckets.astype(np.uint16), kind="stable")
    rows = np.empty((len(order), row_bytes(width)), np.uint8)
    rows[:, :-POSITION_BYTES] = codes[order, width:]
    rows[:, -POSITION_BYTES:] = positions[order].astype("<u4").view(np.uint8).reshape(-1, POSITION_BYTES)
    return rows.tobytes(), np.unique(buckets[order], return_counts=True)
