"""Both sides of each contradiction: what is refused where, and the nearest thing that is right."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.core.contradictions import contradictions
from kiosk.core.organisation import Fault, Floor, Organisation
from tests.core_world import ORGANISATION, promotion

TWELVE = {"amount": "12.00", "currency": "USD"}
PERCENT = {"percent": 20, "currency": "USD"}
OFFER = {"offer": "Free shrimp tacos"}


def floor_of(amount: str, currency: str = "USD") -> Organisation:
    return ORGANISATION.model_copy(update={"floor": Floor(amount=amount, currency=currency)})


KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # RFC 8032, 7.1, test 1


def faults(organisation: Organisation | None = ORGANISATION, **changes: Any) -> dict[tuple[str | int, ...], Fault]:
    found = list(contradictions([promotion(**changes)], organisation))
    assert all(fault.at[:2] == ("promotions", 0) and fault.cure for fault in found)
    assert len({fault.at for fault in found}) == len(found)
    return {fault.at[2:]: fault for fault in found}


def in_stores(*names: str, organisation: Organisation | None = ORGANISATION) -> dict[tuple[str | int, ...], Fault]:
    return faults(organisation, stores=list(names))


WHOLE: dict[str, Any] = {
    "venue": "Harbor Grill", "stores": ["bayside", "pier-9"], "value": TWELVE,
    "credentials": ["screen", "voucher", "listed", "word", "rotating", "gs1", "foreign"],
    "screen": OFFER, "rotating": {"key": "tacos-2026"}, "gs1": {"offer_codes": ["123456"]},
    "foreign": {"kind": "pretix_sig1", "key": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "items": [1]},
    "evidence": {"screen": "15.00"},
    "basket": {"min": "20.00", "max": "200.00"},
    "limits": {"total": 100, "per_store": 40, "per_store_day": 20, "per_clerk_day": 10, "per_customer": 1,
               "per_code": 1, "budget": "1200.00"},
    "offline": {"policy": "floor", "floor": "20.00", "risk": "200.00"}, "stack_cap": "30.00",
}  # fmt: skip


def test_a_promotion_that_sets_every_field_rightly_contradicts_nothing() -> None:
    assert faults(**WHOLE) == {}


def test_a_fault_names_the_promotion_that_it_is_in() -> None:
    found = contradictions([promotion(), promotion(limits={"total": 1, "per_store": 2})], None)
    assert [fault.at for fault in found] == [("promotions", 1, "limits", "per_store")]


# --- limits


@pytest.mark.parametrize(
    ("name", "cap"),
    [
        ("per_store", "total"), ("per_store_day", "per_store"), ("per_store_day", "total"), ("per_clerk_day", "total"),
        ("per_customer", "total"), ("per_code", "total"),
    ],
)  # fmt: skip
def test_an_allowance_may_reach_its_cap_and_not_exceed_it(name: str, cap: str) -> None:
    assert faults(limits={name: 5, cap: 5}) == {}
    (found,) = faults(limits={name: 6, cap: 5}).items()
    assert found == (
        ("limits", name),
        Fault(("promotions", 0, "limits", name), f"{name} 6 can never be reached: {cap} is 5.",
              f"Write 5 or less, or raise {cap}."),
    )  # fmt: skip


def test_an_allowance_above_two_caps_is_told_once_with_the_nearer_one() -> None:
    found = faults(limits={"per_store_day": 9, "per_store": 5, "total": 7})
    assert list(found) == [("limits", "per_store_day")]
    assert "per_store is 5" in found["limits", "per_store_day"].what


# --- amounts


def test_a_budget_covers_one_redemption_exactly_or_is_refused() -> None:
    assert faults(value=TWELVE, limits={"budget": "12.00"}) == {}
    fault = faults(value=TWELVE, limits={"budget": "11.99"})["limits", "budget"]
    assert fault.what == "The budget of 11.99 USD does not cover one redemption of 12.00 USD."
    assert fault.cure == 'Write "12.00" or more.'


def test_a_stack_cap_covers_the_promotion_alone_or_is_refused() -> None:
    assert faults(value=TWELVE, stack_cap="12.00") == {}
    assert faults(value=TWELVE, stack_cap="11.99")["stack_cap",].cure == 'Write "12.00" or more.'


def test_a_kind_may_be_worth_what_a_redemption_is_or_none_of_it_could_pass() -> None:
    assert faults(value=TWELVE, evidence={"word": "12.00"}) == {}
    fault = faults(value=TWELVE, evidence={"word": "11.99"})["evidence", "word"]
    assert fault.what == "A word may be worth 11.99 USD, each redemption is 12.00 USD: none passes."
    assert fault.cure == 'Write "12.00" or more, or remove word from credentials.'


def test_a_voucher_may_have_a_smaller_face_and_is_not_refused_for_the_value() -> None:
    assert faults(value=TWELVE, evidence={"voucher": "5.00"}, credentials=["voucher"], codes=None, words=None) == {}


def test_a_percentage_is_not_compared_with_a_cap() -> None:
    assert faults(value=PERCENT, evidence={"word": "1.00"}, stack_cap="1.00", limits={"budget": "1.00"}) == {}


def test_evidence_for_a_kind_that_is_not_taken_is_refused() -> None:
    fault = faults(value=TWELVE, evidence={"gs1": "15.00"})["evidence", "gs1"]
    assert fault.cure == "Add gs1 to credentials, or remove it here."


def test_the_smallest_basket_may_be_the_largest_and_not_above_it() -> None:
    assert faults(value=TWELVE, basket={"min": "20.00", "max": "20.00"}) == {}
    assert "No basket is 20.01 USD at least" in faults(value=TWELVE, basket={"min": "20.01", "max": "20.00"})[
        "basket", "max"
    ].what  # fmt: skip


@pytest.mark.parametrize("name", ["min", "max"])
def test_a_basket_with_one_bound_is_right(name: str) -> None:
    assert faults(value=TWELVE, basket={name: "20.00"}) == {}


COUNTED: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    (("limits", "budget"), {"limits": {"budget": "500.00"}}),
    (("stack_cap",), {"stack_cap": "50.00"}),
    (("evidence", "word"), {"evidence": {"word": "50.00"}}),
]


@pytest.mark.parametrize(("at", "changes"), COUNTED)
def test_what_counts_money_needs_a_redemption_to_be_worth_some(at: tuple[str, ...], changes: dict[str, Any]) -> None:
    assert faults(value={"percent": 20}, **changes) == {}
    assert faults(credentials=["voucher", "word", "listed"], **changes) == {}  # a voucher is worth its face
    (found,) = faults(**changes).items()
    assert found[0] == at
    assert found[1].cure == 'Add value: {amount: "12.00", currency: USD}, with what one redemption is worth.'


def test_a_basket_needs_no_value() -> None:
    assert faults(basket={"min": "5.00", "max": "50.00"}) == {}
    assert list(faults(basket={"min": "50.01", "max": "50.00"})) == [("basket", "max")]


@pytest.mark.parametrize(
    ("value", "cure"),
    [(None, "Add value: {amount"), ({"percent": 20}, "Add currency: USD, or whichever it is, to value.")],
)
@pytest.mark.parametrize(
    ("given", "places"),
    [
        ({}, ["policy"]),
        ({"floor": "20.00"}, ["floor"]),
        ({"floor": "20.00", "risk": "2.00"}, ["floor", "risk"]),
    ],
)
def test_a_floor_needs_a_currency(value: Any, cure: str, given: dict[str, str], places: list[str]) -> None:
    found = faults(floor_of("20.00"), value=value, offline={"policy": "floor"} | given)
    assert list(found) == [("offline", name) for name in places]
    assert all(fault.cure.startswith(cure) for fault in found.values())


@pytest.mark.parametrize(
    ("at", "changes"),
    [
        (("value", "at_most"), {"value": PERCENT | {"at_most": "0.00"}}),
        (("basket", "max"), {"basket": {"max": "0"}}),
        (("limits", "budget"), {"limits": {"budget": "0.00"}}),
        (("offline", "floor"), {"offline": {"policy": "floor", "floor": "0"}}),
        (("stack_cap",), {"stack_cap": "0.0"}),
        (("evidence", "word"), {"evidence": {"word": "0"}}),
    ],
)
def test_an_amount_of_nothing_lets_nothing_pass(at: tuple[str, ...], changes: dict[str, Any]) -> None:
    found = faults(**({"value": TWELVE} | changes))
    assert list(found) == [at]
    assert f"With {'evidence' if at[0] == 'evidence' else at[-1]} at nothing" in found[at].what


def test_a_smallest_basket_of_nothing_is_right() -> None:
    assert faults(value=TWELVE, basket={"min": "0.00"}) == {}


# --- what tells it apart


def test_codes_need_a_promotion_that_takes_listed_ones() -> None:
    assert faults(credentials=["listed", "word"], codes=["A-1"]) == {}
    assert faults(credentials=["word"], codes=["A-1"])["codes",].cure == "Add listed to credentials, or remove codes."


@pytest.mark.parametrize("marks", [{"offer": "Free tacos"}, {"claims": ["unlocked"]}])
def test_an_offer_or_a_claim_tells_a_screen(marks: dict[str, Any]) -> None:
    assert faults(credentials=["screen"], screen=marks, codes=None, words=None) == {}


@pytest.mark.parametrize("marks", [{}, {"dates_shown": "Nov 1 - Nov 30"}, {"sample": "samples/tacos.png"}])
def test_a_screen_without_an_offer_or_a_claim_is_told_by_nothing(marks: dict[str, Any]) -> None:
    assert list(faults(credentials=["screen"], screen=marks, codes=None, words=None)) == [("screen",)]
    assert faults(credentials=["listed"], screen=marks, words=None) == {}


# --- offline


@pytest.mark.parametrize("policy", ["online", "owner", "home-store"])
def test_only_the_policy_floor_has_a_floor_and_a_risk(policy: str) -> None:
    assert faults(value=TWELVE, offline={"policy": policy}) == {}
    found = faults(value=TWELVE, offline={"policy": policy, "floor": "20.00", "risk": "200.00"})
    assert list(found) == [("offline", "floor"), ("offline", "risk")]
    assert found["offline", "risk"].cure == "Write policy: floor, or remove risk."


def test_a_risk_covers_the_floor_or_is_refused() -> None:
    assert faults(value=TWELVE, offline={"policy": "floor", "floor": "20.00", "risk": "20.00"}) == {}
    fault = faults(value=TWELVE, offline={"policy": "floor", "floor": "20.00", "risk": "19.99"})["offline", "risk"]
    assert fault.what == "The floor of 20.00 USD is above the risk of 19.99 USD."
    assert fault.cure == 'Write "20.00" or more; ten times that is usual.'


def test_a_risk_covers_the_organisations_floor_where_none_is_given() -> None:
    own = {"policy": "floor", "risk": "20.00"}
    assert faults(floor_of("20.00"), value=TWELVE, offline=own) == {}
    assert "floor of the organisation of 20.01 USD" in faults(floor_of("20.01"), value=TWELVE, offline=own)[
        "offline", "risk"
    ].what  # fmt: skip


def test_an_own_floor_counts_before_the_organisations() -> None:
    assert faults(floor_of("50.00"), value=TWELVE, offline={"policy": "floor", "floor": "20.00", "risk": "20.00"}) == {}


def test_the_policy_floor_needs_a_floor_in_its_currency_here_or_in_the_organisation() -> None:
    assert faults(floor_of("20.00"), value=TWELVE, offline={"policy": "floor"}) == {}
    for organisation in (ORGANISATION, floor_of("20.00", "EUR")):
        fault = faults(organisation, value=TWELVE, offline={"policy": "floor"})["offline", "policy"]
        assert fault.what == "There is no floor here, and none in USD in organisation.yaml."


# --- places


@pytest.mark.parametrize("name", ["bayside", "coast", "bayside/counter-2"])
def test_a_store_a_group_and_a_counter_that_exist_are_right(name: str) -> None:
    assert in_stores(name) == {}


@pytest.mark.parametrize(
    ("name", "what", "cure"),
    [
        ("moon", "There is no store and no group 'moon'.", "Add it to organisation.yaml, or correct the name."),
        ("moon/front", "There is no store 'moon'.", "Add it to organisation.yaml, or correct the name."),
        ("coast/counter-1", "'coast' is a group; a counter belongs to one store.", "Name the store before the slash."),
        ("pier-9/counter-2", "The store 'pier-9' has no counter 'counter-2'.", "Known here: pier-9/counter-1."),
    ],
)
def test_a_place_that_does_not_exist_is_refused_at_its_name(name: str, what: str, cure: str) -> None:
    assert in_stores("sunset", name) == {("stores", 1): Fault(("promotions", 0, "stores", 1), what, cure)}


def test_of_a_counter_that_a_store_does_not_have_those_that_it_has_are_named() -> None:
    found = in_stores("bayside/counter-3")["stores", 0]
    assert found.cure == "Known here: bayside/counter-1, bayside/counter-2."
    bare = ORGANISATION.stores[2].model_copy(update={"counters": ()})
    without = ORGANISATION.model_copy(update={"stores": (bare,)})
    assert in_stores("sunset/counter-1", organisation=without)["stores", 0].cure == "Known here: none."


def test_places_and_floors_are_not_judged_while_the_organisation_cannot_be_read() -> None:
    assert in_stores("moon", organisation=None) == {}
    assert faults(None, value=TWELVE, offline={"policy": "floor"}) == {}


# --- what is said


@pytest.mark.parametrize(
    ("changes", "what", "cure"),
    [
        (
            {"limits": {"budget": "500.00"}},
            "Nothing says what a redemption is worth, so nothing counts against 500.00.",
            'Add value: {amount: "12.00", currency: USD}, with what one redemption is worth.',
        ),
        (
            {"offline": {"policy": "floor"}, "value": {"percent": 20}},
            "A floor is an amount, and nothing says in which currency.",
            "Add currency: USD, or whichever it is, to value.",
        ),
        (
            {"value": TWELVE, "stack_cap": "0.0"},
            "With stack_cap at nothing, nothing passes.",
            "Write the amount, or leave it out.",
        ),
        (
            {"value": TWELVE, "basket": {"min": "20.01", "max": "20.00"}},
            "No basket is 20.01 USD at least and 20.00 USD at most.",
            "Swap min and max, or remove one.",
        ),
        (
            {"basket": {"min": "50.01", "max": "50.00"}},
            "No basket is 50.01 at least and 50.00 at most.",
            "Swap min and max, or remove one.",
        ),
        (
            {"value": TWELVE, "stack_cap": "11.99"},
            "The stack_cap of 11.99 USD is less than what this alone takes off, 12.00 USD.",
            'Write "12.00" or more.',
        ),
        (
            {"value": TWELVE, "evidence": {"gs1": "15.00"}},
            "It takes no credential of kind gs1.",
            "Add gs1 to credentials, or remove it here.",
        ),
        (
            {"credentials": ["word"], "codes": ["A-1"]},
            "It has codes, but takes no listed ones.",
            "Add listed to credentials, or remove codes.",
        ),
        (
            {"credentials": ["screen", "listed"], "screen": {}},
            "No screen can be told by these marks.",
            "Add offer, or claims, as they are posted.",
        ),
        (
            {"value": TWELVE, "offline": {"policy": "online", "floor": "20.00"}},
            "The policy online has no floor.",
            "Write policy: floor, or remove floor.",
        ),
        (
            {"value": TWELVE, "offline": {"policy": "floor"}},
            "There is no floor here, and none in USD in organisation.yaml.",
            'Add floor: "20.00", with the most that one may be worth, or write policy: online.',
        ),
    ],
)
def test_a_contradiction_is_said_in_these_words(changes: dict[str, Any], what: str, cure: str) -> None:
    assert [(fault.what, fault.cure) for fault in faults(**changes).values()] == [(what, cure)]


def test_a_risk_below_the_organisations_floor_is_said_in_these_words() -> None:
    (fault,) = faults(floor_of("20.01"), value=TWELVE, offline={"policy": "floor", "risk": "20.00"}).values()
    assert fault.what == "The floor of the organisation of 20.01 USD is above the risk of 20.00 USD."
    assert fault.cure == 'Write "20.01" or more; ten times that is usual.'


def test_a_foreign_key_that_is_no_key_is_told_at_its_place() -> None:
    tickets = {"kind": "pretix_sig1", "key": "base64 public key"}
    found = faults(credentials=["word", "foreign"], foreign=tickets)[("foreign", "key")]
    assert found.what == "This is no Ed25519 public key."
    assert found.cure == "Copy it as pretix shows it: base64, of 32 bytes, DER or PEM."
    assert ("foreign", "key") not in faults(credentials=["word", "foreign"], foreign={**tickets, "key": KEY})
