from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kiosk.core.catalogue import Right
from tests.core_world import NEW_YORK, at
from tests.rules_world import CAIRO, LISTED, NOON, NOVEMBER, WORD, Past, answer, asked, credential, reason, voucher

ONE_COUNTER = ["bayside/counter-1"]


# --- stores and groups ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stores", "store", "expected"),
    [
        (None, "bayside", "ok"),
        (None, "sunset", "ok"),
        (["pier-9"], "pier-9", "ok"),
        (["pier-9"], "bayside", "wrong-store"),
        (["coast"], "bayside", "ok"),
        (["coast"], "pier-9", "ok"),
        (["coast"], "sunset", "wrong-store"),
        (["coast", "sunset"], "sunset", "ok"),
        (["bayside/counter-1"], "pier-9", "wrong-store"),
        (["pier-9/counter-1", "coast"], "bayside", "ok"),
    ],
)
def test_a_store_takes_part_by_its_name_its_group_or_one_of_its_counters(
    stores: list[str] | None, store: str, expected: str
) -> None:
    assert reason(stores=stores, store=store) == expected


def test_the_wrong_store_names_the_right_ones_and_when() -> None:
    verdict = asked(stores=["pier-9"])
    assert dict(verdict.facts) == {
        "stores": ["Pier 9"],
        "next_ok": {"at": "2026-11-06T12:00:00-05:00", "until": "2026-12-01T00:00:00-05:00", "stores": ["Pier 9"]},
    }


def test_a_store_that_has_given_out_its_own_is_not_named() -> None:
    world: dict[str, Any] = {"stores": ["coast"], "store": "sunset", "limits": {"per_store": 1}}
    assert asked(**world).facts["stores"] == ["Bayside", "Pier 9"]
    verdict = asked(LISTED, Past(store="bayside"), **world)
    assert verdict.facts["stores"] == ["Pier 9"]
    assert verdict.facts["next_ok"] == {
        "at": "2026-11-06T12:00:00-05:00", "until": "2026-12-01T00:00:00-05:00", "stores": ["Pier 9"],
    }  # fmt: skip


def test_where_no_store_has_any_left_no_time_and_place_is_promised() -> None:
    world: dict[str, Any] = {"stores": ["coast"], "store": "sunset", "limits": {"per_store": 1}}
    verdict = asked(LISTED, Past(store="bayside"), Past(store="pier-9"), **world)
    assert (verdict.reason, "next_ok" in verdict.facts) == ("wrong-store", False)


# --- counters ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stores", "counter", "expected"),
    [
        (ONE_COUNTER, "counter-1", "ok"),
        (ONE_COUNTER, "counter-2", "wrong-counter"),
        (["bayside/counter-1", "bayside/counter-2"], "counter-2", "ok"),
        (["bayside/counter-1", "bayside"], "counter-2", "ok"),
        (["coast", "bayside/counter-1"], "counter-2", "ok"),
        (["bayside/counter-1", "pier-9"], "counter-2", "wrong-counter"),
    ],
)
def test_one_counter_of_a_store_takes_part_unless_the_whole_store_does(
    stores: list[str], counter: str, expected: str
) -> None:
    assert reason(stores=stores, counter=counter) == expected


def test_the_wrong_counter_names_the_right_ones_of_this_store() -> None:
    verdict = asked(stores=["bayside/counter-1", "bayside/office"], counter="counter-2")
    assert (verdict.outcome, verdict.reason) == ("refuse", "wrong-counter")
    assert verdict.facts["counters"] == ["Counter 1", "office"]
    assert verdict.facts["next_ok"] == {
        "at": "2026-11-06T12:00:00-05:00", "until": "2026-12-01T00:00:00-05:00", "stores": ["Bayside"],
    }  # fmt: skip


# --- what a voucher says of itself ---------------------------------------------------------------


def test_a_voucher_of_one_store_is_honoured_there_alone() -> None:
    assert reason(voucher(store="bayside")) == "ok"
    verdict = asked(voucher(store="pier-9"))
    assert (verdict.reason, verdict.facts["stores"]) == ("wrong-store", ["Pier 9"])
    assert reason(voucher(store="pier-9"), store="pier-9") == "ok"


def test_a_voucher_of_a_store_that_takes_no_part_is_honoured_nowhere() -> None:
    verdict = asked(voucher(store="sunset"), stores=["coast"], store="sunset")
    assert (verdict.reason, dict(verdict.facts)) == ("wrong-store", {"stores": []})


def test_a_voucher_of_one_counter_is_honoured_there_alone() -> None:
    mine = voucher(store="bayside", counter="counter-2")
    assert reason(mine, counter="counter-2") == "ok"
    verdict = asked(mine, counter="counter-1")
    assert (verdict.reason, verdict.facts["counters"]) == ("wrong-counter", ["Counter 2"])


