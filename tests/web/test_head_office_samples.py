"""Sample pictures of screens on head office's pages: sent beside the text, shown with their promotion."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest

from sync.head_office import publish_page
from sync.head_office.sealing import kept_sample
from tests.head_office_pages import pages, signed_in
from tests.unit.head_office.test_samples import TEXT, tall

ADDRESS = "/promotions/shrimp/sample.jpg"


def sent(content: bytes, name: str = "shrimp.png") -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def test_a_picture_sent_beside_the_text_is_published_and_shown(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    answer = found.post("/publish/promotions", text=TEXT, samples=[sent(b"of no use", "other.png"), sent(tall())])
    assert answer.status_code == 303
    assert (
        f'<img src="{ADDRESS}?v=2" alt="Sample of the screen for Free shrimp">' in found.get("/promotions/shrimp").text
    )
    picture = found.get(ADDRESS)
    assert (picture.status_code, picture.content_type) == (200, "image/jpeg")
    assert picture.data == kept_sample(found.office.store, "shrimp")
    assert picture.headers["X-Content-Type-Options"] == "nosniff"


def test_the_picture_is_for_those_who_signed_in(tmp_path: Path) -> None:
    signed_in(tmp_path).post("/publish/promotions", text=TEXT, samples=sent(tall()))
    stranger = pages(tmp_path / "again").get(ADDRESS)
    assert stranger.status_code == 303
    assert b"\xff\xd8" not in stranger.data


def test_a_missing_picture_is_named_with_its_line_and_what_to_do(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    answer = found.post("/publish/promotions", text=TEXT)
    assert answer.status_code == 422
    assert "The sample picture &#39;samples/shrimp.png&#39; was not sent." in answer.text
    assert "Send shrimp.png along with the text" in answer.text
    assert 'data-line="10" data-column="15"' in answer.text


def test_a_picture_once_published_need_not_be_sent_again(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    found.post("/publish/promotions", text=TEXT, samples=sent(tall()))
    before = found.get(ADDRESS).data
    text = TEXT.replace("title: Free shrimp", "title: Free prawns")
    assert found.post("/publish/promotions", text=text).status_code == 303
    assert found.get(ADDRESS).data == before


def test_a_picture_that_is_none_is_refused_and_shown_as_words(tmp_path: Path) -> None:
    answer = signed_in(tmp_path).post("/publish/promotions", text=TEXT, samples=sent(b"<svg onload=alert(1)>"))
    assert answer.status_code == 422
    assert "is not a picture" in answer.text
    assert "<svg onload" not in answer.text


def test_pictures_that_are_too_large_or_too_many_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = signed_in(tmp_path)
    monkeypatch.setattr(publish_page, "MAX_PICTURE_BYTES", 1000)
    answer = found.post("/publish/promotions", text=TEXT, samples=sent(tall()))
    assert (answer.status_code, "too large" in answer.text) == (422, True)
    many = [sent(b"x", f"{n}.png") for n in range(publish_page.MAX_PICTURES + 1)]
    answer = found.post("/publish/promotions", text=TEXT, samples=many)
    assert (answer.status_code, "41 sample pictures" in answer.text) == (422, True)


def test_two_pictures_of_one_name_are_not_guessed_between(tmp_path: Path) -> None:
    other = cv2.imencode(".png", np.zeros((80, 40, 3), np.uint8))[1].tobytes()
    answer = signed_in(tmp_path).post("/publish/promotions", text=TEXT, samples=[sent(tall()), sent(other)])
    assert answer.status_code == 422
    assert "Two different pictures are named &#39;shrimp.png&#39;" in answer.text


def test_more_than_a_request_may_hold_is_said_in_words(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    found.client.application.config["MAX_CONTENT_LENGTH"] = 10_000
    answer = found.post("/publish/promotions", text=TEXT, samples=sent(bytes(20_000)))
    assert answer.status_code == 413
    assert "form-too-large" in answer.text


def test_a_promotion_without_a_sample_has_no_picture(tmp_path: Path) -> None:
    found = signed_in(tmp_path)
    assert found.get("/promotions/tacos/sample.jpg").status_code == 404
    assert "<img" not in found.get("/promotions/tacos").text
