"""Screens in the live loop: one warm thread beside the code loop, which it never delays.

Rules of this module:

- It is offered every frame and takes the newest one when it is ready for it; what it does not take is forgotten.
- While a code is in view no screen is read: a code says more. A view in which nothing moves is not read twice.
- With nothing held up it looks at most ``LOOKS_PER_S`` times a second, and less often where looking is dear: people
  who walk by must not keep a core busy. With a phone in view it reads on until all marks agree, or ``ENOUGH`` frames
  have told all they can; then it looks slowly.
- What shows nothing of ours in two frames (a menu on the wall, a chat) is *dull*: as long as it stays where it is and
  looks the same, it is not read again.
- A phone *left* when it was not where it was for ``GONE_S``, or when something else is shown there: a screen that was
  read for certain is glanced at again every ``SLOWLY_S`` while it moves. Then ``on_screen(None)`` is called; a reading
  that says nothing new is not told again.
- When the promotions change all is forgotten, and what is in view is read anew.
- It runs at a lower priority where the system lets a thread have its own (Linux), and so does its engine.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.clock import Clock, SystemClock
from kiosk.core.marks import Marks
from kiosk.core.screen import ScreenResult
from kiosk.errors import SetupError
from kiosk.vision.ocr import Ocr
from kiosk.vision.phone import Points, find_phones, on_small, overlap, rectified
from kiosk.vision.picture import Image
from kiosk.vision.screen_sighting import ScreenSighting
from kiosk.vision.screens import SAME_PLACE, ScreenReader, Showing
from kiosk.vision.sighting import Corners

LOOKS_PER_S = 4.0
IDLE_SHARE = 0.25
ENOUGH = 8
SLOWLY_S = 1.0
PRESENCE_S = 0.4
GONE_S = 1.0
STRANGE_GLANCES = 2
NICE = 10
_MOVED_LEVELS, _MOVED_SHARE = 20, 0.01
_THUMB = (16, 32)
_SAME_PICTURE = 0.4
_DULL_PLACE, _DULL_PICTURE, _MOST_DULL = 0.6, 0.8, 6

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What the screen reader made of the newest frame: where a phone is, and what came of reading it; for hints."""

    corners: Corners | None = None
    legible: float = 0.0
    result: ScreenResult = ScreenResult.NONE