def test_a_voucher_s_counter_and_the_promotion_s_must_agree() -> None:
    mine = voucher(store="bayside", counter="counter-2")
    assert reason(mine, counter="counter-2", stores=["bayside/counter-2", "bayside/counter-1"]) == "ok"
    for counter in ("counter-1", "counter-2"):
        verdict = asked(mine, counter=counter, stores=ONE_COUNTER)
        assert (verdict.reason, dict(verdict.facts)) == ("wrong-store", {"stores": []})


def test_a_home_binds_nobody_who_can_ask_head_office() -> None:
    assert reason(credential(right=Right(home="pier-9"))) == "ok"
    assert reason(credential(right=Right(home="bayside/counter-2"))) == "ok"


def ms(text: str) -> int:
    return int(at(text).timestamp() * 1000)


SIXTH = date(2026, 11, 6)
LOS_ANGELES, CAIRO_ZONE = ZoneInfo("America/Los_Angeles"), ZoneInfo("Africa/Cairo")


def test_a_voucher_s_window_begins_with_its_first_moment() -> None:
    mine = voucher(starts_at_ms=ms("2026-11-06T12:00"))
    assert reason(mine, now=NOON) == "ok"
    verdict = asked(mine, now=at("2026-11-06T11:59:59"))
    assert (verdict.reason, verdict.facts["starts_at"]) == ("not-yet", "2026-11-06T12:00:00-05:00")
    assert verdict.facts["next_ok"] == {
        "at": "2026-11-06T12:00:00-05:00", "until": "2026-12-01T00:00:00-05:00", "stores": ["Bayside"],
    }  # fmt: skip


def test_a_voucher_s_window_ends_before_its_last_moment() -> None:
    mine = voucher(ends_at_ms=ms("2026-11-06T12:00"))
    assert reason(mine, now=at("2026-11-06T11:59:59")) == "ok"
    verdict = asked(mine, now=NOON)
    assert (verdict.outcome, verdict.reason, dict(verdict.facts)) == ("refuse", "over", {"ended_on": "2026-11-06"})


def test_a_voucher_that_ends_at_midnight_ended_the_day_before() -> None:
    mine = voucher(ends_at_ms=ms("2026-11-06T00:00"))
    assert asked(mine, now=NOON).facts == {"ended_on": "2026-11-05"}


def test_a_voucher_s_window_opens_nothing_outside_the_promotion_s() -> None:
    mine = voucher(starts_at_ms=ms("2026-10-01T00:00"), ends_at_ms=ms("2027-01-01T00:00"))
    assert reason(mine, now=at("2026-10-31T23:59")) == "not-yet"
    assert reason(mine, now=at("2026-12-01T00:00")) == "over"
    assert asked(mine, now=at("2026-12-01T00:00")).facts["ended_on"] == "2026-11-30"


def test_a_window_that_ends_before_the_next_opening_is_over() -> None:
    evenings = NOVEMBER | {"hours": ["17:00-22:00"]}
    assert reason(voucher(ends_at_ms=ms("2026-11-06T17:00")), valid=evenings) == "over"
    verdict = asked(voucher(ends_at_ms=ms("2026-11-06T17:01")), valid=evenings)
    assert verdict.reason == "wrong-hour"
    assert verdict.facts["next_ok"] == {
        "at": "2026-11-06T17:00:00-05:00", "until": "2026-11-06T17:01:00-05:00", "stores": ["Bayside"],
    }  # fmt: skip


def test_a_coupon_s_days_are_those_of_the_store_it_is_held_up_in() -> None:
    mine = credential("gs1", right=Right(starts_on=SIXTH, last_on=SIXTH))
    for store, zone in (("bayside", NEW_YORK), ("sunset", LOS_ANGELES)):
        assert reason(mine, store=store, now=at("2026-11-05T23:59:59", zone)) == "not-yet"
        assert reason(mine, store=store, now=at("2026-11-06T00:00", zone)) == "ok"
        assert reason(mine, store=store, now=at("2026-11-06T23:59:59", zone)) == "ok"
        verdict = asked(mine, store=store, now=at("2026-11-07T00:00", zone), stores=[store])
        assert (verdict.reason, dict(verdict.facts)) == ("over", {"ended_on": "2026-11-06"})


