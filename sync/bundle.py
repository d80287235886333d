"""How a bundle gets from head office to a counter: its envelope rides on the exchange, its parts are asked for.

Rules of this module:

- The manifest's signatures hold before one part is asked for, and a part's digest before it is kept.
- Only parts that the cache lacks are asked for; those that came are kept while this program runs, so that
  a broken line costs what was on its way and no more.
- Chunks of code lists go to the cache of codes as they come, and into its files before the bundle is installed.
- It is installed whole: :func:`kiosk.core.bundle.open_bundle` has the last word.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence

from kiosk.core.bundle import OpenedBundle, PartMark, catalogue_of, open_bundle, part_matches, read_manifest
from kiosk.core.code_lists import NO_LISTS, is_chunk
from kiosk.core.fact import BundleInstalled
from kiosk.errors import BundleError
from kiosk.ports import CachedBundle, ChunkCache
from sync.wire import (
    MAX_PARTS_ASKED,
    KeyOf,
    Kind,
    Party,
    decode_parts,
    decode_parts_request,
    encode_parts,
    encode_parts_request,
    seal,
    unseal,
)

ANSWER_BYTES = 4 * 1024 * 1024
ASKED_AT_ONCE = 256

AskParts = Callable[[Sequence[bytes]], Mapping[bytes, bytes]]
"""One round trip: SHA-256 asked for, some or all of those parts back. Raises ``ExchangeError``."""
Install = Callable[[CachedBundle, BundleInstalled], None]
Doing = Callable[[str], None]
"""Told in a few words what is being done, where that takes its time."""


def _quiet(_words: str) -> None:
    pass


class BundleFetcher:
    """Fetches, verifies and installs bundles for one counter. ``take`` is for one thread; ``version`` for any."""

    def __init__(
        self,
        root_key: bytes,
        cached: Callable[[], CachedBundle | None],
        floor: Callable[[], int],
        install: Install,
        chunks: ChunkCache | None = None,
    ) -> None:
        """``cached`` is the bundle in force, ``floor`` the version that the journal says was in force.

        ``install`` makes a bundle the one in force, in one transaction with its entry. ``chunks`` takes the chunks of
        code lists; None: they are parts like others.
        """
        self._root_key = root_key
        self._cached = cached
        self._floor = floor
        self._install = install
        self._chunks = chunks
        self._kept: dict[bytes, bytes] = {}
        opened = self._in_force()
        self._version = opened.version if opened else 0
        self._roles_version = opened.roles_version if opened else 0

    @property
    def version(self) -> int:
        """The version in force; 0: none, or none that is whole (then even the same version is fetched again)."""
        return self._version if self._chunks is None or self._chunks.complete else 0

    def take(self, envelope: bytes, ask: AskParts, at_ms: int, doing: Doing = _quiet) -> OpenedBundle | None:
        """Install the bundle of ``envelope`` if it is newer than the one in force; None when it is not.

        ``doing`` is told what takes its time. Raises ``BundleError`` and ``ExchangeError``; the one in force then
        stays so.
        """
        floor = max(self._floor(), self._version)
        manifest = read_manifest(envelope, self._root_key, floor, roles_floor=self._roles_version)
        if manifest.version == self.version:
            return None
        cached = self._cached()
        apart = {name for name in manifest.parts if self._chunks is not None and is_chunk(name)}
        parts = self._collect(
            {name: mark for name, mark in manifest.parts.items() if name not in apart},
            cached.parts if cached else {},
            ask,
        )
        self._fetch_chunks({name: manifest.parts[name] for name in apart}, ask, doing)
        opened = open_bundle(
            envelope, parts, self._root_key, floor, roles_floor=self._roles_version, held=self._held_chunks()
        )
        catalogue_of(opened, b"", NO_LISTS)  # nothing is installed that this release cannot read
        if self._chunks is not None:
            self._chunks.build(opened.chunks, lambda done, of: doing(f"Taking in listed codes: {done:,} of {of:,}"))
        fact = BundleInstalled(at_ms=at_ms, version=opened.version, manifest_hash=opened.manifest_hash)
        self._install(CachedBundle(envelope, parts), fact)
        if self._chunks is not None:
            self._chunks.tidy()
        self._version, self._roles_version = opened.version, opened.roles_version
        self._kept.clear()
        return opened

    def _in_force(self) -> OpenedBundle | None:
        cached = self._cached()
        if cached is None:
            return None
        try:
            return open_bundle(cached.envelope, cached.parts, self._root_key, self._floor(), held=self._held_chunks())
        except BundleError:
            return None

    def _held_chunks(self) -> Container[bytes]:
        return () if self._chunks is None else self._chunks.held()

    def _collect(
        self, marks: Mapping[str, PartMark], cached: Mapping[bytes, bytes], ask: AskParts
    ) -> dict[bytes, bytes]:
        wanted = {mark.sha256: mark for mark in marks.values()}
        self._kept = {digest: part for digest, part in self._kept.items() if digest in wanted}
        for digest, mark in wanted.items():
            if digest in cached and part_matches(mark, cached[digest]):
                self._kept[digest] = cached[digest]
        while missing := [digest for digest in wanted if digest not in self._kept]:
            self._kept.update(_ask_once(missing, marks, ask))
        return {digest: self._kept[digest] for digest in wanted}

    def _fetch_chunks(self, marks: Mapping[str, PartMark], ask: AskParts, doing: Doing) -> None:
        """Have every chunk that is missing in the cache of codes; what came stays there, whatever happens next."""
        if self._chunks is None or not marks:
            return
        held = self._chunks.held()
        missing = list(dict.fromkeys(mark.sha256 for _, mark in sorted(marks.items()) if mark.sha256 not in held))
        in_all = len(missing)
        while missing:
            doing(f"Fetching listed codes: part {in_all - len(missing) + 1} of {in_all}")
            came = _ask_once(missing, marks, ask)
            for digest, chunk in came.items():
                self._chunks.stage(digest, chunk)
            missing = [digest for digest in missing if digest not in came]


def _ask_once(missing: Sequence[bytes], marks: Mapping[str, PartMark], ask: AskParts) -> dict[bytes, bytes]:
    """One round trip: those of the parts that came and are right, one at least; raises ``BundleError`` for none."""
    asked = missing[:ASKED_AT_ONCE]
    by_digest = {mark.sha256: (name, mark) for name, mark in marks.items()}
    came = ask(asked)
    wanted = frozenset(asked)  # a right part that was not asked for, again and again, would keep us asking without end
    good = {
        digest: part for digest, part in came.items() if digest in wanted and part_matches(by_digest[digest][1], part)
    }
    if not good:  # altered parts, or none at all: asking on would never end
        name = by_digest[missing[0]][0]
        code, how = ("bundle-part-altered", "altered") if came else ("bundle-part-missing", "missing")
        raise BundleError(
            code,
            f"The bundle's part {name!r} arrived {how}" if came else f"Head office has no part {name!r}",
            where=name,
            cure="The bundle installed before stays in force; it is fetched again by itself.",
        )
    return good


def ask_parts(wanted: Sequence[bytes], *, us: Party, recipient: str, nonce: bytes, at_ms: int) -> bytes:
    """The request for the parts with these SHA-256."""
    return seal(Kind.PARTS, encode_parts_request(wanted), party=us, recipient=recipient, nonce=nonce, at_ms=at_ms)


def read_parts(message: bytes, *, us: Party, key_of: KeyOf, nonce: bytes) -> dict[bytes, bytes]:
    """The parts in the answer to the request with ``nonce``."""
    opened = unseal(message, kind=Kind.PARTS_ANSWER, recipient=us.origin, key_of=key_of, nonce=nonce)
    return decode_parts(opened.body)


def answer_parts(
    message: bytes, *, us: Party, key_of: KeyOf, find: Callable[[Sequence[bytes]], Mapping[bytes, bytes]], at_ms: int
) -> bytes:
    """Answer a request for parts with as many as fit one message, in the order asked for; the rest is asked for again.

    ``find`` gives those of the asked parts that are there, by SHA-256.
    """
    opened = unseal(message, kind=Kind.PARTS, recipient=us.origin, key_of=key_of)
    wanted = decode_parts_request(opened.body)[:MAX_PARTS_ASKED]
    told: dict[bytes, bytes] = {}
    size = 0
    for digest in wanted:  # one by one: all that are asked for may be a hundred megabytes
        part = find([digest]).get(digest)
        if part is not None and told and size + len(part) > ANSWER_BYTES:
            break
        if part is not None:
            told[digest] = part
            size += len(part)
    return seal(
        Kind.PARTS_ANSWER, encode_parts(told), party=us, recipient=opened.sender, nonce=opened.nonce, at_ms=at_ms
    )
