from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest

import run_kiosk
from kiosk.counter import Counter
from kiosk.station import CameraPlan, _camera_factory
from kiosk.vision.camera import open_camera
from kiosk.vision.codes import Decoder
from tests.unit.vision.made import blank, code, save


def corner_of(tmp_path: Path, turned: int) -> tuple[tuple[int, ...], tuple[int, int]]:
    """Shape, and (y, x) of the bright corner, of a picture whose top left is bright."""
    picture = blank(64, 48, 10)
    picture[:8, :8] = 250
    save(tmp_path / "1.png", picture)
    frame = open_camera(str(tmp_path), fps=None, turned=turned).read()
    assert frame is not None
    y, x = np.unravel_index(int(frame.image[..., 0].argmax()), frame.image.shape[:2])
    return frame.image.shape, (round(float(y) / frame.image.shape[0]), round(float(x) / frame.image.shape[1]))


@pytest.mark.parametrize(
    ("turned", "shape", "corner"),
    [
        (0, (48, 64, 3), (0, 0)),
        (90, (64, 48, 3), (0, 1)),
        (180, (48, 64, 3), (1, 1)),
        (270, (64, 48, 3), (1, 0)),
    ],
)
def test_a_picture_is_turned_clockwise(
    tmp_path: Path, turned: int, shape: tuple[int, ...], corner: tuple[int, int]
) -> None:
    found, (y, x) = corner_of(tmp_path, turned)
    assert found == shape
    assert (y, x) == corner


def test_a_turned_camera_is_the_camera_in_all_else(tmp_path: Path) -> None:
    save(tmp_path / "1.png", code("TACO"))
    (tmp_path / "2.png").write_bytes(b"no picture")
    camera = open_camera(str(tmp_path), fps=None, loop=False, turned=180)
    frame = camera.read()
    assert frame is not None
    assert (frame.number, frame.source) == (1, "1.png")
    assert [sighting.text for sighting in Decoder().read(frame.image)] == ["TACO"]
    while camera.read() is not None:
        pass
    assert camera.ended
    assert camera.note == "Skipped 2.png: it is not a picture."
    assert "pictures from" in camera.words
    camera.close()


def test_no_other_turn_is_known(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        open_camera(str(tmp_path), turned=45)


def test_what_is_typed_at_the_counter_turns_its_camera(tmp_path: Path) -> None:
    typed = run_kiosk.parser().parse_args(["counter", "--camera", str(tmp_path), "--camera-turned", "270"])
    save(tmp_path / "1.png", blank(64, 48))
    plan = CameraPlan(typed.camera, fps=None, turned=typed.camera_turned)
    frame = _camera_factory(plan, counter=cast("Counter", None))().read()
    assert frame is not None
    assert frame.image.shape == (64, 48, 3)
