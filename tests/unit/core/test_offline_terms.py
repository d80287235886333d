from __future__ import annotations

from typing import Any

import pytest

from kiosk.core.offline_terms import OfflineTerms, offline_terms
from kiosk.core.organisation import Floor, Organisation
from tests.core_world import ORGANISATION, promotion

ONLINE = OfflineTerms("online", None, None)
TWELVE = {"amount": "12.00", "currency": "USD"}


def organisation(amount: str | None = "20.00", currency: str = "USD") -> Organisation:
    floor = None if amount is None else Floor(amount=amount, currency=currency)
    return ORGANISATION.model_copy(update={"floor": floor})


def terms(of: Organisation, **changes: Any) -> OfflineTerms:
    return offline_terms(promotion(**changes), of)


def test_a_promotion_that_says_nothing_takes_the_organisations_floor_and_ten_times_that_as_risk() -> None:
    assert terms(organisation(), value=TWELVE) == OfflineTerms("floor", 2000, 20000)


def test_a_percentage_in_the_floors_currency_takes_it_too() -> None:
    assert terms(organisation(), value={"percent": 20, "currency": "USD"}) == OfflineTerms("floor", 2000, 20000)


@pytest.mark.parametrize("value", [None, {"percent": 20}, {"amount": "12.00", "currency": "EUR"}])
def test_a_promotion_that_says_nothing_without_a_value_in_the_floors_currency_is_online(value: Any) -> None:
    assert terms(organisation(), value=value) == ONLINE


def test_a_promotion_that_says_nothing_is_online_where_the_organisation_has_no_floor() -> None:
    assert terms(organisation(None), value=TWELVE) == ONLINE


@pytest.mark.parametrize("policy", ["online", "owner", "home-store"])
def test_a_policy_without_a_floor_carries_no_amounts(policy: str) -> None:
    assert terms(organisation(), value=TWELVE, offline={"policy": policy}) == OfflineTerms(policy)  # type: ignore[arg-type]


def test_a_promotions_own_floor_and_risk_count() -> None:
    own = {"policy": "floor", "floor": "15.00", "risk": "40.00"}
    assert terms(organisation(), value=TWELVE, offline=own) == OfflineTerms("floor", 1500, 4000)


def test_a_risk_that_is_left_out_is_ten_times_the_promotions_own_floor() -> None:
    assert terms(organisation(), value=TWELVE, offline={"policy": "floor", "floor": "15.00"}) == OfflineTerms(
        "floor", 1500, 15000
    )


def test_a_floor_that_is_left_out_is_the_organisations_and_the_own_risk_stays() -> None:
    assert terms(organisation(), value=TWELVE, offline={"policy": "floor", "risk": "30.00"}) == OfflineTerms(
        "floor", 2000, 3000
    )


def test_the_organisations_floor_in_another_currency_fills_nothing_in() -> None:
    assert terms(organisation(currency="EUR"), value=TWELVE, offline={"policy": "floor"}) == ONLINE


def test_an_own_floor_counts_whatever_the_organisation_says() -> None:
    own = {"policy": "floor", "floor": "15.00"}
    assert terms(organisation(None), value=TWELVE, offline=own) == OfflineTerms("floor", 1500, 15000)
    assert terms(organisation(currency="EUR"), value=TWELVE, offline=own) == OfflineTerms("floor", 1500, 15000)


@pytest.mark.parametrize("value", [None, {"percent": 20}])
def test_a_floor_without_a_currency_to_read_it_in_is_none(value: Any) -> None:
    assert terms(organisation(), value=value, offline={"policy": "floor", "floor": "15.00"}) == ONLINE


def test_an_own_floor_or_risk_of_nothing_is_not_taken_for_one_left_out() -> None:
    own = {"policy": "floor", "floor": "0", "risk": "0"}
    assert terms(organisation(), value=TWELVE, offline=own) == OfflineTerms("floor", 0, 0)


def test_amounts_have_the_decimals_of_their_currency() -> None:
    value = {"amount": "1200", "currency": "JPY"}
    assert terms(organisation("2000", "JPY"), value=value) == OfflineTerms("floor", 2000, 20000)
