"""Codes in a picture: the stages, one try at each, and how the tries are spread over live frames.

Rules of this module:

- A *stage* is one decoder on one way of preparing the grey picture. ``STAGES`` is the order of trying;
  the first runs on every frame, the others only while nothing is read.
- :class:`Decoder` keeps nothing between pictures: all stages, in order, until one reads something.
- :class:`Spread` is for live frames: the first stage on each, and at most one other, so that the cost of
  a frame stays near that of two stages. A view that stays still and was tried with every stage is left
  alone until it changes.

The order is by measurement (``bench codes``): of 249 photos of QR codes zxing alone reads 204, with zbar 218, with
the retries 230; 2.5 times pyzbar's p95 time is the limit, 1.8 what it takes. Turning the picture for 1D codes
doubles the cost of zxing on each frame and read 1 code in 107 more, so one retry does it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from kiosk.errors import SetupError
from kiosk.vision.engines import Engine, Zbar, load_zbar, zxing
from kiosk.vision.picture import Grey, Image, grey
from kiosk.vision.sighting import Sighting


@dataclass(frozen=True, slots=True)
class Stage:
    """One way of looking: ``engine`` (zxing, zbar) on the picture as ``prepare`` makes it, ``scale`` times as large."""

    name: str
    engine: str
    prepare: Callable[[Grey], Grey]
    scale: float = 1.0
    turned: bool = False


def as_filmed(picture: Grey) -> Grey:
    """The picture as it is."""
    return picture


def twice(picture: Grey) -> Grey:
    """Twice the size, smoothly."""
    return np.asarray(cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)


def contrast_twice(picture: Grey) -> Grey:
    """Contrast evened out over an 8 x 8 grid (CLAHE, clip 3), then twice the size: glare, shade, dim screens."""
    return twice(np.asarray(cv2.createCLAHE(3.0, (8, 8)).apply(picture), np.uint8))


def sharpened_twice(picture: Grey) -> Grey:
    """Twice the size, then an unsharp mask of 3 pixels: blur."""
    large = twice(picture)
    soft = cv2.GaussianBlur(large, (0, 0), 3)
    return np.asarray(cv2.addWeighted(large, 2.5, soft, -1.5, 0), np.uint8)


def black_and_white(picture: Grey) -> Grey:
    """Each pixel against the mean of the 101 pixels square around it: large gradients of light."""
    return np.asarray(
        cv2.adaptiveThreshold(picture, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 101, 5), np.uint8
    )


STAGES: tuple[Stage, ...] = (
    Stage("zxing", "zxing", as_filmed),
    Stage("zbar", "zbar", as_filmed),
    Stage("zxing contrast x2", "zxing", contrast_twice, scale=2.0, turned=True),
    Stage("zxing sharpened x2", "zxing", sharpened_twice, scale=2.0),
    Stage("zxing black and white", "zxing", black_and_white),
)


class Decoder:
    """Reads codes with the ``stages`` whose engine is there; ``notes`` says in a sentence what is not, and the cure."""

    def __init__(self, stages: Sequence[Stage] = STAGES, load: Callable[[], Zbar] = load_zbar) -> None:
        self._engines: dict[str, Engine] = {"zxing": zxing}
        self.notes: tuple[str, ...] = ()
        if any(stage.engine == "zbar" for stage in stages):
            try:
                self._engines["zbar"] = load()
            except SetupError as fault:
                self.notes = (f"{fault.what}. {fault.cure}",)
        self.stages = tuple(stage for stage in stages if stage.engine in self._engines)

    def read(self, image: Image) -> list[Sighting]:
        """The codes in one picture: each stage in turn, until one reads something."""
        picture = grey(image)
        for stage in self.stages:
            sightings = self.look(picture, stage)
            if sightings:
                return sightings
        return []

    def look(self, picture: Grey, stage: Stage) -> list[Sighting]:
        """What one stage reads in a grey picture, in that picture's coordinates, each text once."""
        seen = self._engines[stage.engine](stage.prepare(picture), turned=stage.turned)
        once = {sighting.text: sighting for sighting in reversed(seen)}
        return [sighting.scaled(1 / stage.scale) for sighting in reversed(once.values())]


class Spread:
    """Reads live frames with a ``decoder``, its retries spread one to a frame.

    A frame that costs more than ``budget_ms`` is a debt that the frames after it pay by going without a retry.
    ``clock_ms`` counts milliseconds, by default those that this thread has computed.
    """

    MOVED = 12  # grey levels by which a patch of 40 x 40 pixels changes when something in view moved

    def __init__(
        self,
        decoder: Decoder,
        budget_ms: float = 100.0,
        clock_ms: Callable[[], float] = lambda: time.thread_time() * 1000,
    ) -> None:
        self._decoder = decoder
        self._budget_ms = budget_ms
        self._clock_ms = clock_ms
        self._debt_ms = 0.0
        self._next = 0
        self._tried = 0
        self._view: Grey | None = None

    def read(self, image: Image) -> list[Sighting]:
        """The codes in the next frame."""
        began_ms = self._clock_ms()
        picture = grey(image)
        first, *retries = self._decoder.stages
        moved = self._moved(picture)
        sightings = self._decoder.look(picture, first)
        if sightings or moved:
            self._tried = 0
        if not sightings and retries and self._tried < len(retries) and not self._debt_ms:
            sightings = self._retry(picture, retries)
        self._debt_ms = max(0.0, self._debt_ms + self._clock_ms() - began_ms - self._budget_ms)
        return sightings

    def _retry(self, picture: Grey, retries: Sequence[Stage]) -> list[Sighting]:
        """Try one more stage; one that reads is tried again on the next frame, one that does not makes way."""
        sightings = self._decoder.look(picture, retries[self._next % len(retries)])
        if sightings:
            self._tried = 0
        else:
            self._tried += 1
            self._next = (self._next + 1) % len(retries)
        return sightings

    def _moved(self, picture: Grey) -> bool:
        view = np.asarray(cv2.resize(picture, (32, 18), interpolation=cv2.INTER_AREA), np.uint8)
        if self._view is not None and cv2.absdiff(view, self._view).max() < self.MOVED:
            return False
        self._view = view
        return True
