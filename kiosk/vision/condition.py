"""How the picture of the camera is, and what is wrong with it: light, sharpness, size, pace.

Rules of this module:

- Measured ``MEASURES_PER_S`` times a second on a picture thinned to a quarter, whatever comes in between; only
  whether a picture is the one before is asked of each, on a few of its rows.
- What is wrong is said after it lasted, and unsaid after it was gone for a while: see ``_LASTS_S``.
- A picture from a file or a drawn scene may stand still, be small or slow: those three are said of a device only.
- With a *blinding* trouble nothing can be read at all; any other is a concern beside a picture that is filmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from kiosk.errors import CameraError
from kiosk.vision.frames import Frame
from kiosk.vision.picture import Grey, Image

MEASURES_PER_S = 5
BLACK_MEAN = 16  # a covered lens gives noise of up to 10 levels
BLACK_BRIGHTEST = 40  # a phone in a dark room is brighter than that somewhere
BLANK_CONTRAST = 1.5
DIM_MEAN = 40
COARSE_SIDE_PX = 640
SLOW_FPS = 6.0
CLIPPED_LEVEL = 250
REOPEN_EVERY_S = 20.0
UPSIDE_DOWN_READINGS = 5
_ROWS_APART = 45
_THIN = 4
_SMALL = (64, 36)


class Trouble(StrEnum):
    """What can be wrong with a picture that comes; the value is the code to read out."""

    BLACK = "camera-black"
    BLANK = "camera-blank"
    FROZEN = "camera-frozen"
    UPSIDE_DOWN = "camera-upside-down"
    COARSE = "camera-coarse"
    SLOW = "camera-slow"
    DIM = "camera-dim"


BLINDING = frozenset({Trouble.BLACK, Trouble.BLANK, Trouble.FROZEN})
_LASTS_S: Mapping[Trouble, tuple[float, float]] = {  # (said after, unsaid after) seconds
    Trouble.BLACK: (1.0, 0.2),
    Trouble.BLANK: (3.0, 0.2),
    Trouble.FROZEN: (5.0, 0.0),
    Trouble.UPSIDE_DOWN: (0.0, 0.0),
    Trouble.COARSE: (1.0, 0.0),
    Trouble.SLOW: (5.0, 2.0),
    Trouble.DIM: (10.0, 3.0),
}
_WORDS: Mapping[Trouble, tuple[str, str]] = {
    Trouble.BLACK: ("The picture is black", "Open the camera's cover, or make light."),
    Trouble.BLANK: (
        "The picture is one plain colour",
        "Take away what covers the lens, wipe it, and let no lamp shine straight into it.",
    ),
    Trouble.FROZEN: (
        "The picture stands still: the camera gives the same one again and again",
        "It is opened anew by itself. If that does not help, unplug it and plug it in again.",
    ),
    Trouble.UPSIDE_DOWN: (
        "The picture is upside down",
        "Turn the camera round, or start the counter with --camera-turned 180.",
    ),
    Trouble.COARSE: (
        "The camera gives a small picture of {width} x {height} pixels",
        "Have codes held closer. Another USB port or another camera gives 1280 x 720.",
    ),
    Trouble.SLOW: (
        "Only {fps:.0f} pictures a second come",
        "Make more light, try another USB port, or close what else works on this machine.",
    ),
    Trouble.DIM: ("It is dark before the camera", "Make more light: a print cannot be read like this."),
}


@dataclass(frozen=True, slots=True)
class Measure:
    """One picture, measured.

    ``exposure`` is its mean level (0 to 255), ``contrast`` their spread in the large, ``clipped`` the share of pure
    white, ``sharpness`` the variance of the Laplacian in the middle.
    """

    width: int
    height: int
    exposure: float
    brightest: float
    contrast: float
    clipped: float
    sharpness: float


@dataclass(frozen=True, slots=True)
class Concern:
    """A trouble in words: what is wrong, and what to do."""

    code: Trouble
    what: str
    cure: str


class Lasting:
    """Said once it was so for ``after_s``, and until it was not so for ``gone_s``."""

    def __init__(self, after_s: float, gone_s: float) -> None:
        self._after_s = after_s
        self._gone_s = gone_s
        self._turned_s: float | None = None
        self.said = False

    def update(self, so: bool, at_s: float) -> bool:
        """Whether it is said, now that at ``at_s`` it is so or not."""
        if so == self.said:
            self._turned_s = None
            return self.said
        if self._turned_s is None:
            self._turned_s = at_s
        if at_s - self._turned_s >= (self._gone_s if self.said else self._after_s):
            self.said, self._turned_s = so, None
        return self.said


class Condition:
    """Follows the frames of one camera; ``troubles`` are what is wrong now, the worst first."""

    def __init__(self) -> None:
        self.measure: Measure | None = None
        self.small: Grey | None = None
        self._fps = 0.0
        self._lasting = {trouble: Lasting(*lasts_s) for trouble, lasts_s in _LASTS_S.items()}
        self._rows: Image | None = None
        self._measured_s = float("-inf")
        self._reopened_s = float("-inf")
        self._overturned = 0

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        return tuple(trouble for trouble, lasting in self._lasting.items() if lasting.said)

    @property
    def blinding(self) -> Concern | None:
        """The trouble with which nothing can be read, if there is one."""
        return next((self.concern(one) for one in self.troubles if one in BLINDING), None)

    @property
    def concerns(self) -> tuple[Concern, ...]:
        """What else is wrong. A picture in which nothing can be seen has none."""
        return () if self.blinding else tuple(self.concern(one) for one in self.troubles)

    def concern(self, trouble: Trouble) -> Concern:
        """``trouble`` in words, with the figures of now."""
        what, cure = _WORDS[trouble]
        size = self.measure or Measure(0, 0, 0, 0, 0, 0, 0)
        return Concern(trouble, what.format(width=size.width, height=size.height, fps=self._fps), cure)

    def update(self, frame: Frame, fps: float) -> bool:
        """Look at the next frame, of which ``fps`` came a second lately; true when it was measured."""
        self._said(Trouble.FROZEN, frame.live and self._is_the_one_before(frame.image), frame.at_s)
        if frame.at_s - self._measured_s < 1 / MEASURES_PER_S - 1e-6:
            return False
        self._measured_s, self._fps = frame.at_s, fps
        self.measure, self.small = measure(frame.image)
        for trouble, so in _wrong_with(self.measure).items():
            self._said(trouble, so, frame.at_s)
        long_side = max(self.measure.width, self.measure.height)
        self._said(Trouble.COARSE, frame.live and long_side <= COARSE_SIDE_PX, frame.at_s)
        self._said(Trouble.SLOW, frame.live and 0 < fps < SLOW_FPS, frame.at_s)
        return True

    def reopen(self, at_s: float) -> None:
        """Raise :class:`CameraError` where opening the camera anew may help: at first, and now and then again."""
        if self._lasting[Trouble.FROZEN].said and at_s - self._reopened_s >= REOPEN_EVERY_S:
            self._reopened_s = at_s
            frozen = self.concern(Trouble.FROZEN)
            raise CameraError(frozen.code, frozen.what, cure=frozen.cure)

    def told_upside_down(self, upside_down: bool) -> None:
        """A reader of text found the picture upside down, or upright; several in a row are believed.

        Codes are read any way round and tell nothing, and a customer may hold one phone upside down.
        """
        self._overturned = min(self._overturned + 1, UPSIDE_DOWN_READINGS) if upside_down else 0
        self._said(Trouble.UPSIDE_DOWN, self._overturned >= UPSIDE_DOWN_READINGS, 0.0)

    def _said(self, trouble: Trouble, so: bool, at_s: float) -> None:
        self._lasting[trouble].update(so, at_s)

    def _is_the_one_before(self, image: Image) -> bool:
        """Whether it is the last picture, byte for byte on every 45th row: a sensor is never that quiet."""
        rows, before = image[::_ROWS_APART], self._rows
        if before is not None and np.array_equal(rows, before):
            return True
        self._rows = rows.copy()
        return False


def measure(image: Image) -> tuple[Measure, Grey]:
    """The measures of a picture, and the picture shrunk to 64 x 36 grey levels."""
    thin = np.asarray(cv2.cvtColor(np.ascontiguousarray(image[::_THIN, ::_THIN]), cv2.COLOR_BGR2GRAY), np.uint8)
    small = np.asarray(cv2.resize(thin, _SMALL, interpolation=cv2.INTER_AREA), np.uint8)
    _, deviation = cv2.meanStdDev(small)
    clipped = cv2.countNonZero(cv2.inRange(thin, CLIPPED_LEVEL, 255)) / thin.size
    height, width = image.shape[:2]
    middle = np.ascontiguousarray(image[height // 4 : height - height // 4 : 2, width // 4 : width - width // 4 : 2, 1])
    _, edges = cv2.meanStdDev(cv2.Laplacian(middle, cv2.CV_16S))
    return (
        Measure(
            width=width,
            height=height,
            exposure=float(small.mean()),
            brightest=float(small.max()),
            contrast=float(deviation[0, 0]),
            clipped=clipped,
            sharpness=float(edges[0, 0]) ** 2,
        ),
        small,
    )


def is_black(found: Measure) -> bool:
    """Whether there is no light at all: a cover, a lid, a camera that another program holds."""
    return found.exposure < BLACK_MEAN and found.brightest < BLACK_BRIGHTEST


def _wrong_with(found: Measure) -> dict[Trouble, bool]:
    black = is_black(found)
    return {
        Trouble.BLACK: black,
        Trouble.BLANK: not black and found.contrast < BLANK_CONTRAST,
        Trouble.DIM: not black and found.exposure < DIM_MEAN,
    }
