from __future__ import annotations

from typing import Any

import pytest

from kiosk.core.marks import Marks
from kiosk.core.screen import ScreenResult
from kiosk.errors import SetupError
from kiosk.vision.ocr import FasterPaddle, load_ocr
from kiosk.vision.screens import ScreenReader, Showing
from tests.core_world import promotion
from tests.unit.vision.made_screens import SHOWN, FakeOcr, empty, held_up, screen

TACOS = promotion(
    credentials=["screen"],
    words=(),
    codes=(),
    venue="Harbor Grill",
    screen={"offer": "Free shrimp tacos", "dates_shown": "Nov 20 - Nov 30"},
)
MARKS = Marks([TACOS])


def reader(ocr: Any) -> ScreenReader:
    return ScreenReader(ocr, lambda: MARKS)


# --- one picture ---------------------------------------------------------------------------------


def test_a_clear_screen_is_told_at_a_glance() -> None:
    ocr = FakeOcr()
    sighting = reader(ocr).read(held_up(screen())[0])
    assert sighting is not None
    assert (sighting.reading.result, sighting.reading.promotion) == (ScreenResult.GREEN, "tacos")
    assert (ocr.quick, ocr.careful) == (1, 0)


def test_a_screen_held_upside_down_is_turned() -> None:
    ocr = FakeOcr()
    sighting = reader(ocr).read(held_up(screen(), angle=180)[0])
    assert sighting is not None
    assert sighting.reading.result is ScreenResult.GREEN
    assert ocr.quick == 2
    top = sighting.picture[:30].mean(axis=(0, 1))
    assert top[2] - top[0] > 60  # its orange bar is on top again


def test_what_a_glance_does_not_settle_is_read_carefully_and_then_sharpened() -> None:
    ocr = FakeOcr(SHOWN[:-1])
    sighting = reader(ocr).read(held_up(screen())[0])
    assert sighting is not None
    assert sighting.reading.result is ScreenResult.AMBER
    assert (ocr.quick, ocr.careful) == (1, 2)


def test_nobody_there_is_no_sighting() -> None:
    assert reader(FakeOcr()).read(empty()) is None


# --- a showing -----------------------------------------------------------------------------------


def test_green_needs_two_frames_of_a_showing() -> None:
    showing = Showing(reader(FakeOcr()))
    first, second = (showing.look(held_up(screen(), angle=angle)[0]) for angle in (0, 2))
    assert first is not None
    assert second is not None
    assert (first.reading.result, second.reading.result) == (ScreenResult.AMBER, ScreenResult.GREEN)
    assert showing.is_settled
    assert second.reading.frames == 2


def test_frames_of_a_showing_make_up_for_each_other() -> None:
    ocr = FakeOcr(SHOWN[:-1])
    showing = Showing(reader(ocr))
    showing.look(held_up(screen())[0])
    ocr.lines = (*SHOWN[:3], *SHOWN[4:])  # the venue is covered by a finger now
    found = showing.look(held_up(screen())[0])
    assert found is not None
    assert found.reading.result is ScreenResult.GREEN


def test_another_phone_in_another_place_is_another_showing() -> None:
    showing = Showing(reader(FakeOcr()))
    showing.look(held_up(screen(), at=(260, 360))[0])
    found = showing.look(held_up(screen(), at=(1000, 360))[0])
    assert found is not None
    assert found.reading.frames == 1


def test_a_frame_without_a_phone_tells_nothing_and_forgets_nothing() -> None:
    showing = Showing(reader(FakeOcr()))
    showing.look(held_up(screen())[0])
    assert showing.look(empty()) is None
    found = showing.look(held_up(screen())[0])
    assert found is not None
    assert found.reading.frames == 2


# --- the engine ----------------------------------------------------------------------------------


def test_the_engine_reads_a_drawn_screen() -> None:
    frame, _ = held_up(screen(), angle=-9, scale=0.9)
    sighting = reader(load_ocr()).read(frame)
    assert sighting is not None
    assert (sighting.reading.result, sighting.reading.promotion) == (ScreenResult.GREEN, "tacos")
    assert (sighting.reading.clock, sighting.reading.handle) == ("9:10", "@zed.z")


def test_a_machine_without_the_engine_is_told_so() -> None:
    def missing(name: str) -> Any:
        raise ImportError(f"No module named {name!r}")

    with pytest.raises(SetupError) as caught:
        load_ocr(load=missing)
    assert caught.value.code == "screens-missing"
    assert "pip install" in caught.value.cure


def test_an_engine_that_fails_reads_nothing() -> None:
    class Broken:
        class OcrEngine:
            def __init__(self, **options: Any) -> None:
                assert options["model_size"] in {"tiny", "small"}  # the others would be downloaded

            def ocr(self, encoded: bytes) -> Any:
                raise RuntimeError("no memory")

    assert FasterPaddle(Broken).read(screen(), careful=True) == []
