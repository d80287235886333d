"""Times as a clerk reads them: store-local, short, in English. Nothing here reads a clock.

``now`` and ``at`` are aware; ``zone`` is the store's time zone. The clock has 24 hours, days are "Fri 20 Nov".
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEK = timedelta(days=7)


def clock(at: datetime, zone: tzinfo) -> str:
    """As "19:04"."""
    return at.astimezone(zone).strftime("%H:%M")


def clock_seconds(at: datetime, zone: tzinfo) -> str:
    """As "19:04:12"."""
    return at.astimezone(zone).strftime("%H:%M:%S")


def day(on: date, today: date) -> str:
    """As "Fri 20 Nov"; with its year, and no weekday, where that is another one: "20 Nov 2027"."""
    if on.year != today.year and abs(on - today) > timedelta(days=180):
        return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"
    return f"{WEEKDAYS[on.weekday()][:3]} {on.day} {_MONTHS[on.month - 1]}"


def day_and_clock(at: datetime, zone: tzinfo) -> str:
    """As "Fri 20 Nov 19:04", as the status line shows the time."""
    local = at.astimezone(zone)
    return f"{day(local.date(), local.date())} {local:%H:%M}"


def near_day(on: date, today: date) -> str:
    """As "today", "tomorrow", "yesterday", a weekday within the week to come, else the date."""
    away = on - today
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}.get(away.days)
    if near:
        return near
    return WEEKDAYS[on.weekday()] if timedelta(0) < away < _WEEK else day(on, today)


def near(at: datetime, zone: tzinfo, now: datetime) -> str:
    """As "today 18:40", "Friday 17:00", "Sat 21 Nov 18:40"; at midnight only the day."""
    local = at.astimezone(zone)
    name = near_day(local.date(), now.astimezone(zone).date())
    return name if (local.hour, local.minute) == (0, 0) else f"{name} {local:%H:%M}"


def spoken(at: datetime, zone: tzinfo, now: datetime) -> str:
    """As said aloud: "today at 18:40", "on Friday at 17:00"."""
    local = at.astimezone(zone)
    name = near_day(local.date(), now.astimezone(zone).date())
    on = name if name in ("today", "tomorrow", "yesterday") else f"on {name}"
    return on if (local.hour, local.minute) == (0, 0) else f"{on} at {local:%H:%M}"


def stretch(at: datetime, until: datetime | None, zone: tzinfo, now: datetime) -> str:
    """As "Fri 20 Nov, 17:00 to 22:00"; whole days by their dates: "Fri 20 Nov to Mon 30 Nov"."""
    start, today = at.astimezone(zone), now.astimezone(zone).date()
    first = day(start.date(), today)
    if until is None:
        return f"{first}, from {start:%H:%M}"
    end = until.astimezone(zone)
    if (start.hour, start.minute, end.hour, end.minute) == (0, 0, 0, 0):
        last = end.date() - timedelta(days=1)
        return first if last <= start.date() else f"{first} to {day(last, today)}"
    if end - start <= timedelta(hours=24):
        return f"{first}, {start:%H:%M} to {end:%H:%M}"
    return f"{first} {start:%H:%M} to {day(end.date(), today)} {end:%H:%M}"


def ago(seconds: float) -> str:
    """How old something is: "just now", "2 min", "3 h", "4 days"."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"


def parse(iso: object) -> datetime | None:
    """The aware instant of an ISO 8601 text with an offset; None where it is none."""
    try:
        at = datetime.fromisoformat(str(iso))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
