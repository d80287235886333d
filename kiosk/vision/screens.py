"""Check-in screens without a code: find the phone, turn it upright, read it, hold it against the promotions' marks.

Rules of this module:

- A *glance* reads the likeliest places of a phone quickly, the other way up too where it reads badly, and keeps the
  one that reads best. Where that does not agree with a promotion in every mark, the same place is read carefully.
- A single picture (:meth:`ScreenReader.read`) that still does not agree is read once more, sharpened.
- A *showing* is one phone that stays in view; its frames are pooled (:class:`Showing`), and green needs two of them.
- What a screen says never redeems anything: the counter shows it to the clerk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np

from kiosk.core.marks import Line, Marks, Page
from kiosk.core.screen import ScreenReading, ScreenResult
from kiosk.vision.ocr import Ocr
from kiosk.vision.phone import find_phones, on_small, overlap, rectified, turned
from kiosk.vision.picture import Image
from kiosk.vision.screen_sighting import ScreenSighting
from kiosk.vision.sighting import Corners

GLANCE_WIDTH_PX = 480
CLOSE_WIDTH_PX = 720
LEGIBLE_CHARACTERS = 20.0
LEGIBLE_SHARE = 0.6
POOLED_FRAMES = 8
FRAMES_NEEDED = 2
SAME_PLACE = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """One place, read quickly one way up. ``legible`` counts characters, each by the square of its confidence."""

    corners: Corners
    picture: Image
    lines: Sequence[Line]

    @property
    def characters(self) -> int:
        return sum(len(line.text) for line in self.lines)

    @property
    def legible(self) -> float:
        return sum(line.confidence**2 * len(line.text) for line in self.lines if line.confidence > 0.5)

    @property
    def share(self) -> float:
        """How much of what was read is legible, 0 to 1: upside down it is a half at most."""
        return self.legible / max(1, self.characters)

    @property
    def is_sure(self) -> bool:
        return self.legible >= LEGIBLE_CHARACTERS and self.share >= LEGIBLE_SHARE


Skip: TypeAlias = Callable[[Image, Corners], bool]


class ScreenReader:
    """Reads screens with ``ocr`` against ``marks()``, those of the promotions as they are now."""

    def __init__(self, ocr: Ocr, marks: Callable[[], Marks]) -> None:
        self._ocr = ocr
        self._marks = marks

    @property
    def marks(self) -> Marks:
        """The marks as they are now; another object once the promotions changed."""
        return self._marks()

    def read(self, image: Image) -> ScreenSighting | None:
        """What one picture alone shows; None where no phone with text on it was found."""
        glance = self.glance(image)
        if glance is None:
            return None
        marks = self._marks()
        reading = marks.conclude([marks.look(glance.lines)])
        if reading.result is not ScreenResult.GREEN:
            pages = [marks.look(self._ocr.read(glance.picture, careful=True))]
            reading = marks.conclude(pages)
            if reading.result is not ScreenResult.GREEN and glance.legible >= LEGIBLE_CHARACTERS / 2:
                close = sharpened(rectified(image, glance.corners, CLOSE_WIDTH_PX))
                pages.append(marks.look(self._ocr.read(close, careful=True)))
                reading = marks.conclude(pages)
        return ScreenSighting(reading, glance.picture, glance.corners)

    def glance(self, image: Image, before: Corners | None = None, skip: Skip | None = None) -> Glance | None:
        """The place that reads best; ``before`` is where and which way up the screen was a moment ago.

        Places that ``skip`` knows are not read.
        """
        best: Glance | None = None
        for corners in _nearest_first(image, before):
            if skip is not None and skip(image, corners):
                continue
            here = self._either_way_up(image, corners)
            if here.lines and (best is None or _goodness(here) > _goodness(best)):
                best = here
            if best is not None and best.is_sure:
                break
        return best

    def _either_way_up(self, image: Image, corners: Corners) -> Glance:
        upright = self._glance_at(image, corners)
        if upright.is_sure:
            return upright
        other = self._glance_at(image, turned(corners))
        return other if _goodness(other) > _goodness(upright) else upright

    def _glance_at(self, image: Image, corners: Corners) -> Glance:
        picture = rectified(image, corners, GLANCE_WIDTH_PX)
        return Glance(corners, picture, self._ocr.read(picture, careful=False))

    def page(self, glance: Glance) -> Page:
        """The evidence of one frame: of the glance where that agrees in every mark, else of a careful reading."""
        marks = self._marks()
        page = marks.look(glance.lines)
        if marks.conclude([page]).result is ScreenResult.GREEN:
            return page
        return marks.look(self._ocr.read(glance.picture, careful=True))

    def conclude(self, pages: Sequence[Page]) -> ScreenReading:
        """What the frames of a showing say together."""
        return self._marks().conclude(pages, frames_needed=FRAMES_NEEDED)


def sharpened(picture: Image) -> Image:
    """An unsharp mask of 3 pixels: blur."""
    soft = cv2.GaussianBlur(picture, (0, 0), 3)
    return np.asarray(cv2.addWeighted(picture, 2.5, soft, -1.5, 0), np.uint8)


def _goodness(glance: Glance) -> float:
    return glance.legible * glance.share


def _nearest_first(image: Image, before: Corners | None) -> list[Corners]:
    """The places of a phone, those that overlap where it was first, and the same way up as it was."""
    found = find_phones(image)
    if before is None:
        return found
    was = on_small(before, image)
    near = [one for one in found if overlap(on_small(one, image), was) >= SAME_PLACE]
    return [_same_way_up(one, before) for one in near] + [one for one in found if one not in near]


def _same_way_up(corners: Corners, before: Corners) -> Corners:
    down = np.subtract(corners[3], corners[0])
    was_down = np.subtract(before[3], before[0])
    return corners if float(np.dot(down, was_down)) >= 0 else turned(corners)


class Showing:
    """One phone in view, frame after frame. Not for several threads."""

    def __init__(self, reader: ScreenReader) -> None:
        self._reader = reader
        self._pages: list[Page] = []
        self._corners: Corners | None = None
        self._best: ScreenSighting | None = None
        self.frames = 0
        self.lives = 0  # how often it began anew: another screen came in its place
        self.legible = 0.0

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is to be learned: all marks agree, over as many frames as it takes."""
        return self._best is not None and self._best.reading.result is ScreenResult.GREEN

    @property
    def is_hopeless(self) -> bool:
        """Whether two frames or more had nothing of any promotion: a poster, a chat, a bill."""
        return len(self._pages) >= FRAMES_NEEDED and not any(page.looks for page in self._pages)

    def look(self, image: Image, skip: Skip | None = None) -> ScreenSighting | None:
        """Add a frame; what is known now, or None where no phone was found in it but where ``skip`` says."""
        glance = self._reader.glance(image, self._corners, skip)
        if glance is None or glance.legible < 1:
            return None
        if self._corners is not None and not self._is_same(glance, image):
            self._begin_anew()
        page = self._reader.page(glance)
        if any(_is_another(page, before) for before in self._pages):
            self._begin_anew()
        self._corners = glance.corners
        self._pages = [*self._pages[1 - POOLED_FRAMES :], page]
        self.frames += 1
        self.legible = glance.legible
        reading = self._reader.conclude(self._pages)
        self._best = self._better(ScreenSighting(reading, glance.picture, glance.corners))
        return self._best

    def shows(self, glance: Glance) -> bool:
        """Whether what was glanced at now is this showing's screen: no other name or offer on it, and its own is."""
        marks = self._reader.marks
        page = marks.look(glance.lines)
        if any(_is_another(page, before) for before in self._pages):
            return False
        known = {name for before in self._pages for name in before.offers}
        reading = marks.conclude([page])
        return reading.result is not ScreenResult.OTHER and (not known or bool(known & set(page.looks)))

    def _is_same(self, glance: Glance, image: Image) -> bool:
        assert self._corners is not None
        return overlap(on_small(glance.corners, image), on_small(self._corners, image)) > 0

    def _begin_anew(self) -> None:
        self._pages, self._best, self.frames = [], None, 0
        self.lives += 1

    def _better(self, now: ScreenSighting) -> ScreenSighting:
        """The reading as it stands now, with the picture on which most could be read."""
        if self._best is None or _clarity(now.picture) > _clarity(self._best.picture):
            return now
        return ScreenSighting(now.reading, self._best.picture, now.corners)


def _is_another(page: Page, before: Page) -> bool:
    """Whether two frames show two screens: another name on it, or the offer of another promotion."""
    if page.name and before.name and page.name != before.name:
        return True
    now, then = page.offers, before.offers
    return bool(now and then and now.isdisjoint(then))


def _clarity(picture: Image) -> float:
    return float(cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.CV_32F).var())
