from datetime import datetime
from typing import Any

import pytest

from kiosk.core.decide import Sale
from tests.core_world import at
from tests.rules_world import ANA, CAIRO, HOLDER, NOVEMBER, OTHER_HOLDER, WORD, Past, answer, asked, reason

EVENING = at("2026-11-06T18:00")


def past(count: int, **changes: Any) -> list[Past]:
    return [Past(one=100 + n, **changes) for n in range(count)]


# --- each cap may be reached exactly ---------------------------------------------------------------

MINE: dict[str, Any] = {"clerk": "ana", "holder": HOLDER}
NAMES = {
    "total": "limit-total",
    "per_store": "limit-store",
    "per_store_day": "limit-store-day",
    "per_clerk_day": "limit-clerk-day",
    "per_customer": "limit-customer",
}


@pytest.mark.parametrize(("limit", "expected"), NAMES.items())
def test_a_cap_may_be_reached_exactly_and_never_passed(limit: str, expected: str) -> None:
    world: dict[str, Any] = {"limits": {limit: 3}, "sale": Sale(**MINE)}
    assert answer(WORD, *past(2, **MINE), **world) == ("accept", "ok")
    assert answer(WORD, *past(3, **MINE), **world) == ("refuse", expected)
    verdict = asked(WORD, *past(5, **MINE), **world)
    assert {name: verdict.facts[name] for name in ("limit", "used", "left")} == {"limit": 3, "used": 5, "left": 0}


@pytest.mark.parametrize(
    ("limit", "other"),
    [
        ("per_store", {"store": "pier-9"}),
        ("per_store_day", {"store": "pier-9"}),
        ("per_store_day", {"at": at("2026-11-05T12:00")}),
        ("per_clerk_day", {"clerk": "ben"}),
        ("per_clerk_day", {"at": at("2026-11-05T12:00")}),
        ("per_customer", {"holder": OTHER_HOLDER}),
        ("per_customer", {"holder": None}),
    ],
)
def test_what_another_store_day_clerk_or_customer_had_is_not_counted(limit: str, other: dict[str, Any]) -> None:
    assert reason(WORD, *past(9, **(MINE | other)), limits={limit: 1}, sale=Sale(**MINE)) == "ok"


@pytest.mark.parametrize(
    ("limit", "other"),
    [
        ("total", {"store": "pier-9", "clerk": "ben", "at": at("2026-11-01T00:00"), "kind": "voucher"}),
        ("per_store", {"clerk": "ben", "at": at("2026-11-01T00:00")}),
        ("per_store_day", {"clerk": "ben"}),
        ("per_clerk_day", {"store": "pier-9"}),
        ("per_customer", {"store": "pier-9", "clerk": "ben", "at": at("2026-11-01T00:00"), "kind": "screen"}),
    ],
)
def test_a_cap_counts_wherever_it_does_not_ask(limit: str, other: dict[str, Any]) -> None:
    assert reason(WORD, *past(1, **(MINE | other)), limits={limit: 1}, sale=Sale(**MINE)) == NAMES[limit]


def test_what_is_left_of_the_total_is_told_with_a_yes() -> None:
    assert dict(asked(WORD, *past(2), limits={"total": 3}).facts) == {"limit": 3, "used": 2, "left": 1}


# --- a key that is not known ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "known"), [("per_clerk_day", Sale(clerk="ana")), ("per_customer", Sale(holder=HOLDER))]
)
def test_a_limit_whose_key_is_not_known_is_not_applied_and_named(limit: str, known: Sale) -> None:
    verdict = asked(WORD, *past(3, **MINE), limits={limit: 1})
    assert (verdict.reason, verdict.facts["not_checked"]) == ("ok", [limit])
    assert "not_checked" not in asked(WORD, limits={limit: 1}, sale=known).facts
    assert "not_checked" not in asked(WORD).facts


def test_both_keys_missing_are_both_named_with_a_refusal_too() -> None:
    verdict = asked(WORD, limits={"per_clerk_day": 1, "per_customer": 1}, paused=True)
    assert (verdict.reason, verdict.facts["not_checked"]) == ("paused", ["per_clerk_day", "per_customer"])


