import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kiosk.core.schedule import HoursError, Schedule, Span, is_open, next_opening, parse_hours
from tests.core_world import NEW_YORK, at

LISBON = ZoneInfo("Europe/Lisbon")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
LAGOS = ZoneInfo("Africa/Lagos")
ALL_DAYS = frozenset(range(7))
FRIDAY, SATURDAY = 4, 5


def november(*hours: str, days: frozenset[int] = ALL_DAYS, blackout: tuple[date, ...] = ()) -> Schedule:
    spans = tuple(parse_hours(one) for one in hours)
    return Schedule(date(2026, 11, 2), date(2026, 11, 28), days, spans, frozenset(blackout))


def on(day: date, *hours: str) -> Schedule:
    return Schedule(day, day, ALL_DAYS, tuple(parse_hours(one) for one in hours))


def runs(schedule: Schedule, instant: datetime, zone: ZoneInfo = NEW_YORK) -> bool:
    return is_open(schedule, instant.astimezone(zone))


def opening(schedule: Schedule, now: datetime, zone: ZoneInfo = NEW_YORK) -> tuple[datetime, datetime] | None:
    stretch = next_opening(schedule, zone, now)
    return None if stretch is None else (stretch.start_at, stretch.end_at)


# --- hours as written ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "span"),
    [("17:00-22:00", Span(1020, 1320)), ("22:00-02:00", Span(1320, 1560)), ("00:00-24:00", Span(0, 1440)),
     ("18:30-00:00", Span(1110, 1440)), ("18:30-24:00", Span(1110, 1440)), ("23:59-23:58", Span(1439, 2878))],
)  # fmt: skip
def test_hours_are_minutes_after_midnight(text: str, span: Span) -> None:
    assert parse_hours(text) == span


@pytest.mark.parametrize(
    "text",
    ["", "17-22", "17:00", "24:00-02:00", "25:00-26:00", "17:60-18:00", "7:00-9:00", "17:00 - 22:00", "17:00-22:00\n"],
)
def test_other_texts_are_no_hours(text: str) -> None:
    with pytest.raises(HoursError, match=rf'^hours are written "17:00-22:00", not {re.escape(repr(text))}$'):
        parse_hours(text)


@pytest.mark.parametrize("text", ["17:00-17:00", "00:00-00:00"])
def test_hours_without_length_are_refused(text: str) -> None:
    with pytest.raises(HoursError, match=rf"^{text!r} has no length; the whole day is .* or no hours at all$"):
        parse_hours(text)


# --- dates, days, hours --------------------------------------------------------------------------


def test_it_runs_from_the_first_midnight() -> None:
    assert not runs(november(), at("2026-11-01T23:59:59"))
    assert runs(november(), at("2026-11-02T00:00"))


def test_it_runs_to_the_last_midnight() -> None:
    assert runs(november(), at("2026-11-28T23:59:59"))
    assert not runs(november(), at("2026-11-29T00:00"))


def test_it_runs_on_its_days_only() -> None:
    weekend = november(days=frozenset({FRIDAY, SATURDAY}))
    assert not runs(weekend, at("2026-11-05T23:59:59"))
    assert runs(weekend, at("2026-11-06T00:00"))
    assert runs(weekend, at("2026-11-07T23:59:59"))
    assert not runs(weekend, at("2026-11-08T00:00"))


def test_a_blackout_date_is_out_from_midnight_to_midnight() -> None:
    thanksgiving = november(blackout=(date(2026, 11, 26),))
    assert runs(thanksgiving, at("2026-11-25T23:59:59"))
    assert not runs(thanksgiving, at("2026-11-26T00:00"))
    assert not runs(thanksgiving, at("2026-11-26T23:59:59"))
    assert runs(thanksgiving, at("2026-11-27T00:00"))


def test_hours_begin_with_their_first_minute() -> None:
    assert not runs(november("17:00-22:00"), at("2026-11-06T16:59:59.999999"))
    assert runs(november("17:00-22:00"), at("2026-11-06T17:00"))


def test_hours_end_before_their_last_minute() -> None:
    assert runs(november("17:00-22:00"), at("2026-11-06T21:59:59.999999"))
    assert not runs(november("17:00-22:00"), at("2026-11-06T22:00"))


