"""A screen that was read: what it says, its picture turned upright, and where in the frame it is."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.core.screen import ScreenReading
from kiosk.vision.picture import Image
from kiosk.vision.sighting import Corners


@dataclass(frozen=True, slots=True, eq=False)
class ScreenSighting:
    """One phone in view. ``picture`` is its screen, upright and rectified (BGR); ``corners`` in the frame's pixels."""

    reading: ScreenReading
    picture: Image
    corners: Corners

    @property
    def is_upside_down(self) -> bool | None:
        """Whether its top is below its bottom in the frame; None where it lies on its side."""
        (left, top), (_, _), (_, _), (foot_left, foot) = self.corners
        if abs(foot - top) < abs(foot_left - left):
            return None
        return foot < top
