"""Folding of codes and words, and amounts there and back, over any text and number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.credential import MAX_CHARACTERS, fold, fold_word, present
from kiosk.core.money import from_minor, to_minor

ANY_TEXT = st.text(max_size=60)


@given(ANY_TEXT)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold_word(fold_word(fold(text))) == fold_word(fold(text))


@given(ANY_TEXT, ANY_TEXT)
def test_codes_that_fold_the_same_fold_the_same_as_words(one: str, other: str) -> None:
    if fold(one) == fold(other):
        assert fold_word(fold(one)) == fold_word(fold(other))


@given(ANY_TEXT, st.sampled_from(["-", " ", "\u2013", "\u00a0", "\u200b", "\n"]), st.integers(0, 60))
def test_a_separator_anywhere_changes_no_code(text: str, separator: str, where: int) -> None:
    assert fold(text[:where] + separator + text[where:]) == fold(text)


@given(st.text())
def test_what_is_held_up_is_malformed_or_can_be_compared(text: str) -> None:
    presented = present(text)
    if presented is not None:
        assert presented.folded
        assert len(presented.text) <= MAX_CHARACTERS
        assert present(presented.text) == presented


@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD", "CLF"])
@given(amount_minor=st.integers(0, 10**12 - 1))
def test_an_amount_survives_the_way_to_text_and_back(currency: str, amount_minor: int) -> None:
    assert to_minor(from_minor(amount_minor, currency), currency) == amount_minor
