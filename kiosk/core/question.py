"""One credential of a known promotion, held up somewhere at some time: what the rules look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple, Protocol

from kiosk.core.catalogue import Catalogue, Credential, Right
from kiosk.core.credential import digest, fold
from kiosk.core.entry import FeedId
from kiosk.core.fact import Redemption
from kiosk.core.organisation import Store
from kiosk.core.schedule import is_open
from kiosk.core.screen import ScreenReading
from kiosk.core.situation import Situation
from kiosk.core.tally import Use
from kiosk.core.terms import Terms

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SAYS_NOTHING = Right()
_MILLISECOND = timedelta(milliseconds=1)
_FIRST_MS, _LAST_MS = (
    (at - EPOCH) // _MILLISECOND for at in (datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC))
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is asked: the ids of a store and of one of its counters."""

    store: str
    counter: str


class Taken(NamedTuple):
    """A promotion that was redeemed in the same sale before; ``amount_minor`` None: what its terms say."""

    promotion: str
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Sale:
    """Who asks and what for. None: it is not known, and limits that need it are not applied.

    ``clerk`` is an id, ``holder`` the customer's 16 bytes (:func:`customer_digest`), ``basket_minor`` what the sale
    comes to in minor units, ``redeemed`` what was redeemed in it already.
    """

    clerk: str | None = None
    holder: bytes | None = None
    basket_minor: int | None = None
    redeemed: tuple[Taken, ...] = ()


UNKNOWN_SALE = Sale()


class Figures(Protocol):
    """What the known redemptions of one promotion come to, as :class:`kiosk.core.tally.Tally` counts it."""

    @property
    def live(self) -> int:
        """How many are not voided."""

    @property
    def spent_minor(self) -> int:
        """What they cost together."""

    def at_store(self, store: str) -> int:
        """How many of them at ``store``."""

    def at_store_between(self, store: str, from_ms: int, until_ms: int) -> int:
        """How many of them at ``store`` from ``from_ms`` until just before ``until_ms``."""

    def by_clerk_between(self, clerk: str, from_ms: int, until_ms: int) -> int:
        """How many of them by ``clerk`` in that time, at any store."""

    def by_holder(self, holder: bytes, *, voided_too: bool) -> int:
        """How many by one customer; with those that are voided if ``voided_too``."""


class Known(Protocol):
    """What is known of earlier redemptions: a counter's standing, or head office's books. Nothing here changes."""

    @property
    def situation(self) -> Situation:
        """What whoever asks may say yes to by itself."""

    def live_uses(self, promotion: str, digest: bytes) -> Sequence[Use]:
        """The redemptions of one credential that are not voided, oldest first."""

    def uses(self, promotion: str, digest: bytes) -> Sequence[Use]:
        """All redemptions of one credential, voided ones too, oldest first."""

    def tally(self, promotion: str) -> Figures:
        """What the known redemptions of a promotion come to."""

    def redemption(self, feed: FeedId, n: int) -> Redemption | None:
        """The redemption that is entry ``n`` of ``feed``, where it is written here."""


def customer_digest(fleet_key: bytes, who: str) -> bytes:
    """The 16 bytes by which a customer is known in journals: a handle, a voucher's holder, or what they give."""
    return digest(fleet_key, "customer", fold(who))


