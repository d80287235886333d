"""A page that posts what it films, and a photo from a file: each route, as page and fragment, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from werkzeug.test import TestResponse

from kiosk.display import Display, State
from kiosk.vision.page_film import MAX_FRAME_BYTES, PageFilm
from kiosk.vision.photo import MAX_PHOTO_BYTES
from kiosk.vision.picture import MAX_SCANS, Image, jpeg
from kiosk.web.app import Floor
from kiosk.web.guard import permissions
from tests.counter_pages import HTMX, Pages, make_app, signed_in
from tests.fakes_counter import FakeClock, FakeCounter
from tests.unit.vision.made import blank, code

CODE = "TACO-7F3K-9QXM"
TAB, OTHER_TAB = "a" * 32, "b" * 32


def filming(pages: Pages | None = None) -> tuple[Pages, PageFilm]:
    """A clerk's browser at a counter whose pages film."""
    pages = pages or signed_in()
    film = PageFilm(FakeClock())
    _change(pages, film=film)
    return pages, film


def _change(pages: Pages, **changes: Any) -> None:
    before = pages.app.extensions["counterfoil"]
    assert isinstance(before, Floor)
    pages.app.extensions["counterfoil"] = replace(before, **changes)


def post(
    pages: Pages, body: bytes, *, tab: str = TAB, address: str = "/frame", token: str | None = None
) -> TestResponse:
    headers = {"X-CSRFToken": pages.token if token is None else token, "X-Tab": tab}
    return pages.client.post(address, data=body, content_type="image/jpeg", headers=headers)


# --- frames ----------------------------------------------------------------------------------


def test_a_frame_is_taken_and_answered_with_where_the_codes_were() -> None:
    pages, film = filming()
    answer = post(pages, jpeg(blank(level=90)))
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["X-Corners"].count(",") == 4
    assert "X-Behind" not in answer.headers
    frame = film.read()
    assert frame is not None
    assert round(float(frame.image.mean())) == 90


def test_a_frame_that_replaces_one_nobody_took_asks_for_fewer() -> None:
    pages, _ = filming()
    post(pages, jpeg(blank()))
    answer = post(pages, jpeg(blank()))
    assert (answer.status_code, answer.headers["X-Behind"]) == (204, "1")


def test_a_second_tab_is_told_that_another_films_until_that_one_lets_go() -> None:
    pages, _ = filming()
    post(pages, jpeg(blank()))
    refused = post(pages, jpeg(blank()), tab=OTHER_TAB)
    assert (refused.status_code, "other-page-films" in refused.text) == (409, True)
    assert post(pages, b"", address="/frame/end").status_code == 204
    assert post(pages, jpeg(blank()), tab=OTHER_TAB).status_code == 204


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xd8\xff", jpeg(blank())[:-20]])
def test_a_frame_that_is_no_picture_is_malformed_and_says_its_code(body: bytes) -> None:
    pages, film = filming()
    answer = post(pages, body)
    assert (answer.status_code, "frame-unreadable" in answer.text) == (422, True)
    assert film.pause(0) is False


@pytest.mark.parametrize("tab", ["", "a" * 15, "a" * 33, "g" * 32, "../../x"])
@pytest.mark.parametrize("address", ["/frame", "/frame/end"])
def test_a_frame_from_no_tab_is_malformed(tab: str, address: str) -> None:
    assert post(filming()[0], jpeg(blank()), tab=tab, address=address).status_code == 422


@pytest.mark.parametrize(("size", "status"), [(MAX_FRAME_BYTES, 422), (MAX_FRAME_BYTES + 1, 413)])
def test_a_frame_has_a_megabyte_at_most(size: int, status: int) -> None:
    pages, _ = filming()
    assert post(pages, b"\xff" * size).status_code == status


def test_a_frame_from_elsewhere_has_no_token_and_is_refused() -> None:
    pages, film = filming()
    for token in ("", "forged"):
        assert post(pages, jpeg(blank()), token=token).status_code == 400
        assert post(pages, b"", address="/frame/end", token=token).status_code == 400
    assert film._newest is None


def test_nobody_films_who_is_not_signed_in() -> None:
    pages, film = filming(Pages())
    pages.get("/sign-in?clerk=ana")
    for address in ("/frame", "/frame/end"):
        answer = post(pages, jpeg(blank()), address=address)
        assert (answer.status_code, answer.headers.get("X-Signed-Out")) == (204, "1")
    assert post(pages, b"\xff" * 200_000).status_code == 413
    assert film._newest is None


