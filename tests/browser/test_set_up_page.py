"""The set-up page in a real Chromium: at both sizes, filming by itself, and on to what comes next without a reload."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Browser, Page, Playwright, expect
from werkzeug.serving import make_server

from kiosk.clock import SystemClock
from kiosk.config import CounterFolder
from kiosk.enrolling import Admitted
from kiosk.errors import ExchangeError
from kiosk.first_start import FirstStart
from kiosk.journal import Journal
from kiosk.vision.codes import Decoder
from kiosk.vision.page_film import PageFilm
from kiosk.vision.watch import Watch
from kiosk.web.set_up import create_set_up_app
from tests.browser.conftest import FAKE_CAMERA, launch
from tests.counter_pages import CHECKOUT
from tests.counter_stage import LANDSCAPE, PORTRAIT, SCREENSHOTS
from tests.counter_world import ENROLMENT
from tests.head_office_pages import _Quiet

pytestmark = pytest.mark.browser

SPILLED = """() => [...document.querySelectorAll("body *")].filter((one) => one.checkVisibility()
  && !one.closest("svg, .unseen") && one.getBoundingClientRect().right > innerWidth + 0.5)
  .map((one) => one.outerHTML)"""


class SetUp:
    """A counter that is not enrolled, with a camera in its page, and a head office that answers as it is told."""

    def __init__(self, folder: Path, journal: Journal) -> None:
        self.answers: list[Exception | None] = []
        self.done = threading.Event()
        clock = SystemClock()
        self.start = FirstStart(CounterFolder(folder), journal, clock, self.enrol, self.done.set)
        self.film = PageFilm(clock)
        seen = lambda sightings: self.start.in_view([one.text for one in sightings])  # noqa: E731
        self.watch = Watch(self.film.camera, Decoder(), seen, clock, pause=self.film.pause)
        self.app = create_set_up_app(
            self.start, templates=CHECKOUT / "templates", static=CHECKOUT / "static", secret_key=b"k" * 32,
            watch=self.watch, film=self.film,
        )  # fmt: skip

    def enrol(self, _url: str, _code: str, key: Ed25519PrivateKey) -> Admitted:
        answer = self.answers.pop(0)
        if answer is not None:
            raise answer
        return Admitted(ENROLMENT, key)


@pytest.fixture
def set_up(tmp_path: Path) -> Iterator[SetUp]:
    with closing(Journal.open(tmp_path / "journal.db")) as journal:
        made = SetUp(tmp_path, journal)
        made.watch.start()
        yield made
        made.film.end()
        made.watch.stop()


@contextmanager
def served(set_up: SetUp) -> Generator[str, None, None]:
    server = make_server("127.0.0.1", 0, set_up.app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.port}"
    finally:
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT], ids=["landscape", "portrait"])
def test_a_wrong_code_is_told_beside_what_was_typed_and_the_right_one_goes_on(
    browser: Browser, set_up: SetUp, size: tuple[int, int]
) -> None:
    set_up.answers = [ExchangeError("enrol-code-wrong", "-"), None]
    with served(set_up) as address:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, has_touch=True)
        page, faults = context.new_page(), list[str]()
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.goto(address)
        expect(page.locator("#progress")).to_contain_text("This counter is new")
        page.get_by_label("One-time code").fill("7K3M-9XTA-4PWD-H2RC")
        page.get_by_label("Head office's address").fill("http://192.168.1.20:8700")
        page.get_by_role("button", name="Enrol with this code").tap()
        expect(page.locator("#progress.bad")).to_contain_text("not right")
        expect(page.get_by_label("One-time code")).to_have_value("7K3M-9XTA-4PWD-H2RC")
        page.evaluate("document.fonts.ready")
        page.screenshot(path=SCREENSHOTS / f"set-up-{size[0]}.png")
        assert page.evaluate(SPILLED) == []
        page.get_by_role("button", name="Enrol with this code").tap()
        expect(page.locator("#progress")).to_contain_text("Enrolled as bayside/counter-1")
        assert set_up.done.is_set()
        assert faults == []
        context.close()


@pytest.fixture
def filming(playwright: Playwright, chromium: str) -> Iterator[Page]:
    """A page in a browser with a camera of its own, which it may use."""
    opened = launch(playwright, chromium, FAKE_CAMERA, "--use-fake-ui-for-media-stream")
    yield opened.new_context(permissions=["camera"]).new_page()
    opened.close()


def test_the_page_films_for_a_counter_that_nobody_can_sign_in_to_yet(filming: Page, set_up: SetUp) -> None:
    with served(set_up) as address:
        filming.goto(address)
        filming.get_by_role("button", name="Start the camera").click()
        expect(filming.locator("#lamp")).to_have_attribute("data-code", "live")
        expect(filming.locator("#film")).to_be_visible()
        assert set_up.watch.stats.frames > 0
