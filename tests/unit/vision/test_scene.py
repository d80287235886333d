from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from kiosk.errors import CameraError
from kiosk.vision.camera import open_camera
from kiosk.vision.codes import STAGES, Decoder
from kiosk.vision.frames import Pace
from kiosk.vision.props import SceneItem
from kiosk.vision.scene import EMPTY_S, ENTER_S, HOLD_S, ITEM_S, Tabletop, pose
from tests.unit.vision.made import HandClock

ITEMS = [
    {"text": "TACO-7F3K-9HXM", "holder": "phone", "caption": "One shrimp tacos, free", "venue": "Harbor Grill"},
    {"text": "COFFEE-22QK", "holder": "paper", "caption": "Second coffee free", "small": "One per guest"},
]


def written(tmp_path: Path, content: object) -> str:
    path = tmp_path / "scene.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return f"scene:{path}"


def test_a_scene_shows_each_item_and_the_first_stage_reads_it_for_three_seconds(tmp_path: Path) -> None:
    camera = open_camera(written(tmp_path, {"items": ITEMS}), fps=None, loop=False)
    decoder = Decoder(STAGES[:1])
    read = {item["text"]: 0 for item in ITEMS}
    frames = 0
    while (frame := camera.read()) is not None:
        frames += 1
        assert frame.image.shape == (720, 1280, 3)
        for seen in decoder.read(frame.image) if frame.number % 3 == 0 else ():
            assert seen.text == frame.source
            read[seen.text] += 1
    assert frames == pytest.approx(2 * ITEM_S * 15, abs=2)
    assert min(read.values()) >= HOLD_S * 15 / 3


def test_the_code_lies_in_the_part_that_a_portrait_page_shows() -> None:
    (seen,) = Decoder().read(Tabletop([SceneItem("TACO", caption="One shrimp tacos, free")]).frame(0, 3.5, 3.5))
    xs = [x for x, _ in seen.corners]
    assert min(xs) > 640 - 223
    assert max(xs) < 640 + 223


def test_the_counter_is_empty_between_two_items() -> None:
    assert pose(0, EMPTY_S - 0.001, 0.0) is None
    assert pose(0, EMPTY_S, 0.0) is not None
    assert pose(0, ITEM_S, 0.0) is None


def test_an_item_comes_in_from_outside_and_rests_in_the_middle() -> None:
    outside, resting = pose(0, EMPTY_S, 0.0), pose(0, EMPTY_S + ENTER_S, 0.0)
    assert outside is not None
    assert resting is not None
    assert outside.y > 1100
    assert abs(resting.y - 360) < 10


def test_what_is_held_stays_while_it_is_held(tmp_path: Path) -> None:
    held = [True]
    camera = open_camera(written(tmp_path, {"items": ITEMS}), fps=5, loop=False, hold_while=lambda: held[0])
    camera._pace = Pace(None, HandClock())  # type: ignore[attr-defined]
    sources = [frame.source for frame in (camera.read() for _ in range(50)) if frame]
    assert sources[-1] == ITEMS[0]["text"]
    held[0] = False
    sources = [frame.source for frame in (camera.read() for _ in range(20)) if frame]
    assert sources[-1] == ITEMS[1]["text"]


def test_the_same_scene_is_filmed_twice_alike() -> None:
    one, other = (Tabletop([SceneItem("TACO")]).frame(0, 3.0, 3.0) for _ in range(2))
    assert np.array_equal(one, other)


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        {"items": []},
        {"items": ["TACO"]},
        {"items": [{"holder": "phone"}]},
        {"items": [{"text": "A", "holder": "dog"}]},
        {"items": [{"text": "A", "colour": "red"}]},
        {"items": [{"text": "A", "caption": 7}]},
        {"items": [{"text": "A" * 301}]},
    ],
)
def test_a_scene_that_cannot_be_played_says_so(tmp_path: Path, content: object) -> None:
    with pytest.raises(CameraError) as caught:
        open_camera(written(tmp_path, content))
    assert caught.value.code == "camera-unreadable"
    assert caught.value.cure


def test_a_text_of_300_characters_can_be_held_up() -> None:
    image = Tabletop([SceneItem("A" * 300, holder="paper")]).frame(0, 3.5, 3.5)
    assert image.shape == (720, 1280, 3)
