"""Base45 as RFC 9285 has it, and nothing beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.base45 import ALPHABET, Base45Error, decode, encode


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"AB", "BB8"),  # RFC 9285 section 4.3
        (b"Hello!!", "%69 VD92EX0"),
        (b"base-45", "UJCLQE7W581"),
        (b"ietf!", "QED8WEX0"),  # section 4.4
        (b"\xff\xff", "FGW"),  # section 6: the largest group
        (b"\x00\x00", "000"),
        (b"\xff", "U5"),
        (b"\x00", "00"),
        (b"", ""),
    ],
)
def test_the_examples_of_the_rfc_are_written_and_read(raw: bytes, text: str) -> None:
    assert encode(raw) == text
    assert decode(text) == raw


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("GGW", "65,536, one more than two bytes hold"),
        (":::", "91,124, the largest group there is"),
        ("V5", "256, one more than a byte holds"),
        ("::", "2,024 in a byte"),
        ("A", "one character over"),
        ("BB8A", "one character over behind a group"),
        ("bb8", "lower case is not in the alphabet"),
        ("BB_", "a character outside the alphabet"),
        ("BB\xe9", "outside ASCII"),
        ("BB\uff18", "a digit, but not ours"),
        ("BB\n", "a line end"),
        ("\ud800B8", "a lone surrogate"),
    ],
)
def test_what_the_rfc_does_not_allow_is_refused(text: str, why: str) -> None:
    with pytest.raises(Base45Error):
        decode(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("BB\xe9", "it has a character outside ASCII"),
        ("bb8", "it has a character outside the alphabet"),
        ("BB8A", "one character is left over"),
        ("GGW", "a group is larger than its bytes can hold"),
    ],
)
def test_what_is_wrong_with_a_text_is_told(text: str, told: str) -> None:
    with pytest.raises(Base45Error) as caught:
        decode(text)
    assert str(caught.value) == told


@given(st.binary(max_size=200))
def test_what_was_written_is_read(raw: bytes) -> None:
    text = encode(raw)
    assert len(text) == len(raw) // 2 * 3 + len(raw) % 2 * 2
    assert decode(text) == raw


@given(st.text(ALPHABET, max_size=30) | st.text(st.characters(), max_size=30))
def test_what_is_read_has_one_spelling(text: str) -> None:
    try:
        raw = decode(text)
    except Base45Error:
        return
    assert encode(raw) == text
