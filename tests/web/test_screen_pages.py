"""The pages of a check-in screen: compared, seen before, nearly ours; its pictures; and Redeem, which wants a look."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kiosk.core.screen import Mark, MarkState, ScreenReading, ScreenResult
from kiosk.redeeming import Look
from kiosk.vision.picture import jpeg
from kiosk.web import comparing
from kiosk.web.screen_words import frames_agree, mark_words
from tests.counter_pages import Pages, signed_in
from tests.fakes_counter import FRIDAY, FakeCounter, catalogue
from tests.screen_world import drawn, mark, reading, screen_promotion

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def counter() -> FakeCounter:
    return FakeCounter()


@pytest.fixture
def pages(counter: FakeCounter) -> Pages:
    return signed_in(counter)


def text(pages: Pages, *, htmx: bool = False) -> str:
    """The counter page as words."""
    bare = re.sub(r"<[^>]+>", " ", pages.get("/ticket" if htmx else "/", htmx=htmx).text)
    return re.sub(r"\s+", " ", html.unescape(bare))


# --- compared ------------------------------------------------------------------------------------


@pytest.mark.parametrize("htmx", [False, True])
def test_a_check_shows_what_was_filmed_beside_ours_and_each_mark_in_words(
    pages: Pages, counter: FakeCounter, htmx: bool
) -> None:
    showing = counter.check(not_read=("claim",))
    source, words = pages.get("/ticket" if htmx else "/", htmx=htmx).text, text(pages, htmx=htmx)
    assert f"/screen/{showing.id}.jpg" in source
    for said in ("Compare first", "Harbor Grill", "Dates Nov 1 - Nov 30", "Not read: You've checked in",
                 "@zed.z", "7:00 4 min ago", "No, as known here", "9 of 20", "Your eyes",
                 "weakest of five, $15.00 at most", "3 of 4 marks read", "Two frames agree.", "As posted"):  # fmt: skip
        assert said in words


def test_a_published_sample_stands_beside_it(pages: Pages, counter: FakeCounter) -> None:
    counter.check()
    counter.catalogue = replace(catalogue(screen_promotion()), samples={"checkin": jpeg(drawn())})
    source = pages.get("/").text
    assert "/sample/checkin.jpg" in source
    assert "As posted" not in source
    answer = pages.get("/sample/checkin.jpg")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("image/jpeg", "no-store")


def test_what_could_not_be_read_says_so(pages: Pages, counter: FakeCounter) -> None:
    counter.check({"not_checked": ["seen-before"]}, handle="", clock="", frames=1)
    words = text(pages)
    assert "Name on it Not read" in words
    assert "Clock on it Not read" in words
    assert "Shown before Cannot tell name and clock not read" in words
    assert "One frame so far." in words


def test_what_a_screen_says_is_shown_inert(pages: Pages, counter: FakeCounter) -> None:
    counter.check(handle="@<script>\u202eabc", differs={"venue": "<b>Harbor\x07 Cafe</b>" * 9})
    source = pages.get("/").text
    assert "<script>\u202e" not in source
    assert "\u202e" not in source
    assert "<b>Harbor" not in source
    assert "\x07" not in source


# --- seen before ---------------------------------------------------------------------------------


def test_the_alarm_says_when_and_where_it_was_seen_and_asks_for_a_fresh_screen(
    pages: Pages, counter: FakeCounter
) -> None:
    showing = counter.alarm()
    source, words = pages.get("/").text, text(pages)
    for said in ("duplicate alarm", "Seen before", "This same screen, 22 minutes ago.", "Stub 0388, 18:42",
                 "Counter 2, Ben Keller", "Ask for a fresh screen", "Redeem anyway", "both times"):  # fmt: skip
        assert said in words
    assert f"/screen/{showing.id}/earlier.jpg" in source
    primary = re.search(r'<form class="act" .*?</form>', source, re.DOTALL)
    assert primary is not None
    assert 'action="/next"' in primary.group()


def test_without_a_picture_of_the_first_use_it_says_so_in_words(pages: Pages, counter: FakeCounter) -> None:
    showing = counter.alarm(with_picture=False)
    assert "No picture of it here" in text(pages)
    assert pages.get(f"/screen/{showing.id}/earlier.jpg").status_code == 204


@pytest.mark.parametrize("anyway", ["two-guests", "new-visit", "other"])
def test_redeeming_it_anyway_takes_a_reason_of_the_list(pages: Pages, counter: FakeCounter, anyway: str) -> None:
    showing = counter.alarm()
    assert f'name="anyway" value="{anyway}"' in pages.get("/").text
    pages.post("/redeem", showing=showing.id, looked="yes", anyway=anyway)
    assert counter.looks == [Look(looked=True, anyway=anyway)]


def test_a_reason_that_is_none_is_malformed(pages: Pages, counter: FakeCounter) -> None:
    showing = counter.alarm()
    assert pages.post("/redeem", showing=showing.id, looked="yes", anyway="because").status_code == 422
    assert counter.looks == []


# --- nearly ours ---------------------------------------------------------------------------------


def test_what_differs_is_crossed_out_and_said(pages: Pages, counter: FakeCounter) -> None:
    counter.nearly()
    words = text(pages)
    for said in ("Refuse", "Other dates on it", "Nearly ours, but the dates differ.", "The newest post or check-in",
                 "Dates on it: Valid Oct 3 - Oct 10 . Ours: Nov 1 - Nov 30", "unknown-code"):  # fmt: skip
        assert said in words
    assert 'action="/redeem"' not in pages.get("/").text


def test_the_promotion_that_it_is_nearly_of_is_named_first_of_what_is_on(pages: Pages, counter: FakeCounter) -> None:
    counter.nearly()
    assert "Check-in tacos is on now" in text(pages)


# --- pictures ------------------------------------------------------------------------------------


def test_the_picture_is_that_of_the_showing_and_is_kept_by_no_browser(pages: Pages, counter: FakeCounter) -> None:
    showing = counter.check()
    answer = pages.get(f"/screen/{showing.id}.jpg")
    assert showing.screen is not None
    assert (answer.data, answer.mimetype) == (showing.screen.jpeg, "image/jpeg")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_picture_that_is_not_on_display_any_more_is_gone(pages: Pages, counter: FakeCounter) -> None:
    showing = counter.check()
    counter.next(showing.id)
    assert pages.get(f"/screen/{showing.id}.jpg").status_code == 204
    assert pages.get(f"/screen/{'0' * 32}.jpg").status_code == 204
    assert pages.get("/sample/tacos.jpg").status_code == 204


@pytest.mark.parametrize("address", ["/screen/{}.jpg", "/screen/{}/earlier.jpg", "/sample/checkin.jpg"])
def test_nobody_sees_a_customer_s_screen_without_signing_in(counter: FakeCounter, address: str) -> None:
    showing = counter.alarm()
    answer = Pages(counter).get(address.format(showing.id))
    assert answer.status_code == 303
    assert answer.mimetype == "text/html"


# --- redeem wants a look -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "look"),
    [
        ({}, Look()),
        ({"looked": "yes", "touched": "no"}, Look(looked=True)),
        ({"looked": "yes", "touched": "yes"}, Look(looked=True, touched=True)),
        ({"looked": "1", "touched": "true"}, Look()),
    ],
)
def test_the_counter_is_told_what_the_page_says_of_looking(
    pages: Pages, counter: FakeCounter, fields: dict[str, Any], look: Look
) -> None:
    showing = counter.check()
    assert pages.post("/redeem", showing=showing.id, **fields).status_code == 303
    assert counter.looks == [look]


def test_a_touch_is_told_to_the_counter(pages: Pages, counter: FakeCounter) -> None:
    showing = counter.check()
    assert pages.post("/touch", htmx=True, showing=showing.id).status_code == 204
    assert pages.post("/touch", showing=showing.id).status_code == 303
    assert counter.touched == [showing.id, showing.id]
    assert pages.post("/touch", showing="x").status_code == 422


def test_a_page_that_is_loaded_after_the_touch_knows_of_it(pages: Pages, counter: FakeCounter) -> None:
    showing = counter.check()
    assert 'name="touched" value="no"' in pages.get("/").text
    assert showing.screen is not None
    counter.board.amend(replace(showing, screen=replace(showing.screen, touched=True)))
    assert 'name="touched" value="yes"' in pages.get("/").text


# --- words and measures --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "age"),
    [("19:00", "4 min ago"), ("7:00", "4 min ago"), ("7:04", "now"), ("7:06", "now"), ("7:10", ""),
     ("16:04", "3 h ago"), ("16:03", ""), ("7:05 PM", ""), ("", ""), ("23:59", "")],
)  # fmt: skip
def test_a_clock_s_age_is_told_where_it_is_one_of_the_last_hours(shown: str, age: str) -> None:
    assert comparing.clock_age(shown, FRIDAY, NEW_YORK) == age


def test_a_clock_from_before_midnight_is_minutes_old_not_a_day() -> None:
    midnight = FRIDAY.astimezone(NEW_YORK).replace(hour=0, minute=2)
    assert comparing.clock_age("11:58", midnight, NEW_YORK) == "4 min ago"
    assert comparing.clock_age("12:01", midnight + timedelta(hours=12), NEW_YORK) == "1 min ago"


def test_the_cut_holds_every_mark_and_is_never_flatter_than_a_square() -> None:
    left, top, width, height = comparing.cut((480, 1000), reading().marks)
    assert (left, width) == (0, 480)
    assert height >= 480
    for one in reading().marks:
        assert one.box is not None
        assert top <= one.box[1] * 1000
        assert one.box[3] * 1000 <= top + height <= 1000


@pytest.mark.parametrize("size", [(480, 1000), (1000, 480), (10, 10)])
def test_the_cut_lies_in_the_picture_wherever_the_marks_are(size: tuple[int, int]) -> None:
    for top in (0.0, 0.5, 0.97):
        marks = [Mark("venue", "Harbor Grill", MarkState.READ, box=(0.0, top, 1.0, top + 0.03))]
        _, begins, width, height = comparing.cut(size, marks)
        assert begins >= 0
        assert (width, begins + height <= size[1]) == (size[0], True)


def test_without_a_place_for_any_mark_the_whole_picture_is_shown() -> None:
    assert comparing.cut((480, 1000), [mark("claim", MarkState.NOT_READ)]) == (0, 0, 480, 1000)


def test_places_to_look_at_are_those_of_marks_that_differ_or_were_nearly_read() -> None:
    counter = FakeCounter()
    shown = counter.nearly().screen
    assert shown is not None
    (frame,) = comparing.comparison(shown, None, counter.catalogue).filmed.frames
    x, y, width, height = frame
    assert 0 <= x < x + width <= 480
    assert 600 < y < y + height < 680


@pytest.mark.parametrize("sample", [b"", b"\xff\xd8\xff", b"<svg/>"])
def test_a_sample_that_is_no_picture_is_left_out(sample: bytes) -> None:
    counter = FakeCounter()
    shown = counter.check().screen
    assert shown is not None
    known: Any = replace(catalogue(screen_promotion()), samples={"checkin": sample})
    assert comparing.comparison(shown, screen_promotion(), known).sample is None


def test_frames_are_counted_in_words() -> None:
    assert [frames_agree(n) for n in (0, 1, 2, 10, 11)] == [
        "One frame so far.", "One frame so far.", "Two frames agree.", "Ten frames agree.", "11 frames agree.",
    ]  # fmt: skip


def test_a_mark_that_differs_without_words_is_another() -> None:
    assert mark_words(mark("venue", MarkState.DIFFERS)) == ("Place on it: ", "another", ". Ours: Harbor Grill")


def test_a_reading_without_marks_can_be_shown(pages: Pages, counter: FakeCounter) -> None:
    counter.check()
    showing = counter.display.showing
    assert showing is not None
    assert showing.screen is not None
    bare = ScreenReading(ScreenResult.AMBER, "checkin")
    counter.board.amend(replace(showing, screen=replace(showing.screen, reading=bare)))
    assert "0 of 0 marks read" in text(pages)
