from typing import Any

import pytest

from kiosk.core.decide import Sale, Taken
from kiosk.core.promotion import Promotion
from tests.core_world import promotion
from tests.rules_world import LISTED, SCREEN, TWELVE, WORD, Past, answer, asked, credential, reason, usd, voucher

FIFTH: dict[str, Any] = {"percent": 20, "currency": "USD"}


def basket(minor: int, *redeemed: Taken) -> Sale:
    return Sale(basket_minor=minor, redeemed=redeemed)


# --- what it costs -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "basket_minor", "cost"),
    [
        (TWELVE, 500, "12.00"),
        (FIFTH, 5000, "10.00"),
        (FIFTH, 12, "0.02"),
        (FIFTH, 13, "0.03"),
        (FIFTH, 0, "0.00"),
        ({"percent": 50, "currency": "USD"}, 1, "0.01"),
        ({"percent": 49, "currency": "USD"}, 1, "0.00"),
        ({"percent": 1, "currency": "USD"}, 49, "0.00"),
        ({"percent": 1, "currency": "USD"}, 50, "0.01"),
        ({"percent": 1, "currency": "USD"}, 149, "0.01"),
        ({"percent": 1, "currency": "USD"}, 150, "0.02"),
        ({"percent": 100, "currency": "USD"}, 1999, "19.99"),
        (FIFTH | {"at_most": "15.00"}, 7500, "15.00"),
        (FIFTH | {"at_most": "15.00"}, 7497, "14.99"),
        (FIFTH | {"at_most": "15.00"}, 9000, "15.00"),
    ],
)
def test_a_percentage_of_the_basket_is_rounded_to_the_nearest_cent_and_capped(
    value: dict[str, Any], basket_minor: int, cost: str
) -> None:
    assert asked(value=value, sale=basket(basket_minor)).facts["cost"] == usd(cost)


def test_what_has_no_value_costs_nothing_and_says_nothing_of_it() -> None:
    assert dict(asked(sale=basket(5000)).facts) == {}


def test_yen_have_no_cents_and_dinars_three() -> None:
    yen = {"percent": 10, "currency": "JPY"}
    assert asked(value=yen, sale=basket(1005)).facts["cost"] == {"amount": "101", "currency": "JPY"}
    dinar = {"amount": "1.234", "currency": "KWD"}
    assert asked(value=dinar).facts["cost"] == {"amount": "1.234", "currency": "KWD"}


# --- budget --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spent_minor", "expected"),
    [(7600, ("accept", "ok")), (7601, ("refuse", "budget-spent")), (8800, ("refuse", "budget-spent"))],
)
def test_the_budget_may_be_reached_exactly_and_not_by_one_cent_more(
    spent_minor: int, expected: tuple[str, str]
) -> None:
    spent = Past(amount_minor=spent_minor)
    assert answer(LISTED, spent, value=TWELVE, limits={"budget": "88.00"}) == expected


def test_the_budget_says_what_it_would_cost_and_what_is_left() -> None:
    verdict = asked(LISTED, Past(amount_minor=7601), value=TWELVE, limits={"budget": "88.00"})
    assert dict(verdict.facts) == {"cost": usd("12.00"), "budget": usd("88.00"), "budget_left": usd("11.99")}
    verdict = asked(LISTED, Past(amount_minor=9000), value=TWELVE, limits={"budget": "88.00"})
    assert verdict.facts["budget_left"] == usd("0.00")


def test_what_is_spent_is_the_sum_of_what_was_given() -> None:
    spent = [Past(one=2, amount_minor=1000), Past(one=3, amount_minor=1), Past(one=4, store="pier-9", amount_minor=500)]
    assert reason(LISTED, *spent, value=TWELVE, limits={"budget": "27.01"}) == "ok"
    assert reason(LISTED, *spent, value=TWELVE, limits={"budget": "27.00"}) == "budget-spent"


def test_a_budget_is_not_applied_to_an_unknown_cost_and_named() -> None:
    world: dict[str, Any] = {"value": FIFTH, "limits": {"budget": "1.00"}}
    verdict = asked(LISTED, Past(amount_minor=100), **world)
    assert (verdict.reason, dict(verdict.facts)) == ("ok", {"not_checked": ["budget"]})
    assert reason(LISTED, Past(amount_minor=100), **world, sale=basket(100)) == "budget-spent"
    assert "not_checked" not in asked(**world, sale=basket(100)).facts


def test_a_budget_of_what_has_no_value_is_never_spent() -> None:
    verdict = asked(LISTED, Past(amount_minor=9900), limits={"budget": "1.00"})
    assert (verdict.reason, dict(verdict.facts)) == ("ok", {})


