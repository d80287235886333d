"""What is published, as one counter looks things up in it: promotions, stores, staff and what recognises a code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from kiosk.core.credential import Presented, digest, fold, fold_word
from kiosk.core.issuers import NO_ISSUERS, Doubt, Issuers
from kiosk.core.organisation import Organisation, StaffMember, Store
from kiosk.core.promotion import Promotion
from kiosk.core.references import References
from kiosk.core.screen import PresentedScreen, screen_digest
from kiosk.core.terms import Terms, terms_of
from kiosk.core.verdict import FactValue, Reason
from kiosk.core.voucher import is_voucher


@dataclass(frozen=True, slots=True)
class Right:
    """What a credential itself says. Each may be None: it does not say.

    It holds from ``starts_at_ms`` until just before ``ends_at_ms`` (Unix milliseconds), is worth ``face_minor`` in
    the currency of its promotion, and only at ``store`` (id), there only at ``counter`` (id). ``home`` is the store
    ("bayside") or the counter ("bayside/front") that may honour it while head office cannot be asked.
    """

    starts_at_ms: int | None = None
    ends_at_ms: int | None = None
    face_minor: int | None = None
    store: str | None = None
    counter: str | None = None
    home: str | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """What was held up and is known: its kind, whose it is, its 16-byte digest, its text.

    ``shared``: any number of customers hold the same one (a code word), so its uses are not counted. ``used_up``: head
    office has marked it as used.
    """

    kind: str
    promotion: str
    digest: bytes
    text: str
    right: Right | None = None
    shared: bool = False
    used_up: bool = False


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """What was held up and cannot be honoured for what it is; ``reason`` is of the first group of them, or old-code.

    ``promotion`` is an id where it is known and published.
    """

    reason: Reason
    promotion: str | None = None
    facts: Mapping[str, FactValue] = field(default_factory=dict)


UNKNOWN_CODE = Unrecognised(Reason.UNKNOWN_CODE)


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """One published state. ``listed`` maps the digests of listed codes to promotion ids.

    ``promotions`` is by id; ``published_at_ms`` is Unix milliseconds, 0 for nothing published yet.
    ``samples`` are JPEG files by promotion id: what an authentic screen looks like. ``issuers`` may sign vouchers.
    """

    version: int
    published_at_ms: int
    organisation: Organisation
    promotions: Mapping[str, Promotion]
    listed: Mapping[bytes, str]
    fleet_key: bytes = field(repr=False)
    staff: tuple[StaffMember, ...] = ()
    samples: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    issuers: Issuers = NO_ISSUERS
    _terms: Mapping[str, Terms] = field(init=False, repr=False)
    _words: Mapping[str, str] = field(init=False, repr=False)
    _stores: Mapping[str, Store] = field(init=False, repr=False)
    _zones: Mapping[str, tzinfo] = field(init=False, repr=False)
    _references: References = field(init=False, repr=False)

    def __post_init__(self) -> None:
        promotions = self.promotions.values()
        words = {fold_word(fold(word)): one.id for one in promotions for word in one.words}
        ready = {one.id: terms_of(one, self.organisation) for one in promotions}
        object.__setattr__(self, "_words", words)
        object.__setattr__(self, "_terms", ready)
        object.__setattr__(self, "_references", References(ready, self.organisation.stores))
        object.__setattr__(self, "_stores", {store.id: store for store in self.organisation.stores})
        object.__setattr__(self, "_zones", {store.id: store.zone for store in self.organisation.stores})

    @classmethod
    def empty(cls, fleet_key: bytes = b"") -> Catalogue:
        """Nothing is published yet: every code is unknown."""
        return cls(0, 0, Organisation(name="Nothing published yet"), {}, {}, fleet_key)

    def identify(self, held_up: Presented | PresentedScreen, now_ms: int) -> Credential | Unrecognised:
        """What was held up, at ``now_ms`` (Unix milliseconds).

        A listed code goes before all else, for an imported one may look like anything.
        """
        if isinstance(held_up, PresentedScreen):
            return self._screen(held_up)
        listed = digest(self.fleet_key, "listed", held_up.folded)
        promotion = self.listed.get(listed)
        if promotion is not None and promotion in self._terms:
            return Credential("listed", promotion, listed, held_up.text)
        if is_voucher(held_up.text):
            return self._voucher(held_up.text, now_ms)
        promotion = self._words.get(held_up.word)
        if promotion is not None:
            word = digest(self.fleet_key, "word", held_up.word)
            return Credential("word", promotion, word, held_up.text, shared=True)
        return UNKNOWN_CODE

    def credential(self, held_up: Presented | PresentedScreen | None, now_ms: int) -> Credential | None:
        """What was held up, where it is known for what it is."""
        found = None if held_up is None else self.identify(held_up, now_ms)
        return found if isinstance(found, Credential) else None

    def _voucher(self, text: str, now_ms: int) -> Credential | Unrecognised:
        """A voucher, checked with no list at all."""
        checked = self.issuers.check(text, now_ms)
        if isinstance(checked, Doubt):
            return Unrecognised(checked.reason, None, _issuer_fact(checked.key_id))
        promotion = self._references.promotion(checked)
        if promotion is None:
            return Unrecognised(Reason.UNKNOWN_PROMOTION, None, _issuer_fact(checked.key_id))
        right = Right(
            starts_at_ms=checked.starts_at_ms,
            ends_at_ms=checked.ends_at_ms,
            face_minor=checked.face_minor,
            store=self._references.store(checked),
            counter=self._references.counter(checked),
        )
        known_as = digest(self.fleet_key, "voucher", f"{checked.key_id.hex()}/{promotion}/{checked.serial}")
        return Credential("voucher", promotion, known_as, text, right)

    def _screen(self, held_up: PresentedScreen) -> Credential | Unrecognised:
        promotion = held_up.reading.promotion
        if promotion is None or promotion not in self._terms or not held_up.reading.is_for_one:
            return UNKNOWN_CODE
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


def _issuer_fact(key_id: bytes | None) -> Mapping[str, FactValue]:
    return {} if key_id is None else {"issuer": key_id.hex()}


EMPTY = Catalogue.empty()
"""Nothing is published yet, and no key is known."""
