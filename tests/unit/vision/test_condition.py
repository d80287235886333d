"""What is wrong with a picture that comes: said after it lasted, unsaid when it is gone, never said of a file."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.errors import CameraError
from kiosk.vision.condition import REOPEN_EVERY_S, UPSIDE_DOWN_READINGS, Condition, Lasting, Trouble, measure
from kiosk.vision.frames import Frame
from kiosk.vision.picture import Image

STEP_S = 0.1


def scene(seed: int = 0, level: int = 110, width: int = 1280, height: int = 720) -> Image:
    """A picture with light and shade in it, whose noise is another for each seed."""
    shade = np.linspace(0.5, 1.5, width, dtype=np.float32)[None, :, None] * level
    noise = np.random.default_rng(seed).integers(0, 4, (height, width, 3))
    return np.asarray(np.clip(shade + noise, 0, 255), np.uint8)


SCENES = [scene(seed) for seed in range(3)]
DARK = [scene(seed, level=20) for seed in range(3)]
SMALL = [scene(seed, width=640, height=480) for seed in range(3)]
LID = [np.random.default_rng(seed).integers(0, 12, (720, 1280, 3)).astype(np.uint8) for seed in range(3)]
FINGER = [np.random.default_rng(seed).integers(90, 94, (720, 1280, 3)).astype(np.uint8) for seed in range(3)]


class Film:
    """Shows pictures to a condition, one after another, and keeps the time."""

    def __init__(self, *, live: bool = True) -> None:
        self.condition = Condition()
        self.at_s = 0.0
        self._live = live
        self._number = 0

    def show(self, pictures: list[Image], seconds: float, fps: float = 10.0) -> tuple[Trouble, ...]:
        for _ in range(round(seconds / STEP_S)):
            self._number += 1
            picture = pictures[self._number % len(pictures)]
            self.condition.update(Frame(picture, self._number, self.at_s, live=self._live), fps)
            self.at_s += STEP_S
        return self.condition.troubles


def test_a_plain_scene_has_no_trouble() -> None:
    assert Film().show(SCENES, 20) == ()


@pytest.mark.parametrize(
    ("pictures", "after_s", "trouble", "gone_s"),
    [
        (LID, 1.0, Trouble.BLACK, 0.7),
        (FINGER, 3.0, Trouble.BLANK, 0.7),
        (SCENES[:1], 5.0, Trouble.FROZEN, 0.2),
        (SMALL, 1.0, Trouble.COARSE, 0.2),
        (DARK, 10.0, Trouble.DIM, 3.4),
    ],
    ids=["lid", "finger", "frozen", "small", "dark"],
)
def test_a_trouble_is_said_once_it_lasted_and_goes_by_itself(
    pictures: list[Image], after_s: float, trouble: Trouble, gone_s: float
) -> None:
    film = Film()
    film.show(SCENES, 2)
    assert film.show(pictures, after_s - 0.3) == ()
    assert film.show(pictures, 0.8) == (trouble,)
    assert film.show(pictures, 10) == (trouble,)
    assert film.show(SCENES, gone_s) == ()


def test_few_pictures_a_second_are_said_after_five_seconds() -> None:
    film = Film()
    assert film.show(SCENES, 20, fps=6.0) == ()
    assert film.show(SCENES, 4.7, fps=5.9) == ()
    assert film.show(SCENES, 0.8, fps=5.9) == (Trouble.SLOW,)
    assert "Only 6 pictures" in film.condition.concerns[0].what
    assert film.show(SCENES, 2.6, fps=15.0) == ()


def test_a_file_may_stand_still_be_small_and_slow() -> None:
    assert Film(live=False).show(SMALL[:1], 20, fps=2.0) == ()


def test_a_phone_in_a_dark_room_is_not_a_black_picture() -> None:
    pictures = [lid.copy() for lid in LID]
    for picture in pictures:
        picture[300:500, 600:700] = 90
    assert Film().show(pictures, 5) == ()


def test_a_black_picture_that_stands_still_is_said_to_be_black_first() -> None:
    film = Film()
    film.show([np.zeros((720, 1280, 3), np.uint8)], 8)
    assert film.condition.blinding is not None
    assert film.condition.blinding.code is Trouble.BLACK
    assert film.condition.concerns == ()


def test_a_frozen_camera_is_to_be_opened_anew_at_once_and_then_now_and_then() -> None:
    film = Film()
    film.show(SCENES[:1], 4)
    film.condition.reopen(film.at_s)
    film.show(SCENES[:1], 2)
    with pytest.raises(CameraError) as caught:
        film.condition.reopen(film.at_s)
    assert (caught.value.code, bool(caught.value.cure)) == ("camera-frozen", True)
    began_s = film.at_s
    film.condition.reopen(began_s + REOPEN_EVERY_S - 0.1)
    with pytest.raises(CameraError):
        film.condition.reopen(began_s + REOPEN_EVERY_S)


def test_five_upside_down_readings_in_a_row_are_believed() -> None:
    condition = Condition()
    readings = [*[True] * (UPSIDE_DOWN_READINGS - 1), False, *[True] * UPSIDE_DOWN_READINGS]
    said = []
    for upside_down in readings:
        condition.told_upside_down(upside_down)
        said.append(bool(condition.troubles))
    assert said == [False] * (len(readings) - 1) + [True]
    assert "--camera-turned 180" in condition.concerns[0].cure


def test_one_upright_reading_takes_it_back() -> None:
    condition = Condition()
    for upside_down in (*[True] * UPSIDE_DOWN_READINGS, False):
        condition.told_upside_down(upside_down)
    assert condition.troubles == ()


@pytest.mark.parametrize("trouble", Trouble)
def test_each_trouble_says_what_it_is_and_what_to_do(trouble: Trouble) -> None:
    concern = Condition().concern(trouble)
    assert concern.what
    assert concern.cure.endswith(".")


def test_a_picture_is_measured_five_times_a_second_however_many_come() -> None:
    condition = Condition()
    times = [condition.update(Frame(SCENES[i % 3], i, i / 30), 30.0) for i in range(60)]
    assert sum(times) == 10


def test_a_sharp_picture_measures_sharper_and_a_white_one_clipped() -> None:
    lines = np.zeros((720, 1280, 3), np.uint8)
    lines[:, ::8] = lines[:, 1::8] = lines[:, 2::8] = lines[:, 3::8] = 255
    sharp, _ = measure(lines)
    plain, small = measure(np.full((720, 1280, 3), 255, np.uint8))
    assert sharp.sharpness > 100 * (plain.sharpness + 1)
    assert (plain.clipped, plain.exposure, small.shape) == (1.0, 255.0, (36, 64))


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (2, 1280), (720, 3)])
def test_a_picture_of_any_size_is_measured(size: tuple[int, int]) -> None:
    found, _ = measure(np.zeros((*size, 3), np.uint8))
    assert (found.height, found.width) == size


def test_lasting_turns_only_after_a_whole_while() -> None:
    lasting = Lasting(1.0, 0.5)
    assert [lasting.update(True, at_s) for at_s in (0.0, 0.9, 1.0)] == [False, False, True]
    assert [lasting.update(False, at_s) for at_s in (1.1, 1.5, 1.6)] == [True, True, False]
    assert [lasting.update(so, at_s) for so, at_s in ((True, 2.0), (False, 2.5), (True, 2.9))] == [False] * 3
