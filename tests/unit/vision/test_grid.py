"""Codes that are read module by module: bent, covered in part, filmed askew; and what is no code at all."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from kiosk.vision.codes import STAGES, Decoder, Stage, as_filmed
from kiosk.vision.engines import QR_FORMATS, Zxing
from kiosk.vision.finders import find_finders, hypotheses
from kiosk.vision.grid import GridReader, drawn, edge_shifts, flattened, module_maps, straightened
from kiosk.vision.picture import Grey, Image, grey
from tests.unit.vision.made import blank, code

TEXT = "HTTPS://EXAMPLE.COM/COUPON/TACO-7F3K-9HXM"
READER = GridReader(Zxing(QR_FORMATS, two_levels=True, pure=True), 51)
PLAIN = Zxing(QR_FORMATS)


def on_table(picture: Image, size: tuple[int, int] = (640, 480)) -> Grey:
    table = np.full((size[1], size[0]), 200, np.uint8)
    small = grey(picture)
    top, left = (size[1] - small.shape[0]) // 2, (size[0] - small.shape[1]) // 2
    table[top : top + small.shape[0], left : left + small.shape[1]] = small
    return table


def bent(picture: Grey, depth_px: float) -> Grey:
    """As printed on a can: pixels move down by half a wave across the picture."""
    height, width = picture.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return np.asarray(
        cv2.remap(picture, x, y + depth_px * np.sin(np.pi * x / width), cv2.INTER_LINEAR, borderValue=200)
    )


def texts(picture: Grey) -> list[str]:
    return [seen.text for seen in READER(picture)]


@pytest.mark.parametrize("angle", [0, 33, 90, 200])
def test_a_plain_code_is_read_at_any_angle(angle: float) -> None:
    turn = cv2.getRotationMatrix2D((320, 240), angle, 0.9)
    turned = cv2.warpAffine(on_table(code(TEXT)), turn, (640, 480), borderValue=(200,))
    assert texts(np.asarray(turned, np.uint8)) == [TEXT]


def test_bent_paper_is_read_where_a_plain_decoder_gives_up() -> None:
    picture = bent(on_table(code(TEXT, scale=9)), 60)
    assert PLAIN(picture) == []
    assert texts(picture) == [TEXT]


def test_a_timing_pattern_that_is_covered_in_part_is_drawn_as_it_must_be() -> None:
    picture = on_table(code(TEXT, scale=9))
    left, top = np.min(READER(picture)[0].corners, axis=0)
    y = int(top + 6.5 * 9)
    picture[y - 5 : y + 5, int(left + 10 * 9) : int(left + 14 * 9)] = 245
    assert texts(picture) == [TEXT]


def test_corners_lie_on_the_code() -> None:
    picture = on_table(code(TEXT))
    (seen,) = READER(picture)
    (plain,) = PLAIN(picture)
    assert np.allclose(sorted(seen.corners), sorted(plain.corners), atol=4)
    assert (seen.engine, seen.symbology, seen.identifier) == ("grid", "QRCode", "]Q1")


def test_two_codes_are_both_read() -> None:
    both = np.hstack([on_table(code("LEFT", scale=7)), on_table(code("RIGHT", scale=7))])
    assert set(texts(both)) == {"LEFT", "RIGHT"}


@pytest.mark.parametrize(("beside", "symbology"), [("PLAIN", "QRCode"), ("4006381333931", "EAN13")])
def test_a_code_that_is_read_at_once_does_not_hide_a_bent_one_beside_it(beside: str, symbology: str) -> None:
    both = np.hstack([bent(on_table(code(TEXT, scale=9)), 60), on_table(code(beside, symbology, scale=2))])
    decoder = Decoder()
    assert [seen.text for seen in decoder.look(both, STAGES[0])] == [beside]
    assert [seen.text for seen in decoder.read(both)] == [beside, TEXT]


@pytest.mark.parametrize("seed", range(4))
def test_noise_holds_no_code(seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (480, 640), dtype=np.uint8)
    assert texts(noise) == []
    assert texts(np.asarray(cv2.GaussianBlur(noise, (0, 0), 4) > 127, np.uint8) * 255) == []


@pytest.mark.parametrize("shape", [(1, 1), (20, 900), (21, 21), (480, 640)])
def test_a_picture_of_any_size_is_no_fault(shape: tuple[int, int]) -> None:
    assert texts(np.full(shape, 90, np.uint8)) == []


def test_a_single_finder_pattern_spans_no_grid() -> None:
    picture = grey(blank(200, 200, 255))
    picture[60:130, 60:130] = 0
    picture[70:120, 70:120] = 255
    picture[80:110, 80:110] = 0
    finders = find_finders(255 - picture)
    assert len(finders) == 1
    assert finders[0].module_px == pytest.approx(10, abs=0.6)
    assert hypotheses(picture, finders) == []


def test_a_straight_code_has_no_shift_and_stays_as_it_is() -> None:
    picture = on_table(code(TEXT))
    dark = cv2.adaptiveThreshold(picture, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 51, 5)
    best = hypotheses(picture, find_finders(np.asarray(dark, np.uint8)))[0]
    flat = flattened(picture, best)
    shifts = edge_shifts(flat, best.size)
    assert all(float(np.abs(shift).max()) < 1.5 for shift, _ in shifts)
    straight = straightened(flat, best.size, shifts, 2)
    first, again = (next(iter(module_maps(one, best.size))) for one in (flat, straight))
    assert (first == again).mean() > 0.99


def test_what_is_drawn_has_every_function_pattern() -> None:
    picture = drawn(np.zeros((21, 21), bool))
    assert picture.shape == (29 * 4, 29 * 4)
    assert len(find_finders(255 - picture)) == 3


def test_as_a_stage_it_gives_what_the_decoder_gives() -> None:
    decoder = Decoder([Stage("grid", "grid-51", as_filmed)])
    assert [seen.text for seen in decoder.read(cv2.cvtColor(on_table(code(TEXT)), cv2.COLOR_GRAY2BGR))] == [TEXT]  # type: ignore[arg-type]
