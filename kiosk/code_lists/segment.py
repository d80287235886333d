"""One mapped file of listed codes, written once and never changed.

Rules of this module:

- ``head | chunk table | directory | rows``, all numbers little-endian. The head has the magic, the SHA-256 of all
  that stands before the rows, and the counts from which every length follows; the file is exactly that long.
- The chunk table has the SHA-256 of each chunk whose codes lie here; the chunks themselves are not kept.
- Rows lie in buckets by the first one or two bytes of a code. The directory has, for each bucket, at which row it
  begins, and the CRC-32 of its rows. A row is the rest of the code and its position: number of the chunk in the
  table times 65,536, plus the place in the chunk.
- At opening all but the rows is checked; rows are checked bucket by bucket as they are read. What is damaged
  is never trusted: :class:`SegmentDamagedError`.
"""

from __future__ import annotations

import hashlib
import mmap
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from kiosk.core.code_lists import CODE_BYTES

MAGIC = b"cflists1"
POSITION_BYTES = 4
CHUNK_BITS = 16
IN_CHUNK = (1 << CHUNK_BITS) - 1
MAX_CHUNKS_HERE = 1 << CHUNK_BITS
MANY_ROWS = 1 << 16
"""From so many rows on a bucket is told by two bytes, below by one."""

HEAD = struct.Struct("<8s32sBIQ")  # magic, SHA-256 of the rest before the rows, bucket bytes, chunks, rows
_DIGEST_BYTES = 32
_PAIR = struct.Struct("<II")
_ONE = struct.Struct("<I")


class SegmentDamagedError(Exception):
    """A file that is not what was written; its codes have to be fetched again."""


def bucket_bytes_for(rows: int) -> int:
    """How many bytes of a code tell its bucket in a file of so many rows."""
    return 2 if rows >= MANY_ROWS else 1


def directory_bytes(bucket_bytes: int) -> int:
    """How long the directory is: where each bucket begins and the last one ends, and each one's CRC-32."""
    buckets = 256**bucket_bytes
    return int((buckets + 1 + buckets) * _ONE.size)


def row_bytes(bucket_bytes: int) -> int:
    """How long a row is."""
    return CODE_BYTES - bucket_bytes + POSITION_BYTES


def seal_head(bucket_bytes: int, rows: int, table: bytes, directory: bytes) -> bytes:
    """The head of a file with this chunk table and directory."""
    counts = (bucket_bytes, len(table) // _DIGEST_BYTES, rows)
    return HEAD.pack(MAGIC, _checksum(counts, table, directory), *counts)


def _checksum(counts: tuple[int, int, int], table: bytes | memoryview, directory: bytes | memoryview) -> bytes:
    made = hashlib.sha256(HEAD.pack(MAGIC, bytes(_DIGEST_BYTES), *counts))
    made.update(table)
    made.update(directory)
    return made.digest()


class Segment:
    """An opened file. Safe to read from any thread; what is mapped stays readable after the file was removed."""

    def __init__(self, path: Path) -> None:
        """Raises :class:`SegmentDamagedError`, also where the file is missing or cannot be read."""
        self.path = path
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:  # a file of no bytes cannot be mapped
            raise SegmentDamagedError(f"{path.name}: {error}") from None
        self.chunks: tuple[bytes, ...] = ()
        """The SHA-256 of each chunk whose codes lie here, by number."""
        self._read_head()

    def _read_head(self) -> None:
        length = len(self._map)
        if length < HEAD.size:
            raise SegmentDamagedError(f"{self.path.name} is too short")
        magic, checksum, self.bucket_bytes, chunks, self.rows = HEAD.unpack_from(self._map)
        if magic != MAGIC or self.bucket_bytes not in (1, 2) or chunks > MAX_CHUNKS_HERE:
            raise SegmentDamagedError(f"{self.path.name} is no list of codes")
        self._directory_at = HEAD.size + chunks * _DIGEST_BYTES
        self._rows_at = self._directory_at + directory_bytes(self.bucket_bytes)
        self._row_bytes = row_bytes(self.bucket_bytes)
        self._crcs_at = self._directory_at + (256**self.bucket_bytes + 1) * _ONE.size
        if length != self._rows_at + self.rows * self._row_bytes:
            raise SegmentDamagedError(f"{self.path.name} has {length} bytes, which is not as it was written")
        with memoryview(self._map) as whole:
            table = bytes(whole[HEAD.size : self._directory_at])
            directory = whole[self._directory_at : self._rows_at]
            if _checksum((self.bucket_bytes, chunks, self.rows), table, directory) != checksum:
                raise SegmentDamagedError(f"{self.path.name} has a damaged directory")
            directory.release()
        self.chunks = tuple(table[at : at + _DIGEST_BYTES] for at in range(0, len(table), _DIGEST_BYTES))

    def positions(self, code: bytes) -> Iterator[int]:
        """Where a code of 9 bytes stands, if it does; mostly once. Raises :class:`SegmentDamagedError`."""
        block = self.bucket(int.from_bytes(code[: self.bucket_bytes], "big"))
        rest, size = code[self.bucket_bytes :], self._row_bytes
        at = block.find(rest)
        while at >= 0:
            if at % size == 0:  # else it only looks so, across two rows
                yield _ONE.unpack_from(block, at + len(rest))[0]
            at = block.find(rest, at + 1)

    def bucket(self, number: int) -> bytes:
        """The rows of a bucket. Raises :class:`SegmentDamagedError` where they are not as they were written."""
        begins, ends = _PAIR.unpack_from(self._map, self._directory_at + number * _ONE.size)
        block = self._map[self._rows_at + begins * self._row_bytes : self._rows_at + ends * self._row_bytes]
        if zlib.crc32(block) != _ONE.unpack_from(self._map, self._crcs_at + number * _ONE.size)[0]:
            raise SegmentDamagedError(f"{self.path.name} has damaged rows")
        return block
