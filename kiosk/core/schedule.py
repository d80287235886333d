"""When a promotion runs, in a store's time zone.

Rules of this module:

- Dates are inclusive; a day is the store-local calendar day.
- Hours are what the clock on the store's wall shows: start inclusive, end exclusive. ``"22:00-02:00"``
  belongs to the day it starts on, so that day's date, weekday and blackout decide for its small hours too.
- Daylight saving follows from that. Hours that a spring day skips do not happen; where the clock is set
  forward into a span, the span begins at that moment. Hours that an autumn day repeats happen twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
HOURS_PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"

_DAY = timedelta(days=1)
_WIDEST_OFFSET = timedelta(hours=15)  # offsets run from -12:00 to +14:00
_LONGEST_TOLD = timedelta(days=366)  # of hours that follow each other without a gap for longer
_FURTHEST_DAY = date(9999, 12, 1)  # room to add a night and an offset


class HoursError(ValueError):
    """Text that names no hours of a day."""


@dataclass(frozen=True, slots=True)
class Span:
    """Hours of a day in minutes after its midnight; ``end_min`` is above 1440 where they pass midnight."""

    start_min: int
    end_min: int


WHOLE_DAY = Span(0, DAY_MINUTES)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From ``start_at`` until just before ``end_at``, aware UTC."""

    start_at: datetime
    end_at: datetime


def parse_hours(text: str) -> Span:
    """The span that ``"17:00-22:00"`` names; an end at or before the start lies on the next day."""
    if not re.fullmatch(HOURS_PATTERN.strip("^$"), text):
        raise HoursError(f'hours are written "17:00-22:00", not {text!r}')
    start, end = (int(part[:2]) * 60 + int(part[3:]) for part in text.split("-"))
    if start == end:
        raise HoursError(f'{text!r} has no length; the whole day is "00:00-24:00" or no hours at all')
    return Span(start, end if end > start else end + DAY_MINUTES)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a promotion runs. ``days`` are weekdays, Monday 0; no ``spans`` are the whole day."""

    first: date
    last: date
    days: frozenset[int] = frozenset(range(7))
    spans: tuple[Span, ...] = ()
    blackout: frozenset[date] = frozenset()

    @property
    def whole_days(self) -> bool:
        """Whether a day on which it runs is open from midnight to midnight."""
        return not self.spans or WHOLE_DAY in self.spans

    def day_of(self, wall: datetime) -> date:
        """The day to which the time on the store's wall belongs: in hours over midnight, the one they started on."""
        minute = wall.hour * 60 + wall.minute
        if any(span.start_min <= minute < span.end_min for span in self.spans):
            return wall.date()
        in_small_hours = any(minute < span.end_min - DAY_MINUTES for span in self.spans)
        return wall.date() - _DAY if in_small_hours else wall.date()

    def runs_on(self, day: date) -> bool:
        """Whether hours may start on ``day``."""
        return self.first <= day <= self.last and day.weekday() in self.days and day not in self.blackout

    def days_from(self, day: date) -> Iterator[date]:
        """The days on which it runs, from ``day`` on."""
        day = max(day, self.first)
        last = min(self.last, _FURTHEST_DAY)
        while day <= last:
            if self.runs_on(day):
                yield day
            day += _DAY

    def last_day(self) -> date:
        """The last day on which it runs; ``last`` where it never does."""
        day = self.last
        while day >= self.first:
            if self.runs_on(day):
                return day
            day -= _DAY
        return self.last


def is_open(schedule: Schedule, local: datetime) -> bool:
    """Whether it runs when the store's clock shows ``local``."""
    day = local.date()
    if schedule.whole_days and schedule.runs_on(day):
        return True
    minute = local.hour * 60 + local.minute
    return _covers(schedule, day, minute) or _covers(schedule, day - _DAY, minute + DAY_MINUTES)


def _covers(schedule: Schedule, day: date, minute: int) -> bool:
    for span in schedule.spans:
        if span.start_min <= minute < span.end_min:
            return schedule.runs_on(day)
    return False


