"""One life of a counter: what it wrote last, what contradicts it, and the two decisions that a person may take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from flask import Response, abort, request, url_for

from kiosk.core.entry import Entry, FeedId, MalformedEntryError
from kiosk.core.fact import (
    Answered,
    Asked,
    BundleInstalled,
    ContactSealed,
    Fact,
    Opened,
    Redemption,
    Returned,
    Ticked,
    Transferred,
    Void,
    decode_fact,
)
from kiosk.core.strict_cbor import decode
from kiosk.errors import CounterfoilError
from sync.head_office.counters_page import state_words
from sync.head_office.decisions import count_forked, revoke
from sync.head_office.instants import Instant, instant
from sync.head_office.names import Names
from sync.head_office.quarantine import life_of
from sync.head_office.records import Enrolment, Evidence
from sync.head_office.respond import respond, send_to
from sync.head_office.seat import me, names, now_ms, office

PAGE = "head_office/life.html"
LISTED = 60
_MOST_TYPED = 15


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One entry: its number, its time by the counter's clock, what it says. ``counts``: it is in the figures."""

    n: int
    at: Instant | None
    words: str
    counts: bool


@dataclass(frozen=True, slots=True)
class Conflict:
    """A fork: entry ``n`` was signed twice. ``held`` and ``other`` say what each says."""

    n: int
    at: Instant
    held: str
    other: str
    more: int


def life(store: str, counter: str, incarnation: int, error: CounterfoilError | None = None) -> Response:
    """``GET /counters/<store>/<counter>/<life>``."""
    found = _found(store, counter, incarnation)
    known, now = names(), now_ms()
    zone, held_n = known.zone_of(store), office().store.head(found.feed).n
    before = request.args.get("before", held_n + 1, int)
    after_n = max(0, min(before, held_n + 1) - 1 - LISTED)
    entries = office().store.entries(found.feed, after_n, min(LISTED, max(0, before - 1 - after_n)))
    words, tone, symbol = state_words(found, now)
    others = [one for one in office().store.enrolments() if one.feed.origin == found.feed.origin and one != found]
    return respond(
        PAGE,
        status=422 if error else 200,
        error=error,
        life=found,
        name=known.places().get((store, counter), f"{store} {counter}"),
        state=(tone, symbol, words),
        others=[one.incarnation for one in reversed(others)],
        enrolled=instant(found.enrolled_at_ms, now, zone),
        contact=None if found.last_contact_ms is None else instant(found.last_contact_ms, now, zone),
        revoked=None if found.revoked_at_ms is None else instant(found.revoked_at_ms, now, zone),
        held_n=held_n,
        waiting=0 if found.counts_to is None else max(0, held_n - found.counts_to),
        lines=[_line(found, entry, known, now, zone) for entry in reversed(entries)],
        chosen=request.form.get("n", found.counts_to if found.counts_to is not None else held_n, int),
        why=request.form.get("why", ""),
        older=after_n + 1 if after_n > 0 else 0,
        conflicts=[_conflict(one, known, now, zone) for one in office().store.evidence() if _is_fork(one, found)],
    )


def revoke_life(store: str, counter: str, incarnation: int) -> Response:
    """``POST .../revoke``: this life is over behind the entry that was chosen."""
    found = _found(store, counter, incarnation)
    try:
        revoke(office(), found.feed, _number(), why=request.form.get("why", ""), by=me().name)
    except CounterfoilError as error:
        return life(store, counter, incarnation, error)
    return _back(found)


def count_life(store: str, counter: str, incarnation: int) -> Response:
    """``POST .../count``: of a journal that forked, entries up to the one that was chosen count after all."""
    found = _found(store, counter, incarnation)
    try:
        count_forked(office(), found.feed, _number())
    except CounterfoilError as error:
        return life(store, counter, incarnation, error)
    return _back(found)


def _back(found: Enrolment) -> Response:
    where = url_for("pages.life", store=found.store, counter=found.counter, incarnation=found.incarnation)
    return send_to(where)


def _found(store: str, counter: str, incarnation: int) -> Enrolment:
    try:
        found = life_of(office().store, FeedId(f"{store}/{counter}", incarnation))
    except MalformedEntryError:
        found = None
    return found or abort(404)


def _number() -> int:
    typed = request.form.get("n", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= _MOST_TYPED else -1


# --- words ---------------------------------------------------------------------------------------


def _line(found: Enrolment, entry: Entry, known: Names, now: int, zone: tzinfo) -> EntryLine:
    fact = _fact(entry.body)
    at_ms = getattr(fact, "at_ms", None)
    at = instant(at_ms, now, zone, seconds=True) if isinstance(at_ms, int) else None
    return EntryLine(entry.n, at, _words(fact, known), found.counts_to is None or entry.n <= found.counts_to)


def _fact(body: bytes) -> Fact | None:
    try:
        return decode_fact(body)
    except MalformedEntryError:
        return None


def _words(fact: Fact | None, known: Names) -> str:
    if isinstance(fact, Redemption):
        return f"{known.promotion(fact.promotion)}, redeemed by {known.clerk(fact.clerk)}"
    if isinstance(fact, Void):
        return f"Entry {fact.n} undone by {known.clerk(fact.clerk)}"
    if isinstance(fact, BundleInstalled):
        return f"Promotions version {fact.version} installed"
    if isinstance(fact, Answered):
        return f"Answer to entry {fact.n} seen by {known.clerk(fact.clerk)}"
    if isinstance(fact, Asked | Returned | Transferred):
        return f"{known.promotion(fact.promotion)}: {_of_a_right(fact)}"
    if isinstance(fact, Ticked):
        return "Its clock's floor"
    if isinstance(fact, ContactSealed):
        return "Contact details taken, sealed"
    return "Journal begun" if isinstance(fact, Opened) else "Another entry"


def _of_a_right(fact: Asked | Returned | Transferred) -> str:
    if isinstance(fact, Asked):
        return "head office asked about a code"
    return "rights given back" if isinstance(fact, Returned) else f"rights given to {fact.to}"


def _is_fork(one: Evidence, found: Enrolment) -> bool:
    return one.kind == "fork" and one.feed == found.feed


def _conflict(one: Evidence, known: Names, now: int, zone: tzinfo) -> Conflict:
    """The fork as the first number that is there on both branches; they part there or before."""
    first_n, bodies = _other_branch(one)
    n = one.n if first_n <= one.n < first_n + len(bodies) else first_n
    held = office().store.entries(one.feed, n - 1, 1)
    held_words = _words(_fact(held[0].body), known) if held else "nothing"
    return Conflict(
        n, instant(one.at_ms, now, zone), held_words, _words(_fact(bodies[n - first_n]), known), len(bodies)
    )


def _other_branch(one: Evidence) -> tuple[int, Sequence[bytes]]:
    """What :mod:`sync.head_office.intake` kept of the other branch: the first number, and the bodies."""
    _, first_n, bodies, _ = decode(one.content)
    return first_n, bodies
