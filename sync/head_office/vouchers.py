"""Vouchers issued and revoked, and the key that signs them rotated; each change is sealed into the next bundle."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from kiosk.clock import to_ms
from kiosk.core.issuers import PART
from kiosk.core.money import AmountError, to_minor
from kiosk.core.organisation import Store
from kiosk.core.promotion import Promotion
from kiosk.core.terms import Terms, terms_of
from kiosk.core.voucher import MAX_WHOLE, MalformedVoucherError, Voucher, counter_reference, issue, key_id, reference
from sync.head_office.issuers import (
    IssuerKey,
    Ledger,
    Revocation,
    VoucherError,
    add_key,
    bundle_part,
    ensure_issuer,
    forget_private,
    ledger,
    put_ledger,
    signing_key,
    take_serials,
)
from sync.head_office.office import HeadOffice
from sync.head_office.published import Current, current
from sync.head_office.reading import read_promotions
from sync.head_office.sealing import renew
from sync.head_office.store import HeadOfficeStore

MOST_AT_ONCE = 100_000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What vouchers are to say, as a person writes it: instants ISO 8601, or days in the stores' own time zone.

    ``starts`` is inclusive; ``ends`` is exclusive as an instant, inclusive as a day. ``face`` is an amount of the
    promotion's currency.
    """

    promotion: str
    starts: str | None = None
    ends: str | None = None
    face: str | None = None
    store: str | None = None
    counter: str | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """Vouchers with serials from ``first`` on, one text each; ``key`` is the id of the key that signed them."""

    key: str
    promotion: str
    first: int
    texts: tuple[str, ...]


def issue_vouchers(office: HeadOffice, wanted: Wanted, count: int, first: int | None = None) -> Issued:
    """Issue ``count`` vouchers, with serials never given before; ``first``: from there on.

    Raises :class:`VoucherError`; then no serial is taken.
    """
    if not 1 <= count <= MOST_AT_ONCE:
        raise VoucherError("voucher-count", f"{count} vouchers", cure=f"Issue 1 to {MOST_AT_ONCE:,} at once.")
    with office.store.together() as store:
        plain = _plain(_published(office), wanted)
        newest = ensure_issuer(office, store).keys[-1]
        key = signing_key(office, newest)
        begin = take_serials(store, count, first)
        _seal_again(office, store)
        named = replace(plain, key_id=key_id(newest.public_key))
        try:
            issue(named, key)
        except MalformedVoucherError as error:
            cure = f"A window begins before it ends, from 1970 to 2106; a face has {MAX_WHOLE:,} minor units at most."
            raise VoucherError("voucher-form", f"No voucher can say this: {error}", cure=cure) from None
    # the serials are taken for good before one text exists; signing many holds nobody up
    texts = tuple(issue(replace(named, serial=serial), key) for serial in range(begin, begin + count))
    return Issued(newest.id, wanted.promotion, begin, texts)


def revoke_vouchers(office: HeadOffice, key: str, first: int, last: int, promotion: str | None = None) -> Revocation:
    """Revoke serials ``first`` to ``last`` of the key with this id, of one promotion or of all.

    Raises :class:`VoucherError` ``voucher-key-unknown``, ``voucher-serial`` or ``voucher-promotion``.
    """
    if not 0 <= first <= last <= MAX_WHOLE:
        raise VoucherError(
            "voucher-serial", f"{first} to {last} is no range of serials", cure=f"Serials are 0 to {MAX_WHOLE}."
        )
    with office.store.together() as store:
        kept = ledger(store)
        found = kept.key(key)
        if found is None:
            known = ", ".join(one.id for one in kept.keys) or "none"
            raise VoucherError("voucher-key-unknown", f"There is no issuer key {key!r}", cure=f"Known here: {known}.")
        if promotion is not None and not _was_ever_published(store, promotion):
            raise VoucherError(
                "voucher-promotion", f"No promotion {promotion!r} was ever published", cure="Correct its id."
            )
        revoked = Revocation(found.id, first, last, promotion)
        if revoked not in kept.revoked:
            put_ledger(store, replace(kept, revoked=(*kept.revoked, revoked)))
        _seal_again(office, store)
    return revoked


def rotate_key(office: HeadOffice, until: str | None = None) -> tuple[IssuerKey, ...]:
    """Make the key that signs from now on; the one before is trusted until then. All keys, the new one last.

    ``until``: ISO 8601 with offset, or the last day (UTC) on which it is; None: without end. Raises ``voucher-until``.
    """
    until_ms = None if until is None else to_ms(_instant(until, (), last_day=True))
    if until_ms is not None and until_ms <= to_ms(office.clock.now()):
        raise VoucherError(
            "voucher-until", f"{until} is over: no voucher issued before would hold", cure="Name a later time."
        )
    with office.store.together() as store:
        keys = add_key(office, store, old_until_ms=until_ms).keys
        _seal_again(office, store)
    forget_private(office, keys[:-1])  # after the commit: until then the old key is the one that signs
    return keys