def test_a_counter_with_a_camera_of_its_own_takes_no_frames() -> None:
    pages = signed_in()
    answer = post(pages, jpeg(blank()))
    assert (answer.status_code, "camera-elsewhere" in answer.text) == (404, True)
    assert "film.js" not in pages.get("/").text


def test_the_page_that_films_has_words_for_whatever_may_stand_in_its_way() -> None:
    pages, _ = filming()
    text = pages.get("/", base_url="http://localhost:8710").text
    assert "film.js" in text
    for state in ("ask", "denied", "missing", "busy", "gone", "unreadable", "insecure"):
        assert f'data-when="{state}"' in text
    assert "http://localhost:8710/" in text


def test_the_browser_may_ask_for_its_camera_only_where_a_page_films() -> None:
    assert permissions(films=False).startswith("camera=(),")
    assert permissions(films=True).startswith("camera=(self),")
    app = make_app(FakeCounter(), film=PageFilm(FakeClock()))
    assert "camera=(self)" in app.test_client().get("/healthz").headers["Permissions-Policy"]
    assert "camera=()" in Pages().get("/healthz").headers["Permissions-Policy"]


# --- photos ----------------------------------------------------------------------------------


def send(pages: Pages, content: bytes, name: str = "photo.jpg", *, htmx: bool = False) -> TestResponse:
    """Post a form with a file, put together here: the test client would leave a large one open on the disk."""
    head = 'Content-Disposition: form-data; name="{}"'
    parts = [
        f"--edge\r\n{head.format('csrf_token')}\r\n\r\n{pages.token}\r\n".encode(),
        f'--edge\r\n{head.format("photo")}; filename="{name}"\r\nContent-Type: image/jpeg\r\n\r\n'.encode(),
        content,
        b"\r\n--edge--\r\n",
    ]
    kind = "multipart/form-data; boundary=edge"
    return pages.client.post("/photo", data=b"".join(parts), content_type=kind, headers=HTMX if htmx else {})


def test_the_photo_page_is_a_whole_page_for_a_browser_and_a_fragment_for_htmx() -> None:
    pages = signed_in()
    assert "</html>" in pages.get("/photo").text
    assert pages.get("/photo", htmx=True).text.lstrip().startswith('<form id="photo"')
    assert 'href="/photo"' in pages.get("/look").text


def test_the_code_in_a_photo_is_looked_up_and_the_browser_sent_to_the_counter() -> None:
    pages = signed_in()
    answer = send(pages, jpeg(code(CODE)))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert pages.counter.looked_at == [(CODE, "photo")]
    assert pages.counter.display.state is State.VERDICT


def test_htmx_is_sent_to_the_counter_as_well() -> None:
    assert send(signed_in(), jpeg(code(CODE)), htmx=True).headers["HX-Redirect"] == "/"


def test_of_two_codes_in_a_photo_the_one_that_a_promotion_knows_is_looked_up() -> None:
    pages = signed_in()
    unknown, known = code("https://example.com/menu", scale=4), code(CODE, scale=4)
    high = max(unknown.shape[0], known.shape[0])
    padded = [cv2.copyMakeBorder(one, 0, high - one.shape[0], 0, 0, cv2.BORDER_CONSTANT, value=(255,) * 3)
              for one in (unknown, known)]  # fmt: skip
    send(pages, jpeg(np.asarray(np.hstack(padded), np.uint8)))
    assert pages.counter.looked_at == [(CODE, "photo")]


