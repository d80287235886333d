from __future__ import annotations

import itertools
import os
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from kiosk.clock import SystemClock
from kiosk.errors import CameraError
from kiosk.vision import live
from kiosk.vision.camera import Camera, open_camera
from kiosk.vision.folder import HOLD_FRAMES, natural
from kiosk.vision.frames import Pace
from kiosk.vision.live import Live, without_password
from kiosk.vision.picture import Image
from tests.unit.vision.made import HandClock, blank, save


def runs(camera: Camera, frames: int | None = None) -> list[tuple[str, int]]:
    """(source, how many times in a row) of what a camera gives until it ends, or of so many frames."""
    sources: list[str] = []
    while frames is None or len(sources) < frames:
        frame = camera.read()
        if frame is None:
            break
        sources.append(frame.source)
    return [(source, len(list(group))) for source, group in itertools.groupby(sources)]


def code_of(spec: str, **options: Any) -> str:
    with pytest.raises(CameraError) as caught:
        open_camera(spec, **options)
    assert caught.value.cure
    return caught.value.code


# --- a folder of pictures -------------------------------------------------------------------------


def test_each_picture_is_held_for_five_frames_in_natural_order(tmp_path: Path) -> None:
    for name in ("b10.png", "b9.jpg", "B2.bmp", "a.webp"):
        save(tmp_path / name, blank())
    camera = open_camera(str(tmp_path), fps=None, loop=False)
    assert HOLD_FRAMES == 5
    assert runs(camera) == [("a.webp", 5), ("B2.bmp", 5), ("b9.jpg", 5), ("b10.png", 5)]
    assert camera.ended


def test_a_folder_begins_again_after_its_last_picture(tmp_path: Path) -> None:
    save(tmp_path / "1.png", blank())
    save(tmp_path / "2.png", blank())
    assert runs(open_camera(str(tmp_path), fps=None), 12) == [("1.png", 5), ("2.png", 5), ("1.png", 2)]


def test_a_picture_stays_while_it_is_held(tmp_path: Path) -> None:
    save(tmp_path / "1.png", blank())
    save(tmp_path / "2.png", blank())
    answers = iter([True, True, False] + [False] * 9)
    camera = open_camera(str(tmp_path), fps=None, loop=False, hold_while=lambda: next(answers))
    assert runs(camera) == [("1.png", 7), ("2.png", 5)]


def test_frames_are_numbered_from_one_and_timed(tmp_path: Path) -> None:
    save(tmp_path / "1.png", blank())
    clock = HandClock()
    clock.at_s = 42.0
    camera = open_camera(str(tmp_path), fps=None, clock=clock)
    frames = [camera.read() for _ in range(2)]
    assert [(frame.number, frame.at_s) for frame in frames if frame] == [(1, 42.0), (2, 42.0)]


def test_large_pictures_are_shrunk_to_fit(tmp_path: Path) -> None:
    save(tmp_path / "1.jpg", blank(2560, 1000))
    frame = open_camera(str(tmp_path), fps=None).read()
    assert frame is not None
    assert frame.image.shape == (500, 1280, 3)


def test_broken_pictures_are_passed_over_and_named(tmp_path: Path) -> None:
    whole = save(tmp_path / "1.jpg", np.random.default_rng(1).integers(0, 255, (90, 90, 3)).astype(np.uint8))
    (tmp_path / "2.jpg").write_bytes(whole.read_bytes()[:900])
    (tmp_path / "readme.txt").write_text("no picture")
    camera = open_camera(str(tmp_path), fps=None, loop=False)
    assert runs(camera) == [("1.jpg", 5)]
    assert camera.note == "Skipped 2.jpg: it is cut short."


def test_a_folder_without_pictures_says_so(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("no picture")
    assert code_of(str(tmp_path)) == "folder-empty"


def test_a_folder_of_broken_pictures_says_so_and_names_one(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").write_bytes(b"nothing of the kind")
    camera = open_camera(str(tmp_path), fps=None)
    with pytest.raises(CameraError) as caught:
        camera.read()
    assert caught.value.code == "folder-empty"
    assert "1.jpg" in caught.value.what


def test_a_folder_whose_pictures_were_taken_away_says_so(tmp_path: Path) -> None:
    path = save(tmp_path / "1.png", blank())
    camera = open_camera(str(tmp_path), fps=None)
    assert runs(camera, 5) == [("1.png", 5)]
    path.unlink()
    with pytest.raises(CameraError) as caught:
        camera.read()
    assert caught.value.code == "folder-empty"


def test_a_single_picture_is_a_folder_of_one(tmp_path: Path) -> None:
    path = save(tmp_path / "1.png", blank())
    save(tmp_path / "2.png", blank())
    assert runs(open_camera(str(path), fps=None, loop=False)) == [("1.png", 5)]


def test_a_closed_camera_gives_nothing(tmp_path: Path) -> None:
    save(tmp_path / "1.png", blank())
    camera = open_camera(str(tmp_path), fps=None)
    camera.close()
    assert camera.read() is None
    assert camera.ended


def test_natural_order_puts_2_before_10() -> None:
    assert sorted(["p10", "p2", "P1", "a"], key=natural) == ["a", "P1", "p2", "p10"]


# --- pace -----------------------------------------------------------------------------------------


def paced(fps: float | None) -> tuple[Pace, HandClock]:
    clock = HandClock()

    def sleep(seconds: float) -> None:
        clock.at_s += seconds

    return Pace(fps, clock, sleep), clock


def test_frames_come_at_their_pace() -> None:
    pace, _ = paced(10)
    assert [pace.wait() for _ in range(4)] == pytest.approx([0.0, 0.1, 0.2, 0.3])


def test_without_a_pace_nothing_waits() -> None:
    pace, _ = paced(None)
    assert [pace.wait() for _ in range(3)] == [0.0, 0.0, 0.0]


def test_a_reader_that_was_away_is_not_flooded() -> None:
    pace, clock = paced(10)
    pace.wait()
    clock.at_s = 5.0
    assert [pace.wait() for _ in range(4)] == pytest.approx([5.0, 5.0, 5.1, 5.2])


# --- video files ----------------------------------------------------------------------------------


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (160, 120))
    for level in (20, 120, 220):
        writer.write(blank(160, 120, level))
    writer.release()
    return path


def test_a_video_file_is_played_and_begins_again(video: Path) -> None:
    camera = open_camera(str(video), fps=None)
    frames = [camera.read() for _ in range(4)]
    levels = [round(float(frame.image.mean()), -1) for frame in frames if frame]
    assert levels == [20, 120, 220, 20]
    camera.close()


def test_a_video_file_that_does_not_loop_ends(video: Path) -> None:
    camera = open_camera(str(video), fps=None, loop=False)
    assert runs(camera) == [("film.avi", 3)]
    assert camera.ended


def test_a_file_that_is_no_video_says_so_and_nothing_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "film.mp4").write_bytes(b"this is no film" * 100)
    assert code_of(str(tmp_path / "film.mp4")) == "camera-unreadable"
    assert capfd.readouterr() == ("", "")


