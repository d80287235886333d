from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from kiosk.vision.codes import STAGES, Decoder, Spread, Stage, as_filmed, covered
from kiosk.vision.engines import load_zbar, zxing
from kiosk.vision.picture import Grey, grey
from kiosk.vision.sighting import MAX_TEXT_BYTES, Sighting, text_of
from tests.unit.vision.made import blank, code


@pytest.mark.parametrize(
    ("symbology", "text", "told"),
    [
        ("QRCode", "TACO-7F3K-9HXM", "QRCode"),
        ("Code128", "TACO-7F3K-9HXM", "Code128"),
        ("EAN13", "4006381333931", "EAN13"),
        ("EAN8", "96385074", "EAN8"),
        ("DataMatrix", "TACO-7F3K-9HXM", "DataMatrix"),
        ("Aztec", "TACO-7F3K-9HXM", "Aztec"),
        ("PDF417", "TACO-7F3K-9HXM", "PDF417"),
        ("DataBarOmni", "0195012345678903", "DataBar"),
    ],
)
def test_each_symbology_is_read_and_named(symbology: str, text: str, told: str) -> None:
    (seen,) = Decoder().read(code(text[2:] if symbology == "DataBarOmni" else text, symbology))
    assert (seen.text.removeprefix("01"), seen.symbology, seen.engine) == (text.removeprefix("01"), told, "zxing")
    assert seen.linear is (told in {"Code128", "EAN13", "EAN8", "DataBar"})


@pytest.mark.parametrize(
    ("symbology", "text", "identifier"),
    [
        ("QRCode", "TACO", "]Q1"),
        ("Code128", "TACO", "]C0"),
        ("EAN13", "4006381333931", "]E0"),
        ("DataMatrix", "TACO", "]d1"),
        ("DataBarExp", "[8110]106141416543213150110120", "]e0"),
    ],
)
def test_symbology_identifiers_are_kept(symbology: str, text: str, identifier: str) -> None:
    (seen,) = Decoder().read(code(text, symbology))
    assert seen.identifier == identifier


def test_a_upc_a_code_is_told_as_the_ean_13_code_it_is() -> None:
    (seen,) = Decoder().read(code("012345678905", "UPCA"))
    assert (seen.text, seen.symbology) == ("0012345678905", "EAN13")


def test_a_micro_qr_code_is_not_read() -> None:
    assert zxing(grey(code("12345", "MicroQRCode", scale=10))) == []


def test_a_picture_without_a_code_reads_as_nothing() -> None:
    assert Decoder().read(blank()) == []


def test_two_codes_in_one_picture_are_both_read() -> None:
    left, right = code("LEFT"), code("4006381333931", "EAN13")
    height = max(left.shape[0], right.shape[0])
    canvas = blank(left.shape[1] + right.shape[1], height, 255)
    canvas[: left.shape[0], : left.shape[1]] = left
    canvas[: right.shape[0], left.shape[1] :] = right
    assert {seen.text for seen in Decoder().read(canvas)} == {"LEFT", "4006381333931"}


def test_what_was_read_is_not_read_again_beside_itself() -> None:
    decoder, picture = Decoder(), grey(code("ONCE"))
    seen = decoder.look(picture, STAGES[0])
    assert decoder.look(covered(picture, seen), STAGES[0]) == []
    assert decoder.beside(picture, seen) == []


def test_corners_are_where_the_code_is_whatever_the_stage() -> None:
    canvas = blank(800, 600, 255)
    drawn = code("CORNERS")
    side = drawn.shape[0]
    canvas[100 : 100 + side, 300 : 300 + side] = drawn
    for decoder in (Decoder([stage]) for stage in STAGES):
        (seen,) = decoder.read(canvas)
        left, top = np.min(seen.corners, axis=0)
        right, bottom = np.max(seen.corners, axis=0)
        # the margin is 40 pixels of ours and 4 modules of 5
        assert np.allclose((left, top, right, bottom), (360, 160, 240 + side, 40 + side), atol=8)


def test_every_stage_reads_a_plain_code() -> None:
    decoder = Decoder()
    assert len(decoder.stages) == len(STAGES)
    for stage in decoder.stages:
        assert [seen.text for seen in decoder.look(grey(code("PLAIN")), stage)] == ["PLAIN"], stage.name