@dataclass(frozen=True, slots=True)
class Question:
    """One credential of a known promotion, held up at a place at a time.

    ``local`` is aware, in the store's ``zone``. ``cost_minor`` is None where nothing says what it would cost;
    ``stores`` are those where this credential may be used at all.
    """

    credential: Credential
    terms: Terms
    catalogue: Catalogue
    known: Known
    place: Place
    zone: tzinfo
    local: datetime
    sale: Sale
    reading: ScreenReading | None
    right: Right
    cost_minor: int | None
    stores: Mapping[str, Store]
    holder: bytes | None

    @property
    def promotion_id(self) -> str:
        return self.terms.promotion.id

    @property
    def takes_part(self) -> bool:
        """Whether the store does."""
        return self.place.store in self.stores

    @property
    def is_screen(self) -> bool:
        return self.credential.kind == "screen"

    def counters_here(self, store: str) -> frozenset[str] | None:
        """Which counters of ``store``, one of :attr:`stores`, may honour it; None: all."""
        mine = self.right.counter
        return self.terms.counters.get(store) if mine is None else frozenset({mine})

    @property
    def is_open(self) -> bool:
        """Whether the promotion runs here now, and the credential's own window is open."""
        return self.has_begun and not self.has_ended and is_open(self.terms.schedule, self.local)

    @property
    def has_begun(self) -> bool:
        """Whether the credential's own window has begun."""
        return self.has_begun_in(self.zone)

    def has_begun_in(self, zone: tzinfo) -> bool:
        """Whether it has at a store in ``zone``."""
        starts_at, _ = window_of(self.right, zone)
        return starts_at is None or self.local >= starts_at

    @property
    def has_ended(self) -> bool:
        """Whether the credential's own window is over."""
        _, ends_at = window_of(self.right, self.zone)
        return ends_at is not None and self.local >= ends_at

    def last_day(self, zone: tzinfo) -> date:
        """The last day in ``zone`` of the promotion's dates, or of the credential's own window if that ends sooner."""
        last, (_, ends_at) = self.terms.schedule.last, window_of(self.right, zone)
        return last if ends_at is None else min(last, (ends_at - _MILLISECOND).astimezone(zone).date())

    @property
    def counted_uses(self) -> Sequence[Use]:
        """The uses that count against the credential."""
        if self.terms.promotion.void_restores_use:
            return self.known.live_uses(self.promotion_id, self.credential.digest)
        return self.known.uses(self.promotion_id, self.credential.digest)


def question_of(
    credential: Credential,
    terms: Terms,
    catalogue: Catalogue,
    known: Known,
    place: Place,
    local: datetime,
    sale: Sale = UNKNOWN_SALE,
    reading: ScreenReading | None = None,
) -> Question:
    """The question that ``credential`` puts; ``local`` is aware, in the time zone of the store."""
    right = credential.right or _SAYS_NOTHING
    stores = terms.stores
    if right.store is not None:
        stores = {right.store: stores[right.store]} if right.store in stores else {}
    if right.counter is not None:
        named = terms.counters
        stores = {id_: store for id_, store in stores.items() if right.counter in named.get(id_, {right.counter})}
    holder = sale.holder
    if holder is None and reading is not None and fold(reading.handle):
        holder = customer_digest(catalogue.fleet_key, reading.handle)
    return Question(
        credential=credential,
        terms=terms,
        catalogue=catalogue,
        known=known,
        place=place,
        zone=catalogue.zone(place.store),
        local=local,
        sale=sale,
        reading=reading,
        right=right,
        cost_minor=terms.cost_minor(sale.basket_minor) if right.face_minor is None else right.face_minor,
        stores=stores,
        holder=holder,
    )


def window_of(right: Right, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
    """When the window of ``right`` begins and when it is over at a store in ``zone``; None: it does not say."""
    starts_ms, ends_ms = right.starts_at_ms, right.ends_at_ms
    if right.starts_on is not None:
        starts_ms = max(starts_ms or 0, day_ms(zone, right.starts_on)[0])
    if right.last_on is not None:
        after_ms = day_ms(zone, right.last_on)[1]
        ends_ms = after_ms if ends_ms is None else min(ends_ms, after_ms)
    return (None if starts_ms is None else instant(starts_ms), None if ends_ms is None else instant(ends_ms))


def instant(at_ms: int) -> datetime:
    """Unix milliseconds as an aware instant; one that no calendar has is the first or last that any time zone has."""
    return EPOCH + timedelta(milliseconds=min(max(at_ms, _FIRST_MS), _LAST_MS))


@lru_cache(maxsize=1024)
def day_ms(zone: tzinfo, day: date) -> tuple[int, int]:
    """When ``day`` begins and when it is over on the wall of ``zone``, as Unix milliseconds."""
    begins, ends = (datetime.combine(one, time(), tzinfo=zone) for one in (day, day + timedelta(days=1)))
    return _milliseconds(begins), _milliseconds(ends)


def _milliseconds(at: datetime) -> int:
    return (at - EPOCH) // _MILLISECOND