class ScreenWatch:
    """Reads what :meth:`offer` brings and tells ``on_screen``. ``load`` makes the engine, in the reading thread."""

    def __init__(
        self,
        load: Callable[[], Ocr],
        marks: Callable[[], Marks],
        on_screen: Callable[[ScreenSighting | None], None],
        clock: Clock | None = None,
    ) -> None:
        self._load = load
        self._marks = marks
        self.on_screen = on_screen
        self._clock = clock or SystemClock()
        self._fresh = threading.Condition()
        self._newest: Image | None = None
        self._code_in_view = False
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._loading = threading.Lock()
        self._reading = threading.Lock()
        self._reader: ScreenReader | None = None
        self.note = ""
        self.faults = 0
        self.looks = 0
        self.glimpse = Glimpse()

    def offer(self, image: Image, *, code_in_view: bool) -> None:
        """The newest frame (BGR), and whether a code was read in it. Returns at once."""
        with self._fresh:
            self._newest, self._code_in_view = image, code_in_view
            self._fresh.notify_all()

    def start(self) -> None:
        """Begin to read."""
        assert self._thread is None, "a screen watch starts once"
        self._thread = threading.Thread(target=self.run, name="screens", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop after what is being read now."""
        with self._fresh:
            self._stopping = True
            self._fresh.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def run(self) -> None:
        """The loop itself."""
        _be_nice()
        reader = self._reader_loaded()
        if reader is None:
            return
        attention = ScreenAttention(reader, self._tell_safely)
        while not self._stopping:
            image = self._next_image()
            began_s = self._clock.monotonic_s()
            try:
                if image is not None:
                    with self._reading:
                        attention.look(image, began_s)
                elif not self._code_in_view:
                    attention.nothing_filmed(began_s)
            except Exception as fault:  # noqa: BLE001  # whatever one picture does, the next one is read
                self._faulty("Reading a screen failed", fault)
            self.glimpse = attention.glimpse
            self.looks = attention.looks
            self._rest(attention.rest_s(self._clock.monotonic_s() - began_s))

    def read(self, image: Image) -> ScreenSighting | None:
        """What a picture by itself shows, from any thread: a photo. None where no promotion's screen is in it."""
        reader = self._reader_loaded()
        with self._reading:
            sighting = None if reader is None else reader.read(image)
        return None if sighting is None or sighting.reading.result is ScreenResult.NONE else sighting

    def _reader_loaded(self) -> ScreenReader | None:
        """The reader, loaded once; None where the machine has none, which ``note`` then says."""
        with self._loading:
            if self._reader is None and not self.note:
                try:
                    self._reader = ScreenReader(self._load(), self._marks)
                except SetupError as fault:
                    self.note = f"{fault.what}. {fault.cure}"
                except Exception as fault:  # noqa: BLE001  # a native library may fail in any way; codes go on
                    self.note = f"The reader of check-in screens does not start ({type(fault).__name__})."
                    _log.warning("%s", self.note, exc_info=fault)
            return self._reader

    def _next_image(self) -> Image | None:
        """The newest frame that holds no code; None where none came for a while, or it is time to stop."""
        with self._fresh:
            self._fresh.wait_for(
                lambda: self._stopping or (self._newest is not None and not self._code_in_view), GONE_S
            )
            if self._stopping or self._code_in_view:
                return None
            image, self._newest = self._newest, None
            return image

    def _rest(self, seconds: float) -> None:
        with self._fresh:
            self._fresh.wait_for(lambda: self._stopping, seconds)

    def _tell_safely(self, sighting: ScreenSighting | None) -> None:
        try:
            self.on_screen(sighting)
        except Exception as fault:  # noqa: BLE001  # as above
            self._faulty("Telling what a screen shows failed", fault)

    def _faulty(self, what: str, fault: Exception) -> None:
        self.faults += 1
        _log.warning("%s (%s)", what, type(fault).__name__, exc_info=fault)


class ScreenAttention:
    """Which frame is worth reading, and what of it is news. ``tell`` gets each reading that says something new."""

    def __init__(self, reader: ScreenReader, tell: Callable[[ScreenSighting | None], None]) -> None:
        self._reader = reader
        self._tell = tell
        self._view: NDArray[np.int16] | None = None
        self._showing: Showing | None = None
        self._corners: Corners | None = None
        self._thumb: NDArray[np.float32] | None = None
        self._here_s = self._read_s = 0.0
        self._told: Any = None
        self._dear = True
        self._present = False
        self._dull: deque[tuple[Points, NDArray[np.float32]]] = deque(maxlen=_MOST_DULL)
        self._marks = reader.marks
        self._strange = 0
        self._stirred = False
        self.looks = 0
        self.glimpse = Glimpse()

    def nothing_filmed(self, now_s: float) -> None:
        """No frame came for a while: whatever was in view is not seen any more."""
        self._present = False
        self._is_gone(now_s)

    def look(self, image: Image, now_s: float) -> None:
        """Take one frame at ``now_s`` monotonic seconds."""
        if self._reader.marks is not self._marks:
            self._marks = self._reader.marks
            self._dull.clear()
            self._forget()
        moved = self._moved(image)
        self._dear = False
        if self._showing is None:
            if moved:
                self._read(image, now_s)
            return
        if not moved and self._present:
            self._here_s = now_s
        elif not self._present and self._is_gone(now_s):
            return
        if self._is_done(self._showing) or (self._is_slow(self._showing) and now_s - self._read_s < SLOWLY_S):
            if moved:
                self._check_presence(image, now_s)
            self._stirred |= moved
            if self._stirred and self._present and self._is_done(self._showing) and now_s - self._read_s >= SLOWLY_S:
                self._glance_again(image, now_s)
            return
        if moved or not self._is_slow(self._showing):
            self._read(image, now_s)

    def rest_s(self, took_s: float) -> float:
        """How long to leave the view alone after a look that took ``took_s``."""
        if self._showing is None:
            return max(1 / LOOKS_PER_S, took_s / IDLE_SHARE if self._dear else 0.0)
        return PRESENCE_S if self._is_slow(self._showing) or self._is_done(self._showing) else 0.0

    @staticmethod
    def _is_done(showing: Showing) -> bool:
        return showing.is_settled

    @staticmethod
    def _is_slow(showing: Showing) -> bool:
        return showing.frames >= ENOUGH

    def _read(self, image: Image, now_s: float) -> None:
        self._dear, self._read_s = True, now_s
        self.looks += 1
        showing = self._showing or Showing(self._reader)
        lives = showing.lives
        sighting = showing.look(image, self._is_dull)
        if showing.lives != lives and self._told is not None:
            self._told = None
            self._tell(None)
        if sighting is None:
            self.glimpse, self._present = Glimpse(), False
            self._is_gone(now_s)
            return
        self._present = True
        self._showing, self._corners, self._here_s = showing, sighting.corners, now_s
        self._thumb = _thumb(image, sighting.corners)
        reading = sighting.reading
        self.glimpse = Glimpse(sighting.corners, showing.legible, reading.result)
        if reading.result is not ScreenResult.NONE:
            self._tell_news(sighting)
        elif showing.is_hopeless and self._told is None:
            self._dull.append((on_small(sighting.corners, image), self._thumb))
            self._showing = None

    def _is_dull(self, image: Image, corners: Corners) -> bool:
        """Whether what is at ``corners`` was read before, and had nothing of ours."""
        place = on_small(corners, image)
        there = [thumb for where, thumb in self._dull if overlap(place, where) >= _DULL_PLACE]
        if not there:
            return False
        now = _thumb(image, corners)
        return any(_likeness(thumb, now) >= _DULL_PICTURE for thumb in there)

    def _tell_news(self, sighting: ScreenSighting) -> None:
        reading = sighting.reading
        states = tuple(mark.state for mark in reading.marks)
        news = (reading.result, reading.promotion, states, reading.clock, reading.handle, min(reading.frames, 2))
        if news != self._told:
            self._told = news
            self._tell(sighting)

    def _check_presence(self, image: Image, now_s: float) -> None:
        """Whether the phone that was read is still there and still shows the same."""
        assert self._corners is not None
        assert self._thumb is not None
        was = on_small(self._corners, image)
        near = [one for one in find_phones(image) if overlap(on_small(one, image), was) >= SAME_PLACE]
        self._present = any(_likeness(self._thumb, _thumb(image, one)) >= _SAME_PICTURE for one in near)
        if self._present:
            self._here_s, self._corners = now_s, near[0]
        else:
            self._is_gone(now_s)

    def _glance_again(self, image: Image, now_s: float) -> None:
        """Whether the screen that was read for certain is still the one held up: phones are swapped, and scroll."""
        self._dear, self._read_s, self._stirred = True, now_s, False
        glance = self._reader.glance(image, self._corners)
        if glance is None or not glance.is_sure or self._showing is None:
            return
        if self._showing.shows(glance):
            self._strange = 0
            return
        self._strange += 1
        if self._strange >= STRANGE_GLANCES:
            self._leave()

    def _is_gone(self, now_s: float) -> bool:
        """Whether the phone has left by now; told once."""
        if self._showing is None or now_s - self._here_s < GONE_S:
            return False
        self._leave()
        return True

    def _leave(self) -> None:
        told = self._told is not None
        self._forget()
        if told:
            self._tell(None)

    def _forget(self) -> None:
        self._showing = self._corners = self._thumb = self._view = self._told = None
        self._strange, self._present, self.glimpse = 0, False, Glimpse()

    def _moved(self, image: Image) -> bool:
        """Whether the view changed since it was last found changed: one pixel in 400 is looked at."""
        view = image[10::20, 10::20].astype(np.int16)
        if self._view is not None and self._view.shape == view.shape:
            changed = (np.abs(view - self._view) > _MOVED_LEVELS).any(axis=-1)
            if changed.mean() < _MOVED_SHARE:
                return False
        self._view = view
        return True


def _thumb(image: Image, corners: Corners) -> NDArray[np.float32]:
    picture = cv2.cvtColor(rectified(image, corners, 64), cv2.COLOR_BGR2GRAY)
    small = cv2.resize(picture, _THUMB, interpolation=cv2.INTER_AREA).astype(np.float32)
    small -= small.mean()
    return np.asarray(small / (np.linalg.norm(small) + 1e-6), np.float32)


def _likeness(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """The correlation of two thumbnails, either way up."""
    return max(float((one * other).sum()), float((one * other[::-1, ::-1]).sum()))


def _be_nice() -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
