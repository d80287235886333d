from __future__ import annotations

from pathlib import Path
from typing import Any

from kiosk.vision.doctor import Filmed, check_camera, check_screens, checks, film
from kiosk.vision.engines import load_zbar
from kiosk.vision.ocr import load_ocr
from kiosk.vision.picture import Image, decode_picture
from tests.unit.vision.made import FakeCamera, HandClock, blank, code, save, unplugged
from tests.unit.vision.test_condition import LID, SCENES, SMALL
from tests.unit.vision.test_watch_faults import Device, playing


def test_on_a_whole_machine_decoders_camera_and_reader_of_screens_work(tmp_path: Path) -> None:
    save(tmp_path / "1.png", blank())
    by_name = {check.name: check for check in checks(str(tmp_path))}
    assert [name for name, check in by_name.items() if check.ok] == ["zxing", "zbar", "camera", "screens"]
    assert "320 x 240" in by_name["camera"].words


def test_a_missing_libzbar_is_named_with_its_cure() -> None:
    def missing(name: str) -> Any:
        raise ImportError("Unable to find zbar shared library")

    by_name = {check.name: check for check in checks(None, load=lambda: load_zbar(missing))}
    assert not by_name["zbar"].ok
    assert "libzbar0" in by_name["zbar"].cure
    assert by_name["zxing"].ok


def test_a_missing_reader_of_screens_is_named_with_its_cure() -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    check = check_screens(lambda: load_ocr(load=missing))
    assert not check.ok
    assert "pip install" in check.cure


def test_a_reader_of_screens_that_reads_nothing_is_told() -> None:
    class Blind:
        def read(self, picture: Any, *, careful: bool) -> list[Any]:
            return []

    assert not check_screens(Blind).ok


def test_without_a_camera_named_none_is_tried() -> None:
    assert "no camera was named" in check_camera(None).words


def test_a_camera_that_does_not_open_is_named_with_its_cure() -> None:
    check = check_camera("/nowhere")
    assert not check.ok
    assert "/nowhere" in check.words
    assert check.cure


def test_a_camera_unplugged_while_it_is_tried_is_let_go() -> None:
    camera = FakeCamera([unplugged()], HandClock())
    assert not check_camera("0", lambda _: camera).ok
    assert camera.closed


def test_a_camera_with_its_cover_on_is_black_and_one_in_the_dark_is_not() -> None:
    phone = blank(level=7)
    phone[100:140, 100:140] = 90
    black = check_camera("0", lambda _: FakeCamera([blank(level=15)], HandClock()))
    dark = check_camera("0", lambda _: FakeCamera([phone], HandClock()))
    assert (black.ok, dark.ok) == (False, True)
    assert "black" in black.words


def test_a_camera_without_a_picture_says_so() -> None:
    check = check_camera("0", lambda _: FakeCamera([], HandClock()))
    assert not check.ok
    assert "no picture" in check.words


# --- filmed for some seconds ----------------------------------------------------------------------


def filmed(*scenes: tuple[list[Image], float]) -> Filmed:
    clock = HandClock()
    return film(lambda: playing(clock, *scenes), 8.0, clock)


def test_a_good_camera_is_filmed_and_told_in_figures() -> None:
    found = filmed((SCENES, 20))
    assert all(check.ok for check in found.checks())
    words = {check.name: check.words for check in found.checks()}
    assert list(words) == ["camera", "picture", "light", "sharpness", "pace", "reading"]
    assert "81 pictures, 0 with a code" in words["camera"]
    assert "1280 x 720" in words["picture"]
    assert words["pace"].startswith("10.")
    assert found.picture is not None
    assert decode_picture(found.picture).shape == (720, 1280, 3)


def test_pictures_with_a_code_are_counted_and_their_texts_are_not_told() -> None:
    found = filmed(([code("A-CUSTOMERS-OWN-CODE")], 9))
    assert found.codes == found.stats.frames
    assert not any("CUSTOMERS" in check.words for check in found.checks())


def test_a_black_camera_fails_with_its_cure() -> None:
    camera, *_ = filmed((LID, 20)).checks()
    assert not camera.ok
    assert "Open the camera's cover" in camera.words


def test_a_frozen_camera_fails_and_ends_the_filming() -> None:
    found = filmed((SCENES[:1], 20))
    camera, *_ = found.checks()
    assert (camera.ok, found.state.code) == (False, "camera-frozen")


def test_a_small_picture_is_told_beside_a_camera_that_works() -> None:
    by_name = {check.name: check for check in filmed((SMALL, 20)).checks()}
    assert (by_name["camera"].ok, by_name["picture"].ok) == (True, False)
    assert "640 x 480" in by_name["picture"].words
    assert by_name["picture"].cure


def test_a_camera_that_does_not_open_is_one_line_with_its_code() -> None:
    def fail() -> Device:
        raise unplugged()

    (camera,) = film(fail, 8.0, HandClock()).checks()
    assert not camera.ok
    assert "[camera-unplugged]" in camera.words


def test_a_camera_that_has_shown_all_before_the_time_is_up_is_told() -> None:
    found = filmed((SCENES, 1))
    assert found.checks()[0].ok
    assert found.stats.frames == 10


def test_a_page_that_films_is_not_tried_and_told_where_browsers_allow_it() -> None:
    opened: list[str] = []

    def note(spec: str) -> FakeCamera:
        opened.append(spec)
        raise unplugged()

    check = check_camera("browser", note)
    assert opened == []
    assert check.ok
    assert "https" in check.words
    assert "Start the camera" in check.words
