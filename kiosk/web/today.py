"""What is on at a store today: the list that a counter shows while nobody is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from kiosk.core.catalogue import Catalogue
from kiosk.core.promotion import Promotion
from kiosk.core.schedule import is_open, next_opening
from kiosk.core.terms import Terms
from kiosk.web import times
from kiosk.web.language import gettext as _
from kiosk.web.language import marked

SOON = timedelta(days=7)
RECENT_DAYS = 7

_CHANNELS = {
    "check-in": marked("check-in"), "post": marked("post"), "story": marked("story"), "offer": marked("offer"),
    "text": marked("text message"), "email": marked("e-mail"), "print": marked("print"),
}  # fmt: skip
_KINDS = {
    "screen": marked("Screen"), "voucher": marked("Signed voucher"), "listed": marked("Listed code"),
    "word": marked("Code word"), "rotating": marked("Rotating code"), "gs1": marked("GS1 coupon"),
    "foreign": marked("Partner's ticket"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class OnToday:
    """One row. ``tone`` is on, later or over; ``thumb`` is a code word in two lines, or nothing."""

    title: str
    line: str
    tone: str
    icon: str
    when: str
    thumb: tuple[str, ...] = ()


def on_today(catalogue: Catalogue, store: str, now: datetime) -> list[OnToday]:
    """The promotions of ``store`` that run now, begin within a week or ended within one; those that run first."""
    zone = catalogue.zone(store)
    found = []
    for promotion_id in catalogue.promotions:
        terms = catalogue.terms(promotion_id)
        if terms is not None and store in terms.stores:
            placed = _place(terms, zone, now)
            if placed is not None:
                found.append(placed)
    return [row for _, row in sorted(found, key=lambda one: one[0])]


def _place(terms: Terms, zone: tzinfo, now: datetime) -> tuple[tuple[int, float, str], OnToday] | None:
    promotion, local = terms.promotion, now.astimezone(zone)
    announced = promotion.announce_from
    if announced is not None and local.date() < announced:
        return None
    opening = next_opening(terms.schedule, zone, now)
    title = promotion.title
    if opening is None:
        away = (local.date() - terms.schedule.last).days
        row = _row(promotion, "over", "minus", _("over since %(day)s", day=_since(terms, local)))
        return ((3, float(away), title), row) if away <= RECENT_DAYS else None
    if promotion.paused:
        return (2, 0.0, title), _row(promotion, "over", "pause", _("paused"))
    if is_open(terms.schedule, local):
        when = _till(opening.end_at, zone, now)
        return (0, opening.end_at.timestamp(), title), _row(promotion, "on", "check", when)
    if opening.start_at - now > SOON:
        return None
    when = _("from %(when)s", when=_short(opening.start_at, zone, now))
    return (1, opening.start_at.timestamp(), title), _row(promotion, "later", "clock", when)


def _till(end: datetime, zone: tzinfo, now: datetime) -> str:
    if end - now >= timedelta(hours=24):
        return _("on all day")
    clock = times.clock(end, zone)
    return _("on till midnight") if clock == "00:00" else _("on till %(clock)s", clock=clock)


def _short(at: datetime, zone: tzinfo, now: datetime) -> str:
    local = at.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return f"{local:%H:%M}"
    weekday = times.weekday(local)
    return weekday if (local.hour, local.minute) == (0, 0) else f"{weekday} {local:%H:%M}"


def _since(terms: Terms, local: datetime) -> str:
    last = terms.schedule.last
    return _("today") if last >= local.date() else times.weekday(last)


def _row(promotion: Promotion, tone: str, icon: str, when: str) -> OnToday:
    return OnToday(promotion.title, _line(promotion), tone, icon, when, _thumb(promotion))


def _line(promotion: Promotion) -> str:
    channel = _(_CHANNELS[promotion.channel]) if promotion.channel in _CHANNELS else ""
    if promotion.network is not None:
        network = promotion.network
        return _("%(network)s %(channel)s", network=network, channel=channel) if channel else network
    kinds = [_(_KINDS[kind]) for kind in promotion.credentials if kind in _KINDS]
    return ", ".join(part for part in (kinds[0] if kinds else "", channel) if part)


def _thumb(promotion: Promotion) -> tuple[str, ...]:
    word = promotion.words[0] if promotion.words else ""
    if not 2 < len(word) <= 10 or not word.isalnum():
        return ()
    middle = (len(word) + 1) // 2
    return (word[:middle], word[middle:]) if len(word) > 5 else (word,)
