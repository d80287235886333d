"""Which of a promotion's listed codes are used up, as a compressed bitmap by their stable index.

Rules of this module (the idea is Roaring's: Chambi, Lemire, Kaser, Godin 2016):

- ``CBOR {index // 65,536: container}``; a container has the lower 16 bits of the indexes of one range. With fewer
  than 4,096 of them it is a list of two bytes each, little-endian, rising; with more it is 65,536 bits, the lowest
  first. There is no empty one. So one set has one spelling, and ten million codes, all used, are 1.3 MB.
- What was received is read strictly; anything else raises :class:`UsedCodesError` and nothing else.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, pairwise
from typing import Any

from kiosk.core.strict_cbor import StrictCborError, decode, encode

MAX_BYTES = 4 * 1024 * 1024
MAX_CONTAINERS = 4_096
DENSE_FROM = 4_096
_BITS_BYTES = 8_192
_LOW = 0xFFFF


class UsedCodesError(ValueError):
    """Bytes that are no bitmap of used codes."""


class UsedCodes:
    """A set of stable indexes; made once, then only asked."""

    def __init__(self, indexes: Iterable[int] = ()) -> None:
        """``indexes`` in any order, each from 0 to 65,536 * 4,096 - 1."""
        self._containers: dict[int, bytes | array[int]] = {}
        for key, group in groupby(sorted(set(indexes)), lambda index: index >> 16):
            if not 0 <= key < MAX_CONTAINERS:
                raise ValueError(f"no code has an index in {key * 65_536:,} and on")
            lows = array("H", [index & _LOW for index in group])
            self._containers[key] = lows if len(lows) < DENSE_FROM else _bits(lows)

    def __contains__(self, index: int) -> bool:
        container, low = self._containers.get(index >> 16), index & _LOW
        if container is None:
            return False
        if isinstance(container, bytes):
            return bool(container[low >> 3] >> (low & 7) & 1)
        at = bisect_left(container, low)
        return at < len(container) and container[at] == low

    def __iter__(self) -> Iterator[int]:
        for key, container in sorted(self._containers.items()):
            lows = _places(container) if isinstance(container, bytes) else container
            yield from ((key << 16) + low for low in lows)

    def __len__(self) -> int:
        return sum(
            int.from_bytes(one, "little").bit_count() if isinstance(one, bytes) else len(one)
            for one in self._containers.values()
        )

    def encode(self) -> bytes:
        """The bytes that :meth:`decode` reads."""
        return encode({key: _written(container) for key, container in self._containers.items()})

    @classmethod
    def decode(cls, raw: bytes) -> UsedCodes:
        """The set in ``raw``; raises :class:`UsedCodesError`."""
        if len(raw) > MAX_BYTES:  # endless data
            raise UsedCodesError(f"it has {len(raw):,} bytes; {MAX_BYTES:,} are allowed")
        try:
            read = decode(raw)
        except StrictCborError as error:
            raise UsedCodesError(str(error)) from None
        if not isinstance(read, dict) or len(read) > MAX_CONTAINERS:
            raise UsedCodesError("it is no map of containers")
        made = cls()
        made._containers = dict(_read(read))
        return made


def _read(containers: Mapping[Any, Any]) -> Iterator[tuple[int, bytes | array[int]]]:
    for key, raw in containers.items():
        if isinstance(key, bool) or not isinstance(key, int) or not 0 <= key < MAX_CONTAINERS:
            raise UsedCodesError("a container is of no range")
        if not isinstance(raw, bytes) or not raw or len(raw) % 2 or len(raw) > _BITS_BYTES:
            raise UsedCodesError("a container has the wrong length")
        yield key, _container(raw)


def _container(raw: bytes) -> bytes | array[int]:
    if len(raw) == _BITS_BYTES:
        if int.from_bytes(raw, "little").bit_count() < DENSE_FROM:
            raise UsedCodesError("a container of few is written as if it had many")
        return raw
    lows = array("H", struct.unpack(f"<{len(raw) // 2}H", raw))
    if any(low >= after for low, after in pairwise(lows)):
        raise UsedCodesError("a container is not in order")
    return lows


def _written(container: bytes | array[int]) -> bytes:
    return container if isinstance(container, bytes) else struct.pack(f"<{len(container)}H", *container)


def _bits(lows: Iterable[int]) -> bytes:
    bits = bytearray(_BITS_BYTES)
    for low in lows:
        bits[low >> 3] |= 1 << (low & 7)
    return bytes(bits)


def _places(bits: bytes) -> Iterator[int]:
    return (low for low in range(_LOW + 1) if bits[low >> 3] >> (low & 7) & 1)
