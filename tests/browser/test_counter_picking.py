"""Several codes before a real counter: the clerk's finger in the live picture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.attention import TOGETHER_S
from kiosk.counter import Counter
from kiosk.vision.hints import Hint
from kiosk.vision.picture import Image
from kiosk.vision.props import SceneItem
from kiosk.vision.scene import Tabletop
from kiosk.vision.sighting import Corners, Sighting
from kiosk.vision.watch import CameraState
from tests.counter_stage import LANDSCAPE, PORTRAIT, SCREENSHOTS, Stage, open_stage, settled, state
from tests.counter_world import Floor
from tests.unit.vision.made import code as drawn_code

TACO, PIE, MENU = "TACO-7F3K-9HXM", "LIMEPIE", "https://example.org/menu"
HOSTILE = "\u202e<script>document.title='had'</script><img src=//evil.example/x onerror=alert(1)>" + "\u0301" * 500

Placed = tuple[str, int, int]


@pytest.fixture
def stage(browser: Browser, floor: Floor) -> Iterator[Stage[Counter]]:
    floor.counter.camera_state = lambda: CameraState("live", "Filming: a test.", floor.clock.now())
    with open_stage(browser, floor.counter) as opened:
        yield opened


def show(stage: Stage[Counter], floor: Floor, *codes: Placed, scale: int = 7) -> None:
    """The camera films ``codes``, each with its left upper corner, until the counter has made up its mind."""
    picture = Tabletop([SceneItem(text="nobody")]).frame(0, 0.0, 3.0).copy()
    outlines = [(text, _draw(picture, text, left, top, scale)) for text, left, top in codes]
    stage.watch.film(picture, outlines)
    sightings = [Sighting(text, "QRCode", corners, "zxing") for text, corners in outlines]
    for _ in range(3):
        floor.counter.in_view(sightings)
        floor.clock.move(TOGETHER_S)


def _draw(picture: Image, text: str, left: int, top: int, scale: int) -> Corners:
    edge = 40 - 4 * scale  # of the white margin four modules stay
    drawn = drawn_code(text.encode(), scale=scale)[edge:-edge, edge:-edge]
    height, width = drawn.shape[:2]
    picture[top : top + height, left : left + width] = drawn
    edges = np.array([[left, top], [left + width, top], [left + width, top + height], [left, top + height]], float)
    a, b, c, d = (tuple(corner) for corner in edges / (picture.shape[1], picture.shape[0]))
    return a, b, c, d


def photograph(page: Page, name: str) -> None:
    settled(page)
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"picking-{name}.png")


BESIDE = ((TACO, 420, 240), (PIE, 760, 300))
FAR_APART = ((TACO, 30, 60), (PIE, 1000, 440))


def _expect_buttons_over_their_codes(page: Page, codes: tuple[Placed, ...]) -> None:
    """Each button is in the box, over its code in the picture as it lies, and the picture shows all of it."""
    expect(page.locator("#choice .pick.placed")).to_have_count(len(codes))
    camera = page.locator("#camera").bounding_box()
    picture = page.locator("#picture").bounding_box()
    assert camera is not None
    assert picture is not None
    buttons = [page.locator("#choice .pick").nth(i).bounding_box() for i in range(len(codes))]
    scale = max(picture["width"] / 1280, picture["height"] / 720)
    left = picture["x"] + (picture["width"] - 1280 * scale) / 2
    top = picture["y"] + (picture["height"] - 720 * scale) / 2
    for button, (_, x, y) in zip(buttons, codes, strict=True):
        assert button is not None
        assert min(button["width"], button["height"]) >= 64
        assert camera["x"] <= button["x"] <= button["x"] + button["width"] <= camera["x"] + camera["width"]
        assert camera["y"] <= button["y"] <= button["y"] + button["height"] <= camera["y"] + camera["height"]
        corner = (left + x * scale, top + y * scale)
        assert button["x"] - 1 <= corner[0] <= button["x"] + button["width"]
        assert button["y"] - 1 <= corner[1] <= button["y"] + button["height"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT])
@pytest.mark.parametrize("codes", [BESIDE, FAR_APART])
def test_each_code_has_its_button_in_the_picture_and_a_tap_answers_it(
    stage: Stage[Counter], floor: Floor, codes: tuple[Placed, ...], size: tuple[int, int], scheme: str
) -> None:
    page = stage.tab(stage.context(size, color_scheme=scheme))
    show(stage, floor, *codes)
    expect(page.get_by_text("Two codes.\nTap the one to use.")).to_be_visible()
    expect(page.get_by_role("heading", name="Two codes")).to_be_visible()
    _expect_buttons_over_their_codes(page, codes)
    name = f"{'beside' if codes is BESIDE else 'apart'}-{size[0]}-{scheme}"
    photograph(page, name)
    page.get_by_role("button", name="Use code 2: Pie").tap()
    state(page, "accept")
    expect(page.locator(".gives")).to_have_text("Pie, free")
    show(stage, floor, *codes)
    expect(page.get_by_role("button", name="Use code 1")).to_be_visible()
    expect(page.get_by_text("One more code.\nTap it to use it instead.")).to_be_visible()
    photograph(page, f"{name}-picked")
    showing = floor.counter.display.showing
    assert showing is not None
    assert showing.text == PIE


@pytest.mark.parametrize("size", [(1024, 768), (1920, 1080), (1080, 1920)])
@pytest.mark.parametrize("codes", [BESIDE, FAR_APART])
def test_on_other_screens_the_buttons_lie_over_their_codes_too(
    stage: Stage[Counter], floor: Floor, codes: tuple[Placed, ...], size: tuple[int, int]
) -> None:
    page = stage.tab(stage.context(size))
    show(stage, floor, *codes)
    _expect_buttons_over_their_codes(page, codes)


def test_the_pick_is_reached_and_made_with_the_keyboard(stage: Stage[Counter], floor: Floor) -> None:
    page = stage.tab()
    show(stage, floor, *BESIDE)
    page.get_by_role("button", name="Use code 1").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Use code 2")).to_be_focused()
    page.keyboard.press("Enter")
    state(page, "accept")


def test_codes_that_lie_close_have_buttons_that_do_not_cover_each_other(stage: Stage[Counter], floor: Floor) -> None:
    page = stage.tab()
    show(stage, floor, (TACO, 600, 300), (PIE, 660, 310), scale=2)
    expect(page.locator("#choice .pick.placed")).to_have_count(2)
    one, other = (page.locator("#choice .pick").nth(i).bounding_box() for i in range(2))
    assert one is not None
    assert other is not None
    assert one["x"] + one["width"] <= other["x"] + 0.5
    photograph(page, "close")


def test_when_the_codes_are_taken_away_the_picture_and_the_words_are_as_before(
    stage: Stage[Counter], floor: Floor
) -> None:
    page = stage.tab()
    settled(page)
    before = page.locator("#picture").bounding_box()
    show(stage, floor, *FAR_APART)
    expect(page.locator("#choice .pick.placed")).to_have_count(2)
    assert page.locator("#picture").bounding_box() != before
    floor.clock.move(3)
    show(stage, floor)
    expect(page.locator("#choice .pick")).to_have_count(0)
    expect(page.get_by_role("heading", name="Ready")).to_be_visible()
    expect(page.get_by_text("Hold the phone here")).to_be_visible()
    page.wait_for_function("document.querySelector('#picture').style.width === ''")
    assert page.locator("#picture").bounding_box() == before


def test_a_hint_to_the_customer_makes_way_for_the_question(stage: Stage[Counter], floor: Floor) -> None:
    now = floor.clock.now()
    floor.counter.camera_state = lambda: CameraState("live", "Filming: a test.", now, hint=next(iter(Hint)))
    page = stage.tab()
    expect(page.locator(".tip")).to_be_visible()
    show(stage, floor, *BESIDE)
    expect(page.get_by_text("Two codes.\nTap the one to use.")).to_be_visible()
    expect(page.locator(".tip")).to_be_hidden()


def test_the_question_is_asked_on_every_tab_and_answered_for_all(stage: Stage[Counter], floor: Floor) -> None:
    one, other = stage.tab(), stage.tab()
    show(stage, floor, *BESIDE)
    expect(other.locator("#choice .pick")).to_have_count(2)
    one.get_by_role("button", name="Use code 1").tap()
    state(other, "accept")


def test_a_code_that_holds_script_and_overrides_is_shown_inert_and_never_fetched(
    stage: Stage[Counter], floor: Floor
) -> None:
    page = stage.tab()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    show(stage, floor, (HOSTILE, 200, 150), (MENU, 860, 200), scale=3)
    expect(page.locator("#choice .pick")).to_have_count(2)
    photograph(page, "hostile")
    page.get_by_role("button", name="Use code 1").tap()
    state(page, "refuse")
    expect(page.locator("#stub")).to_contain_text("·<script>doc…")
    settled(page)
    photograph(page, "hostile-refused")
    assert page.title().startswith("Counter")
    assert page.locator("#ticket script, #ticket img, #choice script, #choice img").count() == 0
    shown = page.evaluate("document.body.innerText")
    assert not set(shown) & set("\u202e\u202d\u2066\u2067\u2068\u2069\u200b")
    assert "\u0301\u0301\u0301" not in shown
    assert page.locator("a[href*='evil'], a[href*='example.org']").count() == 0
    assert all(url.startswith((stage.address, "blob:")) for url in asked), asked
