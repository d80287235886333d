"""Codes in a picture: the stages, one try at each, and how the tries are spread over live frames.

Rules of this module:

- A *stage* is one engine on one way of preparing the grey picture. ``STAGES`` is the order of trying.
- :class:`Decoder` keeps nothing between pictures: all stages, in order, until one reads something; then ``REST``
  on what is left, so that a code that is easily read does not hide a harder one in the same picture.
- :class:`Spread` is for live frames: ``QUICK`` on each, and at most one stage beside it, so that the cost of a frame
  stays near that of two. A view that stays still and was tried with every stage is left alone until it changes.

The order is by measurement (``bench codes`` prints what each stage adds; decision 0007): most rescued a millisecond on
photos that zxing alone misses, and on 491 copies of photos that we bent, blurred, dimmed and lit until it missed them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from kiosk.errors import SetupError
from kiosk.vision.engines import QR_FORMATS, Engine, Zbar, Zxing, load_zbar, zxing
from kiosk.vision.grid import GridReader
from kiosk.vision.picture import Grey, Image, grey
from kiosk.vision.sighting import Sighting


@dataclass(frozen=True, slots=True)
class Stage:
    """One way of looking: ``engine`` on the picture as ``prepare`` makes it, ``scale`` times as large.

    ``engine`` is zxing (all formats), qr (zxing, QR codes only), qr-levels (the same on black and white), grid-51,
    grid-25 or zbar; ``border`` is what ``prepare`` adds on each side, in pixels before scaling.
    """

    name: str
    engine: str
    prepare: Callable[[Grey], Grey]
    scale: float = 1.0
    border: int = 0
    turned: bool = False


def as_filmed(picture: Grey) -> Grey:
    """The picture as it is."""
    return picture


def half(picture: Grey) -> Grey:
    """Half the size: screens' moire, noise, codes that fill the picture."""
    size = (max(1, picture.shape[1] // 2), max(1, picture.shape[0] // 2))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def larger(picture: Grey, scale: float = 2.0) -> Grey:
    """``scale`` times the size, smoothly."""
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)


def half_larger(picture: Grey) -> Grey:
    """One and a half times the size, smoothly."""
    return larger(picture, 1.5)


def bordered_twice(picture: Grey) -> Grey:
    """A white border of 20 pixels, for codes cut at their quiet zone; then twice the size: small modules."""
    return larger(cv2.copyMakeBorder(picture, 20, 20, 20, 20, cv2.BORDER_CONSTANT, value=(255,)).astype(np.uint8))


def contrast(picture: Grey) -> Grey:
    """Contrast evened out over an 8 x 8 grid (CLAHE, clip 3): glare, shade, dim screens."""
    return np.asarray(cv2.createCLAHE(3.0, (8, 8)).apply(picture), np.uint8)


def contrast_twice(picture: Grey) -> Grey:
    """The same, then twice the size."""
    return larger(contrast(picture))


def sharpened(picture: Grey) -> Grey:
    """An unsharp mask of 3 pixels: blur."""
    soft = cv2.GaussianBlur(picture, (0, 0), 3)
    return np.asarray(cv2.addWeighted(picture, 2.5, soft, -1.5, 0), np.uint8)


def sharpened_twice(picture: Grey) -> Grey:
    """Twice the size, then sharpened."""
    return sharpened(larger(picture))


def evened_twice(picture: Grey) -> Grey:
    """The paper made equally white, then twice the size: the edge of a hard shadow across the code.

    The level of the paper is a closing (31 pixels square), which keeps a step of light where it is; means and CLAHE
    smear it over the modules beside it.
    """
    paper = cv2.morphologyEx(picture, cv2.MORPH_CLOSE, np.ones((31, 31), np.uint8))
    return larger(np.asarray(cv2.divide(picture, np.maximum(paper, 1), scale=255), np.uint8))


def two_levels(picture: Grey) -> Grey:
    """Each pixel against the mean of the 31 pixels square around it: hard shade, glare."""
    return np.asarray(
        cv2.adaptiveThreshold(picture, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 31, 5), np.uint8
    )


def softened(picture: Grey) -> Grey:
    """Blurred by one pixel: screens' moire, noise."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1), np.uint8)


def covered(picture: Grey, sightings: Sequence[Sighting]) -> Grey:
    """The picture with white paper over the codes in ``sightings``, a tenth larger than they are."""
    paper = picture.copy()
    for one in sightings:
        corners = np.array(one.corners, np.float32)
        middle = corners.mean(axis=0)
        cv2.fillConvexPoly(paper, np.round(middle + (corners - middle) * 1.1).astype(np.int32), (255,))
    return paper


QUICK = Stage("quick", "qr", as_filmed)

STAGES: tuple[Stage, ...] = (
    Stage("all formats", "zxing", as_filmed),
    Stage("bordered x2", "qr", bordered_twice, scale=2.0, border=20),
    Stage("two levels", "qr-levels", two_levels),
    Stage("grid", "grid-51", as_filmed),
    Stage("zbar half", "zbar", half, scale=0.5),
    Stage("evened x2", "qr", evened_twice, scale=2.0),
    Stage("all formats, contrast", "zxing", contrast, turned=True),
    Stage("grid x1.5", "grid-25", half_larger, scale=1.5),
    Stage("zbar", "zbar", as_filmed),
    Stage("contrast x2", "qr", contrast_twice, scale=2.0),
    Stage("sharpened x2", "qr", sharpened_twice, scale=2.0),
    Stage("zbar softened", "zbar", softened),
)

REST = Stage("grid x1.5, beside", "grid-25", half_larger, scale=1.5)


class Decoder:
    """Reads codes with the ``stages`` whose engine is there; ``notes`` says in a sentence what is not, and the cure."""

    def __init__(self, stages: Sequence[Stage] = STAGES, load: Callable[[], Zbar] = load_zbar) -> None:
        drawn = Zxing(QR_FORMATS, two_levels=True, pure=True)
        self._engines: dict[str, Engine] = {
            "zxing": zxing,
            "qr": Zxing(QR_FORMATS),
            "qr-levels": Zxing(QR_FORMATS, two_levels=True),
            "grid-51": GridReader(drawn, 51),
            "grid-25": GridReader(drawn, 25),
        }
        self.notes: tuple[str, ...] = ()
        if any(stage.engine == "zbar" for stage in stages):
            try:
                self._engines["zbar"] = load()
            except SetupError as fault:
                self.notes = (f"{fault.what}. {fault.cure}",)
        self.stages = tuple(stage for stage in stages if stage.engine in self._engines)

    def read(self, image: Image) -> list[Sighting]:
        """The codes in one picture: each stage in turn, until one reads something, and what stands beside that."""
        picture = grey(image)
        for stage in self.stages:
            sightings = self.look(picture, stage)
            if sightings:
                return sightings + self.beside(picture, sightings)
        return []

    def beside(self, picture: Grey, sightings: Sequence[Sighting]) -> list[Sighting]:
        """What ``REST`` reads once the codes in ``sightings`` are covered."""
        known = {one.text for one in sightings}
        return [one for one in self.look(covered(picture, sightings), REST) if one.text not in known]

    def look(self, picture: Grey, stage: Stage) -> list[Sighting]:
        """What one stage reads in a grey picture, in that picture's coordinates, each text once."""
        seen = self._engines[stage.engine](stage.prepare(picture), turned=stage.turned)
        once = {sighting.text: sighting for sighting in reversed(seen)}
        return [sighting.scaled(1 / stage.scale, -stage.border) for sighting in reversed(once.values())]


class Spread:
    """Reads live frames with a ``decoder``: ``QUICK`` on each frame, its stages spread one to a frame.

    - While what is read is not ``enough`` (by default: while nothing is) each frame tries the next stage; one that
      reads something new is tried again on the next frame. So a poster's code does not hide a coupon beside it.
    - What ``QUICK`` reads may stand beside a code that it does not look for: on the first ``AT_FIRST`` frames, then
      every ``BESIDE`` frames, the first stage, which reads all formats, is asked as well.
    - A frame that costs more than ``budget_ms`` is a debt that the frames after it pay by going without a stage.

    ``clock_ms`` counts milliseconds, by default those that this thread has computed.
    """

    MOVED = 12  # grey levels by which a patch of 40 x 40 pixels changes when something in view moved
    AT_FIRST = 3
    BESIDE = 5

    def __init__(
        self,
        decoder: Decoder,
        budget_ms: float = 40.0,
        clock_ms: Callable[[], float] = lambda: time.thread_time() * 1000,
        enough: Callable[[Sequence[Sighting]], bool] = lambda _: True,
    ) -> None:
        self._decoder = decoder
        self._budget_ms = budget_ms
        self._clock_ms = clock_ms
        self._enough = enough
        self._debt_ms = 0.0
        self._next = 0
        self._tried = 0
        self._read_quickly = 0
        self._view: Grey | None = None

    def read(self, image: Image) -> list[Sighting]:
        """The codes in the next frame."""
        began_ms = self._clock_ms()
        picture = grey(image)
        moved = self._moved(picture)
        sightings = self._decoder.look(picture, QUICK)
        self._read_quickly = self._read_quickly + 1 if sightings else 0
        is_enough = bool(sightings) and self._enough(sightings)
        if is_enough or moved:
            self._tried = 0
        if is_enough:
            sightings += self._beside(picture, sightings)
        elif self._tried < len(self._decoder.stages) and not self._debt_ms:
            sightings += self._try_a_stage(picture, sightings)
        self._debt_ms = max(0.0, self._debt_ms + self._clock_ms() - began_ms - self._budget_ms)
        return sightings

    def _beside(self, picture: Grey, sightings: Sequence[Sighting]) -> list[Sighting]:
        """What stands beside codes that were read quickly, on the frames that look for it."""
        due = self._read_quickly <= self.AT_FIRST or self._read_quickly % self.BESIDE == 0
        return self._new(picture, self._decoder.stages[0], sightings) if due and self._decoder.stages else []

    def _try_a_stage(self, picture: Grey, sightings: Sequence[Sighting]) -> list[Sighting]:
        """Try one stage; one that reads something new is tried again on the next frame, one that does not makes way."""
        stages = self._decoder.stages
        found = self._new(picture, stages[self._next % len(stages)], sightings)
        if found:
            self._tried = 0
        else:
            self._tried += 1
            self._next = (self._next + 1) % len(stages)
        return found

    def _new(self, picture: Grey, stage: Stage, sightings: Sequence[Sighting]) -> list[Sighting]:
        known = {one.text for one in sightings}
        return [one for one in self._decoder.look(picture, stage) if one.text not in known]

    def _moved(self, picture: Grey) -> bool:
        view = np.asarray(cv2.resize(picture, (32, 18), interpolation=cv2.INTER_AREA), np.uint8)
        if self._view is not None and cv2.absdiff(view, self._view).max() < self.MOVED:
            return False
        self._view = view
        return True
