"""What a redemption needs and takes of the rights of a counter, and what it leaves."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kiosk.core.catalogue import Catalogue, Credential
from kiosk.core.entry import FeedId
from kiosk.core.escrow import (
    Allowances,
    Credentials,
    cap_minor,
    caps_of,
    returns_due,
    returns_of,
    risk_of,
    situation_of,
    spends,
    transfer,
    transferred,
)
from kiosk.core.fact import Granted, Spent
from kiosk.core.question import Place, question_of
from kiosk.core.rights import AT_HOME, Accounts, Lot, Right, RightKind
from kiosk.core.situation import Allowance, Situation
from kiosk.core.standing import Standing
from tests.core_world import OWN, at, catalogue, promotion
from tests.rules_world import LISTED, NOON, TWELVE, VOUCHER, WORD

TO_OWN = FeedId(f"head-office/{OWN.origin}", 1)
CAPS = {"total": 10, "per_store": 5, "budget": "100.00"}
FLOOR = {"policy": "floor", "floor": "20.00", "risk": "50.00"}
TOTAL = Right(RightKind.TOTAL, "tacos")
BUDGET = Right(RightKind.BUDGET, "tacos")
STORE = Right(RightKind.STORE, "tacos", b"bayside")
RISK = Right(RightKind.RISK, "tacos")


def granted(*rights: tuple[Right, int], own: FeedId = OWN, by: int = 1) -> Accounts:
    accounts = Accounts(own)
    for n, (right, amount) in enumerate(rights, 1):
        fact = Granted(
            at_ms=1, feed=str(own), right=int(right.kind), promotion="tacos", amount=amount, subject=right.subject
        )
        accounts.apply(FeedId(TO_OWN.origin, by), n, fact)
    return accounts


def world(**terms: Any) -> Catalogue:
    return catalogue(promotion(**{"value": TWELVE, "limits": CAPS, "offline": FLOOR} | terms))


def taken(credential: Credential, accounts: Accounts, *, online: bool = False, **terms: Any) -> Any:
    known = world(**terms)
    situation = situation_of(accounts, known, "bayside", online=online)
    found = known.terms("tacos")
    assert found is not None
    place = Place("bayside", "counter-1")
    standing = Standing(OWN, situation=situation)
    return spends(question_of(credential, found, known, standing, place, NOON), accounts)


def test_the_promised_caps_are_rights_and_what_is_not_declared_is_none() -> None:
    terms = world().terms("tacos")
    assert terms is not None
    assert caps_of(terms, "bayside") == [TOTAL, BUDGET, STORE]
    assert [cap_minor(terms, right) for right in (TOTAL, BUDGET, STORE, RISK)] == [10, 10_000, 5, 5_000]
    assert risk_of(terms) == RISK
    free = world(limits={}, offline={"policy": "online"}).terms("tacos")
    assert free is not None
    assert (caps_of(free, "bayside"), risk_of(free), cap_minor(free, TOTAL)) == ([], None, 0)


def test_a_counter_has_what_it_was_granted_and_nothing_of_what_it_was_not() -> None:
    allowances = Allowances(granted((TOTAL, 3), (RISK, 700)), world(), "bayside")
    assert allowances["tacos"] == Allowance(uses=3, store_uses=0, amount_minor=0, risk_minor=700)
    assert (list(allowances), len(allowances), "soup" in allowances) == (["tacos"], 1, False)
    free = Allowances(Accounts(OWN), world(limits={}, offline={"policy": "online"}), "bayside")
    assert free["tacos"] == Allowance()


def test_a_yes_takes_one_of_each_cap_and_its_cost_of_the_budget() -> None:
    accounts = granted((TOTAL, 1), (STORE, 1), (BUDGET, 1200))
    assert taken(WORD, accounts) == (Spent(1, 1, 1), Spent(2, 1, 1200), Spent(3, 1, 1))


@pytest.mark.parametrize("lacks", [(TOTAL, 0), (STORE, 0), (BUDGET, 1199)])
def test_a_spend_that_is_not_covered_in_full_is_none(lacks: tuple[Right, int]) -> None:
    enough = {TOTAL: 1, STORE: 1, BUDGET: 1200} | dict([lacks])
    assert taken(WORD, granted(*enough.items())) is None


def test_what_costs_nothing_spends_nothing_of_a_budget() -> None:
    assert taken(WORD, granted((TOTAL, 1), (STORE, 1)), value=None, offline=None) == (Spent(1, 1, 1), Spent(3, 1, 1))


def test_what_is_given_unseen_spends_risk_and_what_head_office_is_asked_about_does_not() -> None:
    none: dict[str, Any] = {"limits": {}}
    accounts = granted((RISK, 1200))
    assert taken(VOUCHER, accounts, **none) == (Spent(4, 1, 1200),)
    assert taken(VOUCHER, accounts, online=True, **none) == ()
    assert taken(WORD, accounts, **none) == ()
    assert taken(VOUCHER, granted((RISK, 1199)), **none) is None


def test_what_could_be_worth_anything_is_covered_by_no_risk() -> None:
    boundless: dict[str, Any] = {"value": {"percent": 20, "currency": "USD"}, "limits": {}}
    assert taken(VOUCHER, granted((RISK, 5000)), **boundless) is None
    assert taken(VOUCHER, granted((RISK, 5000)), online=True, **boundless) == ()


def test_what_is_held_spends_its_own_right_and_no_risk() -> None:
    accounts = granted((Right(RightKind.ONCE, "tacos", LISTED.digest), 1), (RISK, 5000))
    assert taken(LISTED, accounts, limits={}) == (Spent(5, 1, 1),)


def test_rights_of_the_oldest_incarnation_are_spent_first_and_a_cost_is_split_over_several() -> None:
    accounts = granted((BUDGET, 500))
    for n, by in ((7, 3), (8, 2)):
        fact = Granted(at_ms=1, feed=str(OWN), right=2, promotion="tacos", amount=600)
        accounts.apply(FeedId(TO_OWN.origin, by), n, fact)
    assert taken(WORD, accounts, limits={"budget": "100.00"}) == (Spent(2, 1, 500), Spent(2, 2, 600), Spent(2, 3, 100))


def test_the_situation_says_what_is_held_and_what_was_given_away() -> None:
    once = Right(RightKind.ONCE, "tacos", LISTED.digest)
    accounts = granted((once, 1))
    situation = situation_of(accounts, world(), "bayside", online=True)
    assert ("tacos", LISTED.digest) in situation.held
    assert ("tacos", VOUCHER.digest + b"x") not in situation.held
    assert ("tacos", LISTED.digest) not in situation.given_away
    for entry in transfer(accounts, once, 1, "bayside/counter-2@1", 5):
        accounts.apply(OWN, 9, entry)
    assert ("tacos", LISTED.digest) not in situation.held
    assert "tacos" not in Credentials(accounts.holds)


def test_a_right_at_home_here_is_given_away_by_an_entry_and_comes_back_by_one() -> None:
    accounts = Accounts(OWN)
    entry = transferred(Lot(Right(RightKind.ONCE, "tacos", LISTED.digest), AT_HOME), 1, "bayside/counter-2@1", 5)
    accounts.apply(OWN, 9, entry)
    assert accounts.gave_away("tacos", LISTED.digest)
    back = transferred(Lot(Right(RightKind.ONCE, "tacos", LISTED.digest), AT_HOME), 1, str(OWN), 5)
    accounts.apply(FeedId("bayside/counter-2", 1), 3, back)
    assert not accounts.gave_away("tacos", LISTED.digest)


def test_a_first_life_owns_its_homes_and_a_later_one_does_not() -> None:
    assert situation_of(Accounts(OWN), world(), "bayside", online=False).owns_homes
    later = Accounts(FeedId(OWN.origin, 2))
    assert not situation_of(later, world(), "bayside", online=False).owns_homes
    assert not situation_of(Accounts(), world(), "bayside", online=False).owns_homes
    assert isinstance(situation_of(Accounts(), world(), "bayside", online=False), Situation)


# --- giving back and passing on ----------------------------------------------------------------


@pytest.mark.parametrize(("today", "due"), [(date(2026, 12, 3), False), (date(2026, 12, 4), True)])
def test_what_is_left_goes_back_a_day_after_the_grace_days(today: date, due: bool) -> None:
    known = world(valid={"from": "2026-11-01", "until": "2026-11-30"}, grace_days=2)
    accounts = granted((TOTAL, 3), (Right(RightKind.ONCE, "tacos", b"c" * 16), 1))
    entries = returns_due(accounts, known, today, 7)
    assert [(one.right, one.amount, one.granted_by, one.at_ms) for one in entries] == ([(1, 3, 1, 7)] if due else [])
    for n, entry in enumerate(entries, 20):
        accounts.apply(OWN, n, entry)
    assert accounts.balance(TOTAL) == (0 if due else 3)


def test_what_is_published_no_more_goes_back_at_once() -> None:
    soup = catalogue(promotion(id="soup"))
    assert [one.promotion for one in returns_due(granted((STORE, 3)), soup, at("2026-11-06T12:00").date(), 7)] == [
        "tacos"
    ]


def test_all_of_a_right_goes_back_lot_by_lot() -> None:
    accounts = granted((STORE, 3))
    assert [(one.amount, one.subject) for one in returns_of(accounts, STORE, 7)] == [(3, b"bayside")]
    assert returns_of(accounts, TOTAL, 7) == []


@pytest.mark.parametrize(("here", "wanted", "sent"), [(10, 3, 3), (10, 9, 5), (1, 1, 1), (3, 9, 2), (0, 1, 0)])
def test_a_neighbour_gets_what_it_wants_up_to_half_of_what_is_here(here: int, wanted: int, sent: int) -> None:
    accounts = granted((TOTAL, here)) if here else Accounts(OWN)
    entries = transfer(accounts, TOTAL, wanted, "bayside/counter-2@1", 7)
    assert sum(one.amount for one in entries) == sent
    for n, entry in enumerate(entries, 20):
        accounts.apply(OWN, n, entry)
    assert accounts.balance(TOTAL) == here - sent


def test_a_transfer_keeps_lots_apart() -> None:
    accounts = granted((TOTAL, 2))
    accounts.apply(FeedId(TO_OWN.origin, 2), 1, Granted(at_ms=1, feed=str(OWN), right=1, promotion="tacos", amount=6))
    entries = transfer(accounts, TOTAL, 3, "bayside/counter-2@1", 7)
    assert [(one.granted_by, one.amount) for one in entries] == [(1, 2), (2, 1)]
    small = transfer(accounts, TOTAL, 1, "bayside/counter-2@1", 7)
    assert [(one.granted_by, one.amount) for one in small] == [(1, 1)]
