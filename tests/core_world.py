"""A small organisation, promotions and entries for the tests of the core. Built by hand; reads nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from kiosk.core.catalogue import Catalogue
from kiosk.core.credential import digest, fold
from kiosk.core.entry import FeedId
from kiosk.core.fact import Redemption, UseSeen
from kiosk.core.organisation import Organisation
from kiosk.core.promotion import Promotion

FLEET_KEY = bytes(range(32))
NEW_YORK = ZoneInfo("America/New_York")
OWN = FeedId("bayside/counter-1", 1)
NEIGHBOUR = FeedId("bayside/counter-2", 1)
ELSEWHERE = FeedId("pier-9/counter-1", 1)
HEAD_OFFICE = FeedId("head-office", 1)

ORGANISATION = Organisation.model_validate({
    "name": "Harbor Grill",
    "stores": [
        {"id": "bayside", "name": "Bayside", "time_zone": "America/New_York", "groups": ["coast"],
         "counters": [{"id": "counter-1", "name": "Counter 1"}, {"id": "counter-2", "name": "Counter 2"}]},
        {"id": "pier-9", "name": "Pier 9", "time_zone": "America/New_York", "groups": ["coast"],
         "counters": [{"id": "counter-1", "name": "Counter 1"}]},
        {"id": "sunset", "name": "Sunset", "time_zone": "America/Los_Angeles",
         "counters": [{"id": "counter-1", "name": "Counter 1"}]},
    ],
    "people": [{"id": "ana", "name": "Ana", "stores": ["coast"]}],
})  # fmt: skip


def promotion_fields(**changes: Any) -> dict[str, Any]:
    """The fields of a promotion with a listed code and a code word that runs all of November 2026."""
    fields: dict[str, Any] = {
        "id": "tacos",
        "title": "Free shrimp tacos",
        "gives": "One shrimp tacos appetizer, free",
        "valid": {"from": "2026-11-01", "until": "2026-11-30"},
        "credentials": ["listed", "word"],
        "words": ["SHRIMP20"],
        "codes": ["TACO-7F3K-9HXM"],
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}


def promotion(**changes: Any) -> Promotion:
    """That promotion, with ``changes``; a field set to None is left out."""
    return Promotion.model_validate(promotion_fields(**changes))


def catalogue(*promotions: Promotion, organisation: Organisation = ORGANISATION) -> Catalogue:
    """What a counter has cached of ``promotions``, their inline codes as listed ones."""
    listed = {code_digest(code): one.id for one in promotions for code in one.codes}
    return Catalogue(7, 1_790_000_000_000, organisation, {one.id: one for one in promotions}, listed, FLEET_KEY)


def code_digest(code: str, kind: str = "listed") -> bytes:
    """The digest under which a listed code is known here."""
    return digest(FLEET_KEY, kind, fold(code))


def at(text: str, zone: ZoneInfo = NEW_YORK, *, fold: int = 0) -> datetime:
    """The instant at which the clock of ``zone`` shows ``text`` (ISO 8601, no offset)."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def milliseconds(instant: datetime) -> int:
    """An aware instant as Unix milliseconds."""
    return int(instant.timestamp() * 1000)


def redemption(intent: int = 1, **changes: Any) -> Redemption:
    """A redemption of the taco code at Bayside, 6 November 2026, 18:00; ``intent`` tells it apart."""
    fields: dict[str, Any] = {
        "at_ms": milliseconds(at("2026-11-06T18:00")),
        "intent": intent.to_bytes(16, "big"),
        "promotion": "tacos",
        "credential": code_digest("TACO-7F3K-9HXM"),
        "credential_kind": "listed",
        "store": "bayside",
        "clerk": "ana",
        "bundle_version": 7,
        "head_office_n": 0,
    }
    return Redemption(**(fields | changes))


def use_seen(feed: FeedId, n: int, fact: Redemption, *, void: bool = False) -> UseSeen:
    """What head office tells of redemption ``n`` of ``feed``."""
    return UseSeen(
        at_ms=fact.at_ms + 1000,
        feed=str(feed),
        n=n,
        promotion=fact.promotion,
        credential=fact.credential,
        store=fact.store,
        used_at_ms=fact.at_ms,
        void=void,
    )


def located(error: Exception) -> Mapping[tuple[str | int, ...], str]:
    """The message of a pydantic error at each place."""
    errors: Iterable[Any] = getattr(error, "errors")()  # noqa: B009 - typed as any exception so that tests stay short
    return {one["loc"]: one["msg"] for one in errors}
