"""Generated codes: every wrong character and every swap is noticed, whatever the length."""

from __future__ import annotations

import itertools
import random

import pytest

from kiosk.core import generated
from kiosk.core.credential import fold, fold_word
from kiosk.core.generated import ALPHABET, LONGEST, SHORTEST, checks, has_shape, is_misread, keyspace, make, printed

LENGTHS = range(SHORTEST, LONGEST + 1)


def code(length: int = SHORTEST, seed: int = 1) -> str:
    return make(random.Random(seed).randrange, length)


@pytest.mark.parametrize("length", LENGTHS)
def test_a_made_code_has_its_length_its_shape_and_checks(length: int) -> None:
    made = code(length)
    assert (len(made), has_shape(made), checks(made)) == (length, True, True)


def test_no_code_is_made_that_is_shorter_or_longer_than_a_generated_one() -> None:
    for length in (SHORTEST - 1, LONGEST + 1):
        with pytest.raises(ValueError, match="16 to 24"):
            code(length)


@pytest.mark.parametrize("length", LENGTHS)
def test_any_one_wrong_character_is_noticed(length: int) -> None:
    right = code(length)
    for at, wrong in itertools.product(range(length), ALPHABET):
        misread = right[:at] + wrong + right[at + 1 :]
        assert checks(misread) == (misread == right)


@pytest.mark.parametrize("length", LENGTHS)
def test_any_two_swapped_characters_are_noticed_neighbours_or_not(length: int) -> None:
    for seed in range(20):
        right = code(length, seed)
        for i, k in itertools.combinations(range(length), 2):
            swapped = [*right]
            swapped[i], swapped[k] = swapped[k], swapped[i]
            assert checks("".join(swapped)) == (right[i] == right[k])


def test_every_pair_of_characters_at_every_pair_of_places_is_noticed_when_swapped() -> None:
    """Exhaustive over what a swap changes of the sum: two characters and two places."""
    weighted = {
        (at, one): generated._sum(ALPHABET[0] * at + one + ALPHABET[0] * (LONGEST - 1 - at))
        for at in range(LONGEST) for one in ALPHABET
    }  # fmt: skip
    same = weighted[0, ALPHABET[0]]

    def both(first: tuple[int, str], second: tuple[int, str]) -> tuple[int, ...]:
        return tuple((a + b - c) % 5 for a, b, c in zip(weighted[first], weighted[second], same, strict=True))

    for i, k in itertools.combinations(range(LONGEST), 2):
        for one, other in itertools.combinations(ALPHABET, 2):
            assert both((i, one), (k, other)) != both((i, other), (k, one))


def test_the_weights_are_all_the_powers_of_an_element_and_all_elements_but_zero() -> None:
    powers = generated._powers()
    assert powers[:3] == [(1, 0), (0, 1), (3, 4)], "1, a, and a*a = 4*a + 3"
    assert sorted(powers) == [(low, high) for low in range(5) for high in range(5)][1:]


def test_the_alphabet_has_no_character_that_looks_like_another() -> None:
    assert len(ALPHABET) == len(set(ALPHABET)) == 24
    assert fold_word(ALPHABET) == ALPHABET == fold(ALPHABET.upper())
    assert not set(ALPHABET) & set("0oq1il5s8b2z")


def test_a_payload_whose_check_would_be_the_missing_element_is_drawn_anew() -> None:
    chance = random.Random(5)
    drawn = 0

    def draw(below: int) -> int:
        nonlocal drawn
        drawn += 1
        return chance.randrange(below)

    made = [make(draw) for _ in range(300)]
    assert all(map(checks, made))
    assert 300 < drawn / (SHORTEST - 1) < 330, "one payload in 25 has no check character, and no other is thrown away"


def test_a_code_is_printed_in_groups_of_four_and_read_back() -> None:
    made = code(18)
    shown = printed(made)
    assert shown == "-".join([made[:4], made[4:8], made[8:12], made[12:16], made[16:]]).upper()
    assert fold(shown) == made


@pytest.mark.parametrize(
    ("text", "shape"),
    [("a" * 15, False), ("a" * 16, True), ("a" * 24, True), ("a" * 25, False), ("a" * 15 + "o", False), ("", False)],
)
def test_the_shape_is_sixteen_to_twenty_four_characters_of_the_alphabet(text: str, shape: bool) -> None:
    assert has_shape(text) is shape
    assert not checks(text) or shape


@pytest.mark.parametrize("printed_once", ["9T6E-7NMN-VJC7-N3JR", "466H-AYWF-EUCU-4TWA-KVJY-PHRC"])
def test_what_was_printed_once_checks_for_ever(printed_once: str) -> None:
    assert checks(fold(printed_once))
    assert not is_misread(fold(printed_once))


def test_a_misread_code_has_the_shape_and_does_not_check() -> None:
    assert is_misread("9t6e7nmnvjc7n3jx")
    assert not is_misread("9t6e7nmnvjc7n3j")
    assert not is_misread("taco 7f3k")


def test_the_keyspace_of_the_shortest_and_the_longest_is_known() -> None:
    assert keyspace(16) == 484_662_991_637_804_262_360
    assert keyspace(24) == 53_349_431_074_011_364_977_963_258_913_752


def test_the_keyspace_is_counted_exactly() -> None:
    """Against counting, for lengths short enough to count."""
    for length in (1, 2, 3, 4):
        words = itertools.product(ALPHABET, repeat=length)
        assert keyspace(length) == sum(generated._sum("".join(word)) == (0, 0) for word in words)
