"""The bundle: what is published now, sealed for the counters; sealed anew before it stops being fresh."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from kiosk import contact
from kiosk.clock import to_ms
from kiosk.core import issuers
from kiosk.core.bundle import (
    MAX_VERSION_JUMP,
    SAMPLES,
    content_parts,
    read_manifest,
    seal_bundle,
)
from kiosk.core.organisation import Organisation, StaffMember
from kiosk.core.promotion import Promotion
from sync.head_office import cosigning
from sync.head_office.code_parts import is_of_codes, told_of_codes
from sync.head_office.issuers import bundle_part
from sync.head_office.listed import published
from sync.head_office.office import HeadOffice
from sync.head_office.published import current
from sync.head_office.records import Clerk, StoredBundle
from sync.head_office.rotating_keys import sealed_part
from sync.head_office.store import HeadOfficeStore

HOUR_MS = 3_600_000
FRESH_MS = 24 * HOUR_MS
HARD_MS = 30 * 24 * HOUR_MS
FRESH_OF_TWO_MS = 7 * FRESH_MS
"""Where two people sign nothing is renewed by itself: they get a week."""
RENEW_BEFORE_MS = 12 * HOUR_MS


def seal(
    office: HeadOffice,
    store: HeadOfficeStore,
    promotions: Sequence[Promotion],
    organisation: Organisation,
    samples: Mapping[str, bytes] | None = None,
) -> StoredBundle:
    """Seal these promotions, with the staff and the codes that ``store`` holds, as the next version, and keep it.

    ``samples`` are sample pictures by promotion; None: those of the bundle before go along.
    """
    codes = {one.id: published(store.listed_codes(one.id)) for one in promotions}
    if samples is None:
        kept = kept_samples(store)
        samples = {one.id: kept[one.id] for one in promotions if one.id in kept}
    parts = content_parts(promotions, organisation, staff_of(store.clerks(), organisation), codes, samples)
    parts |= sealed_part(office, promotions) | told_of_codes(store, promotions)
    return _keep(office, store, parts)


def kept_samples(store: HeadOfficeStore) -> dict[str, bytes]:
    """The sample pictures in the latest bundle, JPEG files by promotion."""
    return {promotion: store.parts([digest])[digest] for promotion, digest in _sample_digests(store)}


def kept_sample(store: HeadOfficeStore, promotion: str) -> bytes | None:
    """One promotion's sample picture in the latest bundle."""
    digest = dict(_sample_digests(store)).get(promotion)
    return None if digest is None else store.parts([digest])[digest]


def _sample_digests(store: HeadOfficeStore) -> list[tuple[str, bytes]]:
    latest = store.latest_bundle()
    named = latest.parts if latest else ()
    return [(name.removeprefix(SAMPLES), digest) for name, digest in named if name.startswith(SAMPLES)]


def renew(office: HeadOffice, store: HeadOfficeStore, bundle: StoredBundle) -> StoredBundle:
    """The same content as ``bundle``, the issuers and used codes of now, fresh again, as the next version."""
    contents = store.parts([digest for _, digest in bundle.parts])
    same = {name: contents[digest] for name, digest in bundle.parts if not is_of_codes(name)}
    now = current(office)
    return _keep(office, store, same | told_of_codes(store, now.promotions if now else ()))


def in_force(office: HeadOffice) -> StoredBundle | None:
    """The bundle for the counters, renewed where half of its fresh time is over; None: nothing is published."""
    bundle = office.store.latest_bundle()
    if bundle is None or not _wanes(office, bundle) or cosigning.waiting(office.store) is not None:
        return bundle
    with office.store.together() as store:
        bundle = store.latest_bundle()
        if bundle is not None and _wanes(office, bundle) and cosigning.waiting(store) is None:
            renew(office, store, bundle)
        return store.latest_bundle()


def _wanes(office: HeadOffice, bundle: StoredBundle) -> bool:
    now_ms = to_ms(office.clock.now())
    set_back = now_ms < bundle.published_at_ms - HOUR_MS  # else a clock once wrong would keep counters from renewals
    return now_ms >= bundle.fresh_until_ms - RENEW_BEFORE_MS or set_back


def _keep(office: HeadOffice, store: HeadOfficeStore, parts: dict[str, bytes]) -> StoredBundle:
    cosigning.refuse_if_waiting(store)
    # as they are now, whatever else is sealed again
    parts |= {issuers.PART: bundle_part(office, store), contact.PART: office.keys.contacts_public}
    latest, now_ms = store.latest_bundle(), to_ms(office.clock.now())
    version = _next_version(store, latest.version if latest else 0)
    publishers = cosigning.publishers(store, office.keys)
    fresh_ms = FRESH_MS if publishers.threshold == 1 else FRESH_OF_TWO_MS
    envelope, by_digest = seal_bundle(
        version=version,
        published_at_ms=now_ms,
        fresh_until_ms=now_ms + fresh_ms,
        hard_until_ms=now_ms + HARD_MS,
        parts=parts,
        roles=publishers.signed(store, office.keys.root),
        publishing_keys=[office.keys.publishing],
    )
    named = tuple(sorted((name, hashlib.sha256(part).digest()) for name, part in parts.items()))
    bundle = StoredBundle(
        version=version, published_at_ms=now_ms, fresh_until_ms=now_ms + fresh_ms, envelope=envelope, parts=named
    )
    if publishers.threshold > 1:
        store.put_parts(by_digest)
        cosigning.lay_by(store, bundle)
        return bundle
    read_manifest(envelope, office.keys.root_public, version)  # what a counter would refuse is not kept
    store.put_bundle(bundle, by_digest)
    return bundle


def _next_version(store: HeadOfficeStore, latest: int) -> int:
    """Above all that counters say they have in force.

    Else, after a restore from a backup or bundles that a stolen key signed, the next one would be older than theirs.
    What no counter would have believed is not heard: a counter that lies must not use up the numbers.
    """
    told = (life.bundle_version or 0 for life in store.enrolments())
    return max([latest, *(version for version in told if version <= latest + MAX_VERSION_JUMP)]) + 1


def staff_of(clerks: Iterable[Clerk], organisation: Organisation) -> list[StaffMember]:
    """Those who can sign in at a counter: with a PIN; groups are made the stores they mean."""
    return [
        StaffMember(
            id=clerk.id,
            name=clerk.name,
            role=clerk.role,
            stores=tuple(store.id for store in organisation.stores_named(clerk.stores)) if clerk.stores else (),
            pin_hash=clerk.pin_hash,
        )
        for clerk in clerks
        if clerk.pin_hash is not None and (not clerk.stores or organisation.stores_named(clerk.stores))
    ]
