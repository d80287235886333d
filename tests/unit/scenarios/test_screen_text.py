"""The text of a screen becomes lines as they would have been read."""

from __future__ import annotations

import pytest

from kiosk.core.marks import Marks
from kiosk.core.promotion import Promotion
from kiosk.core.screen import MarkState, ScreenResult
from kiosk.scenarios.screen_text import read_as_screen, screen_lines
from tests.scenario_world import OFFER, SCREEN, WORD, tacos

MARKS = Marks([Promotion.model_validate(tacos())])


def test_name_and_clock_are_told_from_the_text() -> None:
    reading = read_as_screen(SCREEN, MARKS)
    assert (reading.result, reading.promotion) == (ScreenResult.GREEN, "tacos")
    assert (reading.clock, reading.handle) == ("21:14", "@zed.z")


def test_a_clock_is_read_in_the_first_line_or_alone_in_one() -> None:
    assert read_as_screen("21:14 5G", MARKS).clock == "21:14"
    assert read_as_screen("Harbor Grill\n21:14", MARKS).clock == "21:14"


def test_hours_in_a_later_line_are_no_clock() -> None:
    assert read_as_screen("Harbor Grill\n17:00-22:00", MARKS).clock == ""


def test_lines_may_be_divided_on_one_line() -> None:
    assert read_as_screen(SCREEN.replace("\n", " | "), MARKS).result is ScreenResult.GREEN
    assert [line.text for line in screen_lines("21:14 · Harbor Grill\r\n\r\n@zed.z")] == [
        "21:14", "Harbor Grill", "@zed.z",
    ]  # fmt: skip


def test_each_line_stands_apart_from_the_one_before() -> None:
    told = SCREEN.replace("You've checked in!", "you have checked in at")
    assert read_as_screen(told, MARKS).result is ScreenResult.GREEN


def test_talk_about_an_offer_is_no_offer() -> None:
    talk = f"21:14\nHarbor Grill\nwe got the {OFFER.lower()} yesterday"
    assert read_as_screen(talk, MARKS).result is ScreenResult.NONE


@pytest.mark.parametrize(
    "told", [f"Harbor Grill {OFFER} {WORD} Nov 1 - Nov 30", f"harbor grill, {OFFER.lower()}, {WORD}, 9:14 @zed.z"]
)
def test_marks_and_nothing_else_may_stand_on_one_line(told: str) -> None:
    assert read_as_screen(told, MARKS).is_for_one


def test_a_sentence_on_one_line_is_talk() -> None:
    assert read_as_screen(f"we got the {OFFER} at Harbor Grill", MARKS).result is ScreenResult.NONE


def test_a_venue_left_out_is_not_read() -> None:
    reading = read_as_screen(f"{OFFER}\n{WORD}\nNov 1 - Nov 30", MARKS)
    assert reading.result is ScreenResult.AMBER
    assert [mark.kind for mark in reading.marks if mark.state is MarkState.NOT_READ] == ["venue"]


@pytest.mark.parametrize("other", ["Nov 1 - Nov 20", "Dec 1 - Dec 30"])
def test_other_dates_without_a_venue_are_another_offer(other: str) -> None:
    assert read_as_screen(f"{OFFER}\n{other}", MARKS).result is ScreenResult.OTHER


def test_another_venue_is_another_offer() -> None:
    told = f"{OFFER}\nPier Bar\n{WORD}\nNov 1 - Nov 30"
    assert read_as_screen(told, MARKS).result is ScreenResult.OTHER


def test_no_text_is_a_screen_of_nothing() -> None:
    assert screen_lines(" \n ") == []
    assert read_as_screen("", MARKS).result is ScreenResult.NONE


def test_lines_stay_on_the_screen_however_many_there_are() -> None:
    lines = screen_lines("\n".join(f"line {n}" for n in range(300)))
    assert len(lines) == 200
    assert max(line.box[3] for line in lines) <= 1.0


def test_a_korean_word_is_read_below_a_korean_line() -> None:
    korean = Marks([Promotion.model_validate(tacos(words=["한국어새우"]))])
    told = f"안녕하세요 여러분\nHarbor Grill\n{OFFER}\n한국어새우\nNov 1 - Nov 30"
    assert read_as_screen(told, korean).result is ScreenResult.GREEN
