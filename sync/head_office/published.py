"""What is published now, read into models once for each version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk.core.catalogue import Catalogue
from kiosk.core.organisation import Organisation
from kiosk.core.promotion import Promotion
from sync.head_office.office import HeadOffice
from sync.head_office.reading import OrganisationText, PromotionsText, read_organisation, read_promotions
from sync.head_office.records import SourceKind, SourceText


@dataclass(frozen=True, slots=True)
class Current:
    """What is published now. ``code_counts`` are live listed codes by promotion."""

    version: int
    published_at_ms: int
    promotions: tuple[Promotion, ...]
    organisation: Organisation
    promotions_text: str
    organisation_text: str
    code_counts: Mapping[str, int]


MOST_CATALOGUES = 16
"""So many versions that counters still know are kept read."""


def current(office: HeadOffice) -> Current | None:
    """What is published now; None: nothing yet."""
    bundle = office.store.latest_bundle()
    if bundle is None:
        return None
    held = office.parsed.get("current")
    if isinstance(held, Current) and held.version == bundle.version:
        return held
    promotions, organisation = published_texts(office)
    counts = {one.id: office.store.live_codes(one.id) for one in promotions.promotions.values()}
    read = Current(
        bundle.version, bundle.published_at_ms, tuple(promotions.promotions.values()), organisation.organisation,
        promotions.text, organisation.text, counts,
    )  # fmt: skip
    office.parsed["current"] = read
    return read


def published_texts(office: HeadOffice) -> tuple[PromotionsText, OrganisationText]:
    """The texts in force, read; empty ones where none was published."""
    promotions, organisation = (office.store.latest_source(kind) for kind in ("promotions", "organisation"))
    versions = (promotions.version if promotions else 0, organisation.version if organisation else 0)
    held = office.parsed.get("texts")
    if held is not None and held[0] == versions:
        kept: tuple[PromotionsText, OrganisationText] = held[1]
        return kept
    texts = (
        read_promotions(promotions.text if promotions else "promotions: []"),
        read_organisation(organisation.text) if organisation else OrganisationText.none(),
    )
    office.parsed["texts"] = (versions, texts)  # one value: two threads never mix the texts of two versions
    return texts


def catalogue_known_at(office: HeadOffice, version: int) -> Catalogue:
    """What a counter with the bundle ``version`` knew of promotions and stores, without codes and keys.

    Of a version from before anything was published, or that is not known here, the texts in force are taken.
    """
    held: dict[tuple[int, ...], Catalogue] = office.parsed.setdefault("catalogues", {})
    known: dict[int, tuple[int, ...]] = office.parsed.setdefault("versions", {})
    if (versions := known.get(version, ())) in held:
        return held[versions]
    texts = tuple(_text_at(office, kind, version) for kind in ("promotions", "organisation"))
    versions = tuple(text.version if text else 0 for text in texts)
    bundle = office.store.latest_bundle()
    if bundle is not None and version <= bundle.version and all(0 < one <= version for one in versions):
        # what was in force then is so for good
        known[version] = versions
    if versions not in held:
        if len(held) >= MOST_CATALOGUES:
            held.clear()
            known.clear()
        promotions = read_promotions(texts[0].text if texts[0] else "promotions: []").promotions.values()
        organisation = (read_organisation(texts[1].text) if texts[1] else OrganisationText.none()).organisation
        by_id = {one.id: one for one in promotions}
        held[versions] = Catalogue(max(versions), 0, organisation, by_id, {}, office.keys.fleet_key)
    return held[versions]


def _text_at(office: HeadOffice, kind: SourceKind, version: int) -> SourceText | None:
    """The newest text of a kind in a bundle of that version; the newest of all where none is that old."""
    texts = office.store.sources(kind)
    return next((text for text in texts if text.version <= version), texts[0] if texts else None)
