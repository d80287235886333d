"""The page of counters: which are enrolled, when they last reported, what they know; one-time codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Response, url_for

from kiosk.core.organisation import CounterPlace, Store
from kiosk.errors import CounterfoilError
from sync.head_office.enrolling import offer
from sync.head_office.freshness import SILENT_AFTER_S, living
from sync.head_office.instants import Instant, instant
from sync.head_office.once import Once, show_once, shown_once
from sync.head_office.records import Enrolment, EnrolmentCode
from sync.head_office.respond import respond, send_to
from sync.head_office.seat import names, now_ms, office, published

PAGE = "head_office/counters.html"


@dataclass(frozen=True, slots=True)
class CounterRow:
    """One counter of a store, and the device that is in force there."""

    id: str
    name: str
    feed: str
    state: str
    tone: str
    symbol: str
    enrolled: bool
    contact: Instant | None = None
    bundle: int | None = None
    behind: bool = False
    entries: int = 0
    code_until: Instant | None = None


@dataclass(frozen=True, slots=True)
class StoreRows:
    """One store with its counters."""

    id: str
    name: str
    words: str
    counters: tuple[CounterRow, ...]


def counters(error: CounterfoilError | None = None) -> Response:
    """``GET /counters``."""
    now = now_ms()
    once = shown_once("counters")
    return respond(
        PAGE,
        status=422 if error else 200,
        stores=_stores(now),
        version=published().version,
        error=error,
        once=once,
        until=instant(once.until_ms, now, names().zone, name_zone=not names().one_zone) if once else None,
    )


def make_code(store: str, counter: str) -> Response:
    """``POST /counters/<store>/<counter>/code``: a one-time code, in place of the one before."""
    try:
        code = offer(office(), store, counter)
    except CounterfoilError as error:
        return counters(error)
    whose = names().places().get((store, counter), f"{store} {counter}")
    show_once(Once("counters", whose, str(code.code), code.expires_at_ms))
    return send_to(url_for("pages.counters", _anchor="once"))


def _stores(now: int) -> list[StoreRows]:
    devices = living(office().store.enrolments())
    codes = {(code.store, code.counter): code for code in office().store.codes() if code.expires_at_ms > now}
    rows = []
    for store in published().organisation.stores:
        found = tuple(
            _row(store, place, devices.get((store.id, place.id)), codes, now) for place in store.counters
        )
        rows.append(StoreRows(store.id, store.name, _words(found), found))
    return rows


def _words(rows: tuple[CounterRow, ...]) -> str:
    enrolled = sum(row.enrolled for row in rows)
    if not rows:
        return "no counters in organisation.yaml"
    return f"{enrolled} of {len(rows)} enrolled" if enrolled < len(rows) else "all enrolled"


def _row(
    store: Store,
    place: CounterPlace,
    device: Enrolment | None,
    codes: Mapping[tuple[str, str], EnrolmentCode],
    now: int,
) -> CounterRow:
    code = codes.get((store.id, place.id))
    until = instant(code.expires_at_ms, now, store.zone) if code else None
    if device is None:
        return CounterRow(
            place.id, place.name, f"{store.id}/{place.id}", "not enrolled", "", "minus", enrolled=False, code_until=until
        )
    state, tone, symbol = _state(device, now)
    return CounterRow(
        id=place.id,
        name=place.name,
        feed=str(device.feed),
        state=state,
        tone=tone,
        symbol=symbol,
        enrolled=True,
        contact=None if device.last_contact_ms is None else instant(device.last_contact_ms, now, store.zone),
        bundle=device.bundle_version,
        behind=(device.bundle_version or 0) < published().version,
        entries=office().store.head(device.feed).n,
        code_until=until,
    )


def _state(device: Enrolment, now: int) -> tuple[str, str, str]:
    if device.fenced:
        return "fenced: copied journal", "refuse", "warn"
    if device.last_contact_ms is None:
        return "enrolled, not seen yet", "check", "clock"
    if now - device.last_contact_ms > SILENT_AFTER_S * 1000:
        return "silent", "check", "clock"
    return "in touch", "accept", "check"
