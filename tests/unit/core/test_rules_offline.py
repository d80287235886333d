from typing import Any

import pytest

from kiosk.core.catalogue import Credential, Right
from kiosk.core.decide import Sale
from kiosk.core.situation import Allowance, Freshness, Situation
from tests.rules_world import (
    LISTED,
    SCREEN,
    TWELVE,
    VOUCHER,
    WORD,
    Past,
    answer,
    asked,
    credential,
    reason,
    usd,
    voucher,
)

OFFLINE = Situation(online=False)
NO = ("refuse", "needs-head-office")
YES = ("accept", "ok")
FLOOR: dict[str, Any] = {"value": TWELVE, "offline": {"policy": "floor", "floor": "12.00", "risk": "100.00"}}
ONCE = [credential(kind) for kind in ("voucher", "listed", "gs1", "foreign")]
SHARED = [WORD, credential("rotating"), credential("gs1", shared=True)]


def policy(name: str) -> dict[str, Any]:
    return {"value": TWELVE, "offline": {"policy": name}}


def offline(**changes: Any) -> Situation:
    return Situation(**({"online": False} | changes))


def allowed(*, online: bool = False, **amounts: Any) -> Situation:
    return Situation(online=online, allowances={"tacos": Allowance(**amounts)})


def home(where: str, kind: str = "listed") -> Credential:
    return credential(kind, right=Right(home=where))


# --- fenced --------------------------------------------------------------------------------------


@pytest.mark.parametrize("held_up", [*ONCE, *SHARED, SCREEN])
@pytest.mark.parametrize("online", [True, False])
def test_a_fenced_counter_says_yes_to_nothing(held_up: Credential, online: bool) -> None:
    verdict = asked(held_up, situation=Situation(online=online, fenced=True), **FLOOR)
    assert (verdict.outcome, verdict.reason, dict(verdict.facts)) == ("refuse", "counter-fenced", {})
    assert asked(held_up, situation=Situation(online=online), **FLOOR).outcome != "refuse"


# --- policies: online, owner, home-store ---------------------------------------------------------


@pytest.mark.parametrize("held_up", ONCE)
@pytest.mark.parametrize("name", ["online", "owner", "home-store"])
def test_what_can_be_used_once_needs_head_office_or_its_right(held_up: Credential, name: str) -> None:
    assert answer(held_up, situation=OFFLINE, **policy(name)) == NO
    assert answer(held_up, **policy(name)) == YES


@pytest.mark.parametrize("held_up", SHARED)
@pytest.mark.parametrize("name", ["online", "owner", "home-store", "floor"])
def test_words_and_rotating_codes_know_caps_only(held_up: Credential, name: str) -> None:
    assert answer(held_up, situation=OFFLINE, value=TWELVE, offline={"policy": name, "floor": "0.01"}) == YES


@pytest.mark.parametrize("name", ["online", "owner", "home-store", "floor"])
def test_screens_know_caps_only(name: str) -> None:
    terms = {"policy": name, "floor": "0.01"}
    assert answer(SCREEN, situation=OFFLINE, value=TWELVE, offline=terms) == ("check", "look-at-screen")


def test_the_counter_that_holds_the_right_honours_it_by_itself() -> None:
    mine = offline(held=frozenset({("tacos", LISTED.digest)}))
    assert answer(LISTED, situation=mine, **policy("owner")) == YES
    assert answer(credential("listed", 2), situation=mine, **policy("owner")) == NO
    other = offline(held=frozenset({("soup", LISTED.digest)}))
    assert answer(LISTED, situation=other, **policy("owner")) == NO


@pytest.mark.parametrize("name", ["online", "owner", "home-store"])
def test_a_right_that_is_held_counts_under_every_policy(name: str) -> None:
    """Nobody else can give it meanwhile: head office has granted it here, or its owner has sent it."""
    mine = offline(held=frozenset({("tacos", LISTED.digest)}))
    assert answer(LISTED, situation=mine, **policy(name)) == YES


