"""Risk comes back into the pool for what proved unique, once; what is lost to credentials used twice stays under it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.core.fact import Granted
from sync.head_office.office import HeadOffice
from tests.head_office_world import SmallCounter, enrolled
from tests.rights_world import RISK, ask_for, at_risk, balance, held_here, office_with, use

FLOOR = (
    "credentials: [listed, voucher]",
    "codes: [TACO-1]",
    'offline: {policy: floor, floor: "20.00", risk: "96.00"}',
)
ONE, TWO = b"1" * 16, b"2" * 16


@pytest.fixture
def office(tmp_path: Path) -> HeadOffice:
    return office_with(tmp_path, *FLOOR)


@pytest.fixture
def front(office: HeadOffice) -> SmallCounter:
    counter = enrolled(office)
    counter.exchange()
    return counter


@pytest.fixture
def other(office: HeadOffice) -> SmallCounter:
    counter = enrolled(office, "pier-9", key=2)
    counter.exchange()
    return counter


def refilled(office: HeadOffice) -> int:
    return sum(pool.refilled for pool in office.store.right_pools("tacos"))


def test_risk_is_granted_in_what_redemptions_cost(front: SmallCounter) -> None:
    assert balance(front, RISK) == 2400  # a third of three quarters of 96.00


def test_a_redemption_that_proved_unique_gives_its_risk_back(office: HeadOffice, front: SmallCounter) -> None:
    at_risk(front, ONE)
    front.exchange()
    assert refilled(office) == 1200


def test_a_message_that_comes_twice_gives_risk_back_once(office: HeadOffice, front: SmallCounter) -> None:
    at_risk(front, ONE)
    front.exchange()
    again = SmallCounter(front.enrolment, front.key, front.post, front.journal)
    again.exchange()
    assert refilled(office) == 1200


def test_the_later_one_of_a_double_is_lost(office: HeadOffice, front: SmallCounter, other: SmallCounter) -> None:
    at_risk(front, ONE)
    front.exchange()
    at_risk(other, ONE)
    other.exchange()
    assert refilled(office) == 1200
    (twice,) = office.store.twice(10)
    assert twice.credential == ONE


def test_a_double_in_one_message_is_lost_as_well(office: HeadOffice, front: SmallCounter) -> None:
    at_risk(front, ONE)
    at_risk(front, ONE)
    front.exchange()
    assert refilled(office) == 1200


def test_a_lost_one_that_is_undone_gives_its_risk_back_once(
    office: HeadOffice, front: SmallCounter, other: SmallCounter
) -> None:
    at_risk(front, ONE)
    front.exchange()
    n = at_risk(other, ONE)
    other.exchange()
    other.undo(n)
    other.undo(n)
    other.exchange()
    assert refilled(office) == 2400


def test_undoing_a_unique_one_gives_nothing_more(office: HeadOffice, front: SmallCounter) -> None:
    n = at_risk(front, ONE)
    front.exchange()
    front.undo(n)
    front.exchange()
    assert refilled(office) == 1200
    assert held_here(office, front, RISK) == balance(front, RISK)


def test_a_void_credits_no_risk_to_the_counter(office: HeadOffice, front: SmallCounter) -> None:
    n = at_risk(front, ONE)
    front.undo(n)
    front.exchange()
    (row,) = [one for one in office.store.rights_of(str(front.feed)) if one.lot.right == RISK]
    assert (row.spent, row.credited) == (1200, 0)


def test_a_use_while_another_counter_holds_the_right_is_not_unique(
    office: HeadOffice, front: SmallCounter, other: SmallCounter
) -> None:
    ask_for(other, ONE)  # granted, and about to be used
    at_risk(front, ONE)
    front.exchange()
    assert refilled(office) == 0
    use(other, ONE)
    other.exchange()
    assert refilled(office) == 0
    assert len(office.store.twice(10)) == 1


def test_what_came_back_is_granted_again_and_what_is_lost_is_not(
    office: HeadOffice, front: SmallCounter, other: SmallCounter
) -> None:
    for k in range(50):
        credential = k.to_bytes(16, "big")
        for counter in (front, other):
            if balance(counter, RISK) >= 1200:
                at_risk(counter, credential)
            counter.exchange()
    lost = 1200 * sum(len(office.store.uses("tacos", k.to_bytes(16, "big"))) - 1 for k in range(50)
                      if office.store.uses("tacos", k.to_bytes(16, "big")))  # fmt: skip
    held = balance(front, RISK) + balance(other, RISK)
    assert 0 < lost <= 9600
    assert lost + held <= 9600


def test_what_an_earlier_incarnation_granted_does_not_refill_the_pool_of_this_one(
    office: HeadOffice, front: SmallCounter
) -> None:
    office.store.put_setting("incarnation", "2")
    office.store.put_setting("forgotten", '{"feeds": {"head-office/bayside/front@1": null}, "lives": {"a@1": false}}')
    before = len(front.told(Granted))
    for k in range(2):
        at_risk(front, k.to_bytes(16, "big"))
    front.exchange()
    front.exchange()
    assert len(front.told(Granted)) == before