# --- basket --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("basket_minor", "expected"),
    [
        (1999, ("refuse", "basket-too-small")),
        (2000, ("accept", "ok")),
        (20000, ("accept", "ok")),
        (20001, ("refuse", "basket-too-large")),
    ],
)
def test_the_basket_may_be_the_least_or_the_most_exactly(basket_minor: int, expected: tuple[str, str]) -> None:
    assert answer(value=TWELVE, basket={"min": "20.00", "max": "200.00"}, sale=basket(basket_minor)) == expected


@pytest.mark.parametrize(
    ("limits", "basket_minor", "facts"),
    [
        ({"min": "20.00"}, 1999, {"basket": usd("19.99"), "basket_min": usd("20.00")}),
        ({"max": "20.00"}, 2001, {"basket": usd("20.01"), "basket_max": usd("20.00")}),
        (
            {"min": "2.00", "max": "20.00"},
            0,
            {"basket": usd("0.00"), "basket_min": usd("2.00"), "basket_max": usd("20.00")},
        ),
    ],
)
def test_the_basket_is_told_beside_what_it_must_come_to(
    limits: dict[str, str], basket_minor: int, facts: dict[str, Any]
) -> None:
    assert dict(asked(value=TWELVE, basket=limits, sale=basket(basket_minor)).facts) == facts


@pytest.mark.parametrize("limits", [{"min": "20.00"}, {"max": "20.00"}])
def test_an_unknown_basket_is_not_judged_and_named(limits: dict[str, str]) -> None:
    verdict = asked(value=TWELVE, basket=limits)
    assert (verdict.reason, verdict.facts["not_checked"]) == ("ok", ["basket"])
    assert "not_checked" not in asked(value=TWELVE, basket={}).facts


# --- stacking ------------------------------------------------------------------------------------


def other(id_: str, title: str, value: dict[str, Any] | None = None) -> Promotion:
    return promotion(id=id_, title=title, words=None, codes=None, credentials=["listed"], value=value)


SOUP = other("soup", "Soup of the day", {"amount": "5.00", "currency": "USD"})
BREAD = other("bread", "Bread")
TENTH = other("tenth", "A tenth", {"percent": 10, "currency": "USD"})
EUROS = other("euros", "Euros", {"amount": "5.00", "currency": "EUR"})
ALSO = (SOUP, BREAD, TENTH, EUROS)


def stacked(*redeemed: Taken, basket_minor: int | None = None, **fields: Any) -> Any:
    fields = {"value": TWELVE, "also": ALSO} | fields
    return asked(sale=Sale(basket_minor=basket_minor, redeemed=redeemed), **fields)


def test_with_nothing_unless_it_says_so() -> None:
    assert stacked().reason == "ok"
    verdict = stacked(Taken("soup"))
    assert (verdict.outcome, verdict.reason, dict(verdict.facts)) == (
        "refuse",
        "does-not-stack",
        {"in_sale": ["Soup of the day"]},
    )


def test_with_those_that_it_names_and_no_other() -> None:
    assert stacked(Taken("soup"), stacks_with=["soup"]).reason == "ok"
    assert stacked(Taken("soup"), Taken("bread"), stacks_with=["soup", "bread"]).reason == "ok"
    assert stacked(Taken("soup"), Taken("bread"), stacks_with=["soup"]).facts == {"in_sale": ["Bread"]}


def test_with_itself_only_where_it_names_itself() -> None:
    assert stacked(Taken("tacos")).reason == "does-not-stack"
    assert stacked(Taken("tacos"), stacks_with=["tacos"]).reason == "ok"


def test_what_is_published_no_more_does_not_go_with_it_and_has_no_title() -> None:
    verdict = stacked(Taken("gone"), Taken("soup"))
    assert (verdict.reason, dict(verdict.facts)) == ("does-not-stack", {"in_sale": ["Soup of the day"]})


@pytest.mark.parametrize(("cap", "expected"), [("17.00", "ok"), ("16.99", "does-not-stack")])
def test_the_cap_of_a_sale_may_be_reached_exactly(cap: str, expected: str) -> None:
    assert stacked(Taken("soup"), stacks_with=["soup"], stack_cap=cap).reason == expected


def test_the_cap_counts_this_one_too_when_it_is_alone() -> None:
    assert stacked(stack_cap="12.00").reason == "ok"
    verdict = stacked(stack_cap="11.99")
    assert (verdict.reason, dict(verdict.facts)) == (
        "does-not-stack",
        {"cost": usd("12.00"), "stack_cap": usd("11.99"), "already_off": usd("0.00")},
    )


