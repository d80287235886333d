"""A check-in screen as a reader would tell of it: drawn by hand, its marks where they were drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from kiosk.core.promotion import Promotion
from kiosk.core.screen import Box, Mark, MarkKind, MarkState, ScreenReading, ScreenResult
from kiosk.vision.picture import Image
from kiosk.vision.screen_sighting import ScreenSighting
from tests.core_world import promotion

WIDTH_PX, HEIGHT_PX = 480, 1000
PLACES: Mapping[str, tuple[int, float]] = {  # the line's foot in pixels, and the size of its letters
    "clock": (44, 0.7), "network": (100, 1.0), "claim": (330, 0.95), "venue": (370, 0.8), "name": (405, 0.65),
    "offer": (540, 0.75), "dates": (640, 0.6),
}  # fmt: skip
SHOWN: Mapping[str, str] = {
    "clock": "11:56", "network": "Roundsquare", "claim": "You've checked in!", "venue": "Harbor Grill",
    "name": "@zed.z - today", "offer": "Free tacos with any entree", "dates": "Valid Nov 1 - Nov 30",
}  # fmt: skip
WANTED: Mapping[str, str] = {
    "venue": "Harbor Grill", "offer": "Free tacos with any entree", "dates": "Nov 1 - Nov 30",
    "claim": "You've checked in",
}  # fmt: skip


def screen_promotion(**changes: Any) -> Promotion:
    """A check-in promotion that runs all of November 2026."""
    fields: dict[str, Any] = {
        "id": "checkin", "title": "Check-in tacos", "channel": "check-in", "network": "Roundsquare",
        "venue": "Harbor Grill", "gives": "One shrimp tacos appetizer, free", "credentials": ["screen"],
        "codes": None, "words": None,
        "screen": {"offer": WANTED["offer"], "claims": [WANTED["claim"]], "dates_shown": WANTED["dates"]},
    }  # fmt: skip
    return promotion(**(fields | changes))


def drawn(**changes: str) -> Image:
    """The picture of an upright screen with the words of ``SHOWN``, some of them others."""
    picture = np.full((HEIGHT_PX, WIDTH_PX, 3), 248, np.uint8)
    picture[:130] = (46, 104, 240)
    cv2.circle(picture, (WIDTH_PX // 2, 225), 48, (80, 170, 60), -1)
    cv2.polylines(picture, [np.array([(217, 226), (235, 246), (268, 206)])], False, (255, 255, 255), 8)
    cv2.rectangle(picture, (24, 470), (456, 680), (210, 236, 252), -1)
    cv2.rectangle(picture, (24, 470), (456, 680), (90, 180, 250), 3)
    for name, (foot, size) in PLACES.items():
        colour = (255, 255, 255) if foot < 130 else (40, 40, 40)
        at = (40, foot)
        cv2.putText(picture, (dict(SHOWN) | changes)[name], at, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 2, cv2.LINE_AA)
    return picture


def box(kind: str) -> Box:
    """Where a line was drawn."""
    foot, size = PLACES[kind]
    return 40 / WIDTH_PX, (foot - 30 * size) / HEIGHT_PX, 440 / WIDTH_PX, (foot + 10 * size) / HEIGHT_PX


def mark(kind: MarkKind, state: MarkState = MarkState.READ, found: str = "") -> Mark:
    """One mark of the promotion."""
    return Mark(kind, WANTED[kind], state, found, None if state is MarkState.NOT_READ else box(kind))


def reading(**changes: Any) -> ScreenReading:
    """All marks read over two frames, by @zed.z at 11:56; ``not_read`` and ``differs`` (kind to found) change marks."""
    unread, differs = changes.pop("not_read", ()), changes.pop("differs", {})
    kinds: tuple[MarkKind, ...] = ("venue", "offer", "dates", "claim")
    marks = tuple(
        mark(kind, MarkState.DIFFERS, differs[kind]) if kind in differs
        else mark(kind, MarkState.NOT_READ if kind in unread else MarkState.READ) for kind in kinds
    )  # fmt: skip
    result = ScreenResult.OTHER if differs else ScreenResult.AMBER if unread else ScreenResult.GREEN
    whole = ScreenReading(result, "checkin", marks, "11:56", "@zed.z", 2)
    return replace(whole, **changes)


def sighting(**changes: Any) -> ScreenSighting:
    """That reading with its picture."""
    corners = ((400.0, 100.0), (640.0, 100.0), (640.0, 600.0), (400.0, 600.0))
    return ScreenSighting(reading(**changes), drawn(), corners)
