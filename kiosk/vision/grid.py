"""QR codes that a decoder cannot follow: bent paper, glare across a finder pattern, blur: read module by module.

Rules of this module:

- The finder patterns are looked for on the picture in black and white (each pixel against its surroundings), and
  every likely grid is turned flat, 8 pixels a module (:mod:`kiosk.vision.finders`).
- Each module is the mean of its middle, light or dark against its neighbours, by four ways of taking neighbours.
  What every code has in the same place (finder and timing patterns, their separators, the dark module) is drawn as
  it must be, and the clean drawing is given to a decoder: error correction says whether it is right.
- Where that fails the surface is taken as curved: how far the edges lie off the grid is measured all over the code,
  fitted by a polynomial of degree 2, then 4, and the picture is straightened by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.vision.finders import Hypothesis, Matrix, find_finders, hypotheses
from kiosk.vision.picture import Grey
from kiosk.vision.sighting import Corners, Sighting

MODULE_PX = 8
QUIET_MODULES = 4
DRAWN_PX = 4
TRIES = 5
DEGREES = (2, 4)
_THRESHOLD_BELOW_MEAN = 5

Dark = NDArray[np.bool_]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class GridReader:
    """Reads QR codes of a grey picture through ``decode``, which reads a clean drawing of one code.

    ``window_px`` is the square that a pixel is compared with to tell dark from light.
    """

    decode: Callable[[Grey], Sequence[Sighting]]
    window_px: int

    def __call__(self, picture: Grey, *, turned: bool = False) -> list[Sighting]:
        """The codes found, with their corners in ``picture``; QR codes are found at any angle whatever ``turned``."""
        del turned
        if min(picture.shape) < 21:
            return []
        dark = cv2.adaptiveThreshold(
            picture, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, self.window_px, _THRESHOLD_BELOW_MEAN
        )
        found: list[Sighting] = []
        used: set[int] = set()
        tries = 0
        for one in hypotheses(picture, find_finders(np.asarray(dark, np.uint8))):
            if used & one.finders:
                continue
            if tries == TRIES:
                break
            tries += 1
            read = self._read(picture, one)
            if read:
                found += [Sighting(seen.text, seen.symbology, _corners(one), "grid", seen.identifier) for seen in read]
                used |= one.finders
        return found

    def _read(self, picture: Grey, one: Hypothesis) -> Sequence[Sighting]:
        flat = flattened(picture, one)
        read = self._decoded(flat, one.size)
        if read:
            return read
        shifts = edge_shifts(flat, one.size)
        for degree in DEGREES:
            read = self._decoded(straightened(flat, one.size, shifts, degree), one.size)
            if read:
                return read
        return []

    def _decoded(self, flat: Grey, size: int) -> Sequence[Sighting]:
        for dark in module_maps(flat, size):
            read = self.decode(drawn(dark))
            if read:
                return read
        return []


def _corners(one: Hypothesis) -> Corners:
    square = np.array([[[0, 0], [one.size, 0], [one.size, one.size], [0, one.size]]], np.float32)
    a, b, c, d = ((float(x), float(y)) for x, y in cv2.perspectiveTransform(square, one.warp)[0])
    return a, b, c, d


def flattened(picture: Grey, one: Hypothesis) -> Grey:
    """The code turned flat, its quiet zone around it."""
    to_modules = np.array([[1 / MODULE_PX, 0, -QUIET_MODULES], [0, 1 / MODULE_PX, -QUIET_MODULES], [0, 0, 1]], float)
    side = (one.size + 2 * QUIET_MODULES) * MODULE_PX
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warp: Matrix = one.warp @ to_modules
    flat = cv2.warpPerspective(picture, warp, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(flat, np.uint8)


def module_maps(flat: Grey, size: int) -> Iterator[Dark]:
    """Which modules are dark: against half-way between the lightest and darkest near it, in four ways, likeliest first.

    The last takes the level of the paper by a closing and that of the ink by an opening: both keep a step of light
    where it is, so that the edge of a hard shadow costs no module beside it.
    """
    middles = (np.arange(size) + QUIET_MODULES) * MODULE_PX + MODULE_PX // 2
    levels = cv2.blur(flat, (4, 4))[np.ix_(middles, middles)].astype(np.float32)
    nine = np.ones((9, 9), np.uint8)
    low, high = cv2.blur(cv2.erode(levels, nine), (9, 9)), cv2.blur(cv2.dilate(levels, nine), (9, 9))
    yield levels < (low + high) / 2
    yield levels < cv2.blur(levels, (11, 11), borderType=cv2.BORDER_REPLICATE)
    yield levels < cv2.blur(levels, (5, 5), borderType=cv2.BORDER_REPLICATE)
    five = np.ones((5, 5), np.uint8)
    paper, ink = cv2.morphologyEx(levels, cv2.MORPH_CLOSE, five), cv2.morphologyEx(levels, cv2.MORPH_OPEN, five)
    yield levels < (paper + ink) / 2


def drawn(dark: Dark) -> Grey:
    """A clean picture of the code whose modules ``dark`` tells, its function patterns as they must be."""
    size = len(dark)
    modules = dark.copy()
    alternating = np.arange(size) % 2 == 0
    modules[6, 7 : size - 7] = modules[7 : size - 7, 6] = alternating[7 : size - 7]
    pattern = np.zeros((7, 7), bool)
    pattern[[0, 6]] = pattern[:, [0, 6]] = pattern[2:5, 2:5] = True
    for row, column in ((0, 0), (0, size - 8), (size - 8, 0)):
        modules[row : row + 8, column : column + 8] = False
    for row, column in ((0, 0), (0, size - 7), (size - 7, 0)):
        modules[row : row + 7, column : column + 7] = pattern
    modules[size - 8, 8] = True
    picture = np.where(np.pad(modules, QUIET_MODULES), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(np.kron(picture, np.ones((DRAWN_PX, DRAWN_PX), np.uint8)))


# --- curved surfaces -----------------------------------------------------------------------------


def edge_shifts(flat: Grey, size: int) -> list[tuple[Floats, Floats]]:
    """For x and y: how many pixels the edges near each module lie off the grid, and how sure that is.

    The strength of edges is a wave along each axis with a module for its period where the grid fits; its phase is
    the shift. Phases are unwrapped from the corner pattern on, where the grid fits by construction.
    """
    light = flat.astype(np.float32)
    whole = size + 2 * QUIET_MODULES
    phase = np.arange(whole * MODULE_PX) * (2 * np.pi / MODULE_PX) + np.pi / MODULE_PX
    found = []
    for axis in (0, 1):
        edges = np.abs(cv2.Sobel(light, cv2.CV_32F, int(axis == 0), int(axis == 1), ksize=3))
        cosine, sine = np.cos(phase).astype(np.float32), np.sin(phase).astype(np.float32)
        if axis == 1:
            cosine, sine = cosine[:, None], sine[:, None]
        real, imaginary, strength = (_near_modules(one, whole) for one in (edges * cosine, edges * sine, edges))
        angle = np.unwrap(np.unwrap(np.arctan2(imaginary, real), axis=0), axis=1)
        angle -= 2 * np.pi * np.round(np.median(angle[:7, :7]) / (2 * np.pi))
        shift = (angle * MODULE_PX / (2 * np.pi)).astype(np.float32)
        found.append((shift, (np.hypot(real, imaginary) / np.maximum(strength, 1e-3)).astype(np.float32)))
    return found


def _near_modules(wave: Any, whole: int) -> Floats:
    means = cv2.resize(wave, (whole, whole), interpolation=cv2.INTER_AREA)
    inside = slice(QUIET_MODULES, -QUIET_MODULES)
    return np.asarray(cv2.GaussianBlur(means, (0, 0), 2.0)[inside, inside], np.float32)


def straightened(flat: Grey, size: int, shifts: Sequence[tuple[Floats, Floats]], degree: int) -> Grey:
    """``flat`` with its edges moved onto the grid, by polynomials of ``degree`` fitted to ``shifts``."""
    whole = size + 2 * QUIET_MODULES
    side = whole * MODULE_PX
    at = np.clip((np.arange(whole) - QUIET_MODULES) / (size - 1) * 2 - 1, -1.1, 1.1)
    x, y = np.meshgrid(at, at)
    terms = _terms(x, y, degree)
    across, down = np.meshgrid(np.arange(side, dtype=np.float32), np.arange(side, dtype=np.float32))
    moved = []
    for (shift, sure), grid in zip(shifts, (across, down), strict=True):
        fitted = (terms @ _fit(shift, sure, size, degree)).reshape(whole, whole).astype(np.float32)
        moved.append(grid + cv2.resize(fitted, (side, side)))
    straight = cv2.remap(flat, moved[0], moved[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(straight, np.uint8)


def _terms(x: Any, y: Any, degree: int) -> NDArray[np.float64]:
    """Every x^i y^j of at most ``degree``, a column each."""
    columns = [(x**i * y**j).ravel() for i in range(degree + 1) for j in range(degree + 1 - i)]
    return np.asarray(np.stack(columns, axis=1), np.float64)


def _fit(shift: Floats, sure: Floats, size: int, degree: int) -> NDArray[np.float64]:
    """The polynomial nearest to ``shift`` by least squares, what is sure counting most, pulled a little to zero."""
    y, x = np.mgrid[0:size, 0:size] / (size - 1) * 2 - 1
    terms = _terms(x, y, degree)
    weights = sure.ravel().astype(np.float64) ** 2
    weighted = terms.T * weights
    pull = 1e-5 * weights.sum() * np.eye(terms.shape[1])
    return np.asarray(np.linalg.solve(weighted @ terms + pull + 1e-9 * np.eye(len(pull)), weighted @ shift.ravel()))
