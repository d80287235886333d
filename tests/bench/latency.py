"""From the first frame that shows a code to the verdict on the page: latency [--rounds N]

A real counter with a real journal serves a real page in Chromium; its camera is handed frames of 1280 x 720 at 15 a
second: some empty ones, then a phone that holds a QR code, then empty ones again until the next round. ``total_ms`` is
from the moment the first frame with the code was handed over until the page's ticket has changed; ``share`` tells how
much of its median each step takes: reading the frame, deciding, and the page (the event, the swap, a frame drawn).
Needs Chromium, named by COUNTERFOIL_CHROMIUM or found on the machine.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

from kiosk.clock import SystemClock
from kiosk.core.marks import Marks
from kiosk.display import State
from kiosk.vision.codes import Decoder
from kiosk.vision.frames import Frame, Pace
from kiosk.vision.ocr import load_ocr
from kiosk.vision.picture import Image
from kiosk.vision.screen_watch import ScreenWatch
from kiosk.vision.watch import Watch
from tests.bench.idle import FPS, scene
from tests.counter_stage import open_stage, real_counter
from tests.unit.vision.made import code
from tests.unit.vision.made_screens import held_up

CODE = "TACO-7F3K-9HXM"
EMPTY_S = 1.2  # longer than a code is remembered as in view
WAIT_S = 10.0
FOLLOW = """() => {
  window.turns = [];
  const look = () => document.querySelector("#ticket")?.dataset.state;
  let last = look();
  new MutationObserver(() => {
    const now = look();
    if (now && now !== last) {
      last = now;
      requestAnimationFrame(() => window.turns.push([now, performance.timeOrigin + performance.now()]));
    }
  }).observe(document.body, {childList: true, subtree: true, attributes: true});
}"""


def measure(arguments: Sequence[str]) -> dict[str, Any]:
    """The bench as a command."""
    parser = argparse.ArgumentParser(prog="bench latency", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=40, metavar="N")
    rounds = parser.parse_args(arguments).rounds
    chromium = os.environ.get("COUNTERFOIL_CHROMIUM") or shutil.which("chromium") or "chromium"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        steps = list(measured(browser, Path(folder), rounds))
        browser.close()
    return figures(steps)


class Shown:
    """A camera that is empty until :meth:`show`, and remembers when it first handed a frame with the code over."""

    words, note, ended = "frames of a bench", "", False

    def __init__(self) -> None:
        self._empty = scene(moving=False)
        self._phone = phone()
        self._pace = Pace(FPS, SystemClock())
        self._given = 0
        self._left = 0
        self.first_at_s: float | None = None

    def show(self, frames: int) -> None:
        self.first_at_s, self._left = None, frames

    def read(self) -> Frame | None:
        at_s = self._pace.wait()
        self._given += 1
        image = self._empty[self._given % len(self._empty)]
        if self._left:
            self._left -= 1
            image = self._phone
            if self.first_at_s is None:
                self.first_at_s = time.time()
        return Frame(image, self._given, at_s)

    def close(self) -> None:
        pass


def phone() -> Image:
    """A phone with a QR code of 14 characters on its screen, held up a little askew."""
    shown = np.full((720, 360, 3), 250, np.uint8)
    drawn = code(CODE, scale=8)
    drawn = drawn[: min(drawn.shape[0], 340), : min(drawn.shape[1], 340)]
    top, left = (720 - drawn.shape[0]) // 2, (360 - drawn.shape[1]) // 2
    shown[top : top + drawn.shape[0], left : left + drawn.shape[1]] = drawn
    return held_up(shown, angle=7)[0]


def measured(browser: Any, folder: Path, rounds: int) -> Iterator[dict[str, float]]:
    """The steps of each round, in milliseconds."""
    floor = real_counter(folder)
    counter, camera, marks = floor.counter, Shown(), Marks([])
    read_at_s: list[float] = []

    def in_view(seen: Any) -> None:
        if seen:
            read_at_s.append(time.time())
        counter.in_view(seen)

    screens = ScreenWatch(load_ocr, lambda: marks, counter.screen_in_view)
    watch = Watch(lambda: camera, Decoder(), in_view, also=screens)
    counter.camera_state = lambda: watch.state
    with open_stage(browser, counter) as stage:
        page = stage.sign_in(stage.page())
        page.evaluate(FOLLOW)
        screens.start()
        watch.start()
        for _ in range(rounds):
            decided_at_s = _decided(counter, camera, read_at_s)
            yield _steps(page, camera, read_at_s, decided_at_s)
            showing = counter.display.showing
            assert showing is not None
            counter.next(showing.id)
            page.wait_for_timeout(1000 * EMPTY_S)
            floor.clock.move(10)  # it stands still otherwise: the code was taken away, and is new when shown again
        watch.stop()
        screens.stop()
    floor.journal.close()


def _decided(counter: Any, camera: Shown, read_at_s: list[float]) -> float:
    """Show the code and wait for the verdict; when it was there."""
    version = counter.display.version
    read_at_s.clear()
    turned: list[float] = []

    def wait() -> None:
        until_s = time.time() + WAIT_S
        while time.time() < until_s and counter.display.state is not State.VERDICT:
            counter.wait(version, 0.5)
        turned.append(time.time())

    waiting = threading.Thread(target=wait)
    waiting.start()
    camera.show(8)
    waiting.join()
    return turned[0]


def _steps(page: Page, camera: Shown, read_at_s: Sequence[float], decided_at_s: float) -> dict[str, float]:
    page.wait_for_function("() => window.turns.some(([state]) => state !== 'idle')")
    shown_at_s = page.evaluate("() => window.turns.splice(0).filter(([state]) => state !== 'idle')[0][1]") / 1000
    began_s = camera.first_at_s
    assert began_s is not None
    return {
        "read": 1000 * (read_at_s[0] - began_s),
        "decide": 1000 * (decided_at_s - read_at_s[0]),
        "page": 1000 * (shown_at_s - decided_at_s),
        "total": 1000 * (shown_at_s - began_s),
    }


def figures(steps: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Median and p95 of each step, and the steps' shares of the whole."""
    of = {name: [one[name] for one in steps] for name in ("read", "decide", "page", "total")}
    whole = float(np.median(of["total"]))
    return {
        "rounds": len(steps),
        **{f"{name}_ms": {"median": _at(50, ms), "p95": _at(95, ms)} for name, ms in of.items()},
        "share": {name: round(float(np.median(of[name])) / whole, 3) for name in ("read", "decide", "page")},
    }


def _at(percent: float, values: Sequence[float]) -> float:
    return round(float(np.percentile(values, percent)), 1)
