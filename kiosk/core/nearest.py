"""Where and when a credential would pass: the nearest opening here, else in another store that takes part.

Rules of this module:

- A store that takes part speaks for itself; else the nearest opening of those that do, and all stores that open then.
- A store that has given out all of its own is none; one that has given out the day's opens again the next day.
- An opening lies within the credential's own window.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, tzinfo

from kiosk.core.organisation import Store
from kiosk.core.question import Question, day_ms, instant, window_of
from kiosk.core.schedule import Stretch, next_opening
from kiosk.core.verdict import FactValue

_MOST_DAYS = 32  # a day's limit that is reached so long ahead is a clock's fault, not a promise


def opening(question: Question, store: str) -> Stretch | None:
    """The next stretch in which it runs at ``store``, from now on; None: never again."""
    return _opening_in(question, question.catalogue.zone(store), question.local)


def _opening_in(question: Question, zone: tzinfo, from_at: datetime) -> Stretch | None:
    starts_at, ends_at = window_of(question.right, zone)
    if starts_at is not None:
        from_at = max(from_at, starts_at)
    stretch = next_opening(question.terms.schedule, zone, from_at)
    if stretch is None or ends_at is None:
        return stretch
    return Stretch(stretch.start_at, min(stretch.end_at, ends_at)) if stretch.start_at < ends_at else None


def openings(question: Question) -> list[tuple[Stretch, tzinfo, list[Store]]]:
    """The next opening in each time zone of the stores where it may be used."""
    found = []
    for stores in _by_zone(question.stores.values()).values():
        zone = question.catalogue.zone(stores[0].id)
        stretch = _opening_in(question, zone, question.local)
        if stretch is not None:
            found.append((stretch, zone, stores))
    return found


def _by_zone(stores: Iterable[Store]) -> Mapping[str, list[Store]]:
    by_zone: dict[str, list[Store]] = {}
    for store in stores:
        by_zone.setdefault(store.time_zone, []).append(store)
    return by_zone


def has_some_left(question: Question, store: str) -> bool:
    """Whether ``store`` has not given out all of its own."""
    per_store = question.terms.promotion.limits.per_store
    return per_store is None or question.known.tally(question.promotion_id).at_store(store) < per_store


def next_ok(question: Question) -> dict[str, FactValue]:
    """The fact ``next_ok``; empty where it never passes again as far as is known."""
    here = question.stores.get(question.place.store)
    if here is not None:
        stretch = _passing(question, here.id, opening(question, here.id))
        if stretch is not None:
            return {"next_ok": _fact(stretch, question.catalogue.zone(here.id), [here])}
    found = list(_elsewhere(question))
    if not found:
        return {}
    start_at = min(stretch.start_at for stretch, _ in found)
    nearest = [(stretch, store) for stretch, store in found if stretch.start_at == start_at]
    until = min(stretch.end_at for stretch, _ in nearest)
    stores = [store for _, store in nearest]
    return {"next_ok": _fact(Stretch(start_at, until), question.catalogue.zone(stores[0].id), stores)}


def _elsewhere(question: Question) -> Iterator[tuple[Stretch, Store]]:
    """When each other store passes it next; those of one time zone are open together."""
    for stretch, _, stores in openings(question):
        for store in stores:
            if store.id != question.place.store:
                passing = _passing(question, store.id, stretch)
                if passing is not None:
                    yield passing, store


def _passing(question: Question, store: str, first: Stretch | None) -> Stretch | None:
    """The next opening at ``store`` on whose day it has some left to give; ``first`` is its next opening of all."""
    if not has_some_left(question, store):
        return None
    zone, stretch = question.catalogue.zone(store), first
    for _ in range(_MOST_DAYS):
        if stretch is None or not _given_out_on(question, store, zone, stretch.start_at):
            return stretch
        day = stretch.start_at.astimezone(zone).date()
        stretch = _opening_in(question, zone, instant(day_ms(zone, day)[1]))
    return None


def _given_out_on(question: Question, store: str, zone: tzinfo, at: datetime) -> bool:
    limits, clerk = question.terms.promotion.limits, question.sale.clerk
    tally, day = question.known.tally(question.promotion_id), day_ms(zone, at.astimezone(zone).date())
    if limits.per_store_day is not None and tally.at_store_between(store, *day) >= limits.per_store_day:
        return True
    if limits.per_clerk_day is None or clerk is None:
        return False
    return tally.by_clerk_between(clerk, *day) >= limits.per_clerk_day


def _fact(stretch: Stretch, zone: tzinfo, stores: Iterable[Store]) -> dict[str, FactValue]:
    return {
        "at": iso(stretch.start_at, zone),
        "until": iso(stretch.end_at, zone),
        "stores": names(stores),
    }


def iso(at: datetime, zone: tzinfo) -> str:
    """An instant as a fact: ISO 8601 with the offset of ``zone``."""
    return at.astimezone(zone).isoformat(timespec="seconds")


def names(stores: Iterable[Store]) -> list[FactValue]:
    """The names of stores as a fact."""
    return [store.name for store in stores]
