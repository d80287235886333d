"""Where in a frame a phone's screen may be, and its picture turned upright.

Rules of this module:

- Everything is looked for on a picture of 320 x 180: evenly lit areas, at several levels of brightness and colour,
  whose outline is nearly a rectangle of a phone's shape; two such pieces in line are taken for one screen that
  shows a picture in between.
- Of the areas found, those come first that hold the fine strokes of text and little else: a wall has none.
- A candidate is four corners in the frame's pixels, in order from the top left of the upright screen. Which end
  is up cannot be told from its outline; the reader of its text tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.vision.picture import Image
from kiosk.vision.sighting import Corners

Points: TypeAlias = NDArray[np.float32]
Plane: TypeAlias = NDArray[np.uint8]

WIDTH_PX, HEIGHT_PX = 320, 180
_AREA_PX = WIDTH_PX * HEIGHT_PX
_LEVELS = (0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85)
_CLOSED = np.ones((7, 7), np.uint8)
_THINNEST_PX = 25
_LONGEST, _SHORTEST = 2.6, 1.25  # sides of a phone's screen, as far as it is in the frame
_USUAL = 2.0
_PIECES = 24
_SAME = 0.75
_MARGIN = 1.03


@dataclass(frozen=True, slots=True)
class Area:
    """A nearly rectangular area: its convex ``hull`` (points of the small picture), how rectangular, its sides."""

    hull: NDArray[np.int32]
    shape: float
    fill: float
    sides: tuple[float, float]


def find_phones(image: Image, most: int = 3) -> list[Corners]:
    """The likeliest places of a phone's screen in ``image`` (BGR), best first; none of them overlaps another much."""
    small = np.asarray(cv2.resize(image, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA), np.uint8)
    strokes = stroke_map(image)
    areas = list(_areas(small))
    boxes: list[tuple[float, Points]] = [(one.shape * one.fill, _box(one.hull)) for one in areas if _is_phone(one)]
    boxes += _joined(areas)
    rated = sorted(((_rate(box, shape, strokes), box) for shape, box in boxes), key=lambda one: -one[0])
    kept: list[Points] = []
    for _, box in rated:
        if all(overlap(box, other) < _SAME for other in kept):
            kept.append(box)
        if len(kept) == most:
            break
    across, down = image.shape[1] / WIDTH_PX, image.shape[0] / HEIGHT_PX
    return [_upright(box * np.array([across, down], np.float32)) for box in kept]


