from datetime import datetime
from typing import Any

import pytest

from kiosk.core.catalogue import EMPTY, Catalogue
from kiosk.core.credential import present
from kiosk.core.decide import Place, decide
from kiosk.core.entry import FeedId
from kiosk.core.fact import Void
from kiosk.core.promotion import Promotion
from kiosk.core.standing import Standing
from kiosk.core.verdict import Outcome, Reason, Verdict
from tests.core_world import (
    ELSEWHERE,
    HEAD_OFFICE,
    NEIGHBOUR,
    OWN,
    at,
    catalogue,
    code_digest,
    milliseconds,
    promotion,
    redemption,
    use_seen,
)

CODE = "TACO-7F3K-9HXM"
NOON = at("2026-11-06T12:00")  # a Friday
NOVEMBER = {"from": "2026-11-01", "until": "2026-11-30"}
EVENINGS = NOVEMBER | {"days": ["fri", "sat"], "hours": ["17:00-22:00"], "except": ["2026-11-27"]}


def asked(
    published: Promotion | Catalogue | None = None,
    *,
    raw: str = CODE,
    standing: Standing | None = None,
    store: str = "bayside",
    now: datetime = NOON,
) -> Verdict:
    """The verdict on ``raw`` where one promotion is published."""
    known = published if isinstance(published, Catalogue) else catalogue(published or promotion())
    return decide(present(raw), known, standing or Standing(OWN), Place(store, "counter-1"), now)


def reason(published: Promotion | Catalogue | None = None, **question: Any) -> Reason:
    verdict = asked(published, **question)
    assert verdict.outcome is (Outcome.ACCEPT if verdict.reason is Reason.OK else Outcome.REFUSE)
    return verdict.reason


def used(*uses: tuple[FeedId, str], voided: tuple[int, ...] = ()) -> Standing:
    """A standing with redemptions of the taco code by feed and store, numbered from 1; some of them voided."""
    standing = Standing(OWN)
    for n, (feed, store) in enumerate(uses, start=1):
        standing.apply(feed, n, redemption(n, store=store, at_ms=milliseconds(at(f"2026-11-05T18:0{n}"))))
        if n in voided:
            standing.apply(feed, n + 100, Void(at_ms=9, feed=str(feed), n=n, clerk="ana", reason="returned"))
    return standing


def other_codes_used(count: int) -> Standing:
    standing = Standing(OWN)
    for n in range(1, count + 1):
        standing.apply(OWN, n, redemption(n, credential=n.to_bytes(16, "big")))
    return standing


# --- what it is ----------------------------------------------------------------------------------


def test_a_listed_code_is_accepted() -> None:
    assert asked() == Verdict(Outcome.ACCEPT, Reason.OK, "tacos", {})


def test_a_code_word_is_accepted() -> None:
    assert reason(raw="shrimp 2o") is Reason.OK


def test_nothing_held_up_is_malformed() -> None:
    assert asked(raw="  ") == Verdict(Outcome.REFUSE, Reason.MALFORMED)


def test_a_code_of_more_than_4296_characters_is_malformed() -> None:
    assert reason(raw="A" * 4296) is Reason.UNKNOWN_CODE
    assert reason(raw="A" * 4297) is Reason.MALFORMED


def test_a_code_that_no_promotion_knows_is_unknown() -> None:
    assert asked(raw="TACO-7F3K-9HXN") == Verdict(Outcome.REFUSE, Reason.UNKNOWN_CODE)


def test_every_code_is_unknown_before_anything_is_published() -> None:
    assert reason(EMPTY) is Reason.UNKNOWN_CODE


def test_a_kind_that_the_promotion_does_not_take_is_a_wrong_credential() -> None:
    verdict = asked(promotion(credentials=["word"]))
    assert verdict.reason is Reason.WRONG_CREDENTIAL
    assert verdict.facts["credentials"] == ["word"]
    assert reason(promotion(credentials=["word"]), raw="SHRIMP20") is Reason.OK
    assert reason(promotion(credentials=["listed"]), raw="SHRIMP20") is Reason.WRONG_CREDENTIAL


