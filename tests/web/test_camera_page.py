"""The page of the camera, its chip on the status line, and the hint: what each says, and to whom."""

from __future__ import annotations

import pytest

from kiosk.vision.condition import Condition, Trouble
from kiosk.vision.hints import Hint
from kiosk.vision.watch import CameraState
from kiosk.web.camera_words import _CHIPS, FIGURES, HINTS, chip
from tests.counter_pages import CHECKOUT, Pages, signed_in
from tests.fakes_counter import FRIDAY, FakeCounter


def filming(*troubles: Trouble, hint: Hint | None = None) -> FakeCounter:
    counter = FakeCounter()
    concerns = tuple(Condition().concern(one) for one in troubles)
    counter.camera = CameraState("live", "Filming: a test.", FRIDAY, 15.0, concerns=concerns, hint=hint)
    return counter


def test_the_camera_page_needs_a_clerk() -> None:
    assert Pages().get("/camera").headers["Location"] == "/sign-in"
    assert Pages().get("/camera", htmx=True).headers["HX-Redirect"] == "/sign-in"


def test_the_page_is_whole_for_a_browser_and_its_figures_for_htmx() -> None:
    pages = signed_in()
    page = pages.get("/camera").text
    assert "</html>" in page
    assert "1280 x 720 pixels" in page
    fragment = pages.get("/camera", htmx=True).text
    assert "<html" not in fragment
    assert "1280 x 720 pixels" in fragment


def test_a_concern_is_told_with_its_cure_on_the_page_and_on_how_it_stands() -> None:
    pages = signed_in(filming(Trouble.SLOW))
    for address in ("/camera", "/status"):
        assert "try another USB port" in pages.get(address).text


def test_a_counter_without_a_camera_says_so() -> None:
    pages = signed_in()
    pages.app.extensions["counterfoil"] = type(pages.app.extensions["counterfoil"])(
        pages.counter, pages.app.extensions["counterfoil"].desk, None, pages.app.extensions["counterfoil"].streams,
        pages.counter.clock,
    )  # fmt: skip
    pages.counter.camera = CameraState("no-camera", "No camera")
    assert "This counter has no camera" in pages.get("/camera").text


def test_how_it_stands_leads_to_the_camera() -> None:
    assert 'href="/camera"' in signed_in().get("/status").text


@pytest.mark.parametrize("hint", Hint)
def test_each_hint_stands_in_the_cameras_box(hint: Hint) -> None:
    text = signed_in(filming(hint=hint)).get("/").text
    assert f"#{HINTS[hint][0]}" in text
    assert HINTS[hint][1] in text


def test_the_icons_of_the_hints_are_drawn() -> None:
    icons = (CHECKOUT / "static/icons.svg").read_text()
    assert all(f'id="{icon}"' in icons for icon, _ in HINTS.values())


def test_without_a_hint_there_is_none() -> None:
    assert 'class="tip"' not in signed_in(filming()).get("/").text


def test_a_trouble_is_a_chip_and_gone_when_it_is_over() -> None:
    pages = signed_in(filming(Trouble.COARSE))
    assert "Picture small" in pages.get("/status", htmx=True).text
    pages.counter.camera = filming().camera
    assert "Picture small" not in pages.get("/status", htmx=True).text


@pytest.mark.parametrize("code", sorted(_CHIPS))
def test_a_camera_that_does_not_film_is_a_chip_of_few_words(code: str) -> None:
    found = chip(CameraState(code, "words"))
    assert found is not None
    assert found.tone == ("warn" if code == "camera-waiting" else "bad")
    assert len(found.words) <= 20


@pytest.mark.parametrize("code", ["live", "ended", "starting", "no-camera"])
def test_no_chip_where_all_is_well(code: str) -> None:
    assert chip(CameraState(code, "words")) is None


def test_every_trouble_and_every_hint_has_its_words() -> None:
    assert {str(trouble) for trouble in Trouble} <= set(_CHIPS)
    assert set(HINTS) == set(Hint)
    assert {"picture", "light", "sharpness", "pace", "reading"} <= set(FIGURES)