def stroke_map(image: Image) -> NDArray[np.float32]:
    """How much fine stroke each of 320 x 180 places holds, above the picture's own noise; 0 for none."""
    grey = cv2.cvtColor(cv2.resize(image, (640, 360), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    light = np.sqrt(grey.astype(np.float32)) * 16  # so that dim screens count as much as bright ones
    edges = cv2.morphologyEx(light, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    edges = np.clip(edges - 2 * np.median(edges) - 2, 0, 60)
    small = cv2.resize(edges, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(small * (cv2.blur(small, (9, 9)) > 3), np.float32)


def _areas(small: Image) -> Iterator[Area]:
    for plane in _planes(small):
        counted = np.bincount(plane.ravel(), minlength=256).cumsum()
        otsu = int(cv2.threshold(plane, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[0])
        for level in sorted({int(np.searchsorted(counted, part * plane.size)) for part in _LEVELS} | {otsu}):
            for mask in (plane > level, plane <= level):
                yield from _rectangles(mask.astype(np.uint8))


def _planes(small: Image) -> Iterator[Plane]:
    """Brightness, saturation and the three of CIE L*a*b*, each stretched to its whole range."""
    lab, hsv = cv2.cvtColor(small, cv2.COLOR_BGR2LAB), cv2.cvtColor(small, cv2.COLOR_BGR2HSV)
    for plane in (hsv[..., 2], hsv[..., 1], lab[..., 0], lab[..., 1], lab[..., 2]):
        stretched: Any = cv2.normalize(plane, None, 0, 255, cv2.NORM_MINMAX)  # type: ignore[call-overload]
        yield np.asarray(cv2.medianBlur(stretched, 5), np.uint8)


def _rectangles(mask: Plane) -> Iterator[Area]:
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _CLOSED)
    for outline in cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
        area = cv2.contourArea(outline)
        if not 0.02 * _AREA_PX < area < 0.8 * _AREA_PX:
            continue
        hull = np.asarray(cv2.convexHull(outline), np.int32)
        short, long = sorted(cv2.minAreaRect(hull)[1])
        if short < _THINNEST_PX:
            continue
        inside = cv2.contourArea(hull)
        shape, fill = inside / (short * long), area / inside
        if shape >= 0.78 and fill >= 0.65:
            yield Area(hull, shape, fill, (short, long))


def _is_phone(area: Area) -> bool:
    short, long = area.sides
    return _SHORTEST < long / short < _LONGEST and short * long * area.shape * area.fill > 0.05 * _AREA_PX


def _joined(areas: list[Area]) -> list[tuple[float, Points]]:
    """Pairs of areas that together make a phone's shape: a screen with a picture across its middle."""
    pieces = sorted((one for one in areas if one.shape > 0.85), key=lambda one: -one.sides[0] * one.sides[1])[:_PIECES]
    found = []
    for i, one in enumerate(pieces):
        for other in pieces[:i]:
            hull = cv2.convexHull(np.vstack([one.hull, other.hull]))
            short, long = sorted(cv2.minAreaRect(hull)[1])
            if not 1.4 < long / short < _LONGEST or short * long > 0.8 * _AREA_PX:
                continue
            shape = cv2.contourArea(hull) / (short * long)
            if shape >= 0.85:
                found.append((0.8 * shape, _box(np.asarray(hull, np.int32))))
    return found


def _box(hull: NDArray[np.int32]) -> Points:
    return np.asarray(cv2.boxPoints(cv2.minAreaRect(hull)), np.float32)


def _rate(box: Points, shape: float, strokes: NDArray[np.float32]) -> float:
    """Text inside, little room around it, a rectangle, sides like a phone's (less so where the frame cuts it)."""
    inside = _mask(box)
    captured = float((strokes * inside).sum() / (strokes.sum() + 1e-6))
    short, long = sorted((_length(box[1] - box[0]), _length(box[2] - box[1])))
    cut = bool((box < 3).any() or (box[:, 0] > WIDTH_PX - 4).any() or (box[:, 1] > HEIGHT_PX - 4).any())
    oddness = 0.35 * abs(long / max(1.0, short) - _USUAL) * (0.5 if cut else 1.0)
    return captured - 0.9 * float(inside.sum()) / _AREA_PX + 0.5 * shape - oddness


def _length(side: Points) -> float:
    return float(np.linalg.norm(side))


def _mask(box: Points) -> Plane:
    mask = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
    cv2.fillConvexPoly(mask, np.round(box).astype(np.int32), 1)
    return mask


def overlap(box: Points, other: Points) -> float:
    """The share that two boxes on the small picture have in common, 0 to 1."""
    mine, theirs = _mask(box), _mask(other)
    return float((mine & theirs).sum() / max(1, int((mine | theirs).sum())))


def on_small(corners: Corners, image: Image) -> Points:
    """``corners`` of ``image`` as they lie on the small picture, for :func:`overlap`."""
    shrink = np.array([WIDTH_PX / image.shape[1], HEIGHT_PX / image.shape[0]], np.float32)
    return np.array(corners, np.float32) * shrink


def _upright(box: Points) -> Corners:
    """Corners from the top left of a portrait screen, the end that is higher in the frame taken for its top."""
    if _length(box[1] - box[0]) > _length(box[2] - box[1]):
        box = np.roll(box, -1, axis=0)
    if (box[2] + box[3])[1] < (box[0] + box[1])[1]:
        box = np.roll(box, 2, axis=0)
    across, down = box[1] - box[0], box[3] - box[0]
    if across[0] * down[1] - across[1] * down[0] < 0:
        box = box[[1, 0, 3, 2]]
    middle = box.mean(axis=0)
    a, b, c, d = ((float(x), float(y)) for x, y in middle + (box - middle) * _MARGIN)
    return a, b, c, d


def turned(corners: Corners) -> Corners:
    """The same screen held the other way up."""
    a, b, c, d = corners
    return c, d, a, b


def rectified(image: Image, corners: Corners, width_px: int) -> Image:
    """The screen at ``corners`` of ``image`` as an upright picture ``width_px`` wide."""
    a, b, c, d = np.array(corners, np.float32)
    wide, high = _length(b - a) + _length(c - d), _length(d - a) + _length(c - b)
    height_px = max(1, min(round(width_px * high / max(1.0, wide)), 4 * width_px))
    flat = np.array([[0, 0], [width_px, 0], [width_px, height_px], [0, height_px]], np.float32)
    warp = cv2.getPerspectiveTransform(np.array(corners, np.float32), flat)
    size = (width_px, height_px)
    seen = cv2.warpPerspective(image, warp, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(seen, np.uint8)