def test_a_coupon_before_its_days_is_told_when_they_begin_and_end_here() -> None:
    mine = credential("gs1", right=Right(starts_on=date(2026, 11, 7), last_on=date(2026, 11, 8)))
    assert asked(mine, store="sunset").facts["next_ok"] == {
        "at": "2026-11-07T00:00:00-08:00", "until": "2026-11-09T00:00:00-08:00", "stores": ["Sunset"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("right", "opens", "closes"),
    [
        (Right(ms("2026-11-06T10:00"), ms("2026-11-06T12:00"), starts_on=SIXTH, last_on=SIXTH), "06T10:00", "06T12:00"),
        (Right(ms("2026-11-05T10:00"), ms("2026-11-07T12:00"), starts_on=SIXTH, last_on=SIXTH), "06T00:00", "07T00:00"),
    ],
)  # fmt: skip
def test_of_a_moment_and_a_day_the_narrower_counts(right: Right, opens: str, closes: str) -> None:
    mine = credential("gs1", right=right)
    opens_at, closes_at = (at(f"2026-11-{text}") for text in (opens, closes))
    assert reason(mine, now=opens_at) == "ok"
    assert reason(mine, now=opens_at - timedelta(seconds=1)) == "not-yet"
    assert reason(mine, now=closes_at - timedelta(seconds=1)) == "ok"
    assert reason(mine, now=closes_at) == "over"


def test_a_voucher_s_face_is_what_it_costs() -> None:
    percent: dict[str, Any] = {"value": {"percent": 20, "currency": "USD"}}
    assert asked(voucher(face_minor=1501), **percent).facts["cost"] == {"amount": "15.01", "currency": "USD"}
    assert asked(voucher(face_minor=1501)).facts["cost"] == {"amount": "15.01", "currency": None}
    assert reason(voucher(face_minor=1500), **percent, evidence={"voucher": "15.00"}) == "ok"
    assert reason(voucher(face_minor=1501), **percent, evidence={"voucher": "15.00"}) == "value-over-evidence"


# --- grace ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "grace_days", "expected"),
    [
        ("2026-11-30T23:59:59", 2, ("accept", "ok")),
        ("2026-12-01T00:00", 2, ("ask", "late-within-grace")),
        ("2026-12-02T23:59:59", 2, ("ask", "late-within-grace")),
        ("2026-12-03T00:00", 2, ("refuse", "over")),
        ("2026-12-01T00:00", 0, ("refuse", "over")),
        ("2026-12-01T23:59:59", 1, ("ask", "late-within-grace")),
        ("2026-12-02T00:00", 1, ("refuse", "over")),
    ],
)
def test_late_by_up_to_the_last_grace_day_a_manager_is_asked(
    now: str, grace_days: int, expected: tuple[str, str]
) -> None:
    assert answer(WORD, now=at(now), grace_days=grace_days, store="pier-9") == expected


def test_grace_is_by_the_store_s_own_calendar() -> None:
    midnight_in_new_york = at("2026-12-02T00:00")
    assert reason(now=midnight_in_new_york, grace_days=1, store="bayside") == "over"
    assert reason(now=midnight_in_new_york, grace_days=1, store="sunset") == "late-within-grace"


def test_how_late_it_is_and_until_when_it_may_be_is_told() -> None:
    verdict = asked(now=at("2026-12-02T08:00"), grace_days=3, limits={"total": 5}, value={"percent": 5})
    assert verdict.facts == {
        "ended_on": "2026-11-30", "late_days": 2, "grace_until": "2026-12-03", "limit": 5, "used": 0, "left": 5,
    }  # fmt: skip


def test_in_the_grace_days_days_hours_and_exceptions_do_not_apply() -> None:
    fussy = NOVEMBER | {"days": ["mon"], "hours": ["17:00-22:00"], "except": ["2026-12-01"]}
    assert reason(valid=fussy, grace_days=1, now=at("2026-11-24T12:00")) == "wrong-day"
    assert reason(valid=fussy, grace_days=1, now=at("2026-12-01T03:00")) == "late-within-grace"


def test_after_the_last_hours_of_the_last_day_it_is_late_by_no_day() -> None:
    evenings = NOVEMBER | {"hours": ["17:00-22:00"]}
    assert reason(valid=evenings, grace_days=1, now=at("2026-11-30T21:59:59")) == "ok"
    verdict = asked(valid=evenings, grace_days=1, now=at("2026-11-30T22:00"))
    assert (verdict.reason, verdict.facts["late_days"]) == ("late-within-grace", 0)
    assert reason(valid=evenings, now=at("2026-11-30T22:00")) == "over"


def test_the_small_hours_of_the_last_night_are_in_time() -> None:
    nights = NOVEMBER | {"hours": ["22:00-02:00"]}
    assert reason(valid=nights, grace_days=1, now=at("2026-12-01T01:59:59")) == "ok"
    verdict = asked(valid=nights, grace_days=1, now=at("2026-12-01T02:00"))
    assert (verdict.reason, verdict.facts["late_days"]) == ("late-within-grace", 1)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-01T01:59:59", "not-yet"),  # of the night before the first
        ("2026-11-01T02:00", "wrong-hour"),
        ("2026-11-14T01:59:59", "blackout"),  # of the night that is left out
        ("2026-11-14T02:00", "wrong-hour"),
        ("2026-11-13T01:59:59", "ok"),
        ("2026-11-13T02:00", "blackout"),
    ],
)
def test_why_it_is_closed_in_small_hours_is_what_the_night_says(now: str, expected: str) -> None:
    nights = NOVEMBER | {"hours": ["22:00-02:00"], "except": ["2026-11-13"]}
    assert reason(valid=nights, now=at(now)) == expected


