"""Made clips: a phone held over a counter top in the ways in which it is not read, and what is no phone at all."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from kiosk.vision.frames import Frame
from kiosk.vision.picture import Image
from kiosk.vision.props import SceneItem, draw_prop
from kiosk.vision.scene import Pose, Tabletop, _lay

FPS = 10
EMPTY_S = 1.0
HELD_S = 3.5


@dataclass(frozen=True)
class Way:
    """How a phone is held: its ``scale`` (0.585 is a hand's width away), blur of a moving hand and so on."""

    scale: float = 0.585
    moved_px: int = 0
    screen: float = 1.0
    light: float = 1.0
    glare: bool = False
    nobody: bool = False
    passer_by: bool = False


WAYS = {
    "well": Way(),
    "far": Way(scale=0.17),
    "near": Way(scale=2.3),
    "moving": Way(moved_px=45),
    "glare": Way(glare=True),
    "dim": Way(screen=0.2),
    "dark": Way(light=0.14, screen=0.55),
    "nobody": Way(nobody=True),
    "passer-by": Way(passer_by=True),
}


@cache
def _tabletop() -> Tabletop:
    return Tabletop([SceneItem(text="TACO-7F3K-9HXM", caption="One shrimp tacos, free")])


@cache
def _prop() -> Image:
    return draw_prop(SceneItem(text="TACO-7F3K-9HXM", caption="One shrimp tacos, free"), 0)


def clip(way: Way) -> Iterator[Frame]:
    """An empty counter, then what ``way`` says."""
    for i in range(round((EMPTY_S + HELD_S) * FPS)):
        at_s = i / FPS
        image = _tabletop().frame(0, 0.0, at_s)
        if at_s >= EMPTY_S and not way.nobody:
            _hold(image, way, at_s)
        lit = cv2.convertScaleAbs(image, alpha=way.light) if way.light < 1 else image
        yield Frame(np.asarray(lit, np.uint8), i + 1, at_s, live=True)


def _hold(image: Image, way: Way, at_s: float) -> None:
    if way.passer_by:
        x = 200 + round(320 * (at_s - EMPTY_S))
        cv2.ellipse(image, (x, 560), (170, 420), 0, 0, 360, (70, 52, 40), -1, cv2.LINE_AA)
        return
    held = _pose(way, at_s)
    prop = _prop() if way.screen == 1 else _dimmed(way.screen)
    over = image.copy()
    _lay(over, prop, held)
    if way.moved_px:
        over = np.asarray(cv2.blur(over, (1 + round(way.moved_px * abs(math.cos(at_s * 14))), 1)), np.uint8)
    if way.glare:
        _shine(over, round(held.x + 10), round(held.y - 20))
    image[:] = over


def _pose(way: Way, at_s: float) -> Pose:
    sway = way.moved_px * math.sin(at_s * 14)
    return Pose(640 + sway + 4 * math.sin(at_s * 2), 360 + 3 * math.sin(at_s * 3), way.scale, (0.08, 0.05, 0.06))


def _dimmed(share: float) -> Image:
    prop = _prop().copy()
    screen = prop[60:1160, 210:750, :3]
    screen[:] = cv2.convertScaleAbs(screen, alpha=share)
    return prop


def _shine(image: Image, x: int, y: int) -> None:
    """A lamp in the glass: white in its middle, fading out."""
    spot = np.zeros(image.shape[:2], np.float32)
    cv2.circle(spot, (x, y), 52, 400.0, -1)
    spot = np.asarray(cv2.GaussianBlur(spot, (0, 0), 20), np.float32)
    image[:] = np.clip(image + spot[..., None], 0, 255).astype(np.uint8)
