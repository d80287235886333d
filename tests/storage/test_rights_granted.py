"""Rights from head office to counters and back, on every database: caps hold, grants travel in the very answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.core.escrow import returns_of
from kiosk.core.fact import Granted, Returned, UseSeen
from kiosk.core.rights import Right, RightKind
from sync.head_office.office import HeadOffice
from sync.head_office.publish import publish
from sync.head_office.store import HeadOfficeStore
from tests.head_office_world import clock, enrolled
from tests.rights_world import (
    BUDGET,
    STORE,
    TOTAL,
    accounts,
    balance,
    held_here,
    office_with,
    spend,
    tacos,
    three_counters,
)


@pytest.fixture
def office(tmp_path: Path, store: HeadOfficeStore) -> HeadOffice:
    return office_with(tmp_path, "limits: {total: 100}", store=store)


def test_a_counter_has_rights_after_its_first_exchange(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.exchange()
    assert balance(counter) == 25  # a third of three quarters: three counters take part
    assert held_here(office, counter) == 25


def test_a_quiet_exchange_grants_nothing_more(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.exchange()
    before = office.store.heads()
    counter.exchange()
    assert {feed: head for feed, head in office.store.heads().items() if feed != counter.feed} == {
        feed: head for feed, head in before.items() if feed != counter.feed
    }


def test_at_half_of_what_it_had_a_counter_is_given_more_and_not_before(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.exchange()
    spend(counter, 12)
    counter.exchange()
    assert balance(counter) == 13
    spend(counter, 1)
    counter.exchange()
    assert balance(counter) == 43  # all pace is its own: two thirds of three quarters of 87


def test_all_counters_together_never_have_more_than_the_cap(office: HeadOffice) -> None:
    counters = three_counters(office)
    spent = 0
    for _ in range(60):
        for counter in counters:
            counter.exchange()
            some = min(balance(counter), 3)
            spend(counter, some)
            spent += some
    assert spent + sum(map(balance, counters)) <= 100
    assert spent == 100  # and none is left lying while somebody needs it


def test_what_a_counter_gives_back_is_granted_again(office: HeadOffice) -> None:
    first, second = enrolled(office), enrolled(office, "pier-9", key=2)
    first.exchange()
    first.write(*returns_of(accounts(first), TOTAL, 1))
    first.exchange()
    assert held_here(office, first) == balance(first) == 25  # given back, and given anew
    spent = 0
    for _ in range(40):
        second.exchange()
        some = balance(second)
        spend(second, some)
        spent += some
    assert spent == 75


def test_a_void_is_credited_to_the_account_that_spent_once(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.exchange()
    (n,) = spend(counter)
    counter.undo(n)
    counter.undo(n)
    counter.exchange()
    (row,) = office.store.rights_of(str(counter.feed))
    assert (row.spent, row.credited, row.balance) == (1, 1, 25)
    assert balance(counter) == 25


def test_a_neighbours_void_in_the_same_store_is_credited_by_head_offices_word(office: HeadOffice) -> None:
    front, bar = enrolled(office), enrolled(office, "bayside", "bar", key=2)
    front.exchange()
    (n,) = spend(front)
    front.exchange()
    bar.undo(n, feed=front.feed)
    bar.exchange()
    front.exchange()
    (row,) = office.store.rights_of(str(front.feed))
    assert (row.spent, row.credited) == (1, 1)
    assert [fact.void for fact in front.told() if isinstance(fact, UseSeen)] == [False, True]
    assert office.store.redemption_counts() == {"tacos": (1, 1)}
    assert office.store.evidence() == []


def test_a_neighbours_void_that_arrives_first_waits_for_what_it_undoes(office: HeadOffice) -> None:
    front, bar = enrolled(office), enrolled(office, "bayside", "bar", key=2)
    front.exchange()
    (n,) = spend(front)
    bar.undo(n, feed=front.feed)
    bar.exchange()
    assert office.store.redemption_counts() == {}
    front.exchange()
    (row,) = office.store.rights_of(str(front.feed))
    assert (row.spent, row.credited) == (1, 1)
    assert office.store.redemption_counts() == {"tacos": (1, 1)}


def test_a_cap_lowered_below_what_is_granted_grants_no_more(office: HeadOffice) -> None:
    first, second = enrolled(office), enrolled(office, "pier-9", key=2)
    first.exchange()
    publish(office, promotions=tacos("limits: {total: 20}"), by="test")
    second.exchange()
    assert balance(second) == 0
    assert balance(first) == 25


def test_a_cap_that_is_raised_grants_the_difference(office: HeadOffice) -> None:
    counter = enrolled(office)
    publish(office, promotions=tacos("limits: {total: 4}"), by="test")
    counter.exchange()
    spend(counter, balance(counter))
    counter.exchange()
    spend(counter, balance(counter))
    counter.exchange()
    had = balance(counter)
    publish(office, promotions=tacos("limits: {total: 400}"), by="test")
    spend(counter, had)
    counter.exchange()
    assert had + balance(counter) > 4


def test_nothing_is_granted_of_what_is_over(office: HeadOffice) -> None:
    counter = enrolled(office)
    clock(office).at += timedelta(days=30)
    counter.exchange()
    assert counter.told(Granted) == []


def test_nothing_is_granted_to_a_fenced_life(office: HeadOffice) -> None:
    counter = enrolled(office)
    (life,) = office.store.enrolments()
    office.store.put_enrolment(replace(life, fenced=True))
    counter.exchange()
    assert counter.told(Granted) == []


def test_a_store_has_its_own_cap(office: HeadOffice) -> None:
    publish(office, promotions=tacos("limits: {per_store: 8}"), by="test")
    front, other = enrolled(office), enrolled(office, "pier-9", key=2)
    front.exchange()
    other.exchange()
    assert balance(front, STORE) == 3  # of 8, its half of three quarters
    assert balance(other, Right(RightKind.STORE, "tacos", b"pier-9")) == 6
    assert balance(other, STORE) == 0


def test_money_is_granted_in_what_redemptions_cost(office: HeadOffice) -> None:
    publish(office, promotions=tacos('limits: {budget: "100.00"}'), by="test")
    counter = enrolled(office)
    counter.exchange()
    assert balance(counter, BUDGET) == 2400  # 25.00 is its share, and 12.00 what one costs


def test_the_books_and_the_counter_agree(office: HeadOffice) -> None:
    counter = enrolled(office)
    for _ in range(6):
        counter.exchange()
        made = spend(counter, min(balance(counter), 7))
        counter.undo(made[0])
        counter.exchange()
        assert held_here(office, counter) == balance(counter)


def test_a_counter_that_makes_rights_up_does_not_fill_the_pool(office: HeadOffice) -> None:
    counter = enrolled(office)
    counter.exchange()
    counter.write(Returned(at_ms=1, right=1, promotion="tacos", granted_by=1, amount=1000))
    counter.exchange()
    (pool,) = office.store.right_pools("tacos")
    assert pool.returned == 25  # what it had; the rest is shown as overspent
    assert balance(counter) == 0  # and it is granted no more