def test_any_of_several_hours_will_do() -> None:
    lunch_and_dinner = november("11:00-14:00", "17:00-22:00")
    assert runs(lunch_and_dinner, at("2026-11-06T13:00"))
    assert not runs(lunch_and_dinner, at("2026-11-06T15:00"))
    assert runs(lunch_and_dinner, at("2026-11-06T18:00"))


# --- over midnight -------------------------------------------------------------------------------


def test_a_night_reaches_into_the_next_day() -> None:
    assert runs(november("22:00-02:00"), at("2026-11-07T01:59:59"))
    assert not runs(november("22:00-02:00"), at("2026-11-07T02:00"))


def test_the_small_hours_belong_to_the_weekday_the_night_started_on() -> None:
    friday_night = november("22:00-02:00", days=frozenset({FRIDAY}))
    assert not runs(friday_night, at("2026-11-06T01:00"))
    assert runs(friday_night, at("2026-11-07T01:00"))
    assert not runs(friday_night, at("2026-11-07T22:00"))


@pytest.mark.parametrize(
    ("hours", "wall", "day"),
    [
        (["22:00-02:00"], "2026-11-06T01:59:59", 5),
        (["22:00-02:00"], "2026-11-06T02:00:00", 6),
        (["22:00-02:00"], "2026-11-06T22:00:00", 6),
        (["22:00-02:00", "01:30-03:00"], "2026-11-06T01:29:59", 5),
        (["22:00-02:00", "01:30-03:00"], "2026-11-06T01:30:00", 6),
        (["17:00-22:00"], "2026-11-06T00:00:00", 6),
        ([], "2026-11-06T00:00:00", 6),
    ],
)
def test_the_small_hours_of_a_night_are_of_the_day_it_started_on(hours: list[str], wall: str, day: int) -> None:
    assert november(*hours).day_of(datetime.fromisoformat(wall)) == date(2026, 11, day)


def test_the_last_night_runs_past_the_last_day() -> None:
    assert runs(november("22:00-02:00"), at("2026-11-29T01:59"))
    assert not runs(november("22:00-02:00"), at("2026-11-29T22:00"))


def test_there_are_no_small_hours_before_the_first_night() -> None:
    assert not runs(november("22:00-02:00"), at("2026-11-02T01:00"))


def test_a_blackout_date_takes_its_night_and_leaves_the_small_hours_of_the_night_before() -> None:
    nights = november("22:00-02:00", blackout=(date(2026, 11, 26),))
    assert runs(nights, at("2026-11-26T01:00"))
    assert not runs(nights, at("2026-11-26T23:00"))
    assert not runs(nights, at("2026-11-27T01:00"))


# --- daylight saving -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [(NEW_YORK, date(2026, 3, 8), 23), (NEW_YORK, date(2026, 11, 1), 25), (LISBON, date(2026, 3, 29), 23),
     (LISBON, date(2026, 10, 25), 25), (LORD_HOWE, date(2026, 10, 4), 23.5), (LORD_HOWE, date(2026, 4, 5), 24.5),
     (LAGOS, date(2026, 3, 29), 24)],
)  # fmt: skip
def test_a_whole_day_is_as_long_as_the_store_s_clock_makes_it(zone: ZoneInfo, day: date, hours: float) -> None:
    found = opening(on(day), at(f"{day}T00:00", zone) - timedelta(days=1), zone)
    assert found is not None
    assert found[0] == at(f"{day}T00:00", zone)
    assert found[1] - found[0] == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("zone", "day", "first", "last"),
    [(NEW_YORK, date(2026, 3, 8), "03:00", "04:00"), (LISBON, date(2026, 3, 29), "02:30", "04:00"),
     (LORD_HOWE, date(2026, 10, 4), "02:30", "04:00"), (LAGOS, date(2026, 3, 29), "02:30", "04:00")],
)  # fmt: skip
def test_hours_that_begin_in_the_skipped_hour_begin_when_the_clock_is_set(
    zone: ZoneInfo, day: date, first: str, last: str
) -> None:
    schedule = on(day, "02:30-04:00")
    begin = at(f"{day}T{first}", zone)
    assert not runs(schedule, begin - timedelta(seconds=1), zone)
    assert runs(schedule, begin, zone)
    assert opening(schedule, begin - timedelta(hours=5), zone) == (begin, at(f"{day}T{last}", zone))


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [(NEW_YORK, date(2026, 3, 8), "02:00-03:00"), (LISBON, date(2026, 3, 29), "01:00-02:00"),
     (LORD_HOWE, date(2026, 10, 4), "02:00-02:30")],
)  # fmt: skip
def test_hours_that_are_skipped_whole_do_not_happen(zone: ZoneInfo, day: date, hours: str) -> None:
    assert opening(on(day, hours), at(f"{day}T00:00", zone), zone) is None


