"""Lists of listed codes as they travel: truncated keyed digests in the order of their stable index, in chunks.

Rules of this module:

- A code is the first 9 bytes of its keyed digest. 72 bits keep ten million codes apart (one chance in 10**8
  that any two meet), and a text made up to meet one of ten million costs 2**48 tries even with the key.
- ``lists/<promotion>/<k>`` carries the codes with the indexes k * 65,536 and on; a withdrawn one is nine zero bytes.
  A list that grows changes its last chunk only, and chunks are known by SHA-256: a delta is the missing ones.
- A counter keeps no chunks but what it makes of them (:mod:`kiosk.code_lists`); here it is only asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

CODE_BYTES = 9
CODES_IN_CHUNK = 65_536
CHUNK_BYTES = CODES_IN_CHUNK * CODE_BYTES
TOMBSTONE = bytes(CODE_BYTES)
MAX_CHUNKS = 4_096
LISTS = "lists/"

_CHUNK_NAME = re.compile(r"lists/([^/]+)/(0|[1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class FoundCode:
    """Where a listed code stands: whose it is, and the stable index that head office gave it."""

    promotion: str
    index: int


class CodeLists(Protocol):
    """Every listed code that is known, to be asked by digest. Safe to call from any thread; never raises."""

    def find(self, digest: bytes) -> FoundCode | None:
        """The live code with this digest (16 bytes, of which the first 9 count)."""
        ...


class ListsInMemory:
    """Lists as a mapping: for a few codes, for trying rules out, and to compare the real ones with."""

    def __init__(self, chunks: Mapping[str, bytes]) -> None:
        """``chunks`` by the name of their part; other parts are passed over."""
        self._found = dict(_codes(chunks))

    def find(self, digest: bytes) -> FoundCode | None:
        """The live code with this digest."""
        return self._found.get(digest[:CODE_BYTES])


def _codes(chunks: Mapping[str, bytes]) -> Iterable[tuple[bytes, FoundCode]]:
    for name, chunk in chunks.items():
        place = place_of(name)
        if place is None:
            continue
        for at in range(0, len(chunk) - CODE_BYTES + 1, CODE_BYTES):
            code = chunk[at : at + CODE_BYTES]
            if code != TOMBSTONE:
                yield code, FoundCode(place[0], place[1] * CODES_IN_CHUNK + at // CODE_BYTES)


NO_LISTS: CodeLists = ListsInMemory({})
"""No code is listed."""


def chunk_parts(promotion: str, codes: bytes) -> dict[str, bytes]:
    """The parts that carry a promotion's list: ``codes`` are 9 bytes each, in stable-index order."""
    starts = range(0, len(codes), CHUNK_BYTES)
    return {f"{LISTS}{promotion}/{k}": codes[at : at + CHUNK_BYTES] for k, at in enumerate(starts)}


def is_chunk(name: str) -> bool:
    """Whether the part of that name is of a code list."""
    return name.startswith(LISTS)


def place_of(name: str) -> tuple[str, int] | None:
    """The promotion and the number of a chunk; None for the name of another part, or of none that can be."""
    read = _CHUNK_NAME.fullmatch(name)
    if read is None or int(read[2]) >= MAX_CHUNKS:
        return None
    return read[1], int(read[2])


def why_no_chunk(name: str, length: int) -> str | None:
    """What is wrong with a code list's part of that name and length in bytes; None: nothing."""
    if place_of(name) is None:
        return f"the part {name!r} names no chunk of a code list"
    if length > CHUNK_BYTES or length % CODE_BYTES or not length:
        return f"the part {name!r} is no list of up to {CODES_IN_CHUNK:,} digests of {CODE_BYTES} bytes"
    return None