def test_a_right_that_is_held_needs_no_floor_and_no_risk() -> None:
    held = frozenset({("tacos", LISTED.digest)})
    low = FLOOR | {"offline": {"policy": "floor", "floor": "0.01"}}
    none = {"tacos": Allowance(risk_minor=0)}
    assert answer(LISTED, situation=offline(held=held, allowances=none), **low) == YES
    assert answer(LISTED, situation=offline(allowances=none), **low) == ("refuse", "no-allowance")


def test_what_is_at_home_here_is_given_until_its_right_is_sent_away_and_by_a_first_life_alone() -> None:
    at_home = home("bayside/counter-1")
    assert answer(at_home, situation=OFFLINE, **policy("owner")) == YES
    away = offline(given_away=frozenset({("tacos", at_home.digest)}))
    assert answer(at_home, situation=away, **policy("owner")) == NO
    assert answer(at_home, situation=offline(owns_homes=False), **policy("owner")) == NO


@pytest.mark.parametrize(
    ("where", "owner", "home_store"),
    [
        ("bayside/counter-1", YES, YES),
        ("bayside/counter-2", NO, YES),
        ("bayside", NO, YES),
        ("pier-9/counter-1", NO, NO),
        ("pier-9", NO, NO),
        ("baysid", NO, NO),
    ],
)
def test_a_code_is_at_home_at_its_counter_or_in_its_store(
    where: str, owner: tuple[str, str], home_store: tuple[str, str]
) -> None:
    assert answer(home(where), situation=OFFLINE, **policy("owner")) == owner
    assert answer(home(where), situation=OFFLINE, **policy("home-store")) == home_store
    assert answer(home(where), situation=OFFLINE, **policy("online")) == NO
    assert answer(home(where), **policy("online")) == YES


def test_a_voucher_s_store_or_counter_is_its_home() -> None:
    counter, store = voucher(store="bayside", counter="counter-1"), voucher(store="bayside")
    assert answer(counter, situation=OFFLINE, **policy("owner")) == YES
    assert answer(store, situation=OFFLINE, **policy("owner")) == NO
    assert answer(counter, situation=OFFLINE, **policy("home-store")) == YES
    assert answer(store, situation=OFFLINE, **policy("home-store")) == YES


def test_a_promotion_that_says_nothing_and_has_no_value_needs_head_office() -> None:
    assert answer(LISTED, situation=OFFLINE) == NO
    assert answer(LISTED) == YES


# --- the floor -----------------------------------------------------------------------------------


def test_the_floor_may_be_reached_exactly_and_a_cent_more_is_asked() -> None:
    assert answer(voucher(face_minor=1200), situation=OFFLINE, **FLOOR) == YES
    verdict = asked(voucher(face_minor=1201), situation=OFFLINE, **FLOOR)
    assert (verdict.outcome, verdict.reason, dict(verdict.facts)) == (
        "ask",
        "over-floor",
        {"cost": usd("12.01"), "floor": usd("12.00")},
    )
    assert answer(voucher(face_minor=1201), **FLOOR) == YES


@pytest.mark.parametrize("freshness", [Freshness.STALE])
def test_the_floor_halves_when_the_list_is_no_longer_fresh(freshness: Freshness) -> None:
    stale = offline(freshness=freshness)
    assert answer(voucher(face_minor=600), situation=stale, **FLOOR) == YES
    verdict = asked(voucher(face_minor=601), situation=stale, **FLOOR)
    assert (verdict.outcome, verdict.reason, verdict.facts["floor"]) == ("ask", "over-floor", usd("6.00"))


def test_the_half_of_an_odd_floor_is_rounded_down() -> None:
    odd: dict[str, Any] = {"value": TWELVE, "offline": {"policy": "floor", "floor": "0.05"}}
    stale = offline(freshness=Freshness.STALE)
    assert reason(voucher(face_minor=2), situation=stale, **odd) == "ok"
    assert reason(voucher(face_minor=3), situation=stale, **odd) == "over-floor"


