"""Clips played through a real page, from phone in view to Redeem by touch: the browser's camera, the counter's own."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from kiosk.clock import SystemClock
from kiosk.counter import Counter
from kiosk.vision.camera import open_camera
from kiosk.vision.codes import Decoder
from kiosk.vision.page_film import PageFilm
from kiosk.vision.picture import decode_picture
from kiosk.vision.watch import Watch
from tests.browser.conftest import FAKE_CAMERA, launch
from tests.clips import Hand, clip_of, empty, phone_with, save_folder, save_mjpeg, save_video
from tests.counter_stage import LANDSCAPE, PORTRAIT, SCREENSHOTS, Stage, open_stage, state
from tests.counter_world import Floor

pytestmark = pytest.mark.browser

CODE = "TACO-7F3K-9HXM"


@pytest.fixture(scope="session")
def clip_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A guest comes, holds a phone up for three seconds under a lamp, and goes."""
    clip = [*empty(10), *clip_of(phone_with(CODE), 45, 5, Hand(glare=0.4)), *empty(15)]
    return save_mjpeg(tmp_path_factory.mktemp("clip") / "clip.mjpeg", clip)


@pytest.fixture(scope="session")
def filming_browser(playwright: Playwright, chromium: str, clip_file: Path) -> Iterator[Browser]:
    """A Chromium whose camera plays the clip."""
    opened = launch(playwright, chromium, FAKE_CAMERA, f"--use-file-for-fake-video-capture={clip_file}")
    yield opened
    opened.close()


@contextmanager
def watched(floor: Floor, browser: Browser, film: PageFilm | None, camera: str) -> Iterator[Stage[Counter]]:
    """A real counter whose loop films ``camera``."""
    counter = floor.counter
    pause = film.pause if film else None
    watch = Watch(lambda: open_camera(camera, film=film), Decoder(), counter.in_view, SystemClock(), pause=pause)
    counter.camera_state = lambda: watch.state
    watch.start()
    try:
        with open_stage(browser, counter, watch, film) as stage:
            yield stage
    finally:
        if film is not None:
            film.end()
        watch.stop()


@pytest.fixture
def stage(filming_browser: Browser, floor: Floor) -> Iterator[Stage[Counter]]:
    """A counter whose pages film."""
    with watched(floor, filming_browser, PageFilm(SystemClock()), "browser") as opened:
        yield opened


def redeemed(floor: Floor) -> int:
    return sum(type(fact).__name__ == "Redemption" for _, _, fact in floor.journal.replay())


def allowed(stage: Stage[Counter], size: tuple[int, int] = LANDSCAPE) -> BrowserContext:
    """A browser whose person lets the counter's page film."""
    context = stage.context(size, color_scheme="light" if size == LANDSCAPE else "dark")
    context.grant_permissions(["camera"], origin=stage.address)
    return context


def begin(page: Page) -> None:
    page.get_by_role("button", name="Start the camera").tap()
    expect(page.locator("#film")).to_be_visible()


def photograph(page: Page, name: str) -> None:
    page.screenshot(path=SCREENSHOTS / f"film-{name}.png")


# --- the page films --------------------------------------------------------------------------


@pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT], ids=["landscape", "portrait"])
def test_a_phone_before_the_tablets_camera_is_redeemed_by_touch(
    stage: Stage[Counter], floor: Floor, size: tuple[int, int]
) -> None:
    page = stage.tab(allowed(stage, size))
    expect(page.get_by_role("button", name="Start the camera")).to_be_visible()
    photograph(page, f"ask-{size[0]}")
    assert page.evaluate("document.querySelector('.who').getBoundingClientRect().right <= innerWidth")
    begin(page)
    state(page, "accept")
    photograph(page, f"accept-{size[0]}")
    page.get_by_role("button", name="Redeem").tap()
    state(page, "redeemed")
    assert redeemed(floor) == 1


def test_a_page_that_was_allowed_to_film_films_by_itself_from_then_on(stage: Stage[Counter]) -> None:
    page = stage.tab(allowed(stage))
    begin(page)
    page.reload()
    expect(page.locator("#film")).to_be_visible()
    expect(page.locator(".pill")).to_contain_text("Live")


def test_what_is_filmed_here_is_outlined_and_not_fetched_again(stage: Stage[Counter]) -> None:
    page = stage.tab(allowed(stage))
    begin(page)
    expect(page.locator("#outline path")).to_have_attribute("d", re.compile("^M"))
    expect(page.locator("#picture")).to_be_hidden()
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url.partition("?")[0].rpartition("/")[2]))
    while fetched.count("frame") < 30:
        with page.expect_response("**/frame"):
            pass
    assert "camera.jpg" not in fetched


