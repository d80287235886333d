"""Instants as a reader at head office meets them: a store's own clock, and the day only where it is another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kiosk.clock import from_ms


@dataclass(frozen=True, slots=True)
class Instant:
    """``words`` to read, ``iso`` (ISO 8601 with offset) for machines."""

    iso: str
    words: str


def zone_named(name: str) -> tzinfo:
    """The time zone of an IANA name; UTC where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def day_words(at: datetime, now: datetime) -> str:
    """The day of ``at`` as seen from ``now``, both in one zone: "" today, "Fri" this week, "14 Nov", "14 Nov 2024"."""
    apart = (now.date() - at.date()).days
    if apart == 0:
        return ""
    if 0 < apart < 7:
        return f"{at:%a}"
    day = f"{at.day} {at:%b}"
    return day if at.year == now.year else f"{day} {at.year}"


def instant(at_ms: int, now_ms: int, zone: tzinfo, *, seconds: bool = False, name_zone: bool = False) -> Instant:
    """``at_ms`` (Unix ms) on the clock of ``zone``, as read at ``now_ms``: "21:42", "Fri 21:42:07", "21:42 UTC".

    A time that no calendar has is "at no time", and its milliseconds stand for it.
    """
    now = from_ms(now_ms).astimezone(zone)
    try:
        at = from_ms(at_ms).astimezone(zone)
    except (OverflowError, ValueError, OSError):  # a counter's clock that is out of all bounds
        return Instant(str(at_ms), "at no time")
    clock = f"{at:%H:%M:%S}" if seconds else f"{at:%H:%M}"
    words = " ".join(part for part in (day_words(at, now), clock, f"{at:%Z}" if name_zone else "") if part)
    return Instant(at.isoformat(timespec="seconds"), words)


def span_words(span: timedelta) -> str:
    """How long, in its largest unit: "40 s", "12 min", "3 h", "2 days"."""
    seconds = int(span.total_seconds())
    for unit_s, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= unit_s:
            count = seconds // unit_s
            return "1 day" if unit == "days" and count == 1 else f"{count} {unit}"
    return f"{seconds} s"
