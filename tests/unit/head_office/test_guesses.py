"""How many guesses a code takes: exact for generated ones, from above for others; the weakest group counts."""

from __future__ import annotations

import random

import pytest

from kiosk.core.generated import keyspace, make, printed
from sync.head_office.guesses import EASY_BELOW, Group, Guesses, groups_of, guesses, with_more, words


def generated(many: int, length: int = 16) -> list[str]:
    draw = random.Random(length).randrange
    return [printed(make(draw, length)) for _ in range(many)]


def test_generated_codes_are_counted_exactly_by_their_length() -> None:
    assert groups_of(generated(4) + generated(2, 20)) == (
        Group(keyspace(16), 4, exact=True), Group(keyspace(20), 2, exact=True),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("codes", "keys"),
    [
        (["1234"], 10**4), (["abcd"], 26**4), (["ab-12"], 36**4), (["ab#1"], 36**4), (["A B", "a-b"], 26**2),
        ([f"win{n:04}" for n in range(19)], 36**7), ([f"win{n:04}" for n in range(20)], 10**2),
        (["жжжж"], 36**4),
    ],
)  # fmt: skip
def test_other_codes_are_estimated_from_their_length_and_characters(codes: list[str], keys: int) -> None:
    (group,) = groups_of(codes)
    assert (group.keyspace, group.exact) == (keys, False)


def test_codes_that_are_all_there_can_be_take_one_guess() -> None:
    assert guesses(groups_of(f"{n:02}" for n in range(100))) == Guesses(1, at_most=True)


def test_a_code_of_the_longest_length_has_a_number_that_can_be_written() -> None:
    found = guesses(groups_of(["x" * 4296]))
    assert found == Guesses(2**72, at_most=True), "a text that only meets the hash is a hit too"


def test_the_weakest_group_is_what_a_thief_goes_for() -> None:
    assert guesses([Group(10**12, 10, exact=True), Group(10**6, 10, exact=False)]) == Guesses(10**5, at_most=True)
    assert guesses([Group(10**6, 10, exact=True), Group(10**12, 10, exact=False)]) == Guesses(10**5, at_most=False)
    assert guesses([]) is None


def test_an_import_takes_the_place_of_the_last_and_generated_codes_add_up() -> None:
    first = with_more({}, ["1234"], generated(3))
    assert with_more(first, None, generated(2)) == {
        "imported": (Group(10**4, 1, exact=False),), "generated": (Group(keyspace(16), 5, exact=True),),
    }  # fmt: skip
    assert with_more(first, ["abc"], [])["imported"] == (Group(26**3, 1, exact=False),)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Guesses(EASY_BELOW - 1, at_most=True), "at most 999,999,999,999 guesses for one of its codes. That is few"),
        (Guesses(EASY_BELOW, at_most=False), "about 1,000,000,000,000 guesses for one of its codes."),
        (Guesses(5 * 10**20, at_most=False), "about 10 to the power of 20 guesses for one of its codes."),
    ],
)
def test_it_is_said_in_words(found: Guesses, said: str) -> None:
    assert said in words(found)
    assert ("That is few" in words(found)) == (found.number < EASY_BELOW)