# --- announcing ----------------------------------------------------------------------------------


def test_before_it_is_announced_a_code_is_unknown_and_its_promotion_is_not_named() -> None:
    announced = promotion(announce_from="2026-10-28")
    assert asked(announced, now=at("2026-10-27T23:59:59")) == Verdict(Outcome.REFUSE, Reason.UNKNOWN_CODE)


def test_from_the_day_it_is_announced_a_code_is_not_yet() -> None:
    assert reason(promotion(announce_from="2026-10-28"), now=at("2026-10-28T00:00")) is Reason.NOT_YET


def test_without_an_announcement_a_code_is_not_yet_from_always() -> None:
    assert reason(now=at("2020-01-01T00:00")) is Reason.NOT_YET


def test_the_announcement_is_by_the_store_s_calendar() -> None:
    announced = promotion(announce_from="2026-10-28")
    assert reason(announced, store="sunset", now=at("2026-10-28T00:30")) is Reason.UNKNOWN_CODE


# --- use -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("feed", [OWN, NEIGHBOUR])
def test_a_code_used_in_this_store_is_used_here(feed: FeedId) -> None:
    verdict = asked(standing=used((feed, "bayside")))
    assert verdict.reason is Reason.USED_HERE
    assert verdict.facts == {"used_at": "2026-11-05T18:01:00-05:00", "used_store": "Bayside"}


def test_a_code_used_in_another_store_is_used_elsewhere() -> None:
    verdict = asked(standing=used((ELSEWHERE, "pier-9")))
    assert verdict.reason is Reason.USED_ELSEWHERE
    assert verdict.facts["used_store"] == "Pier 9"


def test_a_use_in_a_store_that_is_published_no_more_is_told_by_its_id() -> None:
    assert asked(standing=used((ELSEWHERE, "old-pier"))).facts["used_store"] == "old-pier"


@pytest.mark.parametrize("at_ms", [2**60, -(2**60), 253_402_300_799_999, -62_135_596_800_000])
def test_a_use_at_a_time_that_no_calendar_has_is_a_use_all_the_same(at_ms: int) -> None:
    standing = Standing(OWN)
    standing.apply(HEAD_OFFICE, 1, use_seen(ELSEWHERE, 4, redemption(store="pier-9", at_ms=at_ms)))
    assert reason(standing=standing) is Reason.USED_ELSEWHERE


def test_a_use_that_head_office_tells_of_counts() -> None:
    standing = Standing(OWN)
    standing.apply(HEAD_OFFICE, 1, use_seen(ELSEWHERE, 4, redemption(store="pier-9")))
    assert reason(standing=standing) is Reason.USED_ELSEWHERE


def test_a_code_whose_redemption_is_voided_is_accepted_again() -> None:
    assert reason(standing=used((OWN, "bayside"), voided=(1,))) is Reason.OK


def test_a_void_restores_nothing_where_the_promotion_says_so() -> None:
    strict = promotion(void_restores_use=False, limits={"total": 1})
    verdict = asked(strict, standing=used((OWN, "bayside"), voided=(1,)))
    assert verdict.reason is Reason.USED_HERE
    assert reason(strict, raw="SHRIMP20", standing=used((OWN, "bayside"), voided=(1,))) is Reason.OK


def test_a_code_may_be_used_as_often_as_the_promotion_says() -> None:
    twice = promotion(limits={"per_code": 2})
    assert reason(twice, standing=used((OWN, "bayside"))) is Reason.OK
    assert reason(twice, standing=used((OWN, "bayside"), (OWN, "bayside"))) is Reason.USED_HERE


def test_of_several_uses_the_latest_in_this_store_is_told() -> None:
    verdict = asked(
        promotion(limits={"per_code": 3}),
        standing=used((OWN, "bayside"), (NEIGHBOUR, "bayside"), (ELSEWHERE, "pier-9")),
    )
    assert verdict.reason is Reason.USED_HERE
    assert verdict.facts["used_at"] == "2026-11-05T18:02:00-05:00"


