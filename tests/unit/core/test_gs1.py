"""GS1 element strings, scanned and printed, and the coupon in them."""

from __future__ import annotations

from datetime import date

import pytest

from kiosk.core.gs1 import ElementFault, read_coupon
from kiosk.core.gs1_coupon import Coupon, CouponFault

TODAY = date(2026, 11, 27)
VALUE = "001234561234560654321"
COUPON = Coupon("123456", "123456", "654321", format=0)
GTIN = "0109501101530003"


@pytest.mark.parametrize(
    "text",
    [
        f"(8112){VALUE}",
        f"8112{VALUE}",
        f"\x1d8112{VALUE}",
        f"]C18112{VALUE}",
        f"]C1\x1d8112{VALUE}",
        f"]e08112{VALUE}",
        f"]d28112{VALUE}",
        f"]Q38112{VALUE}",
        f"]J18112{VALUE}",
        f"]C1(8112){VALUE}",
        "(8112) 00 123456 123456 0 654321",
    ],
)
def test_a_coupon_is_read_in_each_way_it_can_be_written(text: str) -> None:
    assert read_coupon(text, TODAY) == COUPON


@pytest.mark.parametrize(
    "text",
    [
        f"8112{VALUE}\x1d10LOT7",
        f"8112{VALUE}\x1d",
        f"8112{VALUE}\x1d17301231",
        f"10LOT7\x1d8112{VALUE}",
        f"{GTIN}8112{VALUE}",
        f"{GTIN}\x1d8112{VALUE}",
        f"41000123456789058112{VALUE}",
        f"31030007508112{VALUE}",
        f"(01)09501101530003(8112){VALUE}(10)LOT7",
        f"8112{VALUE}\x1d8112{VALUE}",
    ],
)
def test_what_stands_before_and_after_it_is_stepped_over(text: str) -> None:
    assert read_coupon(text, TODAY) == COUPON


def test_a_scanned_coupon_s_dates_are_read_as_of_today() -> None:
    read = read_coupon("]C181100123456123456111101233761231", TODAY)
    assert isinstance(read, Coupon)
    assert read.expires_on == date(2076, 12, 31)


def test_a_space_before_what_was_scanned_is_no_fnc1() -> None:
    assert read_coupon(f" 8112{VALUE}", TODAY) is None
    assert read_coupon(f"]C1 8112{VALUE}", TODAY) is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("(8112)", CouponFault.MISSING_FORMAT_CODE),
        ("(8110)", CouponFault.MISSING_GCP_VLI),
        ("]C18110", CouponFault.MISSING_GCP_VLI),
        (f"(8112){VALUE}x", CouponFault.NON_DIGIT_CHARACTER),
        (f"(8112){VALUE}1", CouponFault.EXCESS),
        (f"]C18112{VALUE}10LOT7", CouponFault.NON_DIGIT_CHARACTER),
        (f"(8112){VALUE}(", ElementFault.NOT_ELEMENTS),
        (f"(8112){VALUE}(x)(10)LOT7", ElementFault.NOT_ELEMENTS),
        (f"(8112){VALUE}\x1d05", CouponFault.NON_DIGIT_CHARACTER),
        (f"8112{VALUE}\x1d05", ElementFault.NOT_ELEMENTS),
        (f"8112{VALUE}\x1dLOT", ElementFault.NOT_ELEMENTS),
        (f"8112{VALUE}\x1d391", ElementFault.NOT_ELEMENTS),
        (f"8112{VALUE}\x1d1730123", ElementFault.VALUE_TOO_SHORT),
        (f"8112{VALUE}\x1d17301\x1d23", ElementFault.VALUE_TOO_SHORT),
        (f"8112{VALUE}\x1d8110{VALUE}", ElementFault.SEVERAL_COUPONS),
        (f"(8112){VALUE}(8112){VALUE[:-1]}2", ElementFault.SEVERAL_COUPONS),
        ("(8110)" + "0" * 71, ElementFault.VALUE_TOO_LONG),
        ("(8110)" + "0" * 70, CouponFault.INVALID_SAVE_VALUE_LENGTH),
    ],
)
def test_a_broken_coupon_says_what_is_wrong_with_it(text: str, fault: CouponFault | ElementFault) -> None:
    assert read_coupon(text, TODAY) is fault


@pytest.mark.parametrize(
    ("identifier", "length"),
    [("00", 18), ("01", 14), ("02", 14), ("03", 14), ("04", 16), ("11", 6), ("15", 6), ("19", 6), ("20", 2),
     ("3103", 6), ("3205", 6), ("3364", 6), ("3450", 6), ("3571", 6), ("3690", 6), ("410", 13), ("417", 13)],
)  # fmt: skip
def test_a_value_of_predefined_length_needs_nothing_after_it(identifier: str, length: int) -> None:
    assert read_coupon(f"{identifier}{'7' * length}8112{VALUE}", TODAY) == COUPON
    assert read_coupon(f"8112{VALUE}\x1d{identifier}{'7' * length}", TODAY) == COUPON
    assert read_coupon(f"8112{VALUE}\x1d{identifier}{'7' * (length - 1)}", TODAY) is ElementFault.VALUE_TOO_SHORT


@pytest.mark.parametrize(
    "identifier",
    ["10", "21", "22", "30", "37", "90", "99", "235", "240", "255", "400", "421", "710", "3922", "4300", "7003", "7230",
     "8005", "8111", "8200"],
)  # fmt: skip
def test_a_value_of_no_predefined_length_ends_at_fnc1(identifier: str) -> None:
    assert read_coupon(f"{identifier}7\x1d8112{VALUE}", TODAY) == COUPON
    assert read_coupon(f"]C1{identifier}78112{VALUE}", TODAY) is None


@pytest.mark.parametrize("elements", ["0577", "5077", "8377", "89", "3", "23", "8"])
def test_an_identifier_that_is_not_given_out_or_breaks_off_is_none(elements: str) -> None:
    assert read_coupon(f"8112{VALUE}\x1d{elements}", TODAY) is ElementFault.NOT_ELEMENTS


def test_bare_digits_are_a_cut_coupon_only_where_no_code_of_ours_is_as_long() -> None:
    assert read_coupon("8112001234561234", TODAY) is CouponFault.TRUNCATED_OFFER_CODE
    assert read_coupon("811200123456123", TODAY) is None


@pytest.mark.parametrize(
    "text",
    ["", "8112", "SHRIMP8112", "SHRIMP-20", f"]C1{GTIN}", "(01)09501101530003", "(", f"10LOT8112{VALUE}", f"]C0{GTIN}",
     f"]E08112{VALUE}", "8112-SAVE-NOW-AND-THEN", "10LOT7\x1d21SERIAL8112"],
)  # fmt: skip
def test_a_text_that_is_not_about_a_coupon_is_none(text: str) -> None:
    assert read_coupon(text, TODAY) is None
