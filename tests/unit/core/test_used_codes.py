"""Used codes by their stable index: a set with one spelling, and hostile bytes meet its own error."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.strict_cbor import encode
from kiosk.core.used_codes import DENSE_FROM, MAX_BYTES, MAX_CONTAINERS, UsedCodes, UsedCodesError

LAST = MAX_CONTAINERS * 65_536 - 1
INDEXES = st.frozensets(st.integers(0, 200_000) | st.integers(0, LAST), max_size=60)
RUNS = st.lists(st.tuples(st.integers(0, 200_000), st.integers(0, 9_000)), max_size=3)


@given(INDEXES, RUNS, INDEXES)
def test_it_says_what_a_set_says(few: frozenset[int], runs: list[tuple[int, int]], asked: frozenset[int]) -> None:
    right = set(few).union(*(range(first, first + many) for first, many in runs))
    for made in (UsedCodes(right), UsedCodes.decode(UsedCodes(right).encode())):
        assert len(made) == len(right)
        assert set(made) == right
        edges = {first + n for first, many in runs for n in (-1, 0, many - 1, many) if first + n >= 0}
        assert all((index in made) == (index in right) for index in asked | few | edges)


@given(INDEXES)
def test_one_set_has_one_spelling(indexes: frozenset[int]) -> None:
    assert UsedCodes(sorted(indexes, reverse=True)).encode() == UsedCodes(sorted(indexes)).encode()


@pytest.mark.parametrize("many", [DENSE_FROM - 1, DENSE_FROM, DENSE_FROM + 1, 65_536])
def test_few_and_many_of_one_range_are_both_read_back(many: int) -> None:
    made = UsedCodes.decode(UsedCodes(range(many)).encode())
    assert (len(made), many - 1 in made, many in made) == (many, True, False)


@pytest.mark.parametrize("first", [0, 65_536 - DENSE_FROM])
def test_the_first_and_the_last_of_a_range_with_many_are_told(first: int) -> None:
    indexes = range(first, first + DENSE_FROM)
    assert list(UsedCodes(indexes)) == list(indexes)


def test_ten_million_used_codes_are_small() -> None:
    assert len(UsedCodes(range(10_000_000)).encode()) < 1_300_000


def test_an_index_that_no_code_has_is_no_member_and_cannot_become_one() -> None:
    assert LAST in UsedCodes([LAST])
    for none in (-1, LAST + 1):
        assert none not in UsedCodes([LAST, 0])
        with pytest.raises(ValueError, match="index"):
            UsedCodes([none])


def test_which_index_is_too_large_is_told() -> None:
    with pytest.raises(ValueError, match=r"^no code has an index in 268,435,456 and on$"):
        UsedCodes([LAST + 1])


def test_a_bitmap_of_as_many_bytes_as_are_allowed_is_read() -> None:
    full = {key: b"\xff" * 8_192 for key in range(512) if key != 24}  # a key of two bytes: the rest is even without it
    rest = (MAX_BYTES - len(encode(full | {512: b""})) - 2) // 2
    raw = encode(full | {512: struct.pack(f"<{rest}H", *range(rest))})
    assert len(raw) == MAX_BYTES
    assert len(UsedCodes.decode(raw)) == 511 * 65_536 + rest


def test_there_may_be_a_container_for_each_range() -> None:
    raw = encode(dict.fromkeys(range(MAX_CONTAINERS), b"\x01\x00"))
    assert list(UsedCodes.decode(raw)) == list(range(1, LAST + 1, 65_536))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_set_or_its_own_error(raw: bytes) -> None:
    with contextlib.suppress(UsedCodesError):
        assert UsedCodes.decode(raw).encode() == raw


@pytest.mark.parametrize(
    "hostile",
    [
        encode([]), encode({0: b""}), encode({0: b"\x01"}), encode({0: "text"}), encode({-1: b"\x01\x00"}),
        encode({MAX_CONTAINERS: b"\x01\x00"}), encode({True: b"\x01\x00"}), encode({0: b"\x02\x00\x01\x00"}),
        encode({"0": b"\x01\x00"}),
        encode({0: b"\x01\x00\x01\x00"}), encode({0: bytes(8_192)}), encode({0: bytes(8_194)}),
        encode(dict.fromkeys(range(MAX_CONTAINERS + 1), b"\x01\x00")), bytes(MAX_BYTES + 1), b"",
    ],
)  # fmt: skip
def test_what_head_office_never_writes_is_refused(hostile: bytes) -> None:
    with pytest.raises(UsedCodesError):
        UsedCodes.decode(hostile)


@pytest.mark.parametrize(
    ("hostile", "told"),
    [
        (encode({MAX_CONTAINERS: b"\x01\x00"}), "a container is of no range"),
        (encode({0: b"\x01"}), "a container has the wrong length"),
        (encode({0: bytes(8_192)}), "a container of few is written as if it had many"),
        (encode({0: b"\x02\x00\x01\x00"}), "a container is not in order"),
        (encode([]), "it is no map of containers"),
        (bytes(MAX_BYTES + 1), "it has 4,194,305 bytes; 4,194,304 are allowed"),
        (b"\x18\x01", "it is not in the deterministic encoding"),
    ],
)
def test_what_is_wrong_with_a_bitmap_is_told(hostile: bytes, told: str) -> None:
    with pytest.raises(UsedCodesError) as caught:
        UsedCodes.decode(hostile)
    assert str(caught.value) == told
