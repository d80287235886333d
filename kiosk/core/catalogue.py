"""What is published, as one counter looks things up in it: promotions, stores, staff and what recognises a code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from kiosk.core import generated
from kiosk.core.carried import Coupons, RotatingCodes, Tickets
from kiosk.core.code_homes import CodeHomes
from kiosk.core.code_lists import NO_LISTS, CodeLists
from kiosk.core.credential import Presented, digest, fold, fold_word
from kiosk.core.issuers import NO_ISSUERS, Doubt, Issuers
from kiosk.core.organisation import Organisation, StaffMember, Store
from kiosk.core.promotion import Promotion
from kiosk.core.recognised import MISREAD_CODE, UNKNOWN_CODE, Credential, Right, Unrecognised
from kiosk.core.references import References
from kiosk.core.rotating import RotatingKey
from kiosk.core.screen import PresentedScreen, screen_digest
from kiosk.core.terms import Terms, terms_of
from kiosk.core.used_codes import UsedCodes
from kiosk.core.verdict import FactValue, Reason
from kiosk.core.voucher import is_voucher

__all__ = ["EMPTY", "UNKNOWN_CODE", "Catalogue", "Credential", "Right", "Unrecognised"]


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """One published state. ``lists`` knows the listed codes; ``listed`` maps the digests of a few to promotion ids.

    ``promotions`` is by id; ``published_at_ms`` is Unix milliseconds, 0 for nothing published yet.
    ``samples`` are JPEG files by promotion id: what an authentic screen looks like. ``rotating`` are keys by name.
    ``issuers`` may sign vouchers. ``used`` and ``homes`` are what head office says of listed codes by their stable
    index, by promotion id.
    """

    version: int
    published_at_ms: int
    organisation: Organisation
    promotions: Mapping[str, Promotion]
    listed: Mapping[bytes, str]
    fleet_key: bytes = field(repr=False)
    staff: tuple[StaffMember, ...] = ()
    samples: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    rotating: Mapping[str, RotatingKey] = field(default_factory=dict, repr=False)
    issuers: Issuers = NO_ISSUERS
    lists: CodeLists = field(default=NO_LISTS, repr=False)
    used: Mapping[str, UsedCodes] = field(default_factory=dict, repr=False)
    homes: Mapping[str, CodeHomes] = field(default_factory=dict, repr=False)
    _terms: Mapping[str, Terms] = field(init=False, repr=False)
    _words: Mapping[str, str] = field(init=False, repr=False)
    _stores: Mapping[str, Store] = field(init=False, repr=False)
    _zones: Mapping[str, tzinfo] = field(init=False, repr=False)
    _coupons: Coupons = field(init=False, repr=False)
    _tickets: Tickets = field(init=False, repr=False)
    _rotating_codes: RotatingCodes = field(init=False, repr=False)
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
        object.__setattr__(self, "_coupons", Coupons(promotions, self.fleet_key))
        object.__setattr__(self, "_tickets", Tickets(promotions, self.fleet_key))
        object.__setattr__(self, "_rotating_codes", RotatingCodes(promotions, self.rotating, self.fleet_key))

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
        listed = self._listed(held_up)
        if listed is not None:
            return listed
        if is_voucher(held_up.text):
            return self._voucher(held_up.text, now_ms)
        carried = self._coupons.identify(held_up.text, now_ms) or self._tickets.identify(held_up.text)
        if carried is not None:
            return carried
        promotion = self._words.get(held_up.word)
        if promotion is not None:
            word = digest(self.fleet_key, "word", held_up.word)
            return Credential("word", promotion, word, held_up.text, shared=True)
        unknown = MISREAD_CODE if generated.is_misread(held_up.folded) else UNKNOWN_CODE
        return self._rotating_codes.identify(held_up.text, now_ms) or unknown

    def _listed(self, held_up: Presented) -> Credential | None:
        known_by = digest(self.fleet_key, "listed", held_up.folded)
        found = self.lists.find(known_by)
        promotion = self.listed.get(known_by) if found is None else found.promotion
        if promotion is None or promotion not in self._terms:
            return None
        if found is None:
            return Credential("listed", promotion, known_by, held_up.text)
        used, homes = self.used.get(promotion), self.homes.get(promotion)
        home = None if homes is None else homes.home(found.index)
        right = None if home is None else Right(home=home)
        used_up = used is not None and found.index in used
        return Credential("listed", promotion, known_by, held_up.text, right, used_up=used_up)

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