def test_what_was_really_taken_off_goes_before_what_the_terms_say() -> None:
    both: dict[str, Any] = {"stacks_with": ["soup", "bread"], "stack_cap": "20.00"}
    assert stacked(Taken("soup", 300), Taken("soup", 500), **both).reason == "ok"
    verdict = stacked(Taken("soup", 301), Taken("soup", 500), **both)
    assert (verdict.reason, verdict.facts["already_off"]) == ("does-not-stack", usd("8.01"))
    assert stacked(Taken("bread", 801), **both).reason == "does-not-stack"


def test_what_has_no_value_takes_nothing_off() -> None:
    assert stacked(Taken("bread"), stacks_with=["bread"], stack_cap="12.00").reason == "ok"
    assert stacked(Taken("bread"), stacks_with=["bread"], stack_cap="11.99").reason == "does-not-stack"


def test_a_percentage_takes_off_its_share_of_the_basket() -> None:
    both: dict[str, Any] = {"stacks_with": ["tenth"], "stack_cap": "16.00"}
    assert stacked(Taken("tenth"), basket_minor=4000, **both).reason == "ok"
    assert stacked(Taken("tenth"), basket_minor=4010, **both).reason == "does-not-stack"


@pytest.mark.parametrize("other", ["tenth", "euros", "gone"])
def test_what_was_taken_off_not_known_in_this_currency_the_cap_is_not_applied_and_named(other: str) -> None:
    verdict = stacked(Taken(other), stacks_with=[other], stack_cap="12.00")
    assert (verdict.reason, verdict.facts["not_checked"]) == ("ok", ["stack_cap"])


def test_an_unknown_cost_is_not_capped_and_named() -> None:
    verdict = stacked(value=FIFTH, stack_cap="0.01")
    assert (verdict.reason, verdict.facts["not_checked"]) == ("ok", ["stack_cap"])
    assert "not_checked" not in stacked(value=None, stack_cap="0.01").facts
    assert "not_checked" not in stacked(value=FIFTH, basket_minor=0, stack_cap="0.01").facts


def test_the_face_of_a_voucher_without_a_value_is_capped_or_named() -> None:
    mine = voucher(face_minor=500)
    world: dict[str, Any] = {"also": ALSO, "stack_cap": "4.99"}
    assert asked(mine, **world).reason == "does-not-stack"
    verdict = asked(mine, **world, stacks_with=["gone"], sale=Sale(redeemed=(Taken("gone"),)))
    assert (verdict.reason, verdict.facts["not_checked"]) == ("ok", ["stack_cap"])


# --- evidence ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["screen", "voucher", "listed", "word", "rotating", "gs1", "foreign"])
def test_a_grade_may_be_worth_its_cap_exactly_and_not_a_cent_more(kind: str) -> None:
    assert asked(credential(kind), value=TWELVE, evidence={kind: "12.00"}).outcome != "refuse"
    assert answer(credential(kind), value=TWELVE, evidence={kind: "11.99"}) == ("refuse", "value-over-evidence")


def test_another_grade_s_cap_is_not_this_one_s() -> None:
    assert reason(WORD, value=TWELVE, evidence={"screen": "1.00"}) == "ok"


def test_the_grades_that_would_do_are_told() -> None:
    verdict = asked(
        SCREEN, value=TWELVE, evidence={"screen": "5.00", "word": "11.99", "rotating": "12.00"},
        credentials=["screen", "word", "rotating", "voucher"],
    )  # fmt: skip
    assert dict(verdict.facts) == {
        "cost": usd("12.00"), "evidence_cap": usd("5.00"), "credentials": ["rotating", "voucher"],
    }  # fmt: skip


def test_evidence_for_an_unknown_cost_is_not_judged_and_named() -> None:
    verdict = asked(SCREEN, value=FIFTH, evidence={"screen": "1.00"})
    assert (verdict.reason, verdict.facts["not_checked"]) == ("look-at-screen", ["evidence"])
    assert "not_checked" not in asked(WORD, value=FIFTH, evidence={"screen": "1.00"}).facts
    assert reason(SCREEN, value=FIFTH, evidence={"screen": "1.00"}, sale=basket(501)) == "look-at-screen"
    assert reason(SCREEN, value=FIFTH, evidence={"screen": "1.00"}, sale=basket(503)) == "value-over-evidence"


def test_all_that_needs_the_basket_is_named_together() -> None:
    verdict = asked(
        SCREEN, value=FIFTH, evidence={"screen": "1.00"}, stack_cap="1.00", basket={"min": "1.00"},
        limits={"budget": "1.00", "per_customer": 1, "per_clerk_day": 1},
    )  # fmt: skip
    assert verdict.facts["not_checked"] == [
        "per_clerk_day", "per_customer", "budget", "basket", "stack_cap", "evidence",
    ]  # fmt: skip
