"""Finder patterns of QR codes (ISO/IEC 18004, 6.3.3), and the grids of modules that three of them may span.

Rules of this module:

- A finder pattern is a dark core in a light ring in a dark ring: a contour within a contour within a contour, found
  on a picture in which dark is white. It may be seen from any side; its rings must be nearly convex.
- Three patterns make a *hypothesis*: which of them is the corner, how many modules the side has (17 + 4 times the
  version), and the homography from modules to pixels. Several versions are tried, since sizes are read roughly.
- A hypothesis is kept when its own patterns fit it within 1.6 modules and its timing patterns alternate; the best
  timing comes first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.vision.picture import Grey

Points: TypeAlias = NDArray[np.float32]
Matrix: TypeAlias = NDArray[np.float64]

MOST_PATTERNS = 12
MOST_TRIPLES = 8
LARGEST_VERSION = 40
WORST_FIT_MODULES = 1.6
LEAST_TIMING = 0.2
_OUTER = np.array([[0, 0], [7, 0], [7, 7], [0, 7]], np.float32)  # a finder pattern's outer edge, in modules
_INNER = np.array([[1, 1], [6, 1], [6, 6], [1, 6]], np.float32)  # and the inner edge of its dark ring
_SIGNS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])


@dataclass(frozen=True, slots=True, eq=False)
class Finder:
    """One finder pattern: its ``middle``, the four corners of the light ring's outside, of the dark ring's if seen."""

    middle: Points
    inner: Points
    outer: Points | None
    area: float

    @property
    def module_px(self) -> float:
        return math.sqrt(self.area) / 5


@dataclass(frozen=True, slots=True, eq=False)
class Hypothesis:
    """A grid of ``size`` x ``size`` modules: ``warp`` takes modules to pixels; ``finders`` are those it stands on."""

    finders: frozenset[int]
    size: int
    warp: Matrix
    cost: float


def find_finders(dark: Grey) -> list[Finder]:
    """The finder patterns in a picture whose dark parts are white, the largest first."""
    contours, hierarchy = cv2.findContours(dark, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    parents: list[int] = [] if not len(contours) else hierarchy[0][:, 3].tolist()
    found = []
    for core, ring in enumerate(parents):
        if ring < 0 or parents[ring] < 0:
            continue
        finder = _finder(contours[core], contours[ring], contours[parents[ring]])
        if finder is not None:
            found.append(finder)
    return sorted(found, key=lambda one: -one.area)[:MOST_PATTERNS]


def _finder(core: Any, ring: Any, edge: Any) -> Finder | None:
    """A pattern whose core, light ring and outer edge these contours are; None where their sizes do not fit."""
    if len(core) < 4 or len(ring) < 4 or cv2.contourArea(core, True) >= 0:  # the other sense of turning: a hole
        return None
    core_area, ring_area = cv2.contourArea(core), cv2.contourArea(ring)
    if core_area < 9 or not 1.5 * core_area < ring_area < 8 * core_area or not _concentric(core, ring):
        return None
    inner = _quadrilateral(ring, -0.5)
    if inner is None:
        return None
    area = cv2.contourArea(inner)
    if ring_area < 0.72 * area:
        return None
    return Finder(inner.mean(axis=0), inner, _outer(edge, ring_area), area)


def _concentric(core: Any, ring: Any) -> bool:
    x, y, w, h = cv2.boundingRect(core)
    left, top, wide, high = cv2.boundingRect(ring)
    if max(w, h) > 4 * min(w, h):
        return False
    return abs(x + w / 2 - left - wide / 2) <= 0.2 * wide and abs(y + h / 2 - top - high / 2) <= 0.2 * high


def _outer(edge: Any, ring_area: float) -> Points | None:
    """The corners of the dark ring's outside, where nothing else touches it."""
    area = cv2.contourArea(edge)
    if not 1.3 * ring_area < area < 3.5 * ring_area:
        return None
    outer = _quadrilateral(edge, 0.5)
    return outer if outer is not None and area > 0.8 * cv2.contourArea(outer) else None


def _quadrilateral(contour: Any, push_px: float) -> Points | None:
    """The four corners of a nearly convex blob, moved outwards by ``push_px`` to where its edge really is."""
    hull = cv2.convexHull(contour)[:, 0, :].astype(np.float32)
    if len(hull) < 4:
        return None
    first = hull[np.argmax(((hull - hull.mean(axis=0)) ** 2).sum(axis=1))]
    across = hull[np.argmax(((hull - first) ** 2).sum(axis=1))]
    along = across - first
    side = along[0] * (hull[:, 1] - first[1]) - along[1] * (hull[:, 0] - first[0])
    right, left = int(np.argmax(side)), int(np.argmin(side))
    if side[right] <= 0 or side[left] >= 0:
        return None
    corners = np.stack([first, hull[left], across, hull[right]])
    middle = corners.mean(axis=0)
    spokes = corners - middle
    lengths = np.maximum(np.linalg.norm(spokes, axis=1, keepdims=True) * 0.7071, 1)
    return np.asarray(middle + spokes * (1 + push_px / lengths), np.float32)


# --- three of them -------------------------------------------------------------------------------