# --- devices and addresses ------------------------------------------------------------------------


@pytest.mark.parametrize("spec", ["", "  ", "/nowhere/at/all", "97", "/dev/video97", "scene:/nowhere.json"])
def test_a_camera_that_is_not_there_says_so(spec: str) -> None:
    assert code_of(spec) == "camera-missing"


def test_an_address_where_nothing_answers_says_so_without_its_password(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CameraError) as caught:
        open_camera("http://clerk:secret@127.0.0.1:9/film?key=secret")
    assert caught.value.code == "camera-missing"
    assert caught.value.where == "http://127.0.0.1:9/film"
    assert capfd.readouterr() == ("", "")


def test_an_address_is_shown_without_its_password() -> None:
    assert without_password("rtsp://a:b@c@cam.local/x/y?z=1") == "rtsp://cam.local/x/y"


def test_a_device_that_is_no_camera_says_so() -> None:
    assert code_of("/dev/null") == "camera-unreadable"


@pytest.mark.parametrize(
    ("fault", "code"), [(PermissionError(13, "no"), "camera-denied"), (OSError(16, "busy"), "camera-busy")]
)
def test_a_device_the_kernel_refuses_says_why(fault: OSError, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: object, flags: int) -> int:
        raise fault

    monkeypatch.setattr(os, "open", refuse)
    assert code_of("0") == code


class Film:
    """A source that gives what it is told, each when it is asked for."""

    def __init__(self) -> None:
        self.gives: list[tuple[bool, Image | None]] = []
        self.ready = threading.Semaphore(0)
        self.released = threading.Event()

    def give(self, ok: bool, image: Image | None) -> None:
        self.gives.append((ok, image))
        self.ready.release()

    def read(self) -> tuple[bool, Image | None]:
        if not self.ready.acquire(timeout=10):
            return False, None
        return self.gives.pop(0)

    def release(self) -> None:
        self.released.set()


def test_a_live_camera_gives_each_frame_once_and_the_newest() -> None:
    film = Film()
    camera = Live(film, "a film", SystemClock())
    film.give(True, blank(level=1))
    first = camera.read()
    assert first is not None
    assert first.number == 1
    with camera._fresh:
        film.give(True, blank(level=2))
        film.give(True, blank(level=3))
        assert camera._fresh.wait_for(lambda: camera._newest is not None and camera._newest.number == 3, 10)
    newest = camera.read()
    assert newest is not None
    assert (newest.number, int(newest.image[0, 0, 0])) == (3, 3)
    for _ in range(5):
        film.give(False, None)
    camera.close()


def test_a_live_camera_that_gives_nothing_any_more_is_unplugged_and_let_go() -> None:
    film = Film()
    camera = Live(film, "a film", SystemClock())
    for _ in range(5):
        film.give(False, None)
    assert film.released.wait(10)
    with pytest.raises(CameraError) as caught:
        camera.read()
    assert caught.value.code == "camera-unplugged"


def test_a_live_camera_survives_four_missing_pictures() -> None:
    film = Film()
    camera = Live(film, "a film", SystemClock())
    for _ in range(4):
        film.give(False, None)
    film.give(True, blank())
    with camera._fresh:
        assert camera._fresh.wait_for(lambda: camera._newest is not None, 10)
    assert camera.read() is not None
    for _ in range(5):
        film.give(False, None)
    camera.close()


def test_a_live_camera_that_hangs_is_silent_after_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "READ_WAIT_S", 0.0)
    clock, film = HandClock(), Film()
    camera = Live(film, "a film", clock)
    clock.at_s = live.SILENT_AFTER_S
    assert camera.read() is None
    clock.at_s += 0.001
    with pytest.raises(CameraError) as caught:
        camera.read()
    assert caught.value.code == "camera-silent"
    for _ in range(5):
        film.give(False, None)
    camera.close()
