"""A whole year on the store's wall clock, quarter hour by quarter hour, in zones that set it in every way there is.

The reading compared with knows neither spans of minutes nor offsets to search for: it looks at the wall clock at each
quarter of an hour of the year and asks, in text, whether it stands within hours that started on that day or the day
before. What it finds open in a row is an opening. All zones set their clocks at quarters of an hour, and all hours here
begin and end at quarters, so that nothing happens between two looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from kiosk.core.schedule import Schedule, Stretch, is_open, next_opening, parse_hours

QUARTER = timedelta(minutes=15)
CHANGES = {  # in 2026, or in the year named: how often the clock is set, and by how many minutes
    "America/New_York": (2026, [60, -60]),
    "America/Los_Angeles": (2026, [60, -60]),
    "Europe/Lisbon": (2026, [60, -60]),
    "Africa/Lagos": (2026, []),
    "Asia/Kathmandu": (2026, []),  # 05:45 ahead of UTC
    "Australia/Lord_Howe": (2026, [-30, 30]),
    "Pacific/Chatham": (2026, [-60, 60]),  # 12:45 ahead, set at 02:45
    "America/Havana": (2026, [60, -60]),  # set at midnight
    "Africa/Casablanca": (2026, [-60, 60]),  # back for Ramadan
    "Africa/Cairo": (2026, [60, -60]),
    "Pacific/Apia": (2011, [-60, 60, 24 * 60]),  # left out 30 December
}


@dataclass(frozen=True)
class Rules:
    """What a promotion says, in the words of its author."""

    days: str = "mon tue wed thu fri sat sun"
    hours: tuple[str, ...] = ()
    blackout: tuple[str, ...] = ()

    def schedule(self, year: int) -> Schedule:
        names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        days = frozenset(names.index(day) for day in self.days.split())
        spans = tuple(parse_hours(one) for one in self.hours)
        out = frozenset(date.fromisoformat(f"{year}-{day}") for day in self.blackout)
        return Schedule(date(year, 1, 3), date(year, 12, 30), days, spans, out)


RULES = {
    "every day": Rules(),
    "days": Rules("fri sat sun mon", blackout=("03-08", "10-25", "11-01")),
    "small hours": Rules(hours=("00:00-01:00", "02:15-03:00")),
    "nights": Rules("fri sat sun", ("22:00-02:30",), ("10-31",)),
    "over the change": Rules(hours=("01:30-04:00", "12:00-14:00"), blackout=("07-04",)),
    "in turns without a gap": Rules(hours=("06:00-14:00", "14:00-22:00", "22:00-06:00"), blackout=("06-01",)),
    "around the clock from noon": Rules("sat", ("12:00-11:45",)),
}


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the wall: when, what it shows, and that as text."""

    instant: datetime
    wall: datetime
    day: date
    shown: str


@cache
def looks(zone: str) -> tuple[Look, ...]:
    """Each quarter of an hour from two days before the year to some days after it."""
    begin = datetime(CHANGES[zone][0], 1, 1, tzinfo=UTC) - timedelta(days=2)
    walls = ((begin + QUARTER * k, (begin + QUARTER * k).astimezone(ZoneInfo(zone))) for k in range(4 * 24 * 372))
    return tuple(Look(instant, wall, wall.date(), wall.isoformat()[11:16]) for instant, wall in walls)


def changes(zone: str) -> list[tuple[datetime, timedelta]]:
    """When the clock is set, and by how much."""
    offsets = [(look.instant, look.wall.utcoffset() or timedelta()) for look in looks(zone)]
    return [(at, after - before) for (_, before), (at, after) in pairwise(offsets) if after != before]


@cache
def runs_on(rules: Rules, year: int, day: date) -> bool:
    if not f"{year}-01-03" <= day.isoformat() <= f"{year}-12-30":
        return False
    return day.strftime("%a").lower() in rules.days and f"{day:%m-%d}" not in rules.blackout


def is_open_by_the_wall(rules: Rules, year: int, day: date, shown: str) -> bool:
    """Whether somebody who reads the rules and the clock on the wall says that it runs."""
    for hours in rules.hours or ("00:00-24:00",):
        start, end = hours.split("-")
        if start < end:
            if start <= shown < end and runs_on(rules, year, day):
                return True
        elif (shown >= start and runs_on(rules, year, day)) or (
            shown < end and runs_on(rules, year, day - timedelta(days=1))
        ):
            return True
    return False


@cache
def walk(zone: str, name: str) -> tuple[bool, ...]:
    """Whether it is open at each look."""
    return tuple(is_open_by_the_wall(RULES[name], CHANGES[zone][0], look.day, look.shown) for look in looks(zone))


def openings(zone: str, name: str) -> list[Stretch]:
    """What a walk through the year finds open in a row."""
    found: list[Stretch] = []
    for look, is_so in zip(looks(zone), walk(zone, name), strict=True):
        if not is_so:
            continue
        if found and found[-1].end_at == look.instant:
            found[-1] = Stretch(found[-1].start_at, look.instant + QUARTER)
        else:
            found.append(Stretch(look.instant, look.instant + QUARTER))
    return found


@pytest.mark.parametrize("zone", CHANGES)
def test_the_clocks_of_the_year_are_set_as_the_walk_wants(zone: str) -> None:
    assert [change // timedelta(minutes=1) for _, change in changes(zone)] == CHANGES[zone][1]


@pytest.mark.parametrize("zone", CHANGES)
@pytest.mark.parametrize("name", RULES)
def test_it_is_open_all_year_when_the_wall_and_the_rules_say_so(zone: str, name: str) -> None:
    schedule = RULES[name].schedule(CHANGES[zone][0])
    close = [(at - timedelta(days=2), at + timedelta(days=2)) for at, _ in changes(zone)]
    for k, (look, is_so) in enumerate(zip(looks(zone), walk(zone, name), strict=True)):
        if k % 4 == 0 or any(low < look.instant < high for low, high in close):  # each hour, around a change each look
            assert is_open(schedule, look.wall) is is_so, look.wall


@pytest.mark.parametrize("zone", CHANGES)
@pytest.mark.parametrize("name", RULES)
def test_the_next_opening_is_all_year_the_one_that_a_walk_finds(zone: str, name: str) -> None:
    schedule, found = RULES[name].schedule(CHANGES[zone][0]), openings(zone, name)
    told = [next_opening(schedule, ZoneInfo(zone), looks(zone)[0].instant)]
    for opening in found:  # asked just before it ends, and when it is over
        last = opening.end_at - timedelta(seconds=1)
        assert next_opening(schedule, ZoneInfo(zone), last) == Stretch(last, opening.end_at)
        told.append(next_opening(schedule, ZoneInfo(zone), opening.end_at))
    assert told == [*found, None]
