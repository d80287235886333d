"""Pictures that someone tampered with, noise, and engines that must live through both."""

from __future__ import annotations

import functools
import time

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.vision.codes import Decoder, Spread
from kiosk.vision.picture import FIT_HEIGHT_PX, FIT_WIDTH_PX, Image, PictureError, decode_picture, picture_size
from tests.unit.vision.made import code

SUFFIXES = (".png", ".jpg", ".webp", ".bmp")
LONGEST_S = 5.0  # for one small picture and all stages, on a machine that does much else
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@functools.cache
def made(suffix: str) -> bytes:
    ok, content = cv2.imencode(suffix, code("TACO-7F3K", scale=2))
    assert ok
    return content.tobytes()


@functools.cache
def decoder() -> Decoder:
    return Decoder()


@st.composite
def tampered(draw: st.DrawFn) -> bytes:
    """A real picture with bytes overwritten, cut out, doubled, or cut off; most damage near its head."""
    content = bytearray(made(draw(st.sampled_from(SUFFIXES))))
    for _ in range(draw(st.integers(1, 6))):
        end = draw(st.sampled_from([16, 40, 200, len(content)]))
        at = draw(st.integers(0, max(0, min(end, len(content)) - 1)))
        with_bytes = draw(
            st.binary(min_size=1, max_size=8) | st.sampled_from([b"\xff" * 4, b"\x7f\xff\xff\xff", b"\0" * 4])
        )
        how = draw(st.sampled_from(["overwrite", "overwrite", "insert", "cut out", "cut off"]))
        if how == "overwrite":
            content[at : at + len(with_bytes)] = with_bytes
        elif how == "insert":
            content[at:at] = with_bytes
        elif how == "cut out":
            del content[at : at + draw(st.integers(1, 64))]
        else:
            del content[at:]
    return bytes(content)


def _is_read_or_refused(content: bytes) -> None:
    try:
        image = decode_picture(content)
    except PictureError:
        return
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[0] <= FIT_HEIGHT_PX
    assert image.shape[1] <= FIT_WIDTH_PX


@SLOW
@given(tampered())
def test_a_tampered_picture_is_read_or_refused_in_words(content: bytes) -> None:
    _is_read_or_refused(content)


@given(st.binary(max_size=400), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"RIFF\0\0\0\0WEBP", b"BM"]))
def test_any_bytes_behind_any_beginning_are_refused_or_read(content: bytes, beginning: bytes) -> None:
    _is_read_or_refused(beginning + content)


@given(st.binary(max_size=300), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"RIFF\0\0\0\0WEBP", b"BM"]))
def test_a_header_gives_a_size_or_is_refused(content: bytes, beginning: bytes) -> None:
    try:
        width, height = picture_size(beginning + content)
    except PictureError:
        return
    assert width == int(width)
    assert height == int(height)


@given(st.integers(20_001, 2**31 - 1), st.integers(1, 2**31 - 1), st.booleans())
def test_a_picture_that_claims_an_absurd_size_is_refused_before_it_is_decoded(
    side: int, other: int, flat: bool
) -> None:
    width, height = (side, other) if flat else (other, side)
    png = bytearray(made(".png"))
    png[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    began_s = time.monotonic()
    with pytest.raises(PictureError, match="claims to be"):
        decode_picture(bytes(png))
    assert time.monotonic() - began_s < 1


@st.composite
def noises(draw: st.DrawFn) -> Image:
    """Noise, stripes, flat grey, a code with noise on it; from one pixel up."""
    height, width = draw(st.integers(1, 160)), draw(st.integers(1, 240))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from(["noise", "stripes", "checks", "flat", "code"]))
    if kind == "flat":
        return np.full((height, width, 3), draw(st.integers(0, 255)), np.uint8)
    if kind == "code":
        drawn = code(draw(st.text("ABC123", min_size=1, max_size=30)), draw(st.sampled_from(["QRCode", "Code128"])), 2)
        noise = random.normal(0, draw(st.integers(1, 120)), drawn.shape)
        return np.asarray(np.clip(drawn + noise, 0, 255), np.uint8)
    row = random.integers(0, 2, (1, width, 1)) * 255
    picture = random.integers(0, 256, (height, width, 3))
    if kind != "noise":
        picture = np.broadcast_to(row, (height, width, 3)).copy()
    if kind == "checks":
        picture[::2] = 255 - picture[::2]
    return np.asarray(picture, np.uint8)


@SLOW
@given(noises())
def test_no_picture_stops_an_engine_or_keeps_it_long(image: Image) -> None:
    began_s = time.monotonic()
    for sighting in decoder().read(image):
        assert sighting.text
        assert len(sighting.corners) == 4
    assert time.monotonic() - began_s < LONGEST_S


def test_a_picture_full_of_finder_patterns_is_given_up_in_time() -> None:
    """The worst picture that was found: 1.3 s for all stages together where it was measured."""
    finder = np.full((9, 9), 255, np.uint8)
    finder[1:8, 1:8], finder[2:7, 2:7], finder[3:6, 3:6] = 0, 255, 0
    began_s = time.thread_time()
    assert decoder().read(np.tile(finder, (80, 142))) == []
    assert time.thread_time() - began_s < LONGEST_S


@SLOW
@given(st.lists(noises(), min_size=1, max_size=4))
def test_no_run_of_frames_stops_the_reading(images: list[Image]) -> None:
    spread = Spread(decoder())
    for image in images:
        spread.read(image)
