"""Lists of codes for the tests of the cache: chunks of made-up digests, and the marks that name them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from kiosk.code_lists import CodeCache
from kiosk.core.bundle import PartMark
from kiosk.core.code_lists import CODE_BYTES, TOMBSTONE, chunk_parts


def code(number: int, salt: str = "") -> bytes:
    """The 9 bytes of a code; any two numbers have different ones."""
    return hashlib.sha256(f"{salt}/{number}".encode()).digest()[:CODE_BYTES]


def codes(numbers: range, salt: str = "", withdrawn: frozenset[int] = frozenset()) -> bytes:
    """A list of codes by index, ``withdrawn`` ones as tombstones."""
    return b"".join(TOMBSTONE if number in withdrawn else code(number, salt) for number in numbers)


def parts(**lists: bytes) -> dict[str, bytes]:
    """The chunks of some promotions' lists by the names of their parts."""
    return {name: part for promotion, made in lists.items() for name, part in chunk_parts(promotion, made).items()}


def marks(made: Mapping[str, bytes]) -> dict[str, PartMark]:
    """What the manifest says of parts."""
    return {name: PartMark(hashlib.sha256(part).digest(), len(part)) for name, part in made.items()}


def quiet(_done: int, _of: int) -> None:
    """No progress is told."""


def ready(cache: CodeCache, made: Mapping[str, bytes]) -> list[str]:
    """Fetch and build, as far as it goes before the journal says so; the names of the parts that were fetched."""
    told, held = marks(made), cache.held()
    fetched = [name for name, mark in told.items() if mark.sha256 not in held]
    for name in fetched:
        cache.stage(told[name].sha256, made[name])
    cache.build(told, quiet)
    return fetched


def install(cache: CodeCache, made: Mapping[str, bytes]) -> list[str]:
    """All of it; the names of the parts that were fetched."""
    fetched = ready(cache, made)
    cache.use(marks(made))
    cache.tidy()
    assert cache.complete
    return fetched


def opened(folder: Path, made: Mapping[str, bytes]) -> CodeCache:
    """The cache as a start finds it, when the journal's bundle has these parts."""
    cache = CodeCache(folder)
    cache.use(marks(made))
    return cache


def files(folder: Path) -> list[Path]:
    """What lies in the cache's folder, largest first."""
    return sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: -path.stat().st_size)
