"""Words for each reason: they exist, they fit, and they say the fact."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from kiosk.core.verdict import FactValue, Outcome, Reason
from kiosk.web import times
from kiosk.web.asked import Asked
from kiosk.web.printed import amount, initials
from kiosk.web.ways import WIDE_HEADLINE
from kiosk.web.words import NARROW_HEADLINE, for_customer, for_reason
from tests.counter_pages import signed_in
from tests.fakes_counter import FRIDAY, promotion

NEW_YORK = ZoneInfo("America/New_York")
SATURDAY_NIGHT: dict[str, FactValue] = {
    "at": "2026-11-21T17:00:00-05:00", "until": "2026-11-21T22:00:00-05:00", "stores": ["Harbor Grill Bayside"],
}  # fmt: skip


def asked(facts: dict[str, FactValue] | None = None, *, now: datetime = FRIDAY) -> Asked:
    both = ("Harbor Grill Bayside", "Harbor Grill Pier 9")
    return Asked(facts or {}, promotion(), NEW_YORK, now, "Harbor Grill Bayside", both)


def usd(amount_text: str) -> FactValue:
    return {"amount": amount_text, "currency": "USD"}


@pytest.mark.parametrize("reason", list(Reason))
def test_each_reason_has_words_for_clerk_and_customer_even_without_facts(reason: Reason) -> None:
    bare = Asked({}, None, NEW_YORK, FRIDAY)
    words, theirs = for_reason(reason, bare), for_customer(reason, bare)
    assert words.headline
    assert words.sub
    assert words.say
    assert theirs.headline
    assert theirs.sub
    assert len(words.headline) <= (NARROW_HEADLINE if reason is Reason.OK else WIDE_HEADLINE)


@pytest.mark.parametrize("reason", list(Reason))
def test_no_headline_says_invalid_or_shows_a_code(reason: Reason) -> None:
    headline = for_reason(reason, asked()).headline
    assert "invalid" not in headline.lower()
    assert "-" not in headline
    assert headline[0].isupper()


@pytest.mark.parametrize(
    ("reason", "facts", "headline"),
    [
        (Reason.NOT_YET, {"starts_at": "2026-11-21T17:00:00-05:00"}, "Starts tomorrow 17:00"),
        (Reason.NOT_YET, {"starts_at": "2026-11-25T17:00:00-05:00"}, "Starts Wednesday 17:00"),
        (Reason.NOT_YET, {"starts_at": "2026-11-28T17:00:00-05:00"}, "Starts Sat 28 Nov"),
        (Reason.NOT_YET, {"starts_at": "2026-11-27T00:00:00-05:00"}, "Starts Fri 27 Nov"),
        (Reason.NOT_YET, {"starts_at": "2026-11-26T00:00:00-05:00"}, "Starts Thursday"),
        (Reason.OVER, {"ended_on": "2026-11-19"}, "Ended yesterday"),
        (Reason.OVER, {"ended_on": "2026-11-14"}, "Ended Sat 14 Nov"),
        (Reason.USED_HERE, {"used_at": "2026-11-20T18:40:00-05:00"}, "Used today 18:40"),
        (Reason.USED_HERE, {"used_at": "2026-11-14T18:40:00-05:00"}, "Used Sat 14 Nov 18:40"),
        (Reason.USED_ELSEWHERE, {"used_store": "Pier 9"}, "Used at Pier 9"),
        (Reason.USED_ELSEWHERE, {"used_store": "Harbor Grill Bayside Resort"}, "Used at another store"),
        (Reason.WRONG_STORE, {}, "Not at this store"),
        (Reason.WRONG_DAY, {}, "Not on Fridays"),
        (Reason.WRONG_HOUR, {"next_ok": SATURDAY_NIGHT}, "Back tomorrow 17:00"),
        (Reason.LIMIT_TOTAL, {"limit": 100}, "All given out"),
        (Reason.UNKNOWN_CODE, {}, "Not one of our codes"),
        (Reason.MISREAD_CODE, {}, "One letter is off"),
        (Reason.BAD_SIGNATURE, {}, "Not as it was issued"),
        (Reason.REVOKED, {}, "Withdrawn by us"),
        (Reason.OLD_CODE, {"shown_at": "2026-11-20T18:40:00-05:00"}, "The code has moved on"),
        (Reason.LATE_WITHIN_GRACE, {"ended_on": "2026-11-19"}, "Ended yesterday"),
        (Reason.WRONG_COUNTER, {"counters": ["Bar"]}, "Only at Bar"),
        (Reason.WRONG_COUNTER, {"counters": ["Front of house", "Terrace"]}, "At another counter"),
        (Reason.LIMIT_STORE, {"limit": 40}, "All given out here"),
        (Reason.LIMIT_STORE_DAY, {"limit": 20}, "All out for today"),
        (Reason.LIMIT_CLERK_DAY, {"limit": 1}, "You gave one today"),
        (Reason.LIMIT_CLERK_DAY, {"limit": 10}, "You gave 10 today"),
        (Reason.LIMIT_CUSTOMER, {"limit": 1, "used": 1}, "One per guest"),
        (Reason.LIMIT_CUSTOMER, {"limit": 2, "used": 2}, "2 per guest"),
        (Reason.BUDGET_SPENT, {}, "Its budget is spent"),
        (Reason.BASKET_TOO_SMALL, {"basket_min": usd("20.00")}, "From $20.00 up"),
        (Reason.BASKET_TOO_LARGE, {"basket_max": usd("200.00")}, "Up to $200.00"),
        (Reason.DOES_NOT_STACK, {"in_sale": ["Free fries"]}, "Not both in one sale"),
        (Reason.DOES_NOT_STACK, {"stack_cap": usd("30.00")}, "$30.00 off at most"),
        (Reason.VALUE_OVER_EVIDENCE, {"evidence_cap": usd("15.00")}, "Up to $15.00 this way"),
        (Reason.VALUE_OVER_EVIDENCE, {"evidence_cap": usd("1500.00")}, "Needs a stronger code"),
        (Reason.COUNTER_FENCED, {}, "This counter must wait"),
        (Reason.NEEDS_HEAD_OFFICE, {}, "The line is down"),
        (Reason.NO_ALLOWANCE, {}, "This counter is out"),
        (Reason.NO_ALLOWANCE, {"online": True}, "This counter is out"),
        (Reason.OVER_FLOOR, {"floor": usd("20.00")}, "Over $20.00, offline"),
        (Reason.NEEDS_HEAD_OFFICE, {"unanswered": True}, "No answer yet"),
        (Reason.NEEDS_HEAD_OFFICE, {"denied": "no-allowance"}, "In use elsewhere"),
        (Reason.NEEDS_HEAD_OFFICE, {"denied": "needs-head-office"}, "Head office says no"),
        (Reason.NEEDS_HEAD_OFFICE, {"reserved": "used"}, "Used next to us"),
        (Reason.NEEDS_HEAD_OFFICE, {"reserved": "reserved"}, "In use elsewhere"),
        (Reason.PROMOTIONS_STALE, {"published_at": "2026-10-20T18:40:00-04:00"}, "List of Tue 20 Oct"),
        (Reason.CLOCK_SUSPECT, {}, "Our clock may be wrong"),
    ],
)
def test_the_headline_is_the_fact(reason: Reason, facts: dict[str, FactValue], headline: str) -> None:
    assert for_reason(reason, asked(facts)).headline == headline
    assert len(headline) <= WIDE_HEADLINE


def test_what_would_work_names_the_next_time_here_and_the_other_stores() -> None:
    ways = for_reason(Reason.WRONG_HOUR, asked({"next_ok": SATURDAY_NIGHT})).would_work
    assert [(way.strong, way.rest) for way in ways] == [
        ("Sat 21 Nov, 17:00 to 22:00", ", then each Fri and Sat"),
        ("Harbor Grill Pier 9", ", the same hours"),
    ]


def test_what_would_work_elsewhere_names_only_where_it_really_would() -> None:
    there: dict[str, FactValue] = {"stores": ["Pier 9", "Quay"], "next_ok": SATURDAY_NIGHT | {"stores": ["Pier 9"]}}
    ways = for_reason(Reason.WRONG_STORE, asked(there)).would_work
    assert ("shop", "Pier 9") in [(way.icon, way.strong) for way in ways]
    assert all("Quay" not in way.strong for way in ways)


@pytest.mark.parametrize(
    ("reason", "facts", "sub"),
    [
        (Reason.LIMIT_STORE, {"limit": 1}, "The only one of this store is gone."),
        (Reason.LIMIT_STORE, {"limit": 40}, "All 40 of this store are gone."),
        (Reason.LIMIT_STORE_DAY, {"limit": 20}, "Today's 20 at this store are gone."),
        (Reason.LIMIT_CUSTOMER, {"limit": 2, "used": 2}, "This guest has had 2 already."),
        (Reason.BUDGET_SPENT, {"budget": usd("1200.00")}, "The $1200.00 set aside for it is spent."),
        (
            Reason.BUDGET_SPENT,
            {"cost": usd("12.00"), "budget_left": usd("4.00")},
            "It costs $12.00, and $4.00 is left.",
        ),
        (
            Reason.BUDGET_SPENT,
            {"cost": usd("12.00"), "budget_left": usd("0.00"), "budget": usd("60.00")},
            "The $60.00 set aside for it is spent.",
        ),
        (Reason.BASKET_TOO_SMALL, {"basket": usd("16.00")}, "This sale comes to $16.00."),
        (Reason.DOES_NOT_STACK, {"in_sale": ["Fries", "Soda"]}, "It does not go with Fries and Soda."),
        (Reason.OLD_CODE, {"shown_at": "2026-11-20T18:40:00-05:00"}, "It was fresh today 18:40, and renews itself."),
    ],
)
def test_the_line_under_it_states_the_facts(reason: Reason, facts: dict[str, FactValue], sub: str) -> None:
    assert for_reason(reason, asked(facts)).sub == f"{promotion().title}. {sub}"


def test_a_sale_that_is_too_small_names_what_is_missing() -> None:
    ways = for_reason(Reason.BASKET_TOO_SMALL, asked({"basket": usd("15.50"), "basket_min": usd("20.00")})).would_work
    assert (ways[0].strong, ways[0].rest) == ("$4.50", " more in this sale")


def test_what_is_worth_too_much_names_the_codes_that_would_do() -> None:
    ways = for_reason(Reason.VALUE_OVER_EVIDENCE, asked({"credentials": ["voucher", "listed"]})).would_work
    assert [way.strong for way in ways] == ["A signed voucher or a code from our list"]
    assert for_reason(Reason.VALUE_OVER_EVIDENCE, asked({"credentials": []})).would_work == ()


def test_an_amount_without_a_currency_is_printed_without_one() -> None:
    facts: dict[str, FactValue] = {
        "basket": {"amount": "15.50", "currency": None}, "basket_min": {"amount": "20.00", "currency": None},
    }  # fmt: skip
    words = for_reason(Reason.BASKET_TOO_SMALL, asked(facts))
    assert (words.headline, words.would_work[0].strong) == ("From 20.00 up", "4.50")


def test_an_old_list_names_a_manager_only_where_one_may_say_yes() -> None:
    refused = for_reason(Reason.PROMOTIONS_STALE, asked())
    left_to_them = for_reason(Reason.PROMOTIONS_STALE, replace(asked(), outcome=Outcome.ASK))
    assert "manager" not in refused.sub
    assert [way.icon for way in refused.would_work] == ["refresh"]
    assert left_to_them.sub.endswith("A manager may say yes.")
    assert left_to_them.would_work[0].icon == "key"


def test_an_opening_that_is_now_is_not_offered_as_a_later_one() -> None:
    now_open: dict[str, FactValue] = {"next_ok": SATURDAY_NIGHT | {"at": FRIDAY.isoformat(), "stores": ["Pier 9"]}}
    ways = for_reason(Reason.WRONG_STORE, asked(now_open)).would_work
    assert [way.icon for way in ways] == ["shop"]


def test_words_to_say_tell_the_time_as_it_is_spoken() -> None:
    said = for_reason(Reason.NOT_YET, asked({"starts_at": "2026-11-21T17:00:00-05:00"})).say
    assert "tomorrow at 17:00" in said


def test_times_are_the_stores_own() -> None:
    at = datetime(2026, 11, 21, 4, 59, tzinfo=UTC)
    assert times.near(at, NEW_YORK, FRIDAY) == "today 23:59"
    assert times.near(at, ZoneInfo("Asia/Tokyo"), FRIDAY) == "today 13:59"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(59, "just now"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (47.9 * 3600, "47 h"), (48 * 3600, "2 days")],
)
def test_an_age_is_told_in_the_largest_whole_unit(seconds: float, words: str) -> None:
    assert times.ago(seconds) == words


@pytest.mark.parametrize(
    ("at", "until", "words"),
    [
        ("2026-11-20T17:00:00-05:00", "2026-11-20T22:00:00-05:00", "Fri 20 Nov, 17:00 to 22:00"),
        ("2026-11-20T22:00:00-05:00", "2026-11-21T02:00:00-05:00", "Fri 20 Nov, 22:00 to 02:00"),
        ("2026-11-20T00:00:00-05:00", "2026-11-21T00:00:00-05:00", "Fri 20 Nov"),
        ("2026-11-20T00:00:00-05:00", "2026-12-01T00:00:00-05:00", "Fri 20 Nov to Mon 30 Nov"),
        ("2026-11-20T17:00:00-05:00", "2026-11-22T17:00:00-05:00", "Fri 20 Nov 17:00 to Sun 22 Nov 17:00"),
        ("2027-11-20T17:00:00-05:00", None, "20 Nov 2027, from 17:00"),
    ],
)
def test_a_stretch_reads_as_one_would_say_it(at: str, until: str | None, words: str) -> None:
    start, end = times.parse(at), times.parse(until)
    assert start is not None
    assert times.stretch(start, end, NEW_YORK, FRIDAY) == words


@pytest.mark.parametrize("text", ["", "soon", None, 7, "2026-11-20T17:00:00"])
def test_what_is_no_instant_is_read_as_none(text: object) -> None:
    assert times.parse(text) is None


def test_amounts_are_shown_as_money() -> None:
    assert amount("12.00", "USD") == "$12.00"
    assert amount("12", "USD") == "$12.00"
    assert amount("1200", "JPY") == "¥1200"
    assert amount("12.50", "CHF") == "12.50 CHF"


@pytest.mark.parametrize(("name", "badge"), [("Ana Marta Silva", "AS"), ("Ben", "BE"), ("Ö", "Ö")])
def test_a_badge_has_two_letters_of_a_name(name: str, badge: str) -> None:
    assert initials(name) == badge


@pytest.mark.parametrize(
    ("reason", "others"), [(Reason.COUNTER_FENCED, False), (Reason.PROMOTIONS_STALE, False), (Reason.OVER, True)]
)
def test_another_promotion_is_named_only_where_it_would_not_meet_the_same(reason: Reason, others: bool) -> None:
    pages = signed_in()
    pages.counter.refuse(reason, {}, title="Another title")
    assert (" is on now" in pages.get("/").text) is others


@pytest.mark.parametrize("facts", [{"online": True}, {"unanswered": True}, {"denied": "no-allowance"}])
def test_no_line_is_blamed_while_it_is_up(facts: dict[str, FactValue]) -> None:
    reason = Reason.NO_ALLOWANCE if "online" in facts else Reason.NEEDS_HEAD_OFFICE
    clerk, customer = for_reason(reason, asked(facts)), for_customer(reason, asked(facts))
    assert not any("line" in text.split() for text in (clerk.headline, clerk.sub, clerk.say, customer.sub))
    assert "line" in for_customer(reason, asked({})).sub.split()