# --- a day is the store-local calendar day ----------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "expected"), [("per_store_day", "limit-store-day"), ("per_clerk_day", "limit-clerk-day")]
)
@pytest.mark.parametrize(
    ("used_at", "now", "counts"),
    [
        ("2026-11-06T00:00:00", "2026-11-06T23:59:59", True),
        ("2026-11-05T23:59:59", "2026-11-06T00:00:00", False),
        ("2026-11-06T23:59:59", "2026-11-07T00:00:00", False),
        # 1 November has 25 hours in New York, 8 March 23
        ("2026-11-01T00:00:00", "2026-11-01T23:59:59", True),
        ("2026-11-01T23:59:59", "2026-11-02T00:00:00", False),
        ("2026-10-31T23:59:59", "2026-11-01T00:00:00", False),
        ("2026-03-08T00:00:00", "2026-03-08T23:59:59", True),
        ("2026-03-08T23:59:59", "2026-03-09T00:00:00", False),
        ("2026-03-07T23:59:59", "2026-03-08T00:00:00", False),
    ],
)  # fmt: skip
def test_a_day_begins_and_ends_at_the_store_s_midnight(
    limit: str, expected: str, used_at: str, now: str, counts: bool
) -> None:
    world: dict[str, Any] = {
        "limits": {limit: 1}, "sale": ANA, "now": at(now), "valid": {"from": "2026-03-01", "until": "2026-11-30"},
    }  # fmt: skip
    assert reason(WORD, Past(at=at(used_at)), **world) == (expected if counts else "ok")


def test_each_store_has_its_own_midnight() -> None:
    use = Past(store="sunset", at=at("2026-11-06T01:00"))  # 5 November, 22:00 at Sunset
    world: dict[str, Any] = {"limits": {"per_store_day": 1}, "store": "sunset"}
    assert reason(WORD, use, **world, now=at("2026-11-06T02:59:59")) == "limit-store-day"
    assert reason(WORD, use, **world, now=at("2026-11-06T03:00")) == "ok"


@pytest.mark.parametrize(
    ("used_at", "now", "counts"),
    [
        # on 24 April 2026 clocks in Cairo go from 00:00 to 01:00; on 30 October from 24:00 back to 23:00
        ("2026-04-23T21:59:59+00:00", "2026-04-23T22:00:00+00:00", False),
        ("2026-04-23T22:00:00+00:00", "2026-04-24T20:59:59+00:00", True),
        ("2026-04-24T20:59:59+00:00", "2026-04-24T21:00:00+00:00", False),
        ("2026-10-29T20:59:59+00:00", "2026-10-29T21:59:59+00:00", True),
        ("2026-10-29T21:59:59+00:00", "2026-10-29T22:00:00+00:00", False),
    ],
)
def test_a_midnight_that_the_clock_skips_or_shows_twice_begins_one_day(used_at: str, now: str, counts: bool) -> None:
    verdict = asked(
        WORD, Past(at=datetime.fromisoformat(used_at)), now=datetime.fromisoformat(now), organisation=CAIRO,
        limits={"per_store_day": 1}, valid={"from": "2026-04-01", "until": "2026-11-30"},
    )  # fmt: skip
    assert verdict.reason == ("limit-store-day" if counts else "ok")


# --- when and where it passes next ------------------------------------------------------------------


def test_all_of_today_given_out_it_passes_here_from_midnight() -> None:
    verdict = asked(WORD, *past(2), limits={"per_store_day": 2}, now=EVENING)
    assert dict(verdict.facts) == {
        "limit": 2, "used": 2, "left": 0,
        "next_ok": {"at": "2026-11-07T00:00:00-05:00", "until": "2026-12-01T00:00:00-05:00", "stores": ["Bayside"]},
    }  # fmt: skip


def test_a_clerk_s_share_of_today_given_out_the_same_clerk_may_from_tomorrow() -> None:
    verdict = asked(WORD, *past(1), limits={"per_clerk_day": 1}, now=EVENING, sale=ANA)
    assert verdict.facts["next_ok"] == {
        "at": "2026-11-07T00:00:00-05:00", "until": "2026-12-01T00:00:00-05:00", "stores": ["Bayside"],
    }  # fmt: skip


def test_all_of_today_given_out_on_the_last_day_nothing_is_promised() -> None:
    last_day = at("2026-11-30T12:00")
    verdict = asked(WORD, Past(at=last_day), limits={"per_store_day": 1}, now=last_day, stores=["bayside"])
    assert (verdict.reason, "next_ok" in verdict.facts) == ("limit-store-day", False)


def test_all_of_today_given_out_here_on_the_last_day_another_store_is_told() -> None:
    last_day = at("2026-11-30T12:00")
    verdict = asked(WORD, Past(at=last_day), limits={"per_store_day": 1}, now=last_day, stores=["coast"])
    assert verdict.facts["next_ok"] == {
        "at": "2026-11-30T12:00:00-05:00", "until": "2026-12-01T00:00:00-05:00", "stores": ["Pier 9"],
    }  # fmt: skip