def test_grace_is_no_grace_before_it_begins_or_between_two_days() -> None:
    assert reason(now=at("2026-10-31T23:00"), grace_days=9) == "not-yet"
    assert reason(now=at("2026-11-05T12:00"), valid=NOVEMBER | {"days": ["fri"]}, grace_days=9) == "wrong-day"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-10T11:59", "ok"),
        ("2026-11-10T12:00", "late-within-grace"),
        ("2026-11-11T23:59", "late-within-grace"),
        ("2026-11-12T00:00", "over"),
    ],
)
def test_a_voucher_s_own_end_has_the_same_grace(now: str, expected: str) -> None:
    mine = voucher(ends_at_ms=ms("2026-11-10T12:00"))
    assert reason(mine, now=at(now), grace_days=1) == expected


def test_the_day_on_which_a_voucher_ended_is_the_store_s() -> None:
    mine = voucher(ends_at_ms=ms("2026-11-10T22:00"))  # the 11th by UTC
    verdict = asked(mine, now=at("2026-11-11T23:59:59"), grace_days=1)
    assert (verdict.reason, verdict.facts["grace_until"]) == ("late-within-grace", "2026-11-11")
    assert reason(mine, now=at("2026-11-12T00:00"), grace_days=1) == "over"


def test_a_coupon_whose_first_day_here_is_a_grace_day_is_late_from_that_day_on() -> None:
    mine = credential("gs1", right=Right(starts_on=date(2026, 12, 1)))
    assert reason(mine, now=at("2026-11-30T20:00"), grace_days=1) == "over"  # 1 December by UTC
    assert reason(mine, now=at("2026-12-01T00:00"), grace_days=1) == "late-within-grace"


def test_it_is_late_from_the_store_s_own_midnight_on_east_of_greenwich_too() -> None:
    world: dict[str, Any] = {"grace_days": 1, "organisation": CAIRO}
    assert reason(now=at("2026-11-30T23:59:59", CAIRO_ZONE), **world) == "ok"
    assert reason(now=at("2026-12-01T00:00", CAIRO_ZONE), **world) == "late-within-grace"
    assert reason(now=at("2026-12-02T00:00", CAIRO_ZONE), **world) == "over"


def test_a_voucher_whose_window_never_met_the_promotion_s_has_no_grace_before_it_begins() -> None:
    mine = voucher(starts_at_ms=ms("2026-12-02T00:00"), ends_at_ms=ms("2026-12-05T00:00"))
    assert reason(mine, now=at("2026-12-01T12:00"), grace_days=9) == "over"


def test_all_else_applies_in_the_grace_days() -> None:
    late: dict[str, Any] = {"now": at("2026-12-01T12:00"), "grace_days": 1}
    assert reason(**late, paused=True) == "paused"
    assert reason(**late, stores=["pier-9"]) == "wrong-store"
    assert reason(**late, stores=ONE_COUNTER, counter="counter-2") == "wrong-counter"
    assert reason(LISTED, Past(), **late, limits={"total": 1}) == "limit-total"
    assert reason(LISTED, Past(at=at("2026-12-01T09:00")), **late, limits={"per_store_day": 1}) == "limit-store-day"
    assert reason(LISTED, Past(), **late, limits={"per_store_day": 1}) == "late-within-grace"


def test_from_a_store_that_takes_no_part_the_late_are_told_where_it_was() -> None:
    late: dict[str, Any] = {"now": at("2026-12-01T12:00"), "stores": ["pier-9"]}
    assert reason(**late, grace_days=1) == "wrong-store"
    assert reason(**late, grace_days=0) == "over"


def test_from_a_store_that_takes_no_part_the_grace_is_that_of_the_stores_that_do() -> None:
    midnight_in_new_york = at("2026-12-02T00:00")
    world: dict[str, Any] = {"grace_days": 1, "now": midnight_in_new_york}
    assert reason(store="bayside", stores=["sunset"], **world) == "wrong-store"
    assert reason(store="sunset", stores=["bayside"], **world) == "over"


def test_late_here_and_in_time_further_west_the_stores_there_are_told() -> None:
    verdict = asked(now=at("2026-12-01T01:00"), grace_days=1)
    assert (verdict.reason, verdict.facts["next_ok"]) == (
        "late-within-grace",
        {"at": "2026-11-30T22:00:00-08:00", "until": "2026-12-01T00:00:00-08:00", "stores": ["Sunset"]},
    )