def test_another_code_s_use_does_not_count() -> None:
    assert reason(standing=other_codes_used(5)) is Reason.OK


def test_a_code_word_may_be_used_by_any_number_of_customers() -> None:
    standing = Standing(OWN)
    word = code_digest("5hr1mp20", "word")
    for n in (1, 2):
        standing.apply(OWN, n, redemption(n, credential=word, credential_kind="word"))
    assert reason(promotion(limits={"per_code": 1}), raw="SHRIMP20", standing=standing) is Reason.OK


# --- ended, paused -------------------------------------------------------------------------------


def test_it_is_over_after_the_last_day() -> None:
    assert reason(now=at("2026-11-30T23:59:59")) is Reason.OK
    verdict = asked(now=at("2026-12-01T00:00"))
    assert verdict.reason is Reason.OVER
    assert verdict.facts["ended_on"] == "2026-11-30"


def test_the_day_after_the_last_grace_day_it_is_over() -> None:
    verdict = asked(promotion(grace_days=1), now=at("2026-12-02T00:00"))
    assert (verdict.outcome, verdict.reason) == (Outcome.REFUSE, Reason.OVER)
    assert asked(promotion(grace_days=1), now=at("2026-12-01T23:59")).outcome is Outcome.ASK


def test_it_is_over_when_no_opening_is_left_though_the_last_day_is_not() -> None:
    evenings = promotion(valid=EVENINGS, stores=["coast"])
    assert reason(evenings, now=at("2026-11-28T21:59:59")) is Reason.OK
    verdict = asked(evenings, now=at("2026-11-28T22:00"))
    assert verdict.reason is Reason.OVER
    assert verdict.facts == {"ended_on": "2026-11-28"}


def test_on_its_last_day_it_may_have_ended_the_day_before() -> None:
    to_sunday = promotion(valid=EVENINGS | {"until": "2026-11-29"}, stores=["coast"])
    assert asked(to_sunday, now=at("2026-11-29T12:00")).facts == {"ended_on": "2026-11-28"}


def test_the_small_hours_after_the_last_night_are_not_over() -> None:
    nights = promotion(valid=NOVEMBER | {"hours": ["22:00-02:00"]})
    assert reason(nights, now=at("2026-12-01T01:59:59")) is Reason.OK
    assert reason(nights, now=at("2026-12-01T02:00")) is Reason.OVER


def test_where_it_is_over_here_but_not_further_west_the_stores_there_are_told() -> None:
    verdict = asked(now=at("2026-12-01T01:00"))
    assert verdict.reason is Reason.OVER
    assert verdict.facts["next_ok"] == {
        "at": "2026-11-30T22:00:00-08:00", "until": "2026-12-01T00:00:00-08:00", "stores": ["Sunset"],
    }  # fmt: skip


def test_a_paused_promotion_is_refused_without_a_promise() -> None:
    verdict = asked(promotion(paused=True))
    assert (verdict.reason, dict(verdict.facts)) == (Reason.PAUSED, {})
    assert reason(promotion(paused=False)) is Reason.OK


# --- place ---------------------------------------------------------------------------------------


def test_another_store_is_the_wrong_one_and_the_right_ones_are_told() -> None:
    verdict = asked(promotion(stores=["coast"]), store="sunset")
    assert verdict.reason is Reason.WRONG_STORE
    assert verdict.facts["stores"] == ["Bayside", "Pier 9"]
    assert verdict.facts["next_ok"] == {
        "at": "2026-11-06T12:00:00-05:00", "until": "2026-12-01T00:00:00-05:00", "stores": ["Bayside", "Pier 9"],
    }  # fmt: skip


@pytest.mark.parametrize("store", ["bayside", "pier-9"])
def test_each_store_of_a_group_takes_part(store: str) -> None:
    assert reason(promotion(stores=["coast"]), store=store) is Reason.OK


