from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kiosk.core.likeness import ANOTHER_NUMBER, LOOKS_LIKE, Likeness, bare, find, stream_of


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


@pytest.mark.parametrize(
    ("lines", "before"),
    [
        (["a b"], ("\n", " ")),
        (["a. b"], ("\n", ".")),
        (["a .b"], ("\n", ".")),
        (["a, b"], ("\n", ".")),
        (["1.99"], ("\n", ",", "")),
        (["1,99"], ("\n", ",", "")),
        (["1-99"], ("\n", "", "")),
        (["1.a"], ("\n", ".")),
        (["a.1"], ("\n", ".")),
        (["1. 9"], ("\n", ".")),
        (["1 .9"], ("\n", ".")),
        (["1/9"], ("\n", " ")),
        (["a -b"], ("\n", " ")),
        ([" - .a"], ("\n",)),
        (["", "a", "!", "b"], ("\n", "\n")),
        (["ab", "½c"], ("\n", "", "\n", "", "")),
    ],
)  # fmt: skip
def test_what_stands_before_each_character_is_remembered(lines: list[str], before: tuple[str, ...]) -> None:
    assert stream_of(lines).before == before


def test_a_character_that_is_compared_as_several_stands_in_their_places() -> None:
    stream = stream_of(["aﬁ", "b"])
    assert (stream.text, stream.line_of) == ("afib", (0, 0, 0, 1))


def test_the_places_of_each_pair_of_neighbours_are_known() -> None:
    assert stream_of(["abab", "a"]).pairs == {"ab": [0, 2], "ba": [1, 3]}
    assert stream_of(["a"]).pairs == {}


# --- what a phrase costs -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phrase", "line", "cost"),
    [
        ("harbor grill", "harbor grill", 0),
        ("harbor grill", "harb0r grill", LOOKS_LIKE),
        ("harbor grill", "harb0r gri11", 3 * LOOKS_LIKE),
        ("harbor grill", "harbxr grill", 1),
        ("harbor grill", "harbr grill", 1),
        ("harbor grill", "harboor grill", 1),
        ("15% off", "16% off", ANOTHER_NUMBER),
        ("15% off", "15$ off", ANOTHER_NUMBER),
        ("15% off", "l5% off", LOOKS_LIKE),
        ("15% off", "x5% off", 1),
    ],
)
def test_a_mistake_costs_what_it_is(phrase: str, line: str, cost: float) -> None:
    found = likeness(phrase, line)
    assert found.cost == pytest.approx(cost)
    assert found.length == len(bare(phrase))
    assert found.ratio == pytest.approx(1 - cost / len(bare(phrase)))


def test_the_ratio_of_what_costs_more_than_its_length_is_nothing() -> None:
    assert Likeness(0, 1, 1.01, 1, (1.01,), ("5",), other_number=True, number_unread=True).ratio == 0
    assert Likeness(0, 2, 0.5, 2, (0.25,), ("ab",), other_number=False, number_unread=False).ratio == 0.75


@example("aaa", "aa")
@example("aba", "ba")
@example("aab", "aa")
@given(st.text("abo0", min_size=1, max_size=5), st.text("abo0", min_size=1, max_size=7))
def test_the_cost_is_that_of_the_likest_stretch_of_all(phrase: str, text: str) -> None:
    found = likeness(phrase, text)
    if found is not None:
        stretches = [text[start:end] for start in range(len(text) + 1) for end in range(start, len(text) + 1)]
        assert found.cost == pytest.approx(min(changed(phrase, stretch) for stretch in stretches))
        assert found.cost == pytest.approx(changed(phrase, text[found.start : found.end]))


@cache
def changed(phrase: str, stretch: str) -> float:
    """What it costs to make one of the other, by the definition: slow."""
    if not phrase or not stretch:
        return len(phrase) + len(stretch)
    same = (
        0.0 if phrase[0] == stretch[0] else LOOKS_LIKE if {phrase[0], stretch[0]} in ({"o", "0"}, {"a", "o"}) else 1.0
    )
    return min(
        same + changed(phrase[1:], stretch[1:]), 1 + changed(phrase[1:], stretch), 1 + changed(phrase, stretch[1:])
    )


# --- where it is looked for ----------------------------------------------------------------------


def test_too_few_shared_pairs_are_no_place() -> None:
    assert likeness("abcdef", "abc") is not None  # 2 of 5 pairs
    assert likeness("abcdef", "abx") is None  # 1 of 5


def test_the_pairs_must_stand_together() -> None:
    assert likeness("abcdef", "ab" + "x" * 14 + "ef") is not None
    assert likeness("abcdef", "ab" + "x" * 16 + "ef") is None


@pytest.mark.parametrize("at", [0, 1, 20, 200])
def test_a_phrase_is_found_at_any_depth_with_its_place(at: int) -> None:
    found = likeness("free tacos", "z" * at + " free tacos " + "z" * 200)
    assert (found.start, found.end, found.cost) == (at, at + 9, 0)


def test_the_likeliest_of_two_places_is_taken() -> None:
    text = "free toast" + " z" * 40 + " free tacos" + " z" * 40 + " fr tac"
    assert likeness("free tacos", text).start == 49


def test_letters_that_were_read_too_much_and_too_little_are_told_by_word() -> None:
    found = likeness("free shrimp tacos", "fre shriimp tacos")
    assert found.words == pytest.approx((1 / 4, 1 / 6, 0))
    assert found.texts == ("free", "shrimp", "tacos")


@pytest.mark.parametrize(
    ("line", "shares"),
    [("harboxr grill", (1 / 6, 0)), ("harbor gxrill", (0, 1 / 5)), ("harbxxor grill", (2 / 6, 0)),
     ("hrbor grill", (1 / 6, 0)), ("arbor grill", (1 / 6, 0)), ("harbor rill", (0, 1 / 5))],
)  # fmt: skip
def test_a_letter_too_much_or_too_little_is_paid_by_the_word_it_stands_in(line: str, shares: tuple[float, ...]) -> None:
    assert likeness("harbor grill", line).words == pytest.approx(shares)


# --- numbers that go on --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "another"),
    [
        ("any taco $1", False),
        ("any taco $1 9 today", False),
        ("any taco $19", True),
        ("any taco $1.99", True),
        ("any taco $1,000", True),
        ("any taco $1.00", False),
        ("any taco $1.00 today", False),
        ("any taco $1.005", True),
        ("any taco $1.00 5 today", False),
        ("any taco $1.0", True),
        ("any taco $1-9", True),
        ("any taco $1. 99 today", False),
        ("any taco $1/99", False),
    ],
)
def test_a_number_goes_on_as_long_as_its_digits_do(line: str, another: bool) -> None:
    assert likeness("any taco $1", line).other_number is another


def test_a_number_may_have_begun_before() -> None:
    assert likeness("5 tacos free", "15 tacos free").other_number
    assert likeness("5 tacos free", "1.5 tacos free").other_number
    assert not likeness("5 tacos free", "1 5 tacos free").other_number
    assert not likeness("5 tacos free", "x5 tacos free").other_number


def test_a_digit_read_between_those_of_a_number_makes_it_another() -> None:
    assert likeness("save 15 today", "save 125 today").other_number
    assert not likeness("save 15 today", "save 1x5 today").other_number
    assert not likeness("save it today", "save i2t today").other_number
    assert likeness("any $5 taco", "any $51 taco").other_number
    assert likeness("save 15 today", "saxve 125 today").other_number


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