def test_another_tab_sees_what_the_first_films_and_takes_over_when_it_is_closed(stage: Stage[Counter]) -> None:
    context = allowed(stage)
    first = stage.tab(context)
    begin(first)
    expect(first.locator(".pill")).to_contain_text("Live")
    second = stage.tab(context)
    expect(second.locator("#picture")).to_be_visible()
    expect(second.locator("#film")).to_be_hidden()
    expect(second.get_by_role("button", name="Start the camera")).to_be_hidden()
    first.close()
    expect(second.locator("#film")).to_be_visible()
    expect(second.locator(".pill")).to_contain_text("Live")


def test_without_the_permission_the_page_says_what_to_do_and_typing_works(stage: Stage[Counter]) -> None:
    page = stage.tab()
    page.get_by_role("button", name="Start the camera").tap()
    expect(page.get_by_text("This browser may not use the camera.")).to_be_visible()
    expect(page.get_by_text("camera-denied")).to_be_visible()
    photograph(page, "denied")
    page.get_by_label("Word or code").fill(CODE)
    page.keyboard.press("Enter")
    state(page, "accept")


def test_a_permission_given_later_is_enough(stage: Stage[Counter]) -> None:
    context = stage.context()
    page = stage.tab(context)
    page.get_by_role("button", name="Start the camera").tap()
    expect(page.get_by_text("camera-denied")).to_be_visible()
    context.grant_permissions(["camera"], origin=stage.address)
    page.get_by_role("button", name="Try again").tap()
    expect(page.locator("#film")).to_be_visible()


def test_a_device_without_a_camera_says_so(browser: Browser, floor: Floor) -> None:
    with watched(floor, browser, PageFilm(SystemClock()), "browser") as stage:
        page = stage.tab(allowed(stage, PORTRAIT))
        page.get_by_role("button", name="Start the camera").tap()
        expect(page.get_by_text("There is no camera in this device.")).to_be_visible()
        photograph(page, "missing")


def test_a_camera_that_another_program_uses_is_said_and_taken_up_by_itself(stage: Stage[Counter]) -> None:
    context = allowed(stage)
    context.add_init_script(
        "const before = MediaDevices.prototype.getUserMedia; window.taken = true;"
        "MediaDevices.prototype.getUserMedia = function (wanted) { return window.taken"
        " ? Promise.reject(new DOMException('taken', 'NotReadableError')) : before.call(this, wanted); };"
        "localStorage.setItem('film', 'on');"
    )
    page = stage.tab(context)
    expect(page.get_by_text("Another program uses the camera.")).to_be_visible()
    page.evaluate("() => { window.taken = false; }")
    expect(page.locator("#film")).to_be_visible()


def test_the_other_camera_of_a_device_is_one_tap_away_and_remembered(
    playwright: Playwright, chromium: str, floor: Floor
) -> None:
    two_cameras = launch(playwright, chromium, f"{FAKE_CAMERA}=device-count=2")
    device = "document.querySelector('#film').srcObject?.getVideoTracks()[0].getSettings().deviceId"
    with contextlib.closing(two_cameras), watched(floor, two_cameras, PageFilm(SystemClock()), "browser") as stage:
        page = stage.tab(allowed(stage))
        begin(page)
        first = page.evaluate(device)
        page.get_by_role("button", name="Other camera").tap()
        expect(page.get_by_role("button", name="Other camera")).to_be_visible()
        page.reload()
        expect(page.locator("#film")).to_be_visible()
        assert page.evaluate(device) != first


def test_an_address_at_which_no_page_may_film_says_where_one_may(stage: Stage[Counter]) -> None:
    context = allowed(stage)
    context.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    page = stage.tab(context)
    expect(page.get_by_text(f"http://localhost:{stage.port}/")).to_be_visible()
    photograph(page, "insecure")


def test_a_page_whose_clerk_has_signed_out_films_no_more(stage: Stage[Counter]) -> None:
    page = stage.tab(allowed(stage))
    begin(page)
    page.locator(".who summary").tap()
    page.get_by_role("button", name="Sign out").tap()
    expect(page.locator("#pad")).to_be_visible()
    other = stage.tab(allowed(stage))
    begin(other)
    expect(other.locator(".pill")).to_contain_text("Live")


