"""Phones with a check-in screen and no code, filmed: through the real reader and a real page, from view to Redeem."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import cv2
from playwright.sync_api import Browser, Page, Playwright, expect

from kiosk.clock import SystemClock
from kiosk.core.fact import Redemption
from kiosk.core.marks import Marks
from kiosk.counter import Counter
from kiosk.vision.camera import open_camera
from kiosk.vision.codes import Decoder
from kiosk.vision.ocr import load_ocr
from kiosk.vision.page_film import PageFilm
from kiosk.vision.picture import Image
from kiosk.vision.screen_watch import ScreenWatch
from kiosk.vision.watch import Watch
from tests.browser.conftest import FAKE_CAMERA, launch
from tests.clips import Hand, clip_of, empty, save_folder, save_mjpeg
from tests.core_world import catalogue
from tests.counter_stage import LANDSCAPE, PORTRAIT, SCREENSHOTS, Stage, open_stage, state
from tests.counter_world import PIE, TACO, Floor
from tests.screen_world import drawn, screen_promotion

REDEEM = "It matches. Redeem"


def phone() -> Image:
    """A phone that shows the check-in of ``tests.screen_world``."""
    return cv2.copyMakeBorder(drawn(), 26, 26, 20, 20, cv2.BORDER_CONSTANT, value=(16, 16, 18)).astype("uint8")


def clip() -> list[Image]:
    """A guest comes, holds the phone up for some seconds under a lamp, and goes."""
    return [*empty(10), *clip_of(phone(), 60, 7, Hand(high=0.92, glare=0.25, turned=6)), *empty(15)]


@contextmanager
def watched(floor: Floor, browser: Browser, camera: str, film: PageFilm | None = None) -> Iterator[Stage[Counter]]:
    """A real counter that reads codes and screens off ``camera``, as a station puts it together."""
    counter = floor.counter
    floor.catalogue = counter.catalogue = replace(catalogue(TACO, PIE, screen_promotion()), staff=floor.catalogue.staff)
    marks = Marks(counter.catalogue.promotions.values())
    screens = ScreenWatch(load_ocr, lambda: marks, counter.screen_in_view)
    pause = film.pause if film else None
    watch = Watch(
        lambda: open_camera(camera, film=film), Decoder(), counter.in_view, SystemClock(), pause=pause, also=screens
    )
    counter.camera_state = lambda: watch.state
    screens.start()
    watch.start()
    try:
        with open_stage(browser, counter, watch, film) as stage:
            yield stage
    finally:
        if film is not None:
            film.end()
        watch.stop()
        screens.stop()
    assert screens.faults == 0


def redemptions(floor: Floor) -> list[Redemption]:
    return [fact for _, _, fact in floor.journal.replay() if isinstance(fact, Redemption)]


def compare_and_redeem(page: Page, floor: Floor, name: str) -> None:
    """What a clerk does: look at the two pictures, touch the filmed one, redeem."""
    page.set_default_timeout(30_000)
    expect(page.locator('#ticket[data-state="check"]')).to_be_attached(timeout=30_000)
    expect(page.get_by_role("heading", name="Compare first")).to_be_visible()
    page.locator(".filmed").tap()
    page.screenshot(path=SCREENSHOTS / f"screen-clip-{name}.png")
    page.get_by_role("button", name=REDEEM).tap()
    state(page, "redeemed")
    (fact,) = redemptions(floor)
    assert (fact.promotion, fact.credential_kind) == ("checkin", "screen")


def test_a_filmed_screen_is_compared_and_redeemed_by_touch(browser: Browser, floor: Floor, tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "clip", clip()[::5])  # a picture is held for some frames
    with watched(floor, browser, str(folder)) as stage:
        compare_and_redeem(stage.tab(stage.context(LANDSCAPE)), floor, "folder")


def test_a_screen_before_the_tablets_camera_is_compared_and_redeemed_by_touch(
    playwright: Playwright, chromium: str, floor: Floor, tmp_path: Path
) -> None:
    played = save_mjpeg(tmp_path / "clip.mjpeg", clip())
    browser = launch(playwright, chromium, FAKE_CAMERA, f"--use-file-for-fake-video-capture={played}")
    try:
        with watched(floor, browser, "browser", PageFilm(SystemClock())) as stage:
            context = stage.context(PORTRAIT, color_scheme="dark")
            context.grant_permissions(["camera"], origin=stage.address)
            page = stage.tab(context)
            page.get_by_role("button", name="Start the camera").tap()
            compare_and_redeem(page, floor, "tablet")
    finally:
        browser.close()


def test_an_old_screen_is_refused_by_itself(browser: Browser, floor: Floor, tmp_path: Path) -> None:
    old = cv2.copyMakeBorder(
        drawn(dates="Valid Oct 3 - Oct 10"), 26, 26, 20, 20, cv2.BORDER_CONSTANT, value=(16, 16, 18)
    )
    folder = save_folder(tmp_path / "clip", clip_of(old.astype("uint8"), 6, 7, Hand(high=0.92)))
    with watched(floor, browser, str(folder)) as stage:
        page = stage.tab(stage.context(LANDSCAPE))
        expect(page.locator("#ticket")).to_contain_text("Oct 3 - Oct 10", timeout=30_000)
        page.screenshot(path=SCREENSHOTS / "screen-clip-old.png")
        expect(page.get_by_role("button", name=REDEEM)).to_have_count(0)
    assert redemptions(floor) == []
