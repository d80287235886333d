from typing import Any

import pytest

from kiosk.core.catalogue import Credential
from kiosk.core.credential import present
from kiosk.core.decide import Place, Sale, decide
from kiosk.core.situation import ClockInterval, Freshness, Situation
from tests.core_world import at, catalogue
from tests.rules_world import (
    HOLDER,
    LISTED,
    NOON,
    NOVEMBER,
    SCREEN,
    TWELVE,
    VOUCHER,
    WORD,
    Past,
    asked,
    credential,
    standing,
    tacos,
    usd,
    voucher,
)

EVENINGS: dict[str, Any] = {"valid": NOVEMBER | {"hours": ["17:00-22:00"]}}


def between(earliest: str, latest: str, **changes: Any) -> dict[str, Any]:
    """A situation whose clock could be anything between; the time asked at is far off and must not matter."""
    clock = ClockInterval(at(f"2026-11-{earliest}"), at(f"2026-11-{latest}"))
    return {"situation": Situation(clock=clock, **changes), "now": at("2031-01-01T00:00")}


def told(held_up: Credential = LISTED, *history: Past, **world: Any) -> tuple[str, str]:
    verdict = asked(held_up, *history, **world)
    return verdict.outcome.value, verdict.reason.value


SUSPECT = ("ask", "clock-suspect")


def test_the_same_yes_at_both_ends_and_between_is_a_yes() -> None:
    assert told(**between("06T17:00", "06T21:59:59"), **EVENINGS) == ("accept", "ok")
    assert told(SCREEN, **between("06T17:00", "06T21:59:59"), **EVENINGS) == ("check", "look-at-screen")


def test_an_end_that_is_one_point_is_that_point() -> None:
    assert told(**between("06T17:00", "06T17:00"), **EVENINGS) == ("accept", "ok")
    assert told(**between("06T16:59:59", "06T16:59:59"), **EVENINGS) == ("refuse", "wrong-hour")


@pytest.mark.parametrize(("earliest", "latest"), [("06T16:59:59", "06T17:00"), ("06T21:59:59", "06T22:00")])
def test_a_yes_at_one_end_only_is_asked(earliest: str, latest: str) -> None:
    verdict = asked(**between(earliest, latest), **EVENINGS)
    assert (verdict.outcome, verdict.reason, verdict.promotion) == ("ask", "clock-suspect", "tacos")
    assert verdict.facts == {
        "clock_from": f"2026-11-{earliest if len(earliest) > 6 else earliest + ':00'}-05:00",
        "clock_until": f"2026-11-{latest if len(latest) > 8 else latest + ':00'}-05:00",
    }


@pytest.mark.parametrize("held_up", [LISTED, SCREEN])
def test_open_at_both_ends_but_closed_between_is_asked(held_up: Credential) -> None:
    assert told(held_up, **between("06T21:00", "07T18:00"), **EVENINGS) == SUSPECT


def test_the_end_of_an_opening_lies_outside_it() -> None:
    nights: dict[str, Any] = {"valid": NOVEMBER | {"except": ["2026-11-08"]}}
    assert told(**between("06T12:00", "07T23:59:59"), **nights) == ("accept", "ok")
    assert told(**between("06T12:00", "09T00:00"), **nights) == SUSPECT


def test_the_same_refusal_at_both_ends_is_a_refusal() -> None:
    assert told(**between("06T10:00", "07T10:00"), **EVENINGS) == ("refuse", "wrong-hour")
    assert told(WORD, **between("06T17:00", "07T18:00"), **EVENINGS, paused=True) == ("refuse", "paused")


def test_two_refusals_that_time_changes_are_asked() -> None:
    weekdays: dict[str, Any] = {"valid": NOVEMBER | {"days": ["thu", "fri"]}}
    holiday: dict[str, Any] = {"valid": NOVEMBER | {"days": ["fri"], "except": ["2026-11-20"]}}
    assert told(**between("04T12:00", "05T12:00"), **weekdays) == SUSPECT
    assert told(**between("19T12:00", "20T12:00"), **holiday) == SUSPECT


def test_a_question_at_both_ends_stays_that_question() -> None:
    late: dict[str, Any] = {"valid": {"from": "2026-11-01", "until": "2026-11-03"}, "grace_days": 3}
    assert told(**between("04T10:00", "05T10:00"), **late) == ("ask", "late-within-grace")
    assert told(**between("03T10:00", "05T10:00"), **late) == SUSPECT
    assert told(**between("05T10:00", "07T00:00"), **late) == SUSPECT


@pytest.mark.parametrize(
    ("world", "expected"),
    [
        ({"stores": ["bayside/counter-2"]}, "wrong-counter"),
        ({"stores": ["pier-9"]}, "wrong-store"),
        ({"paused": True}, "paused"),
        ({"credentials": ["word"]}, "wrong-credential"),
        ({"value": TWELVE, "evidence": {"listed": "1.00"}}, "value-over-evidence"),
        ({"value": TWELVE, "stack_cap": "1.00"}, "does-not-stack"),
    ],
)
def test_what_no_time_changes_refuses_it_and_no_manager_is_asked(world: dict[str, Any], expected: str) -> None:
    both_ends = between("06T16:00", "06T18:00")
    verdict = asked(**both_ends, **EVENINGS, **world)
    assert (verdict.outcome, verdict.reason) == ("refuse", expected)


