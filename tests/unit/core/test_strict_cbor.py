"""One value has one spelling, and nothing richer than plain values is ever built."""

from __future__ import annotations

import pytest

from kiosk.core.strict_cbor import StrictCborError, decode, encode


@pytest.mark.parametrize("value", [0, 2**63, -1, "é", b"\x00", [1, [2]], {1: "a", "b": None}, True, None, 1.5, {}, []])
def test_what_was_encoded_is_decoded(value: object) -> None:
    assert decode(encode(value)) == value


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        ("1801", "a number longer than it needs to be"),
        ("9f01ff", "an indefinite length"),
        ("a201010102", "a key twice"),
        ("a202010101", "keys out of order"),
        ("0000", "something behind it"),
        ("81", "something missing"),
        ("", "nothing"),
        ("ff", "a break with nothing to break"),
        ("9bffffffffffffffff", "a list of 2^64 entries"),
        ("5b7fffffffffffffff00", "a byte string of 2^63"),
        ("c11a514b67b0", "a tag for a date"),
        ("c249010000000000000000", "a tag for a huge number"),
        ("d82363282861", "a tag for a regular expression"),
        ("d81c81d81d00", "a tag that makes a cycle"),
        ("d9d9f700", "a tag that says CBOR"),
        ("d903e700", "a tag nobody knows"),
        ("fb3ff0000000000000", "a float longer than it needs to be"),
        ("62ff00", "a text that is not UTF-8"),
        ("81" * 500 + "00", "five hundred lists in one another"),
    ],
)
def test_another_spelling_is_refused(raw: str, what: str) -> None:
    with pytest.raises(StrictCborError):
        decode(bytes.fromhex(raw))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("1801", "^it is not in the deterministic encoding$"),
        ("c11a514b67b0", "^tags are not used here$"),
        ("d903e700", "^tags are not used here$"),
        ("9f01ff", "indefinite length"),  # refused while it is read, before anything is built of it
        ("a201010102", "(?i)duplicate"),
        ("81" * 17 + "00", "depth"),
        ("81", "end of stream"),
    ],
)
def test_a_refusal_says_why(raw: str, why: str) -> None:
    with pytest.raises(StrictCborError, match=why):
        decode(bytes.fromhex(raw))


def test_sixteen_lists_in_one_another_are_read() -> None:
    assert encode(decode(bytes.fromhex("81" * 16 + "00"))).hex() == "81" * 16 + "00"


def test_what_is_told_of_hostile_bytes_stays_short() -> None:
    twice = (b"\x79\x03\xe8" + b"k" * 1000 + b"\x00") * 2
    with pytest.raises(StrictCborError) as caught:
        decode(b"\xa2" + twice)
    assert len(str(caught.value)) == 120
