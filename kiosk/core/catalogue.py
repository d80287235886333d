"""What is published, as one counter looks things up in it: promotions, stores, staff and what recognises a code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from kiosk.core.credential import Presented, digest, fold, fold_word
from kiosk.core.organisation import Organisation, StaffMember, Store
from kiosk.core.promotion import Promotion, not_enforced
from kiosk.core.schedule import Schedule
from kiosk.core.screen import PresentedScreen, screen_digest

DEFAULT_PER_CODE = 1


@dataclass(frozen=True, slots=True)
class Credential:
    """What was held up and is known: its kind (listed, word or screen), whose it is, its 16-byte digest, its text."""

    kind: str
    promotion: str
    digest: bytes
    text: str


@dataclass(frozen=True, slots=True)
class Terms:
    """One promotion made ready for deciding: its stores resolved, its times as numbers."""

    promotion: Promotion
    schedule: Schedule
    stores: Mapping[str, Store]
    kinds: frozenset[str]
    per_code: int
    not_checked: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """One published state. ``listed`` maps the digests of listed codes to promotion ids.

    ``promotions`` is by id; ``published_at_ms`` is Unix milliseconds, 0 for nothing published yet.
    ``samples`` are JPEG files by promotion id: what an authentic screen looks like.
    """

    version: int
    published_at_ms: int
    organisation: Organisation
    promotions: Mapping[str, Promotion]
    listed: Mapping[bytes, str]
    fleet_key: bytes = field(repr=False)
    staff: tuple[StaffMember, ...] = ()
    samples: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    _terms: Mapping[str, Terms] = field(init=False, repr=False)
    _words: Mapping[str, str] = field(init=False, repr=False)
    _stores: Mapping[str, Store] = field(init=False, repr=False)
    _zones: Mapping[str, tzinfo] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        promotions = self.promotions.values()
        words = {fold_word(fold(word)): one.id for one in promotions for word in one.words}
        ready = {one.id: _terms_of(one, self.organisation) for one in promotions}
        object.__setattr__(self, "_words", words)
        object.__setattr__(self, "_terms", ready)
        object.__setattr__(self, "_stores", {store.id: store for store in self.organisation.stores})
        object.__setattr__(self, "_zones", {store.id: store.zone for store in self.organisation.stores})

    @classmethod
    def empty(cls, fleet_key: bytes = b"") -> Catalogue:
        """Nothing is published yet: every code is unknown."""
        return cls(0, 0, Organisation(name="Nothing published yet"), {}, {}, fleet_key)

    def identify(self, held_up: Presented | PresentedScreen) -> Credential | None:
        """What was held up: a listed code before a code word, or a screen; None where no promotion knows it."""
        if isinstance(held_up, PresentedScreen):
            return self._screen(held_up)
        listed = digest(self.fleet_key, "listed", held_up.folded)
        promotion = self.listed.get(listed)
        if promotion is not None and promotion in self._terms:
            return Credential("listed", promotion, listed, held_up.text)
        promotion = self._words.get(held_up.word)
        if promotion is not None:
            return Credential("word", promotion, digest(self.fleet_key, "word", held_up.word), held_up.text)
        return None

    def _screen(self, held_up: PresentedScreen) -> Credential | None:
        promotion = held_up.reading.promotion
        if promotion is None or promotion not in self._terms or not held_up.reading.is_for_one:
            return None
        return Credential("screen", promotion, screen_digest(self.fleet_key, held_up), "")

    def terms(self, promotion: str) -> Terms | None:
        """The promotion of that id, ready for deciding."""
        return self._terms.get(promotion)

    def sample(self, promotion_id: str) -> bytes | None:
        """The promotion's sample picture, a JPEG file; None where none was published."""
        return self.samples.get(promotion_id)

    def store(self, store_id: str) -> Store | None:
        """The store of that id."""
        return self._stores.get(store_id)

    def zone(self, store_id: str) -> tzinfo:
        """The store's time zone; UTC where the store is not published."""
        return self._zones.get(store_id, UTC)


def _terms_of(promotion: Promotion, organisation: Organisation) -> Terms:
    return Terms(
        promotion=promotion,
        schedule=promotion.valid.schedule(),
        stores={store.id: store for store in organisation.stores_named(promotion.stores)},
        kinds=frozenset(promotion.credentials),
        per_code=promotion.limits.per_code or DEFAULT_PER_CODE,
        not_checked=not_enforced(promotion),
    )


EMPTY = Catalogue.empty()
"""Nothing is published yet, and no key is known."""
