from __future__ import annotations

import numpy as np
import pytest

from kiosk.vision.phone import find_phones, on_small, overlap, rectified, turned
from tests.unit.vision.made_screens import empty, held_up, screen


@pytest.mark.parametrize("angle", [-20, -8, 0, 8, 20, 75, 90, 105])
def test_a_phone_is_found_at_any_angle(angle: float) -> None:
    frame, corners = held_up(screen(), angle=angle, scale=0.85 if abs(angle) < 45 else 0.8)
    best = find_phones(frame)[0]
    truth = on_small(tuple(map(tuple, corners)), frame)  # type: ignore[arg-type]
    assert overlap(on_small(best, frame), truth) > 0.8


@pytest.mark.parametrize("level", [5, 70, 160])
def test_a_dark_and_a_bright_room_do_not_hide_it(level: int) -> None:
    frame, corners = held_up(screen(), angle=6, level=level)
    truth = on_small(tuple(map(tuple, corners)), frame)  # type: ignore[arg-type]
    assert overlap(on_small(find_phones(frame)[0], frame), truth) > 0.8


def test_a_plain_box_of_a_phones_shape_comes_after_the_one_with_text() -> None:
    frame, _ = held_up(screen(), angle=0, at=(900, 360))
    frame[60:660, 100:400] = 230
    middle = np.mean(find_phones(frame)[0], axis=0)
    assert abs(middle[0] - 900) < 60


def test_a_screen_with_a_picture_across_its_middle_is_one_phone() -> None:
    shown = screen()
    shown[250:480] = (200, 40, 160)
    frame, corners = held_up(shown, angle=5)
    truth = on_small(tuple(map(tuple, corners)), frame)  # type: ignore[arg-type]
    assert max(overlap(on_small(one, frame), truth) for one in find_phones(frame)) > 0.75


def test_where_nothing_is_nothing_is_found() -> None:
    assert find_phones(empty()) == []


def test_a_picture_of_one_pixel_is_no_fault() -> None:
    assert find_phones(np.zeros((1, 1, 3), np.uint8)) == []


def test_a_rectified_screen_stands_upright_and_the_right_way_round() -> None:
    shown = screen()
    frame, _ = held_up(shown, angle=12)
    flat = rectified(frame, find_phones(frame)[0], 360)
    assert flat.shape[1] == 360
    top, bottom = flat[20:40, 60:300].mean(axis=(0, 1)), flat[-40:-20, 60:300].mean(axis=(0, 1))
    assert top[2] - top[0] > 100 > abs(bottom[2] - bottom[0])


def test_turning_twice_is_nothing() -> None:
    corners = ((0.0, 0.0), (1.0, 0.0), (1.0, 2.0), (0.0, 2.0))
    assert turned(corners)[0] == (1.0, 2.0)
    assert turned(turned(corners)) == corners
