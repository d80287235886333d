"""A filmed scene for a counter without a camera: customers hold up phones and slips, one after another.

Each item comes in from an edge, is held for about three seconds with a hand's small movements, goes away,
and the counter is empty for a while. ``scene:FILE.json`` names a file with the items::

    {"items": [{"text": "TACO-7F3K-9HXM", "holder": "phone", "venue": "Harbor Grill",
                "caption": "One shrimp tacos, free", "small": "Fri and Sat, 17:00 to 22:00"}]}

``text`` alone is required; ``holder`` is phone, paper, or screen: a phone with a check-in and no code.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.clock import Clock
from kiosk.errors import CameraError
from kiosk.vision.frames import DEFAULT_FPS, CameraOptions, Frame, Pace
from kiosk.vision.picture import FIT_HEIGHT_PX, FIT_WIDTH_PX, Image
from kiosk.vision.props import PROP_HEIGHT_PX, PROP_WIDTH_PX, SceneItem, draw_counter, draw_prop

EMPTY_S = 1.5
ENTER_S = 0.7
HOLD_S = 3.0
LEAVE_S = 0.6
ITEM_S = EMPTY_S + ENTER_S + HOLD_S + LEAVE_S
_HOLD_ENDS_S = ITEM_S - LEAVE_S
_FOCUS_PX = 1500.0
_NOISE_LEVEL = 9
_LONGEST_STEP_S = 0.25


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a prop is: its middle in pixels, its scale, its three turns in radians."""

    x: float
    y: float
    scale: float
    turn: tuple[float, float, float]
    speed: float = 0.0  # 0 at rest to 1 at full swing


def pose(number: int, at_s: float, sway_s: float) -> Pose | None:
    """How item ``number`` is held ``at_s`` into its turn; None while the counter is empty."""
    if at_s < EMPTY_S or at_s >= ITEM_S:
        return None
    away, speed = _away(at_s)
    side = (0.55, -0.5, 0.15, -0.1)[number % 4]
    lean = (0.05, -0.06, 0.085, -0.03)[number % 4]
    sway = [math.sin(sway_s * rate + number) for rate in (1.7, 1.3, 2.3, 0.9, 1.1)]
    return Pose(
        x=FIT_WIDTH_PX / 2 + side * 420 * away + 5 * sway[0],
        y=FIT_HEIGHT_PX / 2 + 850 * away + 4 * sway[1],
        scale=0.585 + 0.008 * sway[4],
        turn=(
            0.10 + 0.05 * sway[2] + 0.25 * away,
            -4 * lean + 0.06 * sway[3],
            lean + 0.012 * sway[1] + 0.3 * side * away,
        ),
        speed=speed,
    )


def _away(at_s: float) -> tuple[float, float]:
    """(how far out of the picture from 0 to 1, how fast): eased in and out."""
    if at_s < EMPTY_S + ENTER_S:
        left = 1 - (at_s - EMPTY_S) / ENTER_S
        return left**3, left**2
    if at_s >= _HOLD_ENDS_S:
        gone = (at_s - _HOLD_ENDS_S) / LEAVE_S
        return gone**2, gone
    return 0.0, 0.0


class Tabletop:
    """Draws the frames: a counter top, and on it one prop in a pose."""

    def __init__(self, items: Sequence[SceneItem]) -> None:
        self._items = tuple(items)
        self._prop = functools.lru_cache(maxsize=16)(self._draw_prop)
        self._counter = draw_counter()
        chance = np.random.default_rng(5)
        noise = chance.normal(_NOISE_LEVEL, 2.6, (FIT_HEIGHT_PX + 64, FIT_WIDTH_PX + 64, 3))
        self._noise = np.clip(noise, 0, 255).astype(np.uint8)

    def frame(self, number: int, at_s: float, sway_s: float) -> Image:
        """The scene ``at_s`` into the turn of item ``number``; ``sway_s`` moves the hand and the light."""
        picture = self._counter[8 : 8 + FIT_HEIGHT_PX, 8 : 8 + FIT_WIDTH_PX].copy()
        prop = self._prop(number % len(self._items))  # drawn at the first call, while the counter is still empty
        held = pose(number, at_s, sway_s)
        if held is not None:
            _lay(picture, prop, held)
        picture = np.asarray(cv2.GaussianBlur(picture, (3, 3), 0.75), np.uint8)
        shift = int(sway_s * 1000) * 7919
        x, y = shift % 64, shift // 64 % 64
        noise = self._noise[y : y + FIT_HEIGHT_PX, x : x + FIT_WIDTH_PX]
        light = 1.0 + 0.025 * math.sin(sway_s * 0.6) + 0.008 * math.sin(sway_s * 9.0)
        return np.asarray(cv2.addWeighted(picture, light, noise, 1.0, -_NOISE_LEVEL), np.uint8)

    def _draw_prop(self, number: int) -> Image:
        return draw_prop(self._items[number], number)