@pytest.mark.parametrize(
    ("zone", "day", "hours", "length"),
    [(NEW_YORK, date(2026, 11, 1), "01:00-02:00", 2.0), (LISBON, date(2026, 10, 25), "01:00-02:00", 2.0),
     (LORD_HOWE, date(2026, 4, 5), "01:30-02:00", 1.0), (LAGOS, date(2026, 11, 1), "01:00-02:00", 1.0)],
)  # fmt: skip
def test_hours_that_are_repeated_whole_run_twice_on_end(zone: ZoneInfo, day: date, hours: str, length: float) -> None:
    found = opening(on(day, hours), at(f"{day}T00:00", zone), zone)
    assert found is not None
    assert found[1] - found[0] == timedelta(hours=length)


def test_hours_that_end_in_the_repeated_hour_open_again_when_the_clock_is_set_back() -> None:
    schedule = on(date(2026, 11, 1), "00:30-01:30")
    assert runs(schedule, at("2026-11-01T01:29"))
    assert not runs(schedule, at("2026-11-01T01:30"))
    assert runs(schedule, at("2026-11-01T01:00", fold=1))
    assert not runs(schedule, at("2026-11-01T01:30", fold=1))
    assert opening(schedule, at("2026-11-01T01:30")) == (
        at("2026-11-01T01:00", fold=1),
        at("2026-11-01T01:30", fold=1),
    )


def test_a_night_over_the_spring_change_is_an_hour_shorter() -> None:
    found = opening(on(date(2026, 3, 7), "22:00-04:00"), at("2026-03-07T12:00"))
    assert found == (at("2026-03-07T22:00"), at("2026-03-08T04:00"))
    assert found[1] - found[0] == timedelta(hours=5)


def test_a_night_over_the_autumn_change_is_an_hour_longer() -> None:
    found = opening(on(date(2026, 10, 31), "22:00-04:00"), at("2026-10-31T12:00"))
    assert found == (at("2026-10-31T22:00"), at("2026-11-01T04:00"))
    assert found[1] - found[0] == timedelta(hours=7)


def test_a_day_that_a_zone_left_out_does_not_happen() -> None:
    apia = ZoneInfo("Pacific/Apia")
    assert opening(on(date(2011, 12, 30)), datetime(2011, 12, 29, tzinfo=UTC), apia) is None


def test_a_run_whose_last_day_a_zone_left_out_ends_with_the_day_before() -> None:
    apia = ZoneInfo("Pacific/Apia")
    run = Schedule(date(2011, 12, 27), date(2011, 12, 30))
    midnight = datetime(2011, 12, 30, 10, tzinfo=UTC)
    assert opening(run, datetime(2011, 12, 20, tzinfo=UTC), apia) == (at("2011-12-27T00:00", apia), midnight)


# --- the next opening ----------------------------------------------------------------------------


def test_the_next_opening_of_hours_is_today_s() -> None:
    assert opening(november("17:00-22:00"), at("2026-11-06T16:59")) == (at("2026-11-06T17:00"), at("2026-11-06T22:00"))


def test_after_today_s_hours_the_next_opening_is_tomorrow_s() -> None:
    assert opening(november("17:00-22:00"), at("2026-11-06T22:00")) == (at("2026-11-07T17:00"), at("2026-11-07T22:00"))


def test_while_it_runs_the_opening_is_what_is_left() -> None:
    assert opening(november("17:00-22:00"), at("2026-11-06T18:30")) == (at("2026-11-06T18:30"), at("2026-11-06T22:00"))


