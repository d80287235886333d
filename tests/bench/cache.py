"""What the counter's cache of listed codes costs: cache [CODES] (default: ten million)

``bytes_per_code`` is all that lies on disk afterwards; ``lookup_us_p99`` is over 100,000 lookups, nine in ten of known
codes; ``open_ms`` opens the cache and puts it in force; ``install_s`` and ``install_mb`` are a process of its own that
takes all chunks in, from the moment they are there, and the most memory it ever had (the counter's libraries of
its own not among it); ``delta_s`` installs 1,000 codes more.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from kiosk.code_lists import CodeCache
from kiosk.core.bundle import PartMark
from kiosk.core.code_lists import CHUNK_BYTES, CODE_BYTES, CODES_IN_CHUNK, FoundCode

PROMOTION = "tacos"
LOOKUPS = 100_000
MORE = 1_000


def measure(arguments: Sequence[str]) -> dict[str, float]:
    """The bench as a command."""
    parser = argparse.ArgumentParser(prog="bench cache")
    parser.add_argument("codes", type=int, nargs="?", default=10_000_000)
    parser.add_argument("--install", nargs=2, metavar=("CHUNKS", "CACHE"), help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    if args.install is not None:
        return install(Path(args.install[0]), Path(args.install[1]))
    with tempfile.TemporaryDirectory() as folder:
        return measure_in(Path(folder), args.codes)


def measure_in(folder: Path, codes: int) -> dict[str, float]:
    """The figures of a cache of ``codes`` in ``folder``."""
    write_chunks(folder / "chunks", codes)
    installed = install_apart(folder)
    open_ms = min(_ms(lambda: opened(folder)) for _ in range(5))
    cache = opened(folder)
    on_disk = sum(path.stat().st_size for path in (folder / "cache").rglob("*") if path.is_file())
    return {
        "codes": codes,
        "bytes_per_code": round(on_disk / codes, 3),
        "lookup_us_p99": lookups_us_p99(cache, codes),
        "open_ms": round(open_ms, 2),
        **installed,
        "delta_s": delta_s(folder, cache, codes),
    }


def write_chunks(folder: Path, codes: int) -> None:
    """The chunks of a list, as they come from head office, named by number."""
    folder.mkdir()
    for k, many in enumerate(_sizes(codes)):
        (folder / f"{k}").write_bytes(chunk(k, many))


def chunk(k: int, many: int) -> bytes:
    """Codes that look like keyed digests; the same each time."""
    made = np.random.default_rng(k).integers(0, 256, (CODES_IN_CHUNK, CODE_BYTES), np.uint8)
    return bytes(made[:many].tobytes())


def _sizes(codes: int) -> Iterator[int]:
    for at in range(0, codes, CODES_IN_CHUNK):
        yield min(CODES_IN_CHUNK, codes - at)


def marks(chunks: Path) -> Mapping[str, PartMark]:
    """What the manifest says of the chunks."""
    return {f"lists/{PROMOTION}/{path.name}": mark_of(path.read_bytes()) for path in sorted(chunks.iterdir())}


def mark_of(part: bytes) -> PartMark:
    """The part's SHA-256 and length."""
    return PartMark(hashlib.sha256(part).digest(), len(part))


def install(chunks: Path, folder: Path) -> dict[str, float]:
    """Take all chunks in, checked as the replicator checks them, build, and put in force."""
    begun_s = time.monotonic()
    cache, told = CodeCache(folder), marks(chunks)
    for name, mark in told.items():
        part = (chunks / name.rpartition("/")[2]).read_bytes()
        assert mark_of(part) == mark
        cache.stage(mark.sha256, part)
    cache.build(told, lambda done, of: print(f"{done:,} of {of:,} codes", file=sys.stderr))
    cache.use(told)
    cache.tidy()
    assert cache.complete
    return {"install_s": round(time.monotonic() - begun_s, 2), "install_mb": peak_mb()}


def peak_mb() -> float:
    """The most memory this process ever had, in MB (of Linux: its own high-water mark, and no parent's)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) / 1000, 1)
    return float("nan")


def install_apart(folder: Path) -> dict[str, float]:
    """The install in a process of its own, so that its memory is its own."""
    program = "import json, sys; from tests.bench.cache import measure; print(json.dumps(measure(sys.argv[1:])))"
    command = [sys.executable, "-c", program, "--install", str(folder / "chunks"), str(folder / "cache")]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=Path(__file__).parents[2])
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def opened(folder: Path) -> CodeCache:
    """The cache as a counter opens it at its start, with what the journal's bundle says."""
    cache = CodeCache(folder / "cache")
    cache.use(_told(folder))
    return cache


_TOLD: dict[Path, Mapping[str, PartMark]] = {}


def _told(folder: Path) -> Mapping[str, PartMark]:
    if folder not in _TOLD:
        _TOLD[folder] = marks(folder / "chunks")
    return _TOLD[folder]


def lookups_us_p99(cache: CodeCache, codes: int) -> float:
    """The 99th percentile of single lookups, of which one in ten is of a code that nobody has."""
    asked = list(_asked(codes, random.Random(1)))
    took = []
    for code, expected in asked:
        begun_ns = time.perf_counter_ns()
        found = cache.find(code)
        took.append(time.perf_counter_ns() - begun_ns)
        assert found == expected
    return round(sorted(took)[len(took) * 99 // 100] / 1000, 2)


def _asked(codes: int, chance: random.Random) -> Iterator[tuple[bytes, FoundCode | None]]:
    sizes = list(_sizes(codes))
    each = -(-LOOKUPS // len(sizes))
    asked: list[tuple[bytes, FoundCode | None]] = []
    for k, many in enumerate(sizes):
        part = chunk(k, many)
        for _ in range(each):
            place = chance.randrange(many)
            code = part[place * CODE_BYTES : (place + 1) * CODE_BYTES]
            if chance.random() < 0.1:
                asked.append((chance.randbytes(16), None))
            else:
                asked.append((code + bytes(7), FoundCode(PROMOTION, k * CODES_IN_CHUNK + place)))
    chance.shuffle(asked)
    return iter(asked[:LOOKUPS])


def delta_s(folder: Path, cache: CodeCache, codes: int) -> float:
    """How long it takes to install 1,000 codes more."""
    last = len(list(_sizes(codes))) - 1
    longer = chunk(last, codes - last * CODES_IN_CHUNK) + chunk(10**6, MORE)
    fresh = {
        f"lists/{PROMOTION}/{last + k}": longer[at : at + CHUNK_BYTES]
        for k, at in enumerate(range(0, len(longer), CHUNK_BYTES))
    }
    told = {**_told(folder), **{name: mark_of(part) for name, part in fresh.items()}}
    begun_s = time.monotonic()
    for name, part in fresh.items():
        cache.stage(told[name].sha256, part)
    cache.build(told, lambda _done, _of: None)
    cache.use(told)
    cache.tidy()
    took_s = time.monotonic() - begun_s
    assert cache.complete
    assert cache.find(longer[-CODE_BYTES:]) == FoundCode(PROMOTION, codes + MORE - 1)
    return round(took_s, 3)


def _ms(act: Callable[[], object]) -> float:
    begun_s = time.perf_counter()
    act()
    return (time.perf_counter() - begun_s) * 1000
