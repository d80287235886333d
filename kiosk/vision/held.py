"""Something held up that was not read: where it is and how it looks, measured.

Rules of this module:

- What stands in front of the usual view is found on 64 x 36 grey levels; only where there is something, and only
  there, more is measured. An empty scene costs nothing here.
- A thing counts as held up where something in it is as densely drawn as a code, or where a reader that knows
  better (of screens, of codes) says so: people pass by a camera all day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.vision.picture import Grey, Image
from kiosk.vision.sighting import Corners

Kind: TypeAlias = Literal["code", "phone"]
Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom in parts of the picture."""

DIFFERS = (5, 14)  # grey levels by which a patch differs from the usual view: in the dark, and in light
LEAST_PATCHES = 24  # of 64 x 36: one part in a hundred
MOST_SHARE = 0.85  # what covers more, and stays, is another light or another place
MOST_MEASURES = 25
NEAR_CONTRAST = 60  # and what covers it with that much contrast is held before the lens
_LEARN, _LEARN_HELD = 0.06, 0.004  # a measure; what is left lying is the usual view after a minute
_DENSE = 0.22
_DENSE_PX = 15
_LEAST_CODE_PX = 18
_PART_OF_HELD = 0.25
_LEAST_CONTRAST, _BARS_CONTRAST = 15, 60  # the grain of a table is lines in one direction too, but faint ones
_GLARE_LEVEL = 235
_FIELD = 0.2
_SPECK = (0.0015, 0.2)


@dataclass(frozen=True, slots=True)
class Unread:
    """A code or a phone that someone found and could not read; ``corners`` in pixels of the frame, in order around."""

    kind: Kind
    corners: Corners


@dataclass(frozen=True, slots=True)
class Held:
    """What is held up, measured.

    ``side_px`` is its shorter side; ``level`` how bright its bright parts are, ``around`` the mean of the rest of the
    picture; ``crispness`` its steepest edges over its contrast (1: an edge of one step); ``glare`` the share of it
    under a white spot with a soft rim; ``fills``: it reaches over three edges of the picture.
    """

    kind: Kind
    side_px: float
    level: float
    around: float
    contrast: float
    crispness: float
    glare: float
    fills: bool


class Foreground:
    """Learns the usual view; ``box`` is where something stands before it, ``too_near`` whether it hides all of it."""

    def __init__(self) -> None:
        self._usual: NDArray[np.float32] | None = None
        self._covered = 0
        self.box: Box | None = None
        self.too_near = False

    def update(self, small: Grey) -> None:
        """The next measured picture, 64 x 36."""
        view = small.astype(np.float32)
        if self._usual is None or self._usual.shape != view.shape:
            self._usual = view.copy()
        middle = float(np.median(self._usual))
        gain = (float(np.median(view)) + 1) / (middle + 1)  # cameras set their own exposure
        least = min(max(0.2 * middle, DIFFERS[0]), DIFFERS[1])
        differs = (np.abs(view - self._usual * np.float32(gain)) > least).astype(np.uint8)
        self._covered = self._covered + 1 if differs.mean() > MOST_SHARE else 0
        if self._covered > MOST_MEASURES:
            self._usual, self._covered = view.copy(), 0
        else:
            self._usual += (view - self._usual) * np.where(differs, _LEARN_HELD, _LEARN).astype(np.float32)
        self.box = None
        low, high = np.percentile(small, (5, 95))
        self.too_near = self._covered > 0 and bool(high - low > NEAR_CONTRAST)
        if differs.sum() >= LEAST_PATCHES:
            self._find(differs)

    def _find(self, differs: Grey) -> None:
        _, _, boxes, _ = cv2.connectedComponentsWithStats(differs)
        largest = 1 + int(np.argmax(boxes[1:, cv2.CC_STAT_AREA]))
        left, top, width, height, patches = (int(one) for one in boxes[largest])
        if patches < LEAST_PATCHES:
            return
        rows, columns = differs.shape
        self.box = (left / columns, top / rows, (left + width) / columns, (top + height) / rows)


