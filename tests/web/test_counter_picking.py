"""Several codes in view: what the pages say, and the tap."""

from __future__ import annotations

import re

import pytest

from kiosk.attention import Choice
from kiosk.display import State
from kiosk.web.picking import choices_header, count, picking
from tests.counter_pages import Pages, signed_in

TACO, MENU = Choice("a" * 32, "TACO-7F3K-9QXM"), Choice("b" * 32, "https://menu.example/<script>\u202e")


def asked(*choices: Choice) -> Pages:
    pages = signed_in()
    pages.counter.choices = choices
    return pages


def test_nothing_to_pick_is_an_empty_form_that_can_be_filled_later() -> None:
    text = signed_in().get("/").text
    assert re.search(r'<form id="choice"[^>]*>\s*</form>', text)


def test_two_codes_are_two_buttons_of_a_real_form_and_a_plain_sentence() -> None:
    text = asked(TACO, MENU).get("/").text
    form = re.search(r'<form id="choice" method="post" action="/pick" hx-post="/pick".*?</form>', text, re.DOTALL)
    assert form is not None
    assert re.findall(r'<button class="pick"[^>]* value="([^"]+)"', form.group()) == [TACO.id, MENU.id]
    assert 'name="csrf_token"' in form.group()
    assert "Two codes.\nTap the one to use." in form.group()


def test_the_band_says_so_too_while_nothing_else_is_shown() -> None:
    text = asked(TACO, MENU).get("/ticket", htmx=True).text
    assert "Two codes" in text
    assert "Tap the one to use, in the picture." in text


def test_one_code_besides_the_verdict_leaves_the_verdict_and_says_that_it_is_there() -> None:
    pages = asked(MENU)
    pages.counter.accept()
    text = pages.get("/").text
    assert "One more code.\nTap it to use it instead." in text
    assert 'data-state="accept"' in text


def test_one_code_besides_a_stub_is_one_more_and_not_one_instead() -> None:
    pages = asked(MENU)
    pages.counter.board.show(State.REDEEMED, pages.counter.accept())
    assert picking(pages.counter).words == "One more code.\nTap it to use it."  # type: ignore[arg-type]


def test_one_code_left_over_while_nothing_is_shown_leaves_the_band_ready() -> None:
    text = asked(MENU).get("/").text
    assert "One more code.\nTap it to use it." in text
    assert "Ready" in text


def test_a_button_names_the_promotion_or_what_the_code_says_made_inert() -> None:
    text = asked(TACO, MENU).get("/").text
    assert "<bdi>Free shrimp tacos</bdi>" in text
    assert "<bdi>https://menu.ex…script&gt;·</bdi>" not in text  # 24 letters, not 20
    assert "<bdi>https://menu.exa…cript&gt;·</bdi>" in text
    assert "menu.example/<" not in text
    assert 'href="https://menu' not in text
    assert "\u202e" not in text


def test_the_fragment_of_the_status_line_carries_the_buttons_to_every_tab() -> None:
    fragment = asked(TACO, MENU).get("/status", htmx=True).text
    assert re.search(r'<form id="choice"[^>]* hx-swap-oob="outerHTML">', fragment)
    assert fragment.count('class="pick"') == 2


def test_a_tap_answers_htmx_with_the_ticket_of_that_code() -> None:
    pages = asked(TACO, MENU)
    answer = pages.post("/pick", htmx=True, choice=TACO.id)
    assert answer.status_code == 200
    assert 'data-state="accept"' in answer.text
    assert "<html" not in answer.text
    assert pages.counter.looked_at == [(TACO.text, "camera")]


def test_a_tap_without_htmx_answers_with_a_303_to_the_counter() -> None:
    pages = asked(TACO, MENU)
    answer = pages.post("/pick", choice=MENU.id)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert 'data-state="refuse"' in pages.get("/").text


def test_a_tap_on_a_code_that_was_taken_away_shows_what_is() -> None:
    pages = asked(TACO, MENU)
    answer = pages.post("/pick", htmx=True, choice="c" * 32)
    assert answer.status_code == 200
    assert 'data-state="idle"' in answer.text
    assert pages.counter.looked_at == []


@pytest.mark.parametrize("choice", ["", "TACO-7F3K-9QXM", "a" * 31, "A" * 32, "g" * 32])
def test_a_text_in_place_of_an_id_is_malformed_and_does_nothing(choice: str) -> None:
    pages = asked(TACO, MENU)
    assert pages.post("/pick", choice=choice).status_code == 422
    assert pages.counter.picked == []


def test_a_tap_from_elsewhere_has_no_token_and_is_refused() -> None:
    pages = asked(TACO, MENU)
    pages.get("/")
    pages.token = ""
    assert pages.post("/pick", choice=TACO.id).status_code == 400
    assert pages.counter.display.state is State.IDLE
    assert pages.counter.picked == []


def test_without_a_clerk_nothing_can_be_picked() -> None:
    pages = Pages()
    pages.get("/sign-in?clerk=ana")
    assert pages.post("/pick", choice=TACO.id).headers["Location"] == "/sign-in"
    assert pages.counter.picked == []


def test_the_picture_comes_with_the_ids_of_the_codes_in_it() -> None:
    pages = asked(TACO, MENU)
    pages.watch.moving = True
    assert pages.get("/camera.jpg?after=1").headers["X-Choices"] == TACO.id


def test_a_code_that_is_not_offered_has_no_id() -> None:
    assert choices_header(["ELSE", TACO.text, "\u202e"], [TACO]) == f"- {TACO.id} -"


@pytest.mark.parametrize(("n", "word"), [(2, "Two"), (10, "Ten"), (11, "11")])
def test_they_are_counted_in_words(n: int, word: str) -> None:
    assert count(range(n)) == word
