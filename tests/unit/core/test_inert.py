"""What a customer held up, made fit to print."""

from __future__ import annotations

import unicodedata

import pytest

from kiosk.core.inert import inert, shortened


def test_a_code_of_twenty_letters_is_printed_whole() -> None:
    assert shortened("ABCDEFGHIJ0123456789") == "ABCDEFGHIJ0123456789"


def test_one_letter_more_is_cut_in_the_middle_and_both_ends_stay() -> None:
    assert shortened("ABCDEFGHIJ0123456789Z") == "ABCDEFGHIJ01…456789Z"


def test_of_seven_kilobytes_the_real_ends_are_printed() -> None:
    shown = shortened("BEGIN" + "x" * 7000 + "END")
    assert shown.startswith("BEGINx")
    assert shown.endswith("xEND")
    assert len(shown) == 20


@pytest.mark.parametrize(
    "hidden",
    [
        0x00, 0x07, 0x1B, 0x1D, 0x0A, 0x09, 0x7F, 0x9B, 0xAD, 0x061C, 0x115F, 0x17B4, 0x180E, 0x200B, 0x200D, 0x200E,
        0x200F, 0x2028, 0x2029, 0x202A, 0x202B, 0x202D, 0x202E, 0x2060, 0x2066, 0x2067, 0x2068, 0x2069, 0x2800, 0x3164,
        0xD800, 0xDFFF, 0xE000, 0xFEFF, 0xFFA0, 0xFFF9, 0xE0041, 0xE0100, 0x34F, 0xFE0F, 0x10FFFF,
    ],
)  # fmt: skip
def test_what_acts_or_hides_is_a_dot(hidden: int) -> None:
    assert shortened(f"AB{chr(hidden)}CD") == "AB·CD"


@pytest.mark.parametrize(
    "text", ["Café", "Ελλάδα", "Привет", "日本語", "שלום", "قهوة", "ភាសា", "हिन्दी", "🍤", "❤️", "ế", "<b>"]
)
def test_letters_of_any_language_stay(text: str) -> None:
    assert shortened(text) == unicodedata.normalize("NFC", text)


def test_a_letter_keeps_two_marks_and_a_tower_becomes_a_dot() -> None:
    assert shortened("q\u0307\u0307x") == "q\u0307\u0307x"
    assert shortened("q\u0307\u0307\u0307x") == "q\u0307\u0307·x"
    assert shortened("q" + "\u0307" * 3000 + "x") == "q\u0307\u0307·…·x"


def test_a_mark_without_a_letter_is_a_dot() -> None:
    assert shortened("\u0301A") == "·A"


def test_a_cut_never_parts_a_letter_from_its_marks() -> None:
    shown = shortened("q\u0323" * 40)
    assert shown == "q\u0323" * 12 + "…" + "q\u0323" * 7


@pytest.mark.parametrize(("most", "shown"), [(1, "…"), (2, "A…"), (3, "A…J"), (9, "A…DEFGHIJ"), (10, "ABCDEFGHIJ")])
def test_a_cut_is_as_long_as_it_may_be_and_shows_the_end_rather_than_the_start(most: int, shown: str) -> None:
    assert inert("ABCDEFGHIJ", most) == shown


def test_4096_letters_are_shown_whole_and_one_more_is_cut() -> None:
    assert inert("q\u0323\u0307" * 4096) == "q\u0323\u0307" * 4096
    assert inert("A" * 4096) == "A" * 4096
    assert inert("A" * 4097) == "A" * 4088 + "…" + "A" * 7


@pytest.mark.parametrize(("most", "read"), [(20, 800), (200, 1600)])
def test_of_a_longer_text_only_both_ends_are_read(most: int, read: int) -> None:
    tower = "q" + "\u0307" * (read - 2) + "x"
    assert inert(tower, most) == "q\u0307\u0307·x"
    assert inert("q\u0307" + tower[1:], most) == "q\u0307\u0307·…·x"


def test_marks_that_enclose_a_letter_are_marks() -> None:
    assert shortened("A\u20dd\u20dd\u20dd\u20ddB") == "A\u20dd\u20dd·B"


def test_a_mark_after_a_dot_is_a_dot() -> None:
    assert shortened("A\x07\u0301\u0301B") == "A··B"


def test_nothing_stays_nothing() -> None:
    assert inert(" \n ") == ""