def test_a_small_blurred_code_is_read_by_a_retry() -> None:
    small = cv2.resize(code("GLARE-1234"), None, fx=0.35, fy=0.35, interpolation=cv2.INTER_AREA)
    blurred = np.asarray(cv2.GaussianBlur(small, (0, 0), 1.0), np.uint8)
    assert Decoder(STAGES[:1]).read(blurred) == []
    assert [seen.text for seen in Decoder().read(blurred)] == ["GLARE-1234"]


# --- the second engine ----------------------------------------------------------------------------


def _without_libzbar(name: str) -> Any:
    raise ImportError("Unable to find zbar shared library")


def test_without_libzbar_codes_are_read_all_the_same_and_the_note_has_the_cure() -> None:
    decoder = Decoder(load=lambda: load_zbar(_without_libzbar))
    assert [seen.text for seen in decoder.read(code("ALONE"))] == ["ALONE"]
    (note,) = decoder.notes
    assert "libzbar" in note
    assert "apt install libzbar0" in note


def test_with_libzbar_there_is_no_note() -> None:
    assert Decoder().notes == ()


def test_zbar_reads_utf8_as_it_stands_in_the_code() -> None:
    (seen,) = load_zbar()(grey(code("MECARD:N:測試;;".encode())))
    assert (seen.text, seen.engine) == ("MECARD:N:測試;;", "zbar")


def test_zbar_leaves_what_is_not_utf8_to_zxing() -> None:
    assert load_zbar()(grey(code(b"\xff\xfe\x80"))) == []


@pytest.mark.parametrize("symbology", ["QRCode", "Code128", "EAN13"])
def test_both_engines_give_the_same_text(symbology: str) -> None:
    picture = grey(code("4006381333931", symbology))
    assert [seen.text for seen in zxing(picture)] == [seen.text for seen in load_zbar()(picture)] == ["4006381333931"]


# --- hostile texts --------------------------------------------------------------------------------


def test_control_characters_come_as_they_are() -> None:
    text = "\x01\x02<script>\x1b[2J\u202etxt"
    assert [seen.text for seen in Decoder().read(code(text.encode()))] == [text]


def test_seven_kilobytes_of_digits_are_read() -> None:
    text = "1234567" * 1000
    (seen,) = Decoder().read(code(text, scale=4))
    assert seen.text == text


def test_invalid_utf8_comes_as_the_decoders_guess_and_can_be_encoded() -> None:
    (seen,) = Decoder().read(code(b"\xff\xfe\x00abc\x80\xed\xa0\x80"))
    assert "abc" in seen.text
    seen.text.encode("utf-8")


def test_text_prefers_utf8_over_the_decoders_guess() -> None:
    assert text_of("Café".encode(), "CafÃ©") == "Café"


def test_text_falls_back_to_the_decoders_guess_where_the_bytes_are_not_utf8() -> None:
    assert text_of(b"Caf\xe9", "Café") == "Café"
    assert text_of(b"Caf\xe9", None) is None


def test_a_text_of_8_kilobytes_stays_whole_and_one_byte_more_is_cut() -> None:
    whole = "a" * MAX_TEXT_BYTES
    assert text_of(whole.encode(), None) == whole
    assert text_of(whole.encode() + b"b", None) == whole


