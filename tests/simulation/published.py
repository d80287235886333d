"""What head office publishes in simulated worlds: every policy, every promised cap, a few counters.

Publishing is real, and slow beside the rest; so each first publication is made once a process and copied.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest import mock

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.clock import to_ms
from sync.head_office import publish as publish_module
from sync.head_office import published
from sync.head_office.attempts import Attempts
from sync.head_office.code_files import Home
from sync.head_office.issuers import IssuerKey, Ledger, put_ledger
from sync.head_office.keys import Keys
from sync.head_office.new_codes import NewCodes
from sync.head_office.office import HeadOffice
from sync.head_office.publish import publish
from sync.head_office.reading import read_organisation, read_promotions
from tests.simulation.chance import key_of
from tests.simulation.truth import BUDGET, RISK, STORE, TOTAL, RightKey
from tests.twins import SetClock
from tests.twins_head_office import HeadOfficeTwin, Tables

START = datetime(2026, 11, 6, 12, 0, tzinfo=UTC)
LAST_DAY = "2028-12-31"
CODES = 12
SHAPES: tuple[tuple[int, ...], ...] = (
    (2,),
    (1, 1),
    (3,),
    (2, 1),
    (1, 1, 1),
    (2, 2),
    (2, 1, 1),
    (3, 1),
    (3, 2),
    (2, 2, 1),
)
"""How many counters each store has."""

KEYS = Keys(
    root=key_of("head office", "root"),
    publishing=key_of("head office", "publishing"),
    feed=key_of("head office", "feed"),
    fleet_key=b"f" * 32,
    session_key=b"s" * 32,
    contacts=b"c" * 32,
)

Promotion = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Publication:
    """The caps of one version, and what is held up of it: ``words`` and ``codes`` by promotion, with policies."""

    shape: tuple[int, ...]
    total: int = 9
    budget: int = 60
    per_store: int = 4
    risk: int = 24
    policies: dict[str, str] = field(default_factory=lambda: {
        "once": "online", "mine": "owner", "home": "home-store", "seen": "floor",
    })  # fmt: skip

    @property
    def promotions(self) -> list[str]:
        """The ids of all promotions."""
        return ["total", "budget", "store", "plain", *self.policies]

    @property
    def stores(self) -> list[str]:
        return [f"s{number + 1}" for number in range(len(self.shape))]

    @property
    def counters(self) -> list[tuple[str, str]]:
        return [
            (store, f"c{at + 1}") for store, many in zip(self.stores, self.shape, strict=True) for at in range(many)
        ]

    def caps(self) -> dict[RightKey, int]:
        """The promised caps, as rights; money in minor units."""
        caps: dict[RightKey, int] = {
            (TOTAL, "total", b""): self.total,
            (BUDGET, "budget", b""): self.budget * 100,
            (TOTAL, "seen", b""): 4 * self.total,
            (RISK, "seen", b""): self.risk * 100,
        }
        return caps | {(STORE, "store", store.encode()): self.per_store for store in self.stores}

    def promotions_text(self) -> str:
        """The file of promotions."""
        valid = f"{{from: 2026-11-01, until: {LAST_DAY}}}"
        value = '{amount: "6.00", currency: USD}'
        words = "credentials: [word]"
        listed = "credentials: [listed]"
        return f"""promotions:
  - {{id: total, title: T, gives: T, valid: {valid}, {words}, words: [TOTAL], limits: {{total: {self.total}}}}}
  - {{id: budget, title: B, gives: B, valid: {valid}, {words}, words: [PURSE], value: {value},
     limits: {{budget: "{self.budget}.00"}}}}
  - {{id: store, title: S, gives: S, valid: {valid}, {words}, words: [SHOP], limits: {{per_store: {self.per_store}}}}}
  - {{id: plain, title: P, gives: P, valid: {valid}, {words}, words: [PLAIN]}}
  - {{id: once, title: O, gives: O, valid: {valid}, {listed}, value: {value}, offline: {{policy: online}}}}
  - {{id: mine, title: M, gives: M, valid: {valid}, {listed}, value: {value}, offline: {{policy: owner}}}}
  - {{id: home, title: H, gives: H, valid: {valid}, {listed}, value: {value}, offline: {{policy: home-store}}}}
  - {{id: seen, title: F, gives: F, valid: {valid}, {listed}, value: {value}, limits: {{total: {4 * self.total}}},
     offline: {{policy: floor, floor: "8.00", risk: "{self.risk}.00"}}}}