def test_a_store_that_is_published_no_more_is_the_wrong_one() -> None:
    assert reason(store="moon") is Reason.WRONG_STORE


def test_a_promotion_of_no_store_at_all_promises_none() -> None:
    verdict = asked(promotion(stores=["closed-store"]))
    assert (verdict.reason, dict(verdict.facts)) == (Reason.WRONG_STORE, {"stores": []})


def test_the_wrong_store_outside_its_hours_is_told_where_and_when() -> None:
    verdict = asked(promotion(stores=["pier-9"], valid=EVENINGS))
    assert verdict.facts["next_ok"] == {
        "at": "2026-11-06T17:00:00-05:00", "until": "2026-11-06T22:00:00-05:00", "stores": ["Pier 9"],
    }  # fmt: skip


def test_of_stores_in_two_time_zones_the_nearest_opening_is_told() -> None:
    both = promotion(stores=["pier-9", "sunset"], valid=EVENINGS)
    verdict = asked(both, now=at("2026-11-06T22:30"))
    assert verdict.reason is Reason.WRONG_STORE
    assert verdict.facts["next_ok"] == {
        "at": "2026-11-06T19:30:00-08:00", "until": "2026-11-06T22:00:00-08:00", "stores": ["Sunset"],
    }  # fmt: skip


def test_a_store_that_takes_part_speaks_for_itself() -> None:
    verdict = asked(promotion(valid=EVENINGS), now=at("2026-11-06T22:30"))
    assert verdict.facts["next_ok"] == {
        "at": "2026-11-07T17:00:00-05:00", "until": "2026-11-07T22:00:00-05:00", "stores": ["Bayside"],
    }  # fmt: skip


# --- time ----------------------------------------------------------------------------------------


def test_before_the_first_day_it_is_not_yet() -> None:
    verdict = asked(now=at("2026-10-31T23:59:59"))
    assert verdict.reason is Reason.NOT_YET
    assert verdict.facts["starts_at"] == "2026-11-01T00:00:00-04:00"
    assert reason(now=at("2026-11-01T00:00")) is Reason.OK


def test_not_yet_tells_the_first_opening_not_the_first_day() -> None:
    assert (
        asked(promotion(valid=EVENINGS), now=at("2026-10-30T18:00")).facts["starts_at"] == "2026-11-06T17:00:00-05:00"
    )


def test_an_excepted_day_is_a_blackout_from_midnight_to_midnight() -> None:
    holiday = promotion(valid=NOVEMBER | {"except": ["2026-11-27"]})
    assert reason(holiday, now=at("2026-11-26T23:59:59")) is Reason.OK
    verdict = asked(holiday, now=at("2026-11-27T00:00"))
    assert verdict.reason is Reason.BLACKOUT
    assert verdict.facts["next_ok"] == {
        "at": "2026-11-28T00:00:00-05:00", "until": "2026-12-01T00:00:00-05:00", "stores": ["Bayside"],
    }  # fmt: skip
    assert reason(holiday, now=at("2026-11-28T00:00")) is Reason.OK


def test_another_day_of_the_week_is_the_wrong_day() -> None:
    weekend = promotion(valid=NOVEMBER | {"days": ["fri", "sat"]})
    assert reason(weekend, now=at("2026-11-07T23:59:59")) is Reason.OK
    verdict = asked(weekend, now=at("2026-11-08T00:00"))
    assert verdict.reason is Reason.WRONG_DAY
    assert verdict.facts["next_ok"] == {
        "at": "2026-11-13T00:00:00-05:00", "until": "2026-11-15T00:00:00-05:00", "stores": ["Bayside"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("16:59:59", Reason.WRONG_HOUR),
        ("17:00:00", Reason.OK),
        ("21:59:59", Reason.OK),
        ("22:00:00", Reason.WRONG_HOUR),
    ],
)
def test_hours_start_with_their_first_moment_and_end_before_their_last(clock: str, expected: Reason) -> None:
    assert reason(promotion(valid=EVENINGS), now=at(f"2026-11-06T{clock}")) is expected


