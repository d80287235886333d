"""What counters know beside the promotions themselves: imported codes, issuers and rotating keys, for trying.

Rules of this module:

- It is read from the bundle in force, as a counter reads it, once for each version.
- Uses that head office has marked are left out: a try is as if nothing had been redeemed.
- Beside a text that is not published, its own inline codes count and only imported ones are known from before.
- Lists of more codes than ``MOST_CODES`` are not read into memory for a page.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.core.bundle import catalogue_of, open_bundle
from kiosk.core.catalogue import Catalogue
from kiosk.core.code_lists import NO_LISTS
from sync.head_office.office import HeadOffice
from sync.head_office.published import current

MOST_CODES = 200_000


def tries_imported_codes(office: HeadOffice) -> bool:
    """Whether the listed codes are few enough."""
    state = current(office)
    return state is None or sum(state.code_counts.values()) <= MOST_CODES


def known_to_counters(office: HeadOffice) -> Catalogue | None:
    """The catalogue in force; None where nothing is published."""
    bundle = office.store.latest_bundle()
    if bundle is None:
        return None
    held = office.parsed.get("tried")
    if held is not None and held[0] == bundle.version:
        kept: Catalogue = held[1]
        return kept
    parts = office.store.parts([digest for _, digest in bundle.parts])
    opened = open_bundle(bundle.envelope, parts, office.keys.root_public, 0)
    lists = None if tries_imported_codes(office) else NO_LISTS
    catalogue = replace(catalogue_of(opened, office.keys.fleet_key, lists), used={}, samples={})
    office.parsed["tried"] = (bundle.version, catalogue)
    return catalogue


def known_beside_a_text(office: HeadOffice) -> Catalogue | None:
    """The same without the inline codes in force, which the text has or has not."""
    known = known_to_counters(office)
    if known is None or not tries_imported_codes(office):
        return known
    imported = {
        row.digest: promotion
        for promotion in known.promotions
        for row in office.store.listed_codes(promotion)
        if row.live and row.source == "imported"
    }
    return replace(known, lists=NO_LISTS, listed=imported)
