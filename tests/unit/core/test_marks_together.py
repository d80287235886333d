"""What several frames say together, judged: made by hand from evidence, so that each side of a boundary is exact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from kiosk.core.evidence import ABSENT, DOUBTFUL, NEARLY, Evidence, Look
from kiosk.core.marks import Line, Marks, Page
from kiosk.core.screen import Mark, MarkState, ScreenReading, ScreenResult
from tests.core_world import promotion

GREEN, AMBER, OTHER, NONE = ScreenResult.GREEN, ScreenResult.AMBER, ScreenResult.OTHER, ScreenResult.NONE
BOX = (0.1, 0.2, 0.3, 0.4)
READ = Evidence(MarkState.READ, 1.0, box=BOX)
ANOTHER = Evidence(MarkState.DIFFERS, 0.0, "another", BOX)
DOUBT = Evidence(MarkState.NOT_READ, DOUBTFUL, "another", BOX)


def partly(strength: float) -> Evidence:
    return Evidence(MarkState.NOT_READ, strength, box=BOX)


def posted(id_: str = "tacos", **changes: Any) -> Any:
    """Its marks are venue, offer, word, dates and a claim."""
    fields: dict[str, Any] = {
        "id": id_, "credentials": ["screen", "word"], "codes": (), "words": ["SHRIMP20"], "venue": "Harbor Grill",
        "screen": {"offer": "20% off lunch", "dates_shown": "Nov 1 - Nov 30", "claims": ["special unlocked"]},
    }  # fmt: skip
    return promotion(**(fields | changes))


def page(
    venue: Evidence = READ, offer: Evidence = READ, word: Evidence = READ, dates: Evidence = READ,
    claim: Evidence = READ, *, alone: bool = True, clear: bool = False,
) -> Page:  # fmt: skip
    return Page({"tacos": Look((venue, offer, word, dates, claim), alone, clear)})


def concluded(*pages: Page, frames_needed: int = 1, marks: Marks | None = None) -> ScreenReading:
    return (marks or Marks([posted()])).conclude(pages, frames_needed=frames_needed)


def states(reading: ScreenReading) -> list[MarkState]:
    return [mark.state for mark in reading.marks]


# --- one frame judged ----------------------------------------------------------------------------


def test_all_marks_read_is_green_and_each_is_told() -> None:
    reading = concluded(page())
    assert (reading.result, reading.promotion, reading.frames) == (GREEN, "tacos", 1)
    assert reading.marks == (
        Mark("venue", "Harbor Grill", MarkState.READ, box=BOX),
        Mark("offer", "20% off lunch", MarkState.READ, box=BOX),
        Mark("word", "SHRIMP20", MarkState.READ, box=BOX),
        Mark("dates", "Nov 1 - Nov 30", MarkState.READ, box=BOX),
        Mark("claim", "special unlocked", MarkState.READ, box=BOX),
    )


@pytest.mark.parametrize("kind", ["word", "dates", "claim"])
def test_a_mark_that_was_not_read_is_amber(kind: str) -> None:
    assert concluded(page(**{kind: ABSENT})).result is AMBER  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["venue", "word", "dates", "claim"])
def test_a_mark_in_whose_place_another_was_read_makes_it_another(kind: str) -> None:
    reading = concluded(page(**{kind: ANOTHER}))  # type: ignore[arg-type]
    assert reading.result is OTHER
    told = next(mark for mark in reading.marks if mark.kind == kind)
    assert (told.state, told.found, told.box) == (MarkState.DIFFERS, "another", BOX)


def test_what_differs_where_the_offer_was_not_read_is_nothing() -> None:
    assert concluded(page(offer=partly(0.9), word=ANOTHER)).result is NONE


@pytest.mark.parametrize("kind", ["word", "dates"])
def test_a_doubt_is_no_amber(kind: str) -> None:
    assert concluded(page(**{kind: DOUBT})).result is NONE  # type: ignore[arg-type]
    assert concluded(page(**{kind: partly(0.0)})).result is AMBER  # type: ignore[arg-type]


def test_a_found_word_is_told_only_of_a_mark_that_differs() -> None:
    marks = Marks([posted()])
    reading = concluded(page(dates=Evidence(MarkState.NOT_READ, 0.6, "until Nov 30", BOX)), marks=marks)
    assert (reading.result, reading.marks[3].found) == (AMBER, "")


def test_an_offer_in_a_sentence_counts_only_beside_its_word_or_dates() -> None:
    assert concluded(page(alone=False, dates=ABSENT)).result is AMBER
    assert concluded(page(alone=False, word=ABSENT)).result is AMBER
    assert concluded(page(alone=False, word=ABSENT, dates=ABSENT)).result is NONE
    assert concluded(page(alone=True, word=ABSENT, dates=ABSENT)).result is AMBER


def test_an_offer_read_in_part_counts_from_nearly_on_beside_its_word_or_dates() -> None:
    assert concluded(page(offer=partly(NEARLY))).result is AMBER
    assert concluded(page(offer=partly(NEARLY - 0.01))).result is NONE
    assert concluded(page(offer=partly(NEARLY), word=ABSENT)).result is AMBER
    assert concluded(page(offer=partly(NEARLY), word=ABSENT, dates=ABSENT)).result is NONE


# --- the venue -----------------------------------------------------------------------------------


def test_a_venue_not_read_where_the_offer_is_clear_is_another() -> None:
    reading = concluded(page(venue=ABSENT, clear=True))
    assert reading.result is OTHER
    assert states(reading) == [MarkState.DIFFERS, *[MarkState.READ] * 4]
    assert concluded(page(venue=partly(0.9), clear=True)).result is OTHER
    assert concluded(page(venue=ABSENT, offer=partly(0.9), clear=True)).result is NONE


def test_a_venue_not_read_on_a_poor_picture_may_be_the_right_one_where_part_of_it_or_the_word_was_read() -> None:
    assert concluded(page(venue=partly(NEARLY), word=ABSENT)).result is AMBER
    assert concluded(page(venue=partly(NEARLY - 0.01), word=ABSENT)).result is OTHER
    assert concluded(page(venue=ABSENT)).result is AMBER
    assert concluded(page(venue=ABSENT, word=partly(0.9))).result is OTHER


def test_a_venue_is_another_only_where_nothing_else_is() -> None:
    reading = concluded(page(venue=partly(0.9), word=ANOTHER))
    assert states(reading)[:3] == [MarkState.NOT_READ, MarkState.READ, MarkState.DIFFERS]


# --- several frames ------------------------------------------------------------------------------


def test_a_mark_is_read_where_it_was_read_as_often_as_another_and_last() -> None:
    other_box = Evidence(MarkState.READ, 1.0, box=(0.5, 0.5, 0.6, 0.6))
    reading = concluded(
        page(word=READ), page(word=ANOTHER), page(word=ABSENT), page(word=ANOTHER), page(word=other_box)
    )
    assert reading.result is GREEN
    assert reading.marks[2].box == (0.5, 0.5, 0.6, 0.6)
    assert concluded(page(word=READ), page(word=ANOTHER), page(word=ANOTHER)).result is OTHER


def test_of_several_others_the_last_is_told() -> None:
    last = Evidence(MarkState.DIFFERS, 0.5, "the last", BOX)
    assert concluded(page(word=ANOTHER), page(word=last)).marks[2].found == "the last"


def test_a_doubt_stays_where_half_of_the_frames_have_it() -> None:
    assert concluded(page(dates=DOUBT), page(dates=ABSENT)).result is NONE
    assert concluded(page(dates=DOUBT), page(dates=ABSENT), page(dates=ABSENT)).result is AMBER


def test_of_frames_that_read_a_mark_in_part_the_best_counts() -> None:
    assert concluded(page(offer=partly(0.7)), page(offer=partly(0.95)), page(offer=partly(0.8))).marks[1].box == BOX
    assert concluded(page(venue=partly(0.5), word=ABSENT), page(venue=partly(0.7), word=ABSENT)).result is AMBER


def test_an_offer_stands_alone_where_it_did_in_half_of_the_frames() -> None:
    alone, talk = page(word=ABSENT, dates=ABSENT), page(word=ABSENT, dates=ABSENT, alone=False)
    assert concluded(alone, talk).result is AMBER
    assert concluded(alone, talk, talk).result is NONE


def test_one_clear_frame_makes_the_whole_clear() -> None:
    assert concluded(page(venue=ABSENT), page(venue=ABSENT)).result is AMBER
    assert concluded(page(venue=ABSENT), page(venue=ABSENT, clear=True)).result is OTHER


def test_frames_that_show_hardly_any_of_the_offer_are_left_out_where_others_show_it() -> None:
    hardly = page(offer=partly(NEARLY - 0.01), word=ANOTHER)
    assert concluded(page(), hardly, hardly).result is GREEN
    enough = page(offer=partly(NEARLY), word=ANOTHER)
    assert concluded(page(), enough, enough).result is OTHER


def test_green_needs_the_offer_read_in_as_many_frames_as_it_is_told() -> None:
    assert concluded(page(), page(offer=partly(0.9)), frames_needed=2).result is AMBER
    assert concluded(page(), page(offer=partly(0.9)), page(), frames_needed=2).result is GREEN
    assert concluded(page(), page(), frames_needed=3).result is AMBER


def test_frames_of_a_promotion_without_an_offer_count_by_its_best_claim() -> None:
    marks = Marks(
        [posted(screen={"claims": ["special unlocked", "be our guest"]}, words=(), venue=None, credentials=["screen"])]
    )
    one, other = Page({"tacos": Look((READ, ABSENT), True)}), Page({"tacos": Look((ABSENT, READ), True)})
    assert concluded(one, other, frames_needed=2, marks=marks).result is GREEN
    assert concluded(one, Page({}), frames_needed=2, marks=marks).result is AMBER


def test_of_no_frames_nothing_is_said() -> None:
    assert concluded() == ScreenReading(NONE, frames=0)
    assert concluded(Page({}), Page({})) == ScreenReading(NONE, frames=2)


# --- clock and name over frames ------------------------------------------------------------------


def test_the_clock_and_the_name_read_oftenest_are_told_whatever_the_result() -> None:
    pages = [Page({}, "9:10", "@zed"), Page({}, "9:16", "@zed"), Page({}, "", ""), Page({}, "9:16", "@mia"), Page({})]
    reading = concluded(*pages)
    assert (reading.clock, reading.handle) == ("9:16", "@zed")
    both = concluded(Page(page().looks, "9:10", "@zed"))
    assert (both.result, both.clock, both.handle) == (GREEN, "9:10", "@zed")


def test_of_two_clocks_read_as_often_the_first_is_told() -> None:
    assert concluded(Page({}, "9:10"), Page({}, "9:16")).clock == "9:10"


# --- several promotions --------------------------------------------------------------------------


TWO = Marks([posted(), posted("soup")])


def both(tacos: Page, soup: Page) -> Page:
    looks: Mapping[str, Look] = {"tacos": tacos.looks["tacos"], "soup": soup.looks["tacos"]}
    return Page(looks)


def test_green_goes_before_amber_and_amber_before_another() -> None:
    green, amber, other = page(), page(claim=ABSENT), page(word=ANOTHER)
    assert concluded(both(amber, green), marks=TWO).promotion == "soup"
    assert concluded(both(amber, other), marks=TWO).promotion == "tacos"
    assert concluded(both(other, amber), marks=TWO).result is AMBER


def test_two_of_which_the_same_was_read_are_neither_and_of_two_others_one_is_told() -> None:
    assert concluded(both(page(), page()), marks=TWO) == ScreenReading(NONE, frames=1)
    assert concluded(both(page(claim=ABSENT), page(claim=ABSENT)), marks=TWO).promotion is None
    assert concluded(both(page(word=ANOTHER), page(word=ANOTHER)), marks=TWO).result is OTHER


@pytest.mark.parametrize(("more", "promotion_"), [(0.04, None), (0.06, "soup")])
def test_one_of_which_a_twentieth_more_was_read_is_the_one(more: float, promotion_: str | None) -> None:
    less, most = page(claim=partly(0.5)), page(claim=partly(0.5 + more))
    assert concluded(both(less, most), marks=TWO).promotion == promotion_
    assert concluded(both(most, less), marks=TWO).promotion == ("tacos" if promotion_ else None)


def test_a_doubt_weighs_nothing() -> None:
    doubtful, absent = page(claim=DOUBT), page(claim=ABSENT)
    assert concluded(both(doubtful, absent), marks=TWO).promotion is None


def test_the_longer_of_two_offers_read_weighs_more() -> None:
    longer = {"offer": "20% off lunch buffet", "dates_shown": "Nov 1 - Nov 30", "claims": ["special unlocked"]}
    marks = Marks([posted(), posted("soup", screen=longer)])
    assert concluded(both(page(), page()), marks=marks).promotion == "soup"
    unread = page(offer=partly(0.9))
    assert concluded(both(unread, unread), marks=marks).promotion is None  # its length counts only where it was read


# --- a frame looked at ---------------------------------------------------------------------------


def line(text: str, top: float, confidence: float = 0.98) -> Line:
    return Line(text, confidence, (0.1, top, 0.9, top + 0.03))


def test_a_frame_says_for_which_promotions_their_offer_or_claim_was_read() -> None:
    marks = Marks(
        [posted(), posted("soup", screen={"offer": "Free soup"}), posted("tea", screen={"claims": ["tea time"]})]
    )
    frame = marks.look([line("20% off lunch", 0.3), line("Free so", 0.4), line("Tea time!", 0.5)])
    assert set(frame.looks) == {"tacos", "soup", "tea"}
    assert frame.offers == {"tacos", "tea"}


@pytest.mark.parametrize(
    ("shown", "clock"),
    [("9:10", "9:10"), ("LTE 09:10 54%", "9:10"), ("23:59", "23:59"), ("24:00", ""), ("9:60", ""), ("109:10", ""),
     ("9:101", ""), ("00:00", "0:00")],
)  # fmt: skip
def test_a_clock_is_hours_and_minutes_in_a_line_at_the_top(shown: str, clock: str) -> None:
    marks = Marks([])
    assert marks.look([line(shown, 0.139)]).clock == clock
    assert marks.look([line(shown, 0.14)]).clock == ""


def test_the_first_clock_is_told() -> None:
    assert Marks([]).look([line("LTE", 0.0), line("9:10", 0.04), line("10:11", 0.08)]).clock == "9:10"


@pytest.mark.parametrize(
    ("shown", "name"),
    [("@zed.z", "@zed.z"), ("by @Zed_Z: hi", "@zed_z"), ("@zed.z.", "@zed.z"), ("@z", ""), ("zed", ""), ("@...", ""),
     ("@harborgrill @zed", "@zed"), ("@harborgri", ""), ("@harborseals", "@harborseals"), ("@bluemoon", "@bluemoon")],
)  # fmt: skip
def test_a_name_is_the_first_that_is_not_a_venues(shown: str, name: str) -> None:
    assert Marks([posted()]).look([line(shown, 0.5)]).name == name