def test_the_first_day_before_its_hours_is_a_wrong_hour() -> None:
    evenings = promotion(valid=NOVEMBER | {"hours": ["17:00-22:00"]})
    assert reason(evenings, now=at("2026-11-01T12:00")) is Reason.WRONG_HOUR
    assert reason(evenings, now=at("2026-10-31T18:00")) is Reason.NOT_YET


def test_the_wrong_hour_tells_the_right_one() -> None:
    assert asked(promotion(valid=EVENINGS)).facts["next_ok"] == {
        "at": "2026-11-06T17:00:00-05:00", "until": "2026-11-06T22:00:00-05:00", "stores": ["Bayside"],
    }  # fmt: skip


def test_a_friday_night_s_small_hours_are_friday_s() -> None:
    night = promotion(valid=NOVEMBER | {"days": ["fri"], "hours": ["22:00-02:00"]})
    assert reason(night, now=at("2026-11-07T01:59:59")) is Reason.OK
    assert reason(night, now=at("2026-11-07T02:00")) is Reason.WRONG_DAY
    assert reason(night, now=at("2026-11-06T01:00")) is Reason.WRONG_DAY
    assert reason(night, now=at("2026-11-06T02:00")) is Reason.WRONG_HOUR


def test_the_store_s_own_clock_decides() -> None:
    evenings = promotion(valid=EVENINGS)
    assert reason(evenings, now=at("2026-11-06T17:00")) is Reason.OK
    assert reason(evenings, store="sunset", now=at("2026-11-06T17:00")) is Reason.WRONG_HOUR
    assert reason(evenings, store="sunset", now=at("2026-11-06T20:00")) is Reason.OK


def test_the_small_hours_that_come_again_when_the_clock_is_set_back_are_a_wrong_hour_between() -> None:
    night = promotion(valid={"from": "2026-10-31", "until": "2026-10-31", "days": ["sat"], "hours": ["22:00-01:30"]})
    assert reason(night, now=at("2026-11-01T01:29")) is Reason.OK
    verdict = asked(night, now=at("2026-11-01T01:30"))
    assert verdict.reason is Reason.WRONG_HOUR
    assert verdict.facts["next_ok"] == {
        "at": "2026-11-01T01:00:00-05:00", "until": "2026-11-01T01:30:00-05:00", "stores": ["Bayside"],
    }  # fmt: skip


def test_between_the_small_hours_of_one_day_the_next_is_a_wrong_day_where_it_is_within_the_dates() -> None:
    night = promotion(valid={"from": "2026-10-31", "until": "2026-11-01", "days": ["sat"], "hours": ["22:00-01:30"]})
    assert reason(night, now=at("2026-11-01T01:30")) is Reason.WRONG_DAY


def test_a_time_without_a_zone_is_no_time() -> None:
    with pytest.raises(ValueError, match="time zone"):
        asked(now=datetime(2026, 11, 6, 12))  # noqa: DTZ001


# --- the limit -----------------------------------------------------------------------------------


def test_the_total_may_be_reached_exactly() -> None:
    three = promotion(limits={"total": 3})
    verdict = asked(three, standing=other_codes_used(2))
    assert (verdict.reason, dict(verdict.facts)) == (Reason.OK, {"limit": 3, "used": 2, "left": 1})
    verdict = asked(three, standing=other_codes_used(3))
    assert (verdict.reason, dict(verdict.facts)) == (Reason.LIMIT_TOTAL, {"limit": 3, "used": 3, "left": 0})


def test_words_and_codes_share_the_total() -> None:
    assert reason(promotion(limits={"total": 1}), raw="SHRIMP20", standing=used((OWN, "bayside"))) is Reason.LIMIT_TOTAL


def test_a_void_gives_the_total_back() -> None:
    assert reason(promotion(limits={"total": 1}), standing=used((OWN, "bayside"), voided=(1,))) is Reason.OK