def test_under_a_floor_of_nothing_a_cent_is_asked() -> None:
    nothing: dict[str, Any] = {"value": TWELVE, "offline": {"policy": "floor", "floor": "0.00"}}
    assert reason(voucher(face_minor=0), situation=OFFLINE, **nothing) == "ok"
    assert reason(voucher(face_minor=1), situation=OFFLINE, **nothing) == "over-floor"


def test_a_list_that_is_no_longer_fresh_changes_nothing_online() -> None:
    assert answer(voucher(face_minor=1200), situation=Situation(freshness=Freshness.STALE), **FLOOR) == YES


@pytest.mark.parametrize("held_up", ONCE)
def test_each_kind_that_can_be_used_once_has_the_floor(held_up: Credential) -> None:
    low: dict[str, Any] = {"value": TWELVE, "offline": {"policy": "floor", "floor": "11.99"}}
    assert answer(held_up, situation=OFFLINE, **low) == ("ask", "over-floor")


def test_a_percentage_of_an_unknown_basket_is_reckoned_at_its_most() -> None:
    capped = FLOOR | {"value": {"percent": 20, "at_most": "12.00", "currency": "USD"}}
    assert reason(VOUCHER, situation=OFFLINE, **capped) == "ok"
    more = FLOOR | {"value": {"percent": 20, "at_most": "12.01", "currency": "USD"}}
    assert reason(VOUCHER, situation=OFFLINE, **more) == "over-floor"
    assert reason(VOUCHER, situation=OFFLINE, **more, sale=Sale(basket_minor=6000)) == "ok"
    boundless = FLOOR | {"value": {"percent": 20, "currency": "USD"}}
    verdict = asked(VOUCHER, situation=OFFLINE, **boundless)
    assert (verdict.outcome, verdict.reason, dict(verdict.facts)) == ("ask", "over-floor", {"floor": usd("12.00")})
    assert reason(VOUCHER, situation=OFFLINE, **boundless, sale=Sale(basket_minor=6000)) == "ok"


# --- allowances ----------------------------------------------------------------------------------


@pytest.mark.parametrize("held_up", [VOUCHER, WORD])
@pytest.mark.parametrize("online", [True, False])
@pytest.mark.parametrize("right", ["uses", "store_uses"])
def test_the_last_right_of_a_cap_can_be_given_and_none_after_it(held_up: Credential, online: bool, right: str) -> None:
    assert answer(held_up, situation=allowed(online=online, **{right: 1}), **FLOOR) == YES
    verdict = asked(held_up, situation=allowed(online=online, **{right: 0}), **FLOOR)
    assert (verdict.outcome, verdict.reason, dict(verdict.facts)) == (
        "refuse",
        "no-allowance",
        {"online": True} if online else {},  # the clerk is told whether the line is to blame
    )


@pytest.mark.parametrize("held_up", [VOUCHER, WORD])
def test_the_last_right_of_a_budget_covers_it_exactly(held_up: Credential) -> None:
    assert answer(held_up, situation=allowed(amount_minor=1200), **FLOOR) == YES
    assert answer(held_up, situation=allowed(amount_minor=1199), **FLOOR) == ("refuse", "no-allowance")
    assert answer(voucher(face_minor=1199), situation=allowed(amount_minor=1199), **FLOOR) == YES


def test_what_costs_nothing_needs_no_right_of_a_budget() -> None:
    assert answer(WORD, situation=allowed(amount_minor=0)) == YES


def test_the_risk_covers_exactly_what_can_be_used_once_and_is_given_unseen() -> None:
    assert answer(VOUCHER, situation=allowed(risk_minor=1200), **FLOOR) == YES
    assert answer(VOUCHER, situation=allowed(risk_minor=1199), **FLOOR) == ("refuse", "no-allowance")
    assert answer(VOUCHER, situation=allowed(online=True, risk_minor=0), **FLOOR) == YES
    assert answer(WORD, situation=allowed(risk_minor=0), **FLOOR) == YES


