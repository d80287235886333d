"""What a page films: one tab at a time, the newest picture, nothing hostile; waited for without a sleep."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest

from kiosk.errors import CameraError
from kiosk.vision import page_film
from kiosk.vision.camera import open_camera
from kiosk.vision.codes import Decoder
from kiosk.vision.page_film import SILENT_AFTER_S, PageFilm, Taking, fit_either_way, frame_picture
from kiosk.vision.picture import Image, PictureError, jpeg
from kiosk.vision.watch import Watch
from tests.unit.vision.made import HandClock, blank, code


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_film, "READ_WAIT_S", 0.0)


def film() -> tuple[PageFilm, HandClock]:
    clock = HandClock()
    return PageFilm(clock), clock


def level(camera_film: PageFilm) -> int | None:
    frame = camera_film.read()
    return None if frame is None else round(float(frame.image.mean()))


def code_of(camera_film: PageFilm) -> str:
    with pytest.raises(CameraError) as caught:
        camera_film.read()
    assert caught.value.cure
    return caught.value.code


def test_without_a_page_that_films_the_camera_waits_and_says_so() -> None:
    assert code_of(film()[0]) == "camera-waiting"


def test_what_a_page_posts_is_read_once() -> None:
    own, _ = film()
    assert own.post("a", jpeg(blank(level=90))) is Taking.TAKEN
    assert level(own) == 90
    assert level(own) is None


def test_the_newest_picture_wins_and_the_page_learns_that_it_sends_too_many() -> None:
    own, _ = film()
    own.post("a", jpeg(blank(level=10)))
    assert own.post("a", jpeg(blank(level=200))) is Taking.BEHIND
    frame = own.read()
    assert frame is not None
    assert (frame.number, round(float(frame.image.mean()))) == (2, 200)
    assert own.post("a", jpeg(blank(level=90))) is Taking.TAKEN


def test_a_picture_that_comes_while_one_is_decoded_is_dropped_unread() -> None:
    own, _ = film()
    with own._decoding:
        assert own.post("a", b"this would be no picture") is Taking.BEHIND


def test_a_second_tab_is_told_that_another_films_and_its_picture_is_not_even_read() -> None:
    own, _ = film()
    own.post("a", jpeg(blank()))
    assert own.post("b", b"no picture") is Taking.OTHER_PAGE


@pytest.mark.parametrize(("silent_s", "answer"), [(SILENT_AFTER_S, Taking.OTHER_PAGE), (3.001, Taking.BEHIND)])
def test_a_second_tab_films_once_the_first_was_silent_for_three_seconds(silent_s: float, answer: Taking) -> None:
    own, clock = film()
    own.post("a", jpeg(blank()))
    clock.at_s += silent_s
    assert own.post("b", jpeg(blank())) is answer


def test_a_tab_that_lets_go_makes_way_at_once_and_only_for_itself() -> None:
    own, _ = film()
    own.post("a", jpeg(blank()))
    own.let_go("b")
    assert own.post("b", jpeg(blank())) is Taking.OTHER_PAGE
    own.let_go("a")
    assert own.post("b", jpeg(blank())) is not Taking.OTHER_PAGE


def test_a_page_that_goes_quiet_is_missed_after_three_seconds() -> None:
    own, clock = film()
    own.post("a", jpeg(blank()))
    own.read()
    clock.at_s += SILENT_AFTER_S
    assert level(own) is None
    clock.at_s += 0.001
    assert code_of(own) == "camera-waiting"


def test_a_picture_cuts_the_pause_of_a_loop_short() -> None:
    own, _ = film()
    paused = threading.Thread(target=lambda: own.pause(60), daemon=True)
    paused.start()
    own.post("a", jpeg(blank()))
    paused.join(timeout=10)
    assert not paused.is_alive()


def test_a_counter_that_stops_waits_for_no_page() -> None:
    own, _ = film()
    own.end()
    assert own.pause(60) is True


def test_the_loop_reads_a_code_that_a_page_has_filmed() -> None:
    own, clock = film()
    seen: list[str] = []
    watch = Watch(own.camera, Decoder(), lambda view: seen.extend(one.text for one in view), clock, pause=own.pause)
    own.post("a", jpeg(code("TACO-7F3K-9HXM")))
    watch.start()
    try:
        for _ in range(200):
            if seen:
                break
            threading.Event().wait(0.05)
    finally:
        own.end()
        watch.stop()
    assert "TACO-7F3K-9HXM" in seen


def test_browser_names_this_camera_where_a_counter_is_at_work() -> None:
    own, _ = film()
    assert open_camera("browser", film=own).words == "a page of this counter"
    with pytest.raises(CameraError) as caught:
        open_camera("browser")
    assert caught.value.code == "camera-missing"


# --- hostile pictures ------------------------------------------------------------------------


def progressive(image: Image) -> bytes:
    ok, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])
    assert ok
    return encoded.tobytes()


def claiming(width: int, height: int) -> bytes:
    """A JPEG whose frame header claims another size than it has."""
    content = jpeg(blank(64, 64))
    at = content.index(b"\xff\xc0") + 5
    return content[:at] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + content[at + 4 :]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no JPEG"),
        (b"\x89PNG\r\n\x1a\n", "no JPEG"),
        (b"\xff\xd8", "cut short"),
        (b"\xff\xd8" + b"\x00" * 500, "broken"),
        (jpeg(blank())[:-40], "cut short"),
        (claiming(20_000, 3_000), "claims to be 20000 x 3000"),
        (claiming(0, 0), "claims to be 0 x 0"),
        (progressive(blank()), "progressive"),
    ],
    ids=["empty", "png", "two bytes", "zeros", "cut", "huge", "nothing", "progressive"],
)
def test_what_is_no_picture_of_a_page_is_refused(content: bytes, why: str) -> None:
    own, _ = film()
    with pytest.raises(PictureError, match=why):
        own.post("a", content)
    assert own.read() is None
    assert own.post("a", jpeg(blank())) is Taking.TAKEN


def test_noise_in_the_middle_of_a_picture_never_ends_the_counter() -> None:
    chance = np.random.default_rng(3)
    whole = bytearray(jpeg(chance.integers(0, 255, (120, 160, 3)).astype(np.uint8)))
    for _ in range(200):
        hurt = bytearray(whole)
        for at in chance.integers(2, len(whole), 8):
            hurt[at] = int(chance.integers(0, 256))
        try:
            picture = frame_picture(bytes(hurt))
        except PictureError:
            continue
        assert picture.ndim == 3


@pytest.mark.parametrize(
    ("size", "fitted"),
    [((1920, 1080), (1280, 720)), ((1080, 1920), (720, 1280)), ((720, 1280), (720, 1280)), ((640, 480), (640, 480)),
     ((1000, 1000), (720, 720))],
)  # fmt: skip
def test_an_upright_picture_keeps_its_size_and_a_larger_one_is_shrunk(
    size: tuple[int, int], fitted: tuple[int, int]
) -> None:
    height, width = fit_either_way(blank(*size)).shape[:2]
    assert (width, height) == fitted


def test_an_upright_picture_is_not_left_turned() -> None:
    picture = blank(1080, 1920, 0)
    picture[:200] = 255
    assert fit_either_way(picture)[0, 0, 0] == 255
