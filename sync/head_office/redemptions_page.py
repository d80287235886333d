"""The page of redemptions: it fills as they arrive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for

from sync.head_office.api import MOST_ROWS
from sync.head_office.first_steps import first_steps
from sync.head_office.fresh_words import fresh_words
from sync.head_office.instants import instant
from sync.head_office.names import Names
from sync.head_office.redemption_lines import PAGE_ROWS, Sieve, arrivals, line_of
from sync.head_office.respond import asked_for_fragment, respond
from sync.head_office.seat import how_fresh, names, now_ms, office, published

PAGE = "head_office/redemptions.html"


@dataclass(frozen=True, slots=True)
class Count:
    """How many redemptions stand, how many were undone, and in which words."""

    live: int
    void: int
    words: str


def redemptions() -> Response:
    """``GET /redemptions``: the newest, those ``before`` a cursor, or as a fragment what came ``after`` one."""
    sieve = Sieve(request.args.get("store", ""), request.args.get("promotion", ""))
    if asked_for_fragment():
        return _arrived(sieve)
    known, now = names(), now_ms()
    before = request.args.get("before", type=int)
    cursor = office().store.last_cursor()  # read first: what comes after it is told by the first poll
    upper = cursor + 1 if before is None else before
    lines = office().store.latest_redemptions(PAGE_ROWS + 1, upper, sieve.store or None, sieve.promotion or None)
    more = len(lines) > PAGE_ROWS
    shown = [line_of(line, known, now) for line in lines[:PAGE_ROWS]]
    return respond(
        PAGE,
        **_strip(sieve, known, now, cursor, shown[-1].cursor if more else 0),
        lines=shown,
        log_rows=MOST_ROWS,
        sieve=sieve,
        stores=published().organisation.stores,
        promotions=published().promotions,
        older="" if before is None else "Earlier redemptions; this page stands still.",
        more_address=url_for("pages.redemptions", **_wanted(sieve), before=shown[-1].cursor) if more else "",
        filtered=bool(sieve.store or sieve.promotion),
        steps=first_steps(),
    )


def _arrived(sieve: Sieve) -> Response:
    """What a page on show has to add, with its strip anew; 204 where nothing at all changed."""
    known, now = names(), now_ms()
    after, lowest = request.args.get("after", 0, type=int), request.args.get("lowest", 0, type=int)
    came = arrivals(office().store, after, lowest, sieve, known, now)
    strip = _strip(sieve, known, now, came.cursor, lowest)
    return respond(PAGE, "arrivals", **strip, arrived=came.arrived, changed=came.changed)


def _strip(sieve: Sieve, known: Names, now: int, cursor: int, lowest: int) -> dict[str, Any]:
    """Count and freshness, and where the next poll goes on."""
    last = next(iter(office().store.latest_redemptions(1)), None)
    return {
        "count": _count(sieve),
        "how": fresh_words(how_fresh(known, now), known, now),
        "last_came": None if last is None else instant(last.row.received_at_ms, now, known.zone, seconds=True),
        "poll": url_for("pages.redemptions", **_wanted(sieve), after=cursor, lowest=lowest),
    }


def _wanted(sieve: Sieve) -> dict[str, Any]:
    return {"store": sieve.store or None, "promotion": sieve.promotion or None}


def _count(sieve: Sieve) -> Count:
    counts = office().store.redemption_counts(sieve.store or None)
    wanted = [pair for promotion, pair in counts.items() if sieve.promotion in {"", promotion}]
    void = sum(voided for _, voided in wanted)
    live = sum(received for received, _ in wanted) - void
    return Count(live, void, "redemption" if live == 1 else "redemptions")
