"""The fields of a coupon, against GS1's own vectors and by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from kiosk.core.gs1_coupon import Coupon, CouponFault, Purchase, read_8110, read_8112

TODAY = date(2026, 11, 27)
VECTORS = [
    line.split("\t")
    for line in (Path(__file__).parents[2] / "vectors" / "gs1_coupons.tsv").read_text(encoding="ascii").splitlines()
    if not line.startswith("#")
]


def read(identifier: str, value: str) -> Coupon | CouponFault:
    return read_8110(value, TODAY) if identifier == "8110" else read_8112(value)


@pytest.mark.parametrize(("identifier", "value", "fault"), VECTORS)
def test_gs1s_linters_are_agreed_with(identifier: str, value: str, fault: str) -> None:
    answer = read(identifier, value)
    assert (answer.value if isinstance(answer, CouponFault) else "") == fault


# examples of bwipp/postscriptbarcode, tests/ps_tests/gs1northamericancoupon.ps.test (MIT)
def test_all_the_fields_of_an_8110_are_read() -> None:
    assert read("8110", "106141411234562891101201212085010048000214025610048000310123191000") == Coupon(
        funder="0614141",
        offer_code="123456",
        serial=None,
        save_value=89,
        purchases=(Purchase(1, 0, "120"), Purchase(2, 0, "850", "0048000"), Purchase(4, 0, "256", "0048000")),
        additional_rules=2,
        expires_on=date(2010, 12, 31),
        save_value_code=1,
        applies_to_item=0,
        store_coupon=0,
        do_not_multiply=False,
    )


def test_serial_retailer_and_both_dates_of_an_8110_are_read() -> None:
    coupon = read("8110", "012345612345611110123326123142611275012345661123456795211")
    assert coupon == Coupon(
        funder="123456",
        offer_code="123456",
        serial="123456",
        save_value=1,
        purchases=(Purchase(1, 0, "123"),),
        starts_on=date(2026, 11, 27),
        expires_on=date(2026, 12, 31),
        retailer="1234567",
        save_value_code=5,
        applies_to_item=2,
        store_coupon=1,
        do_not_multiply=True,
    )


def test_what_an_8110_does_not_say_is_none_and_not_nothing() -> None:
    assert read("8110", "012345612345611110123") == Coupon("123456", "123456", None, None, 1, (Purchase(1, 0, "123"),))


def test_the_two_broken_examples_are_told() -> None:
    assert read("8110", "7123456789012") is CouponFault.INVALID_GCP_LENGTH
    assert read("8110", "012345") is CouponFault.TRUNCATED_GCP


def expires(yymmdd: str, today: date) -> date | None:
    coupon = read_8110(f"0123456123456111101233{yymmdd}", today)
    assert isinstance(coupon, Coupon)
    return coupon.expires_on


@pytest.mark.parametrize(
    ("two_digits", "year"),
    [("26", 2026), ("76", 2076), ("77", 1977), ("00", 2000)],
)
def test_the_century_is_the_one_within_fifty_years(two_digits: str, year: int) -> None:
    assert expires(f"{two_digits}0131", TODAY) == date(year, 1, 31)


@pytest.mark.parametrize(("two_digits", "year"), [("01", 2101), ("49", 2149), ("50", 2050), ("99", 2099)])
def test_near_the_end_of_a_century_early_years_are_of_the_next(two_digits: str, year: int) -> None:
    assert expires(f"{two_digits}0131", date(2099, 6, 1)) == date(year, 1, 31)


def test_a_coupon_may_expire_on_the_day_it_starts() -> None:
    coupon = read("8110", "01234561234561111012332612314261231")
    assert isinstance(coupon, Coupon)
    assert coupon.starts_on == coupon.expires_on


def test_digits_of_another_script_are_no_digits() -> None:
    assert read("8112", "٠01234561234560123456") is CouponFault.NON_DIGIT_CHARACTER