def code_like(image: Image, within: Box) -> Unread | None:
    """The patch ``within`` a box (in parts of the picture) that is as densely drawn as a code is; None without one.

    Looked for in three sizes, the finest first, then for one that is dense in one direction only: bars, or a code
    that a moving hand blurs. A patch much smaller than what is held up is print on it.
    """
    height, width = image.shape[:2]
    left, top = int(within[0] * width), int(within[1] * height)
    green = image[top : int(within[3] * height), left : int(within[2] * width), 1]
    smallest: Box | None = None
    for step, join in ((2, np.minimum), (4, np.minimum), (8, np.minimum), (4, np.maximum)):
        least_contrast = _LEAST_CONTRAST if join is np.minimum else _BARS_CONTRAST
        box = _dense_patch(np.ascontiguousarray(green[::step, ::step]), join, least_contrast)
        if box is None:
            continue
        found = (left + step * box[0], top + step * box[1], left + step * box[2], top + step * box[3])
        if step * min(box[2] - box[0], box[3] - box[1]) >= _PART_OF_HELD * min(green.shape):
            return Unread("code", _around_box(found))
        smallest = smallest or found
    return None if smallest is None else Unread("code", _around_box(smallest))


def _dense_patch(part: Grey, join: Callable[[Grey, Grey], Grey], least_contrast: float) -> Box | None:
    if min(part.shape) < _LEAST_CODE_PX:
        return None
    low, high = np.percentile(part[::2, ::2], (5, 95))
    if high - low < least_contrast:
        return None
    step = max(8.0, 0.22 * float(high - low))
    across, down = _density(part[1:-1, 2:], part[1:-1, :-2], step), _density(part[2:, 1:-1], part[:-2, 1:-1], step)
    dense = (join(across, down) > _DENSE * 255).astype(np.uint8)
    _, _, boxes, _ = cv2.connectedComponentsWithStats(dense)
    found = [box for box in boxes[1:].tolist() if _is_code_shaped(*box)]
    if not found:
        return None
    x, y, width, height, _ = max(found, key=lambda box: box[4])
    return float(x), float(y), float(x + width), float(y + height)


def _around_box(box: Box) -> Corners:
    left, top, right, bottom = box
    return (left, top), (right, top), (right, bottom), (left, bottom)


def _is_code_shaped(_x: int, _y: int, width: int, height: int, area: int) -> bool:
    return min(width, height) >= _LEAST_CODE_PX and area > 0.5 * width * height and 0.45 < width / height < 2.2


def _density(one: Grey, other: Grey, step: float) -> Grey:
    """How much of the neighbourhood is steep (255: all), where ``one`` and ``other`` lie side by side."""
    steep = np.where(cv2.absdiff(one, other) > step, 255, 0).astype(np.uint8)
    return np.asarray(cv2.boxFilter(steep, -1, (_DENSE_PX, _DENSE_PX)), np.uint8)


def held(image: Image, unread: Unread) -> Held | None:
    """The measures of what is inside ``unread.corners``; None where too little of it is in the picture."""
    height, width = image.shape[:2]
    corners = np.array(unread.corners, np.float32)
    left, top = (max(0, int(one)) for one in corners.min(axis=0))
    right, bottom = (int(one) for one in np.minimum(corners.max(axis=0), (width, height)))
    if right - left < 16 or bottom - top < 16:
        return None
    part = np.ascontiguousarray(image[top:bottom:2, left:right:2])
    inside = np.zeros(part.shape[:2], np.uint8)
    cv2.fillConvexPoly(inside, np.round((_shrunk(corners) - (left, top)) / 2).astype(np.int32), 1)
    green = np.ascontiguousarray(part[..., 1])
    levels = green[inside > 0]
    if levels.size < 64:
        return None
    low, high, brightest = (float(one) for one in np.percentile(levels, (5, 95, 98)))
    return Held(
        kind=unread.kind,
        side_px=_shorter_side(corners),
        level=brightest,
        around=_around(image[::8, ::8, 1], part[::4, ::4, 1]),
        contrast=high - low,
        crispness=_crispness(green, inside, high - low),
        glare=_glare(np.asarray(part.min(axis=2), np.uint8), inside, unread.kind),
        fills=_edges_crossed(corners, width, height) >= 3,
    )