def test_before_the_first_day_the_opening_is_the_whole_run() -> None:
    assert opening(november(), at("2026-10-01T12:00")) == (at("2026-11-02T00:00"), at("2026-11-29T00:00"))


def test_a_run_of_days_ends_before_a_blackout_date() -> None:
    found = opening(november(blackout=(date(2026, 11, 4), date(2026, 11, 20))), at("2026-10-01T12:00"))
    assert found == (at("2026-11-02T00:00"), at("2026-11-04T00:00"))


def test_a_run_of_days_ends_after_the_last_of_its_weekdays() -> None:
    found = opening(november(days=frozenset({FRIDAY, SATURDAY})), at("2026-11-02T12:00"))
    assert found == (at("2026-11-06T00:00"), at("2026-11-08T00:00"))


@pytest.mark.parametrize("zone", [NEW_YORK, LISBON, LORD_HOWE])
def test_hours_that_touch_over_midnight_are_one_opening(zone: ZoneInfo) -> None:
    found = opening(november("18:00-24:00", "00:00-02:00"), at("2026-11-06T12:00", zone), zone)
    assert found == (at("2026-11-06T18:00", zone), at("2026-11-07T02:00", zone))


def test_hours_that_leave_no_gap_are_one_opening_from_the_first_day_to_the_last() -> None:
    in_turns = november("06:00-14:00", "14:00-22:00", "22:00-06:00")
    assert opening(in_turns, at("2026-10-01T12:00")) == (at("2026-11-02T06:00"), at("2026-11-29T06:00"))


def test_hours_without_a_gap_for_thousands_of_years_are_told_for_a_year() -> None:
    halves = Schedule(date(2026, 11, 2), date.max, ALL_DAYS, (parse_hours("00:00-12:00"), parse_hours("12:00-24:00")))
    found = opening(halves, at("2026-11-06T12:00"))
    assert found is not None
    assert timedelta(days=366) < found[1] - found[0] < timedelta(days=369)


def test_a_run_of_days_ends_with_its_last_though_the_day_after_is_one_of_its_weekdays() -> None:
    weekend = Schedule(date(2026, 11, 2), date(2026, 11, 6), frozenset({FRIDAY, SATURDAY}))
    assert opening(weekend, at("2026-11-02T12:00")) == (at("2026-11-06T00:00"), at("2026-11-07T00:00"))


def test_what_began_yesterday_by_the_store_s_clock_runs_whatever_the_day_is_elsewhere() -> None:
    nearly_all_day = november("21:00-20:30")
    evening = at("2026-11-06T20:00")  # in Greenwich it is the seventh
    assert opening(nearly_all_day, evening) == (evening, at("2026-11-06T20:30"))


def test_the_next_opening_skips_blackout_dates_and_other_days() -> None:
    fridays = november("17:00-22:00", days=frozenset({FRIDAY}), blackout=(date(2026, 11, 13),))
    assert opening(fridays, at("2026-11-07T12:00")) == (at("2026-11-20T17:00"), at("2026-11-20T22:00"))


def test_there_is_no_next_opening_after_the_last() -> None:
    assert opening(november("17:00-22:00"), at("2026-11-28T21:59")) is not None
    assert opening(november("17:00-22:00"), at("2026-11-28T22:00")) is None


def test_a_promotion_of_ten_thousand_years_is_answered_too() -> None:
    forever = Schedule(date.min, date.max, ALL_DAYS, (), frozenset())
    found = opening(forever, at("2026-11-06T12:00"))
    assert found is not None
    assert found[0] == at("2026-11-06T12:00")


def test_the_last_day_is_the_last_on_which_it_runs() -> None:
    assert november(days=frozenset({FRIDAY}), blackout=(date(2026, 11, 27),)).last_day() == date(2026, 11, 20)
    assert november().last_day() == date(2026, 11, 28)
    assert Schedule(date(2026, 11, 6), date(2026, 11, 8), frozenset({FRIDAY})).last_day() == date(2026, 11, 6)


def test_a_promotion_that_never_runs_has_its_last_date_for_a_last_day() -> None:
    assert on(date(2026, 11, 6)).last_day() == date(2026, 11, 6)
    never = Schedule(date(2026, 11, 6), date(2026, 11, 7), frozenset({0}))
    assert never.last_day() == date(2026, 11, 7)
