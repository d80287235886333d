"""The list of promotions, and the page of one: as the clerk sees it, who knows it, what it came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Response, abort

from kiosk.clock import from_ms
from kiosk.core.promotion import Promotion
from sync.head_office import promotion_words as words
from sync.head_office.first_steps import first_steps
from sync.head_office.fresh_words import fresh_words
from sync.head_office.history import Version, versions_by_promotion
from sync.head_office.instants import Instant, instant
from sync.head_office.reach import reach_of
from sync.head_office.respond import respond
from sync.head_office.sealing import kept_sample
from sync.head_office.seat import how_fresh, names, now_ms, office, published


@dataclass(frozen=True, slots=True)
class Card:
    """A promotion as the list shows it. ``version`` 0: not told by any text."""

    id: str
    title: str
    channel: str
    state: words.Now
    when: str
    hours: str
    where: str
    counters: str
    shown: str
    shown_worth: str
    limits: Sequence[str]
    version: int
    honoured: int
    undone: int


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version in words."""

    version: int
    at: Instant
    by: str
    what: str
    live: bool


def promotions() -> Response:
    """``GET /promotions``: running first."""
    now, known = now_ms(), names()
    counts, versions = office().store.redemption_counts(), versions_by_promotion(office())
    cards = [_card(one, now, counts, versions) for one in published().promotions]
    return respond(
        "head_office/promotions.html",
        cards=sorted(cards, key=lambda card: card.state.rank),
        how=fresh_words(how_fresh(known, now), known, now),
        steps=first_steps(),
    )


def promotion(promotion_id: str) -> Response:
    """``GET /promotions/<id>``."""
    found = next((one for one in published().promotions if one.id == promotion_id), None)
    if found is None:
        abort(404)
    now, known = now_ms(), names()
    versions = versions_by_promotion(office())
    card = _card(found, now, office().store.redemption_counts(), versions)
    return respond(
        "head_office/promotion.html",
        card=card,
        strip=_strip(found, card),
        codes=published().code_counts.get(found.id, 0) if "listed" in found.credentials else None,
        promotion=found,
        has_sample=kept_sample(office().store, found.id) is not None,
        stub=_stub(found, card),
        reach=reach_of(found, card.version, published().organisation, office().store.enrolments(), now),
        versions=[
            VersionRow(one.version, instant(one.at_ms, now, known.zone), one.by or "-", one.words, at == 0)
            for at, one in enumerate(versions.get(found.id, ()))
        ],
        how=fresh_words(how_fresh(known, now), known, now),
    )


def sample(promotion_id: str) -> Response:
    """``GET /promotions/<id>/sample.jpg``: the picture that counters show beside a filmed screen."""
    picture = kept_sample(office().store, promotion_id)
    if picture is None:
        abort(404)
    return Response(picture, content_type="image/jpeg")


def _card(
    one: Promotion, now: int, counts: Mapping[str, tuple[int, int]], versions: Mapping[str, Sequence[Version]]
) -> Card:
    organisation = published().organisation
    zones = [store.zone for store in organisation.stores_named(one.stores)]
    today = from_ms(now).astimezone(zones[0] if zones else None).date()
    where, counters = words.where_words(one, organisation)
    shown, worth = words.shown_words(one)
    received, undone = counts.get(one.id, (0, 0))
    told = versions.get(one.id, ())
    return Card(
        id=one.id, title=one.title, channel=words.channel_words(one),
        state=words.now_words(one, zones, from_ms(now)),
        when=words.dates_words(one.valid, today), hours=words.hours_words(one.valid, today),
        where=where, counters=counters, shown=shown, shown_worth=worth,
        limits=words.limits_words(one),
        version=told[0].version if told else 0, honoured=received - undone, undone=undone,
    )  # fmt: skip


def _strip(one: Promotion, card: Card) -> list[tuple[str, str, str]]:
    value = words.value_words(one)
    worth = ", ".join(part for part in (f"each worth {value}" if value else "", card.shown_worth) if part)
    return [
        ("When", card.when, card.hours or "all day"),
        ("Where", card.where, card.counters),
        ("How it is shown", card.shown, worth),
        ("Limits", card.limits[0] if card.limits else "No limit", ", ".join(card.limits[1:])),
    ]


def _stub(one: Promotion, card: Card) -> list[tuple[str, str]]:
    """The facts on the counter's stub that are the same for every customer."""
    stub = []
    if one.limits.total is not None:
        stub.append(("Left", f"{max(one.limits.total - card.honoured, 0):,} of {one.limits.total:,}"))
    stub.append(("Until", f"{one.valid.until.day} {one.valid.until:%b}"))
    return stub
