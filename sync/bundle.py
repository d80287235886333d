"""How a bundle gets from head office to a counter: its envelope rides on the exchange, its parts are asked for.

Rules of this module:

- The manifest's signatures hold before one part is asked for, and a part's digest before it is kept.
- Only parts that the cache lacks are asked for; those that came are kept while this program runs, so that
  a broken line costs what was on its way and no more.
- It is installed whole: :func:`kiosk.core.bundle.open_bundle` has the last word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from kiosk.core.bundle import Manifest, OpenedBundle, catalogue_of, open_bundle, part_matches, read_manifest
from kiosk.core.entry import BundleInstalled
from kiosk.errors import BundleError
from kiosk.ports import CachedBundle
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


class BundleFetcher:
    """Fetches, verifies and installs bundles for one counter. ``take`` is for one thread; ``version`` for any."""

    def __init__(
        self, root_key: bytes, cached: Callable[[], CachedBundle | None], floor: Callable[[], int], install: Install
    ) -> None:
        """``cached`` is the bundle in force, ``floor`` the version that the journal says was in force.

        ``install`` makes a bundle the one in force, in one transaction with its entry.
        """
        self._root_key = root_key
        self._cached = cached
        self._floor = floor
        self._install = install
        self._kept: dict[bytes, bytes] = {}
        opened = self._in_force()
        self.version = opened.version if opened else 0
        """The version in force; 0: none, or none that verifies (then even the same version is fetched again)."""
        self._roles_version = opened.roles_version if opened else 0

    def take(self, envelope: bytes, ask: AskParts, at_ms: int) -> OpenedBundle | None:
        """Install the bundle of ``envelope`` if it is newer than the one in force; None when it is not.

        Raises ``BundleError`` and ``ExchangeError``; the one in force then stays so.
        """
        floor = max(self._floor(), self.version)
        manifest = read_manifest(envelope, self._root_key, floor, roles_floor=self._roles_version)
        if manifest.version == self.version:
            return None
        cached = self._cached()
        parts = self._collect(manifest, cached.parts if cached else {}, ask)
        opened = open_bundle(envelope, parts, self._root_key, floor, roles_floor=self._roles_version)
        catalogue_of(opened, b"")  # nothing is installed that this release cannot read
        fact = BundleInstalled(at_ms=at_ms, version=opened.version, manifest_hash=opened.manifest_hash)
        self._install(CachedBundle(envelope, parts), fact)
        self.version, self._roles_version = opened.version, opened.roles_version
        self._kept.clear()
        return opened

    def _in_force(self) -> OpenedBundle | None:
        cached = self._cached()
        if cached is None:
            return None
        try:
            return open_bundle(cached.envelope, cached.parts, self._root_key, self._floor())
        except BundleError:
            return None

    def _collect(self, manifest: Manifest, cached: Mapping[bytes, bytes], ask: AskParts) -> dict[bytes, bytes]:
        marks = {mark.sha256: mark for mark in manifest.parts.values()}
        self._kept = {digest: part for digest, part in self._kept.items() if digest in marks}
        for digest, mark in marks.items():
            if digest in cached and part_matches(mark, cached[digest]):
                self._kept[digest] = cached[digest]
        while missing := [digest for digest in marks if digest not in self._kept]:
            came = ask(missing[:ASKED_AT_ONCE])
            good = {
                digest: part for digest, part in came.items() if digest in marks and part_matches(marks[digest], part)
            }
            if not good:  # altered parts, or none at all: asking on would never end
                name = next(name for name, mark in manifest.parts.items() if mark.sha256 == missing[0])
                code, how = ("bundle-part-altered", "altered") if came else ("bundle-part-missing", "missing")
                raise BundleError(
                    code,
                    f"The bundle's part {name!r} arrived {how}" if came else f"Head office has no part {name!r}",
                    where=name,
                    cure="The bundle installed before stays in force; it is fetched again by itself.",
                )
            self._kept.update(good)
        return {digest: self._kept[digest] for digest in marks}


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
    found = find(wanted)
    told: dict[bytes, bytes] = {}
    size = 0
    for digest in wanted:
        part = found.get(digest)
        if part is not None and (not told or size + len(part) <= ANSWER_BYTES):
            told[digest] = part
            size += len(part)
    return seal(
        Kind.PARTS_ANSWER, encode_parts(told), party=us, recipient=opened.sender, nonce=opened.nonce, at_ms=at_ms
    )