def test_no_fact_is_told_that_holds_at_one_end_only() -> None:
    evenings = EVENINGS | {"value": TWELVE}
    verdict = asked(**between("06T10:00", "06T11:00"), **evenings)
    next_ok = {"at": "2026-11-06T17:00:00-05:00", "until": "2026-11-06T22:00:00-05:00", "stores": ["Bayside"]}
    assert (verdict.reason, dict(verdict.facts)) == ("wrong-hour", {"next_ok": next_ok})
    verdict = asked(**between("06T10:00", "07T11:00"), **evenings)
    assert (verdict.reason, dict(verdict.facts)) == ("wrong-hour", {})
    assert asked(**between("06T17:00", "06T18:00"), **evenings).facts == {"cost": usd("12.00")}
    assert dict(asked(**between("06T16:00", "06T18:00"), **evenings, stores=["pier-9"]).facts) == {"stores": ["Pier 9"]}


def test_a_fenced_counter_s_manager_is_not_asked_about_its_clock() -> None:
    assert told(**between("06T16:00", "06T18:00", fenced=True), **EVENINGS) == ("refuse", "counter-fenced")
    assert told(**between("06T16:00", "06T18:00"), **EVENINGS) == SUSPECT


def test_a_list_past_its_hard_end_refuses_at_any_time_what_no_manager_may_honour() -> None:
    both_ends = between("06T16:00", "06T18:00", freshness=Freshness.EXPIRED)
    floor: dict[str, Any] = {"value": TWELVE, "offline": {"policy": "floor", "floor": "20.00"}}
    assert told(VOUCHER, **both_ends, **EVENINGS, **floor) == ("refuse", "promotions-stale")
    assert told(WORD, **both_ends, **EVENINGS, **floor) == SUSPECT


def test_a_use_is_a_use_at_any_time() -> None:
    assert told(VOUCHER, Past(one=1), **between("06T16:00", "06T18:00"), **EVENINGS) == ("refuse", "used-here")


def test_a_limit_of_one_day_that_is_reached_at_one_end_is_asked() -> None:
    use = Past(at=at("2026-11-06T12:00"))
    world: dict[str, Any] = {"limits": {"per_store_day": 1}}
    assert told(LISTED, use, **between("06T00:00", "06T23:59:59"), **world) == ("refuse", "limit-store-day")
    assert told(LISTED, use, **between("06T23:59:59", "07T00:00"), **world) == SUSPECT
    assert told(LISTED, use, **between("05T23:59:59", "06T00:00"), **world) == SUSPECT
    assert told(LISTED, use, **between("07T00:00", "07T23:59:59"), **world) == ("accept", "ok")


def test_an_announcement_between_the_ends_is_asked() -> None:
    teaser: dict[str, Any] = {"announce_from": "2026-11-01"}
    october = ClockInterval(at("2026-10-31T23:59"), at("2026-11-01T00:00"))
    verdict = asked(situation=Situation(clock=october), **teaser)
    assert (verdict.outcome, verdict.reason) == ("ask", "clock-suspect")
    before = ClockInterval(at("2026-10-30T00:00"), at("2026-10-31T00:00"))
    assert told(situation=Situation(clock=before), **teaser) == ("refuse", "unknown-code")
    assert told(VOUCHER, situation=Situation(clock=before), **teaser) == ("refuse", "unknown-promotion")


def test_a_voucher_s_own_window_must_hold_at_both_ends_too() -> None:
    ends = int(at("2026-11-06T18:00").timestamp() * 1000)
    mine = voucher(ends_at_ms=ends)
    assert told(mine, **between("06T12:00", "06T17:59:59")) == ("accept", "ok")
    assert told(mine, **between("06T12:00", "06T18:00")) == SUSPECT
    assert told(mine, **between("06T18:00", "06T19:00")) == ("refuse", "over")


def test_a_clock_that_is_sane_is_taken_at_its_word() -> None:
    assert told(credential(), now=NOON, **EVENINGS) == ("refuse", "wrong-hour")


def test_what_a_manager_approves_under_a_suspect_clock_is_written_down_with_its_cost_and_customer() -> None:
    held = Sale(holder=HOLDER)
    verdict = asked(**between("06T16:00", "06T18:00"), **EVENINGS, value=TWELVE, sale=held, limits={"per_clerk_day": 1})
    assert (verdict.reason, verdict.cost_minor, verdict.holder) == ("clock-suspect", 1200, HOLDER)
    assert verdict.facts["not_checked"] == ["per_clerk_day"]
    verdict = asked(**between("06T17:00", "06T18:00"), **EVENINGS, value=TWELVE, sale=held)
    assert (verdict.reason, verdict.cost_minor, verdict.holder) == ("ok", 1200, HOLDER)


def test_a_manager_is_told_of_a_screen_that_was_seen_before() -> None:
    verdict = asked(SCREEN, Past(one=1), **between("06T16:00", "06T18:00"), **EVENINGS)
    assert (verdict.reason, verdict.facts["times"], verdict.facts["used_store"]) == ("clock-suspect", 1, "Bayside")


def test_what_is_known_for_nothing_at_either_end_is_not_asked() -> None:
    clock = ClockInterval(at("2026-11-06T16:00"), at("2026-11-06T18:00"))
    known = standing([], Situation(clock=clock))
    verdict = decide(present("NOBODY-KNOWS"), catalogue(tacos()), known, Place("bayside", "counter-1"), NOON)
    assert (verdict.outcome, verdict.reason, verdict.promotion) == ("refuse", "unknown-code", None)
    verdict = decide(None, catalogue(tacos()), known, Place("bayside", "counter-1"), NOON)
    assert (verdict.outcome, verdict.reason) == ("refuse", "malformed")