def next_opening(schedule: Schedule, zone: tzinfo, now: datetime) -> Stretch | None:
    """The nearest stretch in which it runs, from ``now`` (aware) on; it starts at ``now`` where it runs already.

    None where it never runs again.
    """
    nearest: Stretch | None = None
    for day in schedule.days_from(now.astimezone(zone).date() - _DAY):
        if nearest is not None and (schedule.whole_days or _is_over(nearest, zone, day)):
            break
        stretches = [stretch for stretch in _on(schedule, zone, day) if stretch.end_at > now]
        if stretches:
            nearest = _joined([nearest, *stretches] if nearest else stretches)[0]
    if nearest is None:
        return None
    return Stretch(max(nearest.start_at, now.astimezone(UTC)), nearest.end_at)


def _is_over(stretch: Stretch, zone: tzinfo, day: date) -> bool:
    """Whether hours that start on ``day`` start later than ``stretch`` ends, or it is as long as need be told."""
    return day > stretch.end_at.astimezone(zone).date() or stretch.end_at - stretch.start_at > _LONGEST_TOLD


def _on(schedule: Schedule, zone: tzinfo, day: date) -> Iterator[Stretch]:
    """The stretches of the hours that start on ``day``; whole days run on to the end of the last in a row."""
    midnight = datetime.combine(day, time())
    if schedule.whole_days:
        first_day = list(_stretches(zone, midnight, midnight + _DAY))
        if first_day:
            yield Stretch(first_day[0].start_at, _end_of_days(zone, _last_in_a_row(schedule, day)))
        return
    for span in schedule.spans:
        start, end = (midnight + timedelta(minutes=minute) for minute in (span.start_min, span.end_min))
        yield from _stretches(zone, start, end)


def _end_of_days(zone: tzinfo, last: date) -> datetime:
    """When ``last`` ends, or the day before it where the zone left it out."""
    midnight = datetime.combine(last, time())
    stretches = list(_stretches(zone, midnight, midnight + _DAY))
    return stretches[-1].end_at if stretches else _end_of_days(zone, last - _DAY)


def _last_in_a_row(schedule: Schedule, day: date) -> date:
    last = min([schedule.last, _FURTHEST_DAY, *(out - _DAY for out in schedule.blackout if out > day)])
    if len(schedule.days) < 7:
        while day < last and (day + _DAY).weekday() in schedule.days:
            day += _DAY
        return day
    return last


def _stretches(zone: tzinfo, start: datetime, end: datetime) -> Iterator[Stretch]:
    """The instants at which the wall shows ``start`` to ``end`` (naive): two pieces where the clock is set between."""
    start, end = start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)
    low, high = start - _WIDEST_OFFSET, end + _WIDEST_OFFSET
    before, after = _offset(zone, low), _offset(zone, high)
    if before == after:
        yield Stretch(start - before, end - before)
        return
    turn = _turn(zone, low, high)
    pieces = [
        Stretch(start - before, min(end - before, turn)),
        Stretch(max(start - after, turn), end - after),
    ]
    yield from _joined([piece for piece in pieces if piece.start_at < piece.end_at])


def _offset(zone: tzinfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _turn(zone: tzinfo, low: datetime, high: datetime) -> datetime:
    """The first whole second in (low, high] with the offset of ``high``."""
    after = _offset(zone, high)
    seconds_low, seconds_high = 0, int((high - low).total_seconds())
    while seconds_high - seconds_low > 1:
        middle = (seconds_low + seconds_high) // 2
        if _offset(zone, low + timedelta(seconds=middle)) == after:
            seconds_high = middle
        else:
            seconds_low = middle
    return low + timedelta(seconds=seconds_high)


def _joined(stretches: list[Stretch]) -> list[Stretch]:
    """In order of time, with those that touch or overlap made one."""
    joined: list[Stretch] = []
    for stretch in sorted(stretches, key=lambda each: each.start_at):
        if joined and stretch.start_at <= joined[-1].end_at:
            joined[-1] = Stretch(joined[-1].start_at, max(joined[-1].end_at, stretch.end_at))
        else:
            joined.append(stretch)
    return joined
