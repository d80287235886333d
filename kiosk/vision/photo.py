"""A photo that was chosen from a file: its codes, looked for with every stage, at two sizes.

Rules of this module:

- A photo is first read as a frame would be (inside 1280x720, or 720x1280 upright), then at ``LARGER_PX``, where the
  small code on a poster or in a wide photo is still legible. There is one photo at a time, and time for it.
- It comes from anyone's phone: ``MAX_PHOTO_BYTES``, what it holds is vouched for by nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from kiosk.vision.page_film import fit_either_way
from kiosk.vision.picture import Image, PictureError, decode_whole
from kiosk.vision.sighting import Sighting

MAX_PHOTO_BYTES = 16 * 1024 * 1024
LARGER_PX = 2560


def photo_picture(content: bytes) -> Image:
    """The photo in a file's ``content``, turned as its EXIF says; raises :class:`PictureError`."""
    if len(content) > MAX_PHOTO_BYTES:
        raise PictureError(f"is larger than {MAX_PHOTO_BYTES // 2**20} MB")
    return decode_whole(content)


class PhotoReader:
    """Reads photos with ``read`` (:meth:`kiosk.vision.codes.Decoder.read`), one at a time; safe from any thread."""

    def __init__(self, read: Callable[[Image], Sequence[Sighting]]) -> None:
        self._read = read
        self._reading = threading.Lock()

    def codes(self, photo: Image) -> list[str]:
        """The texts of the codes in ``photo``."""
        with self._reading:
            return [sighting.text for sighting in self._read(fit_either_way(photo)) or self._read(_larger(photo))]


def _larger(photo: Image) -> Image:
    longest = max(photo.shape[:2])
    if longest <= LARGER_PX:
        return photo
    scale = LARGER_PX / longest
    return np.asarray(cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
