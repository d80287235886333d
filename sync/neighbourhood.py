"""The counters of one store, as far as their certificates are known: whom one talks to, whose entries one believes.

Rules of this module:

- A certificate is believed because head office signed it, however it came: by TLS, beside a segment, from the file.
- *To know* a certificate is to be able to check what its device wrote, for ever. *To admit* a device is to talk to it:
  it must be of this store, not this counter itself, not a life that another has followed, and not revoked by head
  office, as far as is known here.
- The file holds nothing secret and nothing that cannot be had again; one that is damaged is begun anew.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kiosk.config import Enrolment, write_private
from kiosk.core.entry import FeedId
from kiosk.core.strict_cbor import encode
from kiosk.errors import ExchangeError
from sync.certificates import Certificate, read
from sync.counter_side import HEAD_OFFICE
from sync.wire import MAX_CERTIFICATE_BYTES, array, decode, mapping, octets

MAX_KNOWN = 4_096
MAX_FILE_BYTES = 2 * MAX_KNOWN * MAX_CERTIFICATE_BYTES

RevokedN = Callable[[FeedId], int | None]
"""The last entry that counts of a life that head office has revoked, as far as is known; None: it goes on."""


@dataclass(frozen=True, slots=True)
class OwnPapers:
    """This device's certificate and those of head office, all DER, as head office gave them."""

    certificate: bytes
    authorities: tuple[bytes, ...]


