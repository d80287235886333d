"""How the camera's page, its troubles and the hints look at both sizes, light and dark; and that they go again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.vision.condition import Condition, Trouble
from kiosk.vision.hints import Hint
from kiosk.vision.watch import CameraState
from kiosk.web.camera_words import HINTS
from tests.counter_stage import LANDSCAPE, PORTRAIT, SCREENSHOTS, Stage, open_stage, settled, state
from tests.fakes_counter import FRIDAY, FakeCounter

pytestmark = pytest.mark.browser

CLIPPED = """() => [...document.querySelectorAll("main *, .tip, .tip *")]
  .filter((one) => one.checkVisibility() && !one.closest("svg, .unseen") && one.scrollWidth > one.clientWidth + 1
    && getComputedStyle(one).display !== "inline").map((one) => one.className || one.tagName)"""


def troubled(*troubles: Trouble, hint: Hint | None = None) -> CameraState:
    condition = Condition()
    concerns = tuple(condition.concern(one) for one in troubles)
    return CameraState("live", "Filming: /dev/video0.", FRIDAY, 15.0, concerns=concerns, hint=hint)


def black() -> CameraState:
    concern = Condition().concern(Trouble.BLACK)
    return CameraState(concern.code, f"{concern.what}. {concern.cure}", FRIDAY)


@pytest.fixture(params=[(size, dark) for size in (LANDSCAPE, PORTRAIT) for dark in (False, True)],
                ids=["landscape-light", "landscape-dark", "portrait-light", "portrait-dark"])  # fmt: skip
def lit(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[Stage[FakeCounter], Page, str]]:
    size, dark = request.param
    with open_stage(browser, FakeCounter()) as stage:
        page = stage.tab(stage.context(size, color_scheme="dark" if dark else "light"))
        yield stage, page, f"{size[0]}-{'dark' if dark else 'light'}"


def test_the_camera_page_shows_the_picture_and_its_figures_and_follows_them(
    lit: tuple[Stage[FakeCounter], Page, str],
) -> None:
    stage, page, name = lit
    page.goto(f"{stage.address}/camera")
    settled(page)
    expect(page.locator(".figures li.ok")).to_have_count(5)
    page.screenshot(path=SCREENSHOTS / f"camera-{name}.png")
    assert page.evaluate(CLIPPED) == []
    stage.watch.fps = 3.4
    stage.counter.camera = troubled(Trouble.SLOW, Trouble.DIM)
    stage.watch.measure = replace(stage.watch.measure, exposure=22.0, sharpness=8.0)  # type: ignore[type-var]
    expect(page.locator(".figures li.warn")).to_have_count(3)
    settled(page)
    page.screenshot(path=SCREENSHOTS / f"camera-troubled-{name}.png")
    assert page.evaluate(CLIPPED) == []
    stage.counter.camera = black()
    expect(page.locator(".camera-state.bad")).to_contain_text("Open the camera's cover")
    page.screenshot(path=SCREENSHOTS / f"camera-black-page-{name}.png")
    stage.counter.camera = troubled()
    expect(page.locator(".camera-state.bad")).to_have_count(0)


def test_a_hint_stands_in_the_cameras_box_and_goes(lit: tuple[Stage[FakeCounter], Page, str]) -> None:
    stage, page, name = lit
    state(page, "idle")
    for hint in Hint:
        stage.counter.camera = troubled(hint=hint)
        stage.counter.board.poke()
        expect(page.locator(".tip")).to_be_visible()
        expect(page.locator(".tip")).to_contain_text(HINTS[hint][1].split("\n")[0])
        settled(page)
        assert page.evaluate(CLIPPED) == []
        page.screenshot(path=SCREENSHOTS / f"hint-{hint}-{name}.png")
    stage.counter.accept()
    state(page, "accept")
    expect(page.locator(".tip")).to_be_hidden()
    stage.counter.camera = troubled()
    stage.counter.board.poke()
    expect(page.locator(".tip")).to_have_count(0)


def test_a_trouble_is_said_on_the_status_line_and_in_the_cameras_box_and_goes(
    lit: tuple[Stage[FakeCounter], Page, str],
) -> None:
    stage, page, name = lit
    state(page, "idle")
    stage.counter.camera = black()
    stage.counter.board.poke()
    expect(page.locator(".chip.bad")).to_contain_text("Picture black")
    expect(page.locator(".camera-trouble")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / f"counter-black-{name}.png")
    stage.counter.camera = troubled(Trouble.COARSE)
    stage.counter.board.poke()
    expect(page.locator(".chip.warn")).to_contain_text("Picture small")
    expect(page.locator(".camera-trouble")).to_have_count(0)
    settled(page)
    page.screenshot(path=SCREENSHOTS / f"counter-coarse-{name}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")
    stage.counter.camera = troubled()
    stage.counter.board.poke()
    expect(page.locator(".chip.warn")).to_have_count(0)
