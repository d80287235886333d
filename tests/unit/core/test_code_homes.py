"""Homes of listed codes by stable index: a mapping in runs, and hostile bytes meet its own error."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.code_homes import MAX_BYTES, MAX_INDEX, CodeHomes, CodeHomesError
from kiosk.core.strict_cbor import encode

HOMES = st.dictionaries(st.integers(0, 60), st.sampled_from(["bayside", "bayside/front", "pier-9"]))


@given(HOMES)
def test_they_say_what_a_mapping_says(homes: dict[int, str]) -> None:
    for made in (CodeHomes.of(homes), CodeHomes.decode(CodeHomes.of(homes).encode())):
        assert {index: made.home(index) for index in range(62)} == {index: homes.get(index) for index in range(62)}


def test_a_million_codes_of_one_store_are_a_few_bytes() -> None:
    assert len(CodeHomes(["bayside"], [(0, 1_000_000, 0)]).encode()) < 30


@given(st.binary(max_size=100))
def test_any_bytes_are_homes_or_their_own_error(raw: bytes) -> None:
    with contextlib.suppress(CodeHomesError):
        assert CodeHomes.decode(raw).encode() == raw


@pytest.mark.parametrize(
    "hostile",
    [
        {}, [], [["a"]], [["a"], {}], [[1], []], [[""], []], [["a" * 201], []], [["a"], [[0, 1]]],
        [["a"], [[0, 1, "a"]]],
        [["a"], [[0, 0, 0]]], [["a"], [[0, 1, 1]]], [["a"], [[0, 1, -1]]], [["a"], [[-1, 1, 0]]],
        [["a"], [[0, True, 0]]],
        [["a"], [[0, 2, 0], [1, 1, 0]]], [["a"], [[MAX_INDEX, 1, 0]]],
    ],
)  # fmt: skip
def test_what_head_office_never_writes_is_refused(hostile: object) -> None:
    with pytest.raises(CodeHomesError):
        CodeHomes.decode(encode(hostile))


NO_LISTS, NO_NAME = "it is no list of homes with a list of runs", "a home has no name"
NO_RUN, ASTRAY = "a run is not three numbers", "a run is out of order or out of range"


@pytest.mark.parametrize(
    ("hostile", "told"),
    [
        ({}, NO_LISTS), ([["a"]], NO_LISTS), ([[], [], []], NO_LISTS), ([["a"], {}], NO_LISTS), ([[""], []], NO_NAME),
        ([[1], []], NO_NAME), ([["a" * 201], []], NO_NAME), ([["a"], [[0, 1]]], NO_RUN), ([["a"], [7]], NO_RUN),
        ([["a"], [[0, 1, 0, 0]]], NO_RUN), ([["a"], [[0, 1, "a"]]], NO_RUN), ([["a"], [[0, 1, 1]]], ASTRAY),
        ([["a"], [[0, 1, -1]]], ASTRAY), ([["a"], [[0, 0, 0]]], ASTRAY), ([["a"], [[0, 2, 0], [1, 1, 0]]], ASTRAY),
        ([["a"], [[-1, 1, 0]]], ASTRAY), ([["a"], [[0, MAX_INDEX + 1, 0]]], ASTRAY),
    ],
)  # fmt: skip
def test_what_is_wrong_with_homes_is_told(hostile: object, told: str) -> None:
    with pytest.raises(CodeHomesError) as caught:
        CodeHomes.decode(encode(hostile))
    assert str(caught.value) == told


def test_bytes_that_are_too_many_or_no_cbor_are_told() -> None:
    with pytest.raises(CodeHomesError) as caught:
        CodeHomes.decode(bytes(MAX_BYTES + 1))
    assert str(caught.value) == "it has 4,194,305 bytes; 4,194,304 are allowed"
    with pytest.raises(CodeHomesError) as caught:
        CodeHomes.decode(b"\x18\x01")
    assert str(caught.value) == "it is not in the deterministic encoding"


def test_neighbours_of_one_home_are_one_run() -> None:
    homes = CodeHomes.of({0: "b", 1: "b", 2: "a", 4: "a", 5: "b"})
    assert homes.encode() == encode([["a", "b"], [[0, 2, 1], [2, 1, 0], [4, 1, 0], [5, 1, 1]]])


def test_a_name_of_200_characters_is_a_home() -> None:
    assert CodeHomes.decode(encode([["a" * 200], []])).home(0) is None


def test_more_bytes_than_a_part_may_have_are_refused() -> None:
    assert MAX_BYTES == 4 * 1024 * 1024
    for many, said in ((MAX_BYTES, "deterministic|trailing|data|encoding"), (MAX_BYTES + 1, "are allowed")):
        with pytest.raises(CodeHomesError, match=said):
            CodeHomes.decode(bytes(many))


def test_the_last_index_has_a_home_and_the_first_runs_touch() -> None:
    made = CodeHomes.decode(encode([["a", "b"], [[0, 1, 0], [1, 1, 1], [MAX_INDEX - 1, 1, 0]]]))
    assert [made.home(index) for index in (0, 1, 2, MAX_INDEX - 1)] == ["a", "b", None, "a"]
