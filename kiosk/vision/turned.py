"""A camera that is mounted on its side or upside down: its pictures are turned upright in one place, here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import cv2
import numpy as np

from kiosk.vision.frames import Camera, Frame

TURNS: Mapping[int, int | None] = {
    0: None,
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


class Turned:
    """``camera`` with each picture turned ``degrees`` clockwise (90, 180 or 270)."""

    def __init__(self, camera: Camera, degrees: int) -> None:
        turn = TURNS[degrees]
        assert turn is not None, "what is upright is not turned"
        self._camera = camera
        self._turn = turn

    @property
    def words(self) -> str:
        return self._camera.words

    @property
    def note(self) -> str:
        return self._camera.note

    @property
    def ended(self) -> bool:
        return self._camera.ended

    def read(self) -> Frame | None:
        frame = self._camera.read()
        return frame and replace(frame, image=np.asarray(cv2.rotate(frame.image, self._turn), np.uint8))

    def close(self) -> None:
        self._camera.close()