def known_issuers(office: HeadOffice) -> Ledger:
    """All issuer keys and all revocations; the first key is made where there is none yet."""
    with office.store.together() as store:
        kept = ensure_issuer(office, store)
        _seal_again(office, store)
    return kept


def _seal_again(office: HeadOffice, store: HeadOfficeStore) -> None:
    """Tell the counters, where they do not know it yet. Nothing published: the first publication will tell them."""
    latest = store.latest_bundle()
    if latest is None:
        return
    named = dict(latest.parts).get(PART)
    if named is None or store.parts([named])[named] != bundle_part(office, store):
        renew(office, store, latest)


# --- what a person wrote, as a voucher says it -----------------------------------------------------


def _published(office: HeadOffice) -> Current:
    published = current(office)
    if published is None:
        raise VoucherError("not-published", "Nothing is published yet", cure="Publish the promotion first.")
    return published


def _plain(published: Current, wanted: Wanted) -> Voucher:
    """A voucher as ``wanted``, of no key and no serial yet."""
    promotion = next((one for one in published.promotions if one.id == wanted.promotion), None)
    if promotion is None:
        known = ", ".join(one.id for one in published.promotions if "voucher" in one.credentials) or "none"
        raise VoucherError(
            "voucher-promotion", f"There is no promotion {wanted.promotion!r}", cure=f"With vouchers: {known}."
        )
    if "voucher" not in promotion.credentials:
        raise VoucherError(
            "voucher-not-taken",
            f"{promotion.id} takes no vouchers",
            cure="Add voucher to its credentials, and publish.",
        )
    terms = terms_of(promotion, published.organisation)
    owner = _owner(terms, wanted)
    zoned = tuple(terms.stores.values()) if owner is None else (owner,)
    starts, ends = (
        None if text is None else to_ms(_instant(text, zoned, last_day=last_day))
        for text, last_day in ((wanted.starts, False), (wanted.ends, True))
    )
    return Voucher(
        key_id=b"",
        promotion=reference(promotion.id),
        serial=0,
        starts_at_ms=starts,
        ends_at_ms=ends,
        face_minor=None if wanted.face is None else _face_minor(promotion, wanted.face),
        store=None if owner is None else reference(owner.id),
        counter=None if wanted.counter is None else counter_reference(wanted.counter),
    )


def _owner(terms: Terms, wanted: Wanted) -> Store | None:
    if wanted.store is None:
        if wanted.counter is not None:
            raise VoucherError("voucher-store", "A counter of which store?", cure="Add --store.")
        return None
    owner = terms.stores.get(wanted.store)
    if owner is None:
        known = ", ".join(terms.stores) or "none"
        raise VoucherError(
            "voucher-store",
            f"{terms.promotion.id} does not run at a store {wanted.store!r}",
            cure=f"It runs at: {known}.",
        )
    taking_part = terms.counters.get(owner.id, frozenset(one.id for one in owner.counters))
    if wanted.counter is not None and wanted.counter not in taking_part:
        raise VoucherError(
            "voucher-counter",
            f"{terms.promotion.id} does not run at a counter {wanted.counter!r} of {owner.id}",
            cure=f"It runs at: {', '.join(sorted(taking_part)) or 'none'}.",
        )
    return owner


def _face_minor(promotion: Promotion, face: str) -> int:
    currency = promotion.value.currency if promotion.value is not None else None
    if currency is None:
        raise VoucherError(
            "voucher-face",
            f"{promotion.id} names no currency",
            cure="Give it a value with a currency, or leave --face.",
        )
    try:
        return to_minor(face, currency)
    except AmountError as error:
        raise VoucherError("voucher-face", str(error), cure='Write it such as "12.00".') from None


def _instant(text: str, stores: Iterable[Store], *, last_day: bool) -> datetime:
    """The instant that ``text`` names; a day begins at midnight of the ``stores``, and as the last one ends with it."""
    at: datetime | None
    try:
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text) + timedelta(days=1 if last_day else 0)
            zones: set[tzinfo] = {one.zone for one in stores} or {UTC}
            if len(zones) > 1:
                raise VoucherError(
                    "voucher-zone",
                    f"{text} begins at another time in each of {', '.join(sorted(map(str, zones)))}",
                    cure="Write date, time and offset, such as 2026-11-01T00:00-05:00, or name a store.",
                )
            return datetime.combine(day, time.min, zones.pop()).astimezone(UTC)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        at = None
    if at is None or at.tzinfo is None:
        cure = "Write 2026-11-30, or with time and offset 2026-11-30T22:00-05:00."
        raise VoucherError("voucher-time", f"{text!r} is no day and no time with an offset", cure=cure)
    return at.astimezone(UTC)


def _was_ever_published(store: HeadOfficeStore, promotion: str) -> bool:
    return any(
        one.id == promotion
        for source in store.sources("promotions")
        for one in read_promotions(source.text).promotions.values()
    )
