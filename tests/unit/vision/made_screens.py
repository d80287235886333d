"""Phones with check-in screens, drawn for the tests: no picture is kept, and no font is needed but OpenCV's own."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from kiosk.core.evidence import Line
from kiosk.vision.picture import Image

SCREEN_PX = (360, 720)
SHOWN = ("9:10", "Roundsquare", "You've checked in!", "Harbor Grill", "@zed.z", "Free shrimp tacos", "Nov 20 - Nov 30")


def screen(lines: Sequence[str] = SHOWN, size: tuple[int, int] = SCREEN_PX) -> Image:
    """An upright screen: dark words on white, below an orange bar."""
    width, height = size
    drawn = np.full((height, width, 3), 250, np.uint8)
    drawn[: height // 12] = (60, 120, 240)
    for i, line in enumerate(lines):
        at = (20, round(height * (0.06 + 0.12 * i)))
        cv2.putText(drawn, line, at, cv2.FONT_HERSHEY_SIMPLEX, 0.85, (20, 20, 20), 2, cv2.LINE_AA)
    return drawn


def held_up(
    shown: Image, *, angle: float = 0.0, scale: float = 0.85, at: tuple[float, float] = (640, 360), level: int = 70
) -> tuple[Image, np.ndarray]:
    """(a frame of 1280 x 720 with a phone that shows ``shown``, the four corners of its screen from its top left)."""
    height, width = shown.shape[:2]
    bezel = 14
    phone = cv2.copyMakeBorder(shown, bezel, bezel, bezel, bezel, cv2.BORDER_CONSTANT, value=(15, 15, 15))
    turn = cv2.getRotationMatrix2D((phone.shape[1] / 2, phone.shape[0] / 2), angle, scale)
    turn[:, 2] += np.array(at) - (phone.shape[1] / 2, phone.shape[0] / 2)
    frame = np.full((720, 1280, 3), level, np.uint8)
    covered = cv2.warpAffine(np.full(phone.shape[:2], 255, np.uint8), turn, (1280, 720))
    warped = cv2.warpAffine(phone, turn, (1280, 720), flags=cv2.INTER_AREA)
    frame[covered > 127] = warped[covered > 127]
    square = np.array([[0, 0], [width, 0], [width, height], [0, height]], float) + bezel
    corners = square @ turn[:, :2].T + turn[:, 2]
    return np.asarray(frame, np.uint8), corners


def empty(level: int = 70) -> Image:
    """A frame with nobody there."""
    return np.full((720, 1280, 3), level, np.uint8)


class FakeOcr:
    """Reads a screen as ``lines`` where its top is at the top, and as rubbish the other way up."""

    def __init__(self, lines: Sequence[str] = SHOWN, confidence: float = 0.97) -> None:
        self.lines = tuple(lines)
        self.confidence = confidence
        self.quick = self.careful = 0

    def read(self, picture: Image, *, careful: bool) -> list[Line]:
        if careful:
            self.careful += 1
        else:
            self.quick += 1
        height = picture.shape[0]
        top, bottom = picture[: height // 16].mean(axis=(0, 1)), picture[-height // 16 :].mean(axis=(0, 1))
        if picture.std() < 8:
            return []
        if abs(float(top[0]) - float(top[2])) < abs(float(bottom[0]) - float(bottom[2])):
            return [Line("Zxq wv", 0.55, (0.1, 0.1, 0.6, 0.15))]
        return [
            Line(text, self.confidence, (0.05, 0.02 + 0.12 * i, 0.9, 0.06 + 0.12 * i))
            for i, text in enumerate(self.lines)
        ]
