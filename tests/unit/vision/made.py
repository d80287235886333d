"""What the vision tests make: codes, pictures, clocks, cameras."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import zxingcpp

from kiosk.errors import CameraError
from kiosk.vision.frames import Frame
from kiosk.vision.picture import Image


def code(text: str | bytes, symbology: str = "QRCode", scale: int = 5) -> Image:
    """A picture of a code with a white margin."""
    made = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, symbology))
    drawn = np.array(made.to_image(scale=scale), np.uint8)
    drawn = np.asarray(cv2.copyMakeBorder(drawn, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=255), np.uint8)
    return np.asarray(cv2.cvtColor(drawn, cv2.COLOR_GRAY2BGR), np.uint8)


def blank(width: int = 320, height: int = 240, level: int = 120) -> Image:
    return np.full((height, width, 3), level, np.uint8)


def save(path: Path, image: Image) -> Path:
    assert cv2.imwrite(str(path), image)
    return path


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at_s = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(1_700_000_000 + self.at_s, UTC)

    def monotonic_s(self) -> float:
        return self.at_s


class FakeCamera:
    """Plays a list: an image, None (nothing yet), or an error to raise. At the end of it, it has ended."""

    note = ""
    words = "a camera made for a test"

    def __init__(self, plays: list[Image | Exception | None], clock: HandClock, step_s: float = 0.1) -> None:
        self._plays = list(plays)
        self._clock = clock
        self._step_s = step_s
        self._number = 0
        self.ended = False
        self.closed = False

    def read(self) -> Frame | None:
        if not self._plays:
            self.ended = True
            return None
        self._clock.at_s += self._step_s
        play = self._plays.pop(0)
        if isinstance(play, Exception):
            raise play
        if play is None:
            return None
        self._number += 1
        return Frame(play, self._number, self._clock.monotonic_s())

    def close(self) -> None:
        self.closed = True


def unplugged() -> CameraError:
    return CameraError("camera-unplugged", "The camera stopped giving pictures", where="test", cure="Plug it in.")


def one_after_another(*cameras: FakeCamera | CameraError) -> Callable[[], FakeCamera]:
    """A camera factory that opens each in turn, or fails as it says."""
    left = list(cameras)

    def open_next() -> FakeCamera:
        camera = left.pop(0)
        if isinstance(camera, CameraError):
            raise camera
        return camera

    return open_next
