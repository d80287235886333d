"""A camera that is in a page: a tab films with the browser's own camera and posts its pictures here.

Rules of this module:

- One tab films: the first to post, until it lets go or was silent for ``SILENT_AFTER_S``. Others are told so.
- Only the newest picture is kept. One that comes while another is being decoded is dropped unread, and one that
  replaces a picture nobody has taken yet says so (``behind``): the tab then sends fewer.
- Pictures come from a browser, and from whoever else holds a clerk's session: JPEG, ``MAX_FRAME_BYTES``,
  ``MAX_FRAME_PIXELS``, no progressive ones (a small file of that kind can keep a decoder at work for minutes).
- What comes from here fits inside 1280x720, or inside 720x1280 where a tablet stands upright.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from kiosk.clock import Clock
from kiosk.errors import CameraError
from kiosk.vision.frames import Frame
from kiosk.vision.picture import FIT_HEIGHT_PX, FIT_WIDTH_PX, Image, PictureError, decode_whole, fit, picture_size

MAX_FRAME_BYTES = 1024 * 1024
MAX_FRAME_PIXELS = 4_000_000
SILENT_AFTER_S = 3.0
READ_WAIT_S = 0.5


class Taking(StrEnum):
    """What became of a picture that a tab sent."""

    TAKEN = "taken"
    BEHIND = "behind"
    OTHER_PAGE = "other-page"


@dataclass(frozen=True, slots=True)
class _Tab:
    name: str
    heard_s: float


class PageFilm:
    """Where a tab's pictures arrive, for as long as the counter is at work. Safe from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._decoding = threading.Lock()
        self._tab: _Tab | None = None
        self._newest: Frame | None = None
        self._taken = 0
        self._number = 0
        self._ended = False

    # --- for the pages ------------------------------------------------------------------------

    def post(self, tab: str, content: bytes) -> Taking:
        """Take one picture that ``tab`` filmed; raises :class:`PictureError` for what is none."""
        if not self._claim(tab):
            return Taking.OTHER_PAGE
        if not self._decoding.acquire(blocking=False):
            return Taking.BEHIND
        try:
            return self._put(frame_picture(content))
        finally:
            self._decoding.release()

    def let_go(self, tab: str) -> None:
        """``tab`` films no more: it was closed, hidden, or its camera is gone."""
        with self._changed:
            if self._tab is not None and self._tab.name == tab:
                self._tab = None
                self._changed.notify_all()

    def _claim(self, tab: str) -> bool:
        """Whether ``tab`` is the one that films, or is from now on."""
        with self._changed:
            if self._filming() is not None and self._tab is not None and self._tab.name != tab:
                return False
            self._tab = _Tab(tab, self._clock.monotonic_s())
            return True

    def _put(self, image: Image) -> Taking:
        with self._changed:
            behind = self._untaken() is not None
            self._number += 1
            self._newest = Frame(image, self._number, self._clock.monotonic_s())
            self._changed.notify_all()
        return Taking.BEHIND if behind else Taking.TAKEN

    # --- for the loop -------------------------------------------------------------------------

    def camera(self) -> PageCamera:
        """What is filmed here, as a camera."""
        return PageCamera(self)

    def read(self) -> Frame | None:
        """The newest picture if it was not read yet; raises ``camera-waiting`` where no tab films."""
        with self._changed:
            self._changed.wait_for(lambda: self._untaken() is not None or self._filming() is None, READ_WAIT_S)
            frame = self._untaken()
            if frame is not None:
                self._taken = frame.number
                return frame
            if self._filming() is None:
                raise CameraError(
                    "camera-waiting",
                    "No page films for this counter now",
                    cure="Open this page on the device that is to film, and tap Start the camera.",
                )
        return None

    def pause(self, seconds: float) -> bool:
        """Wait ``seconds``, or until a picture comes; whether the counter stops. For :class:`kiosk.vision.watch.Watch`.

        A loop that waited its usual five seconds for a camera would let the first guest stand there.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._untaken() is not None, seconds)
            return self._ended

    def end(self) -> None:
        """The counter stops: nobody need wait any longer."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _untaken(self) -> Frame | None:
        return self._newest if self._newest is not None and self._newest.number > self._taken else None

    def _filming(self) -> _Tab | None:
        """The tab that films, unless it has gone quiet."""
        if self._tab is None or self._clock.monotonic_s() - self._tab.heard_s > SILENT_AFTER_S:
            return None
        return self._tab


class PageCamera:
    """A :class:`PageFilm` as the loop reads it."""

    words = "a page of this counter"
    note = ""
    ended = False

    def __init__(self, film: PageFilm) -> None:
        self._film = film

    def read(self) -> Frame | None:
        return self._film.read()

    def close(self) -> None:
        """The camera is the page's own: there is nothing to let go of."""


def frame_picture(content: bytes) -> Image:
    """The picture in one posted JPEG file, fitted; raises :class:`PictureError`."""
    if not content.startswith(b"\xff\xd8"):
        raise PictureError("is no JPEG")
    if _is_progressive(content):
        raise PictureError("is a progressive JPEG")
    width, height = picture_size(content)
    if width * height > MAX_FRAME_PIXELS:
        raise PictureError(f"claims to be {width} x {height} pixels")
    return fit_either_way(decode_whole(content))


def fit_either_way(image: Image) -> Image:
    """``image`` shrunk to fit inside 1280x720, an upright one inside 720x1280: turned, fitted, turned back."""
    height, width = image.shape[:2]
    if height <= width or (width <= FIT_HEIGHT_PX and height <= FIT_WIDTH_PX):
        return fit(image) if height <= width else image
    lying = np.asarray(cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE), np.uint8)
    return np.asarray(cv2.rotate(fit(lying), cv2.ROTATE_90_COUNTERCLOCKWISE), np.uint8)


def _is_progressive(content: bytes) -> bool:
    """Whether a marker of any frame but a baseline or extended sequential one stands anywhere in the file.

    Inside coded pixels an FF is followed by a zero, so that such a pair is a marker, or lies in a comment.
    """
    return any(bytes((0xFF, kind)) in content for kind in (0xC2, 0xC6, 0xCA, 0xCE))
