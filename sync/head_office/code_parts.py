"""What the bundle says of listed codes beside the lists, by their stable index: which are used up, and their homes."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping

from kiosk.core.bundle import HOMES, USED
from kiosk.core.code_homes import MAX_BYTES, CodeHomes
from kiosk.core.promotion import Promotion
from kiosk.core.terms import DEFAULT_PER_CODE
from kiosk.core.used_codes import UsedCodes
from sync.head_office.code_files import Home, problem
from sync.head_office.listed import digests_of
from sync.head_office.problems import Problem
from sync.head_office.records import ListedCode
from sync.head_office.store import HeadOfficeStore


def told_of_codes(store: HeadOfficeStore, promotions: Iterable[Promotion]) -> dict[str, bytes]:
    """The parts of a bundle that tell the used codes and the homes of these promotions' lists, as they are now."""
    parts = {}
    for one in promotions:
        if "listed" not in one.credentials:
            continue
        uses = one.limits.per_code or DEFAULT_PER_CODE
        used = UsedCodes(store.used_indexes(one.id, uses, count_voided=not one.void_restores_use))
        if len(used):
            parts[f"{USED}{one.id}"] = used.encode()
        homes = base64.b64decode(store.setting(homes_setting(one.id)) or "")
        if homes:
            parts[f"{HOMES}{one.id}"] = homes
    return parts


def is_of_codes(name: str) -> bool:
    """Whether a part is one of those that :func:`told_of_codes` makes."""
    return name.startswith((USED, HOMES))


def homes_of(fleet_key: bytes, rows: Iterable[ListedCode], homes: Mapping[str, Home]) -> bytes:
    """The homes (by code, as written) of an imported list, by the index that its codes have."""
    by_digest = {known_by: homes[code].home for known_by, code in digests_of(fleet_key, homes).items()}
    found = {row.index: by_digest[row.digest] for row in rows if row.digest in by_digest}
    return CodeHomes.of(found).encode() if found else b""


def too_many(promotion: str, homes: bytes) -> list[Problem]:
    """The problem with homes that no counter would take."""
    if len(homes) <= MAX_BYTES:
        return []
    what = f"The homes of the codes of {promotion!r} change too often along the list to be sent to counters."
    return [problem(0, promotion, what, "Import the codes of each store together: sort the file by home.")]


def keep_homes(store: HeadOfficeStore, promotion: str, homes: bytes) -> None:
    """Keep the homes of the list that was imported; those of the one before go."""
    if homes or store.setting(homes_setting(promotion)):
        store.put_setting(homes_setting(promotion), base64.b64encode(homes).decode())


def homes_setting(promotion: str) -> str:
    """The setting that keeps the homes of a promotion's codes, in base64."""
    return f"code-homes/{promotion}"
