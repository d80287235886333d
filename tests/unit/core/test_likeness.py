import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.likeness import bare, find, stream_of


def likeness(phrase: str, *lines: str):  # type: ignore[no-untyped-def]
    return find(phrase, stream_of(lines))


@pytest.mark.parametrize(
    ("text", "compared"),
    [("Café Olé!", "cafeole"), ("$5 off", "$5off"), ("15 %", "15%"), ("LOOP-9-NOW", "loop9now"), ("🎉 …", "")],
)
def test_only_letters_digits_and_signs_are_compared(text: str, compared: str) -> None:
    assert bare(text) == compared


def test_a_phrase_is_found_over_the_end_of_a_line() -> None:
    found = likeness("Free appetizer with any entree", "Free appetizer with", "any entree, today")
    assert found.ratio == 1
    assert (found.start, found.words) == (0, (0, 0, 0, 0, 0))


def test_spaces_that_a_reader_drops_cost_nothing() -> None:
    assert likeness("25% off growler refills", "25%offgrowler refills").ratio == 1


def test_a_letter_taken_for_its_look_alike_costs_less_than_another_letter() -> None:
    alike, other = likeness("Harbor Grill", "Harbor GriII"), likeness("Harbor Grill", "Harbor Grimm")
    assert 1 > alike.ratio > other.ratio


def test_each_word_has_its_own_cost() -> None:
    assert likeness("Blue Door Cafe", "Blue Moon Cafe").words[0] == 0
    assert likeness("Blue Door Cafe", "Blue Moon Cafe").words[1] >= 0.3


@pytest.mark.parametrize(
    ("phrase", "line", "another"),
    [
        ("15% off lunch", "15% off lunch", False),
        ("15% off lunch", "16% off lunch", True),
        ("5% off lunch", "15% off lunch", True),
        ("$5 off orders over $25", "$5 off orders over $250", True),
        ("$5 off orders over $25", "$5 off orders over $25 today", False),
        ("Two pizzas for $18", "Two pizzas for $198", True),
    ],
)
def test_a_digit_is_never_forgiven(phrase: str, line: str, another: bool) -> None:
    assert likeness(phrase, line).other_number is another


@pytest.mark.parametrize(
    ("line", "unread"), [("15% off lunch", False), ("l5% off lunch", False), ("x5% off lunch", True)]
)
def test_a_digit_that_was_not_read_is_told(line: str, unread: bool) -> None:
    assert likeness("15% off lunch", line).number_unread is unread


@pytest.mark.parametrize("line", ["", "Mostly cloudy", "!!! ---"])
def test_where_nothing_is_shared_nothing_is_found(line: str) -> None:
    assert likeness("Free shrimp tacos", line) is None


def test_a_phrase_without_anything_to_compare_is_not_found() -> None:
    assert likeness("…", "anything") is None


def test_a_stream_remembers_lines_spaces_and_stops() -> None:
    stream = stream_of(["Hi, Ana", "B"])
    assert stream.text == "hianab"
    assert stream.before == ("\n", "", ".", "", "", "\n")
    assert stream.line_of == (0, 0, 0, 0, 0, 1)
    assert stream.capital == (True, False, True, False, False, True)


def test_a_hyphen_parts_no_word_and_a_dash_between_spaces_does() -> None:
    assert stream_of(["A-1 - b"]).before == ("\n", "", " ")


WORDS = st.text("abcdefgh", min_size=2, max_size=8)


@given(st.lists(WORDS, min_size=1, max_size=4), st.lists(WORDS, max_size=4), st.lists(WORDS, max_size=4))
def test_a_phrase_that_stands_there_is_found_without_cost(phrase: list[str], left: list[str], right: list[str]) -> None:
    found = likeness(" ".join(phrase), " ".join([*left, *phrase, *right]))
    assert found.cost == 0
    assert found.words == (0,) * len(phrase)


def test_it_is_found_where_it_stands_though_its_letters_repeat_before() -> None:
    found = likeness("aad aaaa", "aaa aaaa aaaaa aaaaaad aad aaaa")
    assert found.cost == 0


@given(st.text("abc019$ ", min_size=1, max_size=12), st.text("abc019$ \n", max_size=40))
def test_a_place_found_lies_in_the_text_and_its_words_pay_all_of_its_cost(phrase: str, text: str) -> None:
    found = likeness(phrase, *text.split("\n"))
    if found is not None:
        lengths = [len(bare(word)) for word in phrase.split() if bare(word)]
        assert 0 <= found.start <= found.end <= len(bare(text))
        assert sum(share * n for share, n in zip(found.words, lengths, strict=True)) == pytest.approx(found.cost)
