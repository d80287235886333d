"""What publishing tells of a cut network, and where it has nothing to tell."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.core.organisation import Fault, Floor, Organisation
from kiosk.core.worst_cases import Exposure, exposure, exposure_words, worst_cases
from tests.core_world import ORGANISATION, promotion

TWELVE = {"amount": "12.00", "currency": "USD"}
WITH_FLOOR = ORGANISATION.model_copy(update={"floor": Floor(amount="20.00", currency="USD")})
WORD: dict[str, Any] = {"credentials": ["word"], "codes": None}
LISTED: dict[str, Any] = {"credentials": ["listed"], "words": None}


def told(organisation: Organisation = ORGANISATION, **changes: Any) -> list[Fault]:
    found = list(worst_cases([promotion(**changes)], organisation))
    assert all(fault.at[:2] == ("promotions", 0) for fault in found)
    return found


def the_words(organisation: Organisation = ORGANISATION, **changes: Any) -> str:
    (fault,) = told(organisation, **changes)
    return fault.what


@pytest.mark.parametrize("name", ["per_store_day", "per_clerk_day", "per_customer"])
def test_a_best_effort_limit_is_told_with_its_number(name: str) -> None:
    (fault,) = told(**WORD, limits={name: 7})
    assert fault.at == ("promotions", 0, "limits", name)
    assert fault.what == f"{name} is best effort: each part of the network that is cut off may give 7 more."


def test_limits_that_hold_under_any_cut_are_not_told() -> None:
    assert told(**WORD, value=TWELVE, limits={"total": 9, "per_store": 9, "per_code": 9, "budget": "108.00"}) == []


def test_what_can_be_used_often_has_no_offline_terms_to_tell() -> None:
    assert told(WITH_FLOOR, **WORD, value=TWELVE) == []


def test_where_nothing_is_said_the_floor_and_risk_that_are_filled_in_are_told() -> None:
    assert the_words(WITH_FLOOR, **LISTED, value=TWELVE) == (
        "Offline, listed codes pass up to 20.00 USD each; codes used twice cost 200.00 USD at most in all"
        " (nothing is said here: it is the organisation's floor, and a risk of 10 times that)."
    )


def test_where_nothing_is_said_and_no_floor_is_set_it_is_told_how_to_set_one() -> None:
    (fault,) = told(**LISTED, value=TWELVE)
    assert fault.what == "Nothing is said about listed codes offline: without head office they are refused."
    assert "add a floor to organisation.yaml" in fault.cure


def test_without_a_value_it_is_told_that_one_is_needed_too() -> None:
    (fault,) = told(WITH_FLOOR, **LISTED)
    assert "add a value with its currency, and a floor" in fault.cure


def test_the_kinds_that_can_be_used_once_are_named_together() -> None:
    assert "vouchers and listed codes offline" in the_words(credentials=["voucher", "word", "listed"])
    three: dict[str, Any] = {"credentials": ["gs1", "listed", "voucher"], "gs1": {"offer_codes": ["123456"]}}
    assert "about GS1 coupons, listed codes and vouchers offline" in the_words(**three, words=None)


@pytest.mark.parametrize(
    ("offline", "filled"),
    [
        ({"floor": "15.00"}, "150.00 USD at most in all (the risk is 10 times the floor)."),
        ({"risk": "40.00"}, "20.00 USD each; codes used twice cost 40.00 USD at most in all"
                            " (the floor is the organisation's)."),
        ({}, "(the floor is the organisation's, the risk is 10 times the floor)."),
    ],
)  # fmt: skip
def test_of_a_floor_that_is_given_what_was_filled_in_is_told(offline: dict[str, str], filled: str) -> None:
    assert the_words(WITH_FLOOR, **LISTED, value=TWELVE, offline={"policy": "floor"} | offline).endswith(filled)


def test_a_floor_and_a_risk_that_are_both_given_are_not_repeated() -> None:
    assert (
        told(WITH_FLOOR, **LISTED, value=TWELVE, offline={"policy": "floor", "floor": "15.00", "risk": "40.00"}) == []
    )


def test_a_value_above_the_floor_is_asked_about_every_time() -> None:
    assert told(**LISTED, value=TWELVE, offline={"policy": "floor", "floor": "12.00", "risk": "99.00"}) == []
    (fault,) = told(**LISTED, value=TWELVE, offline={"policy": "floor", "floor": "11.99", "risk": "99.00"})
    assert fault.at == ("promotions", 0, "offline", "floor")
    assert fault.what.endswith("above the floor of 11.99 USD: offline, a shift manager is asked every time.")


def test_a_home_store_that_is_cut_into_parts_can_give_twice() -> None:
    assert the_words(**LISTED, value=TWELVE, offline={"policy": "home-store"}).endswith(
        "once more, 12.00 USD each time."
    )
    assert the_words(**LISTED, offline={"policy": "home-store"}).endswith("the same code once more.")


@pytest.mark.parametrize("policy", ["online", "owner"])
def test_policies_under_which_nothing_is_given_twice_are_not_told(policy: str) -> None:
    assert told(WITH_FLOOR, **LISTED, value=TWELVE, offline={"policy": policy}) == []


def test_what_an_author_can_add_is_said_in_these_words() -> None:
    (without_a_floor,), (without_a_value,) = told(**LISTED, value=TWELVE), told(WITH_FLOOR, **LISTED)
    assert without_a_floor.at == without_a_value.at == ("promotions", 0, "offline")
    here = "offline: {policy: …} here."
    assert without_a_floor.cure == f"If they shall pass, add a floor to organisation.yaml, or {here}"
    assert (
        without_a_value.cure
        == f"If they shall pass, add a value with its currency, and a floor to organisation.yaml, or {here}"
    )


def test_a_floor_of_which_nothing_is_given_is_told_in_one_sentence() -> None:
    (fault,) = told(WITH_FLOOR, **LISTED, value=TWELVE, offline={"policy": "floor"})
    assert fault.at == ("promotions", 0, "offline")
    assert fault.what == (
        "Offline, listed codes pass up to 20.00 USD each; codes used twice cost 200.00 USD at most in all"
        " (the floor is the organisation's, the risk is 10 times the floor)."
    )


def test_a_value_above_the_floor_is_told_in_one_sentence() -> None:
    (fault,) = told(**LISTED, value=TWELVE, offline={"policy": "floor", "floor": "11.99", "risk": "99.00"})
    assert fault.what == (
        "Each redemption is 12.00 USD, above the floor of 11.99 USD: offline, a shift manager is asked every time."
    )


def test_a_home_store_s_cut_is_told_at_its_policy_in_one_sentence() -> None:
    (fault,) = told(**LISTED, value=TWELVE, offline={"policy": "home-store"})
    assert fault.at == ("promotions", 0, "offline", "policy")
    assert fault.what == (
        "Offline, each part into which a store's network is cut may honour the same code once more,"
        " 12.00 USD each time."
    )


# --- the worst case as a number --------------------------------------------------------------------

HOME_STORE = {"policy": "home-store"}


def worst(organisation: Organisation = ORGANISATION, **changes: Any) -> str | None:
    return exposure_words(promotion(**changes), organisation)


@pytest.mark.parametrize("limits", [{"total": 9}, {"per_store": 9}, {"budget": "108.00"}])
def test_promised_caps_are_never_exceeded(limits: dict[str, Any]) -> None:
    assert exposure(promotion(**WORD, value=TWELVE, limits=limits), ORGANISATION) == Exposure(over_caps=0)
    assert worst(**WORD, value=TWELVE, limits=limits) == "0 over the limits"


def test_what_has_no_cap_and_can_be_used_often_has_no_worst_case() -> None:
    assert exposure(promotion(**WORD), ORGANISATION) == Exposure()
    assert worst(**WORD, limits={"per_customer": 1}) is None


@pytest.mark.parametrize("policy", ["online", "owner"])
def test_online_and_owner_honour_nothing_twice(policy: str) -> None:
    terms = {"policy": policy}
    assert exposure(promotion(**LISTED, value=TWELVE, offline=terms), WITH_FLOOR) == Exposure(twice=0)
    assert worst(**LISTED, value=TWELVE, offline=terms) == "no code is honoured twice"


def test_floor_loses_its_risk_at_most() -> None:
    terms = {"policy": "floor", "floor": "20.00", "risk": "240.00"}
    found = exposure(promotion(**LISTED, value=TWELVE, offline=terms), ORGANISATION)
    assert found == Exposure(lost_minor=24000)
    assert worst(**LISTED, value=TWELVE, offline=terms) == "codes used twice cost at most 240.00 USD in all"


def test_the_risk_that_is_filled_in_counts_as_well() -> None:
    assert worst(WITH_FLOOR, **LISTED, value=TWELVE) == "codes used twice cost at most 200.00 USD in all"


def with_counters(many: int) -> Organisation:
    store = ORGANISATION.stores[0]
    counters = tuple(store.counters[0].model_copy(update={"id": f"c{k}"}) for k in range(many))
    return ORGANISATION.model_copy(update={"stores": (store.model_copy(update={"counters": counters}),)})


@pytest.mark.parametrize(
    ("counters", "said"),
    [
        (0, "no code is honoured twice"),
        (1, "no code is honoured twice"),
        (2, "each code at most 1 more time (12.00 USD)"),
        (4, "each code at most 3 more times (36.00 USD)"),
    ],
)
def test_home_store_honours_a_code_once_in_each_part_of_the_store(counters: int, said: str) -> None:
    assert worst(with_counters(counters), **LISTED, value=TWELVE, offline=HOME_STORE, stores=None) == said


def test_only_the_counters_that_take_part_count() -> None:
    store = ORGANISATION.stores[0].id
    assert worst(with_counters(4), **LISTED, offline=HOME_STORE, stores=[f"{store}/c0", f"{store}/c1"]) == (
        "each code at most 1 more time"
    )


def test_caps_and_codes_are_told_together() -> None:
    assert worst(**LISTED, value=TWELVE, limits={"total": 9}, offline={"policy": "online"}) == (
        "0 over the limits; no code is honoured twice"
    )
