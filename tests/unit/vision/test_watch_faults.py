"""What the live loop says of its camera's faults, and that each is over by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import cv2
import numpy as np
import pytest

from kiosk.errors import CameraError
from kiosk.vision import live
from kiosk.vision.codes import Decoder
from kiosk.vision.frames import Camera, Frame
from kiosk.vision.hints import Hint
from kiosk.vision.live import open_device
from kiosk.vision.picture import Image
from kiosk.vision.screen_watch import Glimpse
from kiosk.vision.sighting import Sighting
from kiosk.vision.watch import CameraState, Watch
from tests.unit.vision.clips import WAYS, clip
from tests.unit.vision.made import FakeCamera, HandClock, unplugged
from tests.unit.vision.test_condition import DARK, LID, SCENES, SMALL

STEP_S = 0.1

T = TypeVar("T")


class Device(FakeCamera):
    """A made camera whose frames a device filmed."""

    def read(self) -> Frame | None:
        frame = super().read()
        return None if frame is None else replace(frame, live=True)


@dataclass
class Seen:
    """What the loop said, each time it changed: codes of states, of concerns, hints."""

    codes: list[str]
    concerns: list[tuple[str, ...]]
    hints: list[Hint | None]
    openings: int = 0


def on_change(said: list[T], one: T) -> None:
    if not said or said[-1] != one:
        said.append(one)


def run(clock: HandClock, *cameras: Camera | CameraError, glimpse: Glimpse | None = None) -> Seen:
    """Play cameras to the end, in this thread and without waiting."""
    left = list(cameras)
    seen = Seen([], [], [])

    def note(state: CameraState) -> None:
        concerns = tuple(str(one.code) for one in state.concerns)
        on_change(seen.codes, state.code)
        on_change(seen.concerns, concerns)
        on_change(seen.hints, state.hint)

    def open_next() -> Camera:
        camera = left.pop(0)
        if isinstance(camera, CameraError):
            raise camera
        return camera

    def see(_sightings: Sequence[Sighting]) -> None:
        note(watch.state)

    def pause(seconds: float) -> bool:
        note(watch.state)
        clock.at_s += seconds
        return watch.state.code == "ended"

    watch = Watch(open_next, Decoder(), see, clock, pause=pause, glimpse=lambda: glimpse)
    watch.run()
    seen.openings = watch.stats.openings
    return seen


def playing(clock: HandClock, *scenes: tuple[Sequence[Image], float]) -> Device:
    plays: list[Image | Exception | None] = []
    for pictures, seconds in scenes:
        plays += [pictures[i % len(pictures)] for i in range(round(seconds / STEP_S))]
    return Device(plays, clock, STEP_S)


def test_a_lid_on_the_lens_is_said_and_over_when_it_is_off() -> None:
    clock = HandClock()
    seen = run(clock, playing(clock, (SCENES, 1), (LID, 3), (SCENES, 2)))
    assert seen.codes == ["starting", "live", "camera-black", "live", "ended"]
    assert seen.openings == 1


def test_a_frozen_camera_is_opened_anew_and_films_on() -> None:
    clock = HandClock()
    frozen = playing(clock, (SCENES, 1), (SCENES[:1], 7))
    seen = run(clock, frozen, playing(clock, (SCENES, 2)))
    assert seen.codes == ["starting", "live", "camera-frozen", "live", "ended"]
    assert seen.openings == 2
    assert frozen.closed


def test_a_camera_that_stays_frozen_is_not_opened_anew_all_the_time() -> None:
    clock = HandClock()
    still = SCENES[:1]
    seen = run(clock, playing(clock, (still, 7)), playing(clock, (still, 15)))
    assert seen.codes == ["starting", "live", "camera-frozen", "ended"]
    assert seen.openings == 2


@pytest.mark.parametrize(
    ("pictures", "seconds", "concern"), [(SMALL, 3, "camera-coarse"), (DARK, 12, "camera-dim")], ids=["small", "dark"]
)
def test_a_poor_picture_is_a_concern_while_it_is_filmed_all_the_same(
    pictures: Sequence[Image], seconds: float, concern: str
) -> None:
    clock = HandClock()
    seen = run(clock, playing(clock, (pictures, seconds), (SCENES, 4)))
    assert seen.codes == ["starting", "live", "ended"]
    assert seen.concerns == [(), (concern,), ()]


def test_unplugged_taken_by_another_program_and_there_again() -> None:
    clock = HandClock()
    first = Device([SCENES[0], SCENES[1], unplugged()], clock)
    missing = CameraError("camera-missing", "There is no such camera", cure="Plug it in.")
    busy = CameraError("camera-busy", "The camera is there but gives no picture", cure="Close the other program.")
    seen = run(clock, first, missing, missing, busy, playing(clock, (SCENES, 1)))
    assert seen.codes == ["starting", "live", "camera-unplugged", "camera-missing", "camera-busy", "live", "ended"]


class Taken:
    """OpenCV's capture of a device that another program holds for the first ``tries`` openings."""

    tries = 2

    def __init__(self, *_: object) -> None:
        self.released = False

    def isOpened(self) -> bool:  # noqa: N802
        return True

    def set(self, *_: object) -> bool:
        return True

    def grab(self) -> bool:
        Taken.tries -= 1
        return Taken.tries < 0

    def read(self) -> tuple[bool, Image | None]:
        return True, SCENES[0]

    def release(self) -> None:
        self.released = True


def test_a_device_that_another_program_holds_is_busy_until_it_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", Taken)
    monkeypatch.setattr(live, "_check_device", lambda path: None)
    clock = HandClock()
    for _ in range(2):
        with pytest.raises(CameraError) as caught:
            open_device(0, clock)
        assert caught.value.code == "camera-busy"
        assert "other program" in caught.value.cure
    camera = open_device(0, clock)
    frame = None
    while frame is None:
        frame = camera.read()
    assert frame.live
    camera.close()


def test_the_wrong_number_names_those_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_present", lambda: ["2", "0"])
    with pytest.raises(CameraError) as caught:
        open_device(97, HandClock())
    assert caught.value.code == "camera-missing"
    assert "0, 2" in caught.value.cure


def test_what_would_help_the_customer_is_in_the_state_and_goes_when_the_camera_does() -> None:
    clock = HandClock()
    pictures = [frame.image for frame in clip(WAYS["near"])]
    plays: list[Image | Exception | None] = [*pictures, *[None] * 20]
    seen = run(clock, Device(plays, clock, STEP_S))
    assert seen.hints == [None, Hint.BACK, None]


def test_a_phone_that_the_reader_of_screens_sees_and_cannot_read_gets_a_hint() -> None:
    clock = HandClock()
    pictures: list[Image | Exception | None] = [frame.image for frame in clip(WAYS["nobody"])]
    as_dark_as_the_table = Glimpse(((460.0, 50.0), (840.0, 50.0), (840.0, 700.0), (460.0, 700.0)))
    assert run(clock, Device(pictures, clock, STEP_S), glimpse=as_dark_as_the_table).hints[:2] == [None, Hint.BRIGHTER]


def test_looking_after_the_picture_never_stops_the_loop() -> None:
    clock = HandClock()
    odd = np.zeros((1, 1, 3), np.uint8)
    seen = run(clock, Device([odd, odd, SCENES[0]], clock))
    assert seen.codes[-1] == "ended"
    assert "reading-failed" not in seen.codes