def hypotheses(picture: Grey, finders: Sequence[Finder]) -> list[Hypothesis]:
    """The grids that ``finders`` may span in ``picture``, the likeliest first."""
    found = []
    for oddness, corner, right, down in _triples(finders)[:MOST_TRIPLES]:
        three = (finders[corner], finders[right], finders[down])
        for size, warp, error_px in _grids(three):
            error = error_px / three[0].module_px
            if error > WORST_FIT_MODULES:
                continue
            timing = _timing(picture, size, warp)
            if timing >= LEAST_TIMING:
                cost = -timing + 0.3 * error + 0.1 * oddness
                found.append(Hypothesis(frozenset((corner, right, down)), size, warp, cost))
    return sorted(found, key=lambda one: one.cost)


def _triples(finders: Sequence[Finder]) -> list[tuple[float, int, int, int]]:
    """(how odd it looks, corner, the one to its right, the one below it), the least odd first."""
    found = []
    for three in combinations(range(len(finders)), 3):
        areas = [finders[i].area for i in three]
        if max(areas) > 6 * min(areas):
            continue
        for corner in three:
            triple = _triple(finders, corner, [i for i in three if i != corner])
            if triple is not None:
                oddness, right, down = triple
                found.append((oddness + 0.5 * math.log(max(areas) / min(areas)), corner, right, down))
    return sorted(found)


def _triple(finders: Sequence[Finder], corner: int, others: Sequence[int]) -> tuple[float, int, int] | None:
    right, down = others
    u, v = (finders[i].middle - finders[corner].middle for i in (right, down))
    if u[0] * v[1] - u[1] * v[0] < 0:
        right, down, u, v = down, right, v, u
    wide, high = float(np.linalg.norm(u)), float(np.linalg.norm(v))
    if min(wide, high) < 8 * finders[corner].module_px or max(wide, high) > 3.2 * min(wide, high):
        return None
    cosine = abs(float(u @ v)) / (wide * high)
    return None if cosine > 0.8 else (cosine + abs(math.log(wide / high)), right, down)


def _grids(three: Sequence[Finder]) -> Iterator[tuple[int, Matrix, float]]:
    """(modules a side, homography from modules to pixels, how many pixels the patterns are off) for likely versions."""
    corner, right, down = three
    u, v = right.middle - corner.middle, down.middle - corner.middle
    ordered = [
        (_ordered(one.inner, u, v), None if one.outer is None else _ordered(one.outer, u, v)[0]) for one in three
    ]
    widths = [_widths(inner[1]) for inner, _ in ordered]
    across = 1 / math.sqrt(max(1e-9, widths[0][0] * widths[1][0]))
    along = 1 / math.sqrt(max(1e-9, widths[0][1] * widths[2][1]))
    version = (7 + math.sqrt(across * along) - 17) / 4
    nearest = sorted(range(1, LARGEST_VERSION + 1), key=lambda one: abs(one - version))[:4]
    for one in nearest:
        if abs(one - version) > max(1.6, 0.12 * one):
            continue
        size = 17 + 4 * one
        modules, pixels = [], []
        for ((inner, _), outer), place in zip(ordered, ((0, 0), (size - 7, 0), (0, size - 7)), strict=True):
            modules.append(_INNER + np.array(place, np.float32))
            pixels.append(inner)
            if outer is not None:
                modules.append(_OUTER + np.array(place, np.float32))
                pixels.append(outer)
        source, target = np.concatenate(modules), np.concatenate(pixels)
        warp = cv2.findHomography(source, target, 0)[0]
        if warp is not None:
            error = cv2.perspectiveTransform(source[None], warp)[0] - target
            yield size, np.asarray(warp, np.float64), float(np.sqrt((error**2).sum(axis=1).mean()))


def _ordered(corners: Points, u: Points, v: Points) -> tuple[Points, Matrix]:
    """(``corners`` from the top left clockwise as seen along ``u`` and ``v``, the same in those axes)."""
    in_axes = (corners - corners.mean(axis=0)) @ np.linalg.inv(np.stack([u, v], axis=1).astype(np.float64)).T
    orders = [[(k + sign * i) % 4 for i in range(4)] for k in range(4) for sign in (1, -1)]
    best = max(orders, key=lambda order: float((in_axes[order] * _SIGNS).sum()))
    return corners[best], np.asarray(in_axes[best], np.float64)


def _widths(in_axes: Matrix) -> tuple[float, float]:
    """The size of one module along both axes, as a part of the way between two patterns' middles."""
    a, b, c, d = in_axes
    return abs(float((b + c - a - d)[0])) / 10, abs(float((c + d - b - a)[1])) / 10


def _timing(picture: Grey, size: int, warp: Matrix) -> float:
    """How well both timing patterns alternate (ISO/IEC 18004, 6.3.5): 1 perfectly, 0 by chance."""
    at = np.arange(7, size - 7) + 0.5
    middle = np.full_like(at, 6.5)
    modules = np.concatenate([np.stack([at, middle], axis=1), np.stack([middle, at], axis=1)])
    places = cv2.perspectiveTransform(modules.astype(np.float32)[None], warp)[0].astype(np.float32)
    levels = cv2.remap(
        picture, places[None, :, 0], places[None, :, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )[0].astype(np.float64)
    found = 0.0
    for line in (levels[: len(at)], levels[len(at) :]):
        bends = line[1:-1] * 2 - line[:-2] - line[2:]
        most = 2 * float(np.median(np.abs(bends)))
        bends = np.clip(bends, -most, most)
        signs = np.where(np.arange(1, len(line) - 1) % 2 == 0, 1, -1)  # the first one, module 7, is light
        found += float((bends * signs).sum()) / max(float(np.abs(bends).sum()), 1.0)
    return found / 2
