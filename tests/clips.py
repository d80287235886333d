"""Clips made here: a picture of a phone, filmed by a hand that moves a little and a camera that breathes.

:func:`clip_of` gives the frames of one showing; :func:`phone_with` draws a phone with a code to show. A clip is written
as what Chromium plays for a camera (:func:`save_mjpeg`), as a video file, or as a folder of pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.vision.picture import FIT_HEIGHT_PX, FIT_WIDTH_PX, Image, jpeg
from kiosk.vision.props import SceneItem, draw_counter, draw_prop

SIZE = (FIT_WIDTH_PX, FIT_HEIGHT_PX)
_PHONE = (210, 60, 750, 1160)  # where draw_prop draws the phone itself: left, top, right, bottom


@dataclass(frozen=True)
class Hand:
    """How a showing is filmed. Lengths are parts of the frame's height, angles degrees, each the largest there is."""

    high: float = 0.8
    at: tuple[float, float] = (0.5, 0.5)
    sway: float = 0.012
    lean: float = 2.0
    turned: float = 0.0
    tilt: float = 0.03
    focus: float = 0.6
    light: float = 0.03
    noise: float = 2.0
    glare: float = 0.0


def clip_of(
    picture: Image, frames: int, seed: int, hand: Hand | None = None, ground: Image | None = None
) -> list[Image]:
    """``frames`` frames of 1280x720 (BGR) that film ``picture``, BGR or BGRA, ``high`` as high as the frame.

    The hand sways and leans, the phone tilts, the focus breathes, the light flickers, and with ``glare`` (0 to 1) a
    lamp's reflection wanders over it. The same ``seed`` gives the same clip; 15 frames are a second.
    """
    hand = hand or Hand()
    chance = np.random.default_rng(seed)
    phases = chance.uniform(0, 2 * np.pi, 10)
    speeds = chance.uniform(0.7, 1.6, 10)
    under = draw_counter(11)[8 : 8 + SIZE[1], 8 : 8 + SIZE[0]] if ground is None else ground
    clip = []
    for number in range(frames):
        waves = np.sin(phases + 2 * np.pi * speeds * number / 15)
        filmed = _laid(under, picture, _corners(picture, hand, waves))
        filmed = _lit(filmed, hand, waves)
        soft = hand.focus * (1 + waves[6]) / 2
        if soft > 0.2:
            filmed = np.asarray(cv2.GaussianBlur(filmed, (0, 0), soft), np.uint8)
        grain = chance.normal(0, hand.noise, filmed.shape)
        clip.append(np.clip(filmed + grain, 0, 255).astype(np.uint8))
    return clip


def phone_with(text: str, caption: str = "One shrimp tacos, free", seed: int = 0) -> Image:
    """A phone that shows the QR code of ``text``, BGR, cut to the phone itself."""
    left, top, right, bottom = _PHONE
    prop = draw_prop(SceneItem(text, caption=caption, small="Fri and Sat, 17:00 to 22:00"), seed)
    return np.ascontiguousarray(prop[top:bottom, left:right, :3])


def empty(frames: int, seed: int = 0) -> list[Image]:
    """``frames`` frames of the counter with nobody there."""
    ground = draw_counter(11)[8 : 8 + SIZE[1], 8 : 8 + SIZE[0]]
    chance = np.random.default_rng(seed)
    return [np.clip(ground + chance.normal(0, 2, ground.shape), 0, 255).astype(np.uint8) for _ in range(frames)]


def save_mjpeg(path: Path, clip: Sequence[Image]) -> Path:
    """``clip`` as Chromium's ``--use-file-for-fake-video-capture`` plays it, over and over: one JPEG after another."""
    path.write_bytes(b"".join(jpeg(frame, 85) for frame in clip))
    return path


def save_video(path: Path, clip: Sequence[Image], fps: float = 15) -> Path:
    """``clip`` as a video file."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, SIZE)
    assert writer.isOpened()
    for frame in clip:
        writer.write(frame)
    writer.release()
    return path


def save_folder(path: Path, clip: Sequence[Image]) -> Path:
    """``clip`` as a folder of numbered pictures."""
    path.mkdir(exist_ok=True)
    for number, frame in enumerate(clip):
        (path / f"{number:04}.jpg").write_bytes(jpeg(frame, 90))
    return path


def _corners(picture: Image, hand: Hand, waves: NDArray[np.float64]) -> NDArray[np.float32]:
    """Where the four corners of ``picture`` are in the frame."""
    width, height = SIZE
    tall, wide = picture.shape[:2]
    half_y = hand.high * height / 2
    half_x = half_y * wide / tall
    angle = np.radians(hand.turned + hand.lean * waves[0])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    flat = np.array([(-half_x, -half_y), (half_x, -half_y), (half_x, half_y), (-half_x, half_y)])
    nearness = 1 + hand.tilt * (waves[1] * np.sign(flat[:, :1]) + waves[2] * np.sign(flat[:, 1:])) / 2
    middle = np.array([hand.at[0] * width, hand.at[1] * height]) + hand.sway * height * waves[3:5]
    return np.asarray(flat * nearness @ turn.T + middle, np.float32)


def _laid(ground: Image, picture: Image, corners: NDArray[np.float32]) -> Image:
    tall, wide = picture.shape[:2]
    own = np.array([(0, 0), (wide, 0), (wide, tall), (0, tall)], np.float32)
    warp = cv2.getPerspectiveTransform(own, corners)
    opaque = picture[..., 3] if picture.shape[2] == 4 else np.full((tall, wide), 255, np.uint8)
    near = cv2.GaussianBlur(picture[..., :3], (0, 0), 0.6)  # what is shrunk below its size would shimmer
    filmed = cv2.warpPerspective(near, warp, SIZE, flags=cv2.INTER_AREA)
    share = cv2.warpPerspective(opaque, warp, SIZE, flags=cv2.INTER_AREA).astype(np.float32)[..., None] / 255
    return np.asarray(ground * (1 - share) + filmed * share, np.uint8)


def _lit(filmed: Image, hand: Hand, waves: NDArray[np.float64]) -> Image:
    lit = filmed.astype(np.float32) * (1 + hand.light * waves[5])
    if hand.glare:
        y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]].astype(np.float32)
        middle = (SIZE[0] * (hand.at[0] + 0.09 * waves[7]), SIZE[1] * (hand.at[1] + 0.2 * waves[8]))
        far = ((x - middle[0]) / 90) ** 2 + ((y - middle[1]) / 60) ** 2
        lit += 255 * hand.glare * np.exp(-far)[..., None]
    return np.asarray(np.clip(lit, 0, 255), np.uint8)
