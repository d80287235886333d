"""The check-in of the demo's scene: a screen that the counter's own reader knows, at its place and angle."""

from __future__ import annotations

from datetime import date

import pytest

from kiosk.core.marks import Marks
from kiosk.core.screen import ScreenResult
from kiosk.vision.codes import Decoder
from kiosk.vision.ocr import load_ocr
from kiosk.vision.props import SceneItem, draw_check_in
from kiosk.vision.scene import EMPTY_S, ENTER_S, Tabletop
from kiosk.vision.screens import ScreenReader
from sync import samples
from sync.head_office.reading import read_promotions

HELD_S = EMPTY_S + ENTER_S + 0.6


@pytest.mark.parametrize("today", [date(2026, 11, 27), date(2026, 12, 20), date(2028, 2, 28)])
def test_the_check_in_of_the_scene_is_read_as_its_promotion(today: date) -> None:
    items = [SceneItem(**item) for item in samples.scene(today)]
    number = next(n for n, item in enumerate(items) if item.holder == "screen")
    promotions = read_promotions(samples.promotions(today))
    assert not promotions.problems
    frame = Tabletop(items).frame(number, HELD_S, HELD_S)
    sighting = ScreenReader(load_ocr(), lambda: Marks(promotions.promotions.values())).read(frame)
    assert sighting is not None
    assert (sighting.reading.result, sighting.reading.promotion) == (ScreenResult.GREEN, "clam-chowder")
    assert (sighting.reading.clock, sighting.reading.handle) == ("9:41", "@zed.z")


def test_there_is_no_code_on_it() -> None:
    items = [SceneItem(**item) for item in samples.scene(date(2026, 11, 27)) if item["holder"] == "screen"]
    assert not Decoder().read(Tabletop(items).frame(0, HELD_S, HELD_S))


def test_its_sample_is_the_screen_alone_upright() -> None:
    shown = draw_check_in(SceneItem("Free clam chowder", holder="screen"))
    height, width = shown.shape[:2]
    assert height > 1.8 * width
    assert shown[height // 2, width // 2].min() > 200
