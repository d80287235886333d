"""How much of a pool one counter is given, and what is in a pool."""

from __future__ import annotations

from fractions import Fraction

import pytest

from kiosk.core.rights import Right, RightKind
from sync.head_office.pools import pool_of
from sync.head_office.records import RightPool
from sync.head_office.shares import Need, amount, is_due, share

TOTAL = Right(RightKind.TOTAL, "tacos")


def need(**changes: object) -> Need:
    fields: dict[str, object] = {
        "pool": 100, "held": 0, "level": 0, "elsewhere": 0, "unit": 1, "share": Fraction(1, 3),
    }  # fmt: skip
    return Need(**(fields | changes))  # type: ignore[arg-type]  # the fields of Need


@pytest.mark.parametrize(
    ("held", "level", "unit", "due"),
    [(0, 0, 1, True), (9, 0, 1, True), (6, 10, 1, False), (5, 10, 1, True), (11, 12, 12, True), (12, 12, 12, False)],
)
def test_due_is_half_of_the_last_level_or_less_than_one_redemption(held: int, level: int, unit: int, due: bool) -> None:
    assert is_due(held, level, unit) is due


def test_a_first_grant_is_the_counters_part_of_three_quarters() -> None:
    assert amount(need()) == 25


def test_a_refill_goes_up_to_the_part_of_what_can_still_be_used() -> None:
    assert amount(need(pool=50, held=10, level=20, elsewhere=40)) == 15


def test_a_quarter_of_the_pool_stays_back() -> None:
    assert amount(need(pool=8, share=Fraction(1), elsewhere=1000)) == 6


def test_money_is_granted_in_whole_redemptions() -> None:
    assert amount(need(pool=10_000, unit=1200)) == 2400


@pytest.mark.parametrize(("pool", "given"), [(1200, 1200), (1199, 0)])
def test_the_last_redemption_goes_out_whole_or_not_at_all(pool: int, given: int) -> None:
    assert amount(need(pool=pool, unit=1200, elsewhere=5000)) == given


def test_who_can_make_one_is_not_given_the_last() -> None:
    assert amount(need(pool=1, held=1, level=2)) == 0


@pytest.mark.parametrize("pool", [0, -7])
def test_nothing_is_given_of_an_empty_pool(pool: int) -> None:
    assert amount(need(pool=pool, held=0)) == 0


def test_without_any_pace_all_have_the_same_part() -> None:
    assert share({"a": 0, "b": 0, "c": 0, "d": 0}, "b") == Fraction(1, 4)


def test_half_of_a_part_is_by_pace_and_half_is_equal() -> None:
    paces = {"a": 3000, "b": 1000, "new": 0}
    assert [share(paces, one) for one in paces] == [Fraction(13, 24), Fraction(7, 24), Fraction(1, 6)]
    assert sum(share(paces, one) for one in paces) == 1


def pool(granted_by: int, **sums: int) -> RightPool:
    return RightPool(kind=1, promotion="tacos", subject=b"", granted_by=granted_by, **sums)


def test_a_pool_is_the_cap_less_what_was_given_and_did_not_come_back() -> None:
    held = [pool(1, granted=60, returned=5, freed=2, refilled=1)]
    assert pool_of(TOTAL, 100, held, 1, whole=True) == 48


def test_a_whole_incarnation_counts_what_those_before_it_gave() -> None:
    held = [pool(1, granted=60, returned=5), pool(2, granted=10, returned=10, advanced=99)]
    assert pool_of(TOTAL, 100, held, 2, whole=True) == 45


def test_one_that_forgot_something_has_only_what_came_back_of_its_own_and_was_advanced() -> None:
    held = [pool(1, granted=60, returned=50), pool(2, granted=10, returned=4, refilled=3, advanced=8)]
    assert pool_of(TOTAL, 100, held, 2, whole=False) == 5
    assert pool_of(TOTAL, 100, held[:1], 2, whole=False) == 0


def test_what_a_counter_says_of_incarnations_to_come_is_in_no_pool() -> None:
    assert pool_of(TOTAL, 100, [pool(7, returned=1000)], 2, whole=True) == 100


def test_another_right_of_the_promotion_is_another_pool() -> None:
    assert pool_of(Right(RightKind.BUDGET, "tacos"), 100, [pool(1, granted=60)], 1, whole=True) == 100
