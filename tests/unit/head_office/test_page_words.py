"""What head office's pages say of times, promotions and freshness; both sides of each boundary."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kiosk.clock import to_ms
from kiosk.core.organisation import Organisation
from kiosk.core.promotion import Promotion
from sync.head_office import promotion_words as words
from sync.head_office.freshness import freshness, living
from sync.head_office.instants import instant, span_words
from sync.head_office.publish_page import _excerpt
from sync.head_office.reach import reach_of
from tests.head_office_pages import NOON_MS, device

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)  # Friday noon in New York


def promotion(**fields: Any) -> Promotion:
    """A promotion of November with a code word, and whatever else is given."""
    return Promotion.model_validate({
        "id": "pie", "title": "Pie", "gives": "One pie", "credentials": ["word"], "words": ["LIMEPIE"],
        "valid": {"from": "2026-11-20", "until": "2026-11-30"}, **fields,
    })  # fmt: skip


def runs(**valid: Any) -> Promotion:
    """A promotion by when it runs."""
    return promotion(valid={"from": "2026-11-20", "until": "2026-11-30", **valid})


@pytest.mark.parametrize(("at", "expected"), [
    (NOW, "12:00"),
    (NOW - timedelta(hours=12), "00:00"),
    (NOW - timedelta(hours=12, minutes=1), "Thu 23:59"),
    (NOW - timedelta(days=6), "Sat 12:00"),
    (NOW - timedelta(days=7), "13 Nov 12:00"),
    (NOW + timedelta(days=1), "21 Nov 12:00"),
    (datetime(2025, 12, 31, 17, 0, tzinfo=UTC), "31 Dec 2025 12:00"),
])  # fmt: skip
def test_an_instant_names_its_day_only_where_it_is_another(at: datetime, expected: str) -> None:
    assert instant(to_ms(at), to_ms(NOW), NEW_YORK).words == expected


def test_an_instant_for_machines_has_its_offset() -> None:
    assert instant(to_ms(NOW), to_ms(NOW), NEW_YORK).iso == "2026-11-20T12:00:00-05:00"


@pytest.mark.parametrize(("seconds", "expected"), [
    (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"),
    (86_399, "23 h"), (86_400, "1 day"), (172_800, "2 days"),
])  # fmt: skip
def test_a_span_is_told_in_its_largest_unit(seconds: int, expected: str) -> None:
    assert span_words(timedelta(seconds=seconds)) == expected


@pytest.mark.parametrize(("found", "expected"), [
    (runs(), "running"),
    (runs(**{"from": "2026-11-21"}), "starts 21 Nov"),
    (runs(**{"from": "2026-11-21"}, hours=["17:00-22:00"]), "starts 21 Nov 17:00"),
    (runs(hours=["12:00-13:00"]), "running"),
    (runs(hours=["12:01-13:00"]), "opens 12:01"),
    (runs(hours=["11:00-12:00"]), "opens Sat 11:00"),
    (runs(days=["thu"]), "opens Thu"),
    (runs(**{"from": "2026-11-01", "until": "2026-11-20"}), "running"),
    (runs(**{"from": "2026-11-01", "until": "2026-11-19"}), "over since 19 Nov"),
    (promotion(paused=True), "paused"),
    (promotion(paused=True, valid={"from": "2026-11-01", "until": "2026-11-19"}), "over since 19 Nov"),
])  # fmt: skip
def test_what_a_promotion_is_doing(found: Promotion, expected: str) -> None:
    assert words.now_words(found, [NEW_YORK], NOW).words == expected


def test_a_promotion_runs_where_it_runs_in_any_of_its_zones() -> None:
    late = runs(hours=["18:00-19:00"])
    assert words.now_words(late, [NEW_YORK], NOW).words == "opens 18:00"
    assert words.now_words(late, [NEW_YORK, ZoneInfo("Europe/Paris")], NOW).words == "running"


@pytest.mark.parametrize(("first", "last", "expected"), [
    ("2026-11-20", "2026-11-30", "20 to 30 Nov"),
    ("2026-10-28", "2026-11-03", "28 Oct to 3 Nov"),
    ("2026-11-30", "2026-11-30", "30 Nov only"),
    ("2026-12-20", "2027-01-06", "20 Dec to 6 Jan 2027"),
])  # fmt: skip
def test_dates_are_told_once(first: str, last: str, expected: str) -> None:
    assert words.dates_words(runs(**{"from": first, "until": last}).valid, NOW.date()) == expected


@pytest.mark.parametrize(("valid", "expected"), [
    ({}, ""),
    ({"days": ["fri", "sat"], "hours": ["17:00-22:00"]}, "Fri and Sat, 17:00 to 22:00"),
    ({"days": ["mon", "tue", "wed", "thu", "fri"]}, "Mon to Fri"),
    ({"days": ["mon", "wed", "fri"]}, "Mon, Wed and Fri"),
    ({"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}, ""),
    ({"except": ["2026-11-27"]}, "Not on 27 Nov"),
])  # fmt: skip
def test_days_and_hours_are_told_as_one_says_them(valid: dict[str, Any], expected: str) -> None:
    assert words.hours_words(runs(**valid).valid, NOW.date()) == expected


def test_where_counts_a_store_s_single_counters_as_they_are_named() -> None:
    counters = [{"id": "front", "name": "Front"}, {"id": "bar", "name": "Bar"}]
    stores = [{"id": f"s-{n}", "name": f"Store {n}", "time_zone": "UTC", "counters": counters} for n in (1, 2, 3)]
    house = Organisation.model_validate({"name": "House", "stores": stores})
    assert words.where_words(promotion(stores=["s-1/front", "s-2"]), house) == ("Store 1 and Store 2", "3 counters")
    reach = reach_of(promotion(stores=["s-1/front", "s-2"]), 1, house, (), NOON_MS)
    assert [(store.name, len(store.marks)) for store in reach.stores] == [("Store 1", 1), ("Store 2", 2)]


def test_where_names_the_stores_while_they_are_few() -> None:
    stores = [{"id": f"s-{n}", "name": f"Store {n}", "time_zone": "UTC", "groups": ["all"] if n < 4 else [],
               "counters": [{"id": "c", "name": "C"}]} for n in range(1, 5)]  # fmt: skip
    organisation = Organisation.model_validate({"name": "House", "stores": stores})
    where = {
        names: words.where_words(promotion(stores=names), organisation)
        for names in (("s-1",), ("s-1", "s-2"), ("all",))
    }
    assert where == {
        ("s-1",): ("Store 1", "1 counter"),
        ("s-1", "s-2"): ("Store 1 and Store 2", "2 counters"),
        ("all",): ("3 stores", "3 counters"),
    }
    assert words.where_words(promotion(), organisation) == ("All 4 stores", "4 counters")


def test_limits_and_value_are_told_with_their_money() -> None:
    found = promotion(
        value={"amount": "12.00", "currency": "USD"}, limits={"total": 1000, "per_store_day": 20, "budget": "1200.00"}
    )
    assert words.limits_words(found) == ["1,000 in all", "20 per store and day", "$1,200.00 in all"]
    assert words.value_words(found) == "$12.00"
    capped = promotion(value={"percent": 20, "at_most": "15.00", "currency": "SEK"})
    assert words.value_words(capped) == "20 %, 15.00 SEK at most"
    assert words.limits_words(promotion()) == []


@pytest.mark.parametrize(("silent_s", "silent"), [(300, 0), (301, 1), (None, 1)])
def test_a_counter_is_silent_after_five_minutes(silent_s: int | None, silent: int) -> None:
    how = freshness([device(silent_s=silent_s)], {}, NOON_MS)
    assert (how.counters, len(how.silent)) == (1, silent)
    assert (how.as_of_ms is None) == bool(silent)


def test_a_number_is_as_fresh_as_the_least_fresh_counter_that_reports() -> None:
    how = freshness([device(silent_s=20), device(counter="bar", silent_s=200)], {}, NOON_MS)
    assert how.as_of_ms == NOON_MS - 200_000


def test_only_the_newest_device_of_a_counter_is_in_force() -> None:
    assert living([device(life=1), device(life=2)])["bayside", "front"].incarnation == 2
    assert living([device(life=2), device(life=1)])["bayside", "front"].incarnation == 2


@pytest.mark.parametrize(
    ("line", "column"), [("    value: 12.00", 12), ("x" * 200 + "!", 201), ("", 1), ("a\tb: c", 5)]
)
def test_the_caret_stands_under_the_column(line: str, column: int) -> None:
    cut, caret = _excerpt(f"first\n{line}\nlast", 2, column)
    at = caret.index("^")
    assert len(cut) <= 40
    assert cut[at : at + 1] == line.replace("\t", " ")[column - 1 : column]


def test_a_line_that_is_not_there_has_no_excerpt() -> None:
    assert _excerpt("one", 2, 1) == ("", "")
