"""What the counter's cache of listed codes costs: cache [CODES] (default: ten million)

``bytes_per_code`` is all that lies on disk afterwards; ``lookup_us_p99`` is over 100,000 lookups, nine in ten of known
codes; ``open_ms`` opens the cache and puts it in force. ``install_s`` and ``install_mb`` are a process of its own: a
counter without camera and pages that takes a signed bundle, from its envelope until it is in force, its parts coming
from disk in answers of the size that head office gives; and the most memory that this process ever had. ``delta_s`` is
the next bundle, with 1,000 codes more.
"""

from __future__ import annotations

import argparse
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
from kiosk.core.bundle import open_bundle
from kiosk.core.code_lists import CODE_BYTES, CODES_IN_CHUNK, FoundCode
from tests.storage.listed_bundles import ROOT, ListedCounter, sealed_with
from tests.twins import NOON_MS

PROMOTION = "tacos"
LOOKUPS = 100_000
MORE = 1_000
IN_ONE_ANSWER = 7
"""Chunks that fit the 4 MiB of an answer."""


def measure(arguments: Sequence[str]) -> dict[str, float]:
    """The bench as a command."""
    parser = argparse.ArgumentParser(prog="bench cache")
    parser.add_argument("codes", type=int, nargs="?", default=10_000_000)
    parser.add_argument("--install", type=Path, metavar="FOLDER", help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    if args.install is not None:
        return install(args.install)
    with tempfile.TemporaryDirectory() as folder:
        return measure_in(Path(folder), args.codes)


def measure_in(folder: Path, codes: int) -> dict[str, float]:
    """The figures of a cache of ``codes`` in ``folder``."""
    publish(folder, 1, codes)
    installed = install_apart(folder)
    on_disk = sum(path.stat().st_size for path in (folder / "counter" / "lists").rglob("*") if path.is_file())
    counter = ListedCounter(folder / "counter")
    return {
        "codes": codes,
        "bytes_per_code": round(on_disk / codes, 3),
        "lookup_us_p99": lookups_us_p99(counter.lists, codes),
        "open_ms": open_ms(folder, counter),
        **installed,
        "delta_s": delta_s(folder, counter, codes),
    }


def publish(folder: Path, version: int, codes: int) -> None:
    """A signed bundle with so many codes, its parts in files, as head office would give them out."""
    listed = b"".join(chunk(k, many) for k, many in enumerate(_sizes(codes)))
    envelope, parts = sealed_with(version, {PROMOTION: listed})
    (folder / "parts").mkdir(exist_ok=True)
    (folder / f"envelope-{version}").write_bytes(envelope)
    for digest, part in parts.items():
        (folder / "parts" / digest.hex()).write_bytes(part)


def chunk(k: int, many: int) -> bytes:
    """Codes that look like keyed digests; the same each time."""
    made = np.random.default_rng(k).integers(0, 256, (CODES_IN_CHUNK, CODE_BYTES), np.uint8)
    return bytes(made[:many].tobytes())


def _sizes(codes: int) -> Iterator[int]:
    for at in range(0, codes, CODES_IN_CHUNK):
        yield min(CODES_IN_CHUNK, codes - at)


def take(folder: Path, counter: ListedCounter, version: int, doing: Callable[[str], None]) -> float:
    """Fetch and install that version; how many seconds it took."""

    def ask(wanted: Sequence[bytes]) -> Mapping[bytes, bytes]:
        return {digest: (folder / "parts" / digest.hex()).read_bytes() for digest in wanted[:IN_ONE_ANSWER]}

    envelope = (folder / f"envelope-{version}").read_bytes()
    begun_s = time.monotonic()
    installed = counter.fetcher.take(envelope, ask, NOON_MS, doing)
    took_s = time.monotonic() - begun_s
    assert installed is not None
    assert counter.lists.complete
    return took_s


def install(folder: Path) -> dict[str, float]:
    """Install the first bundle in an empty counter, in this process."""
    (folder / "counter").mkdir()
    took_s = take(folder, ListedCounter(folder / "counter"), 1, lambda words: print(words, file=sys.stderr))
    return {"install_s": round(took_s, 2), "install_mb": peak_mb()}


def peak_mb() -> float:
    """The most memory this process ever had, in MB (of Linux: its own high-water mark, and no parent's)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) / 1000, 1)
    return float("nan")


def install_apart(folder: Path) -> dict[str, float]:
    """The install in a process of its own, so that its memory is its own."""
    program = "import json, sys; from tests.bench.cache import measure; print(json.dumps(measure(sys.argv[1:])))"
    command = [sys.executable, "-c", program, "--install", str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=Path(__file__).parents[2])
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def open_ms(folder: Path, counter: ListedCounter) -> float:
    """The least of five openings, with what the journal's bundle says put in force."""
    cached = counter.journal.bundle()
    assert cached is not None
    root = ROOT.public_key().public_bytes_raw()
    chunks = open_bundle(cached.envelope, cached.parts, root, 0, held=counter.lists.held()).chunks
    took = []
    for _ in range(5):
        begun_s = time.perf_counter()
        cache = CodeCache(folder / "counter" / "lists")
        cache.use(chunks)
        took.append((time.perf_counter() - begun_s) * 1000)
        assert cache.complete
    return round(min(took), 2)


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


def delta_s(folder: Path, counter: ListedCounter, codes: int) -> float:
    """How long it takes to install the next bundle, with 1,000 codes more."""
    publish(folder, 2, codes + MORE)
    took_s = take(folder, counter, 2, lambda _words: None)
    k, place = divmod(codes + MORE - 1, CODES_IN_CHUNK)
    newest = chunk(k, place + 1)[-CODE_BYTES:]
    assert counter.lists.find(newest) == FoundCode(PROMOTION, codes + MORE - 1)
    counter.journal.close()
    return round(took_s, 3)
