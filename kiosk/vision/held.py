"""Something held up that was not read: where it is and how it looks, measured.

Rules of this module:

- What stands in front of the usual view is found on 64 x 36 grey levels; only where there is something, and only
  there, more is measured. An empty scene costs nothing here.
- A thing counts as held up where something in it is as densely drawn as a code, or where a reader that knows
  better (of screens, of codes) says so: people pass by a camera all day.
"""

from __future__ import annotations

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

DIFFERS = 14  # grey levels by which a patch differs from the usual view
LEAST_PATCHES = 24  # of 64 x 36: one part in a hundred
MOST_SHARE = 0.85  # what covers more is another light, or another place
_LEARN, _LEARN_HELD = 0.06, 0.004  # a measure; what is left lying is the usual view after a minute
_DENSE = 0.22
_DENSE_PX = 15
_LEAST_CODE_PX = 18
_GLARE_LEVEL = 235
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
    """Learns the usual view; ``box`` is where something stands before it, in parts of the picture."""

    def __init__(self) -> None:
        self._usual: NDArray[np.float32] | None = None
        self.box: Box | None = None
        self.middle: tuple[float, float] | None = None

    def update(self, small: Grey) -> None:
        """The next measured picture, 64 x 36."""
        view = small.astype(np.float32)
        if self._usual is None or self._usual.shape != view.shape:
            self._usual = view.copy()
        gain = (float(np.median(view)) + 1) / (float(np.median(self._usual)) + 1)  # cameras set their own exposure
        differs = (np.abs(view - self._usual * np.float32(gain)) > DIFFERS).astype(np.uint8)
        share = float(differs.mean())
        self._usual += (view - self._usual) * np.where(differs, _LEARN_HELD, _LEARN).astype(np.float32)
        if share > MOST_SHARE:
            self._usual = view.copy()
        self.box = self.middle = None
        if differs.sum() >= LEAST_PATCHES and share <= MOST_SHARE:
            self._find(differs)

    def _find(self, differs: Grey) -> None:
        _, _, boxes, middles = cv2.connectedComponentsWithStats(differs)
        largest = 1 + int(np.argmax(boxes[1:, cv2.CC_STAT_AREA]))
        left, top, width, height, patches = (int(one) for one in boxes[largest])
        if patches < LEAST_PATCHES:
            return
        rows, columns = differs.shape
        self.box = (left / columns, top / rows, (left + width) / columns, (top + height) / rows)
        self.middle = (float(middles[largest][0]) / columns, float(middles[largest][1]) / rows)


def code_like(image: Image, within: Box) -> Unread | None:
    """The largest patch ``within`` a box (in parts of the picture) as densely drawn both ways as 2D codes are."""
    height, width = image.shape[:2]
    left, top = int(within[0] * width), int(within[1] * height)
    part = np.ascontiguousarray(image[top : int(within[3] * height) : 2, left : int(within[2] * width) : 2, 1])
    if min(part.shape) < 2 * _LEAST_CODE_PX:
        return None
    low, high = np.percentile(part[::3, ::3], (5, 95))
    step = max(10.0, 0.22 * float(high - low))
    across, down = _density(part[1:-1, 2:], part[1:-1, :-2], step), _density(part[2:, 1:-1], part[:-2, 1:-1], step)
    _, _, boxes, _ = cv2.connectedComponentsWithStats((np.minimum(across, down) > _DENSE * 255).astype(np.uint8))
    found = [box for box in boxes[1:].tolist() if _is_code_shaped(*box)]
    if not found:
        return None
    x, y, wide, high_px, _ = max(found, key=lambda box: box[4])
    a, b, c, d = left + 2.0 * x, top + 2.0 * y, left + 2.0 * (x + wide), top + 2.0 * (y + high_px)
    return Unread("code", ((a, b), (c, b), (c, d), (a, d)))


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
        glare=glare(np.asarray(part.min(axis=2), np.uint8), inside),
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