"""

    def organisation_text(self) -> str:
        """The file of the organisation."""
        stores = "".join(
            f"  - {{id: {store}, name: {store}, time_zone: America/New_York, counters: ["
            + ", ".join(f"{{id: c{at + 1}, name: c{at + 1}}}" for at in range(many))
            + "]}\n"
            for store, many in zip(self.stores, self.shape, strict=True)
        )
        return f"name: Simulated\nstores:\n{stores}"

    def new_codes(self) -> NewCodes:
        """Listed codes, at home by turns where a home counts."""
        imported = {name: [code_of(name, at) for at in range(CODES)] for name in self.policies}
        counters, stores = self.counters, self.stores
        homes: dict[str, dict[str, Home]] = {"mine": {}, "home": {}}
        for at in range(CODES):
            store, counter = counters[at % len(counters)]
            homes["mine"][code_of("mine", at)] = home_of(f"{store}/{counter}")
            homes["home"][code_of("home", at)] = home_of(stores[at % len(stores)])
        return NewCodes(imported=imported, homes=homes)


def home_of(name: str) -> Home:
    """A home as a file of codes gives it."""
    return Home(1, name)


def code_of(promotion: str, at: int) -> str:
    """The text of a listed code."""
    return f"{promotion.upper()}-CODE-{at:03}"


@lru_cache(maxsize=64)
def _first(shape: tuple[int, ...], total: int, risk: int) -> tuple[Tables, dict[str, Any]]:
    clock = SetClock(START)
    twin = HeadOfficeTwin()
    issuer = key_of("head office", "issuer").public_key().public_bytes_raw()  # else a random one, on the real disk
    put_ledger(twin, Ledger((IssuerKey(issuer, to_ms(START)),)))
    office = HeadOffice(Path("/nowhere"), twin, KEYS, clock, Attempts(clock))
    publication = Publication(shape, total=total, risk=risk)
    publish_in(office, publication, first=True)
    return twin.tables, office.parsed


def first_published(publication: Publication) -> tuple[Tables, dict[str, Any]]:
    """Head office's tables where ``publication`` is the first, and what it has read of it."""
    tables, parsed = _first(publication.shape, publication.total, publication.risk)
    kept = {name: copy.copy(value) for name, value in parsed.items()}
    return tables.copy(), kept


def publish_in(office: HeadOffice, publication: Publication, *, first: bool = False) -> None:
    """Publish it for real."""
    publish(
        office,
        promotions=publication.promotions_text(),
        organisation=publication.organisation_text() if first else None,
        codes=publication.new_codes() if first else None,
        by="sim",
    )


_READ_PROMOTIONS, _READ_ORGANISATION = lru_cache(512)(read_promotions), lru_cache(64)(read_organisation)


@contextlib.contextmanager
def texts_read_once() -> Iterator[None]:
    """The same text is read once a process: reading is pure, and slow."""
    with contextlib.ExitStack() as stack:
        for where in (published, publish_module):
            stack.enter_context(mock.patch.object(where, "read_promotions", _READ_PROMOTIONS))
            stack.enter_context(mock.patch.object(where, "read_organisation", _READ_ORGANISATION))
        yield


def keys_by(name: str) -> Ed25519PrivateKey:
    """A key by name, the same in every run."""
    return key_of("device", name)