class Neighbourhood:
    """Certificates of this store's counters. Safe to use from any thread."""

    def __init__(self, enrolment: Enrolment, path: Path | None, revoked_n: RevokedN) -> None:
        """``path`` is the file that they are kept in; None: they are not kept."""
        self._enrolment = enrolment
        self._path = path
        self.revoked_n = revoked_n
        self._keys = [key for _, key in enrolment.head_office_keys]
        self._lock = threading.Lock()
        self._known: dict[tuple[FeedId, int], Certificate] = {}
        self._papers: OwnPapers | None = None
        self._load()

    # --- feeds ------------------------------------------------------------------------------------

    def is_store_feed(self, feed: FeedId) -> bool:
        """Whether a counter of this store writes it."""
        return feed.origin.startswith(f"{self._enrolment.store}/")

    def is_told_here(self, feed: FeedId) -> bool:
        """Whether head office writes it for counters of this store: to all, or to one of them."""
        return feed.origin == HEAD_OFFICE or feed.origin.startswith(f"{HEAD_OFFICE}/{self._enrolment.store}/")

    def is_own(self, feed: FeedId) -> bool:
        """Whether this counter writes it, or did in an earlier life."""
        return feed.origin == self._enrolment.origin

    def is_over(self, feed: FeedId, n: int) -> bool:
        """Whether entry ``n`` of ``feed`` lies behind the last good one of a life that was revoked."""
        last_n = self.revoked_n(feed)
        return last_n is not None and n > last_n

    # --- certificates -----------------------------------------------------------------------------

    @property
    def papers(self) -> OwnPapers | None:
        """What this device shows; None until head office has given it."""
        return self._papers

    def take_papers(self, papers: OwnPapers) -> None:
        """Keep what head office gave this device. Raises ``ExchangeError`` ``certificate-foreign``, and others."""
        said = read(papers.certificate, self._keys)
        if (said.feed, said.key_epoch) != (self._enrolment.feed, self._enrolment.key_epoch):
            raise ExchangeError(
                "certificate-foreign",
                f"Head office gave a certificate for {said.feed}, which this counter is not",
                where=str(self._enrolment.feed),
                cure="Enrol this counter anew with a one-time code from head office.",
            )
        with self._lock:
            self._papers = papers
            self._known[said.feed, said.key_epoch] = said
            self._save()

    def meet(self, der: bytes) -> Certificate:
        """Know a certificate of this store. Raises as :func:`sync.certificates.read`, or ``neighbour-elsewhere``."""
        said = read(der, self._keys)
        if not self.is_store_feed(said.feed):
            # a counter of another store, which has no business with this one's feeds
            raise ExchangeError(
                "neighbour-elsewhere",
                f"{said.feed.origin} is a counter of another store",
                where=str(said.feed),
                cure="Check the addresses of the neighbours; two stores may share a network, but not their journals.",
            )
        with self._lock:
            name = said.feed, said.key_epoch
            if name not in self._known and len(self._known) < MAX_KNOWN:
                self._known[name] = said
                self._save()
        return said

    def admit(self, der: bytes) -> Certificate:
        """The neighbour that showed this certificate, if this counter talks to it.

        Raises ``ExchangeError``: as :meth:`meet`, ``neighbour-self``, ``neighbour-replaced``, ``neighbour-revoked``.
        """
        said = self.meet(der)
        if said.feed == self._enrolment.feed:
            raise _refused("neighbour-self", said, "is this counter itself")
        if self._newest_life(said.feed.origin) > said.feed.incarnation or self.is_own(said.feed):
            # a device that was lost or copied before its counter was enrolled anew
            raise _refused("neighbour-replaced", said, "was enrolled anew since")
        if self.revoked_n(said.feed) is not None:
            # a device that was stolen
            raise _refused("neighbour-revoked", said, "was revoked by head office")
        return said

    def _newest_life(self, origin: str) -> int:
        with self._lock:
            return max((feed.incarnation for feed, _ in self._known if feed.origin == origin), default=0)

    def public_key(self, feed: FeedId, key_epoch: int) -> bytes | None:
        """The key that signs ``feed`` in ``key_epoch``, 32 bytes; None where no certificate says."""
        found = self._known.get((feed, key_epoch))
        return None if found is None else found.public_key

    def certificate_of(self, feed: FeedId) -> bytes | None:
        """The certificate of who writes ``feed``, DER."""
        with self._lock:
            return next((known.der for (of, _), known in self._known.items() if of == feed), None)

    # --- the file ---------------------------------------------------------------------------------

    def _load(self) -> None:
        if self._path is None or not self._path.exists():
            return
        with contextlib.suppress(ExchangeError, OSError):
            kept = mapping(decode(self._path.read_bytes(), MAX_FILE_BYTES), cap=8, what="the kept certificates")
            for der in array(kept.get(3, []), cap=MAX_KNOWN, what="the kept certificates"):
                self._remember(octets(der, cap=MAX_CERTIFICATE_BYTES))
            if 1 in kept:
                papers = OwnPapers(octets(kept[1]), tuple(octets(der) for der in array(kept.get(2), cap=16)))
                self._remember(papers.certificate)
                said = read(papers.certificate, self._keys)
                fits = (said.feed, said.key_epoch) == (self._enrolment.feed, self._enrolment.key_epoch)
                self._papers = papers if fits else None  # of an earlier life: head office is asked for the new one's

    def _remember(self, der: bytes) -> None:
        with contextlib.suppress(ExchangeError):  # signed by a key that head office no longer has
            said = read(der, self._keys)
            self._known[said.feed, said.key_epoch] = said

    def _save(self) -> None:
        if self._path is None:
            return
        kept: dict[int, object] = {3: [known.der for known in self._known.values()]}
        if self._papers is not None:
            kept |= {1: self._papers.certificate, 2: list(self._papers.authorities)}
        write_private(self._path, encode(kept))


class NeighbourTrust:
    """Whose feeds a counter accepts from a neighbour (see :class:`sync.exchange.Trust`)."""

    def __init__(self, neighbourhood: Neighbourhood, head_office_keys: Sequence[tuple[int, bytes]]) -> None:
        self._neighbourhood = neighbourhood
        self._head_office_keys = dict(head_office_keys)

    def accepts(self, feed: FeedId) -> bool:
        """Feeds of this store's counters, whoever carries them, and head office's to them; never one's own."""
        near = self._neighbourhood
        return near.is_told_here(feed) or (near.is_store_feed(feed) and not near.is_own(feed))

    def public_key(self, feed: FeedId, key_epoch: int) -> bytes | None:
        # a neighbour that writes in head office's name, or in another counter's, has not their keys
        if self._neighbourhood.is_told_here(feed):
            return self._head_office_keys.get(key_epoch)
        return self._neighbourhood.public_key(feed, key_epoch)


def _refused(code: str, of: Certificate, why: str) -> ExchangeError:
    return ExchangeError(
        code, f"{of.feed} {why}", where=str(of.feed), cure="If that is wrong, enrol it anew with a one-time code."
    )
