"""The text that sets up a counter: read where it is whole, and never taken for anything else."""

from __future__ import annotations

import pytest

from kiosk.enrolment_text import (
    MAX_ADDRESS_CHARACTERS,
    EnrolmentText,
    enrolment_text,
    is_address,
    is_enrolment_text,
    read_enrolment_text,
)

CODE = "7K3M-9XTA-4PWD-H2RC"


@pytest.mark.parametrize("address", ["http://192.168.1.20:8700", "https://office.example", "http://[::1]:8700/offers"])
def test_what_is_shown_is_what_is_read(address: str) -> None:
    assert read_enrolment_text(enrolment_text(CODE, address + "/")) == EnrolmentText(CODE.replace("-", ""), address)


def test_a_code_typed_into_the_text_keeps_its_groups() -> None:
    assert read_enrolment_text(f" cfe1:{CODE}:http://office ") == EnrolmentText(CODE, "http://office")


def test_its_code_is_in_no_repr() -> None:
    assert "7K3M" not in repr(read_enrolment_text(enrolment_text(CODE, "http://office")))


@pytest.mark.parametrize("text", ["CFE1:", "CFE1::http://office", "CFE1:7K3M", "CFE1:7K3M:office", "cfe1:7K3M:ftp://x"])
def test_what_is_not_whole_is_not_read_and_yet_is_no_customers_code(text: str) -> None:
    assert read_enrolment_text(text) is None
    assert is_enrolment_text(text)


@pytest.mark.parametrize("text", ["", "CF1:0*EH4F0", "CFE", "CFE2:7K3M:http://office", "TACO-1", "http://office"])
def test_another_text_is_a_customers(text: str) -> None:
    assert not is_enrolment_text(text)
    assert read_enrolment_text(text) is None


def test_an_address_is_long_enough_at_its_limit_and_too_long_above() -> None:
    address = "http://office/"
    assert is_address(address.ljust(MAX_ADDRESS_CHARACTERS, "a"))
    assert not is_address(address.ljust(MAX_ADDRESS_CHARACTERS + 1, "a"))


@pytest.mark.parametrize(
    "address",
    ["", "office", "http://", "http://office:0", "http://office:99999", "http://of fice", "http://ana:pin@office",
     "http://ana@office", "http://office/?a=b", "http://office/#b", "http://office\u202e", "http://[::1", "file:///x"],
)  # fmt: skip
def test_what_is_no_plain_address_is_refused(address: str) -> None:
    assert not is_address(address)