def test_a_small_code_in_a_large_photo_is_read_at_its_own_size() -> None:
    wide = blank(3600, 2400, 210)
    small = code(CODE, scale=4)
    wide[1500 : 1500 + small.shape[0], 2900 : 2900 + small.shape[1]] = small
    pages = signed_in()
    assert send(pages, jpeg(wide, 95)).status_code == 303


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_as_its_camera_says(orientation: int) -> None:
    """A PDF417 or a check-in screen does not read from all sides; what is handed on is upright."""
    picture = blank(400, 300, 0)
    picture[:40] = 255  # its top
    back: dict[int, Callable[[Any], Any]] = {
        2: np.fliplr,
        3: lambda one: np.rot90(one, 2),
        4: np.flipud,
        5: lambda one: np.transpose(one, (1, 0, 2)),
        6: np.rot90,
        7: lambda one: np.rot90(np.transpose(one, (1, 0, 2)), 2),
        8: lambda one: np.rot90(one, 3),
    }
    turn = back.get(orientation, lambda one: one)
    plain = jpeg(np.ascontiguousarray(turn(picture)))
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0" + bytes([orientation]) + b"\0\0\0\0\0\0"
    seen: list[Image] = []
    pages = signed_in()
    _change(pages, read_photo=seen.append)
    send(pages, plain[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + plain[2:])
    assert seen[0].shape == (300, 400, 3)
    assert seen[0][:30].mean() > 240
    assert seen[0][60:].mean() < 15


def test_a_photo_without_a_code_is_an_answer_that_says_what_to_try() -> None:
    pages = signed_in()
    for htmx in (False, True):
        answer = send(pages, jpeg(blank()), htmx=htmx)
        assert answer.status_code == 200
        assert "No code found in this photo." in answer.text
        assert "photo-without-code" in answer.text
        assert ("</html>" in answer.text) is not htmx
    assert pages.counter.looked_at == []


def test_a_photo_without_a_code_is_handed_to_the_reader_of_screens() -> None:
    pages = signed_in()

    def read(picture: Image) -> Display | None:
        pages.counter.accept()
        return pages.counter.display

    _change(pages, read_photo=read)
    assert send(pages, jpeg(blank(900, 1600))).status_code == 303
    assert send(pages, jpeg(code(CODE))).status_code == 303
    assert pages.counter.looked_at == [(CODE, "photo")]


def test_a_screen_that_nothing_recognises_is_a_photo_without_a_code() -> None:
    pages = signed_in()
    _change(pages, read_photo=lambda picture: None)
    assert "photo-without-code" in send(pages, jpeg(blank())).text


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is not a picture"),
        (b"\0\0\0\x18ftypheic", "is not a picture"),
        (b"<svg onload=alert(1)>", "is not a picture"),
        (jpeg(blank())[:-30], "is cut short"),
        (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff\x08\x02\0\0\0CRC.\0\0\0\0IENDCRC.",
            "claims to be 65535 x 65535 pixels",
        ),
        (jpeg(blank())[:-2] + b"\xff\xda\0\2" * MAX_SCANS + b"\xff\xd9", "is drawn in too many passes"),
    ],
    ids=["empty", "heic", "svg", "cut", "huge", "scans"],
)
def test_a_file_that_is_no_photo_says_why_with_its_code(content: bytes, why: str) -> None:
    pages = signed_in()
    answer = send(pages, content, "<b>x</b>.jpg")
    assert answer.status_code == 422
    assert f"it {why}." in answer.text
    assert "photo-unreadable" in answer.text
    assert "<b>x</b>" not in answer.text
    assert pages.counter.looked_at == []


def test_a_photo_has_16_megabytes_at_most() -> None:
    pages = signed_in()
    answer = send(pages, b"\xff" * (MAX_PHOTO_BYTES + 1))
    assert (answer.status_code, "is larger than 16 MB" in answer.text) == (422, True)
    much = send(pages, b"\xff" * (MAX_PHOTO_BYTES + 100_000))
    assert (much.status_code, "payload-too-large" in much.text) == (413, True)


def test_a_form_in_which_nothing_was_chosen_says_so() -> None:
    pages = signed_in()
    assert "photo-missing" in send(pages, b"", "").text
    assert pages.post("/photo").status_code == 422


def test_a_photo_from_elsewhere_has_no_token_and_is_refused() -> None:
    pages = signed_in()
    pages.token = ""
    assert send(pages, jpeg(code(CODE))).status_code == 400
    assert pages.counter.looked_at == []


def test_without_a_clerk_no_photo_is_read() -> None:
    pages = Pages()
    pages.get("/sign-in?clerk=ana")
    answer = send(pages, jpeg(code(CODE)))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert send(pages, b"\xff" * 200_000).status_code == 413
    assert pages.counter.looked_at == []


def test_a_strange_code_beside_a_screen_of_ours_does_not_hide_it() -> None:
    pages = signed_in()
    shown: list[Image] = []

    def read(picture: Image) -> Any:
        shown.append(picture)
        return pages.counter.display

    _change(pages, read_photo=read)
    assert send(pages, jpeg(code("https://example.com/x"))).status_code == 303
    assert len(shown) == 1
    assert pages.counter.looked_at == []


def test_a_large_photo_touches_no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    def spilled(*given: object, **named: object) -> Any:
        raise AssertionError("a photo went to a temporary file")

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", spilled)
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", spilled, raising=False)
    noise = np.random.default_rng(1).integers(0, 256, (1500, 1500, 3), dtype=np.uint8)
    assert send(signed_in(), jpeg(noise, 95)).status_code == 200