def test_a_cut_never_splits_a_character() -> None:
    text = text_of(("a" + "é" * MAX_TEXT_BYTES).encode(), None)
    assert text is not None
    assert text == "a" + "é" * ((MAX_TEXT_BYTES - 1) // 2)


def test_a_lone_surrogate_in_a_guess_does_not_get_through() -> None:
    assert text_of(b"\xff", "a\ud800b") == "a?b"


# --- spread over frames ---------------------------------------------------------------------------


class Counting:
    """An engine that notes each call and reads what it is told to."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.reads: set[str] = set()
        self.cost_ms = 1.0
        self.now_ms = 0.0

    def decoder(self, *names: str) -> Decoder:
        decoder = Decoder([Stage(name, "zxing", as_filmed) for name in names])
        decoder.look = self.look  # type: ignore[method-assign]
        return decoder

    def look(self, picture: Grey, stage: Stage) -> list[Sighting]:
        self.calls.append(stage.name)
        self.now_ms += self.cost_ms
        corners = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
        return [Sighting("X", "QRCode", corners, "zxing")] if stage.name in self.reads else []

    def clock_ms(self) -> float:
        return self.now_ms


def test_an_unread_still_view_gets_one_stage_a_frame_then_is_left_alone() -> None:
    engine = Counting()
    spread = Spread(engine.decoder("a", "b"), clock_ms=engine.clock_ms)
    for _ in range(5):
        spread.read(blank())
    assert engine.calls == ["quick", "a", "quick", "b", "quick", "quick", "quick"]


def test_a_view_that_changed_is_tried_again() -> None:
    engine = Counting()
    spread = Spread(engine.decoder("a"), clock_ms=engine.clock_ms)
    for level in (120, 120, 120 + Spread.MOVED, 120 + Spread.MOVED):
        spread.read(blank(level=level))
    assert engine.calls == ["quick", "a", "quick", "quick", "a", "quick"]


def test_a_view_that_changed_less_than_noise_is_left_alone() -> None:
    engine = Counting()
    spread = Spread(engine.decoder("a"), clock_ms=engine.clock_ms)
    for level in (120, 120 + Spread.MOVED - 1):
        spread.read(blank(level=level))
    assert engine.calls == ["quick", "a", "quick"]


def test_a_stage_that_reads_is_tried_again_on_the_next_frame() -> None:
    engine = Counting()
    engine.reads = {"b"}
    spread = Spread(engine.decoder("a", "b"), clock_ms=engine.clock_ms)
    found = [bool(spread.read(blank())) for _ in range(4)]
    assert found == [False, True, True, True]


def test_what_is_read_quickly_needs_no_stage_but_a_look_beside_it_now_and_then() -> None:
    engine = Counting()
    engine.reads = {"quick"}
    spread = Spread(engine.decoder("all", "a"), clock_ms=engine.clock_ms)
    for _ in range(2 * Spread.BESIDE):
        assert spread.read(blank())
    assert engine.calls == [*["quick", "all"] * 3, "quick", "quick", "all", *["quick"] * 5, "all"]


def test_what_is_not_enough_hides_nothing_beside_it() -> None:
    engine = Counting()
    engine.reads = {"quick"}
    spread = Spread(engine.decoder("a", "b"), clock_ms=engine.clock_ms, enough=lambda seen: False)
    for _ in range(4):
        assert [one.text for one in spread.read(blank())] == ["X"]
    assert engine.calls == ["quick", "a", "quick", "b", "quick", "quick"]  # then it stands still, and all was tried


def test_a_code_of_another_kind_beside_a_qr_code_is_read_on_the_first_frame() -> None:
    left, right = code("LEFT"), code("4006381333931", "EAN13")
    height = max(left.shape[0], right.shape[0])
    canvas = blank(left.shape[1] + right.shape[1], height, 255)
    canvas[: left.shape[0], : left.shape[1]] = left
    canvas[: right.shape[0], left.shape[1] :] = right
    assert {seen.text for seen in Spread(Decoder()).read(canvas)} == {"LEFT", "4006381333931"}


def test_a_frame_over_budget_is_paid_for_by_frames_without_a_stage() -> None:
    engine = Counting()
    engine.cost_ms = 10.0
    spread = Spread(engine.decoder("a", "b", "c"), budget_ms=15.0, clock_ms=engine.clock_ms)
    for _ in range(3):
        spread.read(blank())
    assert engine.calls == ["quick", "a", "quick", "quick", "b"]


def test_stages_on_budget_run_on_every_frame() -> None:
    engine = Counting()
    engine.cost_ms = 10.0
    spread = Spread(engine.decoder("a", "b", "c"), budget_ms=20.0, clock_ms=engine.clock_ms)
    for _ in range(3):
        spread.read(blank())
    assert engine.calls == ["quick", "a", "quick", "b", "quick", "c"]


def test_as_many_frames_of_one_picture_as_there_are_stages_see_every_stage() -> None:
    engine = Counting()
    names = [stage.name for stage in STAGES]
    spread = Spread(engine.decoder(*names), clock_ms=engine.clock_ms)
    for _ in names:
        spread.read(blank())
    assert set(engine.calls) == {"quick", *names}
