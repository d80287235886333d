"""What one frame says of one promotion, mark by mark: read, partly read, another in its place, or a doubt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kiosk.core.evidence import (
    ABSENT,
    CLEAR,
    DOUBTFUL,
    MOST_CHARACTERS,
    Evidence,
    Line,
    Look,
    Marked,
    Wanted,
    look,
    reading_order,
    sight_of,
)
from kiosk.core.screen import Box, MarkKind, MarkState
from kiosk.core.shown_dates import spans
from tests.core_world import promotion

READ, NOT_READ, DIFFERS = MarkState.READ, MarkState.NOT_READ, MarkState.DIFFERS
BLURRED = CLEAR - 0.01
OFFER, DATES = "20% off lunch", "Nov 1 - Nov 30"
SCREEN = {"offer": OFFER, "claims": ["special unlocked", "be our guest"], "dates_shown": DATES}


def posted(**changes: Any) -> Marked:
    fields: dict[str, Any] = {
        "credentials": ["screen", "word"], "codes": (), "words": ["SHRIMP20", "TACO77"], "venue": "Harbor Grill",
        "venue_aliases": ["Harbour Grill at Bayside"], "screen": SCREEN,
    }  # fmt: skip
    marked = Marked.of(promotion(**(fields | changes)))
    assert marked is not None
    return marked


def box(row: int, left: float = 0.1, right: float = 0.9) -> Box:
    return left, 0.05 * row, right, 0.05 * row + 0.03


def lines(*texts: str, confidence: float = CLEAR) -> list[Line]:
    return [Line(text, confidence, box(row)) for row, text in enumerate(texts)]


def seen(page: list[Line], by: Marked | None = None, venues: tuple[str, ...] = ()) -> Look:
    found = look(by or posted(), sight_of(page, venues))
    assert found is not None
    return found


def mark(kind: MarkKind, *texts: str, confidence: float = CLEAR, by: Marked | None = None) -> Evidence:
    """The evidence for the first mark of a kind where the offer is read, and then ``texts``."""
    by = by or posted()
    at = [want.kind for want in by.wanted].index(kind)
    page = [*lines(OFFER), *(Line(text, confidence, box(row)) for row, text in enumerate(texts, 1))]
    return seen(page, by).evidence[at]


# --- what is looked for --------------------------------------------------------------------------


def test_the_marks_of_a_promotion_are_its_words_as_posted() -> None:
    assert posted() == Marked(
        "tacos",
        (
            Wanted("venue", "Harbor Grill", ("Harbour Grill at Bayside",)),
            Wanted("offer", OFFER),
            Wanted("word", "SHRIMP20", ("TACO77",)),
            Wanted("dates", DATES, span=spans(DATES)[0]),
            Wanted("claim", "special unlocked"),
            Wanted("claim", "be our guest"),
        ),
    )


def test_dates_that_name_no_days_are_a_phrase() -> None:
    phrase = posted(screen={"offer": OFFER, "dates_shown": "until Sunday"})
    assert phrase.wanted[-1] == Wanted("dates", "until Sunday", span=None)


@pytest.mark.parametrize("screen", [None, {"dates_shown": DATES}])
def test_a_promotion_without_offer_and_claim_has_no_marks(screen: Any) -> None:
    assert Marked.of(promotion(venue="Harbor Grill", screen=screen)) is None


# --- the page ------------------------------------------------------------------------------------


def test_lines_are_in_one_row_where_the_middle_of_one_lies_within_the_other() -> None:
    left, right = Line("left", 1, (0.1, 0.10, 0.4, 0.14)), Line("right", 1, (0.5, 0.06, 0.9, 0.13))
    assert [line.text for line in reading_order([right, left])] == ["left", "right"]
    below = replace(left, box=(0.1, 0.14, 0.4, 0.18))  # its middle is lower than the foot of the other
    assert [line.text for line in reading_order([below, right])] == ["right", "left"]
    touching = replace(left, box=(0.1, 0.12, 0.4, 0.14))  # its middle is the foot of the other
    assert [line.text for line in reading_order([touching, right])] == ["left", "right"]


@pytest.mark.parametrize(("overlap", "order"), [(0.02, ["right", "left"]), (0.03, ["left", "right"])])
def test_lines_are_beside_each_other_where_they_overlap_by_a_fiftieth_at_most(overlap: float, order: list[str]) -> None:
    page = [Line("left", 1, (0.5, 0.10, 0.8, 0.131)), Line("right", 1, (0.1, 0.101, 0.5 + overlap, 0.132))]
    assert [line.text for line in reading_order(page)] == order
    mirrored = [replace(line, box=(1 - line.box[2], line.box[1], 1 - line.box[0], line.box[3])) for line in page]
    assert [line.text for line in reading_order(mirrored)] == ["left", "right"]


@pytest.mark.parametrize(
    ("overlap", "order"), [(0.02, ["left", "middle", "right"]), (0.03, ["middle", "left", "right"])]
)
def test_a_line_that_begins_where_another_ends_is_beside_it(overlap: float, order: list[str]) -> None:
    middle, right = Line("middle", 1, (0.3, 0.10, 0.5, 0.13)), Line("right", 1, (0.5 - overlap, 0.101, 0.9, 0.131))
    left = Line("left", 1, (0.0, 0.102, 0.2, 0.132))
    assert [line.text for line in reading_order([right, middle, left])] == order


def test_three_lines_side_by_side_are_one_row() -> None:
    row = [Line(name, 1, (at, 0.1 + at / 100, at + 0.2, 0.13)) for name, at in (("b", 0.4), ("a", 0.1), ("c", 0.7))]
    under = Line("d", 1, (0.1, 0.2, 0.9, 0.23))
    assert [line.text for line in reading_order([under, *row])] == ["a", "b", "c", "d"]


def test_as_much_text_is_read_as_a_screen_can_hold() -> None:
    flood = lines("x" * (MOST_CHARACTERS - 1), "y", "z")
    assert [line.text[0] for line in sight_of(flood).lines] == ["x", "y"]


def test_a_place_is_as_certain_as_its_least_certain_line_and_its_box_holds_all_of_them() -> None:
    page = [Line("ab", 0.9, (0.2, 0.1, 0.5, 0.13)), Line("cd", 0.7, (0.1, 0.2, 0.4, 0.23)),
            Line("ef", 0.8, (0.3, 0.3, 0.6, 0.33))]  # fmt: skip
    sight = sight_of(page)
    assert [sight.confidence(*place) for place in ((0, 2), (1, 3), (4, 6), (3, 3))] == [0.9, 0.7, 0.8, 0.0]
    assert sight.box(1, 3) == (0.1, 0.1, 0.5, 0.23)
    assert sight.box(0, 6) == (0.1, 0.1, 0.6, 0.33)
    assert sight.box(3, 3) is None


def test_a_span_broken_over_two_lines_stands_in_the_first_and_is_as_certain_as_the_worse() -> None:
    page = [Line("Valid Nov 1", 0.9, box(0)), Line("to Nov 30", 0.7, box(1)), Line("Dec 1 - Dec 2", 0.8, box(2))]
    found = [(span.last, line.text, line.confidence, line.box) for span, line in sight_of(page).spans]
    assert found == [
        (frozenset({(12, 2)}), "Dec 1 - Dec 2", 0.8, box(2)),
        (frozenset({(11, 30)}), "Valid Nov 1", 0.7, box(0)),
    ]


def test_the_venues_that_stand_there_are_known() -> None:
    page = lines("Blue Moon Cafe", "Inside the harbor grille")
    assert sight_of(page, ["Blue Moon Cafe", "Harbor Grill", "Maple Diner"]).venues == {"Blue Moon Cafe"}


# --- the offer -----------------------------------------------------------------------------------


def test_an_offer_that_was_read_is_read_where_it_stands() -> None:
    assert seen(lines("Harbor Grill", OFFER)).evidence[1] == Evidence(READ, 1.0, box=box(1))


def test_the_box_of_a_mark_holds_no_line_below_it() -> None:
    assert seen(lines(OFFER, "Harbor Grill")).evidence[1].box == box(0)
    assert mark("word", "SHRIMP20", "Mostly cloudy").box == box(1)
    assert mark("word", "SHRIMP21", "Mostly cloudy").box == box(1)


def test_seven_tenths_of_an_offer_are_read_in_part() -> None:
    part = seen(lines("half pizz"), posted(screen={"offer": "half pizzas"})).evidence[1]
    assert (part.state, part.strength, part.box) == (NOT_READ, 0.8, box(0))
    least = seen(lines("half piz"), posted(screen={"offer": "half pizzas"})).evidence[1]
    assert (least.strength, least.box) == (0.7, box(0))
    less = seen(lines("half pi"), posted(screen={"offer": "half pizzas"})).evidence[1]
    assert (less.strength, less.box) == (0.6, None)


def test_a_weekday_in_an_offer_is_read_to_the_letter() -> None:
    ours = posted(screen={"offer": "Free tacos all sunday long"})
    assert seen(lines("Free tacox all sunday long"), ours).evidence[1].state is READ
    assert seen(lines("Free tacos all 5unday long"), ours).evidence[1].state is READ
    assert seen(lines("Free tacos all sundax long"), ours).evidence[1].state is NOT_READ


def test_an_offer_read_in_part_has_the_strength_of_what_was_read() -> None:
    part = seen(lines("20% off lun")).evidence[1]
    assert (part.state, part.box) == (NOT_READ, box(0))
    assert part.strength == pytest.approx(9 / 11)
    less = seen(lines("20% off dinner")).evidence[1]
    assert (less.state, less.box) == (NOT_READ, None)
    assert 0.55 < less.strength < 0.7


def test_another_number_read_clearly_is_another_offer_and_read_badly_is_nothing() -> None:
    differs = seen(lines("25% off lunch")).evidence[1]
    assert (differs.state, differs.found, differs.box) == (DIFFERS, "25% off lunch", box(0))
    assert differs.strength == pytest.approx(1 - 1.01 / 11)
    page = [*lines("25% off lunch", confidence=BLURRED), *lines("special unlocked")]
    assert seen(page).evidence[1] == Evidence(NOT_READ, 0.0, box=box(0))


def test_of_a_promotion_that_is_not_shown_at_all_there_is_nothing_to_see() -> None:
    page = sight_of(lines("Harbor Grill", "Nov 1 - Nov 30", "Mostly cloudy"))
    assert look(posted(), page) is None


def test_a_look_is_clear_from_the_confidence_on_that_makes_a_line_clear() -> None:
    assert seen(lines(OFFER)).clear
    assert not seen(lines(OFFER, confidence=BLURRED)).clear
    assert not seen(lines("special unlocked")).clear


@pytest.mark.parametrize(
    ("texts", "alone"),
    [
        ((OFFER,), True),
        (("Deal: 20% off lunch",), True),
        (("20% off lunch. Today",), True),
        (("20% off lunch, today",), True),
        (("20% off lunch today",), False),
        (("get 20% off lunch",), False),
    ],
)
def test_an_offer_stands_alone_between_line_ends_and_stops(texts: tuple[str, ...], alone: bool) -> None:
    assert seen(lines(*texts)).alone is alone


@pytest.mark.parametrize(("shown", "alone"), [("Free coffee", True), ("FREE COFFEE", True), ("free coffee", False)])
def test_an_offer_posted_with_a_capital_stands_alone_with_one_only(shown: str, alone: bool) -> None:
    assert seen(lines(shown), posted(screen={"offer": "Free coffee"})).alone is alone


def test_an_offer_posted_without_a_capital_stands_alone_either_way() -> None:
    ours = posted(screen={"offer": "free coffee"})
    assert seen(lines("free coffee"), ours).alone
    assert seen(lines("Free coffee"), ours).alone


@pytest.mark.parametrize(
    ("before", "top", "left", "alone"),
    [
        ("We came back for the", 0.053, 0.1, False),
        ("We came back for the", 0.0539, 0.1, False),
        ("We came back for the", 0.0541, 0.1, True),
        ("We came back for the", 0.04, 0.139, False),
        ("We came back for the", 0.04, 0.141, True),
        ("We came back for the.", 0.04, 0.1, True),
        ("We came back for THE", 0.04, 0.1, True),
        ("for the", 0.04, 0.1, True),
        ("came for the", 0.04, 0.1, False),
        ("We came back for the  ", 0.04, 0.1, False),
        ("We came back for a", 0.04, 0.1, False),
        (" ", 0.04, 0.1, True),
    ],
)
def test_a_sentence_runs_on_into_the_line_close_below_it(before: str, top: float, left: float, alone: bool) -> None:
    page = [Line(before, 1, (0.1, 0.0, 0.9, 0.03)), Line(OFFER, 1, (left, top, 0.9, top + 0.03))]
    assert seen(page).alone is alone


@pytest.mark.parametrize(("top", "alone"), [(0.3539, False), (0.3541, True)])
def test_how_close_a_line_is_goes_by_the_height_of_the_one_above(top: float, alone: bool) -> None:
    before = Line("We came back for the", 1, (0.1, 0.3, 0.9, 0.33))
    assert seen([before, Line(OFFER, 1, (0.1, top, 0.9, top + 0.03))]).alone is alone


def test_a_promotion_told_by_its_claims_stands_alone() -> None:
    assert seen(lines("special unlocked"), posted(screen={"claims": ["special unlocked"]})).alone


# --- venue and claims ----------------------------------------------------------------------------


def test_any_name_of_a_venue_is_read_where_it_stands() -> None:
    assert mark("venue", "Harbor Grill") == Evidence(READ, 1.0, box=box(1))
    assert mark("venue", "x", "Harbour Grill at Bayside") == Evidence(READ, 1.0, box=box(2))


def test_the_venue_of_another_promotion_in_its_place_differs() -> None:
    page = lines(OFFER, "Blue Moon Cafe")
    names = ("Blue Moon Cafe", "Harbor Grill")
    assert seen(page, venues=names).evidence[0] == Evidence(DIFFERS, 0.0, "Blue Moon Cafe")
    assert seen([*page, Line("Harbor Grill", 1, box(2))], venues=names).evidence[0].state is READ


@pytest.mark.parametrize("shown", ["Charbor Grill", "Harbor Grills", "Harbor GriII"])
def test_a_venue_is_read_as_whole_words_look_alikes_forgiven(shown: str) -> None:
    assert mark("venue", shown).state is (READ if shown == "Harbor GriII" else NOT_READ)


@pytest.mark.parametrize(
    ("shown", "state"),
    [("xHarbor Grill", NOT_READ), ("2xHarbor Grill", NOT_READ), ("12Harbor Grill", READ), ("Harbor Grillx", NOT_READ)],
)
def test_a_venue_is_not_read_where_letters_go_on_on_either_side(shown: str, state: MarkState) -> None:
    assert seen(lines(shown, OFFER)).evidence[0].state is state
    assert mark("venue", shown).state is state


def test_a_phrase_of_which_all_letters_stand_within_a_word_is_nearly_read() -> None:
    assert mark("venue", "Harbor Grills") == Evidence(NOT_READ, 0.99, box=box(1))


def test_a_word_of_a_venue_may_be_a_third_wrong_and_no_more() -> None:
    ours = posted(venue="Old Harbor Grill Restaurant", venue_aliases=())
    assert mark("venue", "Old Harxxr Grill Restaurant", by=ours).state is READ  # 2 of 6
    assert mark("venue", "Oxx Harbor Grill Restaurant", by=ours).state is NOT_READ  # 2 of 3


def test_each_claim_is_looked_for_by_itself() -> None:
    found = seen(lines("be our guest")).evidence
    assert found[4:] == (ABSENT, Evidence(READ, 1.0, box=box(0)))


# --- dates ---------------------------------------------------------------------------------------


def test_the_same_dates_are_read_wherever_they_stand() -> None:
    assert mark("dates", "Nov 1 - Nov 30") == Evidence(READ, 1.0, box=box(1))
    assert mark("dates", "Dec 1 - Dec 9", "11/1-11/30") == Evidence(READ, 1.0, box=box(2))
    assert mark("dates") == ABSENT


def test_one_end_of_the_dates_supports_them() -> None:
    assert mark("dates", "until Nov 30") == Evidence(NOT_READ, 0.6, box=box(1))
    assert mark("dates", "until Nov 30", confidence=BLURRED) == Evidence(NOT_READ, 0.6, box=box(1))


def test_other_dates_differ_where_they_were_read_clearly_and_are_a_doubt_where_not() -> None:
    assert mark("dates", "until Nov 29") == Evidence(DIFFERS, 0.0, "until Nov 29", box(1))
    doubt = Evidence(NOT_READ, DOUBTFUL, "until Nov 29", box(1))
    assert mark("dates", "until Nov 29", confidence=BLURRED) == doubt
    assert mark("dates", "until Nov 29", "until Nov 28", confidence=BLURRED) == doubt


def test_dates_that_support_outweigh_a_doubt() -> None:
    assert mark("dates", "until Nov 29", "until Nov 30", confidence=BLURRED) == Evidence(NOT_READ, 0.6, box=box(2))
    assert mark("dates", "until Nov 30", "until Nov 29", confidence=BLURRED) == Evidence(NOT_READ, 0.6, box=box(1))


WEEKDAY = posted(screen={"offer": OFFER, "dates_shown": "until Sunday"})


def test_dates_that_are_a_phrase_are_read_to_the_letter() -> None:
    assert mark("dates", "until Sunday", by=WEEKDAY) == Evidence(READ, 1.0, box=box(1))
    assert mark("dates", "Until 5unday", by=WEEKDAY) == Evidence(READ, 1.0, box=box(1))
    assert mark("dates", "until Monday", by=WEEKDAY) == Evidence(DIFFERS, 0.0, "until Monday", box(1))
    doubt = Evidence(NOT_READ, DOUBTFUL, "until Monday", box(1))
    assert mark("dates", "until Monday", by=WEEKDAY, confidence=BLURRED) == doubt


def test_dates_that_are_a_phrase_and_hardly_there_are_not_read() -> None:
    found = mark("dates", "until then", by=WEEKDAY)
    assert (found.state, found.box) == (NOT_READ, None)
    assert 0 <= found.strength < 0.7
    assert mark("dates", "Mostly cloudy", by=WEEKDAY) == ABSENT


# --- code words ----------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", ["SHRIMP20", "shrimp2o", "code SHRIMP-20!", "SHRIMP 20", "TACO77", "(TAC077)"])
def test_any_word_is_read_exactly_but_for_look_alikes(shown: str) -> None:
    assert mark("word", shown) == Evidence(READ, 1.0, box=box(1))


@pytest.mark.parametrize("shown", ["XSHRIMP20", "SHRIMP200", "SHRIMP.20", "S.HRIMP20"])
def test_a_word_inside_another_or_over_a_stop_is_not_read(shown: str) -> None:
    assert mark("word", shown).state is not READ


def test_a_word_is_found_behind_another_that_begins_like_it() -> None:
    assert mark("word", "SHRIMP200", "SHRIMP20") == Evidence(READ, 1.0, box=box(2))
    assert mark("word", "SHRIMP200", "SHRIMP20", "SHRIMP201") == Evidence(READ, 1.0, box=box(2))
    assert mark("word", "SHRIMP20", "SHRIMP20") == Evidence(READ, 1.0, box=box(1))


def test_a_word_may_be_the_first_that_was_read() -> None:
    assert seen(lines("SHRIMP20", OFFER)).evidence[2] == Evidence(READ, 1.0, box=box(0))


def test_a_word_that_is_nearly_ours_differs_where_it_was_read_clearly_and_is_a_doubt_where_not() -> None:
    near = mark("word", "Shrimp21")
    assert (near.state, near.found, near.box) == (DIFFERS, "SHRIMP21", box(1))
    assert near.strength == pytest.approx(1 - 1 / 8)
    assert mark("word", "Shrimp21", confidence=BLURRED) == Evidence(NOT_READ, DOUBTFUL, "SHRIMP21", box(1))


def test_the_likest_of_several_words_is_the_one_told() -> None:
    assert mark("word", "SHRIMP99", "SHRIMP21", "SHRIMB31").found == "SHRIMP21"


@pytest.mark.parametrize("shown", ["shrimp21", "SHRIMP21345", "SHRI", "POPCORN1"])
def test_a_word_without_a_capital_of_another_length_or_of_other_letters_is_none_of_ours(shown: str) -> None:
    assert mark("word", shown) == ABSENT


@pytest.mark.parametrize("shown", ["SHRIMP2134", "SHRIMP"])
def test_a_word_two_letters_longer_or_shorter_is_another_word(shown: str) -> None:
    assert mark("word", shown).state is DIFFERS
