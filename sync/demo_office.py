"""A head office planted for the demo, from nothing to a one-time code, through the same use cases as by hand."""

from __future__ import annotations

import contextlib
import csv
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from kiosk.core.credential import present
from kiosk.errors import SetupError
from kiosk.vision.props import SceneItem, draw_check_in
from sync import samples
from sync.head_office.accounts import add_token, make_first_account
from sync.head_office.desk import create_enrolment_code
from sync.head_office.office import HeadOffice
from sync.head_office.people import add_clerk
from sync.head_office.publish import publish
from sync.head_office.sample_files import sealed_jpeg

CSV_FIELD_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Seed:
    """What the demo's head office begins with; ``codes`` are listed codes by promotion."""

    organisation: str
    promotions: str
    codes: Mapping[str, Sequence[str]]
    store: str
    counter: str
    clerk: str


@dataclass(frozen=True, slots=True)
class Planted:
    """What a person (or the robot clerk) needs to get in."""

    clerk_id: str
    clerk_name: str
    pin: str
    admin_password: str
    token: str
    code: str


CODES_PROMOTION = """promotions:
  - id: manifest-codes
    title: One of the codes in the manifest
    channel: print
    gives: One thank-you, free
    valid: {{from: {today}, until: {year}-12-31}}
    credentials: [listed]
"""


def _promotions(manifest: Path | None) -> str:
    if manifest is None:
        return samples.promotions(date.today())  # noqa: DTZ011 (the newcomer's day)
    today = date.today()  # noqa: DTZ011
    return CODES_PROMOTION.format(today=f"{today.year}-01-01", year=today.year + 1)


def _codes(manifest: Path | None) -> Mapping[str, Sequence[str]]:
    return {} if manifest is None else {"manifest-codes": manifest_texts(manifest)}


def manifest_texts(manifest: Path) -> list[str]:
    """Every text of the column ``expected_all`` (JSON lists), each once, in order."""
    csv.field_size_limit(CSV_FIELD_BYTES)
    texts: dict[str, None] = {}
    where = str(manifest)
    try:
        with manifest.open(newline="", encoding="utf-8-sig") as file:  # spreadsheets put a mark at the beginning
            rows = csv.DictReader(file)
            for row in rows:
                where = f"{manifest}, line {rows.line_num}"
                texts.update(dict.fromkeys(_listed(row["expected_all"] or "[]")))
    except KeyError:
        raise _no_manifest("It has no column expected_all", str(manifest)) from None
    except (OSError, ValueError, RecursionError, csv.Error) as error:
        raise _no_manifest(f"It cannot be read: {error}", where) from None
    usable = [text for text in texts if present(text) is not None]
    if len(usable) < len(texts):
        print(f"{len(texts) - len(usable)} texts of the manifest are no codes (empty or too long)", file=sys.stderr)
    if not usable:
        raise _no_manifest("It names no code", str(manifest))
    return usable


def _listed(cell: str) -> list[str]:
    texts = json.loads(cell)
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError("a cell of expected_all is no JSON list of texts")
    return texts


def _no_manifest(why: str, where: str) -> SetupError:
    cure = "A manifest is a CSV with a column expected_all that holds JSON lists of texts."
    return SetupError("manifest-unreadable", f"The manifest is of no use. {why}", where=where, cure=cure)


def _time_zone() -> str:
    """This machine's zone where it is known by name, so that the sample hours are the newcomer's own."""
    with contextlib.suppress(OSError, ValueError):
        name = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]
        if name:
            return name
    return "UTC"


def seed(manifest: Path | None) -> Seed:
    """What the demo begins with: the samples, or one promotion with the texts of ``manifest`` as its codes."""
    return Seed(
        organisation=samples.organisation(_time_zone()),
        promotions=_promotions(manifest),
        codes=_codes(manifest),
        store="bayside",
        counter="counter-1",
        clerk="Ana Moreno",
    )


def scene() -> list[dict[str, str]]:
    """What the demo's camera films."""
    return samples.scene(date.today())  # noqa: DTZ011 (the newcomer's day)


def _drawn_sample(_named: str) -> bytes:
    """The sample picture of the check-in that is filmed: the same screen, drawn here."""
    (shown,) = (SceneItem(**item) for item in scene() if item.get("holder") == "screen")
    return sealed_jpeg(draw_check_in(shown))


def plant(folder: Path, seed: Seed) -> Planted:
    """Make a head office in ``folder`` and publish the sample organisation and promotions."""
    office = HeadOffice.open(folder)
    try:
        password = make_first_account(office) or ""
        publish(
            office,
            promotions=seed.promotions,
            organisation=seed.organisation,
            codes=seed.codes,
            samples=_drawn_sample,
            by="demo",
        )
        added = add_clerk(office, seed.clerk, [seed.store])
        return Planted(
            clerk_id=added.clerk.id,
            clerk_name=added.clerk.name,
            pin=added.pin or "",
            admin_password=password,
            token=add_token(office, "demo check"),
            code=create_enrolment_code(office, seed.store, seed.counter).code,
        )
    finally:
        office.close()
