import hmac

import pytest

from kiosk.core.credential import MAX_CHARACTERS, Presented, digest, fold, fold_word, present


def presented(raw: str) -> Presented:
    found = present(raw)
    assert found is not None
    return found


def test_outer_white_space_byte_order_marks_and_nul_are_dropped() -> None:
    assert presented("\ufeff TACO-1\x00\r\n").text == "TACO-1"


@pytest.mark.parametrize("raw", ["TACO\x00-1", "\ufeffTACO-1", "TACO-1\x00", "TA\ufeffCO-1"])
def test_a_nul_or_a_byte_order_mark_alone_is_dropped_wherever_it_stands(raw: str) -> None:
    assert presented(raw).text == "TACO-1"


def test_carriage_returns_before_line_feeds_are_dropped() -> None:
    assert presented("one\r\ntwo").text == "one\ntwo"


@pytest.mark.parametrize("raw", ["", " \t\n", "\x00\ufeff", "---", "– —"])
def test_nothing_left_to_recognise_is_malformed(raw: str) -> None:
    assert present(raw) is None


def test_a_code_may_have_4296_characters() -> None:
    assert presented("界" * MAX_CHARACTERS).text == "界" * MAX_CHARACTERS


def test_a_code_of_4297_characters_is_malformed() -> None:
    assert present("界" * (MAX_CHARACTERS + 1)) is None


def test_characters_are_counted_after_cleaning() -> None:
    assert present(" " * 100 + "A" * MAX_CHARACTERS + "\r\n") is not None


def test_a_code_of_two_million_characters_is_malformed() -> None:
    assert present("A" * 2_000_000) is None


def test_a_lone_surrogate_is_malformed() -> None:
    assert present("A\ud800") is None


@pytest.mark.parametrize(
    "raw",
    [
        "taco-7f3k",
        "TACO 7F3K",
        "TACO7F3K",
        "Taco–7f3k",
        "taco−7f3k",
        "ta\u200bco\xa07f3k",
        "TACO\xad7F3K",
        "TA\nCO7F3K",
    ],
)
def test_case_spaces_and_dashes_do_not_tell_codes_apart(raw: str) -> None:
    assert presented(raw).folded == "taco7f3k"


def test_a_composed_and_a_decomposed_letter_are_the_same() -> None:
    assert fold("CAFÉ") == fold("cafe\u0301") == "café"


def test_a_letter_whose_accent_followed_a_dropped_hyphen_is_composed() -> None:
    assert fold("cafe-\u0301") == "café"


def test_sharp_s_folds_to_two() -> None:
    assert fold("STRASSE") == fold("straße")


@pytest.mark.parametrize("apart", ["taco_7f3k", "taco.7f3k", "taco/7f3k", "tac07f3k"])
def test_other_signs_and_look_alikes_tell_codes_apart(apart: str) -> None:
    assert fold(apart) != fold("taco7f3k")


@pytest.mark.parametrize(
    ("letters", "digit"), [("OQoq0", "0"), ("ILil1", "1"), ("Ss5", "5"), ("Bb8", "8"), ("Zz2", "2")]
)
def test_look_alikes_do_not_tell_words_apart(letters: str, digit: str) -> None:
    assert {fold_word(fold(letter)) for letter in letters} == {digit}


@pytest.mark.parametrize(("one", "other"), [("A", "4"), ("E", "3"), ("G", "6"), ("U", "V")])
def test_other_letters_tell_words_apart(one: str, other: str) -> None:
    assert fold_word(fold(one)) != fold_word(fold(other))


def test_a_digest_is_half_an_hmac_under_the_fleet_key() -> None:
    assert digest(b"key", "listed", "taco") == hmac.digest(b"key", b"listed\x00taco", "sha256")[:16]


def test_a_digest_depends_on_key_kind_and_text() -> None:
    four = {
        digest(b"k", "listed", "a"),
        digest(b"l", "listed", "a"),
        digest(b"k", "word", "a"),
        digest(b"k", "listed", "b"),
    }
    assert len(four) == 4


@pytest.mark.parametrize(
    ("one", "other"),
    [("SÍ QUIERO", "si-quiero"), ("crème brûlée", "CREME BRULEE"), ("e\u0301te", "été"), ("Ñandú", "nandu"),
     ("Łódź", "łodz"), ("ΆΛΦΑ", "αλφα")],
)  # fmt: skip
def test_a_code_word_is_known_without_its_accents(one: str, other: str) -> None:
    assert fold_word(fold(one)) == fold_word(fold(other))


def test_a_listed_code_keeps_its_accents() -> None:
    assert fold("CAFÉ-1") != fold("CAFE-1")


def test_a_word_of_nothing_but_marks_is_still_told_from_nothing() -> None:
    assert fold_word(fold("\u0301"))


def test_letters_read_in_parts_keep_their_places() -> None:
    assert fold_word("\u1112\u1161\u11ab") == "\u1112\u1161\u11ab"
    assert fold_word(fold("\u1112\u1161\u11ab")) == fold_word(fold("한")) == "한"
