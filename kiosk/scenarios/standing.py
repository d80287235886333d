"""The history of a scenario, folded as a counter folds its journal.

Rules of this module:

- Items are taken in the order in which they are written; redemptions and voids become the facts of a journal.
- A credential is told by what is held up, at its own time. One that nobody knows counts for its promotion all the same.
- A void undoes the latest live redemption of the same promotion, credential and store; where there is none it is
  nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from kiosk.core.catalogue import Catalogue, Credential
from kiosk.core.credential import DIGEST_BYTES, fold
from kiosk.core.entry import FeedId, MalformedEntryError
from kiosk.core.fact import Redemption, Void
from kiosk.core.question import customer_digest
from kiosk.core.screen import PresentedScreen
from kiosk.core.situation import Situation
from kiosk.core.standing import Standing
from kiosk.scenarios.fields import to_ms
from kiosk.scenarios.reading import Earlier, Shown

UNKNOWN_COUNTER = "not-told"
_SOMEWHERE = FeedId(f"somewhere/{UNKNOWN_COUNTER}", 1)
_NOBODY_KNOWS = "unknown"


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a text is at some time: the credential where it is known, and the customer's 16 bytes off a screen."""

    credential: Credential | None = None
    holder: bytes | None = None


Recognise = Callable[[Shown, datetime, str | None], Recognised]
"""What is shown at a time, by which holder."""


@dataclass(slots=True)
class _Live:
    """A redemption that may yet be undone, with all by which its credential is known."""

    feed: FeedId
    n: int
    promotion: str
    store: str
    at: datetime
    known_by: frozenset[bytes | str]


@dataclass(slots=True)
class _Fold:
    catalogue: Catalogue
    recognise: Recognise
    standing: Standing
    live: list[_Live] = field(default_factory=list)

    def take(self, n: int, item: Earlier) -> None:
        seen = Recognised() if item.credential is None else self.recognise(item.credential, item.at, item.holder)
        spent = _spent(n, item, seen)
        known_by: frozenset[bytes | str] = frozenset(
            {spent, "" if item.credential is None else fold(item.credential.text)}
        )
        if item.void:
            self._void(n, item, known_by)
            return
        feed = _feed(item)
        self.standing.apply(feed, n, self._redemption(n, item, seen, spent))
        self.live.append(_Live(feed, n, item.promotion, item.store, item.at, known_by))

    def _void(self, n: int, item: Earlier, known_by: frozenset[bytes | str]) -> None:
        alike = [
            one
            for one in self.live
            if (one.promotion, one.store) == (item.promotion, item.store) and not one.known_by.isdisjoint(known_by)
        ]
        if not alike:
            return
        last = max(alike, key=lambda one: (one.at, one.n))
        self.live.remove(last)
        undone = Void(at_ms=to_ms(item.at), feed=str(last.feed), n=last.n, clerk=item.clerk or "", reason="returned")
        self.standing.apply(last.feed, n, undone)

    def _redemption(self, n: int, item: Earlier, seen: Recognised, spent: bytes) -> Redemption:
        holder = seen.holder
        if item.holder is not None:
            holder = customer_digest(self.catalogue.fleet_key, item.holder)
        return Redemption(
            at_ms=to_ms(item.at),
            intent=n.to_bytes(16, "big"),
            promotion=item.promotion,
            credential=spent,
            credential_kind=_NOBODY_KNOWS if seen.credential is None else seen.credential.kind,
            store=item.store,
            clerk=item.clerk or "",
            bundle_version=1,
            head_office_n=0,
            amount_minor=self._amount_minor(item, seen),
            holder=holder,
            basket_minor=item.basket_minor,
        )

    def _amount_minor(self, item: Earlier, seen: Recognised) -> int | None:
        if item.amount_minor is not None:
            return item.amount_minor
        right = None if seen.credential is None else seen.credential.right
        if right is not None and right.face_minor is not None:
            return right.face_minor
        terms = self.catalogue.terms(item.promotion)
        return None if terms is None else terms.cost_minor(item.basket_minor)


def standing_of(
    history: Iterable[Earlier], catalogue: Catalogue, recognise: Recognise, situation: Situation
) -> Standing:
    """What a counter in ``situation`` knows after ``history``."""
    fold_so_far = _Fold(catalogue, recognise, Standing(situation=situation))
    for n, item in enumerate(history, start=1):
        fold_so_far.take(n, item)
    return fold_so_far.standing


def _spent(n: int, item: Earlier, seen: Recognised) -> bytes:
    """The 16 bytes of a credential; of one that is not told, its own."""
    if seen.credential is not None:
        return seen.credential.digest
    text = f"item {n}" if item.credential is None else fold(item.credential.text)
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:DIGEST_BYTES]


def _feed(item: Earlier) -> FeedId:
    """The journal of its counter; a name that no journal can have is not told."""
    if item.counter is None:
        return _SOMEWHERE
    try:
        return FeedId(f"{item.store}/{item.counter}", 1)
    except MalformedEntryError:
        return _SOMEWHERE


def holder_on(presented: PresentedScreen, fleet_key: bytes) -> bytes | None:
    """The customer whose name is read off a screen."""
    name = presented.reading.handle
    return customer_digest(fleet_key, name) if fold(name) else None
