"""Which of the codes in view wants an answer, and which the clerk may pick."""

from __future__ import annotations

import itertools

import pytest

from kiosk.attention import CAME_WITH_S, FORGOTTEN_AFTER_S, MOST_OFFERED, TOGETHER_S, Attention, Shown

KNOWN = {"TACO", "PIE", "RINGS"}


class Counter:
    """What a counter does with an attention: answers what it says, and shows it."""

    def __init__(self) -> None:
        minted = itertools.count(1)
        self.attention = Attention(lambda: next(minted).to_bytes(16, "big"))
        self.now_s = 100.0
        self.shown = Shown()
        self.answers: list[str] = []

    def sees(self, *in_view: str, after_s: float = 0.066) -> str | None:
        """One frame; the code that it answers, if any."""
        self.now_s += after_s
        text = self.attention.turn(in_view, self.now_s, KNOWN.__contains__, self.shown)
        if text is not None:
            self.answer(text)
        return text

    def films(self, *in_view: str, for_s: float) -> None:
        for _ in range(round(for_s / 0.066)):
            self.sees(*in_view)

    def answer(self, text: str) -> None:
        self.answers.append(text)
        self.attention.answered(text, self.now_s)
        self.shown = Shown(text, may_replace=text not in KNOWN)

    def redeem(self) -> None:
        self.shown = Shown(self.shown.text, may_replace=True, redeemed=True)

    def next(self) -> None:
        self.shown = Shown()

    @property
    def offered(self) -> list[str]:
        return [one.text for one in self.attention.offered]

    def pick(self, text: str) -> None:
        (choice,) = (one for one in self.attention.offered if one.text == text)
        found = self.attention.text_of(choice.id, self.now_s)
        assert found == text
        self.answer(found)


@pytest.fixture
def counter() -> Counter:
    return Counter()


# --- one code -------------------------------------------------------------------------------------


def test_one_code_is_answered_in_the_frame_that_shows_it(counter: Counter) -> None:
    assert counter.sees("TACO") == "TACO"


def test_a_code_that_stays_in_view_has_one_verdict(counter: Counter) -> None:
    counter.films("TACO", for_s=20)
    counter.next()
    counter.films("TACO", for_s=20)
    assert counter.answers == ["TACO"]


def test_a_code_unseen_for_two_seconds_is_the_same_showing(counter: Counter) -> None:
    counter.sees("TACO")
    counter.next()
    assert counter.sees("TACO", after_s=FORGOTTEN_AFTER_S) is None


def test_a_code_taken_away_and_shown_again_has_another(counter: Counter) -> None:
    counter.sees("TACO")
    counter.next()
    assert counter.sees("TACO", after_s=FORGOTTEN_AFTER_S + 0.01) == "TACO"


def test_a_code_waits_while_the_display_waits_for_the_clerk(counter: Counter) -> None:
    counter.sees("TACO")
    counter.films(for_s=3)
    counter.films("PIE", for_s=3)
    assert counter.answers == ["TACO"]
    counter.next()
    assert counter.sees("PIE") == "PIE"


# --- one that a promotion knows -------------------------------------------------------------------


def test_of_two_codes_the_one_that_a_promotion_knows_is_answered(counter: Counter) -> None:
    assert counter.sees("https://menu.example", "TACO") == "TACO"


def test_the_other_is_not_answered_in_its_turn_nor_offered(counter: Counter) -> None:
    counter.films("https://menu.example", "TACO", for_s=2)
    counter.redeem()
    counter.films("https://menu.example", "TACO", for_s=2)
    counter.next()
    counter.films("https://menu.example", "TACO", for_s=2)
    assert counter.answers == ["TACO"]
    assert counter.offered == []


def test_a_known_code_that_comes_a_frame_later_replaces_the_refusal_of_an_unknown_one(counter: Counter) -> None:
    counter.sees("https://menu.example")
    assert counter.sees("https://menu.example", "TACO") == "TACO"


def test_an_unknown_code_that_comes_a_frame_later_changes_nothing(counter: Counter) -> None:
    counter.sees("TACO")
    counter.films("TACO", "https://menu.example", for_s=2)
    assert counter.answers == ["TACO"]
    assert counter.offered == []


# --- several --------------------------------------------------------------------------------------


@pytest.mark.parametrize("pair", [("TACO", "PIE"), ("menu", "wifi")])
def test_two_equal_codes_are_answered_by_nobody_but_the_clerk(counter: Counter, pair: tuple[str, str]) -> None:
    counter.films(*pair, for_s=10)
    assert counter.answers == []
    assert counter.offered == list(pair)


def test_two_codes_are_offered_when_they_were_together_for_three_tenths_of_a_second(counter: Counter) -> None:
    counter.sees("TACO", "PIE")
    counter.sees("TACO", "PIE", after_s=TOGETHER_S - 0.01)
    assert counter.offered == []
    counter.sees("TACO", "PIE", after_s=0.02)
    assert counter.offered == ["TACO", "PIE"]


def test_of_two_codes_one_of_which_was_only_on_its_way_out_the_other_is_answered(counter: Counter) -> None:
    counter.sees("TACO", "PIE")
    assert counter.sees("PIE") == "PIE"


def test_two_codes_met_twice_wait_their_time_twice(counter: Counter) -> None:
    counter.sees("TACO", "PIE")
    counter.sees(after_s=1.0)
    counter.sees("TACO", "PIE", after_s=1.0)
    assert counter.offered == []


def test_a_thumb_over_one_of_them_chooses_nothing(counter: Counter) -> None:
    counter.films("TACO", "PIE", for_s=1)
    assert counter.sees("PIE", after_s=FORGOTTEN_AFTER_S) is None
    assert counter.offered == ["TACO", "PIE"]


