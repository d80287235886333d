"""Times as a clerk reads them: store-local, short, in the active language. Nothing here reads a clock.

``now`` and ``at`` are aware; ``zone`` is the store's time zone. The clock has 24 hours, days are "Fri 20 Nov".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo

from kiosk.web.language import gettext as _
from kiosk.web.language import marked, ngettext

_WEEKDAYS = (
    marked("Monday"), marked("Tuesday"), marked("Wednesday"), marked("Thursday"), marked("Friday"),
    marked("Saturday"), marked("Sunday"),
)  # fmt: skip
_ON_WEEKDAYS = (
    marked("on Monday"), marked("on Tuesday"), marked("on Wednesday"), marked("on Thursday"), marked("on Friday"),
    marked("on Saturday"), marked("on Sunday"),
)  # fmt: skip
_SHORT = (
    marked("Mon"), marked("Tue"), marked("Wed"), marked("Thu"), marked("Fri"), marked("Sat"), marked("Sun"),
)  # fmt: skip
_MONTHS = (
    marked("Jan"), marked("Feb"), marked("Mar"), marked("Apr"), marked("May"), marked("Jun"),
    marked("Jul"), marked("Aug"), marked("Sep"), marked("Oct"), marked("Nov"), marked("Dec"),
)  # fmt: skip
_NEAR = {0: marked("today"), 1: marked("tomorrow"), -1: marked("yesterday")}
_WEEK = timedelta(days=7)


def clock(at: datetime, zone: tzinfo) -> str:
    """As "19:04"."""
    return at.astimezone(zone).strftime("%H:%M")


def clock_seconds(at: datetime, zone: tzinfo) -> str:
    """As "19:04:12"."""
    return at.astimezone(zone).strftime("%H:%M:%S")


def day(on: date, today: date) -> str:
    """As "Fri 20 Nov"; with its year, and no weekday, where that is another one: "20 Nov 2027"."""
    month = _(_MONTHS[on.month - 1])
    if on.year != today.year and abs(on - today) > timedelta(days=180):
        return _("%(day)d %(month)s %(year)d", day=on.day, month=month, year=on.year)
    return _("%(weekday)s %(day)d %(month)s", weekday=weekday(on), day=on.day, month=month)


def weekday(on: date) -> str:
    """As "Fri"."""
    return _(_SHORT[on.weekday()])


def short_weekday(name: str) -> str:
    """The weekday that a schedule calls "fri", as "Fri"."""
    return _(name.capitalize())


def day_and_clock(at: datetime, zone: tzinfo) -> str:
    """As "Fri 20 Nov 19:04", as the status line shows the time."""
    local = at.astimezone(zone)
    return f"{day(local.date(), local.date())} {local:%H:%M}"


def near_day(on: date, today: date) -> str:
    """As "today", "tomorrow", "yesterday", a weekday within the week to come, else the date."""
    return _named(on, today, _WEEKDAYS) or day(on, today)


def on_day(on: date, today: date) -> str:
    """The same within a sentence: "today", "on Friday", "on Sat 14 Nov"."""
    return _named(on, today, _ON_WEEKDAYS) or _("on %(day)s", day=day(on, today))


def _named(on: date, today: date, weekdays: Sequence[str]) -> str:
    away = on - today
    near = _NEAR.get(away.days)
    if near is not None:
        return _(near)
    return _(weekdays[on.weekday()]) if timedelta(0) < away < _WEEK else ""


def near(at: datetime, zone: tzinfo, now: datetime) -> str:
    """As "today 18:40", "Friday 17:00", "Sat 21 Nov 18:40"; at midnight only the day."""
    local = at.astimezone(zone)
    name = near_day(local.date(), now.astimezone(zone).date())
    return name if _is_midnight(local) else f"{name} {local:%H:%M}"


def recent(at: datetime, zone: tzinfo, now: datetime) -> str:
    """As "18:40" where that is today, else as :func:`near`."""
    today = now.astimezone(zone).date()
    return clock(at, zone) if at.astimezone(zone).date() == today else near(at, zone, now)


def spoken(at: datetime, zone: tzinfo, now: datetime) -> str:
    """As said aloud: "today at 18:40", "on Friday at 17:00"."""
    local = at.astimezone(zone)
    on = on_day(local.date(), now.astimezone(zone).date())
    if _is_midnight(local):
        return on
    return ngettext("%(on_day)s at %(clock)s", "%(on_day)s at %(clock)s", local.hour, on_day=on, clock=clock(at, zone))


def stretch(at: datetime, until: datetime | None, zone: tzinfo, now: datetime) -> str:
    """As "Fri 20 Nov, 17:00 to 22:00"; whole days by their dates: "Fri 20 Nov to Mon 30 Nov"."""
    start, today = at.astimezone(zone), now.astimezone(zone).date()
    first = day(start.date(), today)
    if until is None:
        return _("%(day)s, from %(clock)s", day=first, clock=clock(at, zone))
    end = until.astimezone(zone)
    if _is_midnight(start) and _is_midnight(end):
        last = end.date() - timedelta(days=1)
        return first if last <= start.date() else _("%(first)s to %(last)s", first=first, last=day(last, today))
    if end - start <= timedelta(hours=24):
        return _("%(day)s, %(start)s to %(end)s", day=first, start=clock(at, zone), end=clock(until, zone))
    return _(
        "%(first)s to %(last)s",
        first=" ".join((first, clock(at, zone))),
        last=" ".join((day(end.date(), today), clock(until, zone))),
    )


def _is_midnight(local: datetime) -> bool:
    return (local.hour, local.minute) == (0, 0)


def ago(seconds: float) -> str:
    """How old something is: "just now", "2 min", "3 h", "4 days"."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return _("%(minutes)d min", minutes=minutes)
    hours = minutes // 60
    return _("%(hours)d h", hours=hours) if hours < 48 else ngettext("%(num)d day", "%(num)d days", hours // 24)


def parse(iso: object) -> datetime | None:
    """The aware instant of an ISO 8601 text with an offset; None where it is none."""
    try:
        at = datetime.fromisoformat(str(iso))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def parse_day(iso: object) -> date | None:
    """The day of an ISO 8601 text; None where it is none."""
    try:
        return date.fromisoformat(str(iso))
    except ValueError:
        return None
