"""The page of counters: which are enrolled, when they last reported, what they know; one-time codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from flask import Response, current_app, request, url_for

from kiosk.enrolment_text import enrolment_text, is_address
from kiosk.errors import CounterfoilError
from sync.head_office.code_picture import Picture, picture_of
from sync.head_office.desk import CounterState, create_enrolment_code
from sync.head_office.desk import counters as counter_states
from sync.head_office.freshness import SILENT_AFTER_S
from sync.head_office.instants import Instant, instant
from sync.head_office.names import Names
from sync.head_office.once import Once, show_once, shown_once
from sync.head_office.records import Enrolment
from sync.head_office.respond import respond, send_to
from sync.head_office.seat import names, now_ms, office, published

PAGE = "head_office/counters.html"


@dataclass(frozen=True, slots=True)
class CounterRow:
    """One counter, and the device that is in force there. ``code_until``: a one-time code is out for it."""

    id: str
    name: str
    feed: str
    life: int
    state: str
    tone: str
    symbol: str
    enrolled: bool
    contact: Instant | None
    bundle: int
    entries: int
    code_until: Instant | None


@dataclass(frozen=True, slots=True)
class StoreRows:
    """One store with its counters."""

    id: str
    name: str
    words: str
    counters: tuple[CounterRow, ...]


def counters(error: CounterfoilError | None = None) -> Response:
    """``GET /counters``."""
    now, known = now_ms(), names()
    once = shown_once("counters")
    return respond(
        PAGE,
        status=422 if error else 200,
        stores=_stores(known, now),
        version=published().version,
        error=error,
        once=once,
        until=instant(once.until_ms, now, known.zone, name_zone=not known.one_zone) if once else None,
        filmed=_filmed(once) if once else None,
    )


@dataclass(frozen=True, slots=True)
class Filmed:
    """The code as a picture. ``here_only``: by its address only a counter on this very machine finds head office."""

    picture: Picture
    address: str
    here_only: bool


def _filmed(once: Once) -> Filmed | None:
    """The one-time code and the address of this page as a QR code; None where that address is none to be filmed."""
    scheme = "https" if current_app.config["SESSION_COOKIE_SECURE"] else request.scheme
    address = f"{scheme}://{request.host}{request.root_path}"
    if not is_address(address):
        return None
    return Filmed(picture_of(enrolment_text(once.secret, address)), address, _is_loopback(request.host))


def _is_loopback(host: str) -> bool:
    name = host.rpartition("]")[0].lstrip("[") or host.partition(":")[0]
    return name == "::1" or name.startswith("127.") or name == "localhost" or name.endswith(".localhost")


def make_code(store: str, counter: str) -> Response:
    """``POST /counters/<store>/<counter>/code``: a one-time code, in place of the one before."""
    try:
        shown = create_enrolment_code(office(), store, counter)
    except CounterfoilError as error:
        return counters(error)
    whose = names().places().get((store, counter), f"{store} {counter}")
    show_once(Once("counters", whose, shown.code, shown.expires_at_ms))
    return send_to(url_for("pages.counters", _anchor="once"))


def _stores(known: Names, now: int) -> list[StoreRows]:
    """The published stores in their order, then any whose counters are enrolled but no longer published."""
    order = {store.id: at for at, store in enumerate(published().organisation.stores)}
    states = sorted(counter_states(office()), key=lambda one: (order.get(one.store, len(order)), one.store))
    held = {store: tuple(found) for store, found in groupby(states, key=lambda one: one.store)}
    return [_store(store, held.get(store, ()), known, now) for store in dict.fromkeys([*order, *held])]


def _store(store: str, states: Sequence[CounterState], known: Names, now: int) -> StoreRows:
    rows = tuple(_row(state, known, now) for state in states)
    enrolled = sum(row.enrolled for row in rows)
    words = f"{enrolled} of {len(rows)} enrolled" if enrolled < len(rows) else "all enrolled"
    if store not in known.stores:
        words = "no longer in organisation.yaml"
    return StoreRows(store, known.store(store), words if rows else "no counters in organisation.yaml", rows)


def _row(state: CounterState, known: Names, now: int) -> CounterRow:
    device, zone = state.enrolment, known.zone_of(state.store)
    words, tone, symbol = state_words(device, now)
    contact = device.last_contact_ms if device else None
    return CounterRow(
        id=state.counter,
        name=state.counter_name,
        feed=str(device.feed) if device else f"{state.store}/{state.counter}",
        life=device.incarnation if device else 0,
        state=words,
        tone=tone,
        symbol=symbol,
        enrolled=device is not None,
        contact=None if contact is None else instant(contact, now, zone),
        bundle=(device.bundle_version if device else None) or 0,
        entries=state.received_n,
        code_until=instant(state.code.expires_at_ms, now, zone) if state.code else None,
    )


def state_words(device: Enrolment | None, now: int) -> tuple[str, str, str]:
    """What a device is doing, with the tone and symbol of its tag."""
    if device is None:
        return "not enrolled", "", "minus"
    if device.revoked:
        return "revoked", "refuse", "cross"
    if device.fenced:
        return "fenced: its journal was copied", "refuse", "warn"
    if device.last_contact_ms is None:
        return "enrolled, not seen yet", "check", "clock"
    if now - device.last_contact_ms > SILENT_AFTER_S * 1000:
        return "silent", "check", "clock"
    return "in touch", "accept", "check"
