"""Valid bytes made hostile: bits and pieces changed, and CBOR changed where it means something. The same for a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import cbor2

INTEGERS = (0, 1, -1, 23, 24, 255, 256, 65_535, 65_536, 2**31, 2**32 - 1, 2**48, 2**53, 2**63 - 1, 2**63, 2**64 - 1,
            -(2**63), -(2**64), 10**30)  # fmt: skip
TEXTS = ("", "\0", "a" * 97, "head-office", "bayside/front@1", "@", "@1", "\u202e", "\ud7ff", "é" * 400, "../../etc")
PIECES = (
    b"\x00", b"\xff", b"\x9f", b"\xbf", b"\x7f", b"\x5f", b"\xf6", b"\xf7", b"\xfb\x7f\xf0" + bytes(6),
    b"\xc0", b"\xc2\x40", b"\xd8\x1c", b"\xd8\x1d\x00", b"\xd8\x19\x00", b"\xd9\x01\x02\x80", b"\xda" + b"\xff" * 4,
    b"\x9b" + b"\xff" * 8, b"\x5b\x7f" + b"\xff" * 7, b"\xbb\0\0\0\0" + b"\xff" * 4, b"\x9a\x7f\xff\xff\xff",
    b"\x7a\x7f\xff\xff\xff", b"\x81" * 600, b"\xa1\x00" * 300, b"\xd8\x1c" * 200, b"\xc1" * 200,
)  # fmt: skip
"""Ends without a beginning, infinity, tags, lengths that nothing has, depths."""
BITS_AT_MOST = 8


def mutated(raw: bytes, chance: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """``raw`` with a few things done to its bytes; pieces may come from ``others``."""
    changed = bytearray(raw)
    for _ in range(chance.randint(1, 4)):
        _change(changed, chance, others)
    return bytes(changed)


def _change(changed: bytearray, chance: random.Random, others: Sequence[bytes]) -> None:
    at = chance.randrange(len(changed) + 1)
    way = chance.randrange(7)
    if way == 0 and changed:
        for _ in range(chance.randint(1, BITS_AT_MOST)):
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    elif way == 1:
        changed[at:at] = chance.choice(PIECES)
    elif way == 2:
        piece = chance.choice(PIECES)
        changed[at : at + len(piece)] = piece
    elif way == 3:
        del changed[at : at + chance.randint(1, 40)]
    elif way == 4:
        del changed[at:]
    elif way == 5:
        changed[at:at] = changed[at : at + chance.randint(1, 200)] * chance.randint(1, 9)
    else:
        other = chance.choice(others) if others else chance.randbytes(chance.randint(1, 60))
        start = chance.randrange(len(other) + 1)
        changed[at:at] = other[start : start + chance.randint(1, 200)]


def random_bytes(chance: random.Random) -> bytes:
    """Bytes that were never anything."""
    return chance.randbytes(chance.choice((0, 1, 2, 8, 60, 400, 5000)))


def rewritten(raw: bytes, chance: random.Random) -> bytes:
    """The CBOR in ``raw`` with a few of its values others, encoded as it must be; ``raw`` where it is none."""
    try:
        value = cbor2.loads(raw)
        for _ in range(chance.randint(1, 3)):
            value = changed_value(value, chance)
        return cbor2.dumps(value, canonical=True)
    except Exception:  # noqa: BLE001 - what cannot be written is no message
        return raw


def changed_value(value: Any, chance: random.Random) -> Any:
    """``value`` with one thing in it changed, somewhere."""
    if isinstance(value, list) and value and chance.random() < 0.9:
        at = chance.randrange(len(value))
        way = chance.randrange(10)
        if way == 0:
            return value[:at] + value[at + 1 :]
        if way == 1:
            return value[: at + 1] + value[at:]
        return [*value[:at], changed_value(value[at], chance), *value[at + 1 :]]
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(list(value))
        way = chance.randrange(10)
        rest = {one: kept for one, kept in value.items() if one != key}
        if way == 0:
            return rest
        if way == 1:
            return rest | {_another(key, chance): value[key]}
        return value | {key: changed_value(value[key], chance)}
    return _another(value, chance)


def _another(value: Any, chance: random.Random) -> Any:
    """Something in the place of ``value``: mostly of its kind, sometimes of any."""
    if chance.random() < 0.2:
        kinds: list[Any] = [None, True, 1.5, [], {}, b"", "", 0, float("nan"), [[[]]], {0: {0: {}}}]
        return chance.choice(kinds)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return chance.choice((*INTEGERS, value + 1, value - 1))
    if isinstance(value, bytes):
        size = chance.choice((len(value), len(value), len(value) - 1, len(value) + 1, 0, 65_537))
        return chance.randbytes(max(size, 0)) if chance.random() < 0.8 else mutated(value, chance)
    if isinstance(value, str):
        return chance.choice((*TEXTS, value + "x", value[:-1], value.upper()))
    return chance.choice(INTEGERS)
