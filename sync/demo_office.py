"""A head office planted for the demo, from nothing to a one-time code, through the same use cases as by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sync.head_office.accounts import add_token, make_first_account
from sync.head_office.desk import create_enrolment_code
from sync.head_office.office import HeadOffice
from sync.head_office.people import add_clerk
from sync.head_office.publish import publish


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


def plant(folder: Path, seed: Seed) -> Planted:
    """Make a head office in ``folder`` and publish the sample organisation and promotions."""
    office = HeadOffice.open(folder)
    try:
        password = make_first_account(office) or ""
        publish(office, promotions=seed.promotions, organisation=seed.organisation, codes=seed.codes, by="demo")
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
