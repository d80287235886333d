"""Each route of the counter as a page and as a fragment; what is refused, and what is malformed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kiosk.core.situation import ClockInterval, Freshness
from kiosk.core.verdict import Reason
from kiosk.display import State
from kiosk.web.guard import is_own
from tests.counter_pages import Pages, signed_in
from tests.fakes_counter import FakeCounter


def _shows(pages: Pages) -> str:
    showing = pages.counter.display.showing
    assert showing is not None
    return showing.id


def test_home_is_a_whole_page_for_a_browser_and_a_fragment_for_htmx() -> None:
    pages = signed_in()
    assert pages.get("/").text.startswith("<!doctype html>")
    fragment = pages.get("/", htmx=True).text.lstrip()
    assert fragment.startswith('<main id="ticket"')


@pytest.mark.parametrize("address", ["/", "/ticket", "/status"])
def test_a_page_that_may_be_a_fragment_varies_by_the_htmx_header(address: str) -> None:
    pages = signed_in()
    assert "HX-Request" in pages.get(address).headers["Vary"]
    assert "HX-Request" in pages.get(address, htmx=True).headers["Vary"]


def test_the_fragment_of_the_status_line_carries_lamp_note_and_choice_out_of_band() -> None:
    fragment = signed_in().get("/status", htmx=True).text
    assert fragment.count('hx-swap-oob="outerHTML"') == 3
    assert 'id="status"' in fragment
    assert "<html" not in fragment


@pytest.mark.parametrize("address", ["/look", "/undo", "/status", "/sign-in"])
def test_other_pages_are_whole_pages(address: str) -> None:
    answer = signed_in().get(address)
    assert answer.status_code == 200
    assert "</html>" in answer.text


# --- signing in ------------------------------------------------------------------------------


def test_without_a_clerk_the_counter_sends_to_the_sign_in_page() -> None:
    answer = Pages().get("/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")


def test_without_a_clerk_htmx_is_told_to_leave_the_page() -> None:
    answer = Pages().get("/ticket", htmx=True)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (200, "/sign-in")


@pytest.mark.parametrize("address", ["/events", "/camera.jpg"])
def test_without_a_clerk_there_is_neither_picture_nor_stream(address: str) -> None:
    answer = Pages().get(address)
    assert (answer.status_code, answer.data) == (204, b"")


def test_the_right_pin_signs_in() -> None:
    pages = Pages()
    answer = pages.sign_in()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "Ana" in pages.get("/").text


def test_a_wrong_pin_is_answered_on_the_page_and_signs_nobody_in() -> None:
    pages = Pages()
    answer = pages.sign_in(pin="0000")
    assert answer.status_code == 200
    assert "That PIN does not fit" in answer.text
    assert pages.get("/").status_code == 303


def test_a_locked_pin_says_how_long_to_wait() -> None:
    counter = FakeCounter()
    counter.locked = True
    assert "wait 30 seconds" in Pages(counter).sign_in().text


def test_a_clerk_who_left_the_staff_list_is_signed_out() -> None:
    pages = signed_in()
    pages.counter.people = [one for one in pages.counter.people if one.id != "ana"]
    assert pages.get("/").status_code == 303


def test_signing_out_leaves_the_counter_to_the_next() -> None:
    pages = signed_in()
    pages.post("/sign-out")
    assert pages.get("/").status_code == 303


def test_nothing_published_yet_is_said_where_nobody_can_sign_in() -> None:
    counter = FakeCounter()
    counter.people = []
    counter.catalogue = type(counter.catalogue).empty()
    text = Pages(counter).get("/sign-in").text
    assert "Nobody can sign in yet" in text
    assert "published nothing" in text


def test_a_picture_that_arrives_late_does_not_sign_the_clerk_in_again() -> None:
    answer = signed_in().get("/camera.jpg")
    assert "Set-Cookie" not in answer.headers


# --- acts ------------------------------------------------------------------------------------


def test_redeeming_answers_htmx_with_the_torn_ticket() -> None:
    pages = signed_in()
    pages.counter.accept()
    answer = pages.post("/redeem", htmx=True, showing=_shows(pages))
    assert answer.status_code == 200
    assert "Hand it over" in answer.text
    assert "part stub torn" in answer.text


def test_redeeming_without_htmx_answers_with_a_303_to_the_counter() -> None:
    pages = signed_in()
    pages.counter.accept()
    answer = pages.post("/redeem", showing=_shows(pages))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "Hand it over" in pages.get("/").text


def test_redeeming_twice_redeems_once_and_shows_the_same_stub() -> None:
    pages = signed_in()
    pages.counter.accept()
    showing = _shows(pages)
    first = pages.post("/redeem", htmx=True, showing=showing)
    second = pages.post("/redeem", htmx=True, showing=showing)
    assert pages.counter.redemptions == [showing]
    assert "No. 0412" in first.text
    assert "No. 0412" in second.text


def test_the_page_after_a_reload_still_shows_the_stub() -> None:
    pages = signed_in()
    pages.counter.accept()
    pages.post("/redeem", htmx=True, showing=_shows(pages))
    assert "No. 0412" in pages.get("/").text


def test_a_tap_on_what_is_no_longer_shown_redeems_nothing_and_shows_what_is() -> None:
    pages = signed_in()
    pages.counter.accept()
    before = _shows(pages)
    pages.counter.refuse(Reason.OVER, {"ended_on": "2026-11-18"})
    answer = pages.post("/redeem", htmx=True, showing=before)
    assert pages.counter.redemptions == []
    assert 'data-state="refuse"' in answer.text


def test_seen_is_told_once_the_page_says_so() -> None:
    pages = signed_in()
    pages.counter.accept()
    showing = _shows(pages)
    answer = pages.post("/redeem", htmx=True, showing=showing)
    assert 'hx-trigger="shown"' in answer.text
    assert pages.post("/seen", htmx=True, showing=showing).status_code == 204
    assert pages.counter.seen_showings == [showing]
    assert 'hx-trigger="shown"' not in pages.get("/").text


def test_next_customer_goes_back_to_ready() -> None:
    pages = signed_in()
    pages.counter.refuse(Reason.UNKNOWN_CODE)
    assert "Ready" in pages.post("/next", htmx=True, showing=_shows(pages)).text


def test_a_typed_code_is_answered() -> None:
    pages = signed_in()
    assert "Yes. Redeem it." in pages.post("/look", htmx=True, text="taco-7f3k-9qxm").text
    assert pages.counter.looked_at == [("taco-7f3k-9qxm", "typed")]


def test_a_scanned_code_keeps_its_separators() -> None:
    pages = signed_in()
    pages.post("/look", htmx=True, text="01\u001d42é", source="scanner")
    assert pages.counter.looked_at == [("01\u001d42é", "scanner")]


def test_nothing_typed_is_an_answer_and_not_an_error() -> None:
    answer = signed_in().post("/look", htmx=True, text="   ")
    assert answer.status_code == 200
    assert "Nothing to read" in answer.text


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_was_it_given_takes_yes_or_no(answer: str) -> None:
    pages = signed_in()
    pages.counter.ask_given(391)
    pages.post("/given", htmx=True, n=391, answer=answer)
    assert pages.counter.given_answers == [(391, answer == "yes")]


def test_undo_lists_todays_stubs_and_marks_the_one_undone() -> None:
    pages = signed_in()
    assert pages.get("/undo").text.count("This one") == 3
    pages.post("/undo", n=2, back="yes")
    assert pages.counter.undone == [2]
    assert pages.get("/undo").text.count("This one") == 2


def test_a_void_before_the_goods_are_back_is_not_taken() -> None:
    pages = signed_in()
    assert "It is back. Undo" not in pages.get("/undo").text  # nothing is undone from the list
    assert pages.post("/undo", n=2).status_code == 422
    assert pages.counter.undone == []


def test_a_stub_of_an_earlier_life_is_asked_about_and_undone_by_its_life() -> None:
    pages = signed_in()
    pages.counter.stubs = [replace(one, life=1, n=3) if one.n == 2 else one for one in pages.counter.stubs]
    assert pages.get("/undo?n=3&life=1").text.count("It is back. Undo") == 1
    assert "Ben" in pages.get("/undo?n=3&life=1").text
    assert "Ana" in pages.get("/undo?n=3").text
    pages.post("/undo", n=3, back="yes", life=1)
    pages.post("/given", n=3, answer="yes", life=1)
    pages.post("/given", n=3, answer="yes", life=0)
    assert pages.counter.lives == [1, 1, None]


def test_a_stub_that_waits_for_head_office_says_so() -> None:
    pages = signed_in()
    pages.counter.stubs = [replace(one, voided=True, waits=True, life=1) for one in pages.counter.stubs[:1]]
    assert "undone, once head office knows" in pages.get("/undo").text


# --- how it stands -----------------------------------------------------------------------------


def test_a_suspect_clock_is_told_on_the_status_line_and_the_page() -> None:
    pages = signed_in()
    assert "Clock wrong?" not in pages.get("/").text
    now = pages.counter.clock.now()
    pages.counter.clock_between = ClockInterval(now - timedelta(minutes=5), now + timedelta(minutes=5))
    assert "Clock wrong?" in pages.get("/").text
    assert "does not fit what head office last said" in pages.get("/status").text


@pytest.mark.parametrize(
    ("age", "chip", "said"),
    [
        (Freshness.FRESH, "chip ok", None),
        (Freshness.STALE, "chip warn", "A newer list could not be fetched"),
        (Freshness.EXPIRED, "chip bad", "Nobody should go by this list any more"),
    ],
)
def test_stale_promotions_are_told_on_the_status_line_and_the_page(age: Freshness, chip: str, said: str | None) -> None:
    pages = signed_in()
    pages.counter.freshness = age
    line = pages.get("/").text
    promotions = line[: line.index("Promotions</span>")].rpartition('class="chip')[2]
    assert f'class="{chip}"'.startswith(f'class="chip{promotions.partition(chr(34))[0]}')
    text = pages.get("/status").text
    for sentence in ("A newer list could not be fetched", "Nobody should go by this list any more"):
        assert (sentence in text) == (sentence == said)


def test_a_counter_that_must_wait_says_so() -> None:
    pages = signed_in()
    pages.counter.fenced = True
    assert "Must wait" in pages.get("/").text
    assert "nothing more is redeemed here" in pages.get("/status").text


@pytest.mark.parametrize(("granted", "words"), [(False, "Being asked"), (True, "Says yes")])
def test_a_code_that_head_office_is_asked_about_says_how_that_stands(granted: bool, words: str) -> None:
    pages = signed_in()
    showing = pages.counter.accept()
    assert words not in pages.get("/").text
    pages.counter.board.show(State.VERDICT, replace(showing, asked_n=9, granted=granted))
    assert words in pages.get("/").text


def test_undo_from_a_stub_asks_about_that_one_only() -> None:
    text = signed_in().get("/undo?n=3").text
    assert text.count("It is back. Undo") == 1
    assert "No. 0003" in text


# --- malformed and hostile -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("/redeem", {}),
        ("/redeem", {"showing": "no-id"}),
        ("/next", {"showing": "a" * 31}),
        ("/seen", {"showing": "g" * 32}),
        ("/look", {}),
        ("/look", {"text": "x", "source": "elsewhere"}),
        ("/given", {"n": "391"}),
        ("/given", {"n": "x", "answer": "yes"}),
        ("/undo", {"n": "0"}),
        ("/sign-in", {"clerk": "ana"}),
        ("/sign-in", {"clerk": "ana", "pin": "1" * 17}),
    ],
)
def test_a_form_without_its_fields_is_malformed_and_does_nothing(address: str, fields: dict[str, Any]) -> None:
    pages = signed_in()
    pages.counter.accept()
    assert pages.post(address, **fields).status_code == 422
    assert not pages.counter.redemptions
    assert not pages.counter.undone
    assert not pages.counter.looked_at


@pytest.mark.parametrize("address", ["/redeem", "/next", "/look", "/given", "/undo", "/seen", "/sign-out", "/sign-in"])
def test_a_form_from_elsewhere_has_no_token_and_is_refused(address: str) -> None:
    pages = signed_in()
    pages.counter.accept()
    pages.token = ""
    assert pages.post(address, showing=_shows(pages), text="x", n=3, answer="no").status_code == 400
    assert pages.counter.display.state is State.VERDICT
    assert not pages.counter.redemptions
    assert not pages.counter.undone


def test_htmx_on_a_page_older_than_its_session_loads_it_anew() -> None:
    pages = signed_in()
    pages.token = "stale"
    assert pages.post("/redeem", htmx=True, showing="a" * 32).headers["HX-Refresh"] == "true"


def test_a_code_of_two_megabytes_is_refused_with_a_code_to_read_out() -> None:
    pages = signed_in()
    answer = pages.post("/look", text="x" * 2_000_000)
    assert answer.status_code == 413
    assert "payload-too-large" in answer.text
    assert pages.counter.looked_at == []


def test_a_missing_page_says_where_to_go() -> None:
    answer = signed_in().get("/nowhere")
    assert answer.status_code == 404
    assert "Back to the counter" in answer.text


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", ""])
def test_a_name_that_was_rebound_to_this_machine_is_turned_away(host: str) -> None:
    assert Pages().client.get("/sign-in", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8080", "127.0.0.1:80", "[::1]:80", "192.168.1.7", "a.localhost"]
)
def test_own_names_and_addresses_are_served(host: str) -> None:
    assert is_own(host, {"localhost"})


def test_the_content_policy_allows_no_inline_script_or_style() -> None:
    policy = Pages().get("/sign-in").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("state", ["idle", "accept", "refuse", "redeemed", "undone", "given"])
def test_no_page_holds_an_inline_script_or_style(state: str) -> None:
    pages = signed_in()
    _bring(pages.counter, state)
    text = pages.get("/").text
    assert f'data-state="{state}"' in text
    assert not re.search(r"\sstyle=|<style|<script(?![^>]*src=)|\son[a-z]+=|hx-on", text)


def _bring(counter: FakeCounter, state: str) -> None:
    if state == "refuse":
        counter.refuse(Reason.LIMIT_TOTAL, {"limit": 100})
    elif state == "given":
        counter.ask_given()
    elif state != "idle":
        showing = counter.accept()
        if state != "accept":
            counter.redeem(showing.id, "ana")
        if state == "undone":
            counter.undo(412, "ana", "goods back")


def test_what_a_promotion_or_a_code_says_cannot_become_markup() -> None:
    pages = signed_in()
    pages.counter.accept(gives="<img src=x onerror=alert(1)>", steps=["<b>Ring</b> 4711"], say="</q><script>")
    text = pages.get("/").text
    assert "<img src=x" not in text
    assert "<b>Ring</b>" not in text
    assert "<script>" not in text
    assert "<b>4711</b>" in text


def test_the_session_cookie_stays_on_this_site_and_out_of_scripts() -> None:
    cookie = Pages().get("/sign-in?clerk=ana").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


# --- camera, status, health --------------------------------------------------------------------


def test_the_picture_comes_with_its_number_and_the_corners_of_the_code() -> None:
    pages = signed_in()
    pages.watch.moving = True
    answer = pages.get("/camera.jpg?after=1")
    assert answer.mimetype == "image/jpeg"
    assert int(answer.headers["X-Frame"]) > 1
    assert answer.headers["X-Corners"].count(",") == 4
    assert answer.headers["Cache-Control"] == "no-store"


def test_no_newer_picture_is_answered_at_once_with_nothing() -> None:
    assert signed_in().get("/camera.jpg?after=1").status_code == 204


def test_offline_says_since_when_and_how_many_wait_and_that_work_goes_on() -> None:
    pages = signed_in()
    pages.counter.go_offline(hours=2, waiting=17)
    text = pages.get("/").text
    assert "since 17:04" in text
    assert "<b>17</b>" in text
    assert "You can go on." in text


def test_trouble_is_named_in_the_status_line_and_said_in_full() -> None:
    pages = signed_in()
    pages.counter.trouble = ("The disk is full. [journal-disk-full]",)
    text = pages.get("/").text
    assert "<b>Trouble</b>" in text
    assert "journal-disk-full" in text


def test_a_camera_that_fails_says_so_where_its_picture_was() -> None:
    pages = signed_in()
    pages.counter.camera = type(pages.counter.camera)("camera-unplugged", "The camera is gone.", pages.counter.clock.at)
    text = pages.get("/").text
    assert "The camera is gone." in text
    assert "camera-unplugged" in text


def test_a_missing_second_decoder_is_a_quiet_note() -> None:
    pages = signed_in()
    pages.counter.notes = ("libzbar is missing: faint codes may not be read.",)
    assert "bar-note quiet" in pages.get("/").text


def test_the_page_says_what_its_counts_are_based_on() -> None:
    assert "Counts: this counter, and what head office has told it." in signed_in().get("/").text


def test_health_is_told_to_machines_without_a_clerk() -> None:
    assert Pages().get("/healthz").json == {
        "ok": True,
        "version": 4,
        "waiting": 0,
        "online": True,
        "camera": "live",
        "camera_words": "Filming: a test.",
        "frames": 0,
        "read": 0,
    }


def test_every_button_that_acts_is_a_real_form() -> None:
    pages = signed_in()
    pages.counter.accept()
    text = pages.get("/").text
    forms = re.findall(r"<form[^>]*hx-post=\"([^\"]+)\"[^>]*>", text)
    assert forms
    for form in re.findall(r"<form[^>]*hx-post[^>]*>", text):
        assert 'method="post"' in form
        assert re.search(r'action="([^"]+)"', form).group(1) in forms  # type: ignore[union-attr]
