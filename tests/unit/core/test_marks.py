"""Screens are told by their marks: each mark on both sides of its boundary, and what several frames say together."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.core.marks import Line, Marks
from kiosk.core.screen import MarkState, ScreenReading, ScreenResult
from tests.core_world import promotion

GREEN, AMBER, OTHER, NONE = ScreenResult.GREEN, ScreenResult.AMBER, ScreenResult.OTHER, ScreenResult.NONE
OFFER = "Free appetizer with any entree: shrimp tacos"


def check_in(**changes: Any):  # type: ignore[no-untyped-def]
    fields: dict[str, Any] = {
        "credentials": ["screen"],
        "words": (),
        "codes": (),
        "venue": "Harbor Grill",
        "venue_aliases": ["Harbour Grill at Bayside"],
        "screen": {"offer": OFFER, "dates_shown": "Nov 20 - Nov 30"},
    }
    return promotion(**(fields | changes))


def lines(*texts: str, confidence: float = 0.98) -> list[Line]:
    return [Line(text, confidence, (0.1, 0.05 * i, 0.9, 0.05 * i + 0.03)) for i, text in enumerate(texts)]


def told(*texts: str, by: Any = None, confidence: float = 0.98) -> ScreenReading:
    marks = Marks([by or check_in()])
    return marks.conclude([marks.look(lines(*texts, confidence=confidence))])


def states(reading: ScreenReading) -> dict[str, MarkState]:
    return {mark.kind: mark.state for mark in reading.marks}


SHOWN = ("9:10", "You've checked in!", "Harbor Grill", "@zed.z", OFFER, "Valid Nov 20 - Nov 30")


def without(*left_out: str) -> list[str]:
    return [text for text in SHOWN if text not in left_out]


# --- the four results ----------------------------------------------------------------------------


def test_all_marks_read_is_green() -> None:
    reading = told(*SHOWN)
    assert (reading.result, reading.promotion) == (GREEN, "tacos")
    assert set(states(reading).values()) == {MarkState.READ}
    assert (reading.clock, reading.handle) == ("9:10", "@zed.z")


def test_a_screen_of_no_promotion_is_none() -> None:
    reading = told("11:31", "Bergen", "Mostly cloudy")
    assert (reading.result, reading.promotion, reading.marks) == (NONE, None, ())


def test_dates_that_were_not_read_make_it_amber() -> None:
    reading = told(*without("Valid Nov 20 - Nov 30"))
    assert reading.result is AMBER
    assert states(reading)["dates"] is MarkState.NOT_READ


def test_other_dates_make_it_another_offer_and_are_named() -> None:
    reading = told(*without("Valid Nov 20 - Nov 30"), "Valid Oct 3 - Oct 10")
    assert (reading.result, reading.promotion) == (OTHER, "tacos")
    dates = next(mark for mark in reading.marks if mark.kind == "dates")
    assert (dates.state, dates.found) == (MarkState.DIFFERS, "Valid Oct 3 - Oct 10")


def test_other_dates_read_badly_are_no_amber() -> None:
    marks = Marks([check_in()])
    page = [*lines(*without("Valid Nov 20 - Nov 30")), Line("Valid Oct 3 - Oct 10", 0.7, (0.1, 0.8, 0.9, 0.83))]
    assert marks.conclude([marks.look(page)]).result is NONE


def test_the_right_dates_beside_others_are_read() -> None:
    assert told(*SHOWN, "Sponsored until Dec 24").result is GREEN


def test_a_last_day_that_fits_supports_and_leaves_it_amber() -> None:
    assert told(*without("Valid Nov 20 - Nov 30"), "Expires Nov 30").result is AMBER


@pytest.mark.parametrize("venue", ["Greenfield Cafe", "Harbor House", "Maple Diner"])
def test_a_venue_that_is_not_there_where_all_else_is_clear_is_another(venue: str) -> None:
    reading = told(*without("Harbor Grill"), venue)
    assert reading.result is OTHER
    assert states(reading)["venue"] is MarkState.DIFFERS


def test_a_venue_read_in_part_on_a_poor_picture_is_amber() -> None:
    assert told(*without("Harbor Grill"), "Harbr Gr ll", confidence=0.7).result is AMBER


def test_another_promotions_venue_in_its_place_is_named_even_on_a_poor_picture() -> None:
    marks = Marks([check_in(), check_in(id="moon", venue="Blue Moon Cafe", screen={"offer": "Half price smoothie"})])
    reading = marks.conclude([marks.look(lines(*without("Harbor Grill"), "Blue Moon Cafe", confidence=0.8))])
    assert reading.result is OTHER
    assert next(mark for mark in reading.marks if mark.kind == "venue").found == "Blue Moon Cafe"


def test_the_code_word_stands_for_a_venue_that_was_not_read_only_on_a_poor_picture() -> None:
    ours = check_in(words=["SHRIMP20"], credentials=["screen", "word"])
    shown = [*without("Harbor Grill"), "SHRIMP20"]
    assert told(*shown, by=ours, confidence=0.8).result is AMBER
    assert told(*shown, by=ours).result is OTHER


def test_a_doubt_in_one_of_two_frames_stays_and_in_one_of_three_does_not() -> None:
    marks = Marks([check_in()])
    blank = marks.look(lines(*without(SHOWN[-1])))
    doubt = marks.look([*lines(*without(SHOWN[-1])), Line("Valid Oct 3 - Oct 10", 0.7, (0.1, 0.8, 0.9, 0.83))])
    assert marks.conclude([doubt, blank]).result is NONE
    assert marks.conclude([doubt, blank, blank]).result is AMBER


def test_any_of_the_venues_names_will_do() -> None:
    assert told(*without("Harbor Grill"), "Harbour Grill at Bayside").result is GREEN


@pytest.mark.parametrize("number", ["20% off lunch", "115% off lunch", "1% off lunch"])
def test_another_number_is_another_offer(number: str) -> None:
    ours = check_in(screen={"offer": "15% off lunch"})
    assert told("Harbor Grill", "15% off lunch", by=ours).result is GREEN
    assert told("Harbor Grill", number, by=ours).result in {OTHER, NONE}


def test_a_claim_that_applies_must_be_read() -> None:
    ours = check_in(screen={"offer": OFFER, "claims": ["special unlocked"]})
    assert told("Harbor Grill", OFFER, "🎉 SPECIAL UNLOCKED", by=ours).result is GREEN
    assert told("Harbor Grill", OFFER, by=ours).result is AMBER


def test_dates_that_are_a_phrase_are_read_as_one() -> None:
    ours = check_in(screen={"offer": OFFER, "dates_shown": "until Sunday"})
    assert told("Harbor Grill", OFFER, "Only until Sunday!", by=ours).result is GREEN
    assert told("Harbor Grill", OFFER, by=ours).result is AMBER


def badly(*texts: str, confidence: float = 0.7) -> list[Line]:
    """Lines below those of a whole screen, read badly."""
    return [Line(text, confidence, (0.1, 0.8 + 0.04 * i, 0.9, 0.83 + 0.04 * i)) for i, text in enumerate(texts)]


def concluded(page: list[Line], by: Any = None) -> ScreenReading:
    marks = Marks([by or check_in()])
    return marks.conclude([marks.look(page)])


def test_the_first_of_several_dates_read_badly_is_the_doubt() -> None:
    page = [*lines(*without(SHOWN[-1])), *badly("Valid Oct 3 - Oct 10", "Valid Sep 3 - Sep 10")]
    assert concluded(page).result is NONE


def test_another_weekday_read_badly_is_no_amber() -> None:
    ours = check_in(screen={"offer": OFFER, "dates_shown": "until Sunday"})
    page = lines("Harbor Grill", OFFER)
    assert concluded([*page, *badly("Valid until Monday")], ours).result is NONE
    assert concluded([*page, *badly("Valid until Sunday")], ours).result is GREEN


def test_another_number_read_badly_is_no_offer_at_all() -> None:
    ours = check_in(screen={"offer": "15% off lunch"})
    assert concluded([*lines("Harbor Grill"), *badly("16% off lunch", confidence=0.88)], ours).result is NONE
    assert concluded([*lines("Harbor Grill"), *badly("16% off lunch", confidence=0.87)], ours).result is NONE


def test_a_venue_of_one_letter_that_is_not_there_is_not_read() -> None:
    ours = check_in(venue="X", venue_aliases=(), screen={"offer": "Free coffee"})
    assert told("X", "Free coffee", by=ours).result is GREEN
    assert states(told("Free coffee", by=ours))["venue"] is MarkState.DIFFERS


def test_a_promotion_without_a_venue_is_told_by_its_other_marks() -> None:
    ours = check_in(venue=None, venue_aliases=())
    assert told(*without("Harbor Grill"), by=ours).result is GREEN


def test_a_promotion_without_an_offer_is_told_by_what_it_claims() -> None:
    ours = check_in(screen={"claims": ["special unlocked"]})
    assert told("Harbor Grill", "Special unlocked!", by=ours).result is GREEN
    assert told("Harbor Grill", "Half price pizza", by=ours).result is NONE


# --- code words ------------------------------------------------------------------------------------


POSTED = {"words": ["SHRIMP20"], "credentials": ["screen", "word"], "screen": {"offer": "20% off the shrimp platter"}}


@pytest.mark.parametrize("word", ["SHRIMP20", "shrimp 20", "SHR1MP2O", "Use SHRIMP-20!"])
def test_a_word_is_exact_after_folding(word: str) -> None:
    assert told("Harbor Grill", "20% off the shrimp platter", f"code {word}", by=check_in(**POSTED)).result is GREEN


@pytest.mark.parametrize("word", ["SHRIMP10", "SHRIMP200", "SHRIMP2", "SHRUMP20"])
def test_a_word_that_is_nearly_ours_is_another(word: str) -> None:
    reading = told("Harbor Grill", "20% off the shrimp platter", f"code {word}", by=check_in(**POSTED))
    assert reading.result is OTHER
    assert next(mark for mark in reading.marks if mark.kind == "word").found == word


def test_a_word_with_hyphens_is_compared_whole() -> None:
    ours = check_in(words=["LOOP-9-NOW"], credentials=["screen", "word"], screen={"offer": "First month for $9"})
    assert told("Harbor Grill", "First month for $9", "LOOP-9-NOW", by=ours).result is GREEN
    assert told("Harbor Grill", "First month for $9", "LO4P-9-NOW", by=ours).result is OTHER


def test_a_word_that_was_not_read_is_amber_and_one_read_badly_nothing() -> None:
    ours = check_in(**POSTED)
    assert told("Harbor Grill", "20% off the shrimp platter", by=ours).result is AMBER
    marks = Marks([ours])
    page = [*lines("Harbor Grill", "20% off the shrimp platter"), Line("SHRIMP10", 0.6, (0.1, 0.8, 0.9, 0.83))]
    assert marks.conclude([marks.look(page)]).result is NONE


# --- talk about an offer -----------------------------------------------------------------------------


COOKIE = {"screen": {"offer": "Free cookie with your first check-in"}}


@pytest.mark.parametrize(
    "talk",
    [
        ["We got the free cookie with your first check-in", "and it was great."],
        ["We got the", "free cookie with your first check-in."],
        ["Came back and asked for the", "Free cookie with your first check-in"],
    ],
)
def test_an_offer_inside_a_sentence_is_talk(talk: list[str]) -> None:
    marks = Marks([check_in(**COOKIE)])
    page = [Line(text, 0.98, (0.1, 0.1 + 0.04 * i, 0.9, 0.13 + 0.04 * i)) for i, text in enumerate(talk)]
    page.append(Line("Harbor Grill", 0.99, (0.1, 0.02, 0.5, 0.05)))
    assert marks.conclude([marks.look(page)]).result is NONE


def test_an_offer_that_stands_alone_is_one() -> None:
    assert (
        told("Harbor Grill", "CHECK-IN DEAL", "Free cookie with your first check-in", by=check_in(**COOKIE)).result
        is GREEN
    )


def test_an_offer_inside_a_sentence_counts_beside_its_code_word() -> None:
    ours = check_in(words=["OAKPINT3"], credentials=["screen", "word"], screen={"offer": "$3 pints all day"})
    assert told("Show this post at Harbor Grill and get $3 pints all day", "code OAKPINT3", by=ours).result is GREEN
    assert told("Show this post at Harbor Grill and get $3 pints all day", by=ours).result is NONE


# --- several promotions, several frames --------------------------------------------------------------


def test_the_promotion_whose_marks_agree_is_told_among_its_like() -> None:
    old = check_in(id="old", screen={"offer": OFFER, "dates_shown": "Oct 1 - Oct 31"})
    marks = Marks([check_in(), old])
    assert marks.conclude([marks.look(lines(*SHOWN))]).promotion == "tacos"
    assert marks.conclude([marks.look(lines(*without(SHOWN[-1]), "Valid Oct 1 - Oct 31"))]).promotion == "old"


def test_two_that_cannot_be_told_apart_are_neither() -> None:
    old = check_in(id="old", screen={"offer": OFFER, "dates_shown": "Oct 1 - Oct 31"})
    marks = Marks([check_in(), old])
    assert marks.conclude([marks.look(lines(*without(SHOWN[-1])))]).result is NONE


def test_the_longer_of_two_offers_on_a_screen_is_the_one() -> None:
    short = check_in(id="short", screen={"offer": "15% off lunch"})
    long = check_in(id="long", screen={"offer": "15% off lunch buffet"})
    marks = Marks([short, long])
    assert marks.conclude([marks.look(lines("Harbor Grill", "15% off lunch buffet"))]).promotion == "long"


def test_frames_make_up_for_each_other() -> None:
    marks = Marks([check_in()])
    pages = [marks.look(lines(*without("Harbor Grill", SHOWN[-1]))), marks.look(lines(*SHOWN))]
    reading = marks.conclude(pages, frames_needed=2)
    assert (reading.result, reading.frames) == (GREEN, 2)


def test_green_needs_as_many_frames_as_it_is_told() -> None:
    marks = Marks([check_in()])
    page = marks.look(lines(*SHOWN))
    assert marks.conclude([page], frames_needed=2).result is AMBER
    assert marks.conclude([page, page], frames_needed=2).result is GREEN
    assert marks.conclude([page, marks.look([])], frames_needed=2).result is AMBER


def test_what_differs_more_often_than_it_was_read_differs() -> None:
    marks = Marks([check_in()])
    right, wrong = marks.look(lines(*SHOWN)), marks.look(lines(*without(SHOWN[-1]), "Valid Oct 3 - Oct 10"))
    assert marks.conclude([right, wrong]).result is GREEN
    assert marks.conclude([right, wrong, wrong]).result is OTHER


def test_a_promotion_without_an_offer_or_a_claim_is_not_told_by_a_screen() -> None:
    assert not Marks([check_in(screen={"dates_shown": "Nov 20 - Nov 30"}), promotion()]).marked


# --- exact to the sign -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("posted", "shown"),
    [
        ("Any taco for $1", "Any taco for $1.99"),
        ("$50 off your stay", "$150 off your stay"),
        ("$5 off any entree", "$55 off any entree"),
        ("$5 off any entree", "$15 off any entree"),
        ("20% off your order", "$20 off your order"),
        ("Save $1", "Save $1,000"),
        ("Save up to 20%", "Save up to 200%"),
        ("€10 off your order", "€110 off your order"),
    ],
)
def test_another_amount_is_never_ours(posted: str, shown: str) -> None:
    ours = check_in(screen={"offer": posted})
    assert told("Harbor Grill", posted, by=ours).result is GREEN
    assert told("Harbor Grill", shown, by=ours).result in {OTHER, NONE}


def test_cents_of_nothing_are_the_same_amount() -> None:
    assert told("Harbor Grill", "Any taco for $1.00", by=check_in(screen={"offer": "Any taco for $1"})).result is GREEN


@pytest.mark.parametrize("shown", ["Free coffee cake with any entree", "Free coffees", "Decaffree coffee"])
def test_a_longer_offer_is_not_the_shorter_one(shown: str) -> None:
    assert told("Harbor Grill", shown, by=check_in(screen={"offer": "Free coffee"})).result is not GREEN


def test_a_venue_is_not_found_within_a_word() -> None:
    ours = check_in(venue="Inn", venue_aliases=(), screen={"offer": "Free coffee"})
    assert told("Dinner house", "Free coffee", by=ours).result is OTHER


@pytest.mark.parametrize(
    ("shown", "result"), [("until Sunday", GREEN), ("until Monday", OTHER), ("until Tuesday", OTHER)]
)
def test_a_weekday_is_exact(shown: str, result: ScreenResult) -> None:
    ours = check_in(screen={"offer": OFFER, "dates_shown": "until Sunday"})
    assert told("Harbor Grill", OFFER, f"Valid {shown}", by=ours).result is result


def test_last_years_coupon_is_another() -> None:
    ours = check_in(screen={"offer": OFFER, "dates_shown": "Nov 1 - Nov 30, 2026"})
    assert told("Harbor Grill", OFFER, "Nov 1 - Nov 30, 2026", by=ours).result is GREEN
    assert told("Harbor Grill", OFFER, "Nov 1 - Nov 30", by=ours).result is GREEN
    assert told("Harbor Grill", OFFER, "Nov 1 - Nov 30, 2024", by=ours).result is OTHER


def test_a_code_word_is_not_put_together_over_two_lines() -> None:
    shown = ("Harbor Grill", "20% off the shrimp platter", "Popcorn shrimp", "20 - 22 daily")
    assert told(*shown, by=check_in(**POSTED)).result is not GREEN


def test_digits_of_other_scripts_are_no_fault() -> None:
    assert told("Harbor Grill", OFFER, "Nov ➀ - 30", "፩ Nov").result is AMBER


def test_a_frame_that_shows_hardly_any_of_the_offer_is_not_pooled() -> None:
    marks = Marks([check_in()])
    page = marks.look(lines(*without(SHOWN[-1])))
    other = marks.look(lines("Harbor Grill", "Free appetizer today", "Valid Nov 20 - Nov 30"))
    assert marks.conclude([page, page, other, other]).result is AMBER


def test_frames_without_the_offer_do_not_count_towards_green() -> None:
    marks = Marks([check_in(screen={"offer": OFFER, "claims": ["special unlocked"]})])
    whole, claim = marks.look(lines("Harbor Grill", OFFER, "Special unlocked")), marks.look(lines("special unlocked"))
    assert marks.conclude([whole, claim], frames_needed=2).result is AMBER
    assert marks.conclude([whole, whole], frames_needed=2).result is GREEN


# --- clock and name -------------------------------------------------------------------------------------


def test_the_clock_is_read_in_the_status_bar_only() -> None:
    assert told("Roundsquare", "a", "b", "c", "09:10").clock == ""
    assert told("LTE 09:10 54%").clock == "9:10"
    assert told("25:99").clock == ""


def test_the_name_on_it_is_not_the_venues_own() -> None:
    assert told("@HarborGrill", "posted", "@Zed.Z.").handle == "@zed.z"
    assert told("@harborgri11", "posted").handle == ""


def test_a_name_that_was_not_read_clearly_is_none() -> None:
    assert told("@zed.z", confidence=0.87).handle == ""
    assert told("@zed.z", confidence=0.88).handle == "@zed.z"


def test_more_text_than_a_screen_holds_is_not_looked_through() -> None:
    flood = ["x" * 200] * 200
    assert told(*SHOWN, *flood).result is GREEN
    assert told(*flood, *SHOWN).result is NONE


def test_lines_are_read_from_the_top_and_from_the_left() -> None:
    page = [
        Line("shrimp tacos", 0.99, (0.1, 0.34, 0.5, 0.37)),
        Line("any entree:", 0.99, (0.6, 0.301, 0.9, 0.331)),
        Line("Free appetizer with", 0.99, (0.1, 0.3, 0.55, 0.33)),
        Line("Harbor Grill", 0.99, (0.1, 0.1, 0.5, 0.13)),
        Line("Nov 20 - Nov 30", 0.99, (0.1, 0.5, 0.5, 0.53)),
    ]
    marks = Marks([check_in()])
    assert marks.conclude([marks.look(page)]).result is GREEN