def _shrunk(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    """``corners`` drawn in by a tenth, so that no rim of the thing is measured."""
    middle = corners.mean(axis=0)
    return np.asarray(middle + (corners - middle) * 0.9, np.float32)


def _shorter_side(corners: NDArray[np.float32]) -> float:
    a, b, c, d = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
    return float(min(a + c, b + d) / 2)


def _around(picture: Grey, part: Grey) -> float:
    count = max(1, picture.size - part.size)
    return max(0.0, (float(picture.sum()) - float(part.sum())) / count)


def _edges_crossed(corners: NDArray[np.float32], width: int, height: int) -> int:
    xs, ys = corners[:, 0], corners[:, 1]
    return int(xs.min() <= 0) + int(ys.min() <= 0) + int(xs.max() >= width - 1) + int(ys.max() >= height - 1)


def _crispness(green: Grey, inside: Grey, contrast: float) -> float:
    """The steepest edges in the direction where they are less steep: a hand that moves blurs one of them."""
    across = cv2.absdiff(green[:, 1:], green[:, :-1])[inside[:, 1:] > 0]
    down = cv2.absdiff(green[1:], green[:-1])[inside[1:] > 0]
    if not across.size or not down.size:
        return 0.0
    return float(min(np.percentile(across, 99), np.percentile(down, 99))) / max(contrast, 1.0)


def _glare(white: Grey, inside: Grey, kind: Kind) -> float:
    return washed_out(white) if kind == "code" else glare(white, inside)


def washed_out(white: Grey) -> float:
    """The share of a code's inner part that is one white field, wider than any that codes have."""
    height, width = white.shape
    inner = white[height * 3 // 20 : height * 17 // 20, width * 3 // 20 : width * 17 // 20]
    across = max(3, round(_FIELD * min(white.shape)))
    field = np.ones((across, across), np.uint8)
    opened = cv2.morphologyEx(np.where(inner >= _GLARE_LEVEL, 255, 0).astype(np.uint8), cv2.MORPH_OPEN, field)
    return cv2.countNonZero(opened) / max(1, inner.size)


def glare(white: Grey, inside: Grey) -> float:
    """The share under the largest white spot with a soft rim; 0 where what is ``inside`` is white anyway.

    ``white`` is the least of the three colours. A lamp's mirror image fades into what is under it; a white field
    of a page ends at once.
    """
    usual = float(np.median(white[inside > 0]))
    if usual >= _GLARE_LEVEL - 10:
        return 0.0
    soft_level = usual + (_GLARE_LEVEL - usual) * 0.3
    count, spots, boxes, _ = cv2.connectedComponentsWithStats(((white >= _GLARE_LEVEL) & (inside > 0)).astype(np.uint8))
    largest = 0.0
    for i in range(1, count):
        x, y, width, height, area = (int(one) for one in boxes[i])
        share = area / float(inside.sum())
        if _SPECK[0] < share < _SPECK[1] and area > 0.3 * width * height and share > largest:
            at = (slice(max(0, y - 6), y + height + 6), slice(max(0, x - 6), x + width + 6))
            if _is_soft(white[at], (spots[at] == i).astype(np.uint8), soft_level):
                largest = share
    return largest


def _is_soft(white: Grey, spot: Grey, soft_level: float) -> bool:
    rim = (cv2.dilate(spot, np.ones((11, 11), np.uint8)) > 0) & (cv2.dilate(spot, np.ones((5, 5), np.uint8)) == 0)
    levels = white[rim]
    return bool(levels.size) and float((levels >= soft_level).mean()) > 0.8