def test_all_of_this_store_given_out_the_others_are_told() -> None:
    verdict = asked(WORD, *past(1), limits={"per_store": 1})
    assert verdict.facts["next_ok"] == {
        "at": "2026-11-06T12:00:00-05:00", "until": "2026-12-01T00:00:00-05:00", "stores": ["Pier 9", "Sunset"],
    }  # fmt: skip


def test_all_of_each_store_given_out_nothing_is_promised() -> None:
    everywhere = [Past(one=n, store=store) for n, store in enumerate(("bayside", "pier-9", "sunset"))]
    assert "next_ok" not in asked(WORD, *everywhere, limits={"per_store": 1}).facts


def test_the_total_given_out_nothing_is_promised() -> None:
    assert "next_ok" not in asked(WORD, *past(1), limits={"total": 1}).facts


def test_the_day_s_given_out_before_an_evening_the_next_evening_is_told_not_today_s() -> None:
    evenings = NOVEMBER | {"hours": ["17:00-22:00"]}
    verdict = asked(WORD, *past(1), limits={"per_store_day": 1}, valid=evenings)
    assert verdict.reason == "limit-store-day"
    assert verdict.facts["next_ok"] == {
        "at": "2026-11-07T17:00:00-05:00", "until": "2026-11-07T22:00:00-05:00", "stores": ["Bayside"],
    }  # fmt: skip


def test_the_evening_of_today_is_today_s_by_the_store_s_calendar() -> None:
    late_evenings = NOVEMBER | {"hours": ["20:00-22:00"]}  # from 01:00 of the next day by UTC
    assert reason(WORD, *past(1), limits={"per_store_day": 1}, valid=late_evenings) == "limit-store-day"


def test_the_day_s_given_out_before_a_night_it_passes_in_its_small_hours() -> None:
    nights = NOVEMBER | {"days": ["fri"], "hours": ["22:00-02:00"]}
    verdict = asked(WORD, *past(1), limits={"per_store_day": 1}, valid=nights)
    assert verdict.facts["next_ok"] == {
        "at": "2026-11-07T00:00:00-05:00", "until": "2026-11-07T02:00:00-05:00", "stores": ["Bayside"],
    }  # fmt: skip


def test_a_store_whose_day_is_given_out_is_told_for_its_next_day() -> None:
    verdict = asked(WORD, Past(store="pier-9"), limits={"per_store_day": 1}, stores=["pier-9"])
    assert (verdict.reason, verdict.facts["next_ok"]) == (
        "wrong-store",
        {"at": "2026-11-07T00:00:00-05:00", "until": "2026-12-01T00:00:00-05:00", "stores": ["Pier 9"]},
    )


def test_of_two_stores_the_one_with_some_left_today_is_told() -> None:
    verdict = asked(WORD, Past(store="pier-9"), limits={"per_store_day": 1}, stores=["coast"], store="sunset")
    assert verdict.facts["next_ok"] == {
        "at": "2026-11-06T12:00:00-05:00", "until": "2026-12-01T00:00:00-05:00", "stores": ["Bayside"],
    }  # fmt: skip


def test_the_day_that_is_given_out_is_the_store_s() -> None:
    evening = at("2026-11-06T20:00")  # the 7th by UTC
    verdict = asked(WORD, Past(at=evening), limits={"per_store_day": 1}, now=evening)
    assert verdict.facts["next_ok"] == {
        "at": "2026-11-07T00:00:00-05:00", "until": "2026-12-01T00:00:00-05:00", "stores": ["Bayside"],
    }  # fmt: skip


def test_days_given_out_in_a_row_are_passed_over_for_a_month_and_then_nothing_is_promised() -> None:
    year = {"from": "2026-11-01", "until": "2027-10-31"}
    first = at("2026-11-06T12:00")

    def ahead(days: int) -> dict[str, Any]:
        used = [
            Past(one=100 + n, at=datetime.fromtimestamp(first.timestamp() + n * 86400, first.tzinfo))
            for n in range(days)
        ]
        return dict(asked(WORD, *used, limits={"per_store_day": 1}, valid=year, stores=["bayside"]).facts)

    assert ahead(31)["next_ok"]["at"] == "2026-12-07T00:00:00-05:00"
    assert "next_ok" not in ahead(32)