def _lay(picture: Image, prop: Image, held: Pose) -> None:
    """Film ``prop`` in its pose over ``picture``, in place."""
    outline = _project(held)
    left, top = np.floor(outline.min(axis=0)).astype(int)
    right, bottom = np.ceil(outline.max(axis=0)).astype(int)
    left, top = max(0, int(left)), max(0, int(top))
    right, bottom = min(FIT_WIDTH_PX, int(right)), min(FIT_HEIGHT_PX, int(bottom))
    if left >= right or top >= bottom:
        return
    corners = np.array([(0, 0), (PROP_WIDTH_PX, 0), (PROP_WIDTH_PX, PROP_HEIGHT_PX), (0, PROP_HEIGHT_PX)], np.float32)
    target = (outline - (left, top)).astype(np.float32)
    warp = cv2.getPerspectiveTransform(corners, target)
    filmed = cv2.warpPerspective(prop, warp, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
    if held.speed > 0.1:
        filmed = cv2.blur(filmed, (1, 1 + 2 * round(9 * held.speed)))
    under = picture[top:bottom, left:right]
    through = cv2.merge([255 - filmed[..., 3]] * 3)
    picture[top:bottom, left:right] = cv2.add(cv2.multiply(under, through, scale=1 / 255), filmed[..., :3])


def _project(held: Pose) -> NDArray[np.float64]:
    """The four corners of a prop in a pose, in pixels of the picture, through a pinhole. The phone is its middle."""
    half = np.array([(-480, -610), (480, -610), (480, 890), (-480, 890)], np.float64) * held.scale
    a, b, c = held.turn
    flat = np.column_stack([half, np.zeros(4)])
    about_x = np.array([(1, 0, 0), (0, math.cos(a), -math.sin(a)), (0, math.sin(a), math.cos(a))])
    about_y = np.array([(math.cos(b), 0, math.sin(b)), (0, 1, 0), (-math.sin(b), 0, math.cos(b))])
    about_z = np.array([(math.cos(c), -math.sin(c), 0), (math.sin(c), math.cos(c), 0), (0, 0, 1)])
    turned = flat @ (about_z @ about_y @ about_x).T
    nearness = _FOCUS_PX / (_FOCUS_PX + turned[:, 2:])
    return np.asarray(turned[:, :2] * nearness + (held.x, held.y), np.float64)


class SceneCamera:
    """A scene as a camera. While ``options.hold_while`` is true, what is held up stays."""

    note = ""

    def __init__(self, items: Sequence[SceneItem], options: CameraOptions, clock: Clock) -> None:
        self._items = tuple(items)
        self._options = options
        self._pace = Pace(options.fps, clock)
        self._step_s = 1 / (options.fps or DEFAULT_FPS)
        self._tabletop = Tabletop(self._items)
        self._frames = 0
        self._turn = 0
        self._at_s = 0.0
        self._sway_s = 0.0
        self._read_s = clock.monotonic_s()
        self.words = f"a filmed scene of {len(self._items)}"
        self.ended = False

    def read(self) -> Frame | None:
        if self.ended:
            return None
        at_s = self._pace.wait()
        item = self._turn % len(self._items)
        image = self._tabletop.frame(item, self._at_s, self._sway_s)
        shown = self._items[item].text if EMPTY_S <= self._at_s < ITEM_S else ""
        self._frames += 1
        self._advance(
            min(max(at_s - self._read_s, self._step_s), _LONGEST_STEP_S) if self._options.fps else self._step_s
        )
        self._read_s = at_s
        return Frame(image, self._frames, at_s, shown)

    def close(self) -> None:
        self.ended = True

    def _advance(self, step_s: float) -> None:
        """Let ``step_s`` pass: as long as the reader took, so that a busy machine films as fast, if less smoothly."""
        hold = self._options.hold_while
        self._sway_s += step_s
        if self._at_s < _HOLD_ENDS_S <= self._at_s + step_s and hold is not None and hold():
            return
        self._at_s += step_s
        if self._at_s >= ITEM_S:
            self._turn, self._at_s = self._turn + 1, 0.0
            self.ended = not self._options.loop and self._turn >= len(self._items)


def open_scene(path: Path, options: CameraOptions, clock: Clock) -> SceneCamera:
    """The scene in the file at ``path``; raises :class:`CameraError` ``camera-missing`` or ``camera-unreadable``."""
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as fault:
        raise CameraError(
            "camera-missing", "There is no such scene", where=str(path), cure="Name a JSON file with items."
        ) from fault
    except (OSError, ValueError) as fault:
        raise _unreadable(path, str(fault)) from fault
    items = content.get("items") if isinstance(content, dict) else None
    if not isinstance(items, list) or not items:
        raise _unreadable(path, "no items")
    return SceneCamera([_item(path, item) for item in items], options, clock)


def _item(path: Path, item: Any) -> SceneItem:
    known = {field.name for field in fields(SceneItem)}
    if not isinstance(item, dict) or not item.get("text") or not all(isinstance(part, str) for part in item.values()):
        raise _unreadable(path, f"an item needs a text, and all its fields are texts: {item!r:.80}")
    if (
        not known.issuperset(item)
        or item.get("holder", "phone") not in {"phone", "paper", "screen"}
        or len(item["text"]) > 300
    ):
        raise _unreadable(
            path, f"an item has {', '.join(sorted(known))}; its holder is phone, paper or screen: {item!r:.80}"
        )
    return SceneItem(**item)


def _unreadable(path: Path, why: str) -> CameraError:
    return CameraError(
        "camera-unreadable",
        f"The scene cannot be played: {why}",
        where=str(path),
        cure='Write {"items": [{"text": "…", "holder": "phone", "caption": "…"}]}.',
    )
