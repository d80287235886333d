from __future__ import annotations

from pathlib import Path
from typing import Any

from kiosk.vision.doctor import check_camera, check_screens, checks
from kiosk.vision.engines import load_zbar
from kiosk.vision.ocr import load_ocr
from tests.unit.vision.made import FakeCamera, HandClock, blank, save, unplugged


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
    black = check_camera("0", lambda _: FakeCamera([blank(level=7)], HandClock()))
    dark = check_camera("0", lambda _: FakeCamera([blank(level=8)], HandClock()))
    assert (black.ok, dark.ok) == (False, True)
    assert "black" in black.words


def test_a_camera_without_a_picture_says_so() -> None:
    check = check_camera("0", lambda _: FakeCamera([], HandClock()))
    assert not check.ok
    assert "no picture" in check.words