def test_the_risk_of_a_percentage_is_reckoned_at_its_most() -> None:
    capped = FLOOR | {"value": {"percent": 20, "at_most": "12.00", "currency": "USD"}}
    assert reason(VOUCHER, situation=allowed(risk_minor=1200), **capped) == "ok"
    assert reason(VOUCHER, situation=allowed(risk_minor=1199), **capped) == "no-allowance"
    boundless = FLOOR | {"value": {"percent": 20, "currency": "USD"}}
    assert reason(VOUCHER, situation=allowed(risk_minor=0), **boundless) == "over-floor"


def test_an_owner_s_right_needs_no_risk() -> None:
    mine = Situation(
        online=False, held=frozenset({("tacos", LISTED.digest)}), allowances={"tacos": Allowance(risk_minor=0)}
    )
    assert answer(LISTED, situation=mine, **policy("owner")) == YES


def test_another_promotion_s_allowance_is_not_this_one_s() -> None:
    other = Situation(online=False, allowances={"soup": Allowance(uses=0, store_uses=0, amount_minor=0, risk_minor=0)})
    assert answer(VOUCHER, situation=other, **FLOOR) == YES


def test_one_right_too_few_is_enough_to_refuse() -> None:
    enough: dict[str, Any] = {"uses": 1, "store_uses": 1, "amount_minor": 1200, "risk_minor": 1200}
    assert answer(VOUCHER, situation=allowed(**enough), **FLOOR) == YES
    for right, most in enough.items():
        less = enough | {right: most - 1}
        assert answer(VOUCHER, situation=allowed(**less), **FLOOR) == ("refuse", "no-allowance"), right


# --- a list past its hard end --------------------------------------------------------------------

EXPIRED = Situation(freshness=Freshness.EXPIRED)
EXPIRED_OFFLINE = Situation(online=False, freshness=Freshness.EXPIRED)


@pytest.mark.parametrize("held_up", [*SHARED, SCREEN])
@pytest.mark.parametrize("situation", [EXPIRED, EXPIRED_OFFLINE])
def test_past_the_hard_end_of_the_list_words_and_screens_are_asked(held_up: Credential, situation: Situation) -> None:
    verdict = asked(held_up, situation=situation, **FLOOR, limits={"total": 5})
    assert (verdict.outcome, verdict.reason) == ("ask", "promotions-stale")
    assert verdict.facts == {
        "published_at": "2026-09-21T10:13:20-04:00", "limit": 5, "used": 0, "left": 5, "cost": usd("12.00"),
    }  # fmt: skip
    assert asked(held_up, situation=Situation(freshness=Freshness.STALE), **FLOOR).outcome in {"accept", "check"}


@pytest.mark.parametrize("held_up", ONCE)
@pytest.mark.parametrize(
    ("name", "outcome"), [("floor", "refuse"), ("online", "refuse"), ("owner", "ask"), ("home-store", "ask")]
)
def test_past_the_hard_end_what_can_be_used_once_is_refused_unless_its_right_is_at_home(
    held_up: Credential, name: str, outcome: str
) -> None:
    assert answer(held_up, situation=EXPIRED, value=TWELVE, offline={"policy": name, "floor": "20.00"}) == (
        outcome,
        "promotions-stale",
    )


def test_past_the_hard_end_the_floor_stays_halved_and_the_list_refuses_what_a_manager_would_be_asked() -> None:
    assert answer(voucher(face_minor=1200), situation=EXPIRED_OFFLINE, **FLOOR) == ("refuse", "promotions-stale")


def test_past_the_hard_end_a_refusal_goes_before_a_question() -> None:
    assert answer(WORD, Past(), situation=EXPIRED, limits={"total": 1}) == ("refuse", "limit-total")
    assert answer(WORD, situation=EXPIRED, paused=True) == ("refuse", "paused")