def test_when_one_of_them_was_taken_away_the_other_is_answered(counter: Counter) -> None:
    counter.films("TACO", "PIE", for_s=1)
    counter.films("PIE", for_s=FORGOTTEN_AFTER_S - 0.1)
    assert counter.answers == []
    counter.films("PIE", for_s=0.3)
    assert counter.answers == ["PIE"]
    assert counter.offered == []


def test_a_known_code_that_joins_two_unknown_ones_is_answered(counter: Counter) -> None:
    counter.films("menu", "wifi", for_s=1)
    assert counter.sees("menu", "wifi", "TACO") == "TACO"
    counter.sees("menu", "wifi", "TACO")
    assert counter.offered == []


def test_a_third_code_joins_those_that_are_offered(counter: Counter) -> None:
    counter.films("TACO", "PIE", for_s=1)
    counter.sees("TACO", "PIE", "RINGS")
    assert counter.offered == ["TACO", "PIE", "RINGS"]


def test_a_sheet_of_codes_offers_nine(counter: Counter) -> None:
    counter.films(*(f"code {i}" for i in range(40)), for_s=1)
    assert len(counter.offered) == MOST_OFFERED
    assert counter.answers == []


def test_nothing_is_offered_while_the_display_waits_for_the_clerk_about_something_else(counter: Counter) -> None:
    counter.answer("RINGS")  # typed
    counter.films("TACO", "PIE", for_s=2)
    assert counter.offered == []
    counter.next()
    counter.films("TACO", "PIE", for_s=1)
    assert counter.offered == ["TACO", "PIE"]


# --- the pick -------------------------------------------------------------------------------------


def test_the_picked_code_is_answered_once_and_the_other_stays_offered(counter: Counter) -> None:
    counter.films("TACO", "PIE", for_s=1)
    counter.pick("PIE")
    counter.films("TACO", "PIE", for_s=5)
    assert counter.answers == ["PIE"]
    assert counter.offered == ["TACO"]


def test_the_other_does_not_push_hand_it_over_off_the_display(counter: Counter) -> None:
    counter.films("TACO", "PIE", for_s=1)
    counter.pick("PIE")
    counter.sees("TACO", "PIE")
    counter.redeem()
    counter.films("TACO", "PIE", for_s=5)
    assert counter.answers == ["PIE"]
    counter.next()
    counter.films("TACO", "PIE", for_s=5)
    assert counter.answers == ["PIE"]
    assert counter.offered == ["TACO"]


def test_a_pick_that_was_not_redeemed_can_be_picked_again(counter: Counter) -> None:
    counter.films("TACO", "PIE", for_s=1)
    counter.pick("PIE")
    counter.sees("TACO", "PIE")
    counter.next()
    counter.sees("TACO", "PIE")
    assert counter.offered == ["TACO", "PIE"]


def test_two_codes_taken_away_and_shown_again_are_offered_again_under_other_ids(counter: Counter) -> None:
    counter.films("TACO", "PIE", for_s=1)
    before = {one.id for one in counter.attention.offered}
    counter.films(for_s=3)
    assert counter.offered == []
    counter.films("TACO", "PIE", for_s=1)
    assert counter.offered == ["TACO", "PIE"]
    assert not before & {one.id for one in counter.attention.offered}


def test_an_id_of_a_code_that_was_taken_away_picks_nothing(counter: Counter) -> None:
    counter.films("TACO", "PIE", for_s=1)
    ids = [one.id for one in counter.attention.offered]
    assert counter.attention.text_of(ids[0], counter.now_s + FORGOTTEN_AFTER_S) == "TACO"
    assert counter.attention.text_of(ids[0], counter.now_s + FORGOTTEN_AFTER_S + 0.01) is None
    assert counter.attention.text_of("f" * 32, counter.now_s) is None


def test_an_id_says_nothing_of_the_text(counter: Counter) -> None:
    counter.films("TACO", "PIE", for_s=1)
    assert [one.id for one in counter.attention.offered] == [f"{1:032x}", f"{2:032x}"]


# --- one that comes a little later ----------------------------------------------------------------


def test_a_known_code_that_comes_a_frame_after_a_known_one_is_offered_and_answers_nothing(counter: Counter) -> None:
    counter.sees("TACO")
    counter.films("TACO", "PIE", for_s=5)
    assert counter.answers == ["TACO"]
    assert counter.offered == ["PIE"]
    counter.pick("PIE")
    assert counter.answers == ["TACO", "PIE"]


def test_beside_a_refusal_a_code_of_its_second_came_with_it(counter: Counter) -> None:
    counter.sees("menu")
    counter.sees("menu", "wifi", after_s=CAME_WITH_S - 0.01)
    assert counter.answers == ["menu"]
    assert counter.offered == ["wifi"]


def test_beside_a_refusal_a_code_that_comes_later_is_shown_on_purpose(counter: Counter) -> None:
    counter.sees("menu")
    assert counter.sees("menu", "wifi", after_s=CAME_WITH_S) == "wifi"


def test_a_code_that_lies_there_redeemed_does_not_hold_up_the_next_customer(counter: Counter) -> None:
    counter.sees("TACO")
    counter.films("TACO", for_s=3)
    counter.redeem()
    assert counter.sees("TACO", "PIE") == "PIE"


def test_a_code_set_aside_does_not_hold_up_the_next_customer(counter: Counter) -> None:
    counter.films("TACO", "PIE", for_s=1)
    counter.pick("TACO")
    counter.sees("TACO", "PIE")
    counter.redeem()
    counter.films("PIE", for_s=4)
    counter.next()
    assert counter.sees("PIE", "RINGS") == "RINGS"