def test_more_than_the_total_leaves_nothing() -> None:
    assert asked(promotion(limits={"total": 1}), standing=other_codes_used(2)).facts["left"] == 0


# --- one reason of several -----------------------------------------------------------------------

AFTER = at("2026-12-03T12:00")
BEFORE = at("2026-10-01T12:00")
HERE = (OWN, "bayside")


@pytest.mark.parametrize(
    ("changes", "question", "expected"),
    [
        # the order of DESIGN section 3
        ({"credentials": ["word"]}, {"standing": used(HERE)}, Reason.WRONG_CREDENTIAL),
        ({}, {"standing": used(HERE), "now": AFTER}, Reason.USED_HERE),
        ({"limits": {"total": 1}}, {"standing": used(HERE)}, Reason.USED_HERE),
        ({"paused": True}, {"standing": used(HERE)}, Reason.USED_HERE),
        ({"paused": True}, {"now": AFTER}, Reason.OVER),
        ({"limits": {"total": 1}}, {"now": AFTER, "standing": other_codes_used(1)}, Reason.OVER),
        ({"stores": ["pier-9"]}, {"now": AFTER}, Reason.OVER),
        ({"paused": True, "stores": ["pier-9"]}, {}, Reason.PAUSED),
        ({"paused": True}, {"now": BEFORE}, Reason.PAUSED),
        ({"stores": ["pier-9"]}, {"now": BEFORE}, Reason.WRONG_STORE),
        ({"valid": NOVEMBER | {"days": ["sat"], "except": ["2026-11-06"]}}, {}, Reason.BLACKOUT),
        ({"valid": NOVEMBER | {"days": ["sat"], "hours": ["17:00-22:00"]}}, {}, Reason.WRONG_DAY),
        # none whose cure would not work
        ({"credentials": ["word"]}, {"now": AFTER}, Reason.OVER),
        ({"credentials": ["word"], "limits": {"total": 1}}, {"standing": other_codes_used(1)}, Reason.LIMIT_TOTAL),
        ({"paused": True, "limits": {"total": 1}}, {"standing": other_codes_used(1)}, Reason.LIMIT_TOTAL),
        ({"stores": ["pier-9"], "limits": {"total": 1}}, {"standing": other_codes_used(1)}, Reason.LIMIT_TOTAL),
        ({"limits": {"total": 1}}, {"now": BEFORE, "standing": other_codes_used(1)}, Reason.LIMIT_TOTAL),
        ({"valid": EVENINGS, "limits": {"total": 1}}, {"standing": other_codes_used(1)}, Reason.LIMIT_TOTAL),
        ({"valid": NOVEMBER | {"days": ["fri"]}}, {"now": at("2026-11-29T12:00")}, Reason.OVER),
        ({"credentials": ["word"], "limits": {"total": 1}}, {"standing": used(HERE)}, Reason.USED_HERE),
    ],
)
def test_one_reason_is_chosen_of_several(changes: dict[str, Any], question: dict[str, Any], expected: Reason) -> None:
    verdict = asked(promotion(**changes), **question)
    assert verdict.reason is expected


@pytest.mark.parametrize(
    ("changes", "question"),
    [
        ({}, {}), ({}, {"standing": used(HERE)}), ({"credentials": ["word"]}, {}), ({"paused": True}, {"now": BEFORE}),
        ({"stores": ["pier-9"], "limits": {"total": 1}}, {"standing": other_codes_used(1)}),
        ({"stores": ["coast"]}, {"now": AFTER}),
    ],
)  # fmt: skip
def test_no_time_or_place_is_promised_where_waiting_or_going_helps_nobody(
    changes: dict[str, Any], question: dict[str, Any]
) -> None:
    assert "next_ok" not in asked(promotion(**changes), **question).facts


def test_limits_whose_key_is_not_known_are_named() -> None:
    verdict = asked(promotion(limits={"per_customer": 1, "per_store": 40}))
    assert verdict.reason is Reason.OK
    assert verdict.facts["not_checked"] == ["per_customer"]
