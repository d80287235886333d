"""A counter's pages served over loopback, and browsers that stand before them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from argon2 import PasswordHasher
from playwright.sync_api import Browser, BrowserContext, Page, expect
from waitress import create_server, wasyncore

from kiosk.core.organisation import StaffMember
from kiosk.counter import Counter
from kiosk.serving import THREADS, bind
from kiosk.vision.page_film import PageFilm
from kiosk.vision.watch import Watch
from kiosk.web.app import Floor as WebFloor
from tests.counter_pages import make_app
from tests.counter_world import Floor, open_floor
from tests.fakes_counter import PIN, FakeCounter, FakeWatch

LANDSCAPE = (1280, 800)
PORTRAIT = (800, 1280)
SCREENSHOTS = Path(__file__).parents[1] / ".screenshots"

_LINE_DOWN = ("net::ERR_", "htmx:sendError", "htmx:afterRequest")  # what a browser says of a line that a test has cut

AnyCounter = TypeVar("AnyCounter", FakeCounter, Counter)


class _Plug(wasyncore.dispatcher):  # type: ignore[misc]  # waitress is published without types
    """Ends a server from inside its own loop when its socket is pulled, since no other thread may close under it."""

    def writable(self) -> bool:
        return False

    def handle_read(self) -> None:
        raise SystemExit


class Stage(Generic[AnyCounter]):
    """A counter at work on a port of its own."""

    def __init__(
        self, browser: Browser, counter: AnyCounter, watch: Watch | None = None, film: PageFilm | None = None
    ) -> None:
        self.browser = browser
        self.counter: AnyCounter = counter
        self.watch = FakeWatch()
        self.film = film
        self.filming: Watch | FakeWatch = watch or self.watch
        self.faults: list[str] = []
        self._contexts: list[BrowserContext] = []
        self._socket = bind("127.0.0.1", 0)
        self.port = self._socket.getsockname()[1]
        self._serve()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def streams(self) -> int:
        """How many long connections are open."""
        return len(self._floor.streams)

    @property
    def _floor(self) -> WebFloor:
        floor = self._app.extensions["counterfoil"]
        assert isinstance(floor, WebFloor)
        return floor

    def _serve(self) -> None:
        clock = getattr(self.counter, "clock", None) or getattr(self.counter, "_clock", None)
        self._app = make_app(self.counter, self.filming, clock, self.film)
        self._server = create_server(self._app, sockets=[self._socket], threads=THREADS)
        self._pull, pulled = socket.socketpair()
        _Plug(pulled, self._server._map)
        self._serving = threading.Thread(target=self._server.run, daemon=True)
        self._serving.start()

    def restart(self, counter: AnyCounter) -> None:
        """The program ends, and is started anew on the same port with ``counter``."""
        self.end()
        self.counter = counter
        self._socket = bind("127.0.0.1", self.port)
        self._serve()

    def context(self, size: tuple[int, int] = LANDSCAPE, **more: Any) -> BrowserContext:
        """A browser of its own, with a touch screen."""
        viewport = {"width": size[0], "height": size[1]}
        opened = self.browser.new_context(viewport=viewport, has_touch=True, **more)  # type: ignore[arg-type]
        opened.set_default_timeout(30_000)
        self._contexts.append(opened)
        return opened

    def page(self, context: BrowserContext | None = None) -> Page:
        """A tab, whose faults are collected; it shows nothing yet."""
        page = (context or self.context()).new_page()
        page.on("console", lambda said: self._note(said.type, said.text))
        page.on("pageerror", lambda fault: self.faults.append(str(fault)))
        return page

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not any(word in text for word in _LINE_DOWN):
            self.faults.append(text)

    def sign_in(self, page: Page) -> Page:
        """Ana signs in by touch; the page then shows the counter."""
        page.goto(f"{self.address}/sign-in")
        page.locator('.name[href$="clerk=ana"]').tap()
        for digit in PIN:
            page.get_by_role("button", name=digit, exact=True).tap()
        page.get_by_role("button", name="Sign in").tap()
        expect(page.locator("#ticket")).to_be_attached()
        page.wait_for_load_state("load")  # its scripts have begun
        return page

    def tab(self, context: BrowserContext | None = None) -> Page:
        """A tab that shows the counter to Ana, in a browser of its own unless one is given."""
        context = context or self.context()
        if not context.cookies():
            self._let_in(context)
        page = self.page(context)
        page.goto(self.address)
        return page

    def _let_in(self, context: BrowserContext, clerk: str = "ana") -> None:
        """Ana signs in without a screen, since that takes a second less."""
        form = context.request.get(f"{self.address}/sign-in?clerk={clerk}").text()
        token = form.partition('name="csrf_token" value="')[2].partition('"')[0]
        answer = context.request.post(
            f"{self.address}/sign-in", form={"csrf_token": token, "clerk": clerk, "pin": PIN}, max_redirects=0
        )
        assert answer.status == 303

    def close(self) -> None:
        for context in self._contexts:
            context.close()
        self.end()

    def end(self) -> None:
        """Stop serving as a killed program does: the listening socket and every connection are gone."""
        if not self._serving.is_alive():
            return
        self._floor.streams.end()
        board: Any = getattr(self.counter, "board", None) or getattr(self.counter, "_board", None)
        board.poke()  # so that the streams notice at once
        self._pull.send(b".")
        self._serving.join(timeout=15)
        self._pull.close()
        for channel in list(self._server.active_channels.values()):
            channel.handle_close()  # what was half sent holds an open file
        wasyncore.close_all(self._server._map, ignore_all=True)


@contextmanager
def open_stage(
    browser: Browser, counter: AnyCounter, watch: Watch | None = None, film: PageFilm | None = None
) -> Iterator[Stage[AnyCounter]]:
    """``counter`` on stage; when it is over, no page has had an error or broken the content policy.

    Without a ``watch`` that films, a fake one does; ``film`` takes what the pages film.
    """
    stage = Stage(browser, counter, watch, film)
    try:
        yield stage
    finally:
        stage.close()
    assert not stage.faults, stage.faults


def real_counter(folder: Path) -> Floor:
    """A real counter in ``folder``, where Ana may sign in with the usual PIN."""
    floor = open_floor(folder)
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    staff = (StaffMember(id="ana", name="Ana", role="clerk", pin_hash=cheap.hash(PIN)),)
    floor.catalogue = replace(floor.catalogue, staff=staff)
    floor.counter.catalogue = floor.catalogue
    return floor


def state(page: Page, name: str) -> None:
    """Wait until the ticket is in the state ``name``."""
    expect(page.locator(f'#ticket[data-state="{name}"]')).to_be_attached()


def settled(page: Page) -> None:
    """Wait until nothing fades or moves any more, fonts are there and the camera has a picture."""
    page.evaluate(
        """async () => {
          await document.fonts.ready;
          const picture = document.querySelector("#picture");
          const restless = () => document.querySelector(".htmx-added, .htmx-settling, .htmx-swapping, .htmx-request")
            || document.getAnimations().some((one) => one.playState !== "finished")
            || (picture && (picture.hidden || !picture.complete));
          while (restless()) await new Promise(requestAnimationFrame);
        }"""
    )
