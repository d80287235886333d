"""What happens to coupons on a counter: shade, glare, dim screens, blur, a scratch over a corner, a cut margin."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from kiosk.vision.codes import QUICK, Decoder, Stage, evened_twice
from kiosk.vision.picture import Grey, grey
from tests.unit.vision.made import code

TEXT = "HTTPS://EXAMPLE.COM/COUPON/TACO-7F3K-9HXM"


def coupon(scale: int = 8) -> Grey:
    return grey(code(TEXT, scale=scale))


def shade() -> Grey:
    """A hard shadow lies aslant across the code; in it the paper is darker than the ink outside."""
    picture = coupon().astype(np.float32) * 0.6 + 90
    height, width = picture.shape
    y, x = np.mgrid[0:height, 0:width]
    picture[x + 0.4 * (y - height / 2) > width / 2] *= 0.25
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def glare() -> Grey:
    """A round lamp mirrored on the code: all of it light, the ink least so."""
    picture = coupon().astype(np.float32)
    height, width = picture.shape
    y, x = np.mgrid[0:height, 0:width]
    lamp = 210 * np.exp(-((x - 0.6 * width) ** 2 + (y - 0.55 * height) ** 2) / (2 * (0.12 * width) ** 2))
    return np.asarray(np.clip(picture * 0.7 + lamp, 0, 255), np.uint8)


def dim() -> Grey:
    """A screen turned down: 14 levels between ink and paper."""
    return np.asarray(20 + coupon().astype(np.float32) * 14 / 255, np.uint8)


def blur() -> Grey:
    """Out of focus by half a module of three pixels: more than the first stages follow."""
    return np.asarray(cv2.GaussianBlur(coupon(3), (0, 0), 1.6), np.uint8)


def cut() -> Grey:
    """Cut out along its edge: no quiet zone."""
    picture = coupon()
    rows, columns = np.nonzero(picture < 128)
    return np.ascontiguousarray(picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1])


def scratched() -> Grey:
    """A white scratch across the dark ring of one finder pattern."""
    picture = coupon()
    rows, columns = np.nonzero(picture < 128)
    left, top = int(columns.min()), int(rows.min())
    cv2.line(picture, (left - 8, top + 20), (left + 12, top + 40), (255,), 5)
    return picture


@pytest.mark.parametrize("trouble", [shade, glare, dim, blur, cut, scratched])
def test_a_coupon_in_trouble_is_read(trouble: Callable[[], Grey]) -> None:
    assert [seen.text for seen in Decoder().read(trouble())] == [TEXT]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("grain_px", [1, 6])
def test_no_stage_reads_anything_in_noise(seed: int, grain_px: int) -> None:
    grains = np.random.default_rng(seed).integers(0, 256, (240 // grain_px, 320 // grain_px), np.uint8)
    noise = np.asarray(cv2.resize(grains, (320, 240), interpolation=cv2.INTER_NEAREST), np.uint8)
    decoder = Decoder()
    assert [seen.text for stage in (QUICK, *decoder.stages) for seen in decoder.look(noise, stage)] == []


def test_paper_made_equally_white_leaves_no_shadow_for_a_plain_decoder() -> None:
    evened = Stage("evened", "qr", evened_twice, scale=2.0)
    assert Decoder([QUICK]).read(shade()) == []
    assert [seen.text for seen in Decoder([evened]).read(shade())] == [TEXT]


def test_a_black_picture_is_evened_without_a_fault() -> None:
    assert evened_twice(np.zeros((10, 20), np.uint8)).shape == (20, 40)
