"""Caps that are declared while a promotion runs: what was redeemed before counts against them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from sync.head_office.office import HeadOffice
from sync.head_office.publish import publish
from tests.head_office_world import ORGANISATION, SmallCounter, clock, enrolled
from tests.rights_world import BUDGET, STORE, TOTAL, balance, office_with, spend, tacos


@pytest.fixture
def office(tmp_path: Path) -> HeadOffice:
    return office_with(tmp_path)


@pytest.fixture
def front(office: HeadOffice) -> SmallCounter:
    counter = enrolled(office)
    counter.exchange()
    return counter


def declare(office: HeadOffice, *lines: str) -> None:
    publish(office, promotions=tacos(*lines), organisation=ORGANISATION, by="test")


def give(counter: SmallCounter, times: int) -> None:
    for _ in range(times):
        counter.redeem(credential_kind="word", shared=True)


@pytest.mark.parametrize(
    ("line", "right", "cap", "each"),
    [
        ("limits: {total: 8}", TOTAL, 8, 1),
        ('limits: {budget: "96.00"}', BUDGET, 9600, 1200),
        ("limits: {per_store: 8}", STORE, 8, 1),
    ],
)
def test_what_was_redeemed_before_a_cap_was_declared_is_granted_to_nobody(
    office: HeadOffice, front: SmallCounter, line: str, right: object, cap: int, each: int
) -> None:
    give(front, 6)
    front.exchange()
    declare(office, line)
    others = [enrolled(office, "bayside", "bar", key=2), enrolled(office, "pier-9", "front", key=3)]
    for counter in (front, *others) * 8:
        counter.exchange()
    out = sum(balance(counter, right) for counter in (front, *others))  # type: ignore[arg-type]
    assert 0 < out <= cap - 6 * each


def test_one_that_arrives_later_without_a_right_comes_off_what_is_left(office: HeadOffice, front: SmallCounter) -> None:
    declare(office, "limits: {total: 8}")
    late = enrolled(office, "pier-9", "front", key=3)
    late.exchange()
    give(late, 20)  # by a list that knew of no cap
    late.exchange()
    before = balance(front)
    front.exchange()
    assert balance(front) == before


def test_one_that_was_undone_is_there_to_be_granted_again(office: HeadOffice, front: SmallCounter) -> None:
    give(front, 8)
    front.exchange()
    declare(office, "limits: {total: 8}")
    front.exchange()
    assert balance(front) == 0
    front.undo(front.journal.heads()[front.feed].n - 1)
    front.exchange()
    assert balance(front) == 1


def test_one_that_spent_its_right_is_not_taken_off_twice(office: HeadOffice, front: SmallCounter) -> None:
    declare(office, "limits: {total: 8}")
    given = 0
    for _ in range(20):
        front.exchange()
        given += len(spend(front, balance(front)))
    assert given == 8


def test_a_promotion_that_is_over_by_the_clock_of_a_store_is_granted_for_there_no_more(tmp_path: Path) -> None:
    eastern = ORGANISATION.replace("America/New_York", "Pacific/Auckland")
    office = office_with(tmp_path, "limits: {total: 8}")
    publish(office, organisation=eastern, by="test")
    clock(office).at = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)  # it is the second there: over for a day
    counter = enrolled(office)
    counter.exchange()
    assert balance(counter) == 0
    clock(office).at = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
    counter.exchange()
    assert balance(counter) > 0
