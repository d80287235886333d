"""Both sides of each caution."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kiosk.core.cautions import cautions
from kiosk.core.promotion import Promotion
from tests.core_world import ORGANISATION, promotion

TWELVE = {"amount": "12.00", "currency": "USD"}
UP_TO_TWELVE = {"percent": 20, "at_most": "12.00", "currency": "USD"}
NOVEMBER = {"from": "2026-11-01", "until": "2026-11-30"}
KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # RFC 8032, 7.1, test 1
TODAY = date(2026, 11, 6)
Notes = dict[tuple[str | int, ...], str]


def of(*promotions: Promotion, today: date = TODAY) -> Notes:
    """The cautions on the last of these promotions, by their places."""
    found = [fault for fault in cautions(promotions, ORGANISATION, today) if fault.at[1] == len(promotions) - 1]
    assert len({fault.at for fault in found}) == len(found)
    return {fault.at[2:]: fault.what for fault in found}


def notes(today: date = TODAY, **changes: Any) -> Notes:
    return of(promotion(**changes), today=today)


def valid(**changes: Any) -> Notes:
    return notes(valid=NOVEMBER | changes)


def in_stores(*names: str) -> Notes:
    return notes(stores=list(names))


def word_only(name: str, **changes: Any) -> Promotion:
    return promotion(**({"id": name, "codes": None, "words": [f"WORD-{name}"], "credentials": ["word"]} | changes))


def test_a_plain_promotion_needs_no_caution() -> None:
    assert notes() == {}


# --- when


def test_a_promotion_is_over_when_it_is_over_everywhere() -> None:
    assert notes(today=date(2026, 12, 1)) == {}
    assert notes(today=date(2026, 12, 2)) == {("valid", "until"): "It is over since 2026-11-30."}


def test_a_paused_promotion_that_is_over_says_both() -> None:
    assert notes(paused=True) == {}
    assert notes(today=date(2026, 12, 2), paused=True)["valid", "until"] == "It is over and paused since 2026-11-30."


def test_a_weekday_that_never_falls_into_the_dates_is_told() -> None:
    three_days = {"from": "2026-11-06", "until": "2026-11-08"}  # friday to sunday
    assert valid(**three_days, days=["fri", "sat", "sun"]) == {}
    assert valid(**three_days, days=["fri", "mon"]) == {
        ("valid", "days", 1): "There is no mon from 2026-11-06 until 2026-11-08."
    }


def test_in_a_week_every_weekday_falls() -> None:
    assert valid(**{"from": "2026-11-06"}, until="2026-11-12", days=["thu"]) == {}
    assert list(valid(**{"from": "2026-11-06"}, until="2026-11-11", days=["thu", "fri"])) == [("valid", "days", 0)]


@pytest.mark.parametrize("day", ["2026-11-01", "2026-11-30"])
def test_an_exception_on_the_first_or_last_day_is_within(day: str) -> None:
    assert valid(**{"except": [day]}) == {}


@pytest.mark.parametrize("day", ["2026-10-31", "2026-12-01"])
def test_an_exception_outside_of_the_dates_is_told(day: str) -> None:
    assert "lies outside" in valid(**{"except": [day]})["valid", "except", 0]


def test_an_exception_on_a_day_when_it_does_not_run_anyway_is_told() -> None:
    assert valid(days=["fri", "sat"], **{"except": ["2026-11-27"]}) == {}
    assert valid(days=["sat"], **{"except": ["2026-11-27"]}) == {
        ("valid", "except", 0): "2026-11-27 is a fri, on which it does not run anyway."
    }


@pytest.mark.parametrize(
    ("first", "second"),
    [("10:00-12:00", "12:00-14:00"), ("22:00-02:00", "02:00-04:00"), ("00:00-02:00", "22:00-24:00")],
)
def test_hours_that_touch_do_not_overlap(first: str, second: str) -> None:
    assert valid(hours=[first, second]) == {}
    assert valid(hours=[second, first]) == {}


@pytest.mark.parametrize(
    ("first", "second"),
    [("10:00-12:01", "12:00-14:00"), ("22:00-02:01", "02:00-04:00"), ("22:00-02:00", "21:00-22:01")],
)
def test_hours_that_overlap_are_told(first: str, second: str) -> None:
    assert valid(hours=[first, second]) == {("valid", "hours", 1): f"{second} overlaps {first}."}
    assert valid(hours=[second, first]) == {("valid", "hours", 1): f"{first} overlaps {second}."}


SHOWN = ("screen", "dates_shown")


def shown(text: str, **changes: Any) -> Notes:
    marks = {"offer": "Free tacos", "dates_shown": text}
    return notes(credentials=["screen"], codes=None, screen=marks, valid=NOVEMBER | changes)


@pytest.mark.parametrize(
    "text", ["Nov 1 - Nov 30", "until Nov 30", "11/01-11/30", "1-30 November 2026", "1.11.2026 - 30.11.2026"]
)
def test_dates_as_shown_may_be_written_in_any_way(text: str) -> None:
    assert shown(text) == {}


@pytest.mark.parametrize("text", ["Nov 1 - Nov 29", "Nov 2 - Nov 30", "until Nov 29", "1-30 November 2025"])
def test_dates_shown_that_are_not_those_published_are_told(text: str) -> None:
    assert shown(text)[SHOWN] == f"It runs from 2026-11-01 until 2026-11-30, but a customer sees {text!r}."


def test_dates_over_the_new_year_name_two_years() -> None:
    over = {"from": "2026-12-20", "until": "2027-01-06"}
    assert shown("Dec 20, 2026 - Jan 6, 2027", **over) == {}
    assert SHOWN in shown("Dec 20, 2025 - Jan 6, 2025", **over)


def test_dates_shown_in_which_none_can_be_read_are_told() -> None:
    assert "No dates can be read" in shown("all month long")[SHOWN]


# --- lists


@pytest.mark.parametrize(
    ("at", "changes"),
    [
        (("credentials", 2), {"credentials": ["listed", "word", "listed"]}),
        (("words", 1), {"words": ["SHRIMP20", "shrimp-2O"]}),
        (("codes", 1), {"codes": ["TACO-1", "taco 1"]}),
        (("stores", 1), {"stores": ["sunset", "sunset"]}),
        (("valid", "days", 1), {"valid": NOVEMBER | {"days": ["fri", "fri"]}}),
        (("valid", "hours", 1), {"valid": NOVEMBER | {"hours": ["10:00-12:00", "10:00-12:00"]}}),
        (("valid", "except", 1), {"valid": NOVEMBER | {"except": ["2026-11-27", "2026-11-27"]}}),
        (("gs1", "offer_codes", 1), {"credentials": ["gs1", "word"], "gs1": {"offer_codes": ["123456", "123456"]}}),
        (
            ("foreign", "items", 1),
            {
                "credentials": ["foreign"],
                "words": None,
                "foreign": {"kind": "pretix_sig1", "key": KEY, "items": [1, 1]},
            },
        ),
    ],
)
def test_what_stands_in_a_list_twice_is_told_at_the_second(at: tuple[str | int, ...], changes: dict[str, Any]) -> None:
    found = notes(**changes)
    assert list(found) == [at]
    assert found[at].endswith("stands here twice.")


def test_names_that_differ_in_a_hyphen_and_codes_that_differ_are_not_twice_the_same() -> None:
    assert notes(stores=["bay-side", "bayside"]) == {}
    assert notes(codes=["TACO-1", "TACO-2"]) == {}


def test_hours_behind_some_that_stand_twice_are_looked_at_too() -> None:
    found = valid(hours=["10:00-12:00", "10:00-12:00", "11:00-13:00"])
    assert found["valid", "hours", 2] == "11:00-13:00 overlaps 10:00-12:00."


def test_a_promotion_named_twice_in_stacks_with_is_told() -> None:
    pie = word_only("pie", stacks_with=["tacos"])
    twice = of(pie, promotion(stacks_with=["pie", "pie"]))
    assert twice == {("stacks_with", 1): "pie stands here twice."}


@pytest.mark.parametrize("words", [["SHRIMP20", "SHRIMP21"], ["A-B-C"]])
def test_different_words_of_three_characters_are_right(words: list[str]) -> None:
    assert notes(words=words) == {}


@pytest.mark.parametrize(("word", "count"), [("A-B", "2 characters"), (" é ", "one character")])
def test_a_word_of_fewer_than_three_characters_is_told(word: str, count: str) -> None:
    assert f"has only {count}" in notes(words=[word])["words", 0]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("screen", {"offer": "Free tacos"}),
        ("rotating", {"key": "tacos"}),
        ("gs1", {"offer_codes": ["123456"]}),
        ("foreign", {"kind": "pretix_sig1", "key": KEY}),
    ],
)
def test_what_tells_a_kind_apart_is_read_where_that_kind_is_taken(name: str, given: Any) -> None:
    changes: dict[str, Any] = {name: given}
    assert notes(credentials=["listed", "word", name], **changes) == {}
    assert notes(**changes) == {(name,): f"It takes no kind of credential that reads {name}."}


def test_words_are_read_on_screens_too() -> None:
    assert notes(credentials=["listed", "screen"], screen={"offer": "Free tacos"}) == {}
    assert list(notes(credentials=["listed"])) == [("words",)]


@pytest.mark.parametrize("names", [("bayside", "pier-9"), ("coast", "sunset"), ("bayside/counter-1", "pier-9")])
def test_places_beside_each_other_are_right(names: tuple[str, str]) -> None:
    assert in_stores(*names) == {}


@pytest.mark.parametrize(
    ("names", "covering"),
    [(("bayside", "coast"), "coast"), (("bayside/counter-1", "bayside"), "bayside"), (("bayside/x", "coast"), "coast")],
)
def test_a_place_that_another_entry_covers_is_told(names: tuple[str, str], covering: str) -> None:
    assert in_stores(*names) == {("stores", 0): f"{names[0]} is in {covering}, which is named too."}


# --- limits


def test_a_total_that_the_stores_together_can_reach_is_right() -> None:
    assert notes(stores=["coast"], limits={"total": 20, "per_store": 10}) == {}
    assert notes(stores=["coast"], limits={"total": 21, "per_store": 10}) == {
        ("limits", "total"): "The total of 21 can never be reached: 10 in 2 stores are 20."
    }


def test_without_stores_all_of_them_count() -> None:
    assert notes(limits={"total": 30, "per_store": 10}) == {}
    assert list(notes(limits={"total": 31, "per_store": 10})) == [("limits", "total")]


def test_a_store_of_which_only_a_counter_is_named_counts_as_one() -> None:
    found = notes(stores=["bayside/counter-1"], limits={"total": 11, "per_store": 10})
    assert "10 in the one store are 10" in found["limits", "total"]


def test_a_clerks_day_above_the_stores_needs_several_stores() -> None:
    assert notes(limits={"per_clerk_day": 5, "per_store_day": 5}) == {}
    assert "several stores" in notes(limits={"per_clerk_day": 6, "per_store_day": 5})["limits", "per_clerk_day"]


def test_per_code_limits_what_can_be_used_once() -> None:
    assert notes(limits={"per_code": 2}) == {}
    assert list(notes(limits={"per_code": 2}, credentials=["word"], codes=None)) == [("limits", "per_code")]


# --- amounts


@pytest.mark.parametrize("value", [TWELVE])
def test_a_budget_that_the_total_can_spend_is_right(value: Any) -> None:
    assert notes(value=value, limits={"total": 100, "budget": "1200.00"}) == {}
    assert notes(value=value, limits={"total": 100, "budget": "1200.01"}) == {
        ("limits", "budget"): "The budget can never be reached: 100 times 12.00 USD is 1200.00 USD at most."
    }


def test_a_capped_percentage_is_reckoned_at_its_cap() -> None:
    found = notes(value=UP_TO_TWELVE, limits={"total": 100, "budget": "1200.01"})
    assert "can never be reached" in found["limits", "budget"]


def test_a_risk_within_the_budget_is_right() -> None:
    offline = {"policy": "floor", "floor": "20.00", "risk": "200.00"}
    assert notes(value=TWELVE, offline=offline, limits={"budget": "200.00"}) == {}
    assert ("offline", "risk") in notes(value=TWELVE, offline=offline, limits={"budget": "199.99"})


def test_a_basket_as_large_as_the_value_is_right() -> None:
    assert notes(value=TWELVE, basket={"max": "12.00"}) == {}
    assert ("basket", "max") in notes(value=TWELVE, basket={"max": "11.99"})


def test_a_percentage_that_can_grow_above_a_cap_is_told() -> None:
    def capped(amount: str) -> Notes:
        return of(
            word_only("pie", stacks_with=["tacos"]),
            promotion(value=UP_TO_TWELVE, limits={"budget": amount}, evidence={"word": amount}, stack_cap=amount,
                      stacks_with=["pie"]),
        )  # fmt: skip

    caps: list[tuple[str, ...]] = [("limits", "budget"), ("stack_cap",), ("evidence", "word")]
    assert set(capped("12.00")) == {("value", "percent")}
    found = capped("11.99")
    assert set(found) == {("value", "percent"), *caps}
    assert {found[at] for at in caps} == {"A large basket takes off up to 12.00 USD: more than this allows."}


def test_vouchers_capped_below_the_value_pass_by_a_smaller_face_only() -> None:
    voucher: dict[str, Any] = {"value": TWELVE, "credentials": ["voucher"], "codes": None, "words": None}
    assert notes(**voucher, evidence={"voucher": "12.00"}) == {}
    assert "smaller face value" in notes(**voucher, evidence={"voucher": "11.99"})["evidence", "voucher"]


@pytest.mark.parametrize(("value", "cure"), [(None, "Add value"), ({"percent": 20}, "Add currency: USD")])
def test_an_amount_without_a_currency_is_told(value: Any, cure: str) -> None:
    assert notes(value=TWELVE, basket={"min": "20.00"}) == {}
    (fault,) = cautions([promotion(value=value, basket={"min": "20.00"})], ORGANISATION, TODAY)
    assert fault.at == ("promotions", 0, "basket", "min")
    assert fault.what == "Nothing says in which currency 20.00 is: it is read with two decimals."
    assert fault.cure.startswith(cure)


def test_a_percentage_names_what_cannot_be_checked_without_the_basket() -> None:
    assert notes(value={"percent": 20}) == {}
    found = notes(value={"percent": 20, "currency": "USD"}, limits={"budget": "500.00"}, evidence={"word": "10.00"})
    assert found["value", "percent"].endswith("else budget, evidence cannot be checked.")


@pytest.mark.parametrize("kind", ["voucher", "listed", "foreign", "gs1"])
def test_an_offline_policy_is_for_what_can_be_used_once(kind: str) -> None:
    tells: dict[str, Any] = {"gs1": {"offer_codes": ["123456"]}, "foreign": {"kind": "pretix_sig1", "key": KEY}}
    assert (
        notes(credentials=["word", kind], offline={"policy": "owner"}, **{kind: tells[kind]} if kind in tells else {})
        == {}
    )


def test_an_offline_policy_with_shared_credentials_only_is_told() -> None:
    assert ("offline", "policy") in notes(credentials=["word"], codes=None, offline={"policy": "owner"})


# --- stacking


def test_two_that_name_each_other_are_right() -> None:
    assert of(word_only("pie", stacks_with=["tacos"]), promotion(stacks_with=["pie"])) == {}


def test_a_promotion_that_is_not_named_back_is_told_the_other_order() -> None:
    found = of(word_only("pie"), promotion(stacks_with=["pie"]))
    assert found == {
        ("stacks_with", 0): "pie does not name tacos: in the other order, pie second, it is refused."
    }  # fmt: skip


def test_a_promotion_that_names_itself_is_told_what_that_means() -> None:
    assert notes(stacks_with=["tacos"]) == {
        ("stacks_with", 0): "It names itself: one sale may take it more than once."
    }  # fmt: skip


def test_a_promotion_that_does_not_exist_is_no_caution() -> None:
    assert notes(stacks_with=["cake"]) == {}


def test_a_stack_cap_without_others_has_nothing_to_cap() -> None:
    pie = word_only("pie", stacks_with=["tacos"])
    assert of(pie, promotion(value=TWELVE, stack_cap="20.00", stacks_with=["pie"])) == {}
    assert list(notes(value=TWELVE, stack_cap="20.00")) == [("stack_cap",)]


def test_two_that_are_together_above_the_cap_are_told_that_they_never_stack() -> None:
    pie = word_only("pie", value={"amount": "7.50", "currency": "USD"}, stacks_with=["tacos"])
    assert of(pie, promotion(value=TWELVE, stack_cap="19.50", stacks_with=["pie"])) == {}
    found = of(pie, promotion(value=TWELVE, stack_cap="19.49", stacks_with=["pie"]))
    assert found["stacks_with", 0] == (
        "With pie a sale takes off 19.50 USD, above the stack_cap of 19.49 USD: the two never stack."
    )


def test_two_that_are_not_added_up_are_not_said_never_to_stack() -> None:
    def beside(value: Any, cap: str) -> Notes:
        return of(
            word_only("pie", value=value, stacks_with=["tacos"]),
            promotion(value=TWELVE, stack_cap=cap, stacks_with=["pie"]),
        )

    dollars, euros = ({"amount": "7.50", "currency": currency} for currency in ("USD", "EUR"))
    assert beside(None, "12.00") == {}
    assert beside(euros, "12.00") == {}
    assert beside({"percent": 20, "currency": "USD"}, "12.00") == {}
    assert beside(dollars, "11.99") == {}  # what one alone exceeds is a contradiction
    assert list(beside(dollars, "12.00")) == [("stacks_with", 0)]
    pie = word_only("pie", value=dollars, stacks_with=["tacos"])
    assert of(pie, promotion(stacks_with=["pie"])) == {}
    assert of(pie, promotion(value=TWELVE, stacks_with=["pie"])) == {}


# --- what is said


PERCENT_OF_WHAT = "What a percentage is worth is known only where the sale's amount is given at the counter"


@pytest.mark.parametrize(
    ("changes", "what", "cure"),
    [
        (
            {"credentials": ["screen"], "codes": None, "words": ["TACO"],
             "screen": {"offer": "Free tacos", "dates_shown": "all month long"}},
            "No dates can be read in this: screens are compared by its letters.",
            'Write it as posted, such as "Nov 1 - Nov 30".',
        ),
        ({"words": ["A-B"]}, "'A-B' has only 2 characters: a slip of the finger can hit it.", ""),
        ({"words": [" é "]}, "' é ' has only one character: a slip of the finger can hit it.", ""),
        (
            {"credentials": ["listed"]},
            "It takes no kind of credential that reads words.",
            "Add word to credentials, if it shall count.",
        ),
        ({"codes": ["A" * 40] * 2}, f"{'A' * 40} stands here twice.", ""),
        ({"codes": ["A" * 41] * 2}, f"{'A' * 40}… stands here twice.", ""),
        (
            {"stores": ["bayside/counter-1"], "limits": {"total": 11, "per_store": 10}},
            "The total of 11 can never be reached: 10 in the one store are 10.",
            "",
        ),
        (
            {"limits": {"per_clerk_day": 6, "per_store_day": 5}},
            "per_clerk_day 6 is above per_store_day 5: only a clerk who works in several stores can reach it.",
            "",
        ),
        (
            {"limits": {"per_code": 2}, "credentials": ["word"], "codes": None},
            "Code words and screens are shared by many, and a step of a rotating code is used once: this limits none.",
            "To limit each customer, write per_customer.",
        ),
        (
            {"basket": {"min": "20.00"}, "value": {"percent": 20}},
            "Nothing says in which currency 20.00 is: it is read with two decimals.",
            "Add currency: USD, or whichever it is, to value.",
        ),
        (
            {"value": TWELVE, "offline": {"policy": "floor", "floor": "20.00", "risk": "200.00"},
             "limits": {"budget": "199.99"}},
            "The risk is above the whole budget of 199.99 USD.",
            "",
        ),
        (
            {"value": TWELVE, "basket": {"max": "11.99"}},
            "No basket is as large as what it takes off, 12.00 USD.",
            "",
        ),
        (
            {"value": TWELVE, "evidence": {"voucher": "11.99"}, "credentials": ["word", "voucher"], "codes": None},
            "Each redemption is 12.00 USD: only vouchers with a smaller face value pass.",
            "",
        ),
        (
            {"value": {"percent": 20, "currency": "USD"}, "limits": {"budget": "500.00"}, "evidence": {"word": "10.00"},
             "offline": {"policy": "floor", "floor": "1.00"}},
            f"{PERCENT_OF_WHAT}: else budget, evidence, floor cannot be checked.",
            "",
        ),
        (
            {"credentials": ["word"], "codes": None, "offline": {"policy": "owner"}},
            "An offline policy is about vouchers and listed codes, and it takes neither:"
            " only its limits count offline.",
            "",
        ),
        (
            {"value": TWELVE, "stack_cap": "20.00"},
            "It stacks with nothing, so there is nothing to cap.",
            "Name others in stacks_with.",
        ),
    ],
)  # fmt: skip
def test_a_caution_is_said_in_these_words(changes: dict[str, Any], what: str, cure: str) -> None:
    assert [(fault.what, fault.cure) for fault in cautions([promotion(**changes)], ORGANISATION, TODAY)] == [
        (what, cure)
    ]


def test_what_cannot_be_checked_of_a_percentage_is_told_with_its_cap_on_a_stack() -> None:
    pie = word_only("pie", stacks_with=["tacos"])
    capped = promotion(value={"percent": 20, "currency": "USD"}, stack_cap="9.00", stacks_with=["pie"])
    assert of(pie, capped) == {("value", "percent"): f"{PERCENT_OF_WHAT}: else stack_cap cannot be checked."}


def test_who_is_not_named_back_is_told_where_to_add_it() -> None:
    (fault,) = cautions([word_only("pie"), promotion(stacks_with=["pie"])], ORGANISATION, TODAY)
    assert fault.cure == "Add tacos to the stacks_with of pie, if either order is meant."
