"""What is published now, read into models once for each version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk.core.organisation import Organisation
from kiosk.core.promotion import Promotion
from sync.head_office.office import HeadOffice
from sync.head_office.reading import OrganisationText, PromotionsText, read_organisation, read_promotions


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


def current(office: HeadOffice) -> Current | None:
    """What is published now; None: nothing yet."""
    bundle = office.store.latest_bundle()
    if bundle is None:
        return None
    held = office.parsed.get("current")
    if isinstance(held, Current) and held.version == bundle.version:
        return held
    promotions, organisation = published_texts(office)
    counts = {
        one.id: sum(row.live for row in office.store.listed_codes(one.id)) for one in promotions.promotions.values()
    }
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