def test_a_hidden_tab_lets_go_of_the_camera_and_takes_it_up_when_it_is_seen_again(stage: Stage[Counter]) -> None:
    page = stage.tab(allowed(stage))
    begin(page)
    expect(page.locator(".pill")).to_contain_text("Live")
    turn = (
        "(to) => { Object.defineProperty(document, 'visibilityState', { value: to, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); }"
    )
    page.evaluate(turn, "hidden")
    expect(page.locator("#film")).to_be_hidden()
    expect(page.locator(".pill")).to_contain_text("No picture")
    page.evaluate(turn, "visible")
    expect(page.locator("#film")).to_be_visible()
    expect(page.locator(".pill")).to_contain_text("Live")


def test_a_camera_that_is_taken_away_is_said_and_taken_up_again(stage: Stage[Counter]) -> None:
    page = stage.tab(allowed(stage))
    begin(page)
    page.evaluate(
        "() => { const [track] = document.querySelector('#film').srcObject.getVideoTracks();"
        " track.stop(); track.dispatchEvent(new Event('ended')); }"
    )
    expect(page.get_by_text("The camera gives no more pictures.")).to_be_visible()
    photograph(page, "gone")
    expect(page.locator("#film")).to_be_visible()


def test_a_camera_that_faces_the_guest_is_shown_as_a_mirror_and_sent_as_it_is(stage: Stage[Counter]) -> None:
    context = allowed(stage)
    context.add_init_script(
        "const before = MediaStreamTrack.prototype.getSettings;"
        "MediaStreamTrack.prototype.getSettings = function () { return { ...before.call(this), facingMode: 'user' }; };"
    )
    page = stage.tab(context)
    begin(page)
    expect(page.locator("#camera")).to_have_attribute("data-mirrored", "")
    assert page.locator("#film").evaluate("(one) => getComputedStyle(one).transform") == "matrix(-1, 0, 0, 1, 0, 0)"
    state(page, "accept")
    filmed = stage.filming.latest_jpeg()
    assert filmed is not None
    for seen in Decoder().read(decode_picture(filmed[1])):  # in a mirror its top left corner is at the right
        assert seen.corners[0][0] < seen.corners[2][0]


@pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT], ids=["landscape", "portrait"])
def test_photo_pages_fit_their_screen(browser: Browser, floor: Floor, tmp_path: Path, size: tuple[int, int]) -> None:
    (photo,) = save_folder(tmp_path / "photo", empty(1)).iterdir()
    with open_stage(browser, floor.counter) as stage:
        page = stage.tab(stage.context(size, color_scheme="light" if size == LANDSCAPE else "dark"))
        page.goto(f"{stage.address}/look")
        photograph(page, f"look-{size[0]}")
        page.goto(f"{stage.address}/photo")
        photograph(page, f"photo-{size[0]}")
        page.locator("[type=file]").set_input_files(photo)
        expect(page.get_by_text("No code found in this photo.")).to_be_visible()
        photograph(page, f"photo-without-code-{size[0]}")
        shown = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        assert shown == list(size)
        for target in page.locator("#bar .button, [type=file]").all():
            box = target.bounding_box()
            assert box is not None
            assert box["height"] >= 72


# --- the counter's own camera ----------------------------------------------------------------


@pytest.mark.parametrize("kept_as", ["video", "folder"])
def test_a_phone_in_a_file_that_the_counter_films_is_redeemed_by_touch(
    browser: Browser, floor: Floor, tmp_path: Path, kept_as: str
) -> None:
    clip = [*empty(5), *clip_of(phone_with(CODE), 30, 9)]
    kept = save_video(tmp_path / "clip.avi", clip) if kept_as == "video" else save_folder(tmp_path / "clip", clip[::5])
    with watched(floor, browser, None, str(kept)) as stage:
        page = stage.tab()
        state(page, "accept")
        page.get_by_role("button", name="Redeem").tap()
        state(page, "redeemed")
        assert redeemed(floor) == 1


# --- a photo from a file ---------------------------------------------------------------------


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without"])
def test_a_photo_chosen_from_a_file_is_redeemed_by_touch(
    browser: Browser, floor: Floor, tmp_path: Path, script: bool
) -> None:
    (photo,) = save_folder(tmp_path / "photo", clip_of(phone_with(CODE), 1, 3)).iterdir()
    with open_stage(browser, floor.counter) as stage:
        page = stage.tab(stage.context(java_script_enabled=script))
        page.goto(f"{stage.address}/look")
        page.get_by_role("link", name="Read a photo").tap()
        page.locator("[type=file]").set_input_files(photo)
        if not script:
            page.get_by_role("button", name="Read it").tap()
        state(page, "accept")
        page.get_by_role("button", name="Redeem").tap()
        state(page, "redeemed")
    assert redeemed(floor) == 1
